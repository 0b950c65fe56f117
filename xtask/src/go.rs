//! The stages that need Go: the runtime's own tests under the race detector, and its format and linters.
//!
//! It knows where Go code lies, not what it does.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::suite::{Suite, watch};
use crate::{root, setup};

/// Adds the Go stages.
pub fn stages(suite: &mut Suite) {
    suite.command("go test -race", runtime("go", &["test", "-race", "-v", "./..."]));
    suite.stage("gofmt", |_| formatted());
    suite.command("go vet", runtime("go", &["vet", "./..."]));
    suite.stage("staticcheck", |counter| {
        setup::run()?;
        let tool = root().join("target/go-tools/staticcheck");
        watch(runtime(&tool.to_string_lossy(), &["./..."]), counter)
    });
}

fn runtime(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root().join("runtimes/go"));
    command
}

/// `gofmt -l` lists what it would write otherwise, and succeeds all the same.
fn formatted() -> Result<()> {
    let output = runtime("gofmt", &["-l", "."]).stderr(Stdio::inherit()).output();
    let output = output.context("failed to start gofmt: install Go 1.24 or newer")?;
    let files = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success() && files.is_empty(), "gofmt would change {}", files.trim());
    Ok(())
}
