//! `cargo xtask conformance`: the cases and random workflows in every language beside the reference interpreter.
//!
//! It does not know what is compared: that stands in `tests/tests/conformance`.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};

use crate::setup;
use crate::suite::cargo;

const USAGE: &str =
    "usage: cargo xtask conformance [--seed N] [--count N] [--languages python,typescript,go] [--only NAME]";

/// Runs all of it, or the tests whose name holds what `--only` says; false when something differs.
pub fn run(arguments: &[String]) -> Result<bool> {
    setup::run()?;
    let mut command = cargo(&["test", "--workspace", "--test", "conformance", "--"]);
    let drawn = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |elapsed| elapsed.subsec_nanos());
    seeded(&mut command, &drawn.to_string());
    command.env("CONFORMANCE_COUNT", "100");
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let value = words.next().with_context(|| format!("`{word}` needs a value; {USAGE}"))?;
        let number = || value.parse::<u64>().with_context(|| format!("{word} takes a whole number"));
        match word.as_str() {
            "--seed" => {
                number()?;
                seeded(&mut command, value);
            }
            "--count" => {
                number()?;
                command.env("CONFORMANCE_COUNT", value);
            }
            "--languages" => {
                command.env("CONFORMANCE_LANGUAGES", value);
            }
            "--only" => {
                command.arg(value);
            }
            _ => bail!("{USAGE}"),
        }
    }
    // One after the other: what is measured in milliseconds wants the machine for itself.
    command.args(["--nocapture", "--test-threads", "1"]);
    Ok(command.status().context("failed to start cargo")?.success())
}

fn seeded(command: &mut Command, seed: &str) {
    for variable in ["CONFORMANCE_SEED", "CONFORMANCE_DIRECT_SEED", "CONFORMANCE_DEATH_SEED"] {
        command.env(variable, seed);
    }
}
