//! Ctrl-C, SIGTERM and panics: how a command is stopped without leaving anything half done.
//!
//! It does not know what has to be cleaned up: a command does that where it is dropped.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::commands::Command;
use crate::exit::{Exit, Failure};

/// Held while files are being replaced, so that an interrupt waits the moment until they are whole.
static WRITING: Mutex<()> = Mutex::new(());

/// Puts off an interrupt until the guard is dropped.
pub fn writing() -> MutexGuard<'static, ()> {
    WRITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// SIGINT, SIGTERM and the closing of the terminal, in the order in which they come.
pub struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
    /// None under `nohup`.
    hangup: Option<Signal>,
}

/// Which signal it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    Interrupt,
    Terminate,
    Hangup,
}

impl Interrupts {
    pub fn listen() -> Result<Interrupts, Failure> {
        let failed =
            |error: std::io::Error| Failure::environment(format!("failed to watch for signals: {error}"));
        Ok(Interrupts {
            interrupt: signal(SignalKind::interrupt()).map_err(failed)?,
            terminate: signal(SignalKind::terminate()).map_err(failed)?,
            hangup: if ignores_hangup() { None } else { Some(signal(SignalKind::hangup()).map_err(failed)?) },
        })
    }

    pub async fn next(&mut self) -> Stop {
        tokio::select! {
            _ = self.interrupt.recv() => Stop::Interrupt,
            _ = self.terminate.recv() => Stop::Terminate,
            () = hung_up(&mut self.hangup) => Stop::Hangup,
        }
    }
}

async fn hung_up(hangup: &mut Option<Signal>) {
    match hangup {
        Some(hangup) => {
            hangup.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// Whether whoever started this process wants it to outlive the terminal. To listen would undo that.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

/// Runs a command until it ends or is interrupted. Commands with children stop them by themselves.
pub async fn until_interrupted(command: Command) -> Result<Exit, Failure> {
    if command.stops_itself() {
        return command.run().await;
    }
    let mut interrupts = Interrupts::listen()?;
    tokio::select! {
        result = command.run() => result,
        _ = interrupts.next() => {
            drop(writing());
            Ok(Exit::Interrupted)
        }
    }
}

/// A panic is a bug of ours, and says so.
pub fn report_bugs() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        default(panic);
        eprintln!(
            "this is a bug in conductor {}: please report it with the command line and the text above",
            env!("CARGO_PKG_VERSION")
        );
    }));
}
