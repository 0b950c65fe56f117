//! What functions were called with, as the stubs wrote it down, beside what the interpreter hands over.
//!
//! It knows neither outcomes nor order: one attempt of a step has the same arguments whenever it is made.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use conductor_simulate::{Trace, What};
use conductor_tests::project::Project;
use serde_json::{Map, Value};

use crate::meaning;

/// By `RUN/KEY ATTEMPT`.
pub type Arguments = BTreeMap<String, Map<String, Value>>;

pub fn of_trace(trace: &Trace) -> Arguments {
    let mut all = Arguments::new();
    for event in &trace.events {
        if let What::AttemptStarted { key, attempt, args, .. } = &event.what
            && let Value::Object(args) = &**args
        {
            let shown = args.iter().filter(|(name, value)| !is_handed_over(name, value));
            let shown = shown.map(|(name, value)| (name.clone(), value.clone())).collect();
            all.entry(format!("{}/{key} {attempt}", event.run)).or_insert(shown);
        }
    }
    all
}

/// Steps that began, or whose first call did, in the instant in which they were cancelled: `RUN/KEY`. How far they come when the other
/// branch decides is not defined.
pub fn overtaken(trace: &Trace) -> BTreeSet<String> {
    let mut begun = BTreeMap::new();
    let mut all = BTreeSet::new();
    for event in &trace.events {
        match &event.what {
            What::StepStarted { key, kind, .. } if kind != "task" => {
                begun.entry((&event.run, key)).or_insert(event.at_us);
            }
            What::AttemptStarted { key, .. } => {
                begun.entry((&event.run, key)).or_insert(event.at_us);
            }
            What::StepCancelled { key, .. } if begun.get(&(&event.run, key)) == Some(&event.at_us) => {
                all.insert(format!("{}/{key}", event.run));
            }
            _ => {}
        }
    }
    all
}

/// Clients and what tells of a cancellation are no values.
fn is_handed_over(name: &str, value: &Value) -> bool {
    name == "ctx" || name == "signal" || value.get("resource").is_some()
}

/// What the stubs of a project wrote.
pub fn written(project: &Project) -> Result<Arguments> {
    let mut all = Arguments::new();
    let text = project.read("calls.jsonl").unwrap_or_default();
    for line in text.lines() {
        let call: Value = serde_json::from_str(line)?;
        if let (Some(key), Value::Object(args)) = (call["key"].as_str(), &call["args"]) {
            all.entry(format!("{key} {}", call["attempt"])).or_insert_with(|| args.clone());
        }
    }
    Ok(all)
}

/// What differs of the attempts that both made.
pub fn difference(found: &Arguments, wanted: &Arguments) -> Vec<String> {
    let both = wanted.iter().filter_map(|(key, wanted)| Some((key, found.get(key)?, wanted)));
    both.filter(|(_, found, wanted)| {
        !is_same(&Value::Object((*found).clone()), &Value::Object((*wanted).clone()))
    })
    .map(|(key, found, wanted)| {
        format!(
            "{key} is called with {} and not {}",
            Value::Object(found.clone()),
            Value::Object(wanted.clone())
        )
    })
    .collect()
}

/// 1 and 1.0 are one number; so languages write it.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, one)| other.get(name).is_some_and(|other| is_same(one, other)))
        }
        _ => meaning::plain(one) == meaning::plain(other),
    }
}
