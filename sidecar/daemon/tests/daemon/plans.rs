//! Plans of builds: who is asked for them, which are believed, how they are drawn, and when they go.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use conductor_daemon::{Clock, Options, Retention};
use conductor_protocol::digest::digest;
use serde_json::{Value, json};

use crate::support::{Client, Daemon, LEASE, PATIENCE, Process, start, succeeded};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// A Plan of one pause, and its digest.
pub(crate) fn plan(workflow: &str) -> (Value, String) {
    let step = json!({"id": "rest", "anonymous": false, "when": null, "critical": true, "deadline_ms": null, "ty": "null",
                      "kind": {"sleep": {"fixed": {"ms": 5}}}});
    let plan = json!({"format": 1, "workflow": workflow, "language": "python", "entrypoint": false, "durable": true,
                      "deadline_ms": null, "inputs": [], "steps": [step], "output": {"ty": "null", "node": {"step": "rest"}},
                      "types": []});
    let name = digest(plan.to_string().as_bytes());
    (plan, name)
}

pub(crate) fn path(digest: &str) -> String {
    format!("/v1/plans/{digest}/drawing")
}

pub(crate) fn greet(client: &mut Client, digest: &str) -> Value {
    let mut greeting = client.greeting(0, &Process::own(), json!([]));
    greeting["plans"] = json!([{"workflow": "w", "digest": digest}]);
    client.call("hello", greeting)
}

fn begin(client: &mut Client, run: &str, digest: &str) -> Value {
    let mut request = start(run, json!({}));
    request["plan"] = digest.into();
    client.call("run.start", request)
}

/// Tells these, and waits until they have been heard.
pub(crate) fn define(client: &mut Client, plans: Value) {
    client.notify("plan.define", json!({"about": "a build", "version": 1, "plans": plans}));
    client.call("ping", json!({}));
}

#[test]
fn what_is_missing_is_asked_for_once_and_drawn_from_then_on() {
    let mut daemon = Daemon::new();
    let (one, name) = plan("w");
    let mut client = daemon.client("a");
    assert_eq!(greet(&mut client, &name)["wanted"], json!([name]));
    let (status, refused) = daemon.http("GET", &path(&name), "");
    assert_eq!(status, 404);
    assert!(
        refused["error"]["message"]
            .as_str()
            .unwrap()
            .starts_with("no process has told the sidecar this Plan")
    );
    define(&mut client, json!([one]));
    let (status, drawing) = daemon.http("GET", &path(&name), "");
    assert_eq!((status, &drawing["workflow"]), (200, &json!("w")), "{drawing}");
    let keys: Vec<&str> =
        drawing["boxes"].as_array().unwrap().iter().filter_map(|shape| shape["key"].as_str()).collect();
    assert_eq!(keys, ["rest"]);
    daemon.restart();
    let mut client = daemon.client("b");
    assert_eq!(greet(&mut client, &name).get("wanted"), None);
    assert_eq!(begin(&mut client, "r", &name).get("wanted"), None);
    assert_eq!(daemon.http("GET", &path(&name), "").0, 200);
}

#[test]
fn what_was_never_begun_is_counted_by_the_task_of_its_plan() {
    let mut daemon = Daemon::new();
    let (mut one, _) = plan("w");
    one["steps"][0]["kind"] =
        json!({"workflow": {"workflow": "pay", "durable": true, "args": [], "barrier": true}});
    let name = digest(one.to_string().as_bytes());
    let mut client = daemon.client("a");
    greet(&mut client, &name);
    define(&mut client, json!([one]));
    let error = json!({"types": ["CircuitOpen"], "message": "the circuit breaker of `pay` is open"});
    let refused = json!({"step_failed": {"key": "each[3].rest", "attempt": 0, "error": error, "tolerated": true, "at": 2}});
    let skipped = json!({"step_skipped": {"key": "rest", "at": 2}});
    let told = |daemon: &Daemon, client: &mut Client, run: &str| {
        begin(client, run, &name);
        client.record(run, 1, 1, refused.clone());
        client.record(run, 1, 2, skipped.clone());
        client.acked(run, 2);
        for outcome in ["tolerated", "skipped"] {
            daemon.counts(&format!(
                "conductor_steps_total{{workflow=\"w\",task=\"pay\",outcome=\"{outcome}\"}} 1"
            ));
        }
    };
    told(&daemon, &mut client, "r");
    // Of what the store has kept, too.
    daemon.restart();
    let mut client = daemon.client("b");
    greet(&mut client, &name);
    told(&daemon, &mut client, "r2");
}

