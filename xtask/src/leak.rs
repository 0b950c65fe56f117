//! `cargo xtask leak`: 100,000 runs in one process of each language, and what they leave there.
//!
//! It does not know what may be left: that stands in `tests/tests/leaks.rs`.

use anyhow::{Context, Result, bail};

use crate::setup;
use crate::suite::cargo;

const RUNS: &str = "100000";

const USAGE: &str = "usage: cargo xtask leak [--runs N] [--languages python,typescript,go]";

/// False when something is left.
pub fn run(arguments: &[String]) -> Result<bool> {
    setup::run()?;
    let mut command = cargo(&["test", "--release", "--workspace", "--test", "leaks", "--", "--nocapture"]);
    command.env("LEAK_RUNS", RUNS);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let value = words.next().with_context(|| format!("`{word}` needs a value; {USAGE}"))?;
        match word.as_str() {
            "--runs" => {
                value.parse::<u64>().context("--runs takes a whole number")?;
                command.env("LEAK_RUNS", value);
            }
            "--languages" => {
                command.env("LEAK_LANGUAGES", value);
            }
            _ => bail!("{USAGE}"),
        }
    }
    Ok(command.status().context("failed to start cargo")?.success())
}
