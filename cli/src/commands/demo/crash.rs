//! The processes of the demo: started, watched until payments are in flight, killed with SIGKILL, started again.
//!
//! It does not know the manifest, and judges nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::process::Command;

use super::shop::{Progress, Shop};
use crate::client::Client;
use crate::exit::Failure;
use crate::output;
use crate::processes::{self, Group};
use crate::view::{self, Run, Runs};

pub const ORDERS: usize = 50;
/// The crash comes when so many orders are done, and so many payments are on their way; some of these must have taken
/// the money already, so that asking again without a key would take it twice.
const DONE_AT_CRASH: u32 = 12;
const CHARGING_AT_CRASH: u32 = 4;
const TAKEN_AT_CRASH: u32 = 1;
const LOOK_EVERY: Duration = Duration::from_millis(3);
const ALL_DONE_WITHIN: Duration = Duration::from_secs(90);

pub struct Crash {
    data: PathBuf,
    socket: PathBuf,
    log: PathBuf,
    /// Where the sidecar listens for browsers.
    http: &'static str,
    sidecar: Option<Group>,
    application: Option<Group>,
}

impl Crash {
    #[must_use]
    pub fn new(folder: &Path, serves: bool) -> Crash {
        let data = folder.join(".conductor");
        let socket = data.join("sidecar.sock");
        let http = if serves { "127.0.0.1:0" } else { "off" };
        Crash { data, socket, log: folder.join("demo.log"), http, sidecar: None, application: None }
    }

    /// The sidecar's process id.
    pub async fn start_sidecar(&mut self) -> Result<u32, Failure> {
        let mut group = processes::spawn_sidecar(&self.data, &self.socket, self.http, self.log()?.into())?;
        let ready = processes::await_ready(&mut group, &self.socket).await;
        let id = group.id().unwrap_or(0);
        self.sidecar = Some(group);
        ready.map(|()| id)
    }

    /// The application's process id.
    pub fn start_application(&mut self, shop: &Shop) -> Result<u32, Failure> {
        let mut command = Command::new("python3");
        command.args(["app.py", "--orders", &ORDERS.to_string()]).current_dir(&shop.folder);
        command.env("SHOP_DB", shop.database()).env("CONDUCTOR_SOCKET", &self.socket);
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command.stdin(Stdio::null()).stdout(self.log()?).stderr(self.log()?);
        let group = Group::spawn(command)
            .map_err(|error| Failure::environment(format!("failed to start python3: {error}")))?;
        let id = group.id().unwrap_or(0);
        self.application = Some(group);
        Ok(id)
    }

    /// Waits for the moment, then kills the application and, right after it, the sidecar. Says how far the orders were.
    pub async fn strike(&mut self, shop: &Shop) -> Result<Progress, Failure> {
        let begun = Instant::now();
        let moment = loop {
            if let Some(progress) = shop.progress() {
                show(progress);
                let enough = progress.done >= DONE_AT_CRASH && progress.charging >= CHARGING_AT_CRASH;
                if enough && shop.taken_in_flight() >= TAKEN_AT_CRASH {
                    break progress;
                }
            }
            let ended = tokio::time::timeout(LOOK_EVERY, wait(&mut self.application)).await;
            if ended.is_ok() || begun.elapsed() > ALL_DONE_WITHIN {
                return Err(Failure::environment("the application ended before payments were in flight"));
            }
        };
        for group in [&mut self.application, &mut self.sidecar] {
            if let Some(mut group) = group.take() {
                group.kill().await;
            }
        }
        Ok(moment)
    }

    /// Waits until the application has ended by itself.
    pub async fn finish(&mut self, shop: &Shop) -> Result<(), Failure> {
        let begun = Instant::now();
        while begun.elapsed() < ALL_DONE_WITHIN {
            if let Some(progress) = shop.progress() {
                show(progress);
            }
            let every = Duration::from_millis(50);
            if let Ok(status) = tokio::time::timeout(every, wait(&mut self.application)).await {
                self.application = None;
                return match status {
                    Ok(status) if status.success() => Ok(()),
                    Ok(status) => Err(Failure::environment(format!("the application ended with {status}"))),
                    Err(error) => Err(Failure::environment(format!("the application is lost: {error}"))),
                };
            }
        }
        Err(Failure::environment("the orders did not end in time"))
    }

    /// Every run that the sidecar knows, with its steps.
    pub async fn runs(&self) -> Result<BTreeMap<String, Run>, Failure> {
        let client = Client::new(self.socket.clone());
        let answer = client.get(&format!("/v1/runs?limit={}", ORDERS * 2)).await?;
        let listed: Runs = view::parse(&client, view::expect_ok(&client, answer)?)?;
        let mut runs = BTreeMap::new();
        for run in listed.runs {
            let answer = client.get(&format!("/v1/runs/{}", view::url_encoded(&run.id))).await?;
            let run: Run = view::parse(&client, view::expect_ok(&client, answer)?)?;
            runs.insert(run.id.clone(), run);
        }
        Ok(runs)
    }

    /// Where the sidecar that runs now serves its pages.
    pub fn address(&self) -> Result<String, Failure> {
        let text =
            std::fs::read_to_string(&self.log).map_err(|error| Failure::io("read", &self.log, &error))?;
        let said = text.lines().rev().find_map(|line| line.split_once("listens on http://"));
        let (_, address) =
            said.ok_or_else(|| Failure::environment("the sidecar did not say where it listens"))?;
        Ok(format!("http://{address}/"))
    }

    pub async fn stop(&mut self) {
        for group in [&mut self.application, &mut self.sidecar] {
            if let Some(mut group) = group.take() {
                group.stop(Signal::TERM).await;
            }
        }
    }

    fn log(&self) -> Result<File, Failure> {
        let opened = OpenOptions::new().create(true).append(true).open(&self.log);
        opened.map_err(|error| Failure::io("write", &self.log, &error))
    }

    /// The last that application and sidecar had to say.
    #[must_use]
    pub fn last_words(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        output::inert(&lines[lines.len().saturating_sub(30)..].join("\n"))
    }
}

/// Run and step of everything that is recorded as finished.
#[must_use]
pub fn finished_steps(runs: &BTreeMap<String, Run>) -> BTreeSet<(String, String)> {
    let steps = runs.values().flat_map(|run| run.steps.iter().map(move |step| (run, step)));
    let finished = steps.filter(|(_, step)| matches!(step.state.as_str(), "succeeded" | "tolerated"));
    finished.map(|(run, step)| (run.id.clone(), step.key.clone())).collect()
}

async fn wait(group: &mut Option<Group>) -> std::io::Result<std::process::ExitStatus> {
    match group {
        Some(group) => group.wait().await,
        None => std::future::pending().await,
    }
}

/// Overwrites one line of the terminal.
fn show(Progress { done, charging }: Progress) {
    if output::watched() {
        output::redraw(&format!("   {done:>3} of {ORDERS} orders done, {charging} payments in flight"));
    }
}
