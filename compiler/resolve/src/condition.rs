//! Conditions: a boolean expression, or a literal `true` or `false`.
//!
//! It knows no step: whose condition it is, the caller says.

use conductor_protocol::expr::Expr;
use conductor_protocol::types::Type;
use conductor_source::{Diagnostic, Edit, Safety};
use conductor_syntax::{Kind, Node, Scalar};

use crate::codes;
use crate::value::{Place, findings, value};

/// The checked condition; `None` where it is wrong, which is reported.
pub(crate) fn condition(node: &Node, place: Place<'_>, diagnostics: &mut Vec<Diagnostic>) -> Option<Expr> {
    if let Kind::String(scalar) = &node.kind
        && !scalar.text.contains("${")
    {
        diagnostics.push(bare(scalar));
        return None;
    }
    let mut wrong = Vec::new();
    let expr = value(node, Some(&Type::Bool), place, &mut wrong, diagnostics);
    findings(wrong, diagnostics);
    expr
}

/// `when: x > 5`, which is a text.
fn bare(scalar: &Scalar) -> Diagnostic {
    let finding = Diagnostic::error(
        codes::BAD_EXPRESSION,
        "a condition is an expression, but this is a text",
        scalar.span,
        "a text is never true",
    );
    let (_, errors) = conductor_cel::parse(&scalar.text);
    if !errors.is_empty() || scalar.text.trim().is_empty() {
        return finding.help("write it as `${...}`, or `true` or `false`");
    }
    let wrapped = format!("${{{}}}", scalar.text.trim());
    let plain = !wrapped.contains([',', '[', ']', '\'', '"', '\n'])
        && !scalar.text.contains(['{', '}'])
        && !wrapped.contains(": ")
        && !wrapped.contains(" #");
    let text = if plain { wrapped } else { format!("'{}'", wrapped.replace('\'', "''")) };
    finding.fix("make it an expression", Safety::Safe, vec![Edit { span: scalar.span, text }])
}
