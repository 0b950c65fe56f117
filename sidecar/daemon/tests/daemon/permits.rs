//! Permits of the host: in turn over all sessions, freed by death, kept over lost connections and restarts.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Client, Daemon, PATIENCE, Process, Stand};

fn wish(permit: u64, limit: u32) -> Value {
    json!({"permit": permit, "resource": "printer", "limit": limit})
}

fn connected(daemon: &Daemon, session: &str) -> Client {
    let mut client = daemon.client(session);
    client.hello(0);
    client
}

/// Connects a session again, with what it claims.
fn back(daemon: &Daemon, session: &str, claims: Value) -> Client {
    let mut client = daemon.client(session);
    let mut greeting = client.greeting(0, &Process::own(), json!([]));
    greeting["permits"] = claims;
    client.call("hello", greeting);
    client
}

fn claim(permit: u64, held: bool) -> Value {
    json!({"permit": permit, "resource": "printer", "limit": 1, "held": held})
}

#[test]
fn first_come_first_served_over_all_sessions() {
    let daemon = Daemon::new();
    let [mut a, mut b] = ["a", "b"].map(|session| connected(&daemon, session));
    a.call("permit.acquire", wish(1, 2));
    b.call("permit.acquire", wish(1, 2));
    let third = a.send("permit.acquire", wish(2, 2));
    assert!(!a.has_answer(third));
    let fourth = b.send("permit.acquire", wish(2, 2));
    assert!(!b.has_answer(fourth));
    b.notify("permit.release", json!({"permit": 1}));
    a.answer(third);
    assert!(!b.has_answer(fourth));
    a.notify("permit.release", json!({"permit": 2}));
    b.answer(fourth);
}

#[test]
fn whoever_leaves_the_queue_is_passed_over() {
    let daemon = Daemon::new();
    let [mut a, mut b] = ["a", "b"].map(|session| connected(&daemon, session));
    a.call("permit.acquire", wish(1, 1));
    let given_up = a.send("permit.acquire", wish(2, 1));
    assert!(!a.has_answer(given_up));
    let next = b.send("permit.acquire", wish(1, 1));
    a.notify("permit.release", json!({"permit": 2}));
    assert!(!b.has_answer(next));
    a.notify("permit.release", json!({"permit": 1}));
    b.answer(next);
}

#[test]
fn the_death_of_a_holder_frees_its_permit() {
    let daemon = Daemon::new();
    let mut stand = Stand::new();
    let mut holder = daemon.client("holder");
    holder.hello_as(0, &stand.process(), json!([]));
    holder.call("permit.acquire", wish(1, 1));
    let mut other = connected(&daemon, "other");
    let waits = other.send("permit.acquire", wish(1, 1));
    assert!(!other.has_answer(waits));
    stand.kill();
    drop(holder);
    other.answer(waits);
}

#[test]
fn a_lost_connection_keeps_what_is_claimed_and_frees_the_rest() {
    let daemon = Daemon::new();
    let mut a = connected(&daemon, "a");
    a.call("permit.acquire", wish(1, 1));
    let queued = a.send("permit.acquire", wish(2, 1));
    assert!(!a.has_answer(queued));
    let mut b = connected(&daemon, "b");
    let later = b.send("permit.acquire", wish(1, 1));
    assert!(!b.has_answer(later));
    drop(a);
    let mut a = back(&daemon, "a", json!([claim(1, true), claim(2, false)]));
    let again = a.send("permit.acquire", wish(2, 1));
    assert!(!a.has_answer(again) && !b.has_answer(later));
    a.notify("permit.release", json!({"permit": 1}));
    a.answer(again);
    assert!(!b.has_answer(later), "the place in the queue was lost");
    drop(a);
    let _a = back(&daemon, "a", json!([]));
    b.answer(later);
}

