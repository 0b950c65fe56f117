//! A mapping of the manifest where a type with known keys is asked for: a `TypedDict`, a message, an object of a schema.
//!
//! It does not know where the type is from.

use conductor_model::names::{listed, nearest};
use conductor_protocol::expr::{Expr, Node as Out};
use conductor_protocol::types::{Field, Type, TypeDef, TypeTable};
use conductor_source::{Diagnostic, Span};
use conductor_syntax::{Entry, Node};

use super::{Place, Wrong, value};

/// The fields of the type that is asked for, where its values are mappings.
pub(super) fn fields<'a>(expected: Option<&Type>, types: &'a TypeTable) -> Option<&'a [Field]> {
    let Type::Named(name) = expected?.non_null() else { return None };
    match types.get(name)? {
        TypeDef::TypedDict { fields } => Some(fields),
        _ => None,
    }
}

/// The mapping as a value of type `wanted`, whose keys are `fields`.
pub(super) fn record(
    node: &Node,
    entries: &[Entry],
    (wanted, fields): (&Type, &[Field]),
    place: Place<'_>,
    wrong: &mut Vec<Wrong>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Expr> {
    let mut whole = true;
    let mut given = Vec::new();
    for entry in entries {
        let key = entry.key.text.as_str();
        let Some(field) = fields.iter().find(|field| field.name == key) else {
            whole = false;
            let near = nearest(key, fields.iter().map(|field| field.name.as_str()));
            let help = near.map(|near| format!("did you mean `{near}`?"));
            wrong.push(mistake(entry.key.span, format!("`{wanted}` has no field `{key}`"), help));
            continue;
        };
        match value(&entry.value, Some(&field.ty), place, wrong, diagnostics) {
            Some(value) => given.push((key.to_owned(), value)),
            None => whole = false,
        }
    }
    if !whole {
        return None;
    }
    let is_given = |name: &str| entries.iter().any(|entry| entry.key.text == name);
    let missing: Vec<String> = fields
        .iter()
        .filter(|field| field.required && !is_given(&field.name))
        .map(|field| field.name.clone())
        .collect();
    if !missing.is_empty() {
        wrong.push(mistake(node.span, format!("`{wanted}` needs {}", listed(&missing)), None));
        return None;
    }
    Some(Expr { ty: wanted.clone(), node: Out::Record(given) })
}

fn mistake(span: Span, message: String, help: Option<String>) -> Wrong {
    Wrong { span, message, help, absent: None, mismatch: true }
}
