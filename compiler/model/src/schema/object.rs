//! The mappings of the manifest as JSON Schema, made from the shapes that lowering reads them by.
//!
//! It adds what no shape says: which keys must be there, and which exclude each other.

use serde_json::{Map, Value, json};

use super::form::Form;
use super::keys::{self, Key};
use crate::lower::fields::Shape;
use crate::lower::step::form::{Form as Kind, Options};
use crate::lower::{self, policy, resource, step, task, words, workflow};

/// A reference to one of the definitions.
pub(super) fn inline(definition: &str) -> Value {
    json!({"$ref": format!("#/definitions/{definition}")})
}

/// A mapping of that shape.
fn object(shape: &Shape, required: &[&str]) -> Value {
    properties(shape.keys, required, |name| keys::find(owner(shape.noun), name))
}

/// An inline policy has the keys of a defined one.
fn owner(noun: &'static str) -> &'static str {
    if noun == policy::INLINE.noun { policy::DEFINITION.noun } else { noun }
}

fn properties(names: &[&str], required: &[&str], find: impl Fn(&str) -> Option<&'static Key>) -> Value {
    let mut members = Map::new();
    let mut exclusive = Vec::new();
    for name in names {
        let base = name.strip_suffix("_ms").filter(|base| names.contains(base));
        let schema = match base {
            Some(base) => {
                exclusive.push(json!({"not": {"required": [base, name]}}));
                milliseconds(base)
            }
            None => find(name).map(described).unwrap_or_else(|| json!({})),
        };
        members.insert((*name).to_owned(), schema);
    }
    let mut schema = json!({"type": "object", "additionalProperties": false, "properties": members});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    also(schema, exclusive)
}

fn milliseconds(base: &str) -> Value {
    json!({
        "type": "integer",
        "minimum": 0,
        "description": format!("`{base}` as a whole number of milliseconds."),
    })
}

fn described(key: &Key) -> Value {
    let mut schema = key.form.schema();
    schema["description"] = json!(key.says);
    if let Ok(default) = serde_json::from_str::<Value>(key.default) {
        schema["default"] = default;
    }
    let examples: Vec<Value> =
        key.examples.iter().filter_map(|example| serde_json::from_str(example).ok()).collect();
    if !examples.is_empty() {
        schema["examples"] = Value::Array(examples);
    }
    schema
}

/// The schema, with further ones that must hold.
fn also(mut schema: Value, more: Vec<Value>) -> Value {
    if !more.is_empty() {
        let mut all = schema["allOf"].as_array().cloned().unwrap_or_default();
        all.extend(more);
        schema["allOf"] = Value::Array(all);
    }
    schema
}

/// At least one of some keys.
fn any_of(schema: Value, keys: &[&str]) -> Value {
    let each: Vec<Value> = keys.iter().map(|key| json!({"required": [key]})).collect();
    also(schema, vec![json!({"anyOf": each})])
}

/// Not both of two keys.
fn not_both(schema: Value, one: &str, other: &str) -> Value {
    also(schema, vec![json!({"not": {"required": [one, other]}})])
}

pub(super) fn manifest() -> Value {
    object(&lower::ROOT, &[])
}

pub(super) fn target() -> Value {
    object(&lower::TARGET, &["language"])
}

pub(super) fn task() -> Value {
    object(&task::TASK, &["id", "ref"])
}

pub(super) fn compensate() -> Value {
    object(&task::COMPENSATE, &["task"])
}

pub(super) fn cache() -> Value {
    any_of(object(&task::CACHE, &[]), &["ttl", "ttl_ms"])
}

pub(super) fn defined_policy() -> Value {
    object(&policy::DEFINITION, &["id"])
}

pub(super) fn policy() -> Value {
    object(&policy::INLINE, &[])
}

pub(super) fn breaker() -> Value {
    not_both(object(&policy::BREAKER, &[]), "failures", "failure_rate")
}

pub(super) fn hedge() -> Value {
    any_of(object(&policy::HEDGE, &[]), &["after", "after_ms"])
}

pub(super) fn fallback() -> Value {
    not_both(any_of(object(&policy::FALLBACK, &[]), &["task", "value"]), "task", "value")
}

/// With what a resource of each kind needs and refuses.
pub(super) fn resource() -> Value {
    let schema = not_both(object(&resource::RESOURCE, &["id", "kind"]), "url", "address");
    let by_kind = words::RESOURCE_KINDS.iter().map(|(word, kind)| {
        let demands = resource::kind::demands(*kind);
        let needed = demands.needed.iter().map(|keys| any_of(json!({}), keys));
        let refused: Map<String, Value> =
            demands.refused.iter().map(|(key, _)| ((*key).to_owned(), json!(false))).collect();
        json!({
            "if": {"required": ["kind"], "properties": {"kind": {"const": word}}},
            "then": {"properties": refused, "allOf": needed.chain([json!({})]).collect::<Vec<_>>()},
        })
    });
    also(schema, by_kind.collect())
}

pub(super) fn operation() -> Value {
    object(&resource::api::OPERATION, &["id", "request"])
}

pub(super) fn pool() -> Value {
    object(&resource::POOL, &["max"])
}

pub(super) fn workflow() -> Value {
    object(&workflow::WORKFLOW, &["id", "steps"])
}

pub(super) fn concurrency() -> Value {
    object(&workflow::CONCURRENCY, &["limit"])
}

pub(super) fn schedule() -> Value {
    object(&workflow::SCHEDULE, &["cron"])
}

pub(super) const INPUT_KEYS: &[&str] = workflow::INPUT.keys;

pub(super) fn input() -> Value {
    object(&workflow::INPUT, &["type"])
}

/// A case has a condition, or is the default.
pub(super) fn case() -> Value {
    let keys = step::kind::CASE.keys;
    let condition =
        Shape::of(step::kind::CASE.noun, keys.split_at(keys.len() - step::kind::DEFAULT.keys.len()).0);
    json!({"anyOf": [
        object(&condition, &["when", "steps"]),
        object(&step::kind::DEFAULT, &["default"]),
    ]})
}

pub(super) fn catch() -> Value {
    object(&step::kind::CATCH, &["steps"])
}

/// What a step of each kind needs among its options.
fn needed(word: &str) -> &'static [&'static str] {
    match word {
        "map" => &["over", "as", "steps"],
        "loop" => &["max_iterations", "steps"],
        "wait_for" | "emit" => &["signal"],
        "hold" => &["resource", "steps"],
        "fail" => &["type"],
        _ => &[],
    }
}

