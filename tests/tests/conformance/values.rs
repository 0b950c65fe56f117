//! The script by which stubs act, as a file that each language reads.
//!
//! It knows no language.

use serde_json::{Map, Value, json};

use crate::reference::Expected;

/// By `RUN/KEY` a list of outcomes: one for each attempt, the last for all that follow.
pub fn script(all: &[&Expected]) -> Value {
    let mut script = Map::new();
    for expected in all {
        let scenario = &expected.job.scenario;
        for (key, outcomes) in scenario.calls.iter().filter(|(key, _)| key.contains('/')) {
            let outcomes: Vec<Value> = outcomes
                .iter()
                .map(|one| {
                    let after = one.after_ms.unwrap_or(scenario.call_ms);
                    let (returns, fails) = (&one.returns, &one.fails);
                    json!({"after_ms": after, "returns": returns, "fails": fails, "hangs": one.hangs})
                })
                .collect();
            script.insert(key.clone(), outcomes.into());
        }
    }
    script.into()
}

/// The names of the types of errors that stubs raise, each with the next more general one.
pub fn errors(all: &[&Expected]) -> Vec<(String, Option<String>)> {
    let mut found: Vec<(String, Option<String>)> = Vec::new();
    let calls = all.iter().flat_map(|expected| expected.job.scenario.calls.values()).flatten();
    for form in calls.filter_map(|scripted| scripted.fails.as_ref()) {
        let names = || form.types.iter();
        for (name, base) in names().zip(names().skip(1).map(Some).chain([None])) {
            let known = found.iter_mut().find(|(known, _)| known == name);
            match known {
                Some((_, known)) => *known = known.take().or(base.cloned()),
                None => found.push((name.clone(), base.cloned())),
            }
        }
    }
    // The general ones first: a language may want a class to stand before those that come from it.
    let mut sorted: Vec<(String, Option<String>)> = Vec::new();
    while let Some(index) = found
        .iter()
        .position(|(_, base)| base.as_ref().is_none_or(|base| sorted.iter().any(|(name, _)| name == base)))
    {
        sorted.push(found.remove(index));
    }
    sorted
}