#[test]
fn the_smallest_limit_that_somebody_asks_with_counts() {
    let daemon = Daemon::new();
    let [mut old, mut new] = ["old", "new"].map(|session| connected(&daemon, session));
    old.call("permit.acquire", wish(1, 3));
    old.call("permit.acquire", wish(2, 3));
    let careful = new.send("permit.acquire", wish(1, 1));
    // Two connections have no order between them: the careful one must be waiting before the third is asked for.
    assert!(!new.has_answer(careful));
    let third = old.send("permit.acquire", wish(3, 3));
    assert!(!old.has_answer(third));
    new.notify("permit.release", json!({"permit": 1}));
    old.answer(third);
}

#[test]
fn a_rate_is_one_for_all_sessions() {
    let daemon = Daemon::new();
    let began = Instant::now();
    let mut answers = 0;
    for session in ["a", "b", "c"] {
        let mut client = connected(&daemon, session);
        for permit in 0..2 {
            let rate = json!({"permits": 2, "per_ms": 150});
            client.call("permit.acquire", json!({"permit": permit, "resource": "api", "rate": rate}));
            answers += 1;
        }
    }
    assert_eq!(answers, 6);
    assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
}

/// As many as the session began in the time before, and not more than half of what is free; none where somebody waits.
#[test]
fn starts_are_leased_ahead_to_who_makes_many() {
    let daemon = Daemon::new();
    let mut client = connected(&daemon, "a");
    let mut permits = 0..;
    let mut ask = |client: &mut Client, resource: &str, most: u32, spare: Option<u64>| {
        let rate = json!({"permits": most, "per_ms": 2000});
        let mut wish = json!({"permit": permits.next(), "resource": resource, "rate": rate});
        if let Some(spare) = spare {
            wish["spare"] = json!(spare);
        }
        client.call("permit.acquire", wish)["starts"].clone()
    };
    // The time of a lease is 100 ms: on a busy machine it may have gone by before the next question.
    let leased = (0..50).find_map(|_| {
        for _ in 0..6 {
            ask(&mut client, "plenty", 5000, None);
        }
        std::thread::sleep(Duration::from_millis(105));
        Some(ask(&mut client, "plenty", 5000, None)).filter(|starts| !starts.is_null())
    });
    let leased = leased.expect("starts that are leased");
    let count = leased["count"].as_u64().unwrap();
    assert!((1..=6).contains(&count), "{leased}");
    assert_eq!(leased["within_ms"], 100);
    let spare = ask(&mut client, "plenty", 5000, Some(count));
    assert!(spare.is_null(), "a second lease in the time of the first: {spare}");
    // Eight in two seconds: the ninth waits, and nothing is leased to it.
    let began = Instant::now();
    let last = (0..9).map(|_| ask(&mut client, "scarce", 8, None)).last().unwrap();
    assert!(last.is_null() && began.elapsed() >= Duration::from_millis(1900), "{last}");
}

#[test]
fn after_a_restart_holders_may_come_back_before_others_are_served() {
    let mut daemon = Daemon::new();
    let mut a = connected(&daemon, "a");
    a.call("permit.acquire", wish(1, 1));
    drop(a);
    daemon.restart();
    let mut b = connected(&daemon, "b");
    let waits = b.send("permit.acquire", wish(1, 1));
    assert!(!b.has_answer(waits), "the holder could not be back yet");
    let mut a = back(&daemon, "a", json!([claim(1, true)]));
    std::thread::sleep(Duration::from_millis(900));
    assert!(!b.has_answer(waits), "a permit that is held was granted again");
    a.notify("permit.release", json!({"permit": 1}));
    b.answer(waits);
}

#[test]
fn a_holder_that_does_not_come_back_is_not_waited_for_long() {
    let mut daemon = Daemon::new();
    connected(&daemon, "a").call("permit.acquire", wish(1, 1));
    daemon.restart();
    let mut b = connected(&daemon, "b");
    let began = Instant::now();
    b.call("permit.acquire", wish(1, 1));
    assert!(began.elapsed() < PATIENCE / 2);
}

