//! A checked expression means what plain CEL makes of its text: for random well-typed texts both give one answer.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests, where a panic is the report")]

mod forms;

use std::collections::BTreeMap;

use conductor_cel::plan::{self, Bindings};
use conductor_cel::{Scope, Value, check, evaluate, parse};
use forms::{FORMS, TYPES, grow, inputs};
use proptest::prelude::*;

/// Both answers; `None` is an error.
fn answers(text: &str) -> (Option<Value>, Option<Value>) {
    let (values, types) = inputs();
    let raw = Value::Bytes([0, 255, 10].as_slice().into());
    let mut bindings = Bindings::default();
    for (name, value) in values.as_object().unwrap() {
        bindings.inputs.insert(name.clone(), Value::from(value));
    }
    bindings.inputs.insert("raw".to_owned(), raw);
    let (ast, errors) = parse(text);
    assert_eq!(errors, [], "{text}");
    let mut plain = conductor_cel::eval::Map::default();
    for (name, value) in &bindings.inputs {
        plain.insert(Value::from(name.as_str()), value.clone()).unwrap();
    }
    let plain = BTreeMap::from([("input".to_owned(), Value::Map(plain.into()))]);
    let table = BTreeMap::new();
    let scope = Scope { inputs: &types, ..Scope::new(&table) };
    let checked = check(&ast, &scope, None).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    // A Plan is JSON: what it means must survive that.
    let json = serde_json::to_string(&checked).unwrap();
    assert_eq!(serde_json::from_str::<conductor_protocol::expr::Expr>(&json).unwrap(), checked, "{text}");
    (evaluate(&ast, &plain).ok(), plan::evaluate(&checked, &bindings).ok())
}

fn shown(value: Option<&Value>) -> String {
    value.map_or("an error".to_owned(), |value| format!("{}: {}", value.type_name(), value.to_json()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn the_plan_means_what_the_text_means(
        ty in 0..TYPES.len(),
        choices in proptest::collection::vec(0usize..1000, 1..25),
    ) {
        let text = grow(TYPES[ty], &mut choices.into_iter(), 4);
        let (plain, planned) = answers(&text);
        prop_assert_eq!(shown(plain.as_ref()), shown(planned.as_ref()), "{}", text);
    }
}

/// Every form with the simplest parts, so that none is left to chance.
#[test]
fn every_form_agrees() {
    let mut values = 0;
    for (ty, forms) in FORMS {
        for at in 0..forms.len() {
            for part in 0..6 {
                let text = grow(ty, &mut std::iter::once(at).chain(std::iter::repeat_n(part, 8)), 2);
                let (plain, planned) = answers(&text);
                values += usize::from(plain.is_some());
                assert_eq!(shown(plain.as_ref()), shown(planned.as_ref()), "{text}");
            }
        }
    }
    // A test of errors alone would show nothing.
    assert!(values > 600, "{values}");
}