/// A step of one kind.
pub(super) fn step(kind: &Kind) -> Value {
    let word = kind.word;
    let find = |name: &str| keys::of_step(word, name);
    let mut schema = match kind.options {
        Options::Beside => properties(kind.keys, &[word], find),
        Options::Inside => {
            let mut inside = properties(kind.keys, needed(word), find);
            if word == "loop" {
                inside = not_both(any_of(inside, &["while", "until"]), "while", "until");
            }
            inside["description"] = json!(find(word).map_or("", |key| key.says));
            json!({
                "type": "object",
                "additionalProperties": false,
                "required": [word],
                "properties": {word: inside},
            })
        }
    };
    if word == "try" {
        schema = any_of(schema, &["catch", "finally"]);
    }
    schema["title"] = json!(word);
    schema["description"] = json!(find(word).map_or("", |key| key.says));
    schema
}

/// The kinds of steps, each in a branch of its own that its word selects.
pub(super) fn any_step() -> Value {
    let branches: Vec<Value> =
        step::form::FORMS.iter().map(|kind| inline(&definition_of_step(kind.word))).collect();
    json!({"type": "object", "anyOf": branches})
}

pub(super) fn definition_of_step(word: &str) -> String {
    format!("{word}_step")
}

pub(super) fn type_expression() -> Value {
    Form::Type.schema()
}
