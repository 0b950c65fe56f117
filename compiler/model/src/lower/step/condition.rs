//! Fields that want an expression: conditions, and lists to go over.
//!
//! It knows how an expression is written, not what it says.

use conductor_cel::Template;
use conductor_source::{Diagnostic, Edit, Safety};
use conductor_syntax::{Entry, Kind, Node, Scalar, Syntax};

use super::super::{Context, NOT_AN_EXPRESSION, value, visible};

/// A condition: `${...}`, `true` or `false`.
pub(super) fn condition(context: &mut Context, entry: &Entry, flow: bool) -> Option<Node> {
    let node = &entry.value;
    match &node.kind {
        Kind::Bool(_) | Kind::Broken => Some(node.clone()),
        Kind::String(scalar) => whole(context, entry, scalar, flow, "a condition"),
        _ => {
            value::wrong_kind(context, node, visible(node.span, entry.key.span), "a condition in `${...}`");
            None
        }
    }
}

/// A list, or an expression that gives one.
pub(super) fn list(context: &mut Context, entry: &Entry, flow: bool) -> Option<Node> {
    let node = &entry.value;
    match &node.kind {
        Kind::List(_) | Kind::Broken => Some(node.clone()),
        Kind::String(scalar) => whole(context, entry, scalar, flow, "a list"),
        _ => {
            value::wrong_kind(context, node, entry.key.span, "a list, or an expression in `${...}`");
            None
        }
    }
}

fn whole(context: &mut Context, entry: &Entry, scalar: &Scalar, flow: bool, what: &str) -> Option<Node> {
    match conductor_cel::template::parse(&scalar.text) {
        (Template::Whole(_), _) => return Some(entry.value.clone()),
        (Template::Literal(_), errors) if errors.is_empty() => not_wrapped(context, scalar, flow, what),
        // An expression that does not close is reported by whoever checks expressions.
        (Template::Literal(_), _) => return Some(entry.value.clone()),
        (Template::Interpolated(_), _) => {
            let message = format!("{what} is one expression, this is a text with expressions in it");
            let help = format!("put the whole {} into one `${{...}}`", what.trim_start_matches("a "));
            context.report(Diagnostic::error(NOT_AN_EXPRESSION, message, scalar.span, "").help(help));
        }
    }
    None
}

fn not_wrapped(context: &mut Context, scalar: &Scalar, flow: bool, what: &str) {
    let text = scalar.text.trim();
    let wrapped = format!("${{{text}}}");
    let quoted = match context.syntax {
        Syntax::Yaml => in_yaml(wrapped, flow),
        // Inside `${}` nothing is escaped.
        Syntax::Hcl => format!("\"{wrapped}\""),
    };
    let edit = Edit { span: scalar.span, text: quoted };
    let mut diagnostic = Diagnostic::error(
        NOT_AN_EXPRESSION,
        format!("{what} must be an expression in `${{...}}`"),
        scalar.span,
        "this is a text",
    );
    if !text.is_empty() && !text.contains('\n') {
        diagnostic = diagnostic.fix("wrap it", Safety::Safe, vec![edit]);
    }
    context.report(diagnostic);
}

/// An expression in quotes, where YAML would not read it as one value without them.
fn in_yaml(wrapped: String, flow: bool) -> String {
    let needs_quotes = flow || [": ", " #", "\n", "\\"].iter().any(|mark| wrapped.contains(mark));
    let double = wrapped.contains('\'') && !wrapped.contains(['"', '\\']);
    match (needs_quotes, double) {
        (false, _) => wrapped,
        (true, true) => format!("\"{wrapped}\""),
        (true, false) => format!("'{}'", wrapped.replace('\'', "''")),
    }
}
