//! Circuit breakers in real processes of each language: one body for all of them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use conductor_tests::process::Process;
use conductor_tests::project::Project;
use conductor_tests::sidecar::Sidecar;
use conductor_tests::{eventually, http};
use serde_json::{Value, json};

/// How long a breaker of the project stays open, and the time within which a suspicion is known.
const OPEN_FOR: Duration = Duration::from_millis(800);
const PUSHED: Duration = Duration::from_millis(100);

/// The dependency, and processes of one language that ask it.
struct Town {
    language: &'static str,
    project: Project,
    processes: BTreeMap<&'static str, Process>,
    calls: RefCell<BTreeMap<&'static str, u32>>,
    is_durable: bool,
}

impl Town {
    fn new(language: &'static str, project: Project, is_durable: bool) -> Result<Town> {
        project.write("weather", "up")?;
        for folder in ["commands", "results"] {
            project.write(&format!("{folder}/.keep"), "")?;
        }
        Ok(Town { language, project, processes: BTreeMap::new(), calls: RefCell::default(), is_durable })
    }

    fn built(language: &'static str) -> Result<Project> {
        let project = Project::built("breakers")?;
        if language == "go" {
            project.go(&["build", "-mod=mod", "-o", "app.bin", "./app"])?;
        }
        Ok(project)
    }

    fn enter(&mut self, who: &'static str) -> Result<()> {
        let process = match self.language {
            "python" => self.project.python(&["app.py", who], &[])?,
            "typescript" => Process::spawn("app", self.project.command(Path::new("node"), &["app.js", who]))?,
            _ => {
                let program = self.project.path().join("app.bin");
                Process::spawn("app", self.project.command(&program, &[who]))?
            }
        };
        self.processes.insert(who, process);
        ensure!(self.call(who)? == "fine", "{who} does not begin well");
        Ok(())
    }

    /// Begins a call; its number.
    fn begin(&self, who: &'static str) -> Result<u32> {
        let mut calls = self.calls.borrow_mut();
        let number = calls.entry(who).or_default();
        *number += 1;
        let how = if self.is_durable { "knock_durably" } else { "knock" };
        let (name, text) = (format!("commands/{who}-{number}"), format!("{how}_{}", self.language));
        self.project.write(&format!("{name}.new"), &text)?;
        std::fs::rename(self.project.path().join(format!("{name}.new")), self.project.path().join(name))?;
        Ok(*number)
    }

    fn end(&self, who: &str, number: u32) -> Result<String> {
        eventually(&format!("the end of call {number} of {who}"), || {
            Ok(self.project.read(&format!("results/{who}-{number}")).ok())
        })
        .with_context(|| self.processes.get(who).map(Process::stderr).unwrap_or_default())
    }

    fn call(&self, who: &'static str) -> Result<String> {
        let number = self.begin(who)?;
        self.end(who, number)
    }

    fn world(&self, state: &str) -> Result<()> {
        self.project.write("weather", state)
    }

    fn asked(&self) -> usize {
        self.project.read("asked.log").unwrap_or_default().lines().count()
    }

    fn id(&self) -> String {
        let short = match self.language {
            "python" => "py",
            "typescript" => "ts",
            other => other,
        };
        format!("ask_{short}")
    }

    fn view(&self, sidecar: &Sidecar) -> Result<Value> {
        sidecar.get(&format!("/v1/breakers/{}", self.id()))?.json()
    }

    fn waits_for(&self, sidecar: &Sidecar, state: &str) -> Result<Value> {
        eventually(&format!("the breaker {state}"), || {
            let view = self.view(sidecar)?;
            Ok((view["state"] == state).then_some(view))
        })
    }

    fn decide(&self, sidecar: &Sidecar, state: &str) -> Result<()> {
        let path = format!("/v1/breakers/{}", self.id());
        let body = json!({"state": state, "reason": "maintenance", "by": "ada"});
        let answer = http::request(&sidecar.socket(), "PUT", &path, Some(&body))?;
        ensure!(answer.status == 200, "{answer:?}");
        std::thread::sleep(PUSHED);
        Ok(())
    }

