//! `conductor check`: what is wrong with the manifest, and with how it fits the code.

use crate::compile::{Compilation, Overlay, compile};
use crate::exit::{Exit, Failure};
use crate::output::{self, Format};
use crate::project::{ManifestArgs, Project};

/// Check a manifest against the code it names
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    manifest: ManifestArgs,
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, help = "text or json")]
    pub format: Format,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let project = args.manifest.find()?;
    let checked = compile(&project, &Overlay::new())?;
    match args.format {
        Format::Json => output::print_json(&checked.json()),
        Format::Text => output::print(&report(&project, &checked)),
    }
    Ok(if checked.errors() == 0 { Exit::Fine } else { Exit::Finding })
}

/// Findings and a last line that counts them.
#[must_use]
pub fn report(project: &Project, checked: &Compilation) -> String {
    let tally = match checked.tally().as_str() {
        "" => "no findings".to_owned(),
        tally => tally.to_owned(),
    };
    let fixable = super::fix::safe_fixes(checked);
    let hint = match fixable {
        0 => String::new(),
        1 => "; `conductor fix` mends one of them".to_owned(),
        count => format!("; `conductor fix` mends {count} of them"),
    };
    format!("{}{}: {tally}{hint}\n", checked.findings(output::coloured()), output::inert(&project.manifest))
}
