//! The lab: a project whose steps write down what happens to them and wait for files.
//!
//! It knows `tests/projects/lab` and nothing else.

use std::ffi::OsStr;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::eventually;
use crate::process::{Finished, Process};
use crate::project::Project;
use crate::sidecar::Sidecar;

/// The project, built.
#[derive(Debug)]
pub struct Lab {
    pub project: Project,
}

impl Lab {
    /// Copies and builds it.
    ///
    /// # Errors
    /// When it does not build.
    pub fn new() -> Result<Lab> {
        let project = Project::built("lab")?;
        project.write("lab.log", "")?;
        Ok(Lab { project })
    }

    /// With a sidecar.
    ///
    /// # Errors
    /// When it does not build or start.
    pub fn with_sidecar() -> Result<(Lab, Sidecar)> {
        let lab = Lab::new()?;
        let sidecar = Sidecar::start(&lab.project)?;
        Ok((lab, sidecar))
    }

    /// Starts a call; `more` is further arguments of `call.py`.
    ///
    /// # Errors
    /// When Python cannot be started.
    pub fn call(&self, workflow: &str, input: &Value, more: &[&str]) -> Result<Process> {
        self.call_with(workflow, input, more, &[])
    }

    /// Starts a call with variables of the environment.
    ///
    /// # Errors
    /// When Python cannot be started.
    pub fn call_with(
        &self,
        workflow: &str,
        input: &Value,
        more: &[&str],
        variables: &[(&str, &OsStr)],
    ) -> Result<Process> {
        let input = input.to_string();
        self.project.python(&[&["call.py", workflow, &input], more].concat(), variables)
    }

    /// Starts an application that serves.
    ///
    /// # Errors
    /// When Python cannot be started.
    pub fn serve(&self) -> Result<Process> {
        self.project.python(&["serve.py"], &[])
    }

    /// Lets every step go that waits for `gate`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn open(&self, gate: &str) -> Result<()> {
        self.project.write(&format!("{gate}.open"), "")
    }

    /// How often `event` happened to a step, by its idempotency key `<run>/<step key>`.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn count(&self, key: &str, event: &str) -> Result<usize> {
        let log = self.project.read("lab.log")?;
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        Ok(lines.filter(|entry| entry["key"] == key && entry["event"] == event).count())
    }

    /// Waits until `event` has happened to a step `times` times.
    ///
    /// # Errors
    /// When that does not come in time.
    pub fn wait_for(&self, key: &str, event: &str, times: usize) -> Result<()> {
        eventually(&format!("{key} {event} {times} times"), || {
            Ok((self.count(key, event)? >= times).then_some(()))
        })
    }
}

/// What `call.py` printed: `output` where it was given a result.
///
/// # Errors
/// When it did not end, or printed something else.
pub fn told(process: Process) -> Result<Value> {
    let finished = process.wait()?;
    told_by(&finished)
}

/// What a finished `call.py` printed.
///
/// # Errors
/// When it printed something else.
pub fn told_by(finished: &Finished) -> Result<Value> {
    let line = finished.stdout.lines().last().with_context(|| format!("nothing said: {finished:?}"))?;
    serde_json::from_str(line).with_context(|| format!("not JSON: {finished:?}"))
}
