//! A checked expression means what plain CEL makes of its text: for random well-typed texts both give one answer.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests, where a panic is the report")]

use std::collections::BTreeMap;

use conductor_cel::plan::{self, Bindings};
use conductor_cel::{Scope, Value, check, evaluate, parse};
use conductor_protocol::types::Type;
use proptest::prelude::*;
use serde_json::json;

const TYPES: [&str; 10] = [
    "bool",
    "int",
    "float",
    "string",
    "bytes",
    "timestamp",
    "duration",
    "list<int>",
    "list<string>",
    "map<string, int>",
];

/// Forms by the type that they give; `#T` is a part of type `T`.
const FORMS: [(&str, &[&str]); 10] = [
    (
        "bool",
        &[
            "true",
            "false",
            "input.flag",
            "!(#bool)",
            "(#bool) && (#bool)",
            "(#bool) || (#bool)",
            "(#int) == (#int)",
            "(#string) != (#string)",
            "(#list<int>) == (#list<int>)",
            "(#map<string, int>) == (#map<string, int>)",
            "(#int) < (#int)",
            "(#float) >= (#float)",
            "(#string) <= (#string)",
            "(#bytes) > (#bytes)",
            "(#timestamp) < (#timestamp)",
            "(#duration) >= (#duration)",
            "(#int) in (#list<int>)",
            "(#string) in (#map<string, int>)",
            "(#list<int>).all(x, x > (#int))",
            "(#list<int>).all(x, (#int) / x > 0)",
            "(#list<int>).exists(x, x == (#int) || 1 / x == 1)",
            "(#list<string>).exists_one(s, s.contains(#string))",
            "(#list<int>).exists(i, x, i + x > (#int))",
            "(#map<string, int>).all(k, v, v > (#int) || k == (#string))",
            "(#map<string, int>).exists(k, k == (#string))",
            "(#string).contains(#string)",
            "(#string).startsWith(#string)",
            "(#string).endsWith(#string)",
            "(#string).matches('^[a-c]*$')",
            "bool(#string)",
            "math.isNaN(#float)",
            "math.isInf(#float)",
            "cel.bind(b, (#bool), b || (#bool))",
            "(#bool) ? (#bool) : (#bool)",
        ],
    ),
    (
        "int",
        &[
            "0",
            "1",
            "-3",
            "9223372036854775807",
            "input.n",
            "-(#int)",
            "(#int) + (#int)",
            "(#int) - (#int)",
            "(#int) * (#int)",
            "(#int) / (#int)",
            "(#int) % (#int)",
            "(#list<int>)[#int]",
            "(#map<string, int>)[#string]",
            "(#map<string, int>).a",
            "size(#string)",
            "(#bytes).size()",
            "size(#list<int>)",
            "size(#map<string, int>)",
            "int(#float)",
            "int(#string)",
            "int(#timestamp)",
            "(#string).indexOf(#string)",
            "(#string).lastIndexOf(#string, #int)",
            "math.abs(#int)",
            "math.greatest(#int, #int, 2)",
            "math.least(#list<int>)",
            "math.sign(#int)",
            "math.bitAnd(#int, #int)",
            "math.bitShiftLeft(#int, #int)",
            "math.bitNot(#int)",
            "(#timestamp).getFullYear()",
            "(#timestamp).getDayOfWeek('Europe/Paris')",
            "(#timestamp).getHours('-02:30')",
            "(#duration).getMinutes()",
            "(#duration).getMilliseconds()",
            "(#bool) ? (#int) : (#int)",
            "cel.bind(n, (#int), n * n + (#int))",
        ],
    ),
    (
        "float",
        &[
            "0.5",
            "-1e3",
            "input.rate",
            "-(#float)",
            "(#float) + (#float)",
            "(#float) * (#float)",
            "(#float) / (#float)",
            "double(#int)",
            "double(#string)",
            "math.round(#float)",
            "math.floor(#float)",
            "math.trunc(#float)",
            "math.abs(#float)",
            "math.sqrt(#int)",
            "math.greatest(#float, #float)",
            "(#bool) ? (#float) : (#float)",
        ],
    ),
    (
        "string",
        &[
            "''",
            "'abc'",
            "'añ😀'",
            "'12'",
            "input.text",
            "(#string) + (#string)",
            "string(#int)",
            "string(#float)",
            "string(#bool)",
            "string(#timestamp)",
            "string(#duration)",
            "string(#bytes)",
            "(#list<string>)[#int]",
            "(#string).charAt(#int)",
            "(#string).substring(#int)",
            "(#string).substring(#int, #int)",
            "(#string).replace(#string, #string)",
            "(#string).replace(#string, #string, #int)",
            "(#string).lowerAscii()",
            "(#string).upperAscii()",
            "(#string).trim()",
            "(#string).reverse()",
            "(#list<string>).join()",
            "(#list<string>).join(#string)",
            "strings.quote(#string)",
            "base64.encode(#bytes)",
            "'%d %s %x'.format([#int, #list<string>, #string])",
            "'%.2f|%e'.format([#float, #float])",
            "(#bool) ? (#string) : (#string)",
        ],
    ),
    (
        "bytes",
        &[
            "b''",
            "b'a\\xff'",
            "input.raw",
            "bytes(#string)",
            "(#bytes) + (#bytes)",
            "base64.decode(#string)",
            "base64.decode('aGk=')",
        ],
    ),
    (
        "timestamp",
        &[
            "timestamp('2024-02-29T23:30:00.5Z')",
            "timestamp('0001-01-01T00:00:00Z')",
            "timestamp(#int)",
            "timestamp(#string)",
            "(#timestamp) + (#duration)",
            "(#duration) + (#timestamp)",
            "(#timestamp) - (#duration)",
        ],
    ),
    (
        "duration",
        &[
            "duration('1h30m')",
            "duration('-0.25s')",
            "duration(#string)",
            "(#duration) + (#duration)",
            "(#duration) - (#duration)",
            "(#timestamp) - (#timestamp)",
        ],
    ),
    (
        "list<int>",
        &[
            "[1, 2, 3]",
            "[0, -1]",
            "input.list",
            "[#int, #int]",
            "(#list<int>) + (#list<int>)",
            "(#list<int>).filter(x, x > (#int))",
            "(#list<int>).map(x, x * (#int))",
            "(#list<int>).map(x, x != 0, (#int) / x)",
            "(#list<int>).transformList(i, x, i < 2, i + x)",
            "(#list<string>).map(s, size(s))",
            "(#map<string, int>).transformList(k, v, v + (#int))",
            "(#list<int>).map(x, (#list<int>).filter(y, y > x).size())",
            "cel.bind(l, (#list<int>), l + l)",
        ],
    ),
    (
        "list<string>",
        &[
            "['a', 'b']",
            "['', 'abc', 'a']",
            "[#string]",
            "(#string).split(#string)",
            "(#string).split(',', #int)",
            "(#list<int>).map(x, string(x))",
            "(#list<string>).filter(s, s != (#string))",
            "(#map<string, int>).map(k, k)",
            "(#map<string, int>).filter(k, k != 'a')",
        ],
    ),
    (
        "map<string, int>",
        &[
            "input.table",
            "{'a': 1}.transformMap(k, v, v + (#int))",
            "(#map<string, int>).transformMap(k, v, v > 0, v * (#int))",
            "(#list<int>).transformMapEntry(i, x, {string(x): i})",
            "{'x' + (#string): (#int), 'a': 2}",
        ],
    ),
];

