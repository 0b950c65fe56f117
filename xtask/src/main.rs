//! The project's own errands: `cargo xtask setup`, `cargo xtask test`, `cargo xtask bench`.
//!
//! It knows which tools prove what, in which order; it does not know what any test is about.

mod count;
mod python;
mod setup;
mod suite;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  setup   make target/venv with the pinned Python tools (quick when it is up to date)
  test    everything that CI runs; ends with `N passed, N failed`
  bench   measure a durable run against a hand-written rival on sqlite3
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.first().map(String::as_str) {
        Some("setup") if arguments.len() == 1 => setup::run().map(|_| true),
        Some("test") if arguments.len() == 1 => suite::run(),
        Some("bench") => python::bench(&arguments[1..]),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::from(3)
        }
    }
}

/// The checkout's folder.
fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_path_buf()
}
