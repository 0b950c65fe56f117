//! `conductor dev -- CMD`: builds, keeps a sidecar and the application running, and rebuilds when sources change.
//!
//! It knows neither how a build is made nor what the application does.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::process::Command;

use crate::address::Address;
use crate::commands::build;
use crate::exit::{Exit, Failure};
use crate::output::{self, CYAN, RESET};
use crate::processes::{self, Group};
use crate::project::{self, Project};
use crate::signals::{Interrupts, Stop};
use crate::telling;
use crate::watch::Watch;

const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);
/// A process that lived this long was well: the backoff begins anew.
const WELL_AFTER: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Build, start a sidecar, run the application, and keep all three going
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The manifest [default: sought in this folder and upward]
    #[arg(short = 'f', long = "file", value_name = "PATH")]
    file: Option<PathBuf>,
    /// The application
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

pub async fn run(args: Args) -> Result<Exit, Failure> {
    let mut interrupts = Interrupts::listen()?;
    let project = Project::find(args.file.as_deref())?;
    let socket = match std::env::var_os("CONDUCTOR_SOCKET").filter(|path| !path.is_empty()) {
        Some(path) => PathBuf::from(path),
        None => project.socket(),
    };
    let socket = project::check_socket_path(socket)?;
    let mut dev = Dev {
        project,
        socket,
        command: args.command,
        sidecar: Supervised::new("the sidecar"),
        application: Supervised::new("the application"),
        watch: Watch::default(),
        attached: false,
    };
    let (end, signal) = tokio::select! {
        end = dev.work() => (end, Signal::TERM),
        stop = interrupts.next() => (Ok(Exit::Interrupted), forwarded(stop)),
    };
    // The application first, so that it can tell the sidecar what it has done.
    tokio::select! {
        () = dev.application.stop(signal) => {}
        // A second one: no more patience. What is left of the application is killed with the future that is dropped.
        _ = interrupts.next() => {}
    }
    dev.sidecar.stop(Signal::TERM).await;
    end
}

struct Dev {
    project: Project,
    socket: PathBuf,
    command: Vec<OsString>,
    sidecar: Supervised,
    application: Supervised,
    watch: Watch,
    /// Whether the sidecar was running before, and is not ours to stop.
    attached: bool,
}

/// A process that shall run, and when it is to be started again if it does not.
struct Supervised {
    name: &'static str,
    group: Option<Group>,
    started: Instant,
    start_at: Instant,
    backoff: Duration,
}

impl Supervised {
    fn new(name: &'static str) -> Supervised {
        let now = Instant::now();
        Supervised { name, group: None, started: now, start_at: now, backoff: FIRST_BACKOFF }
    }

    fn runs(&mut self, group: Group) {
        self.started = Instant::now();
        self.group = Some(group);
    }

    /// The end of the process; never, where there is none.
    async fn ended(&mut self) -> std::io::Result<ExitStatus> {
        match &mut self.group {
            Some(group) => group.wait().await,
            None => std::future::pending().await,
        }
    }

    /// Puts the next start off, and says so.
    fn died(&mut self, how: &str) {
        self.group = None;
        if self.started.elapsed() >= WELL_AFTER {
            self.backoff = FIRST_BACKOFF;
        }
        self.start_at = Instant::now() + self.backoff;
        say(&format!(
            "{} ended with {how}; starting it again in {:.1} s",
            self.name,
            self.backoff.as_secs_f64()
        ));
        self.backoff = (self.backoff * 2).min(LONGEST_BACKOFF);
    }

    fn is_due(&self) -> bool {
        self.group.is_none() && Instant::now() >= self.start_at
    }

    async fn stop(&mut self, signal: Signal) {
        if let Some(mut group) = self.group.take() {
            group.stop(signal).await;
        }
    }
}

