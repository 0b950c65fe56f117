//! Workflows and their inputs.
//!
//! It does not know which inputs are inferred.

use conductor_source::Diagnostic;
use conductor_syntax::{Entry, Kind, Node, Syntax};

use super::fields::{Fields, Shape};
use super::{BAD_TYPE, Context, EMPTY_BLOCK, duration, ids, step, type_expr, value, words};
use crate::Spanned;
use crate::manifest::{Input, Workflow};

const WORKFLOW: Shape = Shape {
    noun: "a workflow",
    keys: &["id", "entrypoint", "input", "steps", "output", "durable", "deadline", "deadline_ms", "target"],
    later: &["concurrency", "schedule"],
};

const INPUT: Shape = Shape { noun: "an input", keys: &["type", "default"], later: &["secret"] };

pub(super) fn workflow(context: &mut Context, node: &Node) -> Option<Workflow> {
    let fields = Fields::read(context, node, &WORKFLOW)?;
    let id = fields.require(context, "id").and_then(|entry| value::new_id(context, entry));
    let entrypoint = fields.get("entrypoint").and_then(|entry| value::boolean(context, entry));
    let inputs = inputs(context, fields.get("input"));
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
    let target = fields.get("target").and_then(|entry| words::language(context, entry));
    Some(Workflow { id: id?, entrypoint, inputs, steps, output, durable, deadline, target, span: node.span })
}

fn inputs(context: &mut Context, entry: Option<&Entry>) -> Vec<Input> {
    let Some(entry) = entry else { return Vec::new() };
    match &entry.value.kind {
        Kind::Map(entries) => entries.iter().map(|entry| input(context, entry)).collect(),
        Kind::Null => Vec::new(),
        _ => {
            value::wrong_kind(context, &entry.value, entry.key.span, "a mapping from inputs to their types");
            Vec::new()
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
        return Input { name, ty, default: None };
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
    Input { name, ty, default }
}

fn is_description(entries: &[Entry]) -> bool {
    let has = |key: &str| entries.iter().any(|entry| entry.key.text == key);
    has("type") || has("default") || has("secret")
}
