//! `conductor demo`: the shop's manifest is mended, compiled and run; application and sidecar are killed and resumed.
//!
//! It does not trust what it shows: `verdict` compares the journal with the shop's database at the end.

use std::path::PathBuf;

use crate::exit::{Exit, Failure};
use crate::output;
use crate::signals::Interrupts;

mod crash;
mod shop;
mod stage;
mod story;
mod verdict;

/// Watch a shop survive the death of its application and of the sidecar
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Keep everything in this folder, which must be new or empty [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Leave the sidecar running at the end, with its web UI, until Ctrl-C
    #[arg(long)]
    serve: bool,
}

pub async fn run(args: Args) -> Result<Exit, Failure> {
    let mut interrupts = Interrupts::listen()?;
    let stage = stage::Stage::new(args.dir)?;
    let mut story = story::Story::new(&stage, args.serve)?;
    let mut end = tokio::select! {
        end = story.tell() => end,
        _ = interrupts.next() => Ok(Exit::Interrupted),
    };
    if args.serve && matches!(end, Ok(Exit::Fine | Exit::Finding)) {
        match story.invite() {
            Ok(()) => drop(interrupts.next().await),
            Err(failure) => end = Err(failure),
        }
    }
    if let Err(failure) = &end {
        output::note(&story.logs());
        output::note(&format!("the demo broke off: {}", output::inert(&failure.message)));
    }
    story.stop().await;
    end
}
