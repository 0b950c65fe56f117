//! Circuit breakers of the host: one process's means nothing for the others until a call of another has failed.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Client, Daemon, PATIENCE, Process, Stand};

const ID: &str = "charge";

fn said(event: &str, of: Option<u64>) -> Value {
    let mut report = json!({"breaker": ID, "event": event});
    if let Some(of) = of {
        report["of"] = json!(of);
    }
    report
}

fn opened(open_for_ms: u64) -> Value {
    json!({"breaker": ID, "event": "opened", "left_ms": open_for_ms, "open_for_ms": open_for_ms,
           "half_open_calls": 1})
}

fn changed(client: &mut Client, state: &str) -> Value {
    let told = client.notice("breaker.changed");
    assert_eq!(told["state"], state, "{told}");
    told
}

fn of(told: &Value) -> Option<u64> {
    told["generation"].as_u64()
}

/// Sessions of three processes, one of which can be killed.
struct Host {
    daemon: Daemon,
    stands: Vec<Stand>,
}

impl Host {
    fn new() -> Host {
        Host { daemon: Daemon::new(), stands: (0..3).map(|_| Stand::new()).collect() }
    }

    fn client(&self, index: usize) -> (Client, Value) {
        let mut client = self.daemon.client(&format!("s{index}"));
        let answer = client.hello_as(0, &self.stands[index].process(), json!([]));
        (client, answer)
    }

    fn clients(&self) -> [Client; 3] {
        [0, 1, 2].map(|index| self.client(index).0)
    }

    fn view(&self) -> Value {
        self.daemon.http("GET", "/v1/breakers/charge", "").1
    }

    fn decide(&self, state: &str) -> Value {
        let body = json!({"state": state, "reason": "maintenance", "by": "ada"});
        let (status, view) = self.daemon.http("PUT", "/v1/breakers/charge", &body.to_string());
        assert_eq!(status, 200, "{view}");
        view
    }

    /// Open for all, by the first process and a failed probe of the second.
    fn opened(&self, open_for_ms: u64) -> [Client; 3] {
        let [mut a, mut b, mut c] = self.clients();
        a.call("breaker.report", opened(open_for_ms));
        let suspect = changed(&mut b, "suspect");
        b.call("breaker.report", said("failed", of(&suspect)));
        changed(&mut c, "suspect");
        for client in [&mut b, &mut c] {
            let told = changed(client, "open");
            assert!(told["left_ms"].as_u64().unwrap() <= open_for_ms, "{told}");
        }
        changed(&mut a, "suspect");
        changed(&mut a, "open");
        [a, b, c]
    }
}

#[test]
fn openings_are_counted_in_the_profile() {
    let host = Host::new();
    let breakers = || host.daemon.http("GET", "/v1/profile", "").1["measured"]["breakers"].clone();
    assert_eq!(breakers(), json!({}));
    let [mut a, _b, _c] = host.opened(60_000);
    assert_eq!(breakers(), json!({ID: {"state": "open", "opened": 1}}));
    host.decide("closed");
    assert_eq!(changed(&mut a, "closed")["forced"], true);
    assert_eq!(breakers(), json!({ID: {"state": "closed", "opened": 1}}));
    host.decide("open");
    changed(&mut a, "open");
    assert_eq!(breakers()[ID]["opened"], 1, "a person has opened it");
}

#[test]
fn openings_of_one_process_are_counted_too() {
    let host = Host::new();
    let [mut a, _b, _c] = host.clients();
    for times in 1..4 {
        a.call("breaker.report", opened(60_000));
        let view = host.daemon.http("GET", "/v1/profile", "").1["measured"]["breakers"][ID].clone();
        assert_eq!(view, json!({"state": "suspect", "opened": times}));
    }
}

/// The soonest of ten: a machine that is busy with other tests delays some of them.
#[test]
fn a_suspicion_is_told_within_100_ms() {
    let told = || {
        let host = Host::new();
        let [mut a, mut b, mut c] = host.clients();
        let began = Instant::now();
        a.call("breaker.report", opened(60_000));
        changed(&mut b, "suspect");
        changed(&mut c, "suspect");
        began.elapsed()
    };
    let soonest = (0..10).map(|_| told()).min().unwrap();
    assert!(soonest < Duration::from_millis(100), "{soonest:?}");
}

