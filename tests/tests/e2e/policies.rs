//! Numbers of policies that are changed while processes of each language run: one body for all of them.

use std::cell::Cell;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use conductor_tests::process::Process;
use conductor_tests::project::Project;
use conductor_tests::sidecar::Sidecar;
use conductor_tests::{eventually, http};
use serde_json::{Value, json};

/// How long nothing is awaited that must not happen.
const QUIET: Duration = Duration::from_millis(400);

/// The dependency, and a process of one language that asks it.
struct Town {
    language: &'static str,
    project: Project,
    process: Option<Process>,
    calls: Cell<u32>,
    is_durable: bool,
}

impl Town {
    fn new(language: &'static str, folder: &Path, is_durable: bool) -> Result<Town> {
        let project = Project::at(folder);
        project.write("weather", "up")?;
        for folder in ["commands", "results"] {
            project.write(&format!("{folder}/.keep"), "")?;
        }
        Ok(Town { language, project, process: None, calls: Cell::new(0), is_durable })
    }

    /// The process, or a new one in its place.
    fn enter(&mut self) -> Result<()> {
        if let Some(old) = self.process.take() {
            old.kill()?;
        }
        self.calls.set(0);
        for folder in ["commands", "results"] {
            std::fs::remove_dir_all(self.project.path().join(folder))?;
            self.project.write(&format!("{folder}/.keep"), "")?;
        }
        self.process = Some(match self.language {
            "python" => self.project.python(&["app.py", "ada"], &[])?,
            "typescript" => {
                Process::spawn("app", self.project.command(Path::new("node"), &["app.js", "ada"]))?
            }
            _ => {
                let program = self.project.path().join("app.bin");
                Process::spawn("app", self.project.command(&program, &["ada"]))?
            }
        });
        Ok(())
    }

    fn workflow(&self) -> String {
        let how = if self.is_durable { "press_durably" } else { "press" };
        format!("{how}_{}", self.language)
    }

    /// Begins a call; its number.
    fn begin(&self) -> Result<u32> {
        let number = self.calls.get() + 1;
        self.calls.set(number);
        let name = format!("commands/ada-{number}");
        self.project.write(&format!("{name}.new"), &self.workflow())?;
        std::fs::rename(self.project.path().join(format!("{name}.new")), self.project.path().join(name))?;
        Ok(number)
    }

    fn end(&self, number: u32) -> Result<String> {
        eventually(&format!("the end of call {number}"), || {
            Ok(self.project.read(&format!("results/ada-{number}")).ok())
        })
        .with_context(|| self.process.as_ref().map(Process::stderr).unwrap_or_default())
    }

    fn call(&self) -> Result<String> {
        self.end(self.begin()?)
    }

    /// How often the next call asks.
    fn attempts(&self) -> Result<usize> {
        let before = self.asked();
        self.call()?;
        Ok(self.asked() - before)
    }

    /// The process has heard of it when a call asks so often.
    fn comes_to(&self, attempts: usize) -> Result<()> {
        eventually(&format!("{attempts} attempts"), || Ok((self.attempts()? == attempts).then_some(())))
    }

    fn world(&self, state: &str) -> Result<()> {
        self.project.write("weather", state)
    }

    fn asked(&self) -> usize {
        self.project.read("asked.log").unwrap_or_default().lines().count()
    }

    fn asks(&self, times: usize) -> Result<()> {
        eventually(&format!("{times} calls"), || Ok((self.asked() >= times).then_some(())))
    }

    fn set(sidecar: &Sidecar, numbers: Value) -> Result<()> {
        let body = json!({"numbers": numbers, "reason": "a slow day", "by": "ada"});
        let answer = http::request(&sidecar.socket(), "PUT", "/v1/policies/patient", Some(&body))?;
        ensure!(answer.status == 200, "{answer:?}");
        Ok(())
    }

    /// Attempts of the newest run, by its journal.
    fn recorded(&self, sidecar: &Sidecar) -> Result<u64> {
        let runs = sidecar.get(&format!("/v1/runs?workflow={}&limit=1", self.workflow()))?.json()?;
        let id = runs["runs"][0]["id"].as_str().context("no run")?.to_owned();
        let run = sidecar.run_in(&id, &["succeeded", "failed"])?;
        run["steps"][0]["attempts"].as_u64().context("no attempts")
    }
}

fn built(language: &'static str) -> Result<Project> {
    let project = Project::built("breakers")?;
    if language == "go" {
        project.go(&["build", "-mod=mod", "-o", "app.bin", "./app"])?;
    }
    Ok(project)
}

