//! The project's own errands: `cargo xtask setup`, `test`, `bench`, `agreement`, `conformance`, `leak`, `torture`,
//! `drafts`, `counts` and `fuzz`.
//!
//! It knows which tools prove what, in which order; it does not know what any test is about.

mod agreement;
mod binary;
mod conformance;
mod count;
mod counts;
mod drafts;
mod fuzz;
mod go;
mod leak;
mod node;
mod programs;
mod python;
mod setup;
mod suite;
mod torture;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  setup   make target/venv, target/node and target/go-tools with the pinned tools (quick when up to date)
  test    everything that CI runs; ends with `N passed, N failed`
  bench   measure against rivals: `bench run` (durable runs), `bench size`, `bench speed` and `bench telemetry` (the sidecar),
          `bench compile`, `bench introspect`, `bench advice`, `bench direct` and `bench python` (generated code without durability), `bench rivals`
          (other engines, into docs/benchmarks.md; `bench --quick` is a short one), or all of them
  agreement
          compare signatures with an independent reading of real code bases: `--seed N --count N --only NAME`
  conformance
          run cases and random workflows in every language: `--seed N --count N --languages L,L --only TEST`
  leak    make 100,000 runs in one process of each language and say what is left: `--runs N --languages L,L`
  torture kill, stop, cut off and starve applications and sidecars, for `--minutes M` on one machine (10 by default) and as
          many on two, then judge what is left: `--seed N --only TEST`
  drafts  say how many instructions of the corpus are read rightly, offline and with models (of a part that is spread over it):
          `--count N --model NAME --endpoint URL`
  counts  count the instructions of the compiler, the journal and the protocol's codec, and compare them with the record:
          `--bless` writes it anew
  fuzz    try to make the compiler fall, for `--minutes N` (60 by default)
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.first().map(String::as_str) {
        Some("setup") if arguments.len() == 1 => setup::run().map(|_| true),
        Some("test") if arguments.len() == 1 => suite::run(),
        Some("bench") => python::bench(&arguments[1..]),
        Some("agreement") => agreement::run(&arguments[1..]),
        Some("conformance") => conformance::run(&arguments[1..]),
        Some("leak") => leak::run(&arguments[1..]),
        Some("torture") => torture::run(&arguments[1..]),
        Some("counts") => counts::run(&arguments[1..]),
        Some("fuzz") => fuzz::run(&arguments[1..]),
        Some("drafts") => drafts::run(&arguments[1..]),
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
