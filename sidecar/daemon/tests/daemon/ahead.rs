//! What a process has put on the disk by itself reaches the store before anybody else has its run.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use conductor_daemon::{Encryption, Keys, Options};
use conductor_protocol::message::code;
use serde_json::{Value, json};

use crate::support::{Client, Daemon, LEASE, PATIENCE, Process, Stand, start, step_started, succeeded};

/// A log as its process has it.
struct Log {
    path: PathBuf,
    file: File,
    at: u64,
    generation: u32,
}

impl Log {
    fn open(client: &mut Client) -> Log {
        let answer = client.call("log.open", json!({}));
        let path =
            PathBuf::from(answer["log"]["path"].as_str().unwrap_or_else(|| panic!("no log: {answer}")));
        let file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        assert_eq!(file.metadata().unwrap().len(), answer["log"]["bytes"].as_u64().unwrap());
        Log { path, file, at: 4096, generation: 1 }
    }

    fn head(&self) -> String {
        let mut head = [0; 40];
        self.file.read_exact_at(&mut head, 0).unwrap();
        String::from_utf8_lossy(&head).into_owned()
    }

    fn write(&mut self, run: &str, seq: u64, entry: &Value) {
        self.line(&record(run, seq, entry));
    }

    fn line(&mut self, line: &Value) {
        let body = format!("{:08x} {line}\n", self.generation);
        let frame = format!("{:08x} {body}", crc32fast::hash(body.as_bytes()));
        self.file.write_all_at(frame.as_bytes(), self.at).unwrap();
        self.at += frame.len() as u64;
    }
}

fn record(run: &str, seq: u64, entry: &Value) -> Value {
    let params = json!({"run": run, "epoch": 1, "seq": seq, "logged": true, "entries": [entry]});
    json!({"jsonrpc": "2.0", "method": "step.record", "params": params})
}

fn step_succeeded(key: &str) -> Value {
    json!({"step_succeeded": {"key": key, "attempt": 1, "output": 7, "at": 1_790_000_000_200_i64}})
}

/// A run with one step under way, all of it in the store, and its session's log.
fn under_way(daemon: &Daemon, process: &Process) -> (Client, Log) {
    let mut owner = daemon.client("a");
    owner.hello_as(0, process, json!([]));
    owner.start("r");
    owner.record("r", 1, 1, step_started("charge"));
    owner.acked("r", 1);
    let log = Log::open(&mut owner);
    (owner, log)
}

/// What the next owner is told, and what it finds.
fn heir_of(daemon: &Daemon) -> (Value, Value) {
    let mut heir = daemon.client("b");
    heir.hello(1);
    let dispatch = heir.notice("run.dispatch");
    let view = daemon.run_when("r", |view| view["steps"][0]["state"] != "running");
    (dispatch, view)
}

#[test]
fn what_only_the_log_has_is_in_the_store_before_the_run_is_given_to_another() {
    let daemon = Daemon::new();
    let mut stand = Stand::new();
    let (owner, mut log) = under_way(&daemon, &stand.process());
    log.write("r", 2, &step_succeeded("charge"));
    stand.kill();
    drop(owner);
    let (dispatch, view) = heir_of(&daemon);
    assert_eq!(dispatch["next_seq"], 4, "the start, two records and the takeover");
    assert_eq!((&view["steps"][0]["state"], &view["steps"][0]["output"]), (&json!("succeeded"), &json!(7)));
    assert!(log.head().starts_with("closed "), "{}", log.head());
    assert!(!log.path.exists(), "nothing is needed of it any more");
}

#[test]
fn a_sidecar_that_was_killed_finds_the_log_when_it_comes_back() {
    let temp = tempfile::tempdir().unwrap();
    let mut daemon = Daemon::on(&temp.path().join("c"));
    let mut stand = Stand::new();
    let (owner, mut log) = under_way(&daemon, &stand.process());
    log.write("r", 2, &step_succeeded("charge"));
    daemon.crash();
    // Its process lives, and sees that nobody waits for what it writes from here on.
    assert!(log.head().starts_with("closed "), "{}", log.head());
    stand.kill();
    drop(owner);
    let (dispatch, _) = heir_of(&daemon);
    assert_eq!(dispatch["next_seq"], 4);
}

