//! `template.format(args)`: the clauses `%s %d %f %e %b %o %x %X` of CEL's string extension.
//!
//! It knows no locale.

use super::convert::{double_text, non_finite};
use super::{MAX_SIZE, Value, time};

/// More decimals than this say nothing about a double.
const MAX_PRECISION: usize = 1000;

/// The template with its clauses filled in.
pub(super) fn format(template: &str, args: &[Value]) -> Result<Value, String> {
    let mut out = Out { text: String::new() };
    fill(template, args, &mut out).map(|()| Value::from(out.text))
}

struct Out {
    text: String,
}

impl Out {
    fn put(&mut self, text: &str) -> Result<(), String> {
        if self.text.len() + text.len() > MAX_SIZE {
            return Err("the text is too large".to_owned());
        }
        self.text.push_str(text);
        Ok(())
    }
}

fn fill(template: &str, args: &[Value], out: &mut Out) -> Result<(), String> {
    let mut rest = template;
    let mut args = args.iter();
    while let Some(at) = rest.find('%') {
        out.put(&rest[..at])?;
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            out.put("%")?;
            rest = after;
            continue;
        }
        let (precision, after) = precision(rest)?;
        let clause = after.chars().next().ok_or("the template ends inside a clause")?;
        rest = &after[clause.len_utf8()..];
        let arg = args.next().ok_or("there are fewer arguments than clauses")?;
        put_clause(clause, precision, arg, out)?;
    }
    out.put(rest)
}

fn precision(text: &str) -> Result<(Option<usize>, &str), String> {
    let Some(text) = text.strip_prefix('.') else { return Ok((None, text)) };
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let precision = text[..digits].parse().ok().filter(|precision| *precision <= MAX_PRECISION);
    precision.map_or_else(
        || Err("the precision of a clause is wrong".to_owned()),
        |found| Ok((Some(found), &text[digits..])),
    )
}

fn put_clause(clause: char, precision: Option<usize>, arg: &Value, out: &mut Out) -> Result<(), String> {
    let wrong = || format!("`%{clause}` does not take a {}", arg.type_name());
    let text = match clause {
        's' => return put_text(arg, out),
        'd' => match arg {
            Value::Int(number) => number.to_string(),
            Value::Uint(number) => number.to_string(),
            Value::Double(number) if !number.is_finite() => non_finite(*number).to_owned(),
            _ => return Err(wrong()),
        },
        'f' if matches!(arg, Value::Decimal(_)) => {
            let Value::Decimal(number) = arg else { return Err(wrong()) };
            let text = number.with_places(precision.unwrap_or(6));
            text.ok_or("the decimal is too large or too small to be written out")?
        }
        'f' | 'e' => {
            let number = decimal(arg).ok_or_else(wrong)?;
            let precision = precision.unwrap_or(6);
            if !number.is_finite() {
                non_finite(number).to_owned()
            } else if clause == 'f' {
                format!("{number:.precision$}")
            } else {
                scientific(number, precision)
            }
        }
        'b' => match arg {
            Value::Bool(flag) => u8::from(*flag).to_string(),
            _ => whole(arg, |number| format!("{number:b}")).ok_or_else(wrong)?,
        },
        'o' => whole(arg, |number| format!("{number:o}")).ok_or_else(wrong)?,
        'x' | 'X' => {
            let text = match arg {
                Value::String(text) => hex(text.as_bytes()),
                Value::Bytes(bytes) => hex(bytes),
                _ => whole(arg, |number| format!("{number:x}")).ok_or_else(wrong)?,
            };
            if clause == 'X' { text.to_ascii_uppercase() } else { text }
        }
        _ => return Err(format!("`%{clause}` is not a clause")),
    };
    out.put(&text)
}

#[expect(clippy::cast_precision_loss, reason = "the clause shows a double")]
fn decimal(arg: &Value) -> Option<f64> {
    match arg {
        Value::Double(number) => Some(*number),
        Value::Int(number) => Some(*number as f64),
        Value::Uint(number) => Some(*number as f64),
        _ => None,
    }
}

fn whole(arg: &Value, digits: impl Fn(u64) -> String) -> Option<String> {
    match arg {
        Value::Int(number) if *number < 0 => Some(format!("-{}", digits(number.unsigned_abs()))),
        Value::Int(number) => Some(digits(number.unsigned_abs())),
        Value::Uint(number) => Some(digits(*number)),
        _ => None,
    }
}

fn scientific(number: f64, precision: usize) -> String {
    let text = format!("{number:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}e{sign}{digits:0>2}")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn put_text(value: &Value, out: &mut Out) -> Result<(), String> {
    match value {
        Value::Null => out.put("null"),
        Value::Bool(flag) => out.put(if *flag { "true" } else { "false" }),
        Value::Int(number) => out.put(&number.to_string()),
        Value::Uint(number) => out.put(&number.to_string()),
        Value::Double(number) if !number.is_finite() => out.put(non_finite(*number)),
        Value::Double(number) => out.put(&double_text(*number)),
        Value::String(text) | Value::Type(text) => out.put(text),
        Value::Bytes(bytes) => out.put(&String::from_utf8_lossy(bytes)),
        Value::Timestamp(moment) => out.put(&time::timestamp_text(*moment)),
        Value::Decimal(number) => out.put(&number.to_string()),
        Value::Date(days) => out.put(&time::date_text(*days)),
        Value::Duration(nanos) => out.put(&time::duration_text(*nanos)),
        Value::Optional(_) => Err("`%s` does not take an optional".to_owned()),
        Value::List(items) => {
            out.put("[")?;
            for (index, item) in items.iter().enumerate() {
                out.put(if index == 0 { "" } else { ", " })?;
                put_text(item, out)?;
            }
            out.put("]")
        }
        Value::Map(map) => {
            let mut entries = Vec::with_capacity(map.len());
            for (key, value) in map.iter() {
                let mut name = Out { text: String::new() };
                put_text(key, &mut name)?;
                entries.push((name.text, value));
            }
            entries.sort_by(|left, right| left.0.cmp(&right.0));
            out.put("{")?;
            for (index, (name, value)) in entries.into_iter().enumerate() {
                out.put(if index == 0 { "" } else { ", " })?;
                out.put(&name)?;
                out.put(": ")?;
                put_text(value, out)?;
            }
            out.put("}")
        }
    }
}
