//! A circuit breaker over processes of three languages, on one host and on two: who may open it for whom, and who may try.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use conductor_tests::eventually;
use conductor_tests::servers::Postgres;
use conductor_tests::servers::free_port;
use conductor_tests::sidecar::Sidecar;
use serde_json::json;

use crate::coast::{Coast, LANGUAGES, OPEN_FOR, breaker_is};

const ID: &str = "forecast";

/// The three languages, each in turn that of the first.
fn turns() -> impl Iterator<Item = [&'static str; 3]> {
    (0..3).map(|first| [0, 1, 2].map(|place| LANGUAGES[(first + place) % 3]))
}

/// The dependency is killed: the first process's breaker opens, the next call of another opens it for all. One of them
/// tries, is killed with the call on its way, and another tries in its place.
#[test]
fn a_dependency_that_dies_is_refused_by_all_and_tried_by_one() -> Result<()> {
    let mut coast = Coast::new()?;
    for languages in turns() {
        let sidecar = Sidecar::start(&coast.project)?;
        for (who, language) in ["ada", "bob", "eve"].into_iter().zip(languages) {
            coast.enter(who, language, &sidecar, None)?;
        }
        coast.kill_station()?;
        for _ in 0..2 {
            assert_eq!(coast.call("ada")?, "failed");
        }
        breaker_is(&sidecar, ID, "suspect")?;
        assert_eq!(coast.call("ada")?, "open", "its own is open");
        assert_eq!(coast.call("bob")?, "failed", "the next call of another is the probe");
        breaker_is(&sidecar, ID, "open")?;
        let opened = Instant::now();
        coast.start_station()?;
        coast.hangs(true)?;
        let before = coast.asked().len();
        if opened.elapsed() < Duration::from_millis(OPEN_FOR / 2) {
            assert_eq!(coast.call("eve")?, "open", "{languages:?}");
            assert_eq!(coast.asked().len(), before, "a refused call was made");
        }
        std::thread::sleep(Duration::from_millis(OPEN_FOR));
        one_tries_and_is_killed(&mut coast, &sidecar, before)?;
        for who in ["ada", "bob", "eve"] {
            coast.kill(who).ok();
        }
        drop(sidecar);
        std::fs::remove_dir_all(coast.project.path().join(".conductor"))?;
    }
    Ok(())
}

fn one_tries_and_is_killed(coast: &mut Coast, sidecar: &Sidecar, before: usize) -> Result<()> {
    let all = ["eve", "bob", "ada"];
    let begun: Vec<_> = all.iter().map(|who| Ok((*who, coast.begin(who)?))).collect::<Result<_>>()?;
    let tries = |coast: &Coast, count: usize| {
        eventually("somebody tries", || Ok(coast.asked().get(before + count).cloned()))
    };
    let first = tries(coast, 0)?;
    for (who, number) in begun.iter().filter(|(who, _)| *who != first) {
        assert_eq!(coast.end(who, *number)?, "open", "{first} tries already");
    }
    assert_eq!(coast.asked().len(), before + 1, "more than one tried");
    breaker_is(sidecar, ID, "half_open")?;
    coast.kill(&first)?;
    let mut left = all.into_iter().filter(|who| *who != first);
    let (heir, other) = (left.next().context("two are left")?, left.next().context("two are left")?);
    // The sidecar learns of the death by the connection's end.
    let number = eventually("another may try", || {
        let number = coast.begin(heir)?;
        let asked = coast.asked().len();
        let came = eventually("it is refused or asks", || {
            let refused = coast.project.read(&format!("results/{heir}-{number}")).ok();
            Ok(refused.or_else(|| (coast.asked().len() > asked).then(|| "asks".to_owned())))
        })?;
        Ok((came == "asks").then_some(number))
    })?;
    assert_eq!(coast.call(other)?, "open", "{heir} tries");
    coast.hangs(false)?;
    assert_eq!(coast.end(heir, number)?, "fine");
    breaker_is(sidecar, ID, "closed")?;
    for who in [heir, other] {
        eventually("nobody is refused", || Ok((coast.call(who)? == "fine").then_some(())))?;
    }
    Ok(())
}

/// The network of one process is cut: its own breaker opens, alone.
#[test]
fn a_process_whose_own_network_is_broken_opens_its_own_alone() -> Result<()> {
    let mut coast = Coast::new()?;
    for languages in turns() {
        let sidecar = Sidecar::start(&coast.project)?;
        let own = free_port()?;
        coast.relay(own)?;
        let ports = [Some(own), None, None];
        for ((who, language), port) in ["ada", "bob", "eve"].into_iter().zip(languages).zip(ports) {
            coast.enter(who, language, &sidecar, port)?;
        }
        coast.cut(own)?;
        for _ in 0..2 {
            assert_eq!(coast.call("ada")?, "failed");
        }
        breaker_is(&sidecar, ID, "suspect")?;
        assert_eq!(coast.call("bob")?, "fine", "the probe");
        let view = breaker_is(&sidecar, ID, "closed")?;
        assert_eq!(view["alone"].as_array().map(Vec::len), Some(1), "{view}");
        for who in ["bob", "eve"] {
            assert_eq!(coast.call(who)?, "fine", "{languages:?}");
        }
        coast.relay(own)?;
        eventually("it has closed its own", || Ok((coast.call("ada")? == "fine").then_some(())))?;
        eventually("the blame is taken back", || {
            let view = breaker_is(&sidecar, ID, "closed")?;
            Ok((view["alone"] == json!([])).then_some(()))
        })?;
        for who in ["ada", "bob", "eve"] {
            coast.kill(who)?;
        }
        drop(sidecar);
        std::fs::remove_dir_all(coast.project.path().join(".conductor"))?;
    }
    Ok(())
}

