//! A sidecar as a process: it says `ready`, ends gracefully, and may be killed.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::support::{Client, Process, step_started, succeeded};

pub struct Sidecar(pub Child);

impl Sidecar {
    pub fn start(folder: &Path) -> Sidecar {
        // Cargo builds examples beside the tests, one folder up from this binary's.
        let binary: PathBuf =
            std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("examples/sidecar");
        let mut child = Command::new(binary).arg(folder).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Sidecar(child)
    }

    fn signal(&mut self, signal: Signal) -> Option<i32> {
        let pid = Pid::from_raw(i32::try_from(self.0.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
        self.0.wait().unwrap().code()
    }
}

impl Drop for Sidecar {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_signal_ends_it_gracefully_and_nothing_is_left_behind() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("c");
    for signal in [Signal::TERM, Signal::INT] {
        let mut sidecar = Sidecar::start(&folder);
        let mut client = Client::connect(&folder.join("sidecar.sock"), "a");
        client.hello(0);
        // Somebody waits for ever: that must not hold it up.
        client.start(&format!("{signal:?}"));
        client.send("run.await", json!({"run": format!("{signal:?}")}));
        assert_eq!(sidecar.signal(signal), Some(0));
        assert!(client.call_ends());
        assert!(!folder.join("sidecar.sock").exists());
    }
    assert!(!folder.join("journal.db-wal").exists(), "the store was not closed");
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("c");
    let socket = folder.join("sidecar.sock");
    let mut next = 1;
    for round in 0..5 {
        let mut sidecar = Sidecar::start(&folder);
        let mut client = Client::connect(&socket, "a");
        if round == 0 {
            client.hello(0);
            client.start("r");
        } else {
            let hello = client.hello_as(0, &Process::own(), json!([{"run": "r", "epoch": 1}]));
            let wanted = hello["owned"][0]["next_seq"].as_u64().unwrap();
            assert!(wanted >= next, "acknowledged up to {next}, but it wants {wanted}");
            next = wanted;
        }
        for seq in next..next + 40 {
            client.record("r", 1, seq, step_started("a"));
        }
        client.acked("r", next + 20);
        next += 21;
        assert_eq!(sidecar.signal(Signal::KILL), None);
    }
    let _sidecar = Sidecar::start(&folder);
    let mut client = Client::connect(&socket, "a");
    let hello = client.hello_as(0, &Process::own(), json!([{"run": "r", "epoch": 1}]));
    let last = hello["owned"][0]["next_seq"].as_u64().unwrap();
    client.record("r", 1, last, succeeded(&json!(null)));
    client.acked("r", last);
    let read = client.call("run.read", json!({"run": "r", "from": 0}));
    let dense: Vec<u64> =
        read["records"].as_array().unwrap().iter().map(|record| record["seq"].as_u64().unwrap()).collect();
    assert_eq!(dense, (0..=last).collect::<Vec<u64>>());
}
