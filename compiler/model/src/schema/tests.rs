//! The tables of keys and the shapes of lowering say the same.

use std::collections::BTreeSet;

use serde_json::Value;

use super::keys::{self, Key};
use crate::lower::fields::Shape;
use crate::lower::step::form::FORMS;
use crate::lower::step::kind;
use crate::lower::{ROOT, TARGET, policy, resource, task, workflow};

/// Every shape that lowering reads a mapping by, but those of steps.
const SHAPES: [&Shape; 20] = [
    &ROOT,
    &TARGET,
    &task::TASK,
    &task::COMPENSATE,
    &task::CACHE,
    &policy::DEFINITION,
    &policy::INLINE,
    &policy::BREAKER,
    &policy::HEDGE,
    &policy::FALLBACK,
    &resource::RESOURCE,
    &resource::POOL,
    &resource::api::OPERATION,
    &workflow::WORKFLOW,
    &workflow::CONCURRENCY,
    &workflow::SCHEDULE,
    &workflow::INPUT,
    &kind::CASE,
    &kind::DEFAULT,
    &kind::CATCH,
];

/// A key and `key_ms` are one.
fn without_twins(keys: &'static [&'static str]) -> BTreeSet<&'static str> {
    let twin = |key: &&str| key.strip_suffix("_ms").is_some_and(|base| keys.contains(&base));
    keys.iter().copied().filter(|key| !twin(key)).collect()
}

fn names(keys: &[Key]) -> BTreeSet<&'static str> {
    keys.iter().map(|key| key.name).collect()
}

#[test]
fn every_key_of_a_shape_is_described_and_no_other() {
    let mut described: BTreeSet<&str> = keys::TABLE.iter().map(|(noun, _)| *noun).collect();
    for shape in SHAPES {
        let inline = shape.noun == policy::INLINE.noun;
        let noun = if inline { policy::DEFINITION.noun } else { shape.noun };
        let (_, found) = keys::TABLE.iter().find(|(known, _)| *known == noun).expect(noun);
        let mut found = names(found);
        if inline {
            found.remove("id");
        }
        if noun == kind::CASE.noun {
            // The default stands alone, in a mapping of its own shape.
            found.extend(kind::DEFAULT.keys);
        }
        assert_eq!(found, without_twins(shape.keys), "{noun}");
        described.remove(noun);
    }
    assert!(described.is_empty(), "no mapping is {described:?}");
}

#[test]
fn every_key_of_a_step_is_described_and_no_other() {
    let mut taken = BTreeSet::new();
    for form in FORMS {
        let keys = without_twins(form.keys);
        for name in keys.iter().chain([&form.word]) {
            assert!(keys::of_step(form.word, name).is_some(), "{}: {name}", form.word);
        }
        let own = keys::OF_STEP.iter().find(|(word, _)| *word == form.word);
        let own = own.map(|(_, own)| names(own)).unwrap_or_default();
        assert!(own.is_subset(&keys), "{}: {own:?}", form.word);
        taken.extend(keys);
        taken.insert(form.word);
    }
    assert!(names(keys::STEP).is_subset(&taken), "{:?}", names(keys::STEP));
    for (word, _) in keys::OF_STEP {
        assert!(FORMS.iter().any(|form| form.word == *word), "{word}");
    }
}

#[test]
fn defaults_and_examples_are_json_and_sentences_end() {
    let tables = keys::TABLE.iter().chain(keys::OF_STEP).map(|(_, keys)| *keys).chain([keys::STEP]);
    for key in tables.flatten() {
        let valid = |text: &str| serde_json::from_str::<Value>(text).is_ok();
        assert!(key.default.is_empty() || valid(key.default), "{}: {}", key.name, key.default);
        assert!(key.examples.iter().all(|example| valid(example)), "{}: {:?}", key.name, key.examples);
        assert!(key.says.ends_with('.') && key.says.len() > 5, "{}: {}", key.name, key.says);
    }
}
