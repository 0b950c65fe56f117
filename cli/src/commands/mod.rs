//! The commands, one file each.
//!
//! This list knows their names and arguments, not their work.

use crate::exit::{Exit, Failure};
use crate::output::Format;

mod cancel;
mod completions;
mod explain;
mod run;
mod runs;
mod show;
mod sidecar;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Run(run::Args),
    Runs(runs::Args),
    Show(show::Args),
    Cancel(cancel::Args),
    Sidecar(sidecar::Args),
    Explain(explain::Args),
    Completions(completions::Args),
}

impl Command {
    pub async fn run(self) -> Result<Exit, Failure> {
        match self {
            Command::Run(args) => run::run(args).await,
            Command::Runs(args) => runs::run(args).await,
            Command::Show(args) => show::run(args).await,
            Command::Cancel(args) => cancel::run(args).await,
            Command::Sidecar(args) => sidecar::run(args).await,
            Command::Explain(args) => explain::run(&args),
            Command::Completions(args) => completions::run(&args),
        }
    }

    /// The format that was asked for, where the command has one.
    #[must_use]
    pub fn format(&self) -> Format {
        match self {
            Command::Run(args) => args.format,
            Command::Runs(args) => args.format,
            Command::Show(args) => args.format,
            Command::Cancel(args) => args.format,
            Command::Explain(args) => args.format,
            Command::Sidecar(_) | Command::Completions(_) => Format::Text,
        }
    }

    /// Whether the command has work to finish, or processes to end, when it is interrupted.
    #[must_use]
    pub fn stops_itself(&self) -> bool {
        matches!(self, Command::Sidecar(_))
    }
}
