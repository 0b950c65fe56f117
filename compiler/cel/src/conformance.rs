//! Cases of the CEL specification: read from JSON lines, run, and counted by file.
//!
//! It knows no single case: what is asked is in the file, what is answered is the evaluator's.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::eval::{Env, Map, Moment, Value, base64_decode, evaluate_in};
use crate::parser::parse;
use crate::typing::{Declarations, Function, check};

/// What came of a file of cases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// By the file of the specification that the case is from.
    pub files: BTreeMap<String, Tally>,
    /// In the order of the file.
    pub failures: Vec<Failure>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: usize,
    pub all: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub id: String,
    pub expr: String,
    pub reason: String,
}

impl Report {
    /// The sum over all files.
    #[must_use]
    pub fn total(&self) -> Tally {
        self.files.values().fold(Tally::default(), |sum, tally| Tally {
            passed: sum.passed + tally.passed,
            all: sum.all + tally.all,
        })
    }
}

/// Runs every case; a line that is no case counts as one that failed.
#[must_use]
pub fn run(bytes: &[u8]) -> Report {
    let mut report = Report::default();
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let case: Json = serde_json::from_slice(line).unwrap_or(Json::Null);
        let text = |key: &str| case[key].as_str().unwrap_or("").to_owned();
        let tally = report.files.entry(text("file")).or_default();
        tally.all += 1;
        let result =
            if case.is_object() { run_case(&case) } else { Err(format!("line {} is not JSON", number + 1)) };
        match result {
            Ok(()) => tally.passed += 1,
            Err(reason) => report.failures.push(Failure { id: text("id"), expr: text("expr"), reason }),
        }
    }
    report
}

fn run_case(case: &Json) -> Result<(), String> {
    let wants_error = case["expect"]["error"].as_bool() == Some(true);
    match (answer(case)?, wants_error) {
        (Err(_), true) => Ok(()),
        (Err(reason), false) => Err(reason),
        (Ok(value), true) => Err(format!("no error, but {value:?}")),
        (Ok(value), false) => judge(&case["expect"], value),
    }
}

/// The answer to a case, or why it has none; the outer error is one of the case itself.
fn answer(case: &Json) -> Result<Result<Option<Value>, String>, String> {
    let flag = |key: &str| case[key].as_bool() == Some(true);
    let mut bindings = BTreeMap::new();
    for (name, value) in case["bindings"].as_object().into_iter().flatten() {
        bindings.insert(name.clone(), decode(value)?);
    }
    let (ast, errors) = parse(case["expr"].as_str().unwrap_or(""));
    if let Some(error) = errors.into_iter().next() {
        return Ok(Err(error.message));
    }
    let container = case["container"].as_str().unwrap_or("");
    if !flag("disable_check") {
        match check(&ast, &declarations(case, container)) {
            Err(errors) => {
                let messages: Vec<String> = errors.into_iter().map(|error| error.message).collect();
                return Ok(Err(messages.join("; ")));
            }
            Ok(ty) => {
                let wanted = case["expect"]["typed"]["type"].as_str();
                if let Some(wanted) = wanted.filter(|wanted| ty.to_string() != *wanted) {
                    return Ok(Err(format!("expected the type {wanted}, but got {ty}")));
                }
            }
        }
    }
    if flag("check_only") {
        return Ok(Ok(None));
    }
    let env = Env { bindings: &bindings, container, macros: !flag("disable_macros") };
    Ok(evaluate_in(&ast, &env).map(Some).map_err(|error| error.message))
}

/// The names and functions that a case declares.
fn declarations(case: &Json, container: &str) -> Declarations {
    let text = |json: &Json| json.as_str().unwrap_or("dyn").to_owned();
    let macros = case["disable_macros"].as_bool() != Some(true);
    let mut declarations =
        Declarations { container: container.to_owned(), macros, ..Declarations::default() };
    for entry in case["type_env"].as_array().into_iter().flatten() {
        let name = text(&entry["name"]);
        for form in entry["function"].as_array().into_iter().flatten() {
            declarations.functions.push(Function {
                name: name.clone(),
                member: form["member"].as_bool() == Some(true),
                params: form["params"].as_array().into_iter().flatten().map(text).collect(),
                result: text(&form["result"]),
            });
        }
        if let Some(ty) = entry["type"].as_str() {
            declarations.variables.insert(name, ty.to_owned());
        }
    }
    declarations
}

