//! The programs of tests that cargo built, run three at a time: each has stretches in which one long test, or a process that is
//! waited for, leaves processors idle.
//!
//! It knows how a program is run, not what it tests.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::count::Counter;
use crate::root;

const AT_A_TIME: usize = 3;

/// A program of tests.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Program {
    /// Tests of whole systems come first: they take longest.
    is_of_a_crate: bool,
    /// That of its package, in which it runs.
    folder: PathBuf,
    path: PathBuf,
}

impl Program {
    /// The one that a message of cargo's tells of, if it does.
    pub fn of(message: &Value) -> Option<Program> {
        let is_test = message["profile"]["test"] == true;
        let path = message["executable"].as_str().filter(|_| is_test)?;
        let folder = Path::new(message["manifest_path"].as_str()?).parent()?.to_owned();
        Some(Program { is_of_a_crate: folder != root().join("tests"), folder, path: path.into() })
    }

    /// What cargo would run, with `conductor` as the binary under test.
    fn command(&self, conductor: &Path) -> Command {
        let mut command = Command::new(&self.path);
        command.arg("--quiet").current_dir(&self.folder);
        command.env("CARGO_MANIFEST_DIR", &self.folder).env("CONDUCTOR_BINARY", conductor);
        command
    }

    /// What it said, and whether all of its tests passed.
    fn run(&self, conductor: &Path) -> Result<(String, bool)> {
        let (mut reader, writer) = std::io::pipe().context("failed to make a pipe")?;
        let mut command = self.command(conductor);
        command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
        let child = command.spawn();
        // It holds the writing ends; without this the pipe would never end.
        drop(command);
        let mut child = child.with_context(|| format!("failed to start {}", self.path.display()))?;
        let mut said = Vec::new();
        reader.read_to_end(&mut said).context("failed to read what tests say")?;
        let status = child.wait().context("failed to await tests")?;
        Ok((String::from_utf8_lossy(&said).into_owned(), status.success()))
    }
}

/// Runs all of them, failures or not, and shows what each said when it has ended.
pub fn run(programs: &[Program], conductor: &Path, counter: &mut Counter) -> Result<()> {
    ensure!(!programs.is_empty(), "cargo named no program of tests");
    let mut sorted = programs.to_vec();
    sorted.sort();
    let waiting = Mutex::new(sorted.iter());
    let (ended, outcomes) = mpsc::channel();
    let mut failed = Vec::new();
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            let (waiting, ended) = (&waiting, ended.clone());
            scope.spawn(move || {
                loop {
                    let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(program) = next else { return };
                    // Nobody stops to listen before all have ended.
                    let _ = ended.send((program, program.run(conductor)));
                }
            });
        }
        drop(ended);
        for (program, outcome) in outcomes {
            let name = program.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            println!("{name}");
            let passed = match outcome {
                Ok((said, passed)) => {
                    print!("{said}");
                    said.lines().for_each(|line| counter.line(line.trim_end()));
                    passed
                }
                Err(error) => {
                    println!("{error:#}");
                    false
                }
            };
            if !passed {
                failed.push(name);
            }
        }
    });
    ensure!(failed.is_empty(), "tests failed: {}", failed.join(", "));
    Ok(())
}
