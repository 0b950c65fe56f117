//! CEL's math extension: extremes, rounding, signs and bits.
//!
//! It does not convert between number types: a function keeps the type of its argument.

use std::cmp::Ordering;

use super::Value;
use super::decimal::{Decimal, Rounding};

/// A function of the namespace `math`; none where there is no such function for these types.
pub(super) fn call(name: &str, args: &[Value]) -> Option<Result<Value, String>> {
    let name = name.strip_prefix("math.")?;
    match (name, args) {
        ("greatest" | "least", [Value::List(items)]) => extreme(name, items),
        ("greatest" | "least", numbers) => extreme(name, numbers),
        ("ceil" | "floor" | "round" | "trunc" | "isNaN" | "isInf" | "isFinite", [Value::Double(number)]) => {
            Some(Ok(on_double(name, *number)))
        }
        ("abs" | "sign" | "ceil" | "floor" | "round" | "trunc", [Value::Decimal(number)]) => {
            Some(Ok(Value::from(on_decimal(name, number))))
        }
        ("abs" | "sign" | "sqrt", [number]) => on_number(name, number),
        ("bitAnd" | "bitOr" | "bitXor", [Value::Int(left), Value::Int(right)]) => {
            Some(Ok(Value::Int(match name {
                "bitAnd" => left & right,
                "bitOr" => left | right,
                _ => left ^ right,
            })))
        }
        ("bitAnd" | "bitOr" | "bitXor", [Value::Uint(left), Value::Uint(right)]) => {
            Some(Ok(Value::Uint(match name {
                "bitAnd" => left & right,
                "bitOr" => left | right,
                _ => left ^ right,
            })))
        }
        ("bitNot", [Value::Int(number)]) => Some(Ok(Value::Int(!number))),
        ("bitNot", [Value::Uint(number)]) => Some(Ok(Value::Uint(!number))),
        ("bitShiftLeft" | "bitShiftRight", [number, Value::Int(by)]) => {
            shift(name == "bitShiftLeft", number, *by)
        }
        _ => None,
    }
}

fn extreme(name: &str, numbers: &[Value]) -> Option<Result<Value, String>> {
    let wanted = if name == "greatest" { Ordering::Greater } else { Ordering::Less };
    let mut best: Option<&Value> = None;
    for number in numbers {
        if !matches!(number, Value::Int(_) | Value::Uint(_) | Value::Double(_) | Value::Decimal(_)) {
            return None;
        }
        if best.is_none_or(|best| number.compare(best) == Some(wanted)) {
            best = Some(number);
        }
    }
    Some(best.cloned().ok_or_else(|| format!("`math.{name}` needs at least one number")))
}

fn on_double(name: &str, number: f64) -> Value {
    match name {
        "ceil" => Value::Double(number.ceil()),
        "floor" => Value::Double(number.floor()),
        // Halves go away from zero.
        "round" => Value::Double(number.round()),
        "trunc" => Value::Double(number.trunc()),
        "isNaN" => Value::Bool(number.is_nan()),
        "isInf" => Value::Bool(number.is_infinite()),
        _ => Value::Bool(number.is_finite()),
    }
}

fn on_decimal(name: &str, number: &Decimal) -> Decimal {
    match name {
        "abs" => number.abs(),
        "sign" => Decimal::of_int(number.sign()),
        "ceil" => number.whole(Rounding::Ceiling),
        "floor" => number.whole(Rounding::Floor),
        "round" => number.whole(Rounding::Half),
        _ => number.whole(Rounding::Truncate),
    }
}

fn on_number(name: &str, number: &Value) -> Option<Result<Value, String>> {
    Some(Ok(match (name, number) {
        ("abs", Value::Int(number)) => {
            return Some(
                number
                    .checked_abs()
                    .map(Value::Int)
                    .ok_or_else(|| "the result does not fit 64 bits".to_owned()),
            );
        }
        ("abs", Value::Uint(_)) => number.clone(),
        ("abs", Value::Double(number)) => Value::Double(number.abs()),
        ("sign", Value::Int(number)) => Value::Int(number.signum()),
        ("sign", Value::Uint(number)) => Value::Uint(u64::from(*number > 0)),
        ("sign", Value::Double(number)) if *number == 0.0 || number.is_nan() => Value::Double(*number),
        ("sign", Value::Double(number)) => Value::Double(number.signum()),
        ("sqrt", Value::Double(number)) => Value::Double(number.sqrt()),
        #[expect(clippy::cast_precision_loss, reason = "a square root is a double")]
        ("sqrt", Value::Int(number)) => Value::Double((*number as f64).sqrt()),
        #[expect(clippy::cast_precision_loss, reason = "a square root is a double")]
        ("sqrt", Value::Uint(number)) => Value::Double((*number as f64).sqrt()),
        _ => return None,
    }))
}

/// Bits that leave are lost; a shift to the right fills with zeros, for negative ints too.
fn shift(left: bool, number: &Value, by: i64) -> Option<Result<Value, String>> {
    let bits = match number {
        Value::Int(number) => number.cast_unsigned(),
        Value::Uint(number) => *number,
        _ => return None,
    };
    let Ok(by) = u32::try_from(by.min(64)) else {
        return Some(Err(format!("a shift by {by} bits is not possible")));
    };
    let shifted = if left { bits.checked_shl(by) } else { bits.checked_shr(by) }.unwrap_or(0);
    Some(Ok(match number {
        Value::Int(_) => Value::Int(shifted.cast_signed()),
        _ => Value::Uint(shifted),
    }))
}
