//! Child processes in groups of their own, so that they end as a whole, and a sidecar among them.
//!
//! It does not know why they are started or what to do when they die.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

use crate::client::Client;
use crate::exit::Failure;

/// How long a process may take to end after it was asked to.
pub const GRACE: Duration = Duration::from_secs(10);

const READY_WITHIN: Duration = Duration::from_secs(15);
const READY_POLL: Duration = Duration::from_millis(20);

/// A child and its descendants. Dropped, all are killed.
pub struct Group {
    child: Child,
    id: Option<Pid>,
}

impl Group {
    pub fn spawn(mut command: Command) -> std::io::Result<Group> {
        let child = command.process_group(0).spawn()?;
        let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        Ok(Group { child, id })
    }

    /// The process id, until the end has been seen.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        if let Some(id) = self.id {
            // The group may have ended this moment.
            let _gone = kill_process_group(id, signal);
        }
    }

    /// Waits for the child's end, then ends what it left behind.
    pub async fn wait(&mut self) -> std::io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        self.signal(Signal::KILL);
        self.id = None;
        Ok(status)
    }

    /// Asks with `signal`, waits, and kills after [`GRACE`].
    pub async fn stop(&mut self, signal: Signal) {
        self.signal(signal);
        if tokio::time::timeout(GRACE, self.wait()).await.is_err() {
            self.kill().await;
        }
    }

    pub async fn kill(&mut self) {
        self.signal(Signal::KILL);
        let _reaped = self.wait().await;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// Starts this program as a sidecar that keeps its state in `data`, listens on `http`, and writes what it has to say to
/// `stderr`.
pub fn spawn_sidecar(data: &Path, socket: &Path, http: &str, stderr: Stdio) -> Result<Group, Failure> {
    let failed =
        |error: std::io::Error| Failure::environment(format!("failed to start the sidecar: {error}"));
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    command.arg("sidecar").arg("--data").arg(data).arg("--socket").arg(socket).args(["--http", http]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
    Group::spawn(command).map_err(failed)
}

/// Whether a sidecar answers at `socket` that it is ready.
pub async fn is_ready(socket: &Path) -> bool {
    let client = Client::new(socket.to_path_buf());
    matches!(client.get("/readyz").await, Ok(answer) if answer.status == 200)
}

/// Waits until the sidecar answers, or has died.
pub async fn await_ready(sidecar: &mut Group, socket: &Path) -> Result<(), Failure> {
    let begun = Instant::now();
    while begun.elapsed() < READY_WITHIN {
        if is_ready(socket).await {
            return Ok(());
        }
        tokio::select! {
            _ = sidecar.wait() => return Err(Failure::environment("the sidecar ended before it was ready")),
            () = tokio::time::sleep(READY_POLL) => {}
        }
    }
    Err(Failure::environment(format!("the sidecar was not ready within {} s", READY_WITHIN.as_secs())))
}