    /// A new sidecar, to which all three have come back.
    fn restart(&self, sidecar: &mut Sidecar) -> Result<()> {
        sidecar.restart(&self.project)?;
        eventually("three sessions", || {
            let sessions = sidecar.get("/v1/sessions")?.json()?;
            let all = sessions["sessions"]
                .as_array()
                .map_or(0, |all| all.iter().filter(|one| one["connected"] == true).count());
            Ok((all == 3).then_some(()))
        })
    }

    /// The breakers of all three begin anew.
    fn calm(&self, sidecar: &Sidecar) -> Result<()> {
        self.world("up")?;
        for who in ["ada", "bob", "eve"] {
            let _ = std::fs::remove_file(self.project.path().join(format!("weather.{who}")));
        }
        self.decide(sidecar, "closed")?;
        self.decide(sidecar, "auto")
    }
}

fn three(town: &mut Town) -> Result<()> {
    ["ada", "bob", "eve"].into_iter().try_for_each(|who| town.enter(who))
}

/// A dependency dies: the first process's breaker opens, the next call of another opens it for all.
fn a_dead_dependency_opens_it_for_all(town: &Town, sidecar: &Sidecar) -> Result<()> {
    town.world("down")?;
    for _ in 0..2 {
        assert_eq!(town.call("ada")?, "ConnectionError");
    }
    std::thread::sleep(PUSHED);
    assert_eq!(town.view(sidecar)?["state"], "suspect");
    assert_eq!(town.call("ada")?, "CircuitOpen", "its own is open");
    assert_eq!(town.call("bob")?, "ConnectionError", "the next call of another is the probe");
    let opened = Instant::now();
    std::thread::sleep(PUSHED);
    let asked = town.asked();
    for who in ["eve", "bob", "ada"] {
        assert_eq!(town.call(who)?, "CircuitOpen");
    }
    assert_eq!(town.asked(), asked, "a refused call was made");
    assert_eq!(town.view(sidecar)?["state"], "open");
    one_probe_at_a_time(town, sidecar, opened)
}

/// Half open: of all processes one call is let through, and its success closes it for all.
fn one_probe_at_a_time(town: &Town, sidecar: &Sidecar, opened: Instant) -> Result<()> {
    town.world("hangs")?;
    std::thread::sleep((OPEN_FOR + PUSHED).saturating_sub(opened.elapsed()));
    let asked = town.asked();
    let began: Vec<_> = ["eve", "bob", "ada", "eve", "bob", "ada"]
        .into_iter()
        .map(|who| Ok((who, town.begin(who)?)))
        .collect::<Result<_>>()?;
    eventually("the probe", || Ok((town.asked() > asked).then_some(())))?;
    std::thread::sleep(3 * PUSHED);
    assert_eq!(town.asked(), asked + 1, "more than one call tried");
    assert_eq!(town.view(sidecar)?["state"], "half_open");
    town.world("up")?;
    let mut ends = began.iter().map(|(who, number)| town.end(who, *number)).collect::<Result<Vec<_>>>()?;
    ends.sort();
    assert_eq!(ends, ["CircuitOpen", "CircuitOpen", "CircuitOpen", "CircuitOpen", "CircuitOpen", "fine"]);
    std::thread::sleep(PUSHED);
    for who in ["eve", "bob", "ada"] {
        assert_eq!(town.call(who)?, "fine");
    }
    assert_eq!(town.view(sidecar)?["state"], "closed");
    Ok(())
}

/// A process whose own network is broken opens its own alone.
fn a_sick_process_opens_its_own_alone(town: &Town, sidecar: &Sidecar) -> Result<()> {
    town.project.write("weather.ada", "down")?;
    for _ in 0..2 {
        assert_eq!(town.call("ada")?, "ConnectionError");
    }
    std::thread::sleep(PUSHED);
    assert_eq!(town.call("eve")?, "fine", "the probe");
    let view = town.waits_for(sidecar, "closed")?;
    assert_eq!(view["alone"].as_array().map(Vec::len), Some(1), "{view}");
    assert_eq!(town.call("ada")?, "CircuitOpen");
    std::thread::sleep(OPEN_FOR);
    assert_eq!(town.call("ada")?, "ConnectionError", "its own probe");
    assert_eq!(town.call("ada")?, "CircuitOpen");
    for who in ["bob", "eve"] {
        assert_eq!(town.call(who)?, "fine");
    }
    town.project.write("weather.ada", "up")?;
    std::thread::sleep(OPEN_FOR);
    assert_eq!(town.call("ada")?, "fine");
    eventually("the blame is taken back", || Ok((town.view(sidecar)?["alone"] == json!([])).then_some(())))
}

