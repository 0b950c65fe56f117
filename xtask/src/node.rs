//! The stage that needs Node: the TypeScript runtime's own tests, its format and linters among them.
//!
//! It knows where the tests lie, not what they do.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::suite::{Suite, watch};
use crate::{root, setup};

/// Adds the Node stage.
pub fn stages(suite: &mut Suite) {
    suite.stage("node --test", |counter| {
        setup::run()?;
        watch(tests()?, counter)
    });
}

/// Each file by its name: versions of Node take a folder differently.
fn tests() -> Result<Command> {
    let folder = root().join("runtimes/typescript/tests");
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("failed to read {}", folder.display()))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".test.mjs") {
            files.push(path);
        }
    }
    files.sort();
    let mut command = Command::new("node");
    // Node takes a file at a time where there are two processors; most of them wait for processes.
    let options = ["--test", "--test-concurrency=3", "--test-reporter", "tap"];
    command.args(options).args(files).current_dir(folder);
    Ok(command)
}
