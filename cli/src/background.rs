//! A sidecar that goes on by itself: started once for all who want one at the same instant, by whoever comes first.
//!
//! It does not know what the sidecar does; which of several stays is decided by the lock of its folder.

use std::ffi::OsString;
use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};

use crate::exit::{Exit, Failure};
use crate::output;

/// How long it may take until one answers. Its store may have to be brought up to date.
const PATIENCE: Duration = Duration::from_secs(20);

/// Without a connection for so long it ends, where nothing else is said.
const IDLE: &str = "5m";

/// What a sidecar says once it serves, and where another one has the folder.
pub const READY: &str = "ready";
pub const TAKEN: &str = "taken";

/// A log of more bytes is begun anew.
const LOG_BYTES: u64 = 1 << 20;

/// Returns when a sidecar answers at the socket.
pub async fn start(data: &Path, socket: &Path) -> Result<Exit, Failure> {
    if answers(socket).await {
        return Ok(Exit::Fine);
    }
    let log = data.join("sidecar.log");
    let mut child = spawn(data, &log)?;
    match tokio::time::timeout(PATIENCE, ready(&mut child, socket)).await {
        Ok(true) => {
            output::note(&format!("conductor sidecar: listens on {}", socket.display()));
            Ok(Exit::Fine)
        }
        Ok(false) => Err(Failure::environment(format!("the sidecar did not start: {}", last_line(&log)))),
        Err(_) => Err(Failure::environment(format!(
            "the sidecar has not answered within {} s: see {}",
            PATIENCE.as_secs(),
            log.display()
        ))),
    }
}

/// Away from the terminal of whoever started it, and from what is sent to his processes.
pub fn detach() {
    // It fails for the leader of a group, which somebody made of it who knew what he did.
    let _leads_a_group = rustix::process::setsid();
}

fn spawn(data: &Path, log: &Path) -> Result<Child, Failure> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
        .map_err(|error| Failure::io("make", data, &error))?;
    let is_long = std::fs::metadata(log).is_ok_and(|meta| meta.len() > LOG_BYTES);
    let file =
        OpenOptions::new().create(true).append(!is_long).write(true).truncate(is_long).mode(0o600).open(log);
    let file = file.map_err(|error| Failure::io("open", log, &error))?;
    let own = std::env::current_exe()
        .map_err(|error| Failure::environment(format!("failed to find the program itself: {error}")))?;
    let mut arguments: Vec<OsString> =
        std::env::args_os().skip(1).filter(|argument| argument != "--background").collect();
    if !arguments.iter().any(|argument| argument.to_string_lossy().starts_with("--idle")) {
        arguments.extend(["--idle".into(), IDLE.into()]);
    }
    arguments.push("--detached".into());
    Command::new(&own)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(file)
        .spawn()
        .map_err(|error| Failure::io("start", &own, &error))
}

/// Whether the one that was started is ready, or another one that was faster is.
async fn ready(child: &mut Child, socket: &Path) -> bool {
    let Some(stdout) = child.stdout.take() else { return false };
    let mut lines = BufReader::new(stdout).lines();
    let mut is_taken = false;
    while let Ok(Some(line)) = lines.next_line().await {
        if line == READY {
            return true;
        }
        is_taken |= line == TAKEN;
    }
    // Its end is awaited so that it does not stay as a dead process.
    let _status = child.wait().await;
    // The one that has the lock may be on its way to its socket still, or on its way out.
    for _ in 0..if is_taken { 400 } else { 1 } {
        if answers(socket).await {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    false
}

async fn answers(socket: &Path) -> bool {
    UnixStream::connect(socket).await.is_ok()
}

fn last_line(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let line = text.lines().rev().find(|line| line.starts_with("error:")).or_else(|| text.lines().last());
    line.map_or_else(|| "it said nothing".to_owned(), |line| line.trim_start_matches("error: ").to_owned())
}
