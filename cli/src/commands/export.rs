//! `conductor export`: what other programs want to know of manifests.

use std::path::PathBuf;

use crate::exit::{Exit, Failure};
use crate::{disk, output, signals};

/// Export what other programs use
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// The JSON Schema of concurrency.yaml, for completion and hover in editors
    Schema {
        /// Write to this file [default: standard output]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let What::Schema { output } = &args.what;
    let schema = conductor_driver::schema();
    let Some(path) = output else {
        output::print_json(&schema);
        return Ok(Exit::Fine);
    };
    let text = serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n";
    let _whole = signals::writing();
    disk::sweep(path);
    disk::replace_file(path, text.as_bytes())?;
    Ok(Exit::Fine)
}
