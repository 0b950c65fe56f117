//! The JSON Schema of an answer: the manifest's own, as far as steps and policies go, with the ids that there are.
//!
//! It leaves out what endpoints do not know (patterns, conditions) or do not need (titles, examples); the checker judges the
//! answer anyhow.

use conductor_assist::Vocabulary;
use serde_json::{Map, Value, json};

/// What every endpoint understands.
const KEPT: [&str; 10] = [
    "$ref",
    "additionalProperties",
    "const",
    "enum",
    "maximum",
    "minItems",
    "minimum",
    "required",
    "type",
    "items",
];

pub(super) fn of(known: &Vocabulary) -> Value {
    let whole = conductor_model::schema();
    let mut definitions = Map::new();
    for root in ["step", "defined_policy"] {
        collect(&whole["definitions"], root, &mut definitions);
    }
    let tasks: Vec<&str> = known.tasks.iter().map(|task| task.id.as_str()).collect();
    if let Some(step) = definitions.get_mut("task_step").filter(|_| !tasks.is_empty()) {
        step["properties"]["task"] = json!({"enum": tasks});
    }
    let task = if tasks.is_empty() { json!({"type": "string"}) } else { json!({"enum": tasks}) };
    let step = json!({"type": "array", "items": {"$ref": "#/definitions/step"}});
    let object = |properties: Value, required: &[&str]| json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
    let started = object(json!({"id": {"type": "string"}, "steps": step}), &["id", "steps"]);
    let undone = object(json!({"task": task, "by": task}), &["task", "by"]);
    let drafted = object(
        json!({
            "workflow": {"type": "string"},
            "steps": step,
            "policies": {"type": "array", "items": {"$ref": "#/definitions/defined_policy"}},
            "deadline": {"type": "string"},
            "started": {"type": "array", "items": started},
            "undone": {"type": "array", "items": undone},
        }),
        &["workflow", "steps"],
    );
    let asked = object(json!({"question": {"type": "string", "maxLength": 300}}), &["question"]);
    // Endpoints want an object at the top, so that the choice stands in it.
    let mut answer = object(json!({"answer": {"anyOf": [drafted, asked]}}), &["answer"]);
    answer["definitions"] = Value::Object(definitions);
    answer
}

/// A definition with those that it leads to.
fn collect(all: &Value, name: &str, found: &mut Map<String, Value>) {
    if found.contains_key(name) {
        return;
    }
    let reduced = reduced(&all[name]);
    found.insert(name.to_owned(), reduced.clone());
    references(&reduced, &mut |to| collect(all, to, found));
}

fn references(schema: &Value, met: &mut dyn FnMut(&str)) {
    match schema {
        Value::Array(items) => items.iter().for_each(|item| references(item, met)),
        Value::Object(pairs) => {
            if let Some(to) = pairs.get("$ref").and_then(Value::as_str) {
                met(to.rsplit('/').next().unwrap_or_default());
            }
            pairs.values().for_each(|value| references(value, met));
        }
        _ => {}
    }
}

fn reduced(schema: &Value) -> Value {
    let Value::Object(pairs) = schema else { return schema.clone() };
    let mut kept = Map::new();
    for (key, value) in pairs {
        let value = match (key.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                // Each is there without `_ms`, too.
                let properties = properties.iter().filter(|(name, _)| !name.ends_with("_ms"));
                properties.map(|(name, value)| (name.clone(), reduced(value))).collect()
            }
            ("anyOf", Value::Array(items)) => items.iter().map(reduced).collect(),
            ("items" | "additionalProperties", value) => reduced(value),
            (key, value) if KEPT.contains(&key) => value.clone(),
            _ => continue,
        };
        kept.insert(key.clone(), value);
    }
    Value::Object(kept)
}