/// Choices of forms; where they run out, the first form of a type, which has no parts.
fn grow(ty: &str, choices: &mut impl Iterator<Item = usize>, depth: usize) -> String {
    let forms = FORMS.iter().find(|(name, _)| *name == ty).map_or(&[][..], |(_, forms)| forms);
    let form = match (depth, choices.next()) {
        (0, _) | (_, None) => forms[0],
        (_, Some(choice)) => forms[choice % forms.len()],
    };
    let mut text = String::new();
    let mut rest = form;
    while let Some(at) = rest.find('#') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let part = TYPES.iter().filter(|name| rest.starts_with(*name)).max_by_key(|name| name.len()).unwrap();
        text.push_str(&grow(part, choices, depth - 1));
        rest = &rest[part.len()..];
    }
    text + rest
}

fn inputs() -> (serde_json::Value, BTreeMap<String, Type>) {
    let values = json!({
        "flag": true, "n": 7, "rate": 2.5, "text": "a,b,abc", "list": [3, 0, -2, 7], "table": {"a": 1, "b": -4},
    });
    let types = [
        ("flag", Type::Bool),
        ("n", Type::Int),
        ("rate", Type::Float),
        ("text", Type::String),
        ("list", Type::List(Box::new(Type::Int))),
        ("table", Type::Map(Box::new(Type::Int))),
        ("raw", Type::Bytes),
    ];
    (values, types.into_iter().map(|(name, ty)| (name.to_owned(), ty)).collect())
}

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
