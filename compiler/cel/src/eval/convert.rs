//! Conversions between types: `int(x)`, `string(x)` and their kin.
//!
//! It does not know which of them a manifest may use.

use super::decimal::Decimal;
use super::{Value, time};

/// A double in the fewest digits that read back the same, with an exponent below 1e-4 and from 1e21 on.
pub(crate) fn double_text(value: f64) -> String {
    if !value.is_finite() {
        return non_finite(value).to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..21).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs());
    }
    format!("{value}")
}

pub(crate) fn non_finite(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

fn out_of_range(value: &Value, wanted: &str) -> String {
    format!("{} does not fit {wanted}", value.to_json())
}

fn not_a(text: &str, wanted: &str) -> String {
    format!("`{text}` is not {wanted}")
}

/// A conversion by the name of the type; none where there is none from this type.
pub(crate) fn call(name: &str, value: &Value) -> Option<Result<Value, String>> {
    match name {
        "int" => int(value),
        "uint" => uint(value),
        "double" => double(value),
        "string" => string(value),
        "bytes" => match value {
            Value::Bytes(_) => Some(Ok(value.clone())),
            Value::String(text) => Some(Ok(Value::Bytes(text.as_bytes().into()))),
            _ => None,
        },
        "bool" => bool(value),
        "timestamp" => match value {
            Value::Timestamp(_) => Some(Ok(value.clone())),
            Value::Int(seconds) => Some(time::timestamp_of_seconds(*seconds)),
            Value::String(text) => Some(time::parse_timestamp(text)),
            _ => None,
        },
        "duration" => match value {
            Value::Duration(_) => Some(Ok(value.clone())),
            Value::String(text) => Some(time::parse_duration(text)),
            _ => None,
        },
        "type" => Some(Ok(Value::Type(value.type_name().into()))),
        "dyn" => Some(Ok(value.clone())),
        _ => None,
    }
}

/// Conversions of a manifest: plain CEL's and those to its own types; times hold microseconds.
pub(crate) fn of_manifest(name: &str, value: &Value) -> Option<Result<Value, String>> {
    match (name, value) {
        ("decimal", _) => decimal(value),
        ("date", _) => date(value),
        ("timestamp", Value::Date(days)) => Some(time::timestamp(i128::from(*days) * time::DAY)),
        ("timestamp", Value::Timestamp(_)) | ("duration", Value::Duration(_)) => Some(Ok(value.clone())),
        ("timestamp" | "duration", _) => Some(call(name, value)?.map(time::to_microseconds)),
        _ => call(name, value),
    }
}

fn bool(value: &Value) -> Option<Result<Value, String>> {
    Some(match value {
        Value::Bool(_) => Ok(value.clone()),
        Value::String(text) => match &**text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
            other => Err(not_a(other, "a bool")),
        },
        _ => return None,
    })
}

fn int(value: &Value) -> Option<Result<Value, String>> {
    Some(match value {
        Value::Int(_) => Ok(value.clone()),
        Value::Uint(number) => {
            i64::try_from(*number).map(Value::Int).map_err(|_| out_of_range(value, "an int"))
        }
        // Both ends are excluded: near them a double may stand for a number outside.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the range is checked; the fraction is to be cut off"
        )]
        Value::Double(number) if number.abs() < 9_223_372_036_854_775_808.0 => Ok(Value::Int(*number as i64)),
        Value::Double(_) => Err(out_of_range(value, "an int")),
        Value::String(text) => text.parse().map(Value::Int).map_err(|_| not_a(text, "an int")),
        Value::Timestamp(moment) => moment.instant().map(|nanos| Value::Int(time::seconds_of(nanos))),
        Value::Decimal(number) => number.int().map(Value::Int).ok_or_else(|| out_of_range(value, "an int")),
        _ => return None,
    })
}

fn uint(value: &Value) -> Option<Result<Value, String>> {
    Some(match value {
        Value::Uint(_) => Ok(value.clone()),
        Value::Int(number) => {
            u64::try_from(*number).map(Value::Uint).map_err(|_| out_of_range(value, "a uint"))
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range is checked; the fraction is to be cut off"
        )]
        Value::Double(number) if (0.0..18_446_744_073_709_551_616.0).contains(number) => {
            Ok(Value::Uint(*number as u64))
        }
        Value::Double(_) => Err(out_of_range(value, "a uint")),
        Value::String(text) => text.parse().map(Value::Uint).map_err(|_| not_a(text, "a uint")),
        _ => return None,
    })
}

#[expect(clippy::cast_precision_loss, reason = "CEL rounds to the nearest double")]
fn double(value: &Value) -> Option<Result<Value, String>> {
    Some(match value {
        Value::Double(_) => Ok(value.clone()),
        Value::Int(number) => Ok(Value::Double(*number as f64)),
        Value::Uint(number) => Ok(Value::Double(*number as f64)),
        Value::Decimal(number) => match number.double() {
            infinite if infinite.is_infinite() => Err(out_of_range(value, "a double")),
            number => Ok(Value::Double(number)),
        },
        Value::String(text) => match text.parse::<f64>() {
            // Digits that do not fit become infinite; only the word itself may be.
            Ok(number) if number.is_infinite() && text.contains(|letter: char| letter.is_ascii_digit()) => {
                Err(out_of_range(value, "a double"))
            }
            Ok(number) => Ok(Value::Double(number)),
            Err(_) => Err(not_a(text, "a double")),
        },
        _ => return None,
    })
}

fn decimal(value: &Value) -> Option<Result<Value, String>> {
    let wrong = || format!("{} is not a decimal", value.to_json());
    let number = match value {
        Value::Decimal(_) => return Some(Ok(value.clone())),
        Value::Int(number) => Some(Decimal::of_int(*number)),
        Value::Double(number) => Decimal::of_double(*number),
        Value::String(text) => Decimal::parse(text),
        _ => return None,
    };
    Some(number.map(Value::from).ok_or_else(wrong))
}

fn date(value: &Value) -> Option<Result<Value, String>> {
    Some(match value {
        Value::Date(_) => Ok(value.clone()),
        Value::Timestamp(moment) => {
            Ok(Value::Date(i64::try_from(moment.nanos.div_euclid(time::DAY)).unwrap_or(0)))
        }
        Value::String(text) => time::parse_date(text),
        _ => return None,
    })
}

fn string(value: &Value) -> Option<Result<Value, String>> {
    Some(Ok(match value {
        Value::String(_) => value.clone(),
        Value::Bool(flag) => Value::from(flag.to_string()),
        Value::Int(number) => Value::from(number.to_string()),
        Value::Uint(number) => Value::from(number.to_string()),
        Value::Double(number) => Value::from(double_text(*number)),
        Value::Timestamp(moment) => Value::from(time::timestamp_text(*moment)),
        Value::Decimal(number) => Value::from(number.to_string()),
        Value::Date(days) => Value::from(time::date_text(*days)),
        Value::Duration(nanos) => Value::from(time::duration_text(*nanos)),
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Value::from(text),
            Err(_) => return Some(Err("these bytes are not UTF-8".to_owned())),
        },
        _ => return None,
    }))
}
