//! The `conductor` binary that stages and measurements run.
//!
//! It knows how it is built, not what it is for.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::suite::cargo;

/// The one that was built with the tests, for the stages after that.
static WITH_TESTS: OnceLock<PathBuf> = OnceLock::new();

/// Builds all tests, and with them the binary, which no stage has to build once more.
pub fn build_with_tests() -> Result<()> {
    let binary = built(&["test", "--workspace", "--no-run"])?;
    WITH_TESTS.get_or_init(|| binary);
    Ok(())
}

pub fn with_tests() -> Option<&'static PathBuf> {
    WITH_TESTS.get()
}

/// The binary of a profile, with the features of the whole workspace.
pub fn conductor(profile: &[&str]) -> Result<PathBuf> {
    match WITH_TESTS.get().filter(|_| profile.is_empty()) {
        Some(built) => Ok(built.clone()),
        None => built(&[&["build", "--workspace", "--bin", "conductor"], profile].concat()),
    }
}

fn built(arguments: &[&str]) -> Result<PathBuf> {
    let mut cargo = cargo(arguments);
    cargo.args(["--quiet", "--message-format", "json-render-diagnostics"]).stderr(Stdio::inherit());
    let output = cargo.output().context("failed to start cargo")?;
    ensure!(output.status.success(), "`cargo {}` ended with {}", arguments.join(" "), output.status);
    let text = String::from_utf8_lossy(&output.stdout);
    let messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut binaries = messages.filter(|message| {
        let (target, profile) = (&message["target"], &message["profile"]);
        target["name"] == "conductor" && target["kind"][0] == "bin" && profile["test"] == false
    });
    let executable = binaries.find_map(|message| message["executable"].as_str().map(PathBuf::from));
    executable.context("cargo named no executable")
}