/// A breaker for each key: what fails for one city is refused by all processes for that city alone.
#[test]
fn breakers_by_key_are_shared_each_by_itself() -> Result<()> {
    let mut coast = Coast::new()?;
    let sidecar = Sidecar::start(&coast.project)?;
    for (who, language) in ["ada", "bob", "eve"].into_iter().zip(LANGUAGES) {
        coast.enter(who, language, &sidecar, None)?;
        assert_eq!(coast.call_for(who, "oslo")?, "fine");
    }
    coast.project.write("down.oslo", "")?;
    for _ in 0..2 {
        assert_eq!(coast.call_for("ada", "oslo")?, "failed");
    }
    breaker_is(&sidecar, "forecast_of:oslo", "suspect")?;
    assert_eq!(coast.call_for("bob", "oslo")?, "failed");
    breaker_is(&sidecar, "forecast_of:oslo", "open")?;
    let before = coast.asked().len();
    for who in ["ada", "bob", "eve"] {
        assert_eq!(coast.call_for(who, "oslo")?, "open", "{who}");
        assert_eq!(coast.call_for(who, "rome")?, "fine", "{who}");
    }
    let asked = coast.asked().split_off(before);
    assert!(asked.iter().all(|city| city == "rome"), "{asked:?}");
    Ok(())
}

/// Two hosts on one store: two processes on the first, whose way to the dependency is a relay, and two on the second.
struct Hosts {
    coast: Coast,
    sidecars: [Sidecar; 2],
    relay: u16,
    /// After the sidecars, which need it while they end.
    _server: Postgres,
}

impl Hosts {
    fn new() -> Result<Hosts> {
        let (mut coast, server, relay) = (Coast::new()?, Postgres::start()?, free_port()?);
        coast.relay(relay)?;
        let url = server.url();
        let sidecar = |name: &str| Sidecar::among(&coast.project, name, &["--store", &url]);
        let sidecars = [sidecar("m0")?, sidecar("m1")?];
        for (who, language) in [("ada", "python"), ("bob", "typescript")] {
            coast.enter(who, language, &sidecars[0], Some(relay))?;
        }
        for (who, language) in [("eve", "go"), ("dan", "python")] {
            coast.enter(who, language, &sidecars[1], None)?;
        }
        Ok(Hosts { coast, sidecars, relay, _server: server })
    }
}

#[test]
fn a_dependency_that_dies_is_refused_on_all_hosts_and_tried_by_one() -> Result<()> {
    let Hosts { mut coast, sidecars, _server, .. } = Hosts::new()?;
    let are = |state: &str| -> Result<()> {
        sidecars.iter().try_for_each(|sidecar| breaker_is(sidecar, ID, state).map(drop))
    };
    coast.kill_station()?;
    for _ in 0..2 {
        assert_eq!(coast.call("ada")?, "failed");
    }
    are("suspect")?;
    assert_eq!(coast.call("eve")?, "failed", "the next call of another host is the probe");
    are("open")?;
    let before = coast.asked().len();
    coast.start_station()?;
    coast.hangs(true)?;
    std::thread::sleep(Duration::from_millis(OPEN_FOR));
    let all = ["ada", "bob", "eve", "dan"];
    let begun: Vec<_> = all.iter().map(|who| Ok((*who, coast.begin(who)?))).collect::<Result<_>>()?;
    let first = eventually("somebody tries", || Ok(coast.asked().get(before).cloned()))?;
    for (who, number) in begun.iter().filter(|(who, _)| *who != first) {
        assert_eq!(coast.end(who, *number)?, "open", "{first} tries already");
    }
    assert_eq!(coast.asked().len(), before + 1, "more than one tried");
    coast.hangs(false)?;
    are("closed")?;
    for who in all {
        eventually("nobody is refused", || Ok((coast.call(who)? == "fine").then_some(())))?;
    }
    Ok(())
}

#[test]
fn a_host_whose_network_is_broken_opens_it_for_itself_alone() -> Result<()> {
    let Hosts { mut coast, sidecars, relay, _server } = Hosts::new()?;
    coast.cut(relay)?;
    for _ in 0..2 {
        assert_eq!(coast.call("ada")?, "failed");
    }
    breaker_is(&sidecars[1], ID, "suspect")?;
    assert_eq!(coast.call("eve")?, "fine", "the probe of the other host");
    breaker_is(&sidecars[1], ID, "closed")?;
    assert_eq!(coast.call("bob")?, "failed", "the probe of its own host");
    breaker_is(&sidecars[0], ID, "open")?;
    for who in ["dan", "eve", "dan"] {
        assert_eq!(coast.call(who)?, "fine");
    }
    breaker_is(&sidecars[1], ID, "closed")?;
    coast.relay(relay)?;
    for who in ["ada", "bob"] {
        eventually("its own host has closed it", || Ok((coast.call(who)? == "fine").then_some(())))?;
    }
    breaker_is(&sidecars[0], ID, "closed")?;
    Ok(())
}
