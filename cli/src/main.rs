//! The `conductor` binary: arguments in, one command, an exit code out.
//!
//! It knows which command is which, and nothing of what they do.

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::exit::{Exit, Failure};
use crate::findings::Format;

mod address;
mod background;
mod client;
mod commands;
mod compile;
mod disk;
mod durations;
mod events;
mod exit;
mod fetch;
mod findings;
mod following;
mod footprint;
mod live;
mod model;
mod output;
mod overview;
mod pages;
mod processes;
mod profile;
mod project;
mod reflection;
mod screen;
mod signals;
mod telling;
mod timeline;
mod view;
mod watch;

/// The compiler runs on a thread of its own, where the system's allocator grows its heap a page at a time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Blocks may be nested 128 deep, and whoever walks a Plan goes down with them: in a debug build that takes some
/// megabytes. Of a thread's stack only what was once used takes memory.
const STACK: usize = 64 << 20;

#[derive(Parser)]
#[command(name = "conductor", version, about = "Concurrency as a manifest: checked, compiled, run, resumed.")]
#[command(
    after_help = "Exit codes: 0 fine, 1 a finding, 2 wrong usage, 3 the environment, 4 the run failed or is \
                        paused, 5 the run has not ended, 130 interrupted."
)]
struct Cli {
    #[command(subcommand)]
    command: commands::Command,
}

fn main() -> ExitCode {
    signals::report_bugs();
    match Cli::try_parse() {
        Ok(cli) => execute(cli.command),
        Err(error) => refuse(&error),
    }
}

fn execute(command: commands::Command) -> ExitCode {
    let format = command.format();
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).thread_stack_size(STACK).enable_all();
    let runtime = match builder.build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = Failure::environment(format!("failed to start: {error}"));
            output::report(&failure, format);
            return ExitCode::from(failure.exit.code());
        }
    };
    let exit = match runtime.block_on(signals::until_interrupted(command)) {
        Ok(Exit::Interrupted) => {
            output::report_interrupt(format);
            Exit::Interrupted
        }
        Ok(exit) => exit,
        Err(failure) => {
            output::report(&failure, format);
            failure.exit
        }
    };
    // The process ends now, and a blocking computation that was interrupted with it. To shut the runtime down would let go of threads
    // that are ending, whose stacks are too large to be kept: `pthread_detach` of glibc may look at one that is gone (bug 19951).
    std::mem::forget(runtime);
    ExitCode::from(exit.code())
}

/// Help and version as asked for; anything else is wrong usage, told to programs too where they asked.
fn refuse(error: &clap::Error) -> ExitCode {
    let format = asked_format();
    if error.use_stderr() && format != Format::Text {
        let rendered = error.to_string();
        let text = rendered.strip_prefix("error: ").unwrap_or(&rendered);
        let message = text.lines().next().unwrap_or_default().to_owned();
        output::report(&Failure::usage(message).help("see `conductor --help`"), format);
    } else {
        let _gone = error.print();
    }
    ExitCode::from(if error.use_stderr() { Exit::Usage } else { Exit::Fine }.code())
}

/// The format that the arguments, which could not be understood, ask for.
fn asked_format() -> Format {
    let arguments: Vec<String> =
        std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
    let inside = arguments.iter().find_map(|argument| argument.strip_prefix("--format="));
    let beside = arguments.windows(2).find(|pair| pair[0] == "--format").map(|pair| pair[1].as_str());
    inside.or(beside).and_then(Format::named).unwrap_or_default()
}

/// The definition of all commands, for completions.
fn definition() -> clap::Command {
    Cli::command()
}