#[test]
fn what_was_sent_as_well_is_there_once() {
    let daemon = Daemon::new();
    let mut stand = Stand::new();
    let (mut owner, mut log) = under_way(&daemon, &stand.process());
    log.write("r", 2, &step_succeeded("charge"));
    owner.raw(format!("{}\n", record("r", 2, &step_succeeded("charge"))).as_bytes());
    log.write("r", 3, &step_started("ship"));
    stand.kill();
    drop(owner);
    let (dispatch, view) = heir_of(&daemon);
    assert_eq!(dispatch["next_seq"], 5);
    assert_eq!(view["steps"].as_array().unwrap().len(), 2);
}

#[test]
fn a_record_that_stands_in_the_log_is_acknowledged_when_the_store_is_flushed_for_another() {
    let daemon = Daemon::new();
    let (mut owner, mut log) = under_way(&daemon, &Process::own());
    let before = owner.noticed("run.ack");
    log.write("r", 2, &step_succeeded("charge"));
    owner.raw(format!("{}\n", record("r", 2, &step_succeeded("charge"))).as_bytes());
    owner.call("ping", json!({}));
    std::thread::sleep(Duration::from_millis(60));
    owner.call("ping", json!({}));
    assert_eq!(owner.noticed("run.ack"), before, "the power could take it from the store");
    assert_eq!(daemon.run_when("r", |_| true)["steps"][0]["state"], "succeeded", "it is seen");
    // What somebody waits for takes it along.
    log.write("r", 3, &step_started("ship"));
    owner.raw(format!("{}\n", record("r", 3, &step_started("ship"))).as_bytes());
    owner.record("r", 1, 4, json!({"step_failed": {"key": "ship", "attempt": 1, "tolerated": true, "at": 1, "error": {"types": ["E"], "message": "m"}}}));
    owner.record("r", 1, 5, succeeded(&json!(1)));
    owner.acked("r", 5);
    assert_eq!(daemon.run_when("r", |_| true)["state"], "succeeded");
}

#[test]
fn what_is_sent_again_without_a_log_is_acknowledged_by_itself() {
    let daemon = Daemon::new();
    let (owner, _log) = under_way(&daemon, &Process::own());
    drop(owner);
    let mut again = daemon.client("a");
    again.hello_as(0, &Process::own(), json!([{"run": "r", "epoch": 1}]));
    // It was to stand in the log, which was closed before.
    again.raw(format!("{}\n", record("r", 2, &step_succeeded("charge"))).as_bytes());
    again.acked("r", 2);
}

#[test]
fn a_commit_for_another_run_acknowledges_what_stood_in_the_log() {
    let daemon = Daemon::new();
    let (mut owner, mut log) = under_way(&daemon, &Process::own());
    log.write("r", 2, &step_succeeded("charge"));
    owner.raw(format!("{}\n", record("r", 2, &step_succeeded("charge"))).as_bytes());
    std::thread::sleep(Duration::from_millis(60));
    let mut other = daemon.client("b");
    other.hello(0);
    other.start("s");
    other.record("s", 1, 1, step_started("charge"));
    other.acked("s", 1);
    owner.acked("r", 2);
}

#[test]
fn who_asks_finds_what_a_process_that_goes_on_has_on_the_disk() {
    let daemon = Daemon::new();
    let (mut owner, mut log) = under_way(&daemon, &Process::own());
    let state = || daemon.http("GET", "/v1/runs/r", "").1["state"].clone();
    assert_eq!(state(), "running");
    log.write("r", 2, &step_succeeded("charge"));
    log.write("r", 3, &succeeded(&json!(1)));
    assert_eq!(state(), "succeeded");
    assert_eq!(daemon.http("GET", "/v1/runs?state=succeeded", "").1["runs"][0]["id"], "r");
    assert!(log.head().starts_with("open "), "{}", log.head());
    // It is sent as well, and acknowledged, and the log goes on.
    owner.raw(format!("{}\n", record("r", 2, &step_succeeded("charge"))).as_bytes());
    owner.raw(format!("{}\n", record("r", 3, &succeeded(&json!(1)))).as_bytes());
    owner.acked("r", 3);
    owner.start("s");
    (log.at, log.generation) = (4096, 2);
    log.write("s", 1, &step_started("charge"));
    let (_, view) = daemon.http("GET", "/v1/runs/s", "");
    assert_eq!(view["steps"][0]["key"], "charge", "{view}");
}

