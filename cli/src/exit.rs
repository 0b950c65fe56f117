//! How a command ends: the exit codes, which are an interface, and the failures that lead to them.
//!
//! It does not know what any command does.

use std::fmt;
use std::path::Path;

/// The meaning of an exit code. 101 is a panic: a bug of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Fine,
    /// Errors in a manifest, a stale build, a case that does not pass.
    Finding,
    Usage,
    /// No file, no sidecar, no session to run on, a port in use.
    Environment,
    /// The run failed, was cancelled or is paused.
    RunFailed,
    /// The run has not ended yet.
    Waiting,
    Interrupted,
}

impl Exit {
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Exit::Fine => 0,
            Exit::Finding => 1,
            Exit::Usage => 2,
            Exit::Environment => 3,
            Exit::RunFailed => 4,
            Exit::Waiting => 5,
            Exit::Interrupted => 130,
        }
    }

    /// The word for it in JSON output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Exit::Fine => "fine",
            Exit::Finding => "finding",
            Exit::Usage => "usage",
            Exit::Environment => "environment",
            Exit::RunFailed => "run_failed",
            Exit::Waiting => "waiting",
            Exit::Interrupted => "interrupted",
        }
    }
}

/// Leaves to the system what a command holds as it ends: to take hundreds of thousands of values apart, for the process to
/// end then, takes longer than the end.
pub fn leave<T>(held: T) {
    std::mem::forget(held);
}

/// A command that could not do its work: what is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub exit: Exit,
    /// Lower case, no full stop.
    pub message: String,
    pub help: Option<String>,
}

impl Failure {
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure { exit: Exit::Usage, message: message.into(), help: None }
    }

    #[must_use]
    pub fn environment(message: impl Into<String>) -> Failure {
        Failure { exit: Exit::Environment, message: message.into(), help: None }
    }

    /// `path` could not be read or written.
    #[must_use]
    pub fn io(doing: &str, path: &Path, error: &std::io::Error) -> Failure {
        Failure::environment(format!("failed to {doing} {}: {}", path.display(), plain(error)))
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Failure {
        self.help = Some(help.into());
        self
    }
}

/// The error in the words of the operating system, without the number.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_lowercase(),
        None => text,
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
