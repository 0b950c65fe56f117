//! `cargo xtask fuzz`: the fuzz targets of the compiler, for as long as is asked for.
//!
//! It does not know what a target does: those stand in `compiler/driver/tests/fuzz`.

use anyhow::{Context, Result, bail};

use crate::suite::cargo;

const DEFAULT_MINUTES: u64 = 60;

/// Runs every target at once, each for the whole time; false when one of them found something.
pub fn run(arguments: &[String]) -> Result<bool> {
    let minutes = match arguments {
        [] => DEFAULT_MINUTES,
        [flag, minutes] if flag == "--minutes" => {
            minutes.parse().with_context(|| format!("`{minutes}` is no number of minutes"))?
        }
        _ => bail!("usage: cargo xtask fuzz [--minutes N]"),
    };
    let mut command = cargo(&["test", "--workspace", "--test", "fuzz", "--", "--nocapture"]);
    command.env("CONDUCTOR_FUZZ_SECONDS", (minutes * 60).to_string());
    Ok(command.status().context("failed to start cargo")?.success())
}
