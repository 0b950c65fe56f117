//! Clients that mean harm, or have gone wrong: the others are served, and memory stays bounded.

use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use conductor_protocol::message::code;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;

use crate::signals::Sidecar;
use crate::support::{Client, Daemon, Stand, step_started, succeeded};

const CONNECTIONS: usize = 10_000;

/// Resident bytes of a process.
fn resident(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/statm")).unwrap();
    text.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

#[test]
fn ten_thousand_connections_that_say_nothing_keep_nobody_away() {
    let limit = getrlimit(Resource::Nofile);
    let needed = CONNECTIONS as u64 + 1000;
    assert!(limit.maximum.is_none_or(|most| most >= needed), "the test needs {needed} descriptors");
    // The sidecar inherits it.
    let current = Some(limit.current.unwrap_or(needed).max(needed));
    setrlimit(Resource::Nofile, Rlimit { current, ..limit }).unwrap();
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("c");
    let sidecar = Sidecar::start(&folder);
    let socket = folder.join("sidecar.sock");
    let before = resident(sidecar.0.id());
    let mut silent = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        silent.push(UnixStream::connect(&socket).unwrap());
    }
    let began = Instant::now();
    let mut client = Client::connect(&socket, "a");
    client.hello(0);
    client.start("r");
    client.record("r", 1, 1, succeeded(&json!(1)));
    client.acked("r", 1);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let grown = resident(sidecar.0.id()).saturating_sub(before);
    assert!(grown < 100 << 20, "{} MiB", grown >> 20);
}

#[test]
fn nobody_claims_or_writes_what_another_session_has() {
    let daemon = Daemon::new();
    let mut owner = daemon.client("owner");
    owner.hello(0);
    owner.start("r");
    owner.record("r", 1, 1, step_started("a"));
    owner.acked("r", 1);
    let thief = Stand::new();
    let mut other = daemon.client("thief");
    let claimed = other.hello_as(0, &thief.process(), json!([{"run": "r", "epoch": 1}]));
    assert_eq!(claimed["owned"], json!([]));
    other.record("r", 1, 2, succeeded(&json!("stolen")));
    assert_eq!(other.notice("run.refused")["code"], i64::from(code::STALE_EPOCH));
    // It takes the name of the session, which belongs to a process that lives.
    let mut liar = daemon.client("owner");
    let greeting = liar.greeting(0, &thief.process(), json!([{"run": "r", "epoch": 1}]));
    assert_eq!(liar.fails("hello", greeting), i64::from(code::INVALID_PARAMS));
    other.notify("run.release", json!({"run": "r", "epoch": 1}));
    other.call("ping", json!({}));
    owner.record("r", 1, 2, succeeded(&json!("mine")));
    owner.acked("r", 2);
    assert_eq!(daemon.run_when("r", |run| run["state"] == "succeeded")["output"], "mine");
}
