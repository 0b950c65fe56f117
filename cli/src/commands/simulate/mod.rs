//! `conductor simulate`: many runs of a workflow in virtual time, with drawn durations and failures.
//!
//! It reads arguments and files; `conductor_simulate` runs, `view` shows.

mod view;

use std::path::PathBuf;

use conductor_driver::Compiled;
use conductor_protocol::plan::Plan;
use conductor_simulate::study::{Arrivals, Change, Comparison, Profile, Study, apply, study};
use serde_json::{Map, Value, json};

use crate::compile::{Overlay, Which, compile};
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, inert};
use crate::profile;
use crate::project::Project;

/// More runs are not simulated at once.
const MOST_RUNS: u32 = 10_000_000;

/// Simulate many runs: durations, success, calls, queues
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A change is NAME.KEY=VALUE, where NAME is a task, a policy, a resource or a workflow:\n  \
                        charge.failure_rate=0.2   charge.p50=100ms   charge.timeout=2s   retry_default.retries=5\n  \
                        db.pool.max=20   checkout.concurrency=10   checkout.deadline=30s"
)]
pub struct Args {
    /// The workflow [default: the only entrypoint]
    #[arg(value_name = "WORKFLOW")]
    workflow: Option<String>,
    /// The manifest, or its folder [default: sought in this folder and upward]
    #[arg(short = 'f', long = "file", value_name = "PATH")]
    file: Option<PathBuf>,
    /// How many runs
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_RUNS)))]
    runs: u32,
    /// The same seed gives the same answer
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Runs come at random, so many a second on average, and share everything
    #[arg(long, value_name = "RATE", value_parser = rate, conflicts_with = "concurrent")]
    arrivals: Option<f64>,
    /// So many runs go on at any time, and share everything
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    concurrent: Option<u32>,
    /// Durations and failures of tasks, in YAML or JSON
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// Inputs of every run, as a JSON object; what is missing is made up by type
    #[arg(long, value_name = "JSON")]
    input: Option<String>,
    /// A change of the manifest or the profile
    #[arg(long = "set", value_name = "CHANGE", value_parser = Change::parse)]
    changes: Vec<Change>,
    /// A further change, in a second scenario beside the first
    #[arg(long = "compare", value_name = "CHANGE", value_parser = Change::parse)]
    compared: Vec<Change>,
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, help = "text or json")]
    pub format: Format,
}

fn rate(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix("/s").unwrap_or(text);
    let rate = number.parse().ok().filter(|rate: &f64| *rate >= 0.001 && *rate <= 1e6);
    rate.ok_or_else(|| format!("`{text}` is no rate between 0.001 and 1000000 a second"))
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let project = Project::find(args.file.as_deref())?;
    let mut checked = compile(&project, &Overlay::new())?;
    let Some(compiled) = checked.outcome.compiled.take() else {
        // A manifest with errors has no meaning to simulate.
        let text = || checked.findings(Which::Errors, output::coloured());
        checked.document(&project).print(args.format.into(), text);
        return Ok(Exit::Finding);
    };
    let mut plans = compiled.plans.clone();
    let mut asked = Study {
        workflow: chosen(args.workflow.as_deref(), &plans)?,
        runs: args.runs,
        seed: args.seed,
        arrivals: match (args.arrivals, args.concurrent) {
            (Some(rate), _) => Arrivals::PerSecond(rate),
            (None, Some(most)) => Arrivals::Concurrent(most),
            (None, None) => Arrivals::Alone,
        },
        input: args.input.as_deref().map_or_else(|| Ok(Map::new()), input)?,
        profile: args.profile.as_deref().map_or_else(|| Ok(Profile::default()), profile::of_file)?,
    };
    asked.profile.fit(&plans);
    change(&mut plans, &mut asked.profile, &compiled, &args.changes)?;
    let report = study(&plans, &asked);
    if args.compared.is_empty() {
        match args.format {
            Format::Json => output::print_json(&json!(report)),
            Format::Text => output::print(&view::report(&report, asked.arrivals)),
        }
        return Ok(Exit::Fine);
    }
    change(&mut plans, &mut asked.profile, &compiled, &args.compared)?;
    let compared = Comparison::of(report, study(&plans, &asked));
    match args.format {
        Format::Json => output::print_json(&json!(compared)),
        Format::Text => output::print(&view::comparison(&compared, asked.arrivals)),
    }
    Ok(Exit::Fine)
}

fn chosen(named: Option<&str>, plans: &[Plan]) -> Result<String, Failure> {
    let names = || plans.iter().map(|plan| plan.workflow.as_str()).collect::<Vec<_>>().join(", ");
    if let Some(name) = named {
        let known = plans.iter().any(|plan| plan.workflow == name);
        return known.then(|| name.to_owned()).ok_or_else(|| {
            Failure::usage(format!("there is no workflow `{name}`")).help(format!("there are: {}", names()))
        });
    }
    let entrypoints: Vec<&Plan> = plans.iter().filter(|plan| plan.entrypoint).collect();
    let candidates = if entrypoints.is_empty() { plans.iter().collect() } else { entrypoints };
    match candidates.as_slice() {
        [] => Err(Failure::usage("the manifest has no workflow")),
        [only] => Ok(only.workflow.clone()),
        _ => {
            Err(Failure::usage("which workflow is to be simulated?").help(format!("there are: {}", names())))
        }
    }
}

fn input(text: &str) -> Result<Map<String, Value>, Failure> {
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Failure::usage("--input is no JSON object")),
        Err(error) => Err(Failure::usage(format!("--input is not JSON: {error}"))),
    }
}

fn change(
    plans: &mut [Plan],
    profile: &mut Profile,
    compiled: &Compiled,
    changes: &[Change],
) -> Result<(), Failure> {
    for change in changes {
        apply(plans, profile, &compiled.policies, change)
            .map_err(|message| Failure::usage(inert(&message)))?;
    }
    Ok(())
}