/// Errors of the domain are answers: they open nothing.
fn errors_of_the_domain_never_count(town: &Town, sidecar: &Sidecar) -> Result<()> {
    town.world("refuses")?;
    for _ in 0..4 {
        assert_eq!(town.call("ada")?, "Refused");
    }
    std::thread::sleep(PUSHED);
    assert_eq!(town.view(sidecar)?["state"], "closed");
    Ok(())
}

/// The sidecar is killed while the breaker is open: the processes go on by themselves, and a new one learns it from them.
fn it_survives_the_sidecar(town: &Town, sidecar: &mut Sidecar) -> Result<()> {
    town.world("down")?;
    for who in ["ada", "ada", "bob"] {
        town.call(who)?;
        std::thread::sleep(PUSHED);
    }
    sidecar.kill()?;
    if !town.is_durable {
        assert_eq!(town.call("eve")?, "CircuitOpen", "it holds while the sidecar is away");
        town.world("up")?;
        std::thread::sleep(OPEN_FOR);
        assert_eq!(town.call("eve")?, "fine", "it decides alone");
        eventually("the line that says so", || {
            Ok(town.processes["eve"].stderr().contains("the sidecar is away").then_some(()))
        })?;
        assert_eq!(town.call("bob")?, "fine", "it decides alone");
    }
    town.restart(sidecar)?;
    if town.is_durable {
        town.waits_for(sidecar, "open")?;
    }
    Ok(())
}

/// What a person decides holds over a restart, for those that are there and those that come.
fn decisions_hold_over_a_restart(town: &mut Town, sidecar: &mut Sidecar) -> Result<()> {
    town.decide(sidecar, "open")?;
    let asked = town.asked();
    assert_eq!(town.call("bob")?, "CircuitOpen");
    sidecar.kill()?;
    town.restart(sidecar)?;
    for who in ["bob", "eve"] {
        assert_eq!(town.call(who)?, "CircuitOpen");
    }
    assert_eq!(town.asked(), asked);
    town.decide(sidecar, "closed")?;
    town.world("down")?;
    for _ in 0..4 {
        assert_eq!(town.call("bob")?, "ConnectionError", "a person keeps it closed");
    }
    town.world("up")?;
    town.decide(sidecar, "auto")?;
    assert_eq!(town.call("bob")?, "fine");
    Ok(())
}

fn in_language(language: &'static str) -> Result<()> {
    let project = Town::built(language)?;
    let path = project.path().to_path_buf();
    for is_durable in [false, true] {
        let mut town = Town::new(language, Project::at(&path), is_durable)?;
        let mut sidecar = Sidecar::start(&town.project)?;
        three(&mut town).context("three processes")?;
        a_dead_dependency_opens_it_for_all(&town, &sidecar)?;
        town.calm(&sidecar)?;
        a_sick_process_opens_its_own_alone(&town, &sidecar)?;
        town.calm(&sidecar)?;
        errors_of_the_domain_never_count(&town, &sidecar)?;
        town.calm(&sidecar)?;
        it_survives_the_sidecar(&town, &mut sidecar)?;
        town.calm(&sidecar)?;
        decisions_hold_over_a_restart(&mut town, &mut sidecar)?;
        for folder in ["commands", "results", ".conductor"] {
            std::fs::remove_dir_all(path.join(folder))?;
        }
    }
    Ok(())
}

#[test]
fn in_python() -> Result<()> {
    in_language("python")
}

#[test]
fn in_typescript() -> Result<()> {
    in_language("typescript")
}

#[test]
fn in_go() -> Result<()> {
    in_language("go")
}
