//! `conductor export`: what other programs want to know of manifests.

mod alerts;
mod grafana;
mod observed;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::compile::{Overlay, Which, compile};
use crate::exit::{Exit, Failure};
use crate::project::ManifestArgs;
use crate::{disk, output, profile, project, signals};
pub(super) use observed::Observed;

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
    /// The HTTP API of the sidecar as an OpenAPI document
    Openapi {
        /// Write to this file [default: standard output]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// A dashboard of Grafana for this manifest
    Grafana {
        #[command(flatten)]
        manifest: ManifestArgs,
        /// Write to this file [default: standard output]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Rules of Prometheus for this manifest: alerts, and what they are computed from
    Alerts {
        #[command(flatten)]
        manifest: ManifestArgs,
        /// The share of runs that are to succeed, in percent
        #[arg(long, default_value = "99", value_parser = percent, value_name = "PERCENT")]
        objective: f64,
        /// Write to this file [default: standard output]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// What the runs of a sidecar have shown, for `lint --from` and `simulate --profile`
    Profile {
        /// The URL or the socket of the sidecar [default: the socket of the project]
        #[arg(long, value_name = "SOURCE")]
        from: Option<String>,
        /// Write to this file [default: standard output]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

fn percent(given: &str) -> Result<f64, String> {
    let number = given.trim_end_matches('%').parse().ok();
    let fits = number.filter(|share: &f64| *share >= 50.0 && *share <= 99.999);
    fits.ok_or_else(|| "an objective is between 50 and 99.999 percent".to_owned())
}

pub async fn run(args: Args) -> Result<Exit, Failure> {
    match &args.what {
        What::Schema { output } => document(&conductor_driver::schema(), output.as_deref()),
        What::Openapi { output } => {
            let api: Value = serde_json::from_str(conductor_daemon::OPENAPI).unwrap_or_default();
            document(&api, output.as_deref())
        }
        What::Profile { from, output } => {
            let from = match from {
                Some(from) => from.clone(),
                None => project::find_socket(None)?.to_string_lossy().into_owned(),
            };
            document(&profile::told(&from).await?, output.as_deref())
        }
        What::Grafana { manifest, output } => told(manifest, output.as_deref(), dashboard_text),
        What::Alerts { manifest, objective, output } => {
            told(manifest, output.as_deref(), |seen| rules_text(seen, *objective))
        }
    }
}

fn document(document: &Value, output: Option<&Path>) -> Result<Exit, Failure> {
    match output {
        Some(path) => write(path, &(serde_json::to_string_pretty(document).unwrap_or_default() + "\n")),
        None => {
            output::print_json(document);
            Ok(Exit::Fine)
        }
    }
}

/// A dashboard of Grafana, as JSON.
pub(super) fn dashboard_text(seen: &Observed) -> String {
    serde_json::to_string_pretty(&grafana::dashboard(seen)).unwrap_or_default() + "\n"
}

/// Rules of Prometheus; the objective is in percent.
pub(super) fn rules_text(seen: &Observed, objective: f64) -> String {
    alerts::rules(seen, objective)
}

/// What is made of a manifest without errors.
fn told(
    manifest: &ManifestArgs,
    output: Option<&Path>,
    make: impl FnOnce(&Observed) -> String,
) -> Result<Exit, Failure> {
    let project = manifest.find()?;
    let compilation = compile(&project, &Overlay::new())?;
    let Some(compiled) = &compilation.outcome.compiled else {
        output::note(compilation.findings(Which::Errors, output::coloured()).trim_end());
        return Ok(Exit::Finding);
    };
    let text = make(&Observed::of_project(&project, &compiled.plans));
    match output {
        Some(path) => write(path, &text),
        None => {
            output::print(&text);
            Ok(Exit::Fine)
        }
    }
}

fn write(path: &Path, text: &str) -> Result<Exit, Failure> {
    let _whole = signals::writing();
    disk::sweep(path);
    disk::replace_file(path, text.as_bytes())?;
    Ok(Exit::Fine)
}
