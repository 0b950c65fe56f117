//! `conductor eval`: one expression with bindings, or a file of conformance cases.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use conductor_cel::conformance::{self, Report};
use conductor_cel::{Value, evaluate, parse};
use serde_json::{Value as Json, json};

use crate::disk;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, inert};

/// Evaluate an expression, or a file of cases
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A CEL expression, with or without `${...}` around it
    #[arg(required_unless_present = "cases", conflicts_with = "cases", value_name = "EXPR")]
    expression: Option<String>,
    /// A JSON object with the values of names
    #[arg(long, value_name = "BINDINGS.json", conflicts_with = "cases")]
    with: Option<PathBuf>,
    /// Cases in the form of the CEL specification, one JSON object a line
    #[arg(long, value_name = "FILE")]
    cases: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, help = "text or json")]
    pub format: Format,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    match (&args.cases, &args.expression) {
        (Some(cases), _) => run_cases(cases, args.format),
        (None, Some(expression)) => {
            let bindings = args.with.as_deref().map_or_else(|| Ok(BTreeMap::new()), read_bindings)?;
            Ok(run_expression(expression, &bindings, args.format))
        }
        (None, None) => Err(Failure::usage("neither an expression nor --cases was given")),
    }
}

fn read_bindings(path: &Path) -> Result<BTreeMap<String, Value>, Failure> {
    let parsed: Json = serde_json::from_str(&disk::read_text(path)?)
        .map_err(|error| Failure::usage(format!("{} is not JSON: {error}", path.display())))?;
    let Json::Object(names) = parsed else {
        return Err(Failure::usage(format!("{} is not a JSON object of names and values", path.display())));
    };
    Ok(names.iter().map(|(name, value)| (name.clone(), Value::from(value))).collect())
}

/// A mistake in an expression: where, what, and what may help.
struct Mistake {
    range: Range<usize>,
    message: String,
    help: Option<String>,
}

fn run_expression(written: &str, bindings: &BTreeMap<String, Value>, format: Format) -> Exit {
    let trimmed = written.trim();
    let text = trimmed.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).unwrap_or(trimmed);
    match value(text, bindings) {
        Ok(value) => {
            match format {
                Format::Json => {
                    output::print_json(&json!({"value": value.to_json(), "type": value.type_name()}))
                }
                Format::Text => output::print(&format!("{}\n", inert(&value.to_json().to_string()))),
            }
            Exit::Fine
        }
        Err(mistakes) => {
            match format {
                Format::Json => {
                    output::print_json(&json!({"errors": mistakes.iter().map(as_json).collect::<Json>()}))
                }
                Format::Text => mistakes.iter().for_each(|mistake| output::note(&underline(text, mistake))),
            }
            Exit::Finding
        }
    }
}

fn value(text: &str, bindings: &BTreeMap<String, Value>) -> Result<Value, Vec<Mistake>> {
    let (ast, errors) = parse(text);
    if !errors.is_empty() {
        let mistakes = errors.into_iter();
        return Err(mistakes
            .map(|error| Mistake { range: error.range, message: error.message, help: error.help })
            .collect());
    }
    evaluate(&ast, bindings)
        .map_err(|error| vec![Mistake { range: error.range, message: error.message, help: None }])
}

fn as_json(mistake: &Mistake) -> Json {
    let Mistake { range, message, help } = mistake;
    json!({"message": message, "help": help, "start": range.start, "end": range.end})
}

/// The message, and under it the line of the expression with the place marked.
fn underline(text: &str, mistake: &Mistake) -> String {
    let start = mistake.range.start.min(text.len());
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line = text[line_start..].lines().next().unwrap_or_default();
    let before = inert(&text[line_start..start]).chars().count();
    let end = mistake.range.end.clamp(start, line_start + line.len());
    let marks = inert(text.get(start..end).unwrap_or_default()).chars().count().max(1);
    let mut shown = format!("error: {}\n  {}\n", inert(&mistake.message), inert(line));
    let _infallible = write!(shown, "  {}{}", " ".repeat(before), "^".repeat(marks));
    if let Some(help) = &mistake.help {
        let _infallible = write!(shown, "\n  help: {}", inert(help));
    }
    shown
}

fn run_cases(path: &Path, format: Format) -> Result<Exit, Failure> {
    let report = conformance::run(&disk::read(path)?);
    match format {
        Format::Json => output::print_json(&report_json(&report)),
        Format::Text => output::print(&report_text(&report)),
    }
    Ok(if report.failures.is_empty() { Exit::Fine } else { Exit::Finding })
}

fn report_json(report: &Report) -> Json {
    let total = report.total();
    let files: serde_json::Map<String, Json> = report
        .files
        .iter()
        .map(|(file, tally)| (file.clone(), json!({"passed": tally.passed, "all": tally.all})))
        .collect();
    let failures: Vec<Json> = report
        .failures
        .iter()
        .map(|failure| json!({"id": failure.id, "expr": failure.expr, "reason": failure.reason}))
        .collect();
    json!({"passed": total.passed, "all": total.all, "files": files, "failures": failures})
}

/// The last line is for programs, too.
fn report_text(report: &Report) -> String {
    let mut text = String::new();
    for failure in &report.failures {
        let _infallible = writeln!(text, "failed {}: {}", inert(&failure.id), inert(&failure.reason));
    }
    for (file, tally) in &report.files {
        let _infallible = writeln!(text, "{:<24} {:>4} / {}", inert(file), tally.passed, tally.all);
    }
    let total = report.total();
    let _infallible = writeln!(text, "passed {} / {}", total.passed, total.all);
    text
}