#[test]
fn another_s_failure_opens_a_suspect_for_all() {
    let host = Host::new();
    let [mut a, mut b, mut c] = host.clients();
    a.call("breaker.report", opened(60_000));
    let told = changed(&mut b, "suspect");
    changed(&mut c, "suspect");
    assert_eq!(host.view()["state"], "suspect");
    assert_eq!(host.view()["suspect"], host.stands[0].process().pid);
    a.call("breaker.report", said("failed", of(&told)));
    assert_eq!(host.view()["state"], "suspect", "the suspect is no witness");
    b.call("breaker.report", said("failed", of(&told).map(|number| number - 1)));
    assert_eq!(host.view()["state"], "suspect", "a call from before the suspicion is none");
    b.call("breaker.report", said("failed", of(&told)));
    changed(&mut c, "open");
    assert_eq!(host.view()["state"], "open");
}

#[test]
fn another_s_success_puts_the_blame_on_the_first() {
    let host = Host::new();
    let [mut a, mut b, mut c] = host.clients();
    a.call("breaker.report", opened(60_000));
    let told = changed(&mut b, "suspect");
    b.call("breaker.report", said("succeeded", of(&told)));
    changed(&mut c, "suspect");
    changed(&mut c, "closed");
    assert_eq!(host.view()["alone"], json!([host.stands[0].process().pid]));
    a.call("breaker.report", opened(60_000));
    assert_eq!(host.view()["state"], "closed", "it has the blame already");
    a.call("breaker.report", said("closed", None));
    assert_eq!(host.view()["alone"], json!([]));
}

#[test]
fn one_caller_at_a_time_may_try_and_its_success_closes_it_for_all() {
    let host = Host::new();
    let [mut a, mut b, mut c] = host.opened(120);
    let probe = json!({"breaker": ID});
    let refused = b.call("breaker.probe", probe.clone());
    assert_eq!(refused["granted"], false, "its time is not over: {refused}");
    std::thread::sleep(Duration::from_millis(130));
    assert_eq!(host.view()["state"], "half_open");
    let granted = b.call("breaker.probe", probe.clone());
    assert_eq!(granted["granted"], true);
    for other in [&mut a, &mut c] {
        assert_eq!(other.call("breaker.probe", probe.clone())["granted"], false);
    }
    b.call("breaker.report", said("failed", granted["of"].as_u64()));
    changed(&mut c, "open");
    std::thread::sleep(Duration::from_millis(130));
    let granted = c.call("breaker.probe", probe.clone());
    assert_eq!(granted["granted"], true);
    b.call("breaker.report", said("succeeded", Some(1)));
    assert_eq!(host.view()["state"], "half_open", "the end of an earlier probe says nothing");
    c.call("breaker.report", said("abandoned", granted["of"].as_u64()));
    let granted = a.call("breaker.probe", probe);
    a.call("breaker.report", said("succeeded", granted["of"].as_u64()));
    changed(&mut b, "open");
    changed(&mut b, "closed");
    assert_eq!(host.view()["state"], "closed");
}

