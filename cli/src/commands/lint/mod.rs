//! `conductor lint`: what an experienced engineer would advise on a manifest that is right.
//!
//! It knows arguments and files; the rules are the compiler's.

pub mod mend;
pub mod simulated;

use std::path::PathBuf;

use conductor_driver::{Baseline, Measured, RULES, Selection};
use conductor_source::{Diagnostic, Severity};
use serde_json::{Map, Value, json};

use crate::compile::{self, Compilation, Overlay, Which, tally};
use crate::exit::{self, Exit, Failure};
use crate::findings::Format;
use crate::project::{ManifestArgs, Project};
use crate::{disk, output, profile, signals};

/// Give advice on a manifest: risks, time that could be saved, clarity
#[derive(Debug, clap::Args)]
#[command(
    after_help = "`conductor explain CODE` shows the page of a rule. A comment `# conductor: ignore CODE reason` \
                        in the line, or above it, leaves its advice out."
)]
pub struct Args {
    #[command(flatten)]
    manifest: ManifestArgs,
    /// Only these rules: codes or their beginnings, such as P or R001
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    select: Vec<String>,
    /// Not these rules
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Measured times: the URL or the socket of a sidecar, or a profile in a file
    #[arg(long, value_name = "SOURCE", visible_alias = "profile")]
    from: Option<String>,
    /// Leave out what this file holds
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write what is found to a file that `--baseline` takes
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
    /// Apply the fixes that cannot change what runs do
    #[arg(long)]
    fix: bool,
    /// Apply fixes too that may change what runs do
    #[arg(long)]
    unsafe_fixes: bool,
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
    let measured = profile::measured(args.from.as_deref()).await?;
    super::blocking(move || lint(&args, measured.as_ref())).await
}

fn lint(args: &Args, measured: Option<&Measured>) -> Result<Exit, Failure> {
    let project = args.manifest.find()?;
    let selection = Selection::new(&args.select, &args.ignore).map_err(|unknown| {
        Failure::usage(format!("no rule's code begins with `{unknown}`"))
            .help("`conductor explain` lists all codes")
    })?;
    let asked = Asked { project: &project, selection: &selection, measured };
    let mended = match (args.unsafe_fixes, args.fix) {
        (true, _) => Some(mend::mend(&asked, mend::Which::All)?),
        (_, true) => Some(mend::mend(&asked, mend::Which::Safe)?),
        _ => None,
    };
    let mut judged = asked.judge(&Overlay::new())?;
    if let Some(path) = &args.write_baseline {
        return write_baseline(&judged, path);
    }
    if let Some(path) = &args.baseline {
        let known = Baseline::read(&disk::read_text(path)?)
            .map_err(|problem| Failure::usage(format!("{} is no baseline: {problem}", path.display())))?;
        let found = std::mem::take(&mut judged.outcome.diagnostics);
        judged.outcome.diagnostics = known.pass(found, &judged.outcome.sources);
    }
    mend::keep_sound_fixes(&asked, &mut judged)?;
    if judged.errors() == 0 {
        simulated::note(&asked, &mut judged)?;
    }
    print(args.format, &project, &judged, mended.as_ref());
    let is_fine = judged.outcome.diagnostics.is_empty();
    exit::leave(judged);
    Ok(if is_fine { Exit::Fine } else { Exit::Finding })
}

/// What a command wants to know of a project.
pub struct Asked<'a> {
    pub project: &'a Project,
    pub selection: &'a Selection,
    pub measured: Option<&'a Measured>,
}

impl Asked<'_> {
    /// Advice, or the errors that stand in its way.
    pub fn judge(&self, overlay: &Overlay) -> Result<Compilation, Failure> {
        let mut judged = compile::advise(self.project, overlay, self.selection, self.measured)?;
        judged
            .outcome
            .diagnostics
            .retain(|finding| finding.severity == Severity::Error || is_advice(finding));
        Ok(judged)
    }
}

/// Whether a rule has found it, and not the checker.
fn is_advice(finding: &Diagnostic) -> bool {
    RULES.iter().any(|rule| rule.code == finding.code)
}

fn write_baseline(judged: &Compilation, path: &std::path::Path) -> Result<Exit, Failure> {
    if judged.errors() > 0 {
        output::print(&judged.findings(Which::Errors, output::coloured()));
        return Ok(Exit::Finding);
    }
    let baseline = Baseline::of(&judged.outcome.diagnostics, &judged.outcome.sources);
    let text = serde_json::to_string_pretty(&baseline).unwrap_or_default() + "\n";
    let _whole = signals::writing();
    disk::sweep(path);
    disk::replace_file(path, text.as_bytes())?;
    let count = judged.outcome.diagnostics.len();
    output::note(&format!("wrote {count} findings to {}", path.display()));
    Ok(Exit::Fine)
}

fn print(format: Format, project: &Project, judged: &Compilation, mended: Option<&mend::Mended>) {
    let mut document = judged.document(project);
    document.more = rules(&judged.outcome.diagnostics);
    if let Some(mended) = mended {
        document.more.insert("fixed".to_owned(), json!(mended.titles));
    }
    document.print(format, || {
        let fixed: String = mended.map_or_else(String::new, mend::Mended::report);
        let findings = judged.findings(Which::All, output::coloured());
        let (safe, other) = mend::counts(judged);
        let hint = match (safe, other) {
            (0, 0) => String::new(),
            (0, other) => format!("; `conductor lint --unsafe-fixes` applies {other} of them"),
            (safe, 0) => format!("; `conductor lint --fix` applies {safe} of them"),
            (safe, other) => {
                format!("; `conductor lint --fix` applies {safe} of them, `--unsafe-fixes` {other} more")
            }
        };
        let counted = tally(|severity| judged.count(severity));
        format!("{fixed}{findings}{}: {counted}{hint}\n", output::inert(&project.manifest))
    });
}

/// What the rules that were found are worth.
fn rules(found: &[Diagnostic]) -> Map<String, Value> {
    let described =
        RULES.iter().filter(|rule| found.iter().any(|finding| finding.code == rule.code)).map(|rule| {
            let about = json!({
                "family": rule.family.as_str(),
                "severity": rule.severity.as_str(),
                "confidence": rule.confidence.as_str(),
            });
            (rule.code.0.to_owned(), about)
        });
    let mut more = Map::new();
    more.insert("rules".to_owned(), Value::Object(described.collect()));
    more
}
