//! Clients over TCP that mean harm before anybody knows who they are: others are served, and memory stays bounded.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Daemon, PATIENCE, start, succeeded};
use crate::tls::{Lenient, Remote, Site, line};

/// Resident bytes of this process, in which the sidecar is.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

/// A whole run over TLS.
fn is_served(site: &Site, run: &str) {
    let began = Instant::now();
    let mut client = site.client("t1");
    client.hello(run, json!([]));
    client.call("run.start", start(run, json!({"n": 1})));
    client
        .notify("step.record", json!({"run": run, "epoch": 1, "seq": 1, "entries": [succeeded(&json!(1))]}));
    client.wait_for(|line| line["method"] == "run.ack" && line["params"]["seq"] == 1);
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
}

fn local_is_served(daemon: &Daemon, run: &str) {
    let mut client = daemon.client(run);
    client.hello(0);
    client.start(run);
}

#[test]
fn handshakes_that_stall_and_garbage_keep_nobody_away() {
    let site = Site::new();
    site.tokens(&[&line("shop", "app", "t1")]);
    // More than may wait at a time; each has begun a handshake and says no more.
    let mut stalled = Vec::new();
    for number in 0..700 {
        let mut socket = TcpStream::connect(site.address()).unwrap();
        if number % 2 == 0 {
            socket.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01]).unwrap();
        }
        stalled.push(socket);
    }
    is_served(&site, "among the silent");
    // The first ones have had to go.
    let first = &mut stalled[0];
    first.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    assert!(matches!(first.read(&mut [0; 64]), Ok(_) | Err(_)));
    for number in 0..200_u32 {
        let mut socket = TcpStream::connect(site.address()).unwrap();
        let noise: Vec<u8> =
            (0..4096_u32).map(|byte| (byte.wrapping_mul(number * 2 + 7) >> 3) as u8).collect();
        let _reset = socket.write_all(&noise);
    }
    is_served(&site, "among the noisy");
    local_is_served(&site.daemon, "local");
}

#[test]
fn who_has_not_said_who_he_is_cannot_make_the_sidecar_keep_what_he_says() {
    let site = Site::new();
    site.tokens(&[&line("shop", "app", "t1")]);
    let before = resident();
    let block = vec![b' '; 1 << 16];
    for opening in [
        &b"{"[..],
        b"POST /v1/workflows/w/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1073741824\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: ",
    ] {
        for _ in 0..10 {
            let mut stream = Lenient(site.connect(None));
            stream.write_all(opening).unwrap();
            // A gigabyte is announced, or no end; it is cut off long before.
            let took = (0..1024).take_while(|_| stream.write_all(&block).is_ok()).count();
            assert!(took < 1024, "64 MiB of somebody unknown were taken");
        }
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < 64 << 20, "{} MiB", grown >> 20);
    is_served(&site, "r");
}

#[test]
fn a_greeted_client_that_does_not_read_is_let_go_and_one_that_goes_on_for_ever_too() {
    let site = Site::new();
    site.tokens(&[&line("shop", "app", "t1")]);
    let mut client = site.client("t1");
    client.hello("a", json!([]));
    client.call("run.start", start("r", json!({"n": 1})));
    let large = json!([succeeded(&json!("x".repeat(3 << 20)))]);
    client.notify("step.record", json!({"run": "r", "epoch": 1, "seq": 1, "entries": large}));
    client.wait_for(|line| line["method"] == "run.ack" && line["params"]["seq"] == 1);
    let before = resident();
    // 3 MiB an answer, five hundred times, and nothing of it is read.
    for _ in 0..500 {
        client.send("run.read", json!({"run": "r", "from": 0}));
    }
    is_served(&site, "beside the slow reader");
    let grown = resident().saturating_sub(before);
    assert!(grown < 128 << 20, "{} MiB", grown >> 20);
    let mut endless = site.client("t1");
    endless.hello("b", json!([]));
    let block = vec![b'x'; 1 << 20];
    let took = (0..64).take_while(|_| endless.stream().write_all(&block).is_ok()).count();
    assert!(took < 64, "64 MiB without a line's end were taken");
    is_served(&site, "after all that");
}

#[test]
fn mangled_lines_over_tls_end_nothing_but_themselves() {
    let site = Site::new();
    site.tokens(&[&line("shop", "app", "t1")]);
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let valid =
        json!({"jsonrpc": "2.0", "id": 1, "method": "authenticate", "params": {"token": "t1"}}).to_string();
    for _ in 0..60 {
        let mut bytes = valid.clone().into_bytes();
        for _ in 0..1 + next() % 6 {
            let at = usize::try_from(next()).unwrap_or(0) % bytes.len();
            bytes[at] = next().to_le_bytes()[0];
        }
        let mut client = Remote::new(site.connect(None));
        let _gone = client.stream().write_all(&bytes);
        let _gone = client.stream().write_all(b"\n");
        let _gone = client.stream().flush();
        // A capital letter at the beginning is HTTP's.
        if bytes[0].is_ascii_uppercase() {
            continue;
        }
        if let Some(said) = client.line() {
            assert!(said["error"].is_object() || said["result"]["name"] == "token shop", "{said}");
        }
    }
    is_served(&site, "r");
}
