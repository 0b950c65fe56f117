//! `conductor check`: what is wrong with the manifest, and with how it fits the code.

use std::path::PathBuf;

use crate::commands::{blocking, fix};
use crate::compile::{Compilation, Overlay, Which, judge, judge_anew};
use crate::exit::{self, Exit, Failure};
use crate::findings::Format;
use crate::live;
use crate::output;
use crate::project::{ManifestArgs, Project};

/// Check a manifest against the code it names
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    manifest: ManifestArgs,
    /// Ask servers anew, and show what has changed since `conductor.lock` was written
    #[arg(long)]
    refresh: bool,
    /// The sidecar whose live numbers are compared [default: that of the project, if it runs]
    #[arg(long, value_name = "PATH|tls://HOST:PORT")]
    socket: Option<PathBuf>,
    #[arg(
        long,
        value_enum,
        default_value_t,
        hide_possible_values = true,
        help = "text, json, sarif or github"
    )]
    pub format: Format,
}

pub async fn run(args: Args) -> Result<Exit, Failure> {
    let project = args.manifest.find()?;
    let (here, refresh) = (project.clone(), args.refresh);
    let judged = move || if refresh { judge_anew(&here) } else { judge(&here, &Overlay::new()) };
    let checked = blocking(judged).await?;
    let plans = checked.outcome.compiled.as_ref().map_or(&[][..], |compiled| &compiled.plans);
    let differences = live::differences(&project, args.socket.as_deref(), plans).await?;
    let mut document = checked.document(&project);
    document.more.extend(live::keys(&differences));
    let text = || report(&project, &checked, Which::All) + &live::report(&differences);
    document.print(args.format, text);
    let is_fine = checked.errors() == 0 && !checked.has_changed();
    exit::leave(checked);
    Ok(if is_fine { Exit::Fine } else { Exit::Finding })
}

/// Findings, and a last line that counts all and says what helps.
#[must_use]
pub fn report(project: &Project, checked: &Compilation, which: Which) -> String {
    let hint = match fix::safe_fixes(checked) {
        0 => String::new(),
        1 => "; `conductor fix` mends one of them".to_owned(),
        count => format!("; `conductor fix` mends {count} of them"),
    };
    let findings = checked.findings(which, output::coloured());
    format!("{findings}{}: {}{hint}\n", output::inert(&project.manifest), checked.tally())
}
