//! `cargo xtask torture`: applications and sidecars under everything that can befall machines, for minutes.
//!
//! It does not know what befalls them, nor what is judged: that stands in `tests/tests/torture`.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};

use crate::setup;
use crate::suite::cargo;

const USAGE: &str = "usage: cargo xtask torture [--seed N] [--minutes M] [--only NAME]";

/// Runs the storms one after the other, each for the time given; false when a promise was broken.
pub fn run(arguments: &[String]) -> Result<bool> {
    setup::run()?;
    let mut command = cargo(&["test", "--workspace", "--test", "torture", "--"]);
    let drawn = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |elapsed| elapsed.subsec_nanos());
    command.env("TORTURE_SEED", drawn.to_string()).env("TORTURE_MINUTES", "10");
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let value = words.next().with_context(|| format!("`{word}` needs a value; {USAGE}"))?;
        let number = || value.parse::<u64>().with_context(|| format!("{word} takes a whole number"));
        match word.as_str() {
            "--seed" => {
                number()?;
                command.env("TORTURE_SEED", value);
            }
            "--minutes" => {
                number()?;
                command.env("TORTURE_MINUTES", value);
            }
            "--only" => {
                command.arg(value);
            }
            _ => bail!("{USAGE}"),
        }
    }
    command.args(["--include-ignored", "--nocapture", "--test-threads", "1"]);
    Ok(command.status().context("failed to start cargo")?.success())
}
