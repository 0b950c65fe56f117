//! How long runs are kept, under a clock that the test sets, and purging on request.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use conductor_daemon::{Clock, Options, Retention};
use conductor_protocol::message::code;
use serde_json::{Value, json};

use crate::support::{Client, Daemon, LEASE, PATIENCE, start, succeeded};

const DAY: i64 = 24 * 60 * 60 * 1000;
/// When the runs of the tests end.
const ENDED: i64 = 1_790_000_000_900;

/// A daemon that keeps runs for a day and their ids for another, and its clock.
fn keeping() -> (Daemon, Arc<AtomicI64>, tempfile::TempDir) {
    let temp = tempfile::tempdir().unwrap();
    let time = Arc::new(AtomicI64::new(ENDED));
    let now = Arc::clone(&time);
    let day = Duration::from_millis(DAY as u64);
    let daemon = Daemon::with(Options {
        lease: LEASE,
        clock: Clock::new(move || now.load(Ordering::SeqCst)),
        retention: Retention { runs: Some(day), tombstones: day },
        ..Options::in_folder(&temp.path().join("c"))
    });
    (daemon, time, temp)
}

fn end(client: &mut Client, run: &str) {
    client.start(run);
    client.record(run, 1, 1, succeeded(&json!(1)));
    client.acked(run, 1);
}

/// The answer for a run, once it has that status.
fn status(daemon: &Daemon, run: &str, wanted: u16) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (status, body) = daemon.http("GET", &format!("/v1/runs/{run}"), "");
        if status == wanted {
            return body;
        }
        assert!(Instant::now() < deadline, "still {status} {body}");
        // The daemon looks once a minute; a purge on request makes it look at once.
        daemon.http("DELETE", "/v1/runs?ended_before=1970-01-01T00:00:00Z", "");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn runs_and_then_their_ids_go_when_their_time_is_over() {
    let (daemon, time, _temp) = keeping();
    let mut client = daemon.client("a");
    client.hello(0);
    end(&mut client, "r");
    client.start("open");
    client.acked("open", 0);
    time.store(ENDED + DAY, Ordering::SeqCst);
    assert_eq!(daemon.http("DELETE", "/v1/runs?ended_before=1970-01-01T00:00:00Z", "").0, 200);
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(daemon.http("GET", "/v1/runs/r", "").0, 200);
    time.store(ENDED + DAY + 1, Ordering::SeqCst);
    let gone = status(&daemon, "r", 410);
    assert_eq!(gone["error"]["code"], code::RUN_PURGED);
    assert_eq!(gone["purged"]["state"], "succeeded");
    assert_eq!(gone["purged"]["workflow"], "w");
    assert_eq!(gone["purged"]["finished_at"], "2026-09-21T14:13:20.9Z");
    // A call with the id is told so by every door.
    assert_eq!(client.fails("run.start", start("r", json!({"n": 1}))), i64::from(code::RUN_PURGED));
    assert_eq!(client.fails("run.start", start("r", json!({"n": 2}))), i64::from(code::RUN_MISMATCH));
    assert_eq!(client.fails("run.await", json!({"run": "r"})), i64::from(code::RUN_PURGED));
    assert_eq!(client.fails("run.read", json!({"run": "r", "from": 0})), i64::from(code::RUN_PURGED));
    let (status_of, _) = daemon.http("POST", "/v1/workflows/w/runs", r#"{"run_id": "r", "input": {"n": 1}}"#);
    assert_eq!(status_of, 410);
    assert_eq!(daemon.http("POST", "/v1/runs/r/cancel", "").0, 410);
    assert_eq!(daemon.http("GET", "/v1/runs/open", "").0, 200);
    daemon.counts("conductor_runs_purged_total 1");
    time.store(ENDED + 3 * DAY, Ordering::SeqCst);
    status(&daemon, "r", 404);
    client.start("r");
}

#[test]
fn purging_on_request() {
    let daemon = Daemon::new();
    let mut client = daemon.client("a");
    client.hello(0);
    for run in ["r1", "r2", "r3"] {
        end(&mut client, run);
    }
    client.start("open");
    client.acked("open", 0);
    assert_eq!(daemon.http("DELETE", "/v1/runs/r1", ""), (200, json!({"id": "r1", "purged": 1})));
    assert_eq!(daemon.http("DELETE", "/v1/runs/r1", "").0, 410);
    assert_eq!(daemon.http("DELETE", "/v1/runs/none", "").0, 404);
    let (status, refused) = daemon.http("DELETE", "/v1/runs/open", "");
    assert_eq!(status, 409);
    let message = refused["error"]["message"].as_str().unwrap();
    assert_eq!(message, "run open is not to be purged: it has not ended (running)");
    let all = "/v1/runs?ended_before=2099-01-01T00:00:00Z";
    for wrong in
        ["/v1/runs", "/v1/runs?ended_before=soon", &format!("{all}&state=running"), &format!("{all}&x=1")]
    {
        assert_eq!(daemon.http("DELETE", wrong, "").0, 400, "{wrong}");
    }
    assert_eq!(daemon.http("DELETE", &format!("{all}&state=failed"), "").1["purged"], 0);
    assert_eq!(daemon.http("DELETE", all, ""), (200, json!({"purged": 2, "more": false})));
    let (_, page) = daemon.http("GET", "/v1/runs", "");
    assert_eq!(page["runs"].as_array().unwrap().len(), 1, "{page}");
}
