//! `conductor completions SHELL`: a completion script.

use clap_complete::Shell;

use crate::exit::{Exit, Failure};
use crate::output;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(value_enum)]
    shell: Shell,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::definition(), "conductor", &mut script);
    output::print(&String::from_utf8_lossy(&script));
    Ok(Exit::Fine)
}
