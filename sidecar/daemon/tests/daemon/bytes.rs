//! What a broken, hostile or outdated client can send.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Daemon, Process, start, step_started};

#[test]
fn versions_without_overlap_are_refused_with_both_ranges() {
    let daemon = Daemon::new();
    for (min, max) in [(0, 0), (2, 3)] {
        let mut client = daemon.client("a");
        let mut greeting = client.greeting(0, &Process::own(), json!([]));
        greeting["protocol"] = json!({"min": min, "max": max});
        let id = client.send("hello", greeting);
        let error = client.answer(id)["error"].clone();
        assert_eq!(error["code"], -32001);
        assert_eq!(
            error["data"],
            json!({"sidecar": {"min": 1, "max": 1}, "client": {"min": min, "max": max}})
        );
        // The connection goes on: a client that speaks several may try again.
        client.hello(0);
    }
    let mut newer = daemon.client("b");
    let mut greeting = newer.greeting(0, &Process::own(), json!([]));
    greeting["protocol"] = json!({"min": 1, "max": 7});
    assert_eq!(newer.call("hello", greeting)["protocol"], 1);
}

#[test]
fn what_is_no_message_is_answered_and_the_connection_goes_on() {
    let daemon = Daemon::new();
    let mut client = daemon.client("a");
    let cases: [(&[u8], i64); 9] = [
        (b"hello?\n", -32700),
        (b"{\"jsonrpc\":\"2.0\",\n", -32700),
        (b"\n", -32700),
        (b"{\"jsonrpc\":\"2.0\",\"method\":\"\xff\xfe\"}\n", -32700),
        (b"[]\n", -32600),
        (b"{}\n", -32600),
        (b"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}\n", -32600),
        (b"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}\n", -32600),
        (b"{\"jsonrpc\":\"2.0\",\"id\":1}\n", -32600),
    ];
    for (bytes, code) in cases {
        client.raw(bytes);
        let answer = client.line().unwrap();
        assert_eq!(
            (&answer["id"], &answer["error"]["code"]),
            (&json!(null), &json!(code)),
            "{bytes:?}: {answer}"
        );
    }
    assert_eq!(client.fails("ping", json!({})), -32002);
    client.hello(0);
    let greeting = client.greeting(0, &Process::own(), json!([]));
    assert_eq!(client.fails("hello", greeting), -32002);
    assert_eq!(client.fails("run.fly", json!({})), -32601);
    assert_eq!(client.fails("run.await", json!({"run": 1})), -32602);
    assert_eq!(client.call("ping", json!({})), json!({}));
}

#[test]
fn a_line_in_pieces_is_one_line_and_many_lines_at_once_are_many() {
    let daemon = Daemon::new();
    let mut client = daemon.client("a");
    let line = format!(
        "{}\n",
        json!({"jsonrpc": "2.0", "id": 9, "method": "hello", "params": client.greeting(0, &Process::own(), json!([]))})
    );
    for piece in line.as_bytes().chunks(7) {
        client.raw(piece);
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(client.answer(9)["result"].is_object());
    let ping = "{\"jsonrpc\":\"2.0\",\"id\":\"p\",\"method\":\"ping\"}\n".repeat(500);
    client.raw(ping.as_bytes());
    for _ in 0..500 {
        assert_eq!(client.line().unwrap()["id"], "p");
    }
}

#[test]
fn a_client_that_vanishes_in_the_middle_of_a_line_hurts_nobody() {
    let daemon = Daemon::new();
    let mut client = daemon.client("a");
    client.hello(0);
    client.start("r");
    client.acked("r", 0);
    let line = json!({"jsonrpc": "2.0", "method": "step.record", "params": {"run": "r", "epoch": 1, "seq": 1, "entries": [step_started("a")]}}).to_string();
    client.raw(&line.as_bytes()[..line.len() - 1]);
    drop(client);
    let mut again = daemon.client("a");
    let hello = again.hello_as(0, &Process::own(), json!([{"run": "r", "epoch": 1}]));
    assert_eq!(hello["owned"][0]["next_seq"], 1, "half a line was taken");
}

#[test]
fn a_line_over_the_limit_ends_the_connection_after_an_error() {
    let daemon = Daemon::new();
    let mut other = daemon.client("b");
    other.hello(0);
    let mut client = daemon.client("a");
    client.hello(0);
    let mut writer = client.stream.try_clone().unwrap();
    // It would go on for ever: the sidecar must not wait for the line's end.
    let flood = std::thread::spawn(move || {
        let chunk = vec![b'x'; 1 << 20];
        (0..64).take_while(|_| writer.write_all(&chunk).is_ok()).count()
    });
    let answer = client.line().unwrap();
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(null), &json!(-32016)));
    assert!(client.line().is_none(), "the connection goes on");
    assert!(flood.join().unwrap() < 20, "more than the limit was read");
    assert_eq!(other.call("ping", json!({})), json!({}));
}

