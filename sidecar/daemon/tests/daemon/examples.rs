//! Every example of docs/protocol.md is a message of the types that speak it, and comes back from them unchanged.

use conductor_protocol::access::{Authenticate, Authenticated};
use conductor_protocol::breaker as b;
use conductor_protocol::definition::PlanDefine;
use conductor_protocol::entry::Entry;
use conductor_protocol::live as l;
use conductor_protocol::message as m;
use conductor_protocol::permit;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Through the type and back.
fn turn<T: Serialize + DeserializeOwned>(value: &Value) -> Value {
    let text = value.to_string();
    let typed: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    serde_json::from_str(&serde_json::to_string(&typed).unwrap()).unwrap()
}

fn params(method: &str, params: &Value) -> Value {
    match method {
        m::method::AUTHENTICATE => turn::<Authenticate>(params),
        m::method::HELLO => turn::<m::Hello>(params),
        m::method::PING => params.clone(),
        m::method::RUN_START => turn::<m::RunStart>(params),
        m::method::RUN_READ => turn::<m::RunRead>(params),
        m::method::LOG_OPEN => turn::<m::LogOpen>(params),
        m::method::RUN_AWAIT => turn::<m::RunAwait>(params),
        m::method::RUN_CANCEL => turn::<m::RunCancel>(params),
        m::method::RUN_RELEASE => turn::<m::RunRelease>(params),
        m::method::STEP_RECORD => turn::<m::StepRecord>(params),
        m::method::RUN_ACK => turn::<m::RunAck>(params),
        m::method::RUN_REFUSED => turn::<m::RunRefused>(params),
        m::method::RUN_DISPATCH => turn::<m::RunDispatch>(params),
        m::method::RUN_CANCELLING => turn::<m::RunCancelling>(params),
        m::method::PERMIT_ACQUIRE => turn::<permit::PermitAcquire>(params),
        m::method::PERMIT_RELEASE => turn::<permit::PermitRelease>(params),
        m::method::PERMIT_RECALL => turn::<permit::PermitRecall>(params),
        m::method::RESOURCE_REPORT => turn::<permit::ResourceReport>(params),
        m::method::BREAKER_REPORT => turn::<b::BreakerReport>(params),
        m::method::BREAKER_PROBE => turn::<b::BreakerProbe>(params),
        m::method::BREAKER_CHANGED => turn::<b::BreakerChanged>(params),
        m::method::POLICY_REPORT => turn::<l::PolicyReport>(params),
        m::method::POLICY_CHANGED => turn::<l::PolicyNumbers>(params),
        m::method::PLAN_DEFINE => turn::<PlanDefine>(params),
        m::method::SIGNAL_SEND => turn::<m::SignalSend>(params),
        m::method::SIGNAL_LIST => turn::<m::SignalList>(params),
        m::method::RUN_SIGNAL => turn::<m::RunSignal>(params),
        m::method::TASK_INVOKE => turn::<m::TaskInvoke>(params),
        m::method::TASK_CANCEL => turn::<m::TaskCancel>(params),
        other => panic!("docs/protocol.md has a method {other} that nobody speaks"),
    }
}

fn result(method: &str, result: &Value) -> Value {
    match method {
        m::method::AUTHENTICATE => turn::<Authenticated>(result),
        m::method::HELLO => turn::<m::HelloResult>(result),
        m::method::RUN_START => turn::<m::RunStartResult>(result),
        m::method::RUN_READ => turn::<m::RunReadResult>(result),
        m::method::LOG_OPEN => turn::<m::LogOpenResult>(result),
        m::method::RUN_AWAIT => turn::<m::RunAwaitResult>(result),
        m::method::SIGNAL_LIST => turn::<m::SignalListResult>(result),
        m::method::TASK_INVOKE => turn::<m::TaskOutcome>(result),
        m::method::BREAKER_PROBE => turn::<b::BreakerProbeResult>(result),
        m::method::PERMIT_ACQUIRE => turn::<permit::PermitGranted>(result),
        m::method::PING | m::method::RUN_CANCEL | m::method::SIGNAL_SEND | m::method::BREAKER_REPORT => {
            result.clone()
        }
        other => panic!("docs/protocol.md has an answer to {other}"),
    }
}

#[test]
fn every_example_of_the_document_is_a_message() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/protocol.md");
    let text = std::fs::read_to_string(path).unwrap();
    let examples: Vec<Value> = text
        .split("```json\n")
        .skip(1)
        .flat_map(|block| block.split("```").next().unwrap().lines())
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let mut asked = String::new();
    let mut methods = std::collections::BTreeSet::new();
    let mut entries = 0;
    for example in &examples {
        if let Some(method) = example["method"].as_str() {
            assert_eq!(params(method, &example["params"]), example["params"]);
            method.clone_into(&mut asked);
            methods.insert(method.to_owned());
        } else if example.get("result").is_some() {
            assert_eq!(result(&asked, &example["result"]), example["result"]);
        } else if example.get("error").is_some() {
            assert!(example["error"]["code"].is_i64() && example["error"]["message"].is_string());
        } else {
            assert_eq!(turn::<Entry>(example), *example);
            entries += 1;
        }
    }
    assert_eq!(methods.len(), 29, "a method has no example: {methods:?}");
    assert_eq!(entries, 22, "the entries that stand by themselves");
}
