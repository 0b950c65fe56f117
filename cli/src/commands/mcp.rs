//! `conductor mcp`: the commands as tools for coding agents.
//!
//! Each call runs this program with `--format json`, so that a tool answers what the command does.

use std::process::Stdio;

use conductor_mcp::{Document, Ran, Run};
use tokio::process::Command;

use crate::exit::{Exit, Failure};

/// Serve the commands to coding agents over standard input and output (Model Context Protocol)
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder in which commands run [default: this one]
    #[arg(long, value_name = "DIR")]
    root: Option<std::path::PathBuf>,
}

const DOCUMENTS: &[Document] = &[
    Document {
        uri: "conductor://schema",
        name: "JSON Schema of manifests",
        about: "keys and types of concurrency.yaml",
        mime: "application/schema+json",
        arguments: &["export", "schema"],
    },
    Document {
        uri: "conductor://codes",
        name: "Codes",
        about: "all diagnostics and rules with their titles; the tool `explain` has their pages",
        mime: "text/plain",
        arguments: &["explain"],
    },
    Document {
        uri: "conductor://graph",
        name: "The workflows as a drawing",
        about: "the workflows of the project's manifest, in Mermaid",
        mime: "text/vnd.mermaid",
        arguments: &["graph", "--format", "mermaid"],
    },
];

pub async fn run(args: Args) -> Result<Exit, Failure> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::environment(format!("failed to find this program: {error}")))?;
    let root = args.root.unwrap_or_else(|| ".".into());
    if !root.is_dir() {
        return Err(Failure::usage(format!("{} is no folder", root.display())));
    }
    let run: Run = Box::new(move |arguments| {
        let mut command = Command::new(&program);
        command.args(arguments).current_dir(&root).env("NO_COLOR", "1");
        command.stdin(Stdio::null()).kill_on_drop(true);
        Box::pin(async move {
            match command.output().await {
                Ok(output) => Ran {
                    code: output.status.code(),
                    stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
                    stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
                },
                Err(error) => Ran { code: None, stdout: String::new(), stderr: error.to_string() },
            }
        })
    });
    conductor_mcp::serve(env!("CARGO_PKG_VERSION"), DOCUMENTS.to_vec(), run)
        .await
        .map_err(|error| Failure::environment(format!("failed to serve: {error}")))?;
    Ok(Exit::Fine)
}
