//! The commands, one file each.
//!
//! This list knows their names and arguments, not their work.

use crate::exit::{Exit, Failure};
use crate::findings::Format;

mod breaker;
mod build;
mod cancel;
mod check;
mod completions;
mod convert;
mod demo;
mod dev;
mod draft;
mod eval;
mod explain;
mod export;
mod fix;
mod fmt;
mod graph;
mod init;
mod lint;
mod mcp;
mod pin;
mod plan;
mod policy;
mod purge;
mod restart;
mod resume;
mod review;
mod run;
mod runs;
mod schedules;
pub mod show;
mod sidecar;
mod signal;
mod simulate;
mod token;
mod top;
mod ui;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Init(init::Args),
    Check(check::Args),
    Lint(lint::Args),
    Review(review::Args),
    Draft(draft::Args),
    Fix(fix::Args),
    Fmt(fmt::Args),
    Convert(convert::Args),
    Build(build::Args),
    Plan(plan::Args),
    Graph(graph::Args),
    Run(run::Args),
    Runs(runs::Args),
    Schedules(schedules::Args),
    Breaker(breaker::Args),
    Policy(policy::Args),
    Show(show::Args),
    Top(top::Args),
    Resume(resume::Args),
    Restart(restart::Args),
    Cancel(cancel::Args),
    Signal(signal::Args),
    Purge(purge::Args),
    Simulate(simulate::Args),
    Sidecar(sidecar::Args),
    Token(token::Args),
    Ui(ui::Args),
    Dev(dev::Args),
    Demo(demo::Args),
    Explain(explain::Args),
    Export(export::Args),
    Eval(eval::Args),
    Mcp(mcp::Args),
    Completions(completions::Args),
}

impl Command {
    pub async fn run(self) -> Result<Exit, Failure> {
        match self {
            Command::Init(args) => blocking(move || init::run(&args)).await,
            Command::Check(args) => check::run(args).await,
            Command::Lint(args) => lint::run(args).await,
            Command::Review(args) => review::run(args).await,
            Command::Draft(args) => blocking(move || draft::run(&args)).await,
            Command::Fix(args) => blocking(move || fix::run(&args)).await,
            Command::Fmt(args) => blocking(move || fmt::run(&args)).await,
            Command::Convert(args) => blocking(move || convert::run(&args)).await,
            Command::Build(args) => build::run(args).await,
            Command::Plan(args) => plan::run(args).await,
            Command::Graph(args) => blocking(move || graph::run(&args)).await,
            Command::Run(args) => run::run(args).await,
            Command::Runs(args) => runs::run(args).await,
            Command::Schedules(args) => schedules::run(args).await,
            Command::Breaker(args) => breaker::run(args).await,
            Command::Policy(args) => policy::run(args).await,
            Command::Show(args) => show::run(args).await,
            Command::Top(args) => top::run(args).await,
            Command::Resume(args) => resume::run(args).await,
            Command::Restart(args) => restart::run(args).await,
            Command::Cancel(args) => cancel::run(args).await,
            Command::Signal(args) => signal::run(args).await,
            Command::Purge(args) => purge::run(args).await,
            Command::Simulate(args) => blocking(move || simulate::run(&args)).await,
            Command::Sidecar(args) => sidecar::run(args).await,
            Command::Token(args) => token::run(&args),
            Command::Ui(args) => ui::run(args).await,
            Command::Dev(args) => dev::run(args).await,
            Command::Demo(args) => demo::run(args).await,
            Command::Eval(args) => blocking(move || eval::run(&args)).await,
            Command::Explain(args) => explain::run(&args),
            Command::Export(args) => export::run(args).await,
            Command::Mcp(args) => mcp::run(args).await,
            Command::Completions(args) => completions::run(&args),
        }
    }

    /// The format that was asked for, where the command has one.
    #[must_use]
    pub fn format(&self) -> Format {
        match self {
            Command::Check(args) => args.format,
            Command::Lint(args) => args.format,
            Command::Fix(args) => args.format,
            Command::Build(args) => args.format,
            Command::Init(args) => args.format.into(),
            Command::Draft(args) => args.format.into(),
            Command::Fmt(args) => args.format.into(),
            Command::Convert(args) => args.format.into(),
            Command::Plan(args) => args.format.into(),
            Command::Graph(args) => args.format.of_failures(),
            Command::Run(args) => args.format.into(),
            Command::Runs(args) => args.format.into(),
            Command::Schedules(args) => args.format.into(),
            Command::Breaker(args) => args.format.into(),
            Command::Policy(args) => args.format.into(),
            Command::Show(args) => args.format.into(),
            Command::Top(args) => args.format.into(),
            Command::Resume(args) => args.format.into(),
            Command::Restart(args) => args.format.into(),
            Command::Cancel(args) => args.format.into(),
            Command::Signal(args) => args.format.into(),
            Command::Purge(args) => args.format.into(),
            Command::Eval(args) => args.format.into(),
            Command::Explain(args) => args.format.into(),
            Command::Token(args) => args.format.into(),
            Command::Ui(args) => args.format.into(),
            Command::Simulate(args) => args.format.into(),
            Command::Review(_)
            | Command::Sidecar(_)
            | Command::Dev(_)
            | Command::Demo(_)
            | Command::Export(_)
            | Command::Mcp(_)
            | Command::Completions(_) => Format::Text,
        }
    }

    /// Whether the command has work to finish, or processes to end, when it is interrupted.
    #[must_use]
    pub fn stops_itself(&self) -> bool {
        matches!(self, Command::Sidecar(_) | Command::Dev(_) | Command::Demo(_))
    }
}

/// Work that keeps a thread busy, on a thread of its own, so that an interrupt is heard meanwhile.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(error) => Err(Failure::environment(format!("the work broke off: {error}"))),
    }
}
