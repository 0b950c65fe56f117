//! The meaning of plain CEL: an expression and bindings to a value, within a budget of steps and memory.
//!
//! It checks no types beforehand and knows nothing of steps; decimals and dates are values here, but plain CEL makes none.

mod base64;
pub(crate) mod convert;
pub(crate) mod decimal;
mod digits;
mod format;
pub(crate) mod functions;
mod macros;
mod math;
pub(crate) mod meter;
mod names;
pub(crate) mod operators;
mod optional;
pub(crate) mod pattern;
mod strings;
pub(crate) mod time;
mod value;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

pub(crate) use base64::decode as base64_decode;
pub use decimal::Decimal;
pub(crate) use functions::NAMESPACES;
pub(crate) use meter::Meter;
pub(crate) use names::{candidates, qualified};
pub use time::Moment;
pub use value::{Map, Value};

use crate::ast::{Ast, Kind, Node};

/// Nodes evaluated and values made before an evaluation is stopped.
pub(crate) const MAX_STEPS: u64 = 2_000_000;
/// The largest string, bytes, list or map that is made, in bytes or elements.
pub(crate) const MAX_SIZE: usize = 8 * 1024 * 1024;

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvalError {
    /// Bytes of the expression's text.
    pub range: Range<usize>,
    pub message: String,
}

/// What an expression is evaluated in.
#[derive(Debug, Clone, Copy)]
pub struct Env<'a> {
    /// Values by name; a name may be qualified: `pkg.name`.
    pub bindings: &'a BTreeMap<String, Value>,
    /// The package in which names are looked up first; empty for none.
    pub container: &'a str,
    /// Whether `has`, `all`, `map` and the like are macros; else they are functions that do not exist.
    pub macros: bool,
}

/// Evaluates `ast` with `bindings`.
///
/// # Errors
/// CEL's own errors (no such overload, division by zero, overflow, ...) and an exceeded budget.
pub fn evaluate(ast: &Ast, bindings: &BTreeMap<String, Value>) -> Result<Value, EvalError> {
    evaluate_in(ast, &Env { bindings, container: "", macros: true })
}

/// Evaluates `ast` in `env`.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_in(ast: &Ast, env: &Env<'_>) -> Result<Value, EvalError> {
    let mut evaluator = Evaluator { env, locals: Vec::new(), meter: Meter::new() };
    let value = evaluator.eval(&ast.root)?;
    let mut left = MAX_STEPS;
    if !is_walkable(&value, &mut left) {
        return Err(error(&ast.root, "the result is too large"));
    }
    Ok(value)
}

/// Whether the value has less than `left` parts, counting shared ones each time they are met.
pub(crate) fn is_walkable(value: &Value, left: &mut u64) -> bool {
    let Some(rest) = left.checked_sub(1) else { return false };
    *left = rest;
    match value {
        Value::List(items) => items.iter().all(|item| is_walkable(item, left)),
        Value::Map(map) => map.iter().all(|(_, item)| is_walkable(item, left)),
        Value::Optional(Some(inner)) => is_walkable(inner, left),
        _ => true,
    }
}

type Outcome = Result<Value, EvalError>;

fn error(node: &Node, message: impl Into<String>) -> EvalError {
    EvalError { range: node.range.clone(), message: message.into() }
}

struct Evaluator<'a> {
    env: &'a Env<'a>,
    /// Variables of macros, the innermost last.
    locals: Vec<(&'a str, Value)>,
    meter: Meter,
}

impl<'a> Evaluator<'a> {
    fn charge(&mut self, node: &Node, amount: usize) -> Result<(), EvalError> {
        self.meter.charge(amount).map_err(|message| error(node, message))
    }

    /// A new value, within the limits.
    fn made(&mut self, node: &Node, value: Value) -> Outcome {
        self.meter.made(value).map_err(|message| error(node, message))
    }

    fn eval(&mut self, node: &'a Node) -> Outcome {
        self.charge(node, 1)?;
        match &node.kind {
            Kind::Error => Err(error(node, "this could not be read")),
            Kind::Null => Ok(Value::Null),
            Kind::Bool(value) => Ok(Value::Bool(*value)),
            Kind::Int(value) => Ok(Value::Int(*value)),
            Kind::Uint(value) => Ok(Value::Uint(*value)),
            Kind::Double(value, _) => Ok(Value::Double(*value)),
            Kind::String(value) => Ok(Value::from(value.as_str())),
            Kind::Bytes(value) => Ok(Value::Bytes(value.as_slice().into())),
            Kind::Ident { .. } => self.name(node),
            Kind::Select { of, field, optional } => self.select(node, of, &field.text, *optional),
            Kind::Index { of, index, optional } => self.index(node, of, index, *optional),
            Kind::List(items) => self.list(node, items),
            Kind::Map(entries) => self.map(node, entries),
            Kind::Message { name, .. } => Err(error(node, format!("there is no message type `{name}`"))),
            Kind::Unary { op, operand } => self.unary(node, *op, operand),
            Kind::Binary { op, left, right } => self.binary(node, *op, left, right),
            Kind::Conditional { test, then, otherwise } => match self.eval(test)? {
                Value::Bool(true) => self.eval(then),
                Value::Bool(false) => self.eval(otherwise),
                other => {
                    Err(error(test, format!("a condition is a bool, but this is a {}", other.type_name())))
                }
            },
            Kind::Call { .. } => self.call(node),
        }
    }

    fn list(&mut self, node: &'a Node, items: &'a [crate::ast::Item]) -> Outcome {
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            let value = self.eval(&item.value)?;
            if item.optional {
                values.extend(optional::entry(&item.value, value)?);
            } else {
                values.push(value);
            }
        }
        self.made(node, Value::from(values))
    }

    fn map(&mut self, node: &'a Node, entries: &'a [crate::ast::Entry]) -> Outcome {
        let mut map = Map::default();
        for entry in entries {
            let key = self.eval(&entry.key)?;
            let value = self.eval(&entry.value)?;
            let value = if entry.optional { optional::entry(&entry.value, value)? } else { Some(value) };
            if let Some(value) = value {
                map.insert(key, value).map_err(|message| error(&entry.key, message))?;
            }
        }
        self.made(node, Value::Map(Arc::new(map)))
    }

    /// `container[index]` of a list or map: the element, or why there is none.
    fn index(&mut self, node: &'a Node, of: &'a Node, index: &'a Node, optional: bool) -> Outcome {
        let owner = self.eval(of)?;
        let at = self.eval(index)?;
        optional::access(owner, optional, |owner| element(owner, &at)).map_err(|message| error(node, message))
    }
}

/// What a list or map holds: `Ok(None)` where there is no such element.
pub(crate) fn element(owner: &Value, at: &Value) -> Result<Option<Value>, String> {
    match owner {
        Value::Map(map) => Ok(map.get(at).cloned()),
        Value::List(items) => {
            let at = match at {
                Value::Int(at) => usize::try_from(*at).ok(),
                Value::Uint(at) => usize::try_from(*at).ok(),
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "whole and not negative; past the end of any list it saturates"
                )]
                Value::Double(at) if at.fract() == 0.0 => (*at >= 0.0).then_some(*at as usize),
                other => return Err(format!("a list has no element at a {}", other.type_name())),
            };
            Ok(at.and_then(|at| items.get(at)).cloned())
        }
        other => Err(format!("a {} has no elements", other.type_name())),
    }
}