#[test]
fn nonsense_is_refused() {
    let daemon = Daemon::new();
    let mut client = connected(&daemon, "a");
    for nonsense in [
        json!({"permit": 1, "resource": "printer", "limit": 0}),
        json!({"permit": 1, "resource": "", "limit": 1}),
        json!({"permit": 1, "resource": "a\nb", "limit": 1}),
        json!({"permit": 1, "resource": "p", "rate": {"permits": 0, "per_ms": 10}}),
        json!({"permit": 1, "resource": "p", "rate": {"permits": 1, "per_ms": u64::MAX}}),
        json!({"resource": "p"}),
    ] {
        assert_eq!(client.fails("permit.acquire", nonsense), -32602);
    }
    client.call("permit.release", json!({"permit": 99}));
}

#[test]
fn shares_of_a_process_are_shown_until_it_is_gone() {
    let daemon = Daemon::new();
    let mut stand = Stand::new();
    let mut other = daemon.client("other");
    other.hello_as(0, &stand.process(), json!([]));
    let mut own = connected(&daemon, "own");
    let report = |in_use: u32| {
        json!({"resources": [{"id": "db", "scope": "process", "limit": 4, "in_use": in_use, "waiting": 0,
            "opened": 1, "failed": 0, "waited_ms": [[0, 1]]}]})
    };
    own.call("resource.report", report(1));
    other.call("resource.report", report(3));
    let shows = |line: &str| daemon.http("GET", "/metrics", "").1.as_str().unwrap().contains(line);
    assert!(shows("conductor_resource_in_use{resource=\"db\"} 4"));
    assert!(shows("conductor_resource_limit{resource=\"db\"} 8"));
    stand.kill();
    drop(other);
    let deadline = Instant::now() + PATIENCE;
    while !shows("conductor_resource_in_use{resource=\"db\"} 1") {
        assert!(Instant::now() < deadline, "the share of a dead process is still shown");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn waits_for_permits_are_in_the_profile() {
    let daemon = Daemon::new();
    let mut client = connected(&daemon, "own");
    let profile = || daemon.http("GET", "/v1/profile", "").1["measured"]["pools"].clone();
    assert_eq!(profile(), json!({}));
    for waited in [json!([[0, 80], [40, 14]]), json!([[300, 6]]), json!([])] {
        let pool = json!({"id": "db", "scope": "process", "limit": 4, "in_use": 4, "waiting": 0,
            "opened": 0, "failed": 0, "waited_ms": waited});
        client.call("resource.report", json!({"resources": [pool]}));
    }
    assert_eq!(profile(), json!({"db": {"samples": 100, "p50_ms": 0, "p95_ms": 300}}));
}

/// A permit that nobody else waits for is leased, until somebody does: who comes first is served first all the same.
#[test]
fn what_nobody_waits_for_is_kept_until_somebody_does() {
    let daemon = Daemon::new();
    let [mut a, mut b] = ["a", "b"].map(|session| connected(&daemon, session));
    let lease = a.call("permit.acquire", wish(1, 1))["keep"].as_u64().unwrap();
    let waits = b.send("permit.acquire", wish(1, 1));
    let recalled = a.notice("permit.recall");
    assert_eq!(recalled["resource"], "printer");
    assert!(recalled["keep"].as_u64().is_some_and(|number| number >= lease), "{recalled}");
    let also = b.send("permit.acquire", wish(2, 1));
    assert!(!b.has_answer(also));
    a.notify("permit.release", json!({"permit": 1}));
    let first = b.answer(waits);
    assert_eq!(first["result"].get("keep"), None, "another waits: {first}");
    b.notify("permit.release", json!({"permit": 1}));
    assert!(b.answer(also)["result"]["keep"].as_u64().is_some_and(|number| number > lease), "nobody waits");
    assert_eq!(a.noticed("permit.recall"), 0, "it is said once");
}