impl Dev {
    /// Until the application ends well.
    async fn work(&mut self) -> Result<Exit, Failure> {
        if !self.build().await? {
            return Ok(Exit::Finding);
        }
        self.attached = processes::is_ready(&self.socket).await;
        if self.attached {
            say(&format!("using the sidecar at {}", self.socket.display()));
        } else if Address::of(&self.socket).is_remote() {
            let away = format!("no sidecar answers at {}", self.socket.display());
            return Err(Failure::environment(away)
                .help("`conductor dev` starts one where CONDUCTOR_SOCKET is not set"));
        } else {
            self.start_sidecar().await?;
        }
        self.start_application()?;
        self.tell();
        let mut look = tokio::time::interval(LOOK_EVERY);
        loop {
            tokio::select! {
                status = self.application.ended() => match told(status) {
                    None => return Ok(Exit::Fine),
                    Some(how) => self.application.died(&how),
                },
                status = self.sidecar.ended() => {
                    let how = told(status).unwrap_or_else(|| "exit code 0".to_owned());
                    self.sidecar.died(&how);
                }
                _ = look.tick() => self.look().await?,
            }
        }
    }

    /// Starts what is due, and rebuilds what has changed.
    async fn look(&mut self) -> Result<(), Failure> {
        if self.attached && !processes::is_ready(&self.socket).await {
            say("the sidecar that was used is gone");
            self.attached = false;
        }
        let is_own = !Address::of(&self.socket).is_remote();
        if !self.attached && is_own && self.sidecar.is_due() {
            self.restart_sidecar().await;
        }
        if let Some(file) = self.watch.changed() {
            let shown = file.strip_prefix(&self.project.root).unwrap_or(&file).display().to_string();
            say(&format!("{} has changed; building again", output::inert(&shown)));
            if self.rebuild().await {
                self.application.stop(Signal::TERM).await;
                self.application.backoff = FIRST_BACKOFF;
                self.start_application()?;
                self.tell();
            } else {
                say("the application goes on as it was built before");
            }
        }
        if self.application.is_due() {
            self.start_application()?;
        }
        Ok(())
    }

    /// Shows the manifest on the sidecar, while the application begins.
    fn tell(&self) {
        let (project, socket) = (self.project.clone(), self.socket.clone());
        tokio::spawn(async move { telling::tell(&project, Some(&socket)).await });
    }

    /// Whether the manifest compiled. What was read is watched from here on either way.
    async fn build(&mut self) -> Result<bool, Failure> {
        let project = self.project.clone();
        let built = tokio::task::spawn_blocking(move || build::build(&project))
            .await
            .map_err(|error| Failure::environment(format!("the build broke off: {error}")))??;
        self.watch = Watch::new(built.compilation.read);
        let findings = if built.succeeded { String::new() } else { built.findings };
        say(&format!("{findings}{}", built.summary.trim_end()));
        Ok(built.succeeded)
    }

    /// As [`Dev::build`], but a failure is only told: an editor may be replacing the manifest this moment.
    async fn rebuild(&mut self) -> bool {
        self.build().await.unwrap_or_else(|failure| {
            say(&failure.message);
            false
        })
    }

    async fn start_sidecar(&mut self) -> Result<(), Failure> {
        let group = processes::spawn_sidecar(&self.project.state(), &self.socket, "off", Stdio::inherit())?;
        self.sidecar.runs(group);
        match &mut self.sidecar.group {
            Some(group) => processes::await_ready(group, &self.socket).await,
            None => Ok(()),
        }
    }

    /// As [`Dev::start_sidecar`], but a failure only puts it off.
    async fn restart_sidecar(&mut self) {
        if let Err(failure) = self.start_sidecar().await {
            self.sidecar.died(&failure.message);
        }
    }

    fn start_application(&mut self) -> Result<(), Failure> {
        let program = self.command[0].clone();
        let mut command = Command::new(&program);
        command.args(&self.command[1..]).env("CONDUCTOR_SOCKET", &self.socket).stdin(Stdio::null());
        let group = Group::spawn(command).map_err(|error| {
            Failure::environment(format!("failed to start {}: {error}", program.to_string_lossy()))
        })?;
        say(&format!("the application is process {}", group.id().unwrap_or(0)));
        self.application.runs(group);
        Ok(())
    }
}

fn forwarded(stop: Stop) -> Signal {
    match stop {
        Stop::Interrupt => Signal::INT,
        Stop::Terminate | Stop::Hangup => Signal::TERM,
    }
}

/// How a process ended; nothing where it ended well.
fn told(status: std::io::Result<ExitStatus>) -> Option<String> {
    match status {
        Ok(status) if status.success() => None,
        Ok(status) => Some(status.to_string().replace("exit status: ", "exit code ")),
        Err(error) => Some(error.to_string()),
    }
}

fn say(text: &str) {
    output::note(&format!("{CYAN}conductor:{RESET} {text}"));
}
