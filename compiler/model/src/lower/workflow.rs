//! Workflows and their inputs.
//!
//! It does not know which inputs are inferred.

use conductor_source::Diagnostic;
use conductor_syntax::{Entry, Kind, Node, Syntax};

use super::fields::{Fields, Shape};
use super::{BAD_TYPE, Context, EMPTY_BLOCK, cron, duration, ids, number, step, type_expr, value, words};
use crate::Spanned;
use crate::manifest::{Concurrency, Input, Schedule, Workflow};

pub(crate) const WORKFLOW: Shape = Shape::of(
    "a workflow",
    &[
        "id",
        "entrypoint",
        "input",
        "steps",
        "output",
        "durable",
        "deadline",
        "deadline_ms",
        "concurrency",
        "schedule",
        "target",
    ],
);

pub(crate) const CONCURRENCY: Shape = Shape::of("a `concurrency`", &["limit", "key"]);

pub(crate) const SCHEDULE: Shape = Shape::of("a `schedule`", &["cron", "time_zone", "missed"]);

pub(crate) const INPUT: Shape = Shape::of("an input", &["type", "default", "secret"]);

pub(super) fn workflow(context: &mut Context, node: &Node) -> Option<Workflow> {
    let fields = Fields::read(context, node, &WORKFLOW)?;
    let id = fields.require(context, "id").and_then(|entry| value::new_id(context, entry));
    let entrypoint = fields.get("entrypoint").and_then(|entry| value::boolean(context, entry));
    let inputs = inputs(context, fields.get("input"));
    let inputs_lost = inputs.is_none();
    let steps = match fields.get("steps") {
        Some(entry) => step::list(context, entry).unwrap_or_else(|| vec![step::broken(entry.value.span)]),
        None => {
            let message = match context.syntax {
                Syntax::Yaml => "a workflow needs `steps`",
                Syntax::Hcl => "a workflow needs steps, each a block",
            };
            context.report(Diagnostic::error(EMPTY_BLOCK, message, fields.head(), "this one has none"));
            vec![step::broken(node.span)]
        }
    };
    let output = fields.get("output").map(|entry| entry.value.clone());
    let durable = fields.get("durable").and_then(|entry| value::boolean(context, entry));
    let deadline = duration::field(context, &fields, "deadline", 1);
    let concurrency = fields.get("concurrency").and_then(|entry| concurrency(context, entry));
    let schedule = fields.get("schedule").and_then(|entry| schedule(context, entry));
    let target = fields.get("target").and_then(|entry| words::choice(context, entry, words::LANGUAGES));
    Some(Workflow {
        id: id?,
        entrypoint,
        inputs: inputs.unwrap_or_default(),
        inputs_lost,
        steps,
        output,
        durable,
        deadline,
        concurrency,
        schedule,
        target,
        span: node.span,
    })
}

/// `concurrency: 5`, or `concurrency: {limit: 5, key: "${input.customer}"}`.
fn concurrency(context: &mut Context, entry: &Entry) -> Option<Concurrency> {
    let what = "a number of runs at a time";
    let span = entry.value.span;
    if !matches!(entry.value.kind, Kind::Map(_)) {
        return number::count(context, entry, what).map(|limit| Concurrency { limit, key: None, span });
    }
    let fields = Fields::read(context, &entry.value, &CONCURRENCY)?;
    let limit = fields.require(context, "limit").and_then(|entry| number::count(context, entry, what));
    let key = fields.get("key").map(|entry| entry.value.clone());
    Some(Concurrency { limit: limit?, key, span })
}

/// `schedule: "0 3 * * *"`, or a mapping with `cron`, `time_zone` and `missed`.
fn schedule(context: &mut Context, entry: &Entry) -> Option<Schedule> {
    if !matches!(entry.value.kind, Kind::Map(_)) {
        let cron = value::string(context, entry).and_then(|text| cron::checked(context, text))?;
        return Some(Schedule { cron, time_zone: None, missed: None });
    }
    let fields = Fields::read(context, &entry.value, &SCHEDULE)?;
    let cron = fields.require(context, "cron").and_then(|entry| value::string(context, entry));
    let cron = cron.and_then(|text| cron::checked(context, text));
    let time_zone = fields.get("time_zone").and_then(|entry| value::string(context, entry));
    let time_zone = time_zone.and_then(|zone| cron::zone(context, zone));
    let missed = fields.get("missed").and_then(|entry| words::choice(context, entry, words::MISSED));
    Some(Schedule { cron: cron?, time_zone, missed })
}

/// `None` where they cannot be read, which is reported.
fn inputs(context: &mut Context, entry: Option<&Entry>) -> Option<Vec<Input>> {
    let Some(entry) = entry else { return Some(Vec::new()) };
    match &entry.value.kind {
        Kind::Map(entries) => Some(entries.iter().map(|entry| input(context, entry)).collect()),
        Kind::Null => Some(Vec::new()),
        _ => {
            value::wrong_kind(context, &entry.value, entry.key.span, "a mapping from inputs to their types");
            None
        }
    }
}

fn input(context: &mut Context, entry: &Entry) -> Input {
    let name = Spanned::new(entry.key.text.clone(), entry.key.span);
    ids::check(context, &name);
    // `{type: int, ...}` describes the input; any other mapping is the type of a record.
    let described = matches!(&entry.value.kind, Kind::Map(entries) if is_description(entries));
    if !described {
        let ty = type_expr::lower(context, &entry.value, entry.key.span);
        return Input { name, ty, default: None, secret: None };
    }
    let fields = Fields::read(context, &entry.value, &INPUT);
    let ty = fields.as_ref().and_then(|fields| fields.get("type"));
    let ty = match ty {
        Some(ty) => type_expr::lower(context, &ty.value, ty.key.span),
        None => {
            let message = format!("the input `{}` needs a `type`", name.value);
            context.report(Diagnostic::error(BAD_TYPE, message, name.span, ""));
            type_expr::broken(entry.value.span)
        }
    };
    let default = fields.as_ref().and_then(|fields| fields.get("default")).map(|entry| entry.value.clone());
    let secret = fields.as_ref().and_then(|fields| fields.get("secret"));
    let secret = secret.and_then(|entry| value::boolean(context, entry));
    Input { name, ty, default, secret }
}

fn is_description(entries: &[Entry]) -> bool {
    let has = |key: &str| entries.iter().any(|entry| entry.key.text == key);
    has("type") || has("default") || has("secret")
}
