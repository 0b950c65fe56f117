//! What each kind of step does, read from the keys that belong to it.
//!
//! It does not know the options that every step has.

use conductor_protocol::plan::LoopTest;
use conductor_source::Diagnostic;
use conductor_syntax::{Entry, Kind, Node, Scalar};

use super::super::fields::{Fields, Shape};
use super::super::{Context, EMPTY_BLOCK, GIVEN_TWICE, MISSING_KEY, STEP_KIND, duration, number, type_expr};
use super::{condition, ids, list, value, words};
use crate::Spanned;
use crate::manifest::Id;
use crate::step::{Case, Catch, Emit, Fail, Hold, Loop, Map, Sleep, Step, StepKind, Try, WaitFor};

pub(crate) const CASE: Shape = Shape::of("a case", &["when", "steps", "default"]);

pub(crate) const DEFAULT: Shape = Shape::of("the default of a `switch`", &["default"]);

pub(crate) const CATCH: Shape = Shape::of("a `catch`", &["errors", "as", "steps"]);

/// What the step does; broken where that could not be read, which was reported.
pub(super) fn read(context: &mut Context, options: &Fields, keyword: &Entry) -> StepKind {
    let steps = |context: &mut Context| list(context, keyword);
    let kind = match keyword.key.text.as_str() {
        "task" => value::name(context, keyword, "the id of a task").map(StepKind::Task),
        "workflow" => workflow(context, options, keyword),
        "sequence" => steps(context).map(StepKind::Sequence),
        "parallel" => parallel(context, options, keyword),
        "graph" => steps(context).map(StepKind::Graph),
        "race" => steps(context).map(StepKind::Race),
        "map" => map(context, options),
        "switch" => switch(context, keyword),
        "loop" => repeat(context, options, keyword),
        "try" => attempt(context, options, keyword),
        "sleep" => sleep(context, keyword).map(StepKind::Sleep),
        "wait_for" => wait_for(context, options),
        "emit" => emit(context, options),
        "hold" => hold(context, options),
        "set" => set(context, keyword),
        "return" => Some(StepKind::Return(keyword.value.clone())),
        _ => fail(context, options),
    };
    kind.unwrap_or(StepKind::Broken)
}

fn workflow(context: &mut Context, options: &Fields, keyword: &Entry) -> Option<StepKind> {
    let detach = options.get("detach").and_then(|entry| value::boolean(context, entry));
    let callee = value::name(context, keyword, "the id of a workflow")?;
    Some(StepKind::Workflow { callee, detach })
}

fn parallel(context: &mut Context, options: &Fields, keyword: &Entry) -> Option<StepKind> {
    let max_concurrency = max_concurrency(context, options, "a number of branches");
    let on_failure =
        options.get("on_failure").and_then(|entry| words::choice(context, entry, words::ON_FAILURE));
    let branches = list(context, keyword)?;
    Some(StepKind::Parallel { branches, max_concurrency, on_failure })
}

fn max_concurrency(context: &mut Context, options: &Fields, what: &str) -> Option<Spanned<u32>> {
    options.get("max_concurrency").and_then(|entry| number::count(context, entry, what))
}

/// The steps under `steps`, which must be there.
fn body(context: &mut Context, options: &Fields) -> Option<Vec<Step>> {
    options.require(context, "steps").and_then(|entry| list(context, entry))
}

fn map(context: &mut Context, options: &Fields) -> Option<StepKind> {
    let over = options.require(context, "over");
    let over = over.and_then(|entry| condition::list(context, entry, options.flow));
    let variable = options.require(context, "as").and_then(|entry| value::new_id(context, entry));
    let max_concurrency = max_concurrency(context, options, "a number of items");
    let steps = body(context, options);
    Some(StepKind::Map(Box::new(Map { over: over?, variable: variable?, max_concurrency, steps: steps? })))
}

fn switch(context: &mut Context, keyword: &Entry) -> Option<StepKind> {
    let nodes = match &keyword.value.kind {
        Kind::List(nodes) if !nodes.is_empty() => nodes,
        Kind::List(_) | Kind::Null => {
            let message = "`switch` has no cases";
            context.report(Diagnostic::error(
                EMPTY_BLOCK,
                message,
                keyword.key.span,
                "at least one must stand here",
            ));
            return None;
        }
        _ => {
            value::wrong_kind(
                context,
                &keyword.value,
                keyword.key.span,
                "a list of cases, each with `when` and `steps`",
            );
            return None;
        }
    };
    let mut cases = Vec::new();
    let mut whole = true;
    for (index, node) in nodes.iter().enumerate() {
        let case = case(context, node, index + 1 == nodes.len());
        whole &= case.is_some();
        cases.extend(case);
    }
    whole.then_some(StepKind::Switch(cases))
}

