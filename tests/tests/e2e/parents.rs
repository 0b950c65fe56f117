//! Runs that are cut short while another of them is under way, and signals that come while nobody listens: in each language.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use conductor_tests::application::Language;
use conductor_tests::eventually;
use conductor_tests::process::Process;
use conductor_tests::project::Project;
use conductor_tests::sidecar::Sidecar;
use rustix::process::Signal;
use serde_json::json;

use crate::applications::{built, serve};

const MANIFEST: &str = r#"version: "1.0"

tasks:
  - {id: hold, ref: "@hold", in_doubt: retry}
  - {id: book, ref: "@book", in_doubt: retry, compensate: unbook}
  - {id: unbook, ref: "@unbook", in_doubt: retry, policy: {retries: forever, strategy: constant, initial: 10ms}}

workflows:
  - id: part_LANGUAGE
    target: LANGUAGE
    input: {n: int}
    steps:
      - {task: book, id: first, with: {n: "${input.n}"}}
      - {task: hold, with: {n: "${first}"}}
    output: ${hold}

  - id: main_LANGUAGE
    target: LANGUAGE
    input: {n: int}
    steps:
      - {workflow: part_LANGUAGE, id: child, with: {n: "${input.n}"}}
      - {task: hold, with: {n: "${child}"}}
    output: ${hold}

  - id: late_LANGUAGE
    target: LANGUAGE
    deadline: 2s
    input: {n: int}
    steps:
      - {workflow: part_LANGUAGE, id: child, with: {n: "${input.n}"}}
    output: ${child}

  - id: told_LANGUAGE
    target: LANGUAGE
    input: {n: int}
    steps:
      - wait_for: {id: heard, signal: go, type: int}
    output: ${input.n + heard}
"#;

/// An application of one language, and a sidecar that it reaches by a link.
struct Site {
    language: Language,
    project: Project,
    sidecar: Sidecar,
}

impl Site {
    fn new(language: Language) -> Result<Site> {
        let project = built(language, MANIFEST)?;
        let sidecar = Sidecar::start(&project)?;
        let site = Site { language, project, sidecar };
        site.link()?;
        Ok(site)
    }

    fn link(&self) -> Result<()> {
        Ok(std::os::unix::fs::symlink(self.sidecar.socket(), self.reached_by())?)
    }

    fn reached_by(&self) -> PathBuf {
        self.project.path().join("link.sock")
    }

    fn serve(&self) -> Result<Process> {
        serve(&self.project, self.language, &self.reached_by())
    }

    fn begin(&self, workflow: &str) -> Result<()> {
        self.sidecar.accepts(&format!("{workflow}_{}", self.language), "r", &json!({"n": 4}))
    }

    fn wait_for(&self, key: &str, event: &str) -> Result<()> {
        eventually(&format!("{event} of {key}"), || Ok(self.has(key, event)?.then_some(())))
    }

    fn has(&self, key: &str, event: &str) -> Result<bool> {
        let lines = self.project.read("ledger")?;
        let mut entries =
            lines.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        Ok(entries.any(|entry| entry["key"] == key && entry["event"] == event))
    }

    /// Waits until the run is in the state; says what has become of it and its child where it does not come to that.
    fn ends(&self, state: &str) -> Result<serde_json::Value> {
        self.sidecar.run_in("r", &[state]).with_context(|| {
            let all = ["r", "r%2Fchild"].map(|run| self.sidecar.run(run).unwrap_or_default());
            format!("{}: {all:#?}", self.language)
        })
    }

    fn open_gate(&self) -> Result<()> {
        self.project.write("ledger.gate", "")
    }

    /// What the child booked is undone, by the child itself or with its parent.
    fn is_undone(&self) -> Result<()> {
        ensure!(self.has("r/child/first", "end")?, "nothing was booked");
        ensure!(
            self.has("r/child/first.compensate", "end")?,
            "{}: {}",
            self.language,
            self.project.read("ledger")?
        );
        Ok(())
    }
}

#[test]
fn a_child_that_was_under_way_when_its_parent_died_and_was_cancelled_is_undone() -> Result<()> {
    for language in Language::ALL {
        let site = Site::new(language)?;
        let application = site.serve()?;
        site.begin("main")?;
        site.wait_for("r/child/hold", "begin")?;
        application.kill()?;
        site.sidecar.post("/v1/runs/r/cancel", &json!({"reason": "a whim"}))?;
        site.open_gate()?;
        let _application = site.serve()?;
        site.ends("cancelled")?;
        site.is_undone()?;
    }
    Ok(())
}

#[test]
fn a_child_that_succeeds_in_the_moment_in_which_its_parent_is_cut_short_is_undone() -> Result<()> {
    for language in Language::ALL {
        let mut site = Site::new(language)?;
        let _application = site.serve()?;
        site.begin("late")?;
        site.wait_for("r/child/hold", "begin")?;
        // The child's success cannot reach the disk before the parent's time is over.
        site.sidecar.process()?.stop()?;
        site.open_gate()?;
        site.wait_for("r/child/hold", "end")?;
        std::thread::sleep(Duration::from_millis(2500));
        site.sidecar.process()?.signal(Signal::CONT)?;
        site.ends("failed")?;
        ensure!(site.sidecar.run("r%2Fchild")?["state"] == "succeeded", "{language}: it was to succeed");
        site.is_undone()?;
    }
    Ok(())
}

#[test]
fn a_signal_that_came_while_the_connection_was_lost_is_heard() -> Result<()> {
    for language in Language::ALL {
        let mut site = Site::new(language)?;
        let _application = site.serve()?;
        site.begin("told")?;
        site.sidecar.run_in("r", &["waiting"])?;
        fs::remove_file(site.reached_by())?;
        site.sidecar.kill()?;
        site.sidecar.restart(&site.project)?;
        let answer = site.sidecar.post("/v1/runs/r/signals/go", &json!(5))?;
        ensure!(answer.status < 300, "{answer:?}");
        site.link()?;
        let run = site.ends("succeeded")?;
        ensure!(run["output"] == 9, "{run}");
    }
    Ok(())
}