#[test]
fn who_awaits_a_run_hears_of_its_end_from_the_log() {
    let daemon = Daemon::new();
    let (mut owner, mut log) = under_way(&daemon, &Process::own());
    let mut other = daemon.client("b");
    other.hello(0);
    let asked = other.send("run.await", json!({"run": "r"}));
    let end = succeeded(&json!(1));
    for (seq, entry) in [(2, step_succeeded("charge")), (3, end)] {
        log.write("r", seq, &entry);
        owner.raw(format!("{}\n", record("r", seq, &entry)).as_bytes());
    }
    assert_eq!(other.answer(asked)["result"]["state"], "succeeded");
}

#[test]
fn a_silent_owner_is_hung_up_on_and_its_log_read_before_its_run_goes_to_another() {
    let daemon = Daemon::new();
    let (mut owner, mut log) = under_way(&daemon, &Process::own());
    log.write("r", 2, &step_succeeded("charge"));
    let (dispatch, _) = heir_of(&daemon);
    assert_eq!(dispatch["next_seq"], 4);
    assert!(owner.call_ends(), "who is silent for so long comes anew");
    assert!(log.head().starts_with("closed "), "{}", log.head());
}

#[test]
fn a_session_that_comes_back_finds_what_its_log_has() {
    let daemon = Daemon::new();
    let (owner, mut log) = under_way(&daemon, &Process::own());
    log.write("r", 2, &step_succeeded("charge"));
    drop(owner);
    let mut again = daemon.client("a");
    let answer = again.hello_as(0, &Process::own(), json!([{"run": "r", "epoch": 1}]));
    assert_eq!(answer["owned"][0]["next_seq"], 3, "{answer}");
    // The new connection may have a new log, and only that.
    let new = Log::open(&mut again);
    assert!(new.head().starts_with("open   conductor-log 1 a "), "{}", new.head());
    assert!(log.head().starts_with("closed "), "{}", log.head());
}

#[test]
fn a_second_log_takes_the_place_of_the_first() {
    let daemon = Daemon::new();
    let (mut owner, mut first) = under_way(&daemon, &Process::own());
    first.write("r", 2, &step_succeeded("charge"));
    let second = Log::open(&mut owner);
    assert!(first.head().starts_with("closed "), "{}", first.head());
    assert!(second.head().starts_with("open "), "{}", second.head());
    let view = daemon.run_when("r", |_| true);
    assert_eq!(view["steps"][0]["state"], "succeeded");
}

#[test]
fn what_belongs_to_no_run_of_the_store_is_put_aside() {
    let temp = tempfile::tempdir().unwrap();
    let mut daemon = Daemon::on(&temp.path().join("c"));
    let (owner, mut log) = under_way(&daemon, &Process::own());
    log.write("nobody's", 2, &step_succeeded("charge"));
    log.write("r", 2, &step_succeeded("charge"));
    daemon.crash();
    drop(owner);
    let aside = log.path.with_extension("refused");
    assert!(std::fs::read_to_string(&aside).unwrap().contains("nobody's"));
    assert!(!log.path.exists());
    assert_eq!(daemon.run_when("r", |_| true)["steps"][0]["state"], "succeeded", "the rest is taken");
}

#[test]
fn a_name_that_was_taken_away_takes_nothing_with_it() {
    let daemon = Daemon::new();
    let mut stand = Stand::new();
    let (owner, mut log) = under_way(&daemon, &stand.process());
    std::fs::remove_dir_all(log.path.parent().unwrap()).unwrap();
    log.write("r", 2, &step_succeeded("charge"));
    stand.kill();
    drop(owner);
    assert_eq!(heir_of(&daemon).0["next_seq"], 4);
}

#[test]
fn a_graceful_end_leaves_no_log() {
    let temp = tempfile::tempdir().unwrap();
    let mut daemon = Daemon::on(&temp.path().join("c"));
    let (_owner, mut log) = under_way(&daemon, &Process::own());
    log.write("r", 2, &step_succeeded("charge"));
    daemon.stop();
    assert!(!log.path.exists());
    daemon.restart();
    assert_eq!(daemon.run_when("r", |_| true)["steps"][0]["state"], "succeeded");
}

#[test]
fn nothing_that_is_encrypted_in_the_store_stands_beside_it() {
    let temp = tempfile::tempdir().unwrap();
    let keys = Keys::parse("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=").unwrap();
    let encryption = Encryption { keys: Some(keys), all: false };
    let daemon =
        Daemon::with(Options { lease: LEASE, encryption, ..Options::in_folder(&temp.path().join("c")) });
    let mut client = daemon.client("a");
    client.hello(0);
    assert_eq!(client.call("log.open", json!({})), json!({}));
    client.call("run.start", start("r", json!({"n": 1})));
}

