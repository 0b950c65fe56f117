//! A sidecar with a folder, a socket and a store of its own, that can be killed and started again.
//!
//! It talks to it as any user would.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::http::{self, Response};
use crate::process::Process;
use crate::project::{Project, conductor};
use crate::{eventually, journal};

/// The sidecar of one project.
#[derive(Debug)]
pub struct Sidecar {
    data: PathBuf,
    arguments: Vec<String>,
    around: Around,
    /// Whether it has a key, with which secret values are encrypted. Processes have logs of their own where it has none.
    has_key: bool,
    process: Option<Process>,
}

/// What a process is started with, besides its own.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// A command that becomes the process, such as `ip netns exec NAME`.
    pub command: Vec<String>,
    pub variables: Vec<(&'static str, OsString)>,
}

impl Around {
    /// The program with its arguments, started so.
    #[must_use]
    pub fn program(&self, project: &Project, program: &Path, arguments: &[&str]) -> Command {
        let mut command = match self.command.split_first() {
            Some((first, rest)) => {
                let mut command = project.command(Path::new(first), &[]);
                command.args(rest).arg(program).args(arguments);
                command
            }
            None => project.command(program, arguments),
        };
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl Sidecar {
    /// Starts a sidecar beside the project's manifest and waits until it is ready.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn start(project: &Project) -> Result<Sidecar> {
        Sidecar::among(project, ".conductor", &[])
    }

    /// The same without a key.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn without_key(project: &Project) -> Result<Sidecar> {
        Sidecar::made(Around::default(), project, ".conductor", &[], false)
    }

    /// Starts one of several, with a folder of its own in the project's.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn among(project: &Project, folder: &str, arguments: &[&str]) -> Result<Sidecar> {
        Sidecar::within(Around::default(), project, folder, arguments)
    }

    /// The same, started in another way.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn within(around: Around, project: &Project, folder: &str, arguments: &[&str]) -> Result<Sidecar> {
        Sidecar::made(around, project, folder, arguments, true)
    }

    fn made(
        around: Around,
        project: &Project,
        folder: &str,
        arguments: &[&str],
        has_key: bool,
    ) -> Result<Sidecar> {
        let arguments = arguments.iter().map(ToString::to_string).collect();
        let mut sidecar =
            Sidecar { data: project.path().join(folder), arguments, around, has_key, process: None };
        sidecar.restart(project)?;
        Ok(sidecar)
    }

    /// Starts it again after a kill, on the same store and socket.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn restart(&mut self, project: &Project) -> Result<()> {
        ensure!(self.process.is_none(), "it runs already");
        let mut command = self.around.program(project, conductor()?, &["sidecar", "--http", "off", "--data"]);
        command.arg(&self.data).arg("--socket").arg(self.socket()).args(&self.arguments);
        if self.has_key {
            command.env("CONDUCTOR_KEY", journal::KEY);
        }
        let mut process = Process::spawn("conductor sidecar", command)?;
        process.wait_for_line("ready")?;
        self.process = Some(process);
        Ok(())
    }

    /// SIGKILL.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&mut self) -> Result<()> {
        self.process.take().context("it does not run")?.kill()
    }

    /// The running process.
    ///
    /// # Errors
    /// When it does not run.
    pub fn process(&mut self) -> Result<&mut Process> {
        self.process.as_mut().context("it does not run")
    }

    /// Hands over the process, for a test that ends it in its own way.
    ///
    /// # Errors
    /// When it does not run.
    pub fn take(&mut self) -> Result<Process> {
        self.process.take().context("it does not run")
    }

    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.data.join("sidecar.sock")
    }

    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.data.join("journal.db")
    }

    /// # Errors
    /// When the request fails, or is answered with another status than 200.
    pub fn get(&self, path: &str) -> Result<Response> {
        let response = http::request(&self.socket(), "GET", path, None)?;
        ensure!(response.status == 200, "GET {path}: {response:?}");
        Ok(response)
    }

    /// # Errors
    /// When the request fails.
    pub fn post(&self, path: &str, body: &Value) -> Result<Response> {
        http::request(&self.socket(), "POST", path, Some(body))
    }

    /// Starts a run over HTTP. True when it was accepted with 202.
    ///
    /// # Errors
    /// When no answer comes.
    pub fn start_run(&self, workflow: &str, run: &str, input: &Value) -> Result<bool> {
        let path = format!("/v1/workflows/{workflow}/runs");
        Ok(self.post(&path, &json!({"input": input, "run_id": run}))?.status == 202)
    }

    /// Starts a run over HTTP as soon as an application has made its workflow known.
    ///
    /// # Errors
    /// When none does in time.
    pub fn accepts(&self, workflow: &str, run: &str, input: &Value) -> Result<()> {
        eventually(&format!("somebody who knows {workflow}"), || {
            Ok(self.start_run(workflow, run, input)?.then_some(()))
        })
    }

    /// The run as the API shows it.
    ///
    /// # Errors
    /// When there is no such run.
    pub fn run(&self, run: &str) -> Result<Value> {
        self.get(&format!("/v1/runs/{run}"))?.json()
    }

    /// Waits until the run is in one of `states` and returns it.
    ///
    /// # Errors
    /// When that does not come in time.
    pub fn run_in(&self, run: &str, states: &[&str]) -> Result<Value> {
        eventually(&format!("run {run} in {states:?}"), || {
            let path = format!("/v1/runs/{run}");
            let response = http::request(&self.socket(), "GET", &path, None)?;
            if response.status != 200 {
                return Ok(None);
            }
            let found = response.json()?;
            Ok(found["state"].as_str().is_some_and(|state| states.contains(&state)).then_some(found))
        })
    }

    /// The sum of a metric's samples.
    ///
    /// # Errors
    /// When there is no such metric.
    pub fn metric(&self, name: &str) -> Result<f64> {
        let text = self.get("/metrics")?.body;
        let samples: Vec<f64> = text.lines().filter_map(|line| sample(line, name)).collect();
        ensure!(!samples.is_empty(), "no metric {name} in\n{text}");
        Ok(samples.iter().sum())
    }

    /// The committed journal.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn journal(&self) -> Result<journal::Journal> {
        journal::read(&self.store())
    }
}

/// The value of `name` or `name{...}` on a line of the text format.
fn sample(line: &str, name: &str) -> Option<f64> {
    let rest = line.strip_prefix(name)?;
    let value = if rest.starts_with('{') { rest.rsplit_once("} ")?.1 } else { rest.strip_prefix(' ')? };
    value.trim().parse().ok()
}
