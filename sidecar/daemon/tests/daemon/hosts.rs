//! Circuit breakers of several hosts on one PostgreSQL: the unit is the host.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::fleet::{Fleet, eventually, served};
use conductor_tests::servers::Version;

use crate::support::{Client, Daemon};

const ID: &str = "charge";

fn opened(open_for_ms: u64) -> Value {
    json!({"breaker": ID, "event": "opened", "left_ms": open_for_ms, "open_for_ms": open_for_ms,
           "half_open_calls": 1})
}

fn said(event: &str, of: &Value) -> Value {
    json!({"breaker": ID, "event": event, "of": of})
}

fn changed(client: &mut Client, state: &str) -> Value {
    let told = client.notice("breaker.changed");
    assert_eq!(told["state"], state, "{told}");
    told
}

fn view(daemon: &Daemon) -> Value {
    daemon.http("GET", "/v1/breakers/charge", "").1
}

fn is(daemon: &Daemon, state: &str) {
    eventually(&format!("{ID} is {state}"), || view(daemon)["state"] == state);
}

fn probe(client: &mut Client) -> Value {
    client.call("breaker.probe", json!({"breaker": ID}))
}

/// May try, as soon as its time is over.
fn tries(client: &mut Client) -> Value {
    let mut answer = probe(client);
    eventually("it may try", || {
        if answer["granted"] != true {
            answer = probe(client);
        }
        answer["granted"] == true
    });
    answer
}

/// A session on each host, and the breaker open for all of them.
fn all_open(fleet: &Fleet, open_for_ms: u64) -> Vec<Client> {
    let names = ["a", "b", "c"];
    let sessions = fleet.sidecars.iter().zip(names);
    let mut clients: Vec<Client> = sessions.map(|(sidecar, name)| served(sidecar, name, 0)).collect();
    clients[0].call("breaker.report", opened(open_for_ms));
    let told = changed(&mut clients[1], "suspect");
    // The second host knows the numbers of the policy from the first alone.
    clients[1].call("breaker.report", said("failed", &told["generation"]));
    fleet.sidecars.iter().for_each(|sidecar| is(sidecar, "open"));
    clients
}

#[test]
fn a_suspicion_is_told_on_all_hosts_at_once_and_another_host_s_failure_opens_it() {
    let fleet = Fleet::new(Version::Newest, 3);
    let names = ["a", "b", "c"];
    let mut clients: Vec<Client> =
        fleet.sidecars.iter().zip(names).map(|(sidecar, name)| served(sidecar, name, 0)).collect();
    let began = Instant::now();
    clients[0].call("breaker.report", opened(60_000));
    let told = changed(&mut clients[1], "suspect");
    // The aim is 100 ms; two cores may be busy with other tests.
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    changed(&mut clients[2], "suspect");
    assert_eq!(view(&fleet.sidecars[1])["suspect"], Value::Null, "none of its own");
    assert_eq!(view(&fleet.sidecars[1])["scope"], "hosts");
    clients[1].call("breaker.report", said("failed", &told["generation"]));
    changed(&mut clients[1], "open");
    let told = changed(&mut clients[2], "open");
    assert!(told["left_ms"].as_u64().is_some_and(|left| left <= 60_000), "{told}");
    changed(&mut clients[0], "suspect");
    changed(&mut clients[0], "open");
}

#[test]
fn another_host_s_success_leaves_the_first_alone() {
    let fleet = Fleet::new(Version::Newest, 2);
    let [a, b] = &fleet.sidecars[..] else { panic!("two sidecars") };
    let (mut here, mut there) = (served(a, "here", 0), served(b, "there", 0));
    here.call("breaker.report", opened(60_000));
    let told = changed(&mut there, "suspect");
    there.call("breaker.report", said("succeeded", &told["generation"]));
    changed(&mut there, "closed");
    is(b, "closed");
    assert_eq!(view(a)["state"], "suspect", "on its own host it is not decided");
    here.call("breaker.report", json!({"breaker": ID, "event": "closed"}));
    is(a, "closed");
    here.call("breaker.report", opened(60_000));
    // Nobody would be told while it has the blame.
    changed(&mut there, "suspect");
}