fn case(context: &mut Context, node: &Node, is_last: bool) -> Option<Case> {
    let default = match &node.kind {
        Kind::Map(entries) => entries.iter().find(|entry| is_default(&entry.key.text)),
        _ => None,
    };
    if let Some(default) = default {
        Fields::read(context, node, &DEFAULT)?;
        if !is_last {
            let message = "`default` is the last case of a `switch`";
            context.report(
                Diagnostic::error(STEP_KIND, message, default.key.span, "cases follow it")
                    .help("move it to the end: it holds where no other case does"),
            );
        }
        return Some(Case { when: None, steps: list(context, default)?, span: node.span });
    }
    let fields = Fields::read(context, node, &CASE)?;
    if let Some(default) = fields.get("default") {
        return list(context, default).map(|steps| Case { when: None, steps, span: node.span });
    }
    if fields.puzzling && fields.get("when").is_none() && fields.get("steps").is_none() {
        return None;
    }
    let when = fields.require(context, "when");
    let when = when.and_then(|entry| condition::condition(context, entry, fields.flow));
    let steps = body(context, &fields);
    Some(Case { when: Some(when?), steps: steps?, span: node.span })
}

/// Misspelt, it is no condition that is missing.
fn is_default(key: &str) -> bool {
    key == "default" || words::misspelt(key, ["default"].into_iter()).is_some()
}

fn repeat(context: &mut Context, options: &Fields, keyword: &Entry) -> Option<StepKind> {
    let tests = (options.get("while"), options.get("until"));
    let condition = match tests {
        (Some(test), None) => {
            condition::condition(context, test, options.flow).map(|node| (LoopTest::While, node))
        }
        (None, Some(test)) => {
            condition::condition(context, test, options.flow).map(|node| (LoopTest::Until, node))
        }
        (Some(one), Some(other)) => {
            let in_order = one.key.span.start < other.key.span.start;
            let (first, second) = if in_order { (one, other) } else { (other, one) };
            context.report(
                Diagnostic::error(
                    GIVEN_TWICE,
                    "a loop has `while` or `until`, not both",
                    second.key.span,
                    "the second",
                )
                .label(first.key.span, "the first")
                .help("`while` is tested before each iteration, `until` after it"),
            );
            None
        }
        (None, None) => {
            context.report(
                Diagnostic::error(
                    MISSING_KEY,
                    "a loop needs `while` or `until`",
                    keyword.key.span,
                    "it has no condition",
                )
                .help("`while` is tested before each iteration, `until` after it; `map` goes over a list"),
            );
            None
        }
    };
    let max_iterations = match options.get("max_iterations") {
        Some(entry) => number::count(context, entry, "a number of iterations"),
        None => {
            let message = "a loop needs `max_iterations`";
            context.report(
                Diagnostic::error(
                    MISSING_KEY,
                    message,
                    keyword.key.span,
                    "without a bound it might never end",
                )
                .help("say how often it may run at most; `on_exhausted` says what happens then"),
            );
            None
        }
    };
    let every = duration::field(context, options, "every", 0);
    let on_exhausted =
        options.get("on_exhausted").and_then(|entry| words::choice(context, entry, words::ON_EXHAUSTED));
    let steps = body(context, options);
    let ((test, condition), max_iterations, steps) = (condition?, max_iterations?, steps?);
    Some(StepKind::Loop(Box::new(Loop { test, condition, max_iterations, every, on_exhausted, steps })))
}

