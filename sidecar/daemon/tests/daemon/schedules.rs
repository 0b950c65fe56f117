//! Runs that begin by themselves, under a clock that the test sets.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use conductor_daemon::{Clock, Options};
use serde_json::{Value, json};

use crate::support::{Client, Daemon, LEASE, PATIENCE, Process, Stand, succeeded};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// A clock, which two daemons can share.
#[derive(Clone)]
struct Time(Arc<AtomicI64>);

impl Time {
    fn at(text: &str) -> Time {
        Time(Arc::new(AtomicI64::new(millis(text))))
    }

    fn set(&self, text: &str) {
        self.0.store(millis(text), Ordering::SeqCst);
    }

    fn on(&self, folder: &Path) -> Daemon {
        let now = Arc::clone(&self.0);
        let clock = Clock::new(move || now.load(Ordering::SeqCst));
        Daemon::with(Options { lease: LEASE, clock, ..Options::in_folder(folder) })
    }
}

fn millis(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

fn plan(workflow: &str, cron: &str, missed: &str) -> Value {
    let schedule = json!({"cron": cron, "time_zone": "Europe/Berlin", "missed": missed});
    json!({"workflow": workflow, "digest": format!("{workflow}-{cron}"), "schedule": schedule})
}

/// A session that serves these plans.
fn serving(daemon: &Daemon, session: &str, process: &Process, plans: &[Value]) -> Client {
    let mut client = daemon.client(session);
    let mut greeting = client.greeting(64, process, json!([]));
    greeting["plans"] = plans.into();
    client.call("hello", greeting);
    client.beat();
    client
}

/// Every run that there is, once there are so many.
fn runs(daemon: &Daemon, count: usize) -> BTreeSet<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = all(daemon);
        if found.len() >= count {
            // A run too many would be there a little later.
            std::thread::sleep(Duration::from_millis(50));
            let found = all(daemon);
            assert_eq!(found.len(), count, "{found:?}");
            return found;
        }
        assert!(Instant::now() < deadline, "{found:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn all(daemon: &Daemon) -> BTreeSet<String> {
    let (status, page) = daemon.http("GET", "/v1/runs?limit=1000", "");
    assert_eq!(status, 200, "{page}");
    let runs = page["runs"].as_array().unwrap();
    runs.iter().map(|run| run["id"].as_str().unwrap().to_owned()).collect()
}

fn listed(daemon: &Daemon) -> Vec<Value> {
    daemon.http("GET", "/v1/schedules", "").1["schedules"].as_array().unwrap().clone()
}

/// Nothing begins for longer than the clock is looked at.
fn quiet(daemon: &Daemon, count: usize) {
    std::thread::sleep(Duration::from_millis(900));
    assert_eq!(all(daemon).len(), count);
}

#[test]
fn a_run_begins_at_its_time_and_is_handed_to_who_serves_it() {
    let (folder, time) = (tempfile::tempdir().unwrap(), Time::at("2026-11-26T02:29:58Z"));
    let daemon = time.on(&folder.path().join("c"));
    let mut app = serving(&daemon, "a", &Process::own(), &[plan("nightly", "30 3 * * *", "skip")]);
    let wanted = json!({
        "workflow": "nightly", "cron": "30 3 * * *", "time_zone": "Europe/Berlin", "missed": "skip",
        "next": "2026-11-26T02:30:00Z", "missed_since": null, "problem": null, "served": true,
    });
    assert_eq!(listed(&daemon), [wanted]);
    quiet(&daemon, 0);
    time.set("2026-11-26T02:30:00.2Z");
    let dispatch = app.notice("run.dispatch");
    let run = "nightly@2026-11-26T02:30:00Z";
    assert_eq!((&dispatch["run"], &dispatch["workflow"]), (&json!(run), &json!("nightly")));
    assert_eq!(listed(&daemon)[0]["next"], "2026-11-27T02:30:00Z");
    app.record(run, 1, dispatch["next_seq"].as_u64().unwrap(), succeeded(&json!(1)));
    let view = daemon.run_when(run, |view| view["state"] == "succeeded");
    assert_eq!((&view["input"], &view["plan"]), (&json!({}), &json!("nightly-30 3 * * *")));
    quiet(&daemon, 1);
}

#[test]
fn what_was_missed_while_the_sidecar_was_off_is_skipped_begun_once_or_all_begun() {
    let (folder, time) = (tempfile::tempdir().unwrap(), Time::at("2026-11-20T12:00:00Z"));
    let plans = ["skip", "once", "all"].map(|missed| plan(missed, "0 3 * * *", missed));
    let mut daemon = time.on(&folder.path().join("c"));
    drop(serving(&daemon, "a", &Process::own(), &plans));
    daemon.stop();
    time.set("2026-11-23T12:00:00Z");
    let daemon = time.on(&folder.path().join("c"));
    quiet(&daemon, 0);
    assert_eq!(listed(&daemon)[0]["missed_since"], "2026-11-21T02:00:00Z");
    assert_eq!(listed(&daemon)[0]["served"], false);
    let _app = serving(&daemon, "b", &Process::own(), &plans);
    let wanted = ["all@2026-11-21", "all@2026-11-22", "all@2026-11-23", "once@2026-11-23"];
    let wanted: BTreeSet<String> = wanted.iter().map(|run| format!("{run}T02:00:00Z")).collect();
    assert_eq!(runs(&daemon, 4), wanted);
    quiet(&daemon, 4);
}

#[test]
fn an_instant_begins_one_run_however_often_it_comes() {
    let (folder, time) = (tempfile::tempdir().unwrap(), Time::at("2026-11-20T12:00:00Z"));
    let plans = [plan("w", "0 * * * *", "all")];
    let mut daemon = time.on(&folder.path().join("c"));
    let app = serving(&daemon, "a", &Process::own(), &plans);
    time.set("2026-11-20T15:00:01Z");
    let three = runs(&daemon, 3);
    // The clock is set back, and comes by once more.
    time.set("2026-11-20T13:30:00Z");
    quiet(&daemon, 3);
    time.set("2026-11-20T15:00:02Z");
    quiet(&daemon, 3);
    drop(app);
    daemon.stop();
    // What was kept of them is lost: the runs themselves are known.
    let store = rusqlite::Connection::open(folder.path().join("c/journal.db")).unwrap();
    let done: i64 = store.query_row("SELECT done FROM schedules", [], |row| row.get(0)).unwrap();
    assert!(done >= millis("2026-11-20T15:00:00Z"), "{done}");
    store.execute("UPDATE schedules SET done = ?1", [millis("2026-11-20T12:00:00Z")]).unwrap();
    drop(store);
    let daemon = time.on(&folder.path().join("c"));
    let _app = serving(&daemon, "b", &Process::own(), &plans);
    quiet(&daemon, 3);
    assert_eq!(runs(&daemon, 3), three);
}

#[test]
fn a_clock_that_was_a_year_ahead_does_not_stop_a_schedule() {
    let (folder, time) = (tempfile::tempdir().unwrap(), Time::at("2026-11-20T12:00:00Z"));
    let daemon = time.on(&folder.path().join("c"));
    let _app = serving(&daemon, "a", &Process::own(), &[plan("w", "0 3 * * *", "once")]);
    time.set("2027-11-20T12:00:00Z");
    assert_eq!(runs(&daemon, 1), BTreeSet::from(["w@2027-11-20T02:00:00Z".to_owned()]));
    time.set("2026-11-20T12:00:00Z");
    quiet(&daemon, 1);
    time.set("2026-11-21T02:00:00Z");
    assert!(runs(&daemon, 2).contains("w@2026-11-21T02:00:00Z"));
}

#[test]
fn the_process_that_started_last_says_what_the_schedule_is() {
    let (folder, time) = (tempfile::tempdir().unwrap(), Time::at("2026-11-20T12:00:00Z"));
    let mut daemon = time.on(&folder.path().join("c"));
    let cron = |daemon: &Daemon| listed(daemon).iter().map(|one| one["cron"].clone()).collect::<Vec<_>>();
    let (old, pause) = (Stand::new(), Duration::from_millis(50));
    std::thread::sleep(pause);
    let new = Stand::new();
    std::thread::sleep(pause);
    let newest = Stand::new();
    let before = plan("w", "0 3 * * *", "all");
    let after = plan("w", "30 12 * * *", "all");
    let first = serving(&daemon, "old", &old.process(), std::slice::from_ref(&before));
    time.set("2026-11-23T12:40:00Z");
    assert_eq!(runs(&daemon, 3).len(), 3);
    // Times of the new schedule that lie before it were never due.
    let second = serving(&daemon, "new", &new.process(), std::slice::from_ref(&after));
    assert_eq!(cron(&daemon), ["30 12 * * *"]);
    quiet(&daemon, 3);
    drop((first, second));
    daemon.stop();
    let daemon = time.on(&folder.path().join("c"));
    let _back = serving(&daemon, "old", &old.process(), &[before]);
    assert_eq!(cron(&daemon), ["30 12 * * *"], "an older process has reconnected");
    let without = json!({"workflow": "w", "digest": "none"});
    let _last = serving(&daemon, "newest", &newest.process(), &[without]);
    assert_eq!(cron(&daemon), [""; 0]);
    let _again = serving(&daemon, "new", &new.process(), &[after]);
    assert_eq!(cron(&daemon), [""; 0], "an older process has reconnected");
    time.set("2026-11-29T12:40:00Z");
    quiet(&daemon, 3);
}

#[test]
fn missed_runs_wait_while_a_hundred_of_them_are_open() {
    let (folder, time) = (tempfile::tempdir().unwrap(), Time::at("2026-11-20T12:00:00Z"));
    let daemon = time.on(&folder.path().join("c"));
    let mut app = serving(&daemon, "a", &Process::own(), &[plan("w", "* * * * *", "all")]);
    time.0.fetch_add(DAY, Ordering::SeqCst);
    runs(&daemon, 100);
    let dispatch = app.notice("run.dispatch");
    let run = dispatch["run"].as_str().unwrap();
    app.record(run, 1, dispatch["next_seq"].as_u64().unwrap(), succeeded(&json!(1)));
    // One minute later than it may look again.
    time.0.fetch_add(1500, Ordering::SeqCst);
    runs(&daemon, 101);
}

#[test]
fn thousands_of_schedules_fire_in_one_minute() {
    let (folder, time) = (tempfile::tempdir().unwrap(), Time::at("2026-11-20T23:59:00Z"));
    let daemon = time.on(&folder.path().join("c"));
    let plans: Vec<Value> = (0..3000).map(|n| plan(&format!("w{n}"), "@hourly", "skip")).collect();
    let _app = serving(&daemon, "a", &Process::own(), &plans);
    assert_eq!(listed(&daemon).len(), 3000);
    time.set("2026-11-21T00:00:00Z");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (_, metrics) = daemon.http("GET", "/metrics", "");
        let samples = metrics.as_str().unwrap().lines();
        let begun: u32 = samples
            .filter(|line| line.starts_with("conductor_runs_started_total"))
            .filter_map(|line| line.rsplit(' ').next()?.parse::<u32>().ok())
            .sum();
        if begun == 3000 {
            return;
        }
        assert!(Instant::now() < deadline, "{begun}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_schedule_that_no_calendar_has_is_shown_with_its_problem() {
    let daemon = Daemon::new();
    let mut zone = plan("a", "0 3 * * *", "once");
    zone["schedule"]["time_zone"] = json!("Europe/Atlantis");
    let _app = serving(&daemon, "a", &Process::own(), &[zone, plan("b", "0 0 30 2 *", "once")]);
    let found = listed(&daemon);
    assert!(found[0]["problem"].as_str().unwrap().contains("Atlantis"), "{}", found[0]);
    assert!(found[1]["problem"].is_string() && found[1]["next"].is_null(), "{}", found[1]);
}
