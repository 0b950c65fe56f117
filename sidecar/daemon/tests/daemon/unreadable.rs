//! Values that are JSON by its grammar and that no parser reads: one of them must not hide all runs.

use serde_json::{Value, json};

use crate::support::{Daemon, start, step_started, succeeded};

fn poisons() -> [String; 3] {
    [r#""a\ud800b""#.to_owned(), "1e400".to_owned(), format!("{}{}", "[".repeat(200), "]".repeat(200))]
}

#[test]
fn they_are_refused_where_they_come_in() {
    let daemon = Daemon::new();
    let mut client = daemon.client("a");
    client.hello(0);
    for (at, poison) in poisons().iter().enumerate() {
        for (kind, entry) in [
            ("step", format!(r#"{{"step_succeeded":{{"key":"a","attempt":1,"output":{poison},"at":1}}}}"#)),
            ("chosen", format!(r#"{{"chosen":{{"key":"a","value":{poison},"at":1}}}}"#)),
            ("run", format!(r#"{{"run_succeeded":{{"output":{poison},"at":1}}}}"#)),
        ] {
            let run = format!("{kind}-{at}");
            client.start(&run);
            client.raw(
                format!(
                    "{{\"jsonrpc\":\"2.0\",\"method\":\"step.record\",\"params\":{{\"run\":\"{run}\",\"epoch\":1,\"seq\":1,\"entries\":[{entry}]}}}}\n"
                )
                .as_bytes(),
            );
            let refused = client.notice("run.refused");
            assert_eq!((&refused["run"], &refused["seq"]), (&json!(run), &json!(1)), "{refused}");
            assert_eq!(refused["code"], -32602, "{refused}");
            assert!(refused["message"].as_str().unwrap().contains("not every parser reads"), "{refused}");
            // The run goes on with what can be read.
            client.record(&run, 1, 1, succeeded(&json!("😀")));
            client.acked(&run, 1);
        }
    }
    let deep = (0..121).fold(json!(1), |inner, _| json!([inner]));
    assert_eq!(client.fails("run.start", start("deep", json!({ "deep": deep }))), -32602);
    let fields = json!({"types": ["E"], "message": "m", "fields": {"deep": deep}});
    client.start("error");
    client.record(
        "error",
        1,
        1,
        json!({"run_failed": {"error": fields, "step": null, "attempts": 1, "at": 1}}),
    );
    assert_eq!(client.notice("run.refused")["code"], -32602);
    assert!(daemon.http("GET", "/v1/runs", "").1["runs"].is_array());
}

#[test]
fn a_store_that_holds_them_is_still_shown() {
    let mut daemon = Daemon::new();
    let mut client = daemon.client("a");
    client.hello(0);
    for run in ["r", "other"] {
        client.start(run);
        let step = json!({"step_succeeded": {"key": "a", "attempt": 1, "output": "STEP", "at": 1}});
        client.record(run, 1, 1, step_started("a"));
        client.record(run, 1, 2, step);
        client.record(run, 1, 3, succeeded(&json!("RUN")));
        client.acked(run, 3);
    }
    drop(client);
    for poison in poisons() {
        daemon.stop();
        let store = rusqlite::Connection::open(daemon.folder.join("journal.db")).unwrap();
        let step = format!(r#"[{{"step_succeeded":{{"key":"a","attempt":1,"output":{poison},"at":1}}}}]"#);
        let run = "(SELECT key FROM runs WHERE id = 'r')";
        let records = store
            .execute(&format!("UPDATE records SET body = ?1 WHERE seq = 2 AND run = {run}"), [&step])
            .unwrap();
        let runs = store.execute("UPDATE runs SET output = ?1 WHERE id = 'r'", [&poison]).unwrap();
        assert_eq!((records, runs), (1, 1));
        drop(store);
        daemon.restart();
        let (_, list) = daemon.http("GET", "/v1/runs", "");
        assert_eq!(list["runs"].as_array().map(Vec::len), Some(2), "{list}");
        let (_, view) = daemon.http("GET", "/v1/runs/r", "");
        for value in [&view["output"], &view["steps"][0]["output"]] {
            assert!(said(value).contains("cannot be shown"), "{view}");
        }
        assert_eq!(daemon.http("GET", "/v1/runs/other", "").1["output"], "RUN");
    }
}

fn said(value: &Value) -> &str {
    value["message"].as_str().unwrap_or_default()
}