#[test]
fn one_call_of_all_hosts_tries_at_a_time_and_closes_it_everywhere() {
    let fleet = Fleet::new(Version::Newest, 3);
    let mut clients = all_open(&fleet, 1000);
    let granted = tries(&mut clients[2]);
    for other in [0, 1] {
        assert_eq!(probe(&mut clients[other])["granted"], false, "a call of another host tries");
    }
    clients[2].call("breaker.report", said("abandoned", &granted["of"]));
    let granted = tries(&mut clients[0]);
    assert_eq!(probe(&mut clients[1])["granted"], false);
    clients[0].call("breaker.report", said("failed", &granted["of"]));
    fleet.sidecars.iter().for_each(|sidecar| is(sidecar, "open"));
    let granted = tries(&mut clients[1]);
    clients[0].call("breaker.report", said("succeeded", &json!(1)));
    clients[1].call("breaker.report", said("succeeded", &granted["of"]));
    fleet.sidecars.iter().for_each(|sidecar| is(sidecar, "closed"));
}

#[test]
fn a_host_that_dies_with_the_probe_gives_it_up_with_its_lease() {
    let mut fleet = Fleet::new(Version::Newest, 2);
    let mut clients = all_open(&fleet, 1000);
    tries(&mut clients[0]);
    assert_eq!(probe(&mut clients[1])["granted"], false);
    clients.remove(0);
    fleet.sidecars.remove(0);
    let granted = tries(&mut clients[0]);
    clients[0].call("breaker.report", said("succeeded", &granted["of"]));
    is(&fleet.sidecars[0], "closed");
}

#[test]
fn a_host_that_comes_later_is_told_and_a_dead_one_s_suspicion_ends() {
    let mut fleet = Fleet::new(Version::Newest, 1);
    let mut here = served(&fleet.sidecars[0], "here", 0);
    here.call("breaker.report", opened(60_000));
    let late = fleet.start(1);
    is(&late, "suspect");
    fleet.sidecars.push(late);
    drop(here);
    fleet.sidecars.remove(0);
    is(&fleet.sidecars[0], "closed");
}

fn has_metric(daemon: &Daemon, line: &str) -> bool {
    let text = daemon.http("GET", "/metrics", "").1;
    text.as_str().unwrap().lines().any(|one| one == line)
}

/// Shorter than the lease, after which a sidecar answers no process.
#[test]
fn without_the_store_each_host_decides_alone_and_agrees_again_after_it() {
    let mut fleet = Fleet::with(Version::Newest, 2, Duration::from_secs(8));
    let mut clients = all_open(&fleet, 1000);
    fleet.server.kill().unwrap();
    let granted = tries(&mut clients[0]);
    clients[0].call("breaker.report", said("succeeded", &granted["of"]));
    let closed = r#"conductor_breaker_state{breaker="charge",state="closed"} 1"#;
    assert!(has_metric(&fleet.sidecars[0], closed));
    assert!(has_metric(&fleet.sidecars[0], "conductor_breakers_alone 1"));
    assert!(!has_metric(&fleet.sidecars[1], closed), "each for itself");
    fleet.server.recover().unwrap();
    eventually("they have found each other", || {
        fleet.sidecars.iter().all(|sidecar| has_metric(sidecar, "conductor_breakers_alone 0"))
    });
    assert_eq!(view(&fleet.sidecars[0])["scope"], "hosts");
    let granted = tries(&mut clients[1]);
    clients[1].call("breaker.report", said("succeeded", &granted["of"]));
    fleet.sidecars.iter().for_each(|sidecar| is(sidecar, "closed"));
}
