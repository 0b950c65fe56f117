//! The warehouse: a project whose steps use PostgreSQL, Redis, semaphores and clients of its own.
//!
//! It knows `tests/projects/resources` and nothing else.

use std::ffi::OsStr;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::eventually;
use crate::process::Process;
use crate::project::Project;
use crate::servers::{Postgres, Redis, interpreter};

/// The project, built.
#[derive(Debug)]
pub struct Warehouse {
    pub project: Project,
    /// Variables of the environment that its applications see.
    variables: Vec<(&'static str, String)>,
}

impl Warehouse {
    /// Copies and builds it.
    ///
    /// # Errors
    /// When it does not build.
    pub fn new() -> Result<Warehouse> {
        let project = Project::built("resources")?;
        project.write("warehouse.log", "")?;
        Ok(Warehouse { project, variables: Vec::new() })
    }

    /// With a PostgreSQL behind `db`.
    ///
    /// # Errors
    /// When one of them does not start.
    pub fn with_postgres() -> Result<(Warehouse, Postgres)> {
        let server = Postgres::start()?;
        let mut warehouse = Warehouse::new()?;
        warehouse.set("DATABASE_URL", &named(&server.url()));
        Ok((warehouse, server))
    }

    /// With a Redis behind `cache`.
    ///
    /// # Errors
    /// When one of them does not start.
    pub fn with_redis() -> Result<(Warehouse, Redis)> {
        let server = Redis::start()?;
        let mut warehouse = Warehouse::new()?;
        warehouse.set("REDIS_URL", &server.url());
        Ok((warehouse, server))
    }

    pub fn set(&mut self, name: &'static str, value: &str) {
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.to_owned()));
    }

    /// Starts `run.py` with the interpreter that has the drivers.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn run(&self, workflow: &str, input: &Value, more: &[&str]) -> Result<Process> {
        let input = input.to_string();
        self.python(&[&["run.py", workflow, &input], more].concat())
    }

    /// Starts a script.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn python(&self, arguments: &[&str]) -> Result<Process> {
        let mut command = self.project.command(&interpreter()?, arguments);
        let variables = self.variables.iter().map(|(name, value)| (*name, OsStr::new(value.as_str())));
        command.envs(variables).env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONUNBUFFERED", "1");
        Process::spawn("python", command)
    }

    /// What came of each call of the only batch.
    ///
    /// # Errors
    /// When the process fails.
    pub fn outcomes(&self, workflow: &str, input: &Value, times: u32) -> Result<Vec<Value>> {
        let process = self.run(workflow, input, &["--times", &times.to_string()])?;
        let finished = process.wait()?.expect_code(0)?;
        batches(&finished.stdout)?.pop().with_context(|| format!("nothing said: {finished:?}"))
    }

    /// What the steps wrote down.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn log(&self) -> Result<Vec<Value>> {
        let text = self.project.read("warehouse.log")?;
        text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }

    /// How often an event was written down.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn count(&self, event: &str) -> Result<usize> {
        Ok(self.log()?.iter().filter(|entry| entry["event"] == event).count())
    }
}

/// The address with the name by which the steps count their connections.
#[must_use]
pub fn named(url: &str) -> String {
    format!("{url}?application_name=conductor-test")
}

/// The batches that `run.py` has printed so far.
///
/// # Errors
/// When a line is not JSON.
pub fn batches(stdout: &str) -> Result<Vec<Vec<Value>>> {
    let lines = stdout.lines().filter(|line| line.starts_with('['));
    lines.map(|line| serde_json::from_str(line).with_context(|| format!("not JSON: {line}"))).collect()
}

/// Waits for a batch, the first being 0.
///
/// # Errors
/// When it does not come.
pub fn batch(process: &mut Process, index: usize) -> Result<Vec<Value>> {
    eventually(&format!("batch {index}"), || {
        let alive = process.is_alive()?;
        let found = batches(&process.stdout())?.into_iter().nth(index);
        ensure!(alive || found.is_some(), "it ended: {}{}", process.stdout(), process.stderr());
        Ok(found)
    })
}

/// The numbers that all calls returned.
///
/// # Errors
/// When one of them failed.
pub fn numbers(outcomes: &[Value]) -> Result<Vec<i64>> {
    let number = |outcome: &Value| outcome["output"].as_i64().with_context(|| format!("failed: {outcome}"));
    outcomes.iter().map(number).collect()
}
