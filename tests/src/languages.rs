//! The project `languages`: Python orchestrates, and workers in Go and JavaScript serve a step each.

use std::path::Path;

use anyhow::Result;

use crate::eventually;
use crate::process::Process;
use crate::project::Project;

/// The project, built for all its languages, with its worker in Go compiled.
pub fn shop() -> Result<Project> {
    let project = Project::built("languages")?;
    project.go(&["build", "-mod=mod", "-o", "worker.bin", "./worker"])?;
    Ok(project)
}

/// Serves the task in Go.
pub fn worker(project: &Project) -> Result<Process> {
    let program = project.path().join("worker.bin");
    Process::spawn("worker", project.command(&program, &[]))
}

/// Serves the task in JavaScript.
pub fn notifier(project: &Project) -> Result<Process> {
    Process::spawn("notifier", project.command(Path::new("node"), &["worker.js"]))
}

/// Runs a workflow in Python.
pub fn call(project: &Project, workflow: &str, run: &str, user: &str) -> Result<Process> {
    project.python(&["call.py", workflow, run, user], &[])
}

/// The idempotency keys of the calls of `Charge` so far.
pub fn charges(project: &Project) -> Vec<String> {
    let log = project.read("charges.log").unwrap_or_default();
    log.lines().map(str::to_owned).collect()
}

/// Waits for so many calls of `Charge`.
pub fn charged(project: &Project, times: usize) -> Result<()> {
    eventually("the call of Charge", || Ok((charges(project).len() >= times).then_some(())))
}