fn judge(expect: &Json, value: Option<Value>) -> Result<(), String> {
    let wanted = match (&expect["value"], &expect["typed"]["value"]) {
        (Json::Null, Json::Null) => return Ok(()),
        (Json::Null, wanted) | (wanted, _) => decode(wanted)?,
    };
    let value = value.ok_or("no value")?;
    if is_same(&value, &wanted) { Ok(()) } else { Err(format!("expected {wanted:?}, but got {value:?}")) }
}

/// Stricter than `==`: types must agree, NaN is itself.
fn is_same(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Double(value), Value::Double(wanted)) => {
            value == wanted && value.is_sign_negative() == wanted.is_sign_negative()
                || (value.is_nan() && wanted.is_nan())
        }
        (Value::List(values), Value::List(wanted)) => {
            values.len() == wanted.len()
                && values.iter().zip(wanted.iter()).all(|(value, wanted)| is_same(value, wanted))
        }
        (Value::Map(values), Value::Map(wanted)) => {
            let pair = |((key, value), (wanted_key, wanted)): (&(Value, Value), &(Value, Value))| {
                is_same(key, wanted_key) && is_same(value, wanted)
            };
            values.len() == wanted.len() && values.iter().zip(wanted.iter()).all(pair)
        }
        _ => value.type_name() == wanted.type_name() && value.equals(wanted, &mut 1_000_000).unwrap_or(false),
    }
}

/// A value in the notation of the cases.
fn decode(json: &Json) -> Result<Value, String> {
    let unknown = || format!("{json} is not a value");
    let (kind, value) = json.as_object().and_then(|object| object.iter().next()).ok_or_else(unknown)?;
    let text = value.as_str();
    Ok(match kind.as_str() {
        "null" => Value::Null,
        "bool" => Value::Bool(value.as_bool().ok_or_else(unknown)?),
        "int" => Value::Int(text.and_then(|text| text.parse().ok()).ok_or_else(unknown)?),
        "uint" => Value::Uint(text.and_then(|text| text.parse().ok()).ok_or_else(unknown)?),
        "double" => {
            let number = value.as_f64().or_else(|| text.and_then(|text| text.parse().ok()));
            Value::Double(number.ok_or_else(unknown)?)
        }
        "string" => Value::from(text.ok_or_else(unknown)?),
        "bytes" => Value::Bytes(text.and_then(base64_decode).ok_or_else(unknown)?.into()),
        "type" => Value::Type(text.ok_or_else(unknown)?.into()),
        "list" => {
            let items = value.as_array().ok_or_else(unknown)?.iter().map(decode);
            Value::from(items.collect::<Result<Vec<_>, _>>()?)
        }
        "map" => {
            let mut map = Map::default();
            for entry in value.as_array().ok_or_else(unknown)? {
                map.insert(decode(&entry[0])?, decode(&entry[1])?)?;
            }
            Value::Map(Arc::new(map))
        }
        "object" => object(json).ok_or_else(unknown)?,
        _ => return Err(unknown()),
    })
}

/// The two messages that plain CEL has values for.
fn object(json: &Json) -> Option<Value> {
    let seconds: i128 = json["seconds"].as_str()?.parse().ok()?;
    let nanos = seconds * 1_000_000_000 + i128::from(json["nanos"].as_i64()?);
    match json["object"].as_str()? {
        "google.protobuf.Timestamp" => Some(Value::Timestamp(Moment::utc(nanos))),
        "google.protobuf.Duration" => Some(Value::Duration(nanos)),
        _ => None,
    }
}