/// Retries are the manifest's until a person says otherwise, and a run that is being tried again takes the new number.
fn retries(town: &Town, sidecar: &Sidecar) -> Result<()> {
    town.world("down")?;
    assert_eq!(town.attempts()?, 2, "the manifest's");
    Town::set(sidecar, json!({"retries": 4}))?;
    town.comes_to(5)?;
    if town.is_durable {
        assert_eq!(town.recorded(sidecar)?, 5);
    }
    Town::set(sidecar, json!({"retries": "forever"}))?;
    eventually("a call that goes on", || {
        let (number, before) = (town.begin()?, town.asked());
        eventually("its attempts or its end", || {
            let is_over = town.project.read(&format!("results/ada-{number}")).is_ok();
            Ok((is_over || town.asked() > before + 7).then_some(()))
        })?;
        if town.asked() <= before + 7 {
            return Ok(None); // it was begun before the process had heard
        }
        Town::set(sidecar, json!({"retries": 0}))?;
        assert_eq!(town.end(number)?, "ConnectionError");
        let asked = town.asked();
        if town.is_durable {
            assert_eq!(town.recorded(sidecar)?, (asked - before) as u64);
        }
        Ok(Some(()))
    })?;
    Town::set(sidecar, json!({"retries": null}))?;
    town.comes_to(2)
}

/// A wider bulkhead lets in who waits, and a longer timeout lets them end well; the manifest's cuts them off.
fn limits(town: &Town, sidecar: &Sidecar) -> Result<()> {
    Town::set(sidecar, json!({"timeout": "100s", "retries": 0}))?;
    town.comes_to(1)?;
    town.world("hangs")?;
    let before = town.asked();
    let began = (0..3).map(|_| town.begin()).collect::<Result<Vec<u32>>>()?;
    town.asks(before + 1)?;
    std::thread::sleep(QUIET);
    assert_eq!(town.asked(), before + 1, "one at a time");
    Town::set(sidecar, json!({"bulkhead": 3}))?;
    town.asks(before + 3)?;
    std::thread::sleep(QUIET);
    town.world("up")?;
    for number in began {
        assert_eq!(town.end(number)?, "fine");
    }
    town.world("hangs")?;
    Town::set(sidecar, json!({"timeout": null, "bulkhead": 100}))?;
    // The first ones may be begun before the process has heard.
    let first = town.begin()?;
    eventually("a call that is cut off", || {
        let said = town.project.read(&format!("results/ada-{}", town.begin()?));
        std::thread::sleep(Duration::from_millis(100));
        let ended = (first..=town.calls.get())
            .filter_map(|number| town.project.read(&format!("results/ada-{number}")).ok());
        let is_cut_off = ended
            .chain(said.ok())
            .any(|end| end.to_lowercase().contains("timeout") || end.contains("no answer within"));
        Ok(is_cut_off.then_some(()))
    })?;
    town.world("up")?;
    for number in first..=town.calls.get() {
        town.end(number)?;
    }
    Ok(())
}

/// What is set holds over a restart of the sidecar, for those that are there and those that come, and while it is away.
fn restarts(town: &mut Town, sidecar: &mut Sidecar) -> Result<()> {
    town.world("down")?;
    Town::set(sidecar, json!({"retries": 2, "bulkhead": null}))?;
    town.comes_to(3)?;
    sidecar.kill()?;
    if !town.is_durable {
        assert_eq!(town.attempts()?, 3, "it keeps to what it was told");
    }
    sidecar.restart(&town.project)?;
    assert_eq!(town.attempts()?, 3);
    town.enter()?;
    assert_eq!(town.attempts()?, 3, "a process that comes is told before its first attempt");
    let shown = town.project.conductor(&["policy", "show", "patient"])?;
    assert!(shown.stdout.contains("retries=2") && shown.stdout.contains("a slow day"), "{shown:?}");
    for command in [&["check"][..], &["plan"], &["build"]] {
        let said = town.project.conductor(command)?;
        let wanted = "live: policy patient: retries is 2, the manifest says 1 (ada, ";
        assert!(said.stdout.contains(wanted), "{command:?}: {said:?}");
    }
    let (_, document) = town.project.conductor_json(&["check"])?;
    assert_eq!(document["live"][0]["number"], "retries", "{document}");
    let reset = town.project.conductor(&["policy", "reset", "patient", "--reason", "they are back"])?;
    assert_eq!(reset.code, Some(0), "{reset:?}");
    town.comes_to(2)?;
    let said = town.project.conductor(&["check"])?;
    assert!(!said.stdout.contains("live:"), "{said:?}");
    Ok(())
}

/// The last: what waits for a rate keeps its moment.
fn rates(town: &Town, sidecar: &Sidecar) -> Result<()> {
    town.world("up")?;
    Town::set(sidecar, json!({"rate_limit": "1/h", "bulkhead": 100}))?;
    let mut waiting = town.begin()?;
    eventually("a call that waits for the rate", || {
        std::thread::sleep(QUIET);
        if town.project.read(&format!("results/ada-{waiting}")).is_err() {
            return Ok(Some(()));
        }
        waiting = town.begin()?;
        Ok(None)
    })
}

fn in_language(language: &'static str) -> Result<()> {
    let project = built(language)?;
    for is_durable in [false, true] {
        let mut town = Town::new(language, project.path(), is_durable)?;
        let mut sidecar = Sidecar::start(&town.project)?;
        town.enter()?;
        retries(&town, &sidecar).context("retries")?;
        limits(&town, &sidecar).context("limits")?;
        restarts(&mut town, &mut sidecar).context("restarts")?;
        rates(&town, &sidecar).context("rates")?;
        drop(town);
        sidecar.kill()?;
        std::fs::remove_dir_all(project.path().join(".conductor"))?;
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