#[test]
fn the_death_of_a_process_takes_its_suspicion_and_its_probe_with_it() {
    let mut host = Host::new();
    let [mut a, mut b, _c] = host.clients();
    a.call("breaker.report", opened(60_000));
    changed(&mut b, "suspect");
    host.stands[0].kill();
    drop(a);
    changed(&mut b, "closed");
    drop(b);

    let mut host = Host::new();
    let [mut a, b, mut c] = host.opened(20);
    std::thread::sleep(Duration::from_millis(30));
    assert_eq!(a.call("breaker.probe", json!({"breaker": ID}))["granted"], true);
    assert_eq!(c.call("breaker.probe", json!({"breaker": ID}))["granted"], false);
    host.stands[0].kill();
    drop((a, b));
    let deadline = Instant::now() + PATIENCE;
    while c.call("breaker.probe", json!({"breaker": ID}))["granted"] != true {
        assert!(Instant::now() < deadline, "the probe of a dead process is waited for");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn whoever_comes_later_is_told_what_holds() {
    let host = Host::new();
    let _clients = host.opened(60_000);
    let mut late = host.daemon.client("late");
    let answer = late.hello_as(0, &Process::own(), json!([]));
    assert_eq!(answer["breakers"][0]["breaker"], ID, "{answer}");
    assert_eq!(answer["breakers"][0]["state"], "open", "{answer}");
}

#[test]
fn what_people_decide_holds_over_a_restart_with_its_trail() {
    let mut host = Host::new();
    let [mut a, mut b, _c] = host.clients();
    let view = host.decide("open");
    assert_eq!(
        (&view["state"], &view["mode"], &view["by"]),
        (&json!("open"), &json!("forced"), &json!("ada"))
    );
    let told = changed(&mut b, "open");
    assert_eq!(
        (&told["forced"], &told["by"], &told["reason"]),
        (&json!(true), &json!("ada"), &json!("maintenance"))
    );
    a.call("breaker.report", opened(60_000));
    assert_eq!(host.view()["mode"], "forced", "what a process says does not count");
    assert_eq!(a.call("breaker.probe", json!({"breaker": ID}))["granted"], false);
    drop((a, b));
    host.daemon.restart();
    let (_client, answer) = host.client(1);
    assert_eq!(
        (&answer["breakers"][0]["forced"], &answer["breakers"][0]["by"]),
        (&json!(true), &json!("ada"))
    );
    host.decide("closed");
    host.decide("auto");
    host.daemon.restart();
    let view = host.view();
    assert_eq!((&view["state"], &view["mode"]), (&json!("closed"), &json!("auto")));
    let trail: Vec<_> = view["history"].as_array().unwrap().iter().map(|row| row["state"].clone()).collect();
    assert_eq!(trail, ["auto", "closed", "open"]);
    let (_, answer) = host.client(2);
    assert!(answer.get("breakers").is_none(), "{answer}");
}

#[test]
fn nonsense_is_refused_and_what_nobody_knows_is_named() {
    let host = Host::new();
    let [mut a, ..] = host.clients();
    for nonsense in [
        json!({"breaker": "", "event": "opened"}),
        json!({"breaker": "a\nb", "event": "opened"}),
        json!({"breaker": "x".repeat(2000), "event": "opened"}),
        json!({"breaker": "a", "event": "exploded"}),
    ] {
        assert_eq!(a.fails("breaker.report", nonsense), -32602);
    }
    a.call("breaker.report", said("used", None));
    let (status, answer) = host.daemon.http("GET", "/v1/breakers/chrage", "");
    assert_eq!((status, &answer["error"]["breakers"]), (404, &json!([ID])));
    assert_eq!(host.view()["state"], "closed");
    for body in ["", "{}", r#"{"state":"ajar"}"#, r#"{"state":"open","for":"ever"}"#] {
        assert_eq!(host.daemon.http("PUT", "/v1/breakers/charge", body).0, 400, "{body}");
    }
}

#[test]
fn the_number_of_breakers_is_bounded() {
    let host = Host::new();
    let [mut a, ..] = host.clients();
    for index in 0..10_050 {
        a.notify("breaker.report", json!({"breaker": format!("t:{index}"), "event": "used"}));
    }
    a.call("breaker.report", opened(60_000));
    let all = host.daemon.http("GET", "/v1/breakers", "").1;
    assert!(all["breakers"].as_array().unwrap().len() <= 10_000);
    assert_eq!(host.view()["state"], "suspect");
}

#[test]
fn states_are_in_the_metrics() {
    let host = Host::new();
    let _clients = host.opened(60_000);
    let text = host.daemon.http("GET", "/metrics", "").1;
    let text = text.as_str().unwrap();
    for line in [
        "conductor_breaker_state{breaker=\"charge\",state=\"open\"} 1",
        "conductor_breaker_changes_total{breaker=\"charge\",state=\"suspect\"} 1",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}
