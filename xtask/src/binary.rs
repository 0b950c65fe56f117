//! The `conductor` binary that stages and measurements run.
//!
//! It knows how it is built, not what it is for.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::suite::cargo;

/// Builds the binary with the features of the whole workspace, as `cargo test` builds it.
pub fn conductor(profile: &[&str]) -> Result<PathBuf> {
    let build = ["build", "--quiet", "--workspace", "--bin", "conductor", "--message-format", "json"];
    let output = cargo(&build).args(profile).output().context("failed to start cargo")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the build of conductor ended with {}\n{said}", output.status);
    let text = String::from_utf8_lossy(&output.stdout);
    let mut messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let executable = messages.find_map(|message| message["executable"].as_str().map(PathBuf::from));
    executable.context("cargo named no executable")
}
