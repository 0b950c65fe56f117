//! A dependency that processes of all three languages call over HTTP, on one host or on several.
//!
//! It begins calls and breaks things; what must come of it is the tests' to say.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::TcpStream;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use conductor_tests::eventually;
use conductor_tests::process::Process;
use conductor_tests::project::Project;
use conductor_tests::servers::free_port;
use conductor_tests::servers::interpreter;
use conductor_tests::sidecar::Sidecar;
use serde_json::Value;

/// How long a breaker of the project stays open, in milliseconds.
pub(crate) const OPEN_FOR: u64 = 2000;

pub(crate) const LANGUAGES: [&str; 3] = ["python", "typescript", "go"];

pub(crate) struct Person {
    process: Process,
    language: &'static str,
}

pub(crate) struct Coast {
    pub(crate) project: Project,
    people: BTreeMap<&'static str, Person>,
    calls: RefCell<BTreeMap<&'static str, u32>>,
    station: Option<Process>,
    port: u16,
    relays: BTreeMap<u16, Process>,
}

impl Coast {
    pub(crate) fn new() -> Result<Coast> {
        let project = Project::built("dependency")?;
        project.go(&["build", "-mod=mod", "-o", "app.bin", "./app"])?;
        for folder in ["commands", "results"] {
            project.write(&format!("{folder}/.keep"), "")?;
        }
        let port = free_port()?;
        let (people, calls, relays) = (BTreeMap::new(), RefCell::default(), BTreeMap::new());
        let mut coast = Coast { project, people, calls, station: None, port, relays };
        coast.start_station()?;
        Ok(coast)
    }

    pub(crate) fn start_station(&mut self) -> Result<()> {
        let station = self.project.python(&["station.py", &self.port.to_string()], &[])?;
        self.station = Some(station);
        listens(self.port)
    }

    pub(crate) fn kill_station(&mut self) -> Result<()> {
        self.station.take().context("the station is down")?.kill()
    }

    /// A network of its own for one process: the port to call the station by.
    pub(crate) fn relay(&mut self, port: u16) -> Result<()> {
        let relay = self.project.python(&["relay.py", &port.to_string(), &self.port.to_string()], &[])?;
        self.relays.insert(port, relay);
        listens(port)
    }

    pub(crate) fn cut(&mut self, port: u16) -> Result<()> {
        self.relays.remove(&port).context("no such relay")?.kill()
    }

    /// A process on the host of the sidecar, which calls the station by that port, or its own.
    pub(crate) fn enter(
        &mut self,
        who: &'static str,
        language: &'static str,
        sidecar: &Sidecar,
        port: Option<u16>,
    ) -> Result<()> {
        let (program, file) = match language {
            "python" => (interpreter()?, Some("app.py")),
            "typescript" => (Path::new("node").to_path_buf(), Some("app.js")),
            _ => (self.project.path().join("app.bin"), None),
        };
        let arguments: Vec<&str> = file.into_iter().chain([who]).collect();
        let mut command = self.project.command(&program, &arguments);
        command.env("STATION", format!("http://127.0.0.1:{}", port.unwrap_or(self.port)));
        command.env("CONDUCTOR_SOCKET", sidecar.socket());
        let process = Process::spawn(who, command)?;
        self.people.insert(who, Person { process, language });
        ensure!(self.call(who)? == "fine", "{who} does not begin well");
        Ok(())
    }

    pub(crate) fn kill(&mut self, who: &str) -> Result<()> {
        self.people.remove(who).context("nobody of that name")?.process.kill()
    }

    pub(crate) fn said(&self, who: &str) -> String {
        self.people.get(who).map(|person| person.process.stderr()).unwrap_or_default()
    }

    /// Begins a call of the task with one breaker; its number. The city tells who it is where the station is asked.
    pub(crate) fn begin(&self, who: &'static str) -> Result<u32> {
        self.command(who, "look", who)
    }

    fn command(&self, who: &'static str, how: &str, city: &str) -> Result<u32> {
        let mut calls = self.calls.borrow_mut();
        let number = calls.entry(who).or_default();
        *number += 1;
        let language = self.people.get(who).context("nobody of that name")?.language;
        let name = format!("commands/{who}-{number}");
        self.project.write(&format!("{name}.new"), &format!("{how}_{language} {city}"))?;
        std::fs::rename(self.project.path().join(format!("{name}.new")), self.project.path().join(name))?;
        Ok(*number)
    }

    pub(crate) fn end(&self, who: &str, number: u32) -> Result<String> {
        eventually(&format!("the end of call {number} of {who}"), || {
            Ok(self.project.read(&format!("results/{who}-{number}")).ok())
        })
        .with_context(|| self.said(who))
    }

    pub(crate) fn call(&self, who: &'static str) -> Result<String> {
        let number = self.begin(who)?;
        self.end(who, number)
    }

    /// Calls the task that has a breaker for each city.
    pub(crate) fn call_for(&self, who: &'static str, city: &str) -> Result<String> {
        let number = self.command(who, "look_at", city)?;
        self.end(who, number)
    }

    /// Begins a call of the task that takes a permit of the host.
    pub(crate) fn begin_visit(&self, who: &'static str) -> Result<u32> {
        self.command(who, "visit", who)
    }

    pub(crate) fn visit(&self, who: &'static str) -> Result<String> {
        let number = self.begin_visit(who)?;
        self.end(who, number)
    }

    /// For whom the station was asked since the start, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.project.read("asked.log").unwrap_or_default().lines().map(str::to_owned).collect()
    }

    pub(crate) fn hangs(&self, hangs: bool) -> Result<()> {
        if hangs {
            return self.project.write("hangs", "");
        }
        Ok(std::fs::remove_file(self.project.path().join("hangs"))?)
    }
}

fn listens(port: u16) -> Result<()> {
    eventually("a port is listened on", || Ok(TcpStream::connect(("127.0.0.1", port)).ok())).map(drop)
}

/// Waits until the breaker is in that state for the sidecar.
pub(crate) fn breaker_is(sidecar: &Sidecar, id: &str, state: &str) -> Result<Value> {
    eventually(&format!("the breaker {id} {state}"), || {
        let view: Value = sidecar.get(&format!("/v1/breakers/{id}"))?.json()?;
        Ok((view["state"] == state).then_some(view))
    })
}
