//! Literals of a Plan as values, and what a conversion of the checker does.
//!
//! It does not know why the checker converts.

use conductor_protocol::expr::Literal;
use conductor_protocol::types::Type;

use super::Outcome;
use crate::eval::{Decimal, Value, convert};

pub(super) fn value(literal: &Literal) -> Outcome {
    Ok(match literal {
        Literal::Null => Value::Null,
        Literal::Bool(value) => Value::Bool(*value),
        Literal::Int(value) => Value::Int(*value),
        Literal::Float(value) => Value::Double(*value),
        Literal::String(text) => Value::from(text.as_str()),
        Literal::Bytes(bytes) => Value::Bytes(bytes.as_slice().into()),
        Literal::Decimal(text) => {
            Value::from(Decimal::parse(text).ok_or_else(|| format!("`{text}` is not a decimal"))?)
        }
    })
}

/// A value of type `from` as one of type `to`: a number of another type, or what is known not to be null.
pub(super) fn converted(value: Value, from: &Type, to: &Type) -> Outcome {
    if matches!(value, Value::Null) && !to.is_nullable() {
        return Err("no value where one is needed: it is null".into());
    }
    let function = match (from.non_null(), to.non_null()) {
        (Type::Int, Type::Float) => "double",
        (Type::Int | Type::Float | Type::String, Type::Decimal) => "decimal",
        // An enum is its wire value here; every other type is the value as it is.
        _ => return Ok(value),
    };
    if matches!(value, Value::Null) {
        return Ok(value);
    }
    match convert::of_manifest(function, &value) {
        Some(result) => Ok(result?),
        None => Err(format!("a {} cannot be made a {function}", value.type_name()).into()),
    }
}
