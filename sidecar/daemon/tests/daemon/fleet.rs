//! Several sidecars on one PostgreSQL: what one starts another executes, cancels, signals and awaits.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use conductor_daemon::{Clock, Options, StoreUrl};
use conductor_tests::servers::{Postgres, Version};
use serde_json::{Value, json};

use crate::plans;
use crate::support::{Client, Daemon, LEASE, PATIENCE, Process, Stand, step_started, succeeded};

macro_rules! over {
    ($module:ident $version:ident: $($name:ident)*) => {
        mod $module {
            use conductor_tests::servers::Version;
            $(#[test]
            fn $name() {
                super::$name(Version::$version);
            })*
        }
    };
}

macro_rules! over_each_version {
    ($($name:ident)*) => {
        over! { the_oldest Oldest: $($name)* }
        over! { the_newest Newest: $($name)* }
    };
}

over_each_version! {
    one_sidecar_does_what_another_was_asked
    what_a_session_gives_back_goes_on_with_the_other_sidecar
    a_restarted_sidecar_has_its_sessions_runs_at_once
    what_was_left_while_nobody_served_it_is_handed_out_when_somebody_does
    runs_of_a_gone_sidecar_go_on_elsewhere_within_its_lease
    a_run_that_ends_makes_room_for_the_next_at_once
    a_schedule_fires_once
    what_a_person_changes_on_a_policy_reaches_the_processes_of_all_hosts
    what_a_person_decides_on_a_breaker_holds_on_all_hosts
    what_a_build_has_told_one_sidecar_all_of_them_show
}

pub(crate) struct Fleet {
    /// Before the server, which they need while they end.
    pub(crate) sidecars: Vec<Daemon>,
    folder: tempfile::TempDir,
    pub(crate) server: Postgres,
    lease: Duration,
}

impl Fleet {
    pub(crate) fn new(version: Version, sidecars: usize) -> Fleet {
        Fleet::with(version, sidecars, LEASE)
    }

    pub(crate) fn with(version: Version, sidecars: usize, lease: Duration) -> Fleet {
        let server = Postgres::of(version).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut fleet = Fleet { sidecars: Vec::new(), folder, server, lease };
        for number in 0..sidecars {
            let sidecar = fleet.start(number);
            fleet.sidecars.push(sidecar);
        }
        fleet
    }

    fn options(&self, number: usize) -> Options {
        let options = Options::in_folder(&self.folder.path().join(number.to_string()));
        let store = StoreUrl::Postgres(self.server.url().parse().unwrap());
        Options { lease: self.lease, store, ..options }
    }

    pub(crate) fn start(&self, number: usize) -> Daemon {
        Daemon::with(self.options(number))
    }
}

/// A client that keeps its lease.
pub(crate) fn served(daemon: &Daemon, session: &str, serve: u32) -> Client {
    let mut client = daemon.client(session);
    client.hello(serve);
    client.beat();
    client
}

pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn one_sidecar_does_what_another_was_asked(version: Version) {
    let fleet = Fleet::new(version, 2);
    let [a, b] = &fleet.sidecars[..] else { panic!("two sidecars") };
    let mut worker = served(a, "worker", 8);
    // What was started on the one that nobody serves is executed on the other.
    eventually("b knows the workflow", || {
        b.http("POST", "/v1/workflows/w/runs", r#"{"run_id": "r1", "input": {"n": 1}}"#).0 == 202
    });
    let dispatch = worker.notice("run.dispatch");
    assert_eq!(
        (&dispatch["run"], &dispatch["epoch"], &dispatch["next_seq"]),
        (&json!("r1"), &json!(1), &json!(2))
    );
    assert_eq!(dispatch.get("history"), None, "the next run would wait until the store has answered");
    // Who starts it there as well is attached to it and hears of its end.
    let mut caller = served(b, "caller", 0);
    assert_eq!(caller.start("r1"), json!({"outcome": "attached", "state": "running"}));
    let awaited = caller.send("run.await", json!({"run": "r1"}));
    assert_eq!(caller.fails("run.start", crate::support::start("r1", json!({"n": 2}))), -32010);
    // A signal arrives once, whoever sends it how often.
    let signal = json!({"run": "r1", "signal": "go", "id": "s1", "data": {"by": "ada"}});
    caller.call("signal.send", signal.clone());
    caller.call("signal.send", signal);
    let told = worker.notice("run.signal");
    assert_eq!((&told["run"], &told["id"], &told["ordinal"]), (&json!("r1"), &json!("s1"), &json!(0)));
    // So does a cancellation.
    caller.call("run.cancel", json!({"run": "r1", "reason": "changed my mind"}));
    let cancelling = worker.notice("run.cancelling");
    assert_eq!(cancelling["reason"], "changed my mind");
    assert_eq!(a.http("GET", "/v1/runs/r1", "").1["waiting_for"], Value::Null);
    assert_eq!(b.http("GET", "/v1/runs/r1", "").1["waiting_for"], Value::Null);
    worker.record("r1", 1, 2, json!({"run_cancelled": {"reason": "changed my mind", "at": 1}}));
    worker.acked("r1", 2);
    assert_eq!(caller.answer(awaited)["result"]["state"], "cancelled");
    assert_eq!(
        caller.fails("signal.send", json!({"run": "r1", "signal": "go", "id": "s2", "data": 1})),
        -32015
    );
    let listed = worker.call("signal.list", json!({"run": "r1"}));
    assert_eq!(listed["signals"].as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(caller.fails("run.cancel", json!({"run": "none", "reason": "x"})), -32011);
}

fn what_a_session_gives_back_goes_on_with_the_other_sidecar(version: Version) {
    let fleet = Fleet::new(version, 2);
    let [a, b] = &fleet.sidecars[..] else { panic!("two sidecars") };
    let mut first = served(a, "first", 0);
    first.start("r");
    first.record("r", 1, 1, step_started("s"));
    first.acked("r", 1);
    let mut second = served(b, "second", 4);
    first.notify("run.release", json!({"run": "r", "epoch": 1}));
    let dispatch = second.notice("run.dispatch");
    assert_eq!((&dispatch["epoch"], &dispatch["next_seq"]), (&json!(2), &json!(3)));
    // The epoch before is over, on either sidecar.
    first.record("r", 1, 2, step_started("t"));
    assert_eq!(first.notice("run.refused")["code"], -32013);
    second.record("r", 2, 3, succeeded(&json!("done")));
    second.acked("r", 3);
    assert_eq!(first.call("run.await", json!({"run": "r"}))["output"], "done");
}

fn a_restarted_sidecar_has_its_sessions_runs_at_once(version: Version) {
    let mut fleet = Fleet::new(version, 1);
    let mut client = served(&fleet.sidecars[0], "s", 0);
    client.start("r");
    client.record("r", 1, 1, step_started("s"));
    client.acked("r", 1);
    drop(client);
    fleet.sidecars.clear();
    let again = fleet.start(0);
    let mut client = again.client("s");
    let hello = client.hello_as(0, &Process::own(), json!([{"run": "r", "epoch": 1}]));
    assert_eq!(hello["owned"], json!([{"run": "r", "epoch": 1, "next_seq": 2, "cancelling": false}]));
    client.record("r", 1, 2, succeeded(&json!(1)));
    client.acked("r", 2);
    drop(client);
    fleet.sidecars.push(again);
}

/// A look every 2.5 s, a quarter of the lease at most, would find it, too.
fn what_was_left_while_nobody_served_it_is_handed_out_when_somebody_does(version: Version) {
    let mut fleet = Fleet::with(version, 1, Duration::from_secs(60));
    let mut waited = Duration::ZERO;
    for number in 0..4 {
        let run = format!("r{number}");
        let mut stand = Stand::new();
        let mut lost = fleet.sidecars[0].client(&format!("lost-{number}"));
        lost.hello_as(0, &stand.process(), json!([]));
        lost.start(&run);
        lost.record(&run, 1, 1, step_started("s"));
        lost.acked(&run, 1);
        stand.kill();
        fleet.sidecars.clear();
        let again = fleet.start(0);
        fleet.sidecars.push(again);
        // It looks for who could serve its runs when it begins.
        std::thread::sleep(Duration::from_millis(300));
        let began = Instant::now();
        let mut heir = served(&fleet.sidecars[0], &format!("heir-{number}"), 10);
        let dispatch = heir.notice("run.dispatch");
        waited += began.elapsed();
        assert_eq!((&dispatch["run"], &dispatch["epoch"]), (&json!(run), &json!(2)));
        heir.record(&run, 2, 3, succeeded(&json!(1)));
        heir.acked(&run, 3);
    }
    assert!(waited < Duration::from_secs(30), "{waited:?}");
}

/// What a machine that is busy with other tests may need on top.
const BUSY: Duration = Duration::from_secs(8);

/// Nobody has to stop for it: the lease of the one is over, and the other takes what it had.
fn runs_of_a_gone_sidecar_go_on_elsewhere_within_its_lease(version: Version) {
    let mut fleet = Fleet::new(version, 2);
    let mut lost = served(&fleet.sidecars[0], "lost", 0);
    for number in 0..20 {
        let run = format!("r{number}");
        lost.start(&run);
        lost.record(&run, 1, 1, step_started("s"));
        lost.acked(&run, 1);
    }
    let mut heir = served(&fleet.sidecars[1], "heir", 100);
    drop(lost);
    fleet.sidecars.remove(0);
    let began = Instant::now();
    for _ in 0..20 {
        let dispatch = heir.notice("run.dispatch");
        assert_eq!((&dispatch["epoch"], &dispatch["next_seq"]), (&json!(2), &json!(3)));
    }
    assert!(began.elapsed() < LEASE * 4 + BUSY, "{:?}", began.elapsed());
}

/// A look every 2.5 s, a quarter of the lease at most, would take two minutes for all of them.
fn a_run_that_ends_makes_room_for_the_next_at_once(version: Version) {
    let fleet = Fleet::with(version, 1, Duration::from_secs(60));
    let sidecar = &fleet.sidecars[0];
    let mut starter = served(sidecar, "starter", 0);
    for number in 0..100 {
        let run = format!("r{number}");
        starter.start(&run);
        starter.record(&run, 1, 1, step_started("s"));
        starter.acked(&run, 1);
        starter.notify("run.release", json!({"run": run, "epoch": 1}));
    }
    let mut worker = served(sidecar, "worker", 2);
    let began = Instant::now();
    for _ in 0..100 {
        let dispatch = worker.notice("run.dispatch");
        let number = |name: &str| dispatch[name].as_u64().unwrap();
        let (run, next) = (dispatch["run"].as_str().unwrap(), number("next_seq"));
        worker.record(run, number("epoch"), next, succeeded(&json!(1)));
        worker.acked(run, next);
    }
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}

fn a_schedule_fires_once(version: Version) {
    let time = Arc::new(AtomicI64::new(1_790_000_040_000));
    let mut fleet = Fleet::new(version, 0);
    for number in 0..3 {
        let now = Arc::clone(&time);
        let clock = Clock::new(move || now.load(Ordering::SeqCst));
        let daemon = Daemon::with(Options { clock, ..fleet.options(number) });
        fleet.sidecars.push(daemon);
    }
    let mut clients: Vec<Client> = Vec::new();
    for (number, sidecar) in fleet.sidecars.iter().enumerate() {
        let mut client = sidecar.client(&format!("s{number}"));
        let mut greeting = client.greeting(50, &Process::own(), json!([]));
        greeting["plans"][0]["schedule"] = json!({"cron": "* * * * *", "time_zone": "UTC", "missed": "all"});
        client.call("hello", greeting);
        client.beat();
        clients.push(client);
    }
    let begun = |fleet: &Fleet| {
        let (_, page) = fleet.sidecars[0].http("GET", "/v1/runs?limit=1000", "");
        page["runs"].as_array().unwrap().len()
    };
    for minute in 1..=4 {
        time.fetch_add(60_000, Ordering::SeqCst);
        eventually("it fires", || begun(&fleet) >= minute);
    }
    // All three have looked by then.
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!(begun(&fleet), 4);
    let dispatched: usize = clients
        .iter_mut()
        .map(|client| {
            client.call("ping", json!({}));
            client.noticed("run.dispatch")
        })
        .sum();
    assert_eq!(dispatched, 4);
}

fn what_a_person_changes_on_a_policy_reaches_the_processes_of_all_hosts(version: Version) {
    let fleet = Fleet::new(version, 2);
    let [a, b] = &fleet.sidecars[..] else { panic!("two sidecars") };
    let mut there = served(b, "there", 0);
    let built = json!({"policy": "provider", "numbers": {"retries": 3, "timeout_ms": 2000}});
    there.notify("policy.report", json!({"policies": [built]}));
    there.call("ping", json!({}));
    let set = |daemon: &Daemon, numbers: Value| {
        let body = json!({"numbers": numbers, "reason": "a slow day", "by": "ada"}).to_string();
        daemon.http("PUT", "/v1/policies/provider", &body)
    };
    // Nobody who is connected to this one has the policy.
    assert_eq!(set(a, json!({"retries": 5})).0, 200);
    assert_eq!(there.notice("policy.changed"), json!({"policy": "provider", "numbers": {"retries": 5}}));
    // What another sidecar has decided is what a change starts from.
    let (status, view) = set(b, json!({"timeout": "1m"}));
    assert_eq!((status, &view["live"]), (200, &json!({"retries": 5, "timeout": "1m"})));
    assert_eq!(view["history"][0]["from"], json!({"retries": 5}));
    let late = a.client("late").hello(0);
    eventually("a knows what b was told", || {
        a.http("GET", "/v1/policies/provider", "").1["live"] == json!({"retries": 5, "timeout": "1m"})
    });
    assert_eq!(late["policies"][0]["policy"], "provider");
    assert_eq!(a.http("DELETE", "/v1/policies/provider", "").0, 200);
    there.wait_for(|line| line["params"] == json!({"policy": "provider", "numbers": {}}));
    assert_eq!(b.http("GET", "/v1/policies/provider", "").1["live"], json!({}));
}

fn what_a_build_has_told_one_sidecar_all_of_them_show(version: Version) {
    let fleet = Fleet::new(version, 2);
    let [a, b] = &fleet.sidecars[..] else { panic!("two sidecars") };
    let (plan, digest) = plans::plan("w");
    let mut client = a.client("here");
    assert_eq!(plans::greet(&mut client, &digest)["wanted"], json!([digest]));
    plans::define(&mut client, json!([plan]));
    assert_eq!(a.http("PUT", "/v1/manifests/m", r#"{"text": "a: 1"}"#).0, 200);
    for daemon in [a, b] {
        let (status, drawing) = daemon.http("GET", &plans::path(&digest), "");
        assert_eq!((status, &drawing["workflow"]), (200, &json!("w")), "{drawing}");
        assert_eq!(daemon.http("GET", "/v1/manifests", "").1["manifests"][0]["text"], "a: 1");
    }
}

fn what_a_person_decides_on_a_breaker_holds_on_all_hosts(version: Version) {
    let fleet = Fleet::new(version, 2);
    let [a, b] = &fleet.sidecars[..] else { panic!("two sidecars") };
    let mut there = served(b, "there", 0);
    let decide = |state: &str| {
        let body = json!({"state": state, "reason": "maintenance", "by": "ada"}).to_string();
        assert_eq!(a.http("PUT", "/v1/breakers/charge", &body).0, 200);
    };
    decide("open");
    let told = there.notice("breaker.changed");
    assert_eq!((&told["state"], &told["forced"], &told["by"]), (&json!("open"), &json!(true), &json!("ada")));
    decide("auto");
    let told = there.notice("breaker.changed");
    assert_eq!((&told["state"], told.get("forced")), (&json!("closed"), None));
    std::thread::sleep(Duration::from_millis(1200));
    there.call("ping", json!({}));
    let view = b.http("GET", "/v1/breakers/charge", "").1;
    assert_eq!((&view["mode"], view["history"].as_array().map(Vec::len)), (&json!("auto"), Some(2)));
}
