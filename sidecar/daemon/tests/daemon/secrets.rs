//! Values of secret inputs: on the disk, in answers, after a restart, with other keys and without any.

use std::path::Path;

use conductor_daemon::{Encryption, Keys, Options};
use serde_json::{Value, json};

use crate::support::{Client, Daemon, LEASE, Process, start, step_started, succeeded};

const ONE: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
const TWO: &str = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY=";
const SECRET: &str = "hunter2-is-no-password";

fn options(folder: &Path, keys: Option<&str>, all: bool) -> Options {
    let keys = keys.map(|keys| Keys::parse(keys).unwrap());
    Options { lease: LEASE, encryption: Encryption { keys, all }, ..Options::in_folder(folder) }
}

fn serving(daemon: &Daemon, session: &str) -> Client {
    let mut client = daemon.client(session);
    let mut greeting = client.greeting(8, &Process::own(), json!([]));
    greeting["plans"] = json!([
        {"workflow": "w", "digest": "p", "secret": ["token"]},
        {"workflow": "child", "digest": "c"},
    ]);
    client.call("hello", greeting);
    client.beat();
    client
}

/// Everything under a folder, as bytes.
fn on_disk(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            all.extend(std::fs::read(path).unwrap());
        }
    }
    assert!(all.len() > 10_000, "there is a store");
    all
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn secret_start(run: &str, token: &str) -> Value {
    let mut params = start(run, json!({"token": token, "user": "ada of the mill"}));
    params["secret"] = json!(["token"]);
    params
}

#[test]
fn a_secret_is_nowhere_on_disk_nor_in_answers_and_its_run_goes_on_after_a_crash() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("c");
    let mut daemon = Daemon::with(options(&folder, Some(ONE), false));
    let mut app = serving(&daemon, "a");
    let body = json!({"run_id": "r", "input": {"token": SECRET, "user": "ada of the mill"}});
    let (status, answer) = daemon.http("POST", "/v1/workflows/w/runs", &body.to_string());
    assert_eq!(status, 202, "{answer}");
    app.notice("run.dispatch");
    let error = json!({"types": ["E"], "message": format!("{SECRET} is expired"), "fields": {"t": SECRET}});
    app.record("r", 1, 2, step_started("a"));
    let failed = json!({"key": "a", "attempt": 1, "error": error, "retry_at": 5, "at": 4});
    app.record("r", 1, 3, json!({"attempt_failed": failed}));
    let output = json!({"echo": [SECRET]});
    app.record("r", 1, 4, json!({"step_succeeded": {"key": "b", "attempt": 1, "output": output, "at": 5}}));
    app.call("signal.send", json!({"run": "r", "signal": "s", "id": "1", "data": {"t": SECRET}}));
    app.acked("r", 4);
    // What it starts has its secrets too, be it awaited or not.
    for (run, parent) in [("r/c", true), ("r/d", false)] {
        let mut params =
            json!({"run": run, "workflow": "child", "plan": "c", "input": {"x": SECRET}, "at": 1});
        if parent {
            params["parent"] = json!({"run": "r", "key": "c"});
        }
        app.call("run.start", params);
        app.record(run, 1, 1, succeeded(&json!(SECRET)));
        app.acked(run, 1);
    }
    let seen = ["/v1/runs", "/v1/runs/r", "/v1/runs/r%2Fc", "/v1/runs/r%2Fd", "/metrics", "/v1/schedules"];
    for path in seen {
        let (status, view) = daemon.http("GET", path, "");
        assert!(status == 200 && !view.to_string().contains(SECRET), "{path}: {view}");
    }
    let (_, view) = daemon.http("GET", "/v1/runs/r", "");
    assert_eq!(view["input"], json!({"token": "***", "user": "ada of the mill"}));
    assert_eq!(view["steps"][0]["history"][0]["error"]["message"], "*** is expired");
    assert!(!holds(&on_disk(&folder), SECRET) && !holds(&on_disk(&folder), "ada of the mill"));
    drop(app);
    daemon.stop();
    // A newer key seals from here on; the old one still opens.
    let mut daemon = Daemon::with(options(&folder, Some(&format!("{TWO},{ONE}")), false));
    let mut app = serving(&daemon, "b");
    let dispatch = app.notice("run.dispatch");
    let records = app.call("run.read", json!({"run": "r", "from": 0}))["records"].clone();
    assert_eq!(records[0]["entries"][0]["run_started"]["input"]["token"], SECRET);
    assert_eq!(records[4]["entries"][0]["step_succeeded"]["output"], output);
    let signals = app.call("signal.list", json!({"run": "r"}));
    assert_eq!(signals["signals"][0]["data"]["t"], SECRET);
    app.record("r", 2, dispatch["next_seq"].as_u64().unwrap(), succeeded(&json!(SECRET)));
    let told = app.call("run.await", json!({"run": "r"}));
    assert_eq!(told["output"], SECRET);
    // The same input is the same run, another one is not.
    assert_eq!(app.call("run.start", secret_start("r", SECRET))["outcome"], "finished");
    assert_eq!(app.fails("run.start", secret_start("r", "another")), -32010);
    let (_, view) = daemon.http("GET", "/v1/runs/r", "");
    assert_eq!((&view["state"], &view["output"]), (&json!("succeeded"), &json!("***")));
    drop(app);
    daemon.stop();
    assert!(!holds(&on_disk(&folder), SECRET));
    // All has ended: a sidecar without keys starts, and says what it cannot show.
    let daemon = Daemon::with(options(&folder, None, false));
    let (status, view) = daemon.http("GET", "/v1/runs/r", "");
    assert!(status == 503 && view.to_string().contains("CONDUCTOR_KEY"), "{view}");
    let (status, page) = daemon.http("GET", "/v1/runs", "");
    assert_eq!((status, page["runs"].as_array().map(Vec::len)), (200, Some(3)), "{page}");
}