#[test]
fn many_runs_through_one_log_are_all_there() {
    let temp = tempfile::tempdir().unwrap();
    let mut daemon = Daemon::on(&temp.path().join("c"));
    let mut owner = daemon.client("a");
    owner.hello(0);
    let runs: Vec<String> = (0..50).map(|number| format!("r{number}")).collect();
    for run in &runs {
        owner.start(run);
        owner.record(run, 1, 1, step_started("charge"));
        owner.acked(run, 1);
    }
    let mut log = Log::open(&mut owner);
    for run in &runs {
        log.write(run, 2, &step_succeeded("charge"));
        log.write(run, 3, &step_started("ship"));
    }
    let began = Instant::now();
    daemon.crash();
    assert!(began.elapsed() < PATIENCE);
    for run in &runs {
        let (_, view) = daemon.http("GET", &format!("/v1/runs/{run}"), "");
        assert_eq!(view["steps"][0]["state"], "succeeded", "{run}");
        assert_eq!(view["steps"].as_array().unwrap().len(), 2, "{run}");
    }
}

#[test]
fn a_store_that_takes_nothing_ends_the_connection_and_the_log_has_the_start_and_all_that_followed() {
    let daemon = Daemon::new();
    let mut owner = daemon.client("a");
    owner.hello(0);
    owner.start("before");
    owner.acked("before", 0);
    let mut log = Log::open(&mut owner);
    let lock = rusqlite::Connection::open(daemon.folder.join("journal.db")).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let params = start("r", json!({"n": 1}));
    assert_eq!(owner.call("run.start", params.clone())["epoch"], 1);
    log.line(&json!({"jsonrpc": "2.0", "id": 0, "method": "run.start", "params": params}));
    log.write("r", 1, &step_started("charge"));
    log.write("r", 2, &step_succeeded("charge"));
    // It is not told that its records are refused: its process went on by its log.
    assert!(owner.call_ends());
    assert_eq!(owner.noticed("run.refused"), 0);
    // Nobody begins the run meanwhile, though nothing of it is in the store.
    let mut other = daemon.client("b");
    other.hello(0);
    let asked = other.send("run.start", start("r", json!({"n": 1})));
    assert!(!other.has_answer(asked));
    let waits_for_the_log = |_| {
        let (status, refused) = daemon.http("POST", "/v1/workflows/w/runs", r#"{"run_id": "elsewhere"}"#);
        assert_eq!(status, 503, "{refused}");
        refused.to_string().contains("left in its log")
    };
    assert!((0..5).any(waits_for_the_log), "the first may have come before the log was closed");
    lock.execute_batch("ROLLBACK").unwrap();
    // Where it was asked for before its owner's log was closed, the run is its owner's, or the store has refused it.
    let is_told_to_ask_again =
        |told: &Value| told["result"]["outcome"] == "attached" || told["error"]["code"] == code::STORE;
    let mut told = other.answer(asked);
    while is_told_to_ask_again(&told) {
        let again = other.send("run.start", start("r", json!({"n": 1})));
        told = other.answer(again);
    }
    assert_eq!((&told["result"]["epoch"], &told["result"]["next_seq"]), (&json!(2), &json!(4)), "{told}");
    let view = daemon.run_when("r", |_| true);
    assert_eq!((&view["steps"][0]["state"], &view["input"]), (&json!("succeeded"), &json!({"n": 1})));
}

#[test]
fn a_run_that_has_only_begun_in_the_log_is_there_after_a_crash() {
    let temp = tempfile::tempdir().unwrap();
    let mut daemon = Daemon::on(&temp.path().join("c"));
    let mut stand = Stand::new();
    let mut owner = daemon.client("a");
    owner.hello_as(0, &stand.process(), json!([]));
    let mut log = Log::open(&mut owner);
    let params = start("r", json!({"n": 1}));
    log.line(&json!({"jsonrpc": "2.0", "id": 0, "method": "run.start", "params": params}));
    log.write("r", 1, &step_started("charge"));
    log.write("r", 2, &step_succeeded("charge"));
    daemon.crash();
    stand.kill();
    drop(owner);
    let (dispatch, view) = heir_of(&daemon);
    assert_eq!(dispatch["next_seq"], 4);
    assert_eq!(view["owners"][0]["session"], "a", "it was this session's: {view}");
}
