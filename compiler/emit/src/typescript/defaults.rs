//! Inputs and their defaults: as the caller gives them, as the journal has them.
//!
//! It knows JSON values and types, not where an input is used.

use conductor_protocol::plan::Input;
use conductor_protocol::types::Type;
use serde_json::Value;

use super::codecs::Way;
use super::file::File;
use super::literal;
use super::tree::{Property, Ts};

/// Whether the caller may leave the input out.
pub fn may_be_absent(input: &Input) -> bool {
    input.default.is_some() || input.ty.is_nullable() && input.ty != Type::Any
}

/// The input among those of a durable run, as JSON. One that is left out is not recorded.
pub fn given(file: &mut File, input: &Input, value: Ts) -> Property {
    let inner = if may_be_absent(input) { input.ty.non_null() } else { &input.ty };
    let encoded = file.coded(Way::Encode, inner, value.clone());
    if input.default.is_none() {
        let encoded = if may_be_absent(input) { file.coded(Way::Encode, &input.ty, value) } else { encoded };
        return Property::Value(input.name.clone(), encoded);
    }
    let is_left_out = Ts::binary(super::tree::Operator::Equal, value.clone(), Ts::name("undefined"));
    let encoded = file.coded(Way::Encode, &input.ty, value);
    let pair = Ts::Object(vec![Property::Value(input.name.clone(), encoded)]);
    Property::Spread(Ts::conditional(is_left_out, Ts::Object(Vec::new()), pair))
}

/// The input as the run's journal has it.
pub fn recorded(file: &mut File, input: &Input, keeps: bool) -> Ts {
    let mut args = vec![Ts::string(&input.name)];
    match &input.default {
        Some(default) => args.push(json(default)),
        None if input.ty.is_nullable() => args.push(Ts::null()),
        None => {}
    }
    let raw = Ts::call("run.input", args);
    if keeps {
        file.runtime("recorded", "Recorded");
        let decode = file.codec(Way::Decode, &input.ty);
        return Ts::made("Recorded", vec![raw, decode]);
    }
    file.coded(Way::Decode, &input.ty, raw)
}

/// What reads the input of a workflow that keeps no journal, where that needs no name of its own.
pub fn direct(_: &mut File, input: &Input, value: Ts) -> Option<Ts> {
    (!may_be_absent(input)).then_some(value)
}

/// The input with its default in place of what is left out.
pub fn made(file: &mut File, input: &Input, value: Ts) -> Ts {
    let default = match &input.default {
        None | Some(Value::Null) => Ts::null(),
        Some(default) => match plain(&input.ty, default) {
            Some(plain) => plain,
            None => {
                let raw = json(default);
                file.coded(Way::Decode, &input.ty, raw)
            }
        },
    };
    // Null is a value where the type has it.
    if input.ty.is_nullable() && input.default.as_ref().is_some_and(|default| !default.is_null()) {
        let is_left_out = Ts::binary(super::tree::Operator::Equal, value.clone(), Ts::name("undefined"));
        return Ts::conditional(is_left_out, default, value);
    }
    value.or_else(default)
}

/// A literal of the type.
fn plain(ty: &Type, value: &Value) -> Option<Ts> {
    match (ty.non_null(), value) {
        (Type::Bool | Type::String, _) | (Type::Float, Value::Number(_)) => Some(json(value)),
        (Type::Int, Value::Number(number)) => {
            number.as_i64().filter(|value| value.unsigned_abs() < (1 << 53)).map(|_| json(value))
        }
        (Type::Decimal, Value::String(_)) => Some(json(value)),
        (Type::Decimal, Value::Number(number)) => Some(Ts::string(number.to_string())),
        _ => None,
    }
}

/// A JSON value as TypeScript writes it: whole numbers that a `number` would round are `bigint`.
pub fn json(value: &Value) -> Ts {
    match value {
        Value::Null => Ts::null(),
        Value::Bool(value) => Ts::bool(*value),
        Value::Number(number) => {
            let (text, negative) = match (number.as_i64(), number.as_u64(), number.as_f64()) {
                (Some(value), ..) => (whole(value.unsigned_abs()), value < 0),
                (None, Some(value), _) => (whole(value), false),
                (None, None, Some(value)) => (literal::float(value.abs()), value < 0.0),
                _ => (number.to_string(), false),
            };
            if negative { Ts::Negate(Box::new(Ts::number(text))) } else { Ts::number(text) }
        }
        Value::String(text) => Ts::string(text),
        Value::Array(items) => Ts::Array(items.iter().map(json).collect()),
        Value::Object(fields) => Ts::Object(
            fields.iter().map(|(name, value)| Property::Value(name.clone(), json(value))).collect(),
        ),
    }
}

fn whole(value: u64) -> String {
    let digits = literal::grouped(value);
    if value > (1 << 53) - 1 { format!("{digits}n") } else { digits }
}
