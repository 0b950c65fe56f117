//! Optional values: access that may miss, chains of it, and the functions of CEL's `optional`.
//!
//! It knows no syntax: the evaluator says whether an access was written `.?` or `[?]`.

use std::sync::Arc;

use super::{EvalError, Value, error};
use crate::ast::Node;

pub(super) fn some(value: Value) -> Value {
    Value::Optional(Some(Arc::new(value)))
}

/// The value of an entry written `?value`.
pub(super) fn entry(node: &Node, value: Value) -> Result<Option<Value>, EvalError> {
    match value {
        Value::Optional(inner) => Ok(inner.map(|inner| (*inner).clone())),
        other => Err(error(node, format!("`?` needs an optional, but this is a {}", other.type_name()))),
    }
}

/// Takes a part of `owner`, through an optional if it is one; the result is optional then, or where `asked`.
pub(super) fn access(
    owner: Value,
    asked: bool,
    part: impl Fn(&Value) -> Result<Option<Value>, String>,
) -> Result<Value, String> {
    match owner {
        Value::Optional(None) => Ok(Value::Optional(None)),
        Value::Optional(Some(inner)) => Ok(part(&inner)?.map_or(Value::Optional(None), some)),
        plain if asked => Ok(part(&plain)?.map_or(Value::Optional(None), some)),
        plain => part(&plain)?.ok_or_else(|| "there is no such key or element".to_owned()),
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Optional(None) => true,
        Value::Bool(value) => !value,
        Value::Int(value) => *value == 0,
        Value::Uint(value) => *value == 0,
        Value::Double(value) => *value == 0.0,
        Value::String(value) => value.is_empty(),
        Value::Bytes(value) => value.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.is_empty(),
        Value::Duration(nanos) => *nanos == 0,
        Value::Decimal(number) => number.is_zero(),
        Value::Timestamp(_) | Value::Date(_) | Value::Type(_) | Value::Optional(Some(_)) => false,
    }
}

pub(super) fn call(name: &str, member: bool, args: &[Value]) -> Option<Result<Value, String>> {
    Some(Ok(match (name, member, args) {
        ("optional.of", false, [value]) => some(value.clone()),
        ("optional.ofNonZeroValue", false, [value]) if is_zero(value) => Value::Optional(None),
        ("optional.ofNonZeroValue", false, [value]) => some(value.clone()),
        ("optional.none", false, []) => Value::Optional(None),
        ("optional.unwrap", false, [Value::List(items)]) | ("unwrapOpt", true, [Value::List(items)]) => {
            let present = |item: &Value| match item {
                Value::Optional(inner) => inner.as_deref().cloned(),
                plain => Some(plain.clone()),
            };
            Value::from(items.iter().filter_map(present).collect::<Vec<_>>())
        }
        ("hasValue", true, [Value::Optional(inner)]) => Value::Bool(inner.is_some()),
        ("value", true, [Value::Optional(Some(inner))]) => (**inner).clone(),
        ("value", true, [Value::Optional(None)]) => return Some(Err("the optional is empty".to_owned())),
        ("first", true, [Value::List(items)]) => items.first().cloned().map_or(Value::Optional(None), some),
        ("last", true, [Value::List(items)]) => items.last().cloned().map_or(Value::Optional(None), some),
        _ => return None,
    }))
}