fn attempt(context: &mut Context, options: &Fields, keyword: &Entry) -> Option<StepKind> {
    let steps = list(context, keyword);
    let (mut catches, mut whole) = (Vec::new(), true);
    if let Some(entry) = options.get("catch") {
        let nodes = match &entry.value.kind {
            Kind::List(nodes) => nodes.as_slice(),
            _ => std::slice::from_ref(&entry.value),
        };
        for node in nodes {
            let read = catch(context, node);
            whole &= read.is_some();
            catches.extend(read);
        }
    }
    let finally = match options.get("finally") {
        Some(entry) => list(context, entry),
        None => Some(Vec::new()),
    };
    if options.get("catch").is_none() && options.get("finally").is_none() {
        context.report(
            Diagnostic::error(
                MISSING_KEY,
                "a `try` needs `catch` or `finally`",
                keyword.key.span,
                "it has neither",
            )
            .help("without them it is a `sequence`"),
        );
        return None;
    }
    let (steps, finally) = (steps?, finally?);
    whole.then(|| StepKind::Try(Box::new(Try { steps, catches, finally })))
}

fn catch(context: &mut Context, node: &Node) -> Option<Catch> {
    let fields = Fields::read(context, node, &CATCH)?;
    let errors = value::strings(context, fields.get("errors"));
    let variable = fields.get("as").and_then(|entry| {
        // `error` is the name that it has anyhow.
        let given = value::name(context, entry, "a name for the error")?;
        if given.value != "error" {
            ids::check(context, &given);
        }
        Some(given)
    });
    let steps = body(context, &fields)?;
    Some(Catch { errors, variable, steps, span: node.span })
}

fn sleep(context: &mut Context, keyword: &Entry) -> Option<Sleep> {
    if let Kind::String(scalar) = &keyword.value.kind
        && is_expression(scalar)
    {
        return Some(Sleep::Computed(keyword.value.clone()));
    }
    duration::value(context, keyword, 0).map(Sleep::Fixed)
}

fn is_expression(scalar: &Scalar) -> bool {
    scalar.text.contains("${")
}

fn wait_for(context: &mut Context, options: &Fields) -> Option<StepKind> {
    let signal = signal(context, options);
    let data = options.get("type").map(|entry| type_expr::lower(context, &entry.value, entry.key.span));
    let timeout = duration::field(context, options, "timeout", 1);
    let on_timeout =
        options.get("on_timeout").and_then(|entry| words::choice(context, entry, words::ON_TIMEOUT));
    Some(StepKind::WaitFor(Box::new(WaitFor { signal: signal?, data, timeout, on_timeout })))
}

fn signal(context: &mut Context, options: &Fields) -> Option<Id> {
    options.require(context, "signal").and_then(|entry| value::new_id(context, entry))
}

fn emit(context: &mut Context, options: &Fields) -> Option<StepKind> {
    let signal = signal(context, options);
    let value = |key| options.get(key).map(|entry: &Entry| entry.value.clone());
    Some(StepKind::Emit(Box::new(Emit { signal: signal?, data: value("data"), run: value("run") })))
}

fn hold(context: &mut Context, options: &Fields) -> Option<StepKind> {
    let resource = options.require(context, "resource");
    let resource = resource.and_then(|entry| value::name(context, entry, "the id of a resource"));
    let atomic = options.get("atomic").and_then(|entry| value::boolean(context, entry));
    let steps = body(context, options);
    Some(StepKind::Hold(Box::new(Hold { resource: resource?, atomic, steps: steps? })))
}

fn set(context: &mut Context, keyword: &Entry) -> Option<StepKind> {
    let entries = match &keyword.value.kind {
        Kind::Map(entries) if !entries.is_empty() => entries,
        Kind::Map(_) | Kind::Null => {
            let message = "`set` sets nothing";
            context.report(Diagnostic::error(
                EMPTY_BLOCK,
                message,
                keyword.key.span,
                "at least one name must stand here",
            ));
            return None;
        }
        _ => {
            value::wrong_kind(context, &keyword.value, keyword.key.span, "a mapping from names to values");
            return None;
        }
    };
    let named = |entry: &Entry| {
        let id: Id = Spanned::new(entry.key.text.clone(), entry.key.span);
        ids::check(context, &id);
        (id, entry.value.clone())
    };
    Some(StepKind::Set(entries.iter().map(named).collect()))
}

fn fail(context: &mut Context, options: &Fields) -> Option<StepKind> {
    let error = options.require(context, "type");
    let error = error.and_then(|entry| value::name(context, entry, "the type of the error"));
    let message = options.get("message").map(|entry| entry.value.clone());
    Some(StepKind::Fail(Box::new(Fail { error: error?, message })))
}
