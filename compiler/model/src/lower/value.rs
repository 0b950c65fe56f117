//! Strings, booleans, argument lists and the message for a value of another kind than expected.
//!
//! It knows single values, not what they are for.

use conductor_source::{Diagnostic, Edit, Safety, Span};
use conductor_syntax::{Entry, Kind, Node};

use super::{Context, WRONG_KIND, ids, visible};
use crate::Spanned;
use crate::manifest::Id;

/// Reports that a value is not what is expected; `key` is pointed at where the value has no width. Silent for what was
/// reported already.
pub(super) fn wrong_kind(context: &mut Context, node: &Node, key: Span, expected: &str) {
    if matches!(node.kind, Kind::Broken) {
        return context.lose_all();
    }
    let message = format!("expected {expected}, found {}", node.describe());
    let span = match node.kind {
        Kind::List(_) | Kind::Map(_) if key != node.span => key,
        _ => visible(node.span, key),
    };
    context.report(Diagnostic::error(WRONG_KIND, message, span, format!("this is {}", node.describe())));
}

pub(super) fn string(context: &mut Context, entry: &Entry) -> Option<Spanned<String>> {
    text(context, &entry.value, entry.key.span, "a string")
}

fn text(context: &mut Context, node: &Node, key: Span, expected: &str) -> Option<Spanned<String>> {
    if let Kind::String(scalar) = &node.kind {
        return Some(Spanned::new(scalar.text.clone(), scalar.span));
    }
    wrong_kind(context, node, key, expected);
    None
}

/// A boolean; the words of YAML 1.1 and quoted booleans get a fix.
pub(super) fn boolean(context: &mut Context, entry: &Entry) -> Option<Spanned<bool>> {
    let span = entry.value.span;
    match &entry.value.kind {
        Kind::Bool(value) => return Some(Spanned::new(*value, span)),
        Kind::String(scalar) => {
            let meant = match scalar.text.to_lowercase().as_str() {
                "yes" | "on" | "y" | "true" => "true",
                "no" | "off" | "n" | "false" => "false",
                _ => "",
            };
            let message = "expected `true` or `false`, found a string";
            let mut diagnostic = Diagnostic::error(WRONG_KIND, message, span, "this is a string");
            if !meant.is_empty() {
                let edit = Edit { span, text: meant.to_owned() };
                diagnostic = diagnostic.fix(format!("write `{meant}`"), Safety::Safe, vec![edit]);
            }
            context.report(diagnostic);
        }
        _ => wrong_kind(context, &entry.value, entry.key.span, "`true` or `false`"),
    }
    None
}

/// One string or several; numbers count as their spelling, because error codes are often numbers.
pub(super) fn strings(context: &mut Context, entry: Option<&Entry>) -> Vec<Spanned<String>> {
    let Some(entry) = entry else { return Vec::new() };
    let nodes = match &entry.value.kind {
        Kind::List(nodes) => nodes.as_slice(),
        _ => std::slice::from_ref(&entry.value),
    };
    let item = |node: &Node| match &node.kind {
        Kind::Int(number) => Some(Spanned::new(number.to_string(), node.span)),
        _ => text(context, node, entry.key.span, "an error type or code, or a list of them"),
    };
    nodes.iter().filter_map(item).collect()
}

/// The arguments under `with`, by parameter.
pub(super) fn arguments(context: &mut Context, entry: Option<&Entry>) -> Vec<(Id, Node)> {
    let Some(entry) = entry else { return Vec::new() };
    match &entry.value.kind {
        Kind::Map(entries) => {
            let pair = |argument: &Entry| {
                (Spanned::new(argument.key.text.clone(), argument.key.span), argument.value.clone())
            };
            entries.iter().map(pair).collect()
        }
        Kind::Null => Vec::new(),
        _ => {
            wrong_kind(context, &entry.value, entry.key.span, "a mapping from parameters to values");
            Vec::new()
        }
    }
}

/// A reference to something by its id.
pub(super) fn name(context: &mut Context, entry: &Entry, what: &str) -> Option<Id> {
    let id = text(context, &entry.value, entry.key.span, what)?;
    if id.value.trim().is_empty() {
        context.report(Diagnostic::error(
            super::BAD_ID,
            format!("expected {what}, found nothing"),
            id.span,
            "",
        ));
        return None;
    }
    Some(id)
}

/// References to things by their ids: one, or a list of them.
pub(super) fn names(context: &mut Context, entry: &Entry, what: &str) -> Vec<Id> {
    let nodes = match &entry.value.kind {
        Kind::List(nodes) => nodes.as_slice(),
        _ => std::slice::from_ref(&entry.value),
    };
    nodes.iter().filter_map(|node| text(context, node, entry.key.span, what)).collect()
}

/// The id that the entry defines.
pub(super) fn new_id(context: &mut Context, entry: &Entry) -> Option<Id> {
    let id = text(context, &entry.value, entry.key.span, "an id")?;
    ids::check(context, &id);
    Some(id)
}
