//! The harness of the tests with real processes: projects, sidecars, applications, and a reader of the journal.
//!
//! It uses the public interfaces only: the command line, the sockets, the store as a reader.

pub mod application;
pub mod certificates;
pub mod checker;
pub mod http;
pub mod journal;
pub mod lab;
pub mod languages;
pub mod observability;
pub mod process;
pub mod project;
pub mod proxy;
pub mod random;
pub mod rpc;
pub mod servers;
pub mod service;
pub mod shared;
pub mod sidecar;
pub mod storm;
pub mod warehouse;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How long anything may take before a test gives up. Long, because two cores may be busy with other tests, and slow.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// The checkout's folder.
#[must_use]
pub fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}

/// Asks until there is an answer.
///
/// # Errors
/// When `ask` fails, or has nothing to say within [`PATIENCE`].
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        if start.elapsed() > PATIENCE {
            bail!("gave up waiting: {what}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
