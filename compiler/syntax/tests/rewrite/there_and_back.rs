//! Random manifests in random styles, there and back.

use conductor_source::FileId;
use conductor_syntax::{Entry, Kind, Node, Syntax, yaml};
use proptest::prelude::*;

use crate::other;
use crate::written::{Value, Writer};

fn map(pairs: Vec<(&str, Value)>) -> Value {
    Value::Map(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn id() -> impl Strategy<Value = Value> {
    "[a-f]{1,3}".prop_map(Value::Text)
}

/// Values of an attribute.
fn free() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-5_i64..1000).prop_map(Value::Int),
        crate::written::text().prop_map(Value::Text),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            prop::collection::btree_map("[a-z]{2,6}|for|[a-z] [a-z]", inner, 0..4)
                .prop_map(|entries| Value::Map(entries.into_iter().collect())),
        ]
    })
}

/// Options beside or inside a step.
fn options() -> impl Strategy<Value = Vec<(String, Value)>> {
    let keys = prop::sample::subsequence(vec!["id", "when", "with", "policy", "critical"], 0..3);
    (keys, prop::collection::vec(free(), 5), id()).prop_map(|(keys, values, id)| {
        let value = |(key, value): (&str, Value)| {
            let value = if key == "id" { id.clone() } else { value };
            (key.to_owned(), value)
        };
        keys.into_iter().zip(values).map(value).collect()
    })
}

fn with(first: Vec<(&str, Value)>, options: Vec<(String, Value)>) -> Value {
    let first = first.into_iter().map(|(key, value)| (key.to_owned(), value));
    Value::Map(first.chain(options).collect())
}

fn step() -> impl Strategy<Value = Value> {
    let simple = prop_oneof![
        (prop::sample::select(vec!["task", "workflow"]), id(), options())
            .prop_map(|(kind, id, options)| with(vec![(kind, id)], options)),
        (prop::sample::select(vec!["sleep", "return"]), free(), options())
            .prop_map(|(kind, value, options)| with(vec![(kind, value)], options)),
        (Just("5m".to_owned()), options())
            .prop_map(|(text, options)| with(vec![("sleep", Value::Text(text))], options)),
        (prop::sample::select(vec!["emit", "fail", "wait_for"]), options(), free())
            .prop_map(|(kind, options, data)| map(vec![(kind, with(vec![("data", data)], options))])),
        (free(), options())
            .prop_map(|(value, options)| with(vec![("set", map(vec![("total", value)]))], options)),
    ];
    simple.prop_recursive(3, 16, 3, |inner| {
        let steps = || prop::collection::vec(inner.clone(), 1..4).prop_map(Value::List);
        prop_oneof![
            (prop::sample::select(vec!["sequence", "parallel", "graph", "race"]), steps(), options())
                .prop_map(|(kind, steps, options)| with(vec![(kind, steps)], options)),
            (prop::sample::select(vec!["map", "loop", "hold"]), steps(), options(), free()).prop_map(
                |(kind, steps, options, over)| map(vec![(
                    kind,
                    with(vec![("over", over), ("steps", steps)], options)
                )])
            ),
            (steps(), steps(), options(), free()).prop_map(|(first, rest, options, when)| {
                let cases = vec![map(vec![("when", when), ("steps", first)]), map(vec![("default", rest)])];
                with(vec![("switch", Value::List(cases))], options)
            }),
            (steps(), steps(), steps(), options()).prop_map(|(tried, caught, last, options)| {
                let handlers =
                    Value::List(vec![map(vec![("errors", Value::List(Vec::new())), ("steps", caught)])]);
                with(vec![("try", tried), ("catch", handlers), ("finally", last)], options)
            }),
        ]
    })
}

fn manifest() -> impl Strategy<Value = Value> {
    let task = (id(), free(), free()).prop_map(|(id, with, policy)| {
        map(vec![("id", id), ("ref", Value::Text("m.a".to_owned())), ("with", with), ("policy", policy)])
    });
    let workflow = (id(), free(), prop::collection::vec(step(), 1..5)).prop_map(|(id, input, steps)| {
        map(vec![("id", id), ("input", input), ("steps", Value::List(steps))])
    });
    (prop::collection::vec(task, 1..3), prop::collection::vec(workflow, 1..3), free()).prop_map(
        |(tasks, workflows, output)| {
            map(vec![
                ("version", Value::Text("1.0".to_owned())),
                ("tasks", Value::List(tasks)),
                ("extra", output),
                ("workflows", Value::List(workflows)),
            ])
        },
    )
}

/// The tree without places, its keys in order.
fn sorted(node: &Node) -> String {
    match &node.kind {
        Kind::List(items) => format!("[{}]", items.iter().map(sorted).collect::<Vec<_>>().join(", ")),
        Kind::Map(entries) => {
            let pair = |entry: &Entry| format!("{:?}: {}", entry.key.text, sorted(&entry.value));
            let mut pairs: Vec<String> = entries.iter().map(pair).collect();
            pairs.sort();
            format!("{{{}}}", pairs.join(", "))
        }
        Kind::String(scalar) => format!("{:?}", scalar.text),
        Kind::Float { value, .. } => value.to_string(),
        other => format!("{other:?}"),
    }
}

fn comments(text: &str) -> Vec<String> {
    let mut found: Vec<String> = text
        .split("# comment ")
        .skip(1)
        .map(|rest| rest.split('.').next().unwrap_or("").to_owned())
        .collect();
    found.sort();
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn there_and_back(value in manifest(), choices in prop::collection::vec(any::<u8>(), 0..400)) {
        let text = Writer::new(&choices).yaml(&value);
        let hcl = other(Syntax::Yaml, &text);
        let back = other(Syntax::Hcl, &hcl);
        let tree = |text: &str| {
            let (node, findings) = yaml::parse(FileId(0), text);
            assert_eq!(findings, [], "{text}");
            sorted(&node)
        };
        assert_eq!(tree(&text), tree(&back), "{text}\nbecame\n{hcl}\nbecame\n{back}");
        assert_eq!(comments(&text), comments(&hcl), "{text}\nbecame\n{hcl}");
        assert_eq!(comments(&text), comments(&back), "{text}\nbecame\n{hcl}\nbecame\n{back}");
    }
}
