//! Declared inputs of a workflow: their types looked up, their defaults as values.
//!
//! It knows nothing of inferred inputs: those come from the steps.

use std::collections::BTreeMap;

use conductor_model::{Findings, Workflow};
use conductor_protocol::expr::{Expr, Literal, Node as Out};
use conductor_protocol::plan::Input;
use conductor_protocol::types::Type;
use conductor_source::{Diagnostic, Span};
use conductor_syntax::{Kind, Node};
use serde_json::Value as Json;

use crate::asked::Naming;
use crate::codes;
use crate::ids::StepIds;
use crate::scope::{Scope, Value};
use crate::types;
use crate::value::{Place, Stand, value};

pub(crate) struct Declared {
    pub inputs: Vec<Input>,
    pub spans: BTreeMap<String, Span>,
    pub broken: bool,
}

/// The inputs in their order; each becomes visible in `scope`.
pub(crate) fn declared(
    workflow: &Workflow,
    findings: &Findings,
    scope: &mut Scope,
    diagnostics: &mut Vec<Diagnostic>,
) -> Declared {
    let mut declared = Declared { inputs: Vec::new(), spans: BTreeMap::new(), broken: false };
    for input in &workflow.inputs {
        let (ty, whole) = types::resolve(&input.ty, findings, diagnostics);
        let name = input.name.value.clone();
        let visible =
            if whole { Value::new(ty.clone(), input.name.span) } else { Value::reported(input.name.span) };
        scope.add_input(&name, visible);
        declared.broken |= !whole;
        let default = match &input.default {
            Some(node) if whole => default(node, (&ty, input.ty.span), findings, diagnostics),
            _ => None,
        };
        declared.spans.insert(name.clone(), input.name.span);
        let secret = input.secret.as_ref().is_some_and(|secret| secret.value);
        declared.inputs.push(Input { name, ty, default, secret });
    }
    declared
}

/// The default as JSON; it must be a literal of the input's type, which is given with its place.
fn default(
    node: &Node,
    (ty, declared): (&Type, Span),
    findings: &Findings,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Json> {
    if matches!(node.kind, Kind::Broken) {
        return None;
    }
    let (scope, naming, ids) = (Scope::default(), Naming::default(), StepIds::default());
    let place = Place {
        scope: &scope,
        naming: &naming,
        ids: &ids,
        here: Stand::Start,
        known: &[],
        env: false,
        types: &findings.types,
        languages: &findings.languages,
    };
    let (mut wrong, mut names) = (Vec::new(), Vec::new());
    let json = value(node, Some(ty), place, &mut wrong, &mut names).and_then(|expr| literal(&expr));
    if json.is_none() {
        let label = match wrong.into_iter().next() {
            Some(wrong) => wrong.message,
            None => "a default is a literal, not an expression".to_owned(),
        };
        let message = format!("the default is no literal of type `{ty}`");
        let finding = Diagnostic::error(codes::INPUT_DEFAULT, message, node.span, label);
        diagnostics.push(finding.label(declared, "the declared type"));
    }
    json
}

/// A literal in its wire form.
fn literal(expr: &Expr) -> Option<Json> {
    Some(match &expr.node {
        Out::Literal(Literal::Null) => Json::Null,
        Out::Literal(Literal::Bool(value)) => Json::from(*value),
        Out::Literal(Literal::Int(value)) => Json::from(*value),
        Out::Literal(Literal::Float(value)) => Json::from(*value),
        Out::Literal(Literal::Decimal(text) | Literal::String(text)) => Json::from(text.as_str()),
        Out::List(items) => Json::Array(items.iter().map(literal).collect::<Option<_>>()?),
        Out::Record(fields) => Json::Object(
            fields
                .iter()
                .map(|(name, field)| Some((name.clone(), literal(field)?)))
                .collect::<Option<_>>()?,
        ),
        Out::Convert(inner) => literal(inner)?,
        _ => return None,
    })
}
