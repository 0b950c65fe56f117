//! `conductor plan`: what a build would change, and what becomes of the runs that it touches.
//!
//! It writes nothing and changes no run.

mod document;
mod previous;
mod runs;
mod text;

use std::collections::BTreeMap;
use std::path::PathBuf;

use conductor_budget::{FlowTiming, flows, timings};
use conductor_driver::Compiled;
use conductor_plan::{Waits, Whole, WorkflowChange, counts, diff, waits};
use conductor_protocol::plan::Plan;

use crate::commands::{blocking, check};
use crate::compile::{Overlay, Which, judge};
use crate::exit::{self, Exit, Failure};
use crate::live;
use crate::output::Format;
use crate::project::{ManifestArgs, Project};

/// Show what a build would change, and what becomes of running workflows
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    manifest: ManifestArgs,
    /// What to compare with: a manifest, a folder with one, or a `plans.json` [default: that of the last build]
    #[arg(long, value_name = "PATH")]
    against: Option<PathBuf>,
    /// Exit with 1 when a build would change something
    #[arg(long)]
    detailed_exitcode: bool,
    /// The sidecar whose runs are looked at [default: that of the project, if it runs]
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, help = "text or json")]
    pub format: Format,
}

/// Two sets of Plans side by side.
struct Comparison {
    /// Where the Plans before come from; `None` where there are none.
    against: Option<String>,
    before: Vec<Plan>,
    after: Vec<Plan>,
    changes: Vec<WorkflowChange>,
}

/// One side of a workflow.
struct Side<'a> {
    plan: &'a Plan,
    timing: FlowTiming<'a>,
    waits: Waits,
}

pub async fn run(args: Args) -> Result<Exit, Failure> {
    let project = args.manifest.find()?;
    let (here, against) = (project.clone(), args.against.clone());
    // For people no field of what is new is shown.
    let of_whole = if args.format == Format::Json { Whole::Spelt } else { Whole::Named };
    let (compilation, comparison) = blocking(move || compare(&here, against.as_deref(), of_whole)).await?;
    let mut document = compilation.document(&project);
    let (Some(comparison), Some(compiled)) = (&comparison, &compilation.outcome.compiled) else {
        document.print(args.format.into(), || check::report(&project, &compilation, Which::Errors));
        return Ok(Exit::Finding);
    };
    let runs = runs::touched(&project, args.socket.as_deref(), comparison).await?;
    let differences = live::differences(&project, args.socket.as_deref(), &comparison.after).await?;
    if args.format == Format::Json {
        document.more = document::keys(comparison, compiled, &runs);
        document.more.extend(live::keys(&differences));
    }
    let text = || text::report(&project, comparison, compiled, &runs) + &live::report(&differences);
    document.print(args.format.into(), text);
    let changes: usize = counts(&comparison.changes).iter().sum();
    exit::leave((comparison, compilation));
    Ok(if args.detailed_exitcode && changes > 0 { Exit::Finding } else { Exit::Fine })
}

type Compared = (crate::compile::Compilation, Option<Comparison>);

/// `None` where the manifest has errors.
fn compare(
    project: &Project,
    against: Option<&std::path::Path>,
    of_whole: Whole,
) -> Result<Compared, Failure> {
    // The Plans are what is compared: the code that a build would write of them is not needed.
    let mut compilation = judge(project, &Overlay::new())?;
    let Some(compiled) = &mut compilation.outcome.compiled else { return Ok((compilation, None)) };
    let previous = previous::plans(project, &compiled.outs, against)?;
    let after = std::mem::take(&mut compiled.plans);
    let changes = diff(&previous.plans, &after, of_whole);
    let comparison = Comparison { against: previous.origin, before: previous.plans, after, changes };
    Ok((compilation, Some(comparison)))
}

/// Each workflow of the Plans with its bounds, by its id.
fn sides(plans: &[Plan]) -> BTreeMap<&str, Side<'_>> {
    let bounds = timings(&flows(plans));
    let waits = conductor_parallel::map(plans.len(), plans, waits);
    let sides = plans.iter().zip(bounds).zip(waits);
    sides.map(|((plan, timing), waits)| (plan.workflow.as_str(), Side { plan, timing, waits })).collect()
}

/// What was bound without being written.
fn bindings(compiled: &Compiled) -> &[conductor_driver::Binding] {
    &compiled.bindings
}
