//! Defaults of inputs: literals where Python can share them, else made at each call.
//!
//! It knows JSON values and types, not where an input is used.

use conductor_protocol::plan::Input;
use conductor_protocol::types::Type;
use serde_json::Value;

use super::codecs::{Way, apply};
use super::file::File;
use super::literal;
use super::tree::{Operator, Py, Stmt};
use super::workflow::input_name;

/// Annotation and default of the parameter.
pub fn early(file: &mut File, input: &Input, annotation: String) -> (String, Option<String>) {
    match &input.default {
        None => (annotation, None),
        Some(value) => match shared(file, &input.ty, value) {
            Some(text) => (annotation, Some(text)),
            None => (format!("{annotation} | None"), Some("None".to_owned())),
        },
    }
}

/// The statement that makes a default which calls may not share.
pub fn late(file: &mut File, input: &Input) -> Option<Stmt> {
    let value = input.default.as_ref()?;
    if shared(file, &input.ty, value).is_some() {
        return None;
    }
    let name = input_name(input);
    let made = decoded(file, &input.ty, value);
    let body = vec![Stmt::Assign { target: name.clone(), annotation: None, value: made }];
    let test = Py::binary(Operator::Is, Py::atom(name), Py::atom("None"));
    Some(Stmt::If { test, body, otherwise: Vec::new() })
}

/// The default as a value of its type.
pub fn decoded(file: &mut File, ty: &Type, value: &Value) -> Py {
    match shared(file, ty, value) {
        Some(text) => Py::atom(text),
        None => apply(file, Way::Decode, ty, json(value)),
    }
}

/// A literal that needs no module of the user's and cannot be changed.
fn shared(file: &mut File, ty: &Type, value: &Value) -> Option<String> {
    match (ty.non_null(), value) {
        (_, Value::Null) => Some("None".to_owned()),
        (Type::Bool, Value::Bool(value)) => Some(if *value { "True" } else { "False" }.to_owned()),
        (Type::Int, Value::Number(value)) => value.as_i64().map(|value| value.to_string()),
        (Type::Float, Value::Number(value)) => value.as_f64().map(literal::float),
        (Type::String, Value::String(value)) => Some(literal::string(value)),
        (Type::Decimal, Value::String(value)) => {
            Some(format!("{}({})", file.annotation(&Type::Decimal), literal::decimal(value)))
        }
        (Type::Decimal, Value::Number(value)) => {
            Some(format!("{}({})", file.annotation(&Type::Decimal), literal::decimal(&value.to_string())))
        }
        _ => None,
    }
}

/// A JSON value as Python writes it.
pub fn json(value: &Value) -> Py {
    match value {
        Value::Null => Py::atom("None"),
        Value::Bool(true) => Py::atom("True"),
        Value::Bool(false) => Py::atom("False"),
        Value::Number(number) => Py::atom(match number.as_f64() {
            Some(float) if number.is_f64() => literal::float(float),
            _ => number.to_string(),
        }),
        Value::String(text) => Py::string(text),
        Value::Array(items) => Py::List(items.iter().map(json).collect()),
        Value::Object(fields) => {
            Py::Dict(fields.iter().map(|(name, value)| (Py::string(name), json(value))).collect())
        }
    }
}