#[test]
fn a_message_just_under_the_limit_is_taken() {
    let daemon = Daemon::new();
    let mut client = daemon.client("a");
    client.hello(0);
    client.start("r");
    let output = "x".repeat((4 << 20) - 2);
    let entry = |key: &str| json!({"step_succeeded": {"key": key, "attempt": 1, "output": output, "at": 1}});
    let entries = json!([entry("a"), entry("b"), entry("c")]);
    client.notify("step.record", json!({"run": "r", "epoch": 1, "seq": 1, "entries": entries}));
    client.acked("r", 1);
    assert_eq!(client.fails("run.start", start("big", json!("x".repeat(4 << 20)))), -32016);
}

#[test]
fn a_reader_that_does_not_read_is_disconnected_and_others_are_served() {
    let daemon = Daemon::new();
    let mut owner = daemon.client("o");
    owner.hello(0);
    let mut slow = daemon.client("s");
    slow.hello(0);
    // Each of these is answered with an error that repeats the long name of its method.
    let name = "n".repeat(1 << 20);
    let line = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{name}\"}}\n");
    slow.stream.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
    let began = Instant::now();
    let sent = (0..200).take_while(|_| slow.stream.write_all(line.as_bytes()).is_ok()).count();
    assert!(sent < 100, "{sent} MiB of answers were kept for a client that does not read");
    assert!(began.elapsed() < Duration::from_secs(25), "it was not disconnected, only not read any more");
    owner.start("r");
    owner.acked("r", 0);
    let mut rest = Vec::new();
    let _ = slow.stream.read_to_end(&mut rest);
}

#[test]
fn large_pages_wait_for_a_slow_reader_instead_of_filling_memory() {
    let daemon = Daemon::new();
    let mut client = daemon.client("a");
    client.hello(0);
    client.start("r");
    let entry = json!({"step_succeeded": {"key": "a", "attempt": 1, "output": "x".repeat(1 << 20), "at": 1}});
    client.record("r", 1, 1, entry);
    client.acked("r", 1);
    let ids: Vec<u64> = (0..60).map(|_| client.send("run.read", json!({"run": "r", "from": 1}))).collect();
    std::thread::sleep(Duration::from_millis(300));
    for id in ids {
        assert_eq!(client.answer(id)["result"]["records"][0]["seq"], 1);
    }
}

#[test]
fn a_record_that_cannot_be_read_is_refused_by_its_numbers() {
    let daemon = Daemon::new();
    let mut client = daemon.client("a");
    client.hello(0);
    client.start("r");
    client.acked("r", 0);
    let record = |entries: &[u8]| {
        let head = br#"{"jsonrpc":"2.0","method":"step.record","params":{"run":"r","epoch":1,"seq":1"#;
        [head, entries, b"}}\n"].concat()
    };
    for entries in
        [&br#","entries":[{"chosen":{"key":"a","value":NaN,"at":1}}]"#[..], b",\"entries\":[\"\xff\"]", b""]
    {
        client.raw(&record(entries));
        let refused = client.notice("run.refused");
        assert_eq!(
            (&refused["run"], &refused["epoch"], &refused["seq"]),
            (&json!("r"), &json!(1), &json!(1))
        );
        assert_eq!(refused["code"], -32602, "{refused}");
    }
    // Where the numbers cannot be read either, nobody can be named.
    client
        .raw(b"{\"jsonrpc\":\"2.0\",\"method\":\"step.record\",\"params\":{\"run\":\"r\",\"epoch\":NaN}}\n");
    assert_eq!(client.line().unwrap()["id"], json!(null));
    client.record("r", 1, 1, step_started("a"));
    client.acked("r", 1);
}
