//! The `conductor` binary that stages and measurements run.
//!
//! It knows how it is built, not what it is for.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::programs::Program;
use crate::suite::cargo;

/// What was built with the tests: the binary, for the stages after that, and their programs.
static WITH_TESTS: OnceLock<(PathBuf, Vec<Program>)> = OnceLock::new();

/// Builds all tests, and with them the binary, which no stage has to build once more.
pub fn build_with_tests() -> Result<()> {
    let messages = build(&["test", "--workspace", "--no-run"])?;
    let programs = messages.iter().filter_map(Program::of).collect();
    let binary = executable(&messages)?;
    WITH_TESTS.get_or_init(|| (binary, programs));
    Ok(())
}

/// The binary that was built with the tests, and their programs.
pub fn with_tests() -> Result<&'static (PathBuf, Vec<Program>)> {
    WITH_TESTS.get().context("the tests were not built")
}

/// The binary of a profile, with the features of the whole workspace.
pub fn conductor(profile: &[&str]) -> Result<PathBuf> {
    match WITH_TESTS.get().filter(|_| profile.is_empty()) {
        Some((built, _)) => Ok(built.clone()),
        None => executable(&build(&[&["build", "--workspace", "--bin", "conductor"], profile].concat())?),
    }
}

/// What cargo says of what it built.
fn build(arguments: &[&str]) -> Result<Vec<Value>> {
    let mut cargo = cargo(arguments);
    cargo.args(["--quiet", "--message-format", "json-render-diagnostics"]).stderr(Stdio::inherit());
    let output = cargo.output().context("failed to start cargo")?;
    ensure!(output.status.success(), "`cargo {}` ended with {}", arguments.join(" "), output.status);
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// The `conductor` binary among what was built.
fn executable(messages: &[Value]) -> Result<PathBuf> {
    let mut binaries = messages.iter().filter(|message| {
        let (target, profile) = (&message["target"], &message["profile"]);
        target["name"] == "conductor" && target["kind"][0] == "bin" && profile["test"] == false
    });
    let executable = binaries.find_map(|message| message["executable"].as_str().map(PathBuf::from));
    executable.context("cargo named no executable")
}