#[test]
fn who_only_starts_runs_is_asked_too() {
    let daemon = Daemon::new();
    let (one, name) = plan("w");
    let mut client = daemon.client("a");
    client.hello(0);
    assert_eq!(begin(&mut client, "r", &name)["wanted"], true);
    define(&mut client, json!([one]));
    assert_eq!(begin(&mut client, "r2", &name).get("wanted"), None);
    assert_eq!(daemon.http("GET", &path(&name), "").0, 200);
}

#[test]
fn only_what_was_asked_for_is_kept_and_only_under_its_own_digest() {
    let daemon = Daemon::new();
    let (one, name) = plan("w");
    let (other, unasked) = plan("v");
    let mut client = daemon.client("a");
    greet(&mut client, &name);
    let mut forged = one.clone();
    forged["steps"][0]["id"] = "forged".into();
    define(&mut client, json!([forged, other, 7, {"steps": "none"}]));
    for digest in [&name, &unasked, &digest(forged.to_string().as_bytes())] {
        assert_eq!(daemon.http("GET", &path(digest), "").0, 404);
    }
    let mut large = one.clone();
    large["workflow"] = "w".repeat(5 << 20).into();
    let too_large = digest(large.to_string().as_bytes());
    assert_eq!(begin(&mut client, "r", &too_large)["wanted"], true);
    define(&mut client, json!([large]));
    assert_eq!(daemon.http("GET", &path(&too_large), "").0, 404);
    // What is no Plan of any version is kept as what it says it is, and not drawn.
    let strange = digest(br#"{"steps":"none"}"#);
    assert_eq!(begin(&mut client, "r2", &strange)["wanted"], true);
    define(&mut client, json!([{"steps": "none"}]));
    let (status, refused) = daemon.http("GET", &path(&strange), "");
    assert_eq!(status, 422, "{refused}");
    assert!(refused["error"]["message"].as_str().unwrap().contains("which another version made"));
    define(&mut client, json!([one]));
    assert_eq!(daemon.http("GET", &path(&name), "").0, 200);
}

#[test]
fn a_plan_goes_when_no_run_can_refer_to_it() {
    let temp = tempfile::tempdir().unwrap();
    let time = Arc::new(AtomicI64::new(1_790_000_000_900));
    let now = Arc::clone(&time);
    let day = Duration::from_millis(DAY as u64);
    let daemon = Daemon::with(Options {
        lease: LEASE,
        clock: Clock::new(move || now.load(Ordering::SeqCst)),
        retention: Retention { runs: Some(day), tombstones: day },
        ..Options::in_folder(&temp.path().join("c"))
    });
    let ((old, gone), (served, stays)) = (plan("w"), plan("v"));
    let mut client = daemon.client("a");
    client.hello(0);
    begin(&mut client, "r", &gone);
    client.record("r", 1, 1, succeeded(&json!(1)));
    client.acked("r", 1);
    let mut server = daemon.client("b");
    greet(&mut server, &stays);
    define(&mut server, json!([old, served]));
    let status = |digest: &str| {
        // The daemon looks once a minute; a purge on request makes it look at once.
        daemon.http("DELETE", "/v1/runs?ended_before=1970-01-01T00:00:00Z", "");
        std::thread::sleep(Duration::from_millis(10));
        daemon.http("GET", &path(digest), "").0
    };
    let wait = |run: &str, wanted: u16| {
        let deadline = Instant::now() + PATIENCE;
        while daemon.http("GET", &format!("/v1/runs/{run}"), "").0 != wanted {
            assert!(Instant::now() < deadline, "{run} never was {wanted}");
            status(&stays);
        }
    };
    assert_eq!((status(&gone), status(&stays)), (200, 200));
    time.fetch_add(DAY / 2, Ordering::SeqCst);
    assert_eq!((status(&gone), status(&stays)), (200, 200));
    time.fetch_add(2 * DAY, Ordering::SeqCst);
    wait("r", 410);
    let deadline = Instant::now() + PATIENCE;
    while status(&gone) != 404 {
        assert!(Instant::now() < deadline, "the Plan stays for ever");
    }
    assert_eq!(status(&stays), 200);
    assert_eq!(begin(&mut client, "again", &gone)["wanted"], true);
}
