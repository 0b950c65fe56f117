//! `conductor eval`: expressions with bindings, or a file of conformance cases.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, IsTerminal as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use conductor_cel::conformance::{self, Report};
use conductor_cel::console::Console;
use conductor_cel::{CelError, Value, evaluate, parse};
use serde_json::{Value as Json, json};

use crate::disk;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format, inert};

/// Evaluate an expression as a manifest would, or a file of cases
#[derive(Debug, clap::Args)]
pub struct Args {
    /// An expression, or a text with `${...}`; without one, each line of standard input is evaluated
    #[arg(conflicts_with = "cases", value_name = "EXPR")]
    expression: Option<String>,
    /// A JSON object: `input`, `run`, `env`, and results of steps by their ids
    #[arg(long, value_name = "BINDINGS.json", conflicts_with = "cases")]
    with: Option<PathBuf>,
    /// Show the type of the value instead of the value
    #[arg(long = "type", conflicts_with = "cases")]
    only_type: bool,
    /// Evaluate plain CEL, with what a manifest has not: unsigned ints, optionals, `type` and `dyn`
    #[arg(long, conflicts_with = "cases")]
    plain: bool,
    /// Cases in the form of the CEL specification, one JSON object a line
    #[arg(long, value_name = "FILE")]
    cases: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, help = "text or json")]
    pub format: Format,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    if let Some(cases) = &args.cases {
        return run_cases(cases, args.format);
    }
    let bindings = args.with.as_deref().map_or_else(|| Ok(json!({})), read_bindings)?;
    let with = args.with.as_deref().map_or_else(String::new, |path| format!("{}: ", path.display()));
    let console =
        Console::new(bindings.clone()).map_err(|message| Failure::usage(format!("{with}{message}")))?;
    let plain = if args.plain { Some(plain_bindings(&bindings)) } else { None };
    let evaluate = |text: &str| match &plain {
        Some(bindings) => of_plain(text, bindings),
        None => console.evaluate(text).map(|answer| (answer.value, answer.ty.to_string())),
    };
    match &args.expression {
        Some(expression) => Ok(show(expression.trim(), evaluate(expression.trim()), args)),
        None => Ok(read_lines(&evaluate, args)),
    }
}

type Answer = Result<(Json, String), Vec<CelError>>;

/// Each line of standard input. On a terminal a mistake is no reason to end with one.
fn read_lines(evaluate: &dyn Fn(&str) -> Answer, args: &Args) -> Exit {
    let input = std::io::stdin();
    let asked = input.is_terminal();
    let prompt = || {
        if asked {
            output::print("> ");
        }
    };
    let mut exit = Exit::Fine;
    prompt();
    for line in input.lock().lines() {
        let Ok(line) = line else { break };
        if !line.trim().is_empty() {
            let text = line.trim();
            if show(text, evaluate(text), args) != Exit::Fine && !asked {
                exit = Exit::Finding;
            }
        }
        prompt();
    }
    exit
}

fn read_bindings(path: &Path) -> Result<Json, Failure> {
    serde_json::from_str(&disk::read_text(path)?)
        .map_err(|error| Failure::usage(format!("{} is not JSON: {error}", path.display())))
}

fn plain_bindings(bindings: &Json) -> BTreeMap<String, Value> {
    let names = bindings.as_object().into_iter().flatten();
    names.map(|(name, value)| (name.clone(), Value::from(value))).collect()
}

fn of_plain(written: &str, bindings: &BTreeMap<String, Value>) -> Answer {
    let text = written.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).unwrap_or(written);
    let shift = written.find(text).unwrap_or(0);
    let moved = |range: Range<usize>| range.start + shift..range.end + shift;
    let (ast, errors) = parse(text);
    if !errors.is_empty() {
        let errors = errors.into_iter().map(|error| CelError { range: moved(error.range.clone()), ..error });
        return Err(errors.collect());
    }
    match evaluate(&ast, bindings) {
        Ok(value) => Ok((value.to_json(), value.type_name().to_owned())),
        Err(error) => Err(vec![CelError::new(moved(error.range), error.message)]),
    }
}

fn show(text: &str, answer: Answer, args: &Args) -> Exit {
    match (answer, args.format) {
        (Ok((value, ty)), Format::Json) => {
            output::print_json(&json!({"value": value, "type": ty}));
            Exit::Fine
        }
        (Ok((value, ty)), Format::Text) => {
            let shown = if args.only_type { ty } else { value.to_string() };
            output::print(&format!("{}\n", inert(&shown)));
            Exit::Fine
        }
        (Err(mistakes), Format::Json) => {
            output::print_json(&json!({"errors": mistakes.iter().map(as_json).collect::<Json>()}));
            Exit::Finding
        }
        (Err(mistakes), Format::Text) => {
            mistakes.iter().for_each(|mistake| output::note(&underline(text, mistake)));
            Exit::Finding
        }
    }
}

fn as_json(mistake: &CelError) -> Json {
    let CelError { range, message, help, .. } = mistake;
    json!({"message": message, "help": help, "start": range.start, "end": range.end})
}

/// The message, and under it the line of the expression with the place marked.
fn underline(text: &str, mistake: &CelError) -> String {
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
