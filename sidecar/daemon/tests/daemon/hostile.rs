//! Clients that mean harm, or have gone wrong: the others are served, and memory stays bounded.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use conductor_protocol::message::code;
use conductor_tests::random::Random;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};

use crate::signals::Sidecar;
use crate::support::{Client, Daemon, PATIENCE, Stand, start, step_started, succeeded};

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
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
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

/// A message of each kind that a greeted client may send.
fn messages(run: &str) -> Vec<Value> {
    let entries = json!([step_started("a"), succeeded(&json!({"x": [1, "two", null]}))]);
    let calls = [
        ("ping", json!({})),
        ("run.start", start(run, json!({"n": 1}))),
        ("run.read", json!({"run": run, "from": 0})),
        ("run.await", json!({"run": run})),
        ("run.cancel", json!({"run": run, "reason": "no more"})),
        ("run.release", json!({"run": run, "epoch": 1})),
        ("step.record", json!({"run": run, "epoch": 1, "seq": 1, "entries": entries})),
        ("permit.acquire", json!({"resource": "r", "permits": 2, "limit": {"permits": 4}, "run": run})),
        ("permit.release", json!({"resource": "r", "id": 1})),
        ("resource.report", json!({"resources": [{"resource": "r", "in_use": 1, "waiting": 0, "limit": 2}]})),
        ("breaker.report", json!({"breaker": "b", "state": "open", "left_ms": 1000})),
        ("breaker.probe", json!({"breaker": "b"})),
        ("signal.send", json!({"run": run, "signal": "go", "id": "s", "data": {"by": "eve"}})),
        ("signal.list", json!({"run": run})),
        ("task.invoke", json!({"task": "t", "run": run, "key": "k", "arguments": {}})),
        ("task.cancel", json!({"call": 1})),
    ];
    let line =
        |(id, (method, params))| json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
    (1..).zip(calls).map(line).collect()
}

/// The line with bytes changed, cut out, said twice, or a number that is none of the kind.
fn mangled(line: &Value, random: &mut Random) -> Vec<u8> {
    let mut bytes = line.to_string().into_bytes();
    for _ in 0..1 + random.below(4) {
        let (at, to) = (place(&bytes, random), place(&bytes, random));
        let (at, to) = (at.min(to), at.max(to));
        match random.below(5) {
            0 => bytes[at] = random.below(256).to_le_bytes()[0],
            1 => drop(bytes.drain(at..to.min(at + 20))),
            2 => {
                let piece = bytes[at..to].to_vec();
                bytes.splice(at..at, piece);
            }
            3 => {
                let numbers = ["-1", "18446744073709551616", "1e308", "null", "[[[[{}]]]]", "\"\\ud800\""];
                let other = numbers[place(&numbers, random)];
                let end =
                    bytes[at..].iter().position(|byte| b",}]".contains(byte)).map_or(at, |end| at + end);
                bytes.splice(at..end, other.bytes());
            }
            _ => bytes.truncate(to.max(1)),
        }
        if bytes.is_empty() {
            bytes.push(b'{');
        }
    }
    bytes.retain(|byte| *byte != b'\n');
    bytes.push(b'\n');
    bytes
}

fn place<T>(of: &[T], random: &mut Random) -> usize {
    usize::try_from(random.below(of.len() as u64)).unwrap()
}

#[test]
fn mangled_messages_of_a_greeted_client_hurt_nobody() {
    let daemon = Daemon::patient();
    let mut owner = daemon.client("owner");
    owner.hello(0);
    owner.start("honest");
    owner.record("honest", 1, 1, step_started("a"));
    owner.acked("honest", 1);
    let before = resident(std::process::id());
    let mut random = Random::new(0x5eed);
    for round in 0..50 {
        let mut client = daemon.client(&format!("fuzz-{round}"));
        client.hello(2);
        let whole = messages(&format!("f{}", round % 7));
        for _ in 0..60 {
            let line = &whole[place(&whole, &mut random)];
            // Now and then one that is right, so that there is something to break.
            let said = if random.below(4) == 0 {
                format!("{line}\n").into_bytes()
            } else {
                mangled(line, &mut random)
            };
            client.raw(&said);
        }
        // It is still spoken to: no line of these ends a connection.
        let ping = client.send("ping", json!({}));
        // An id that no parser reads comes back as it was given.
        let is_answer = |said: &str| {
            serde_json::from_str::<Value>(said)
                .is_ok_and(|said| said["id"] == ping && said["result"] == json!({}))
        };
        while !is_answer(&client.text().unwrap()) {}
    }
    let grown = resident(std::process::id()).saturating_sub(before);
    assert!(grown < 64 << 20, "{} MiB", grown >> 20);
    owner.record("honest", 1, 2, succeeded(&json!("mine")));
    owner.acked("honest", 2);
    let shown = daemon.run_when("honest", |run| run["state"] == "succeeded");
    assert_eq!((&shown["output"], shown["steps"].as_array().map(Vec::len)), (&json!("mine"), Some(1)));
    let (status, page) = daemon.http("GET", "/v1/runs?limit=1000", "");
    assert_eq!(status, 200, "{page}");
}

#[test]
fn a_gigabyte_that_is_announced_is_not_waited_for() {
    let daemon = Daemon::new();
    let before = resident(std::process::id());
    let mut streams = Vec::new();
    for _ in 0..8 {
        let mut stream = UnixStream::connect(daemon.socket()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
            .write_all(b"POST /v1/runs/r/signals/s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1073741824\r\n\r\n\"")
            .unwrap();
        let mut head = [0; 12];
        stream.read_exact(&mut head).unwrap();
        assert_eq!(&head, b"HTTP/1.1 413");
        let block = vec![b'x'; 1 << 20];
        let took = (0..64).take_while(|_| stream.write_all(&block).is_ok()).count();
        assert!(took < 64, "64 MiB were taken of what was refused");
        streams.push(stream);
    }
    let grown = resident(std::process::id()).saturating_sub(before);
    assert!(grown < 64 << 20, "{} MiB", grown >> 20);
    let mut client = daemon.client("a");
    client.hello(0);
    client.start("r");
}
