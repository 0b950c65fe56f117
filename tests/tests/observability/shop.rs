//! The project `observed` with a sidecar that answers on a port.

use std::path::Path;

use anyhow::{Context, Result};
use conductor_tests::http;
use conductor_tests::process::Process;
use conductor_tests::project::{Project, conductor};
use conductor_tests::servers::free_port;
use serde_json::Value;

pub struct Shop {
    pub project: Project,
    pub port: u16,
    variables: Vec<(&'static str, String)>,
    sidecar: Option<Process>,
}

impl Shop {
    /// `variables` are the sidecar's.
    pub fn open(variables: Vec<(&'static str, String)>) -> Result<Shop> {
        let project = Project::built("observed")?;
        Shop::of(project, variables)
    }

    pub fn of(project: Project, variables: Vec<(&'static str, String)>) -> Result<Shop> {
        let mut shop = Shop { project, port: free_port()?, variables, sidecar: None };
        shop.restart()?;
        Ok(shop)
    }

    pub fn restart(&mut self) -> Result<()> {
        let mut command = self.project.command(conductor()?, &["sidecar", "--http"]);
        command.arg(format!("127.0.0.1:{}", self.port));
        command.envs(self.variables.iter().map(|(name, value)| (*name, value)));
        let mut sidecar = Process::spawn("conductor sidecar", command)?;
        sidecar.wait_for_line("ready")?;
        self.sidecar = Some(sidecar);
        Ok(())
    }

    pub fn sidecar(&mut self) -> Result<Process> {
        self.sidecar.take().context("the sidecar was taken before")
    }

    /// Starts a run for each user.
    pub fn start(&self, users: &[&str]) -> Result<Process> {
        self.project.python(&[&["call.py"], users].concat(), &[])
    }

    /// Runs for each user, to their ends.
    pub fn serve(&self, users: &[&str]) -> Result<String> {
        Ok(self.start(users)?.wait()?.expect_code(0)?.stdout)
    }

    pub fn metrics(&self) -> Result<String> {
        Ok(http::request_at(self.port, "GET", "/metrics", None)?.body)
    }

    pub fn run(&self, run: &str) -> Result<Value> {
        http::request_at(self.port, "GET", &format!("/v1/runs/{run}"), None)?.json()
    }

    pub fn path(&self) -> &Path {
        self.project.path()
    }
}
