//! `conductor review`: what there is to say of a manifest, as Markdown for a pull request.
//!
//! It writes no claim without the rule or the figure that it rests on.

mod prose;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use conductor_driver::{Measured, Selection};
use conductor_protocol::plan::Plan;
use conductor_simulate::study::Report;
use conductor_source::{Diagnostic, Severity, Sources, render};

use super::lint::{Asked, simulated};
use crate::compile::{Overlay, judge, tally};
use crate::exit::{Exit, Failure};
use crate::model::{Model, ModelArgs};
use crate::output::{self, inert};
use crate::project::{ManifestArgs, Project};
use crate::{pages, profile};

/// Write the review of a manifest as Markdown, for a comment on a pull request
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    manifest: ManifestArgs,
    /// Measured times: the URL or the socket of a sidecar, or a profile in a file
    #[arg(long, value_name = "SOURCE", visible_alias = "profile")]
    from: Option<String>,
    #[command(flatten)]
    model: ModelArgs,
}

pub async fn run(args: Args) -> Result<Exit, Failure> {
    let measured = profile::measured(args.from.as_deref()).await?;
    super::blocking(move || review(&args, measured.as_ref())).await
}

fn review(args: &Args, measured: Option<&Measured>) -> Result<Exit, Failure> {
    let model = Model::of(&args.model)?;
    let project = args.manifest.find()?;
    let selection = Selection::default();
    let asked = Asked { project: &project, selection: &selection, measured };
    let checked = judge(&project, &Overlay::new())?;
    let mut advised = asked.judge(&Overlay::new())?;
    if advised.errors() == 0 {
        super::lint::mend::keep_sound_fixes(&asked, &mut advised)?;
        simulated::note(&asked, &mut advised)?;
    }
    let mut found: Vec<&Diagnostic> = advised.outcome.diagnostics.iter().collect();
    found.extend(checked.outcome.diagnostics.iter().filter(|finding| finding.severity != Severity::Error));
    found.sort_by_key(|finding| (finding.severity, finding.span(), finding.code));
    let plans = checked.outcome.compiled.as_ref().map_or(&[][..], |compiled| &compiled.plans);
    let times = times(&asked, plans);
    let facts = prose::Facts::of(&found, &times);
    let mut text = head(&project, &found, measured);
    if let Some(model) = &model {
        if model.is_dry {
            if !prose::show(model, &facts) {
                output::note("there is nothing to say, and nothing would be sent");
            }
            return Ok(Exit::Fine);
        }
        match prose::written(model, &facts) {
            Ok(opening) => text += &opening,
            // The review is whole without it.
            Err(failure) => output::note(&format!("without prose: {}", inert(&failure.message))),
        }
    }
    text +=
        &findings(&found, &advised.outcome.sources, &checked.outcome.sources, &advised.outcome.diagnostics);
    text += &times;
    text += &rules(&found);
    output::print(&text);
    Ok(if advised.errors() == 0 { Exit::Fine } else { Exit::Finding })
}

fn head(project: &Project, found: &[&Diagnostic], measured: Option<&Measured>) -> String {
    let counted = tally(|severity| found.iter().filter(|finding| finding.severity == severity).count());
    let basis = match measured.map(Measured::runs) {
        None => "Without measured times; `--from` takes them from a sidecar.".to_owned(),
        Some(0) => "Times are those of the profile that was given.".to_owned(),
        Some(runs) => format!("Times are measured over {runs} runs."),
    };
    format!("# Review of `{}`\n\n**{counted}.** {basis}\n", project.manifest)
}

/// Each finding with its rule, as the terminal shows it.
fn findings(found: &[&Diagnostic], advised: &Sources, checked: &Sources, advice: &[Diagnostic]) -> String {
    let mut text = String::new();
    let titles = [
        (Severity::Error, "Errors"),
        (Severity::Warning, "Worth a change"),
        (Severity::Advice, "Worth a thought"),
    ];
    for (severity, title) in titles {
        let here: Vec<&&Diagnostic> = found.iter().filter(|finding| finding.severity == severity).collect();
        if here.is_empty() {
            continue;
        }
        let _infallible = write!(text, "\n## {title}\n");
        for finding in here {
            let sources = if advice.contains(finding) { advised } else { checked };
            let span = finding.span();
            let (line, _) = sources.position(span.file, span.start());
            let shown = render::text(finding, sources, false);
            let code = finding.code.0;
            let _infallible = write!(
                text,
                "\n- **{}** ([{code}](#{}), `{}:{line}`)\n\n  <details><summary>Evidence and edit</summary>\n\n{}\n\n  </details>\n",
                markdown(&finding.message),
                code.to_lowercase(),
                sources.path(span.file),
                fenced(&shown),
            );
        }
    }
    text
}

/// A block that no text in it can end.
fn fenced(text: &str) -> String {
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let lines: String = text.trim_end().lines().map(|line| format!("  {line}\n")).collect();
    format!("  {fence}text\n{lines}  {fence}")
}

/// What would be markup outside of code is none.
fn markdown(message: &str) -> String {
    let mut text = String::new();
    let mut in_code = false;
    for letter in message.chars() {
        in_code ^= letter == '`';
        if !in_code && matches!(letter, '<' | '>' | '*' | '_' | '[' | ']' | '\\' | '|') {
            text.push('\\');
        }
        text.push(if letter == '\n' { ' ' } else { letter });
    }
    text
}

/// How long workflows take: by the manifest at most, and simulated where times are known.
fn times(asked: &Asked<'_>, plans: &[Plan]) -> String {
    if plans.is_empty() || asked.measured.is_none() {
        return String::new();
    }
    let mut text = "\n## Times\n\n| workflow | measured p50 | measured p95 | simulated p50 | simulated p95 | succeed | waited for most |\n| --- | --- | --- | --- | --- | --- | --- |\n".to_owned();
    let ms = |value: f64| format!("{value:.0} ms");
    for plan in plans.iter().filter(|plan| plan.entrypoint) {
        let measured = asked.measured.and_then(|measured| measured.workflow(&plan.workflow));
        let Some(report) = simulated::simulate(asked, plans, &plan.workflow) else { continue };
        let seen =
            measured.map_or(["-".to_owned(), "-".to_owned()], |seen| [ms(seen.p50_ms), ms(seen.p95_ms)]);
        let _infallible = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} | {:.1} % | {} |",
            plan.workflow,
            seen[0],
            seen[1],
            ms(report.duration.p50),
            ms(report.duration.p95),
            report.success_rate * 100.0,
            critical_path(&report)
        );
    }
    text + "\nSimulated are 1000 runs of each, alone, with the times of the profile (`conductor simulate --profile` gives the same).\n"
}

/// The steps that the end of runs waits for, by their share of the time.
fn critical_path(report: &Report) -> String {
    let steps = report.critical_path.iter().take(3);
    let shown = steps.map(|step| format!("`{}` ({:.0} %)", step.step, step.share * 100.0));
    shown.collect::<Vec<_>>().join(", ")
}

/// What the codes above stand for.
fn rules(found: &[&Diagnostic]) -> String {
    let codes: BTreeSet<&str> = found.iter().map(|finding| finding.code.0).collect();
    if codes.is_empty() {
        return "\nNothing to say.\n".to_owned();
    }
    let mut text = "\n## Rules\n".to_owned();
    for page in pages::all().filter(|page| codes.contains(page.code)) {
        let _infallible = write!(
            text,
            "\n### {}\n\n{}: {} (`conductor explain {}`)\n",
            page.code,
            page.title(),
            page.summary(),
            page.code
        );
    }
    text
}
