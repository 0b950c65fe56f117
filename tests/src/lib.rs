//! The harness of the tests with real processes.
//!
//! It uses the public interfaces only: the command line, the sockets, the store as a reader.

use std::path::{Path, PathBuf};

/// The checkout's folder.
#[must_use]
pub fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}
