//! The messages about functions that other processes serve.
//!
//! It does not know who serves what: that is the broker's.

use std::sync::Arc;

use conductor_journal::Refusal;
use conductor_protocol::message::{ServedTask, TaskInvoke, TaskOutcome, code};

use crate::broker::{Turned, named};
use crate::handlers::{Call, Client};
use crate::rpc::{Answered, Fault};
use crate::sidecar::Sidecar;

/// Functions that one session may serve.
const TASKS: usize = 10_000;

/// Bytes of a name.
const NAME: usize = 1024;

/// What a session serves may be named like this.
pub(crate) fn check_served(tasks: &[ServedTask]) -> Result<(), Fault> {
    if tasks.len() > TASKS {
        return Err(wrong(format!("a session serves at most {TASKS} functions")));
    }
    tasks.iter().try_for_each(|task| {
        check_name("function", &task.function)?;
        check_name("signature", &task.signature)
    })
}

pub(crate) fn invoke(call: &mut Call<'_>, client: &Client, invoke: TaskInvoke) -> Result<(), Fault> {
    check_name("function", &invoke.function)?;
    let limits = call.sidecar.journal.limits();
    for (name, value) in &invoke.args {
        let size = value.get().len() as u64;
        if size > limits.value_bytes {
            let what = format!("the argument {name} of {}", invoke.function);
            return Err(Refusal::TooLarge { what, size, limit: limits.value_bytes }.into());
        }
    }
    let sidecar = Arc::clone(call.sidecar);
    let number = invoke.call;
    let asked = sidecar.broker.ask(&client.owner.session, invoke, &sidecar.sessions);
    let outcome = asked.map_err(|turned| match turned {
        Turned::Known => wrong(format!("call {number} has not ended: another call needs another number")),
        Turned::TooMany => Fault::new(code::INVALID_REQUEST, "too many calls of this session wait"),
    })?;
    call.later(async move {
        let finished = outcome.await.map_err(|_| Fault::from(Refusal::Closing))?;
        sidecar.metrics.call_ended(finished.word);
        Ok(finished.outcome)
    });
    Ok(())
}

/// The answer of a serving process. It goes on as it is, if its caller can read it.
pub(crate) fn answered(sidecar: &Sidecar, client: &Client, answered: &Answered<'_>) {
    let Ok(number) = answered.id.get().parse() else { return };
    let limit = sidecar.journal.limits().value_bytes;
    let outcome = match (answered.result, answered.error) {
        (Some(result), _) => serde_json::from_str::<TaskOutcome>(result.get()).unwrap_or_else(|error| {
            let message = format!("the serving process gave an answer that is none: {error}");
            TaskOutcome::Error(named("Protocol", message))
        }),
        (None, error) => {
            let said = error.map_or("nothing", |error| error.get());
            TaskOutcome::Error(named("Protocol", format!("the serving process refused the call: {said}")))
        }
    };
    let outcome = match outcome {
        TaskOutcome::Output(output) if output.get().len() as u64 > limit => {
            let size = output.get().len();
            let message = format!("the result has {size} bytes; the limit is {limit}");
            TaskOutcome::Error(named("ValueTooLarge", message))
        }
        TaskOutcome::Output(output) => match conductor_journal::unreadable(output.get()) {
            Some(why) => {
                let message = format!("the result is JSON that not every parser reads: {why}");
                TaskOutcome::Error(named("Protocol", message))
            }
            None => TaskOutcome::Output(output),
        },
        other => other,
    };
    sidecar.broker.answered(&client.owner.session, number, outcome);
}

fn check_name(what: &str, name: &str) -> Result<(), Fault> {
    if name.is_empty() || name.len() > NAME || name.chars().any(char::is_control) {
        return Err(wrong(format!("a {what} has 1 to {NAME} bytes without control characters")));
    }
    Ok(())
}

fn wrong(message: String) -> Fault {
    Fault::new(code::INVALID_PARAMS, message)
}