#[test]
fn without_a_key_a_secret_is_refused_and_an_unfinished_run_keeps_the_sidecar_from_starting() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("c");
    let mut daemon = Daemon::with(options(&folder, None, false));
    let mut app = serving(&daemon, "a");
    let id = app.send("run.start", secret_start("r", SECRET));
    let refused = app.answer(id);
    assert_eq!(refused["error"]["code"], -32019);
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(message.contains("secret input token") && message.contains("CONDUCTOR_KEY"), "{message}");
    let body = json!({"input": {"token": SECRET}}).to_string();
    let (status, answer) = daemon.http("POST", "/v1/workflows/w/runs", &body);
    assert!(status == 503 && answer.to_string().contains("CONDUCTOR_KEY"), "{answer}");
    drop(app);
    daemon.stop();
    let mut daemon = Daemon::with(options(&folder, Some(ONE), false));
    let (status, _) = daemon.http("POST", "/v1/workflows/w/runs", &body);
    assert_eq!(status, 202);
    daemon.stop();
    let runtime = crate::support::runtime();
    for keys in [None, Some(TWO)] {
        let Err(error) = runtime.block_on(conductor_daemon::start(options(&folder, keys, false))) else {
            panic!("it started with {keys:?}")
        };
        let message = error.to_string();
        assert!(message.contains("has not ended") && message.contains("CONDUCTOR_KEY"), "{message}");
    }
    let Err(error) = runtime.block_on(conductor_daemon::start(options(&folder, None, true))) else {
        panic!("all is encrypted with nothing")
    };
    assert!(error.to_string().contains("CONDUCTOR_KEY"), "{error}");
}

#[test]
fn all_values_can_be_encrypted() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("c");
    let mut daemon = Daemon::with(options(&folder, Some(ONE), true));
    let mut app = daemon.client("a");
    app.hello(0);
    app.call("run.start", start("r", json!({"user": SECRET})));
    app.record("r", 1, 1, succeeded(&json!([SECRET])));
    app.acked("r", 1);
    let (_, view) = daemon.http("GET", "/v1/runs/r", "");
    assert_eq!((&view["input"], &view["output"]), (&json!({"user": SECRET}), &json!([SECRET])));
    drop(app);
    daemon.stop();
    assert!(!holds(&on_disk(&folder), SECRET));
}
