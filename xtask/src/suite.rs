//! The one test command: every stage in order, each timed, all of them run even after a failure.
//!
//! It knows how a stage is run and counted; what the Python stages do is in `python`.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::count::{Count, Counter};
use crate::{agreement, binary, go, node, programs, python, root, setup};

/// What a stage came to.
struct Report {
    name: &'static str,
    took: Duration,
    count: Count,
    failure: Option<String>,
}

/// Stages in order, with their reports.
pub struct Suite {
    reports: Vec<Report>,
}

/// In the whole suite clippy is the compiler, a warning is an error, and lints and tests cost one compilation.
static LINTED: AtomicBool = AtomicBool::new(false);

/// From here on clippy compiles for this process.
pub fn lint() {
    LINTED.store(true, Ordering::Relaxed);
}

/// Runs everything; false when anything failed.
pub fn run() -> Result<bool> {
    lint();
    let mut suite = Suite { reports: Vec::new() };
    suite.stage("setup", |_| setup::run().map(|_| ()));
    suite.command("fmt", cargo(&["fmt", "--all", "--check"]));
    suite.stage("clippy", |_| binary::build_with_tests());
    suite.stage("tests", |counter| {
        let (conductor, programs) = binary::with_tests()?;
        programs::run(programs, conductor, counter)
    });
    suite.command("doc tests", cargo(&["test", "--workspace", "--doc", "--quiet"]));
    python::stages(&mut suite);
    go::stages(&mut suite);
    node::stages(&mut suite);
    suite.stage("agreement", |_| agreement::stage());
    Ok(suite.summary())
}

impl Suite {
    /// Runs one stage. A stage that counts no tests of its own counts as one.
    pub fn stage(&mut self, name: &'static str, work: impl FnOnce(&mut Counter) -> Result<()>) {
        println!("── {name}");
        let start = Instant::now();
        let mut counter = Counter::default();
        let failure = work(&mut counter).err().map(|error| format!("{error:#}"));
        let mut count = counter.count;
        if failure.is_some() && count.failed == 0 {
            count.failed = 1;
        } else if count == Count::default() {
            count.passed = 1;
        }
        let report = Report { name, took: start.elapsed(), count, failure };
        println!("{}", report.line());
        self.reports.push(report);
    }

    /// A stage that is one command.
    pub fn command(&mut self, name: &'static str, command: Command) {
        self.stage(name, |counter| watch(command, counter));
    }

    /// Prints the verdict; true when everything passed.
    fn summary(&self) -> bool {
        println!("── summary");
        let mut total = Count::default();
        for report in &self.reports {
            println!("{}", report.line());
            if let Some(failure) = &report.failure {
                println!("   {failure}");
            }
            total += report.count;
        }
        println!("{} passed, {} failed", total.passed, total.failed);
        total.failed == 0
    }
}

impl Report {
    fn line(&self) -> String {
        let verdict = if self.failure.is_none() { "ok    " } else { "FAILED" };
        format!("{verdict} {:<24} {:>7.1} s", self.name, self.took.as_secs_f64())
    }
}

/// A cargo command in the checkout. The same profile and features everywhere, so that one build serves all stages.
pub fn cargo(arguments: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    // `ring` looks at what cargo tells this process, and would be built anew with all that is above it.
    for (name, _) in std::env::vars_os() {
        let is_told = |prefix| name.as_encoded_bytes().starts_with(prefix);
        if is_told(b"CARGO_PKG_") || is_told(b"CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    if LINTED.load(Ordering::Relaxed) {
        command.env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver").env("RUSTFLAGS", "-D warnings");
    }
    command
}

/// Runs a command to its end, showing and counting what it prints.
pub fn watch(mut command: Command, counter: &mut Counter) -> Result<()> {
    // unittest speaks on standard error and cargo on standard output: one pipe takes both, in order.
    let (reader, writer) = std::io::pipe().context("failed to make a pipe")?;
    let clone = writer.try_clone().context("failed to share a pipe")?;
    command.stdin(Stdio::null()).stdout(clone).stderr(writer);
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let shown = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let mut child = command.spawn().with_context(|| format!("failed to start `{shown}`"))?;
    // The command holds the writing ends; without this the pipe would never end.
    drop(command);
    for line in BufReader::new(reader).split(b'\n') {
        let line = line.context("failed to read the output of a stage")?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        counter.line(line.trim_end());
    }
    let status = child.wait().with_context(|| format!("failed to await `{shown}`"))?;
    anyhow::ensure!(status.success(), "`{shown}` ended with {status}");
    Ok(())
}
