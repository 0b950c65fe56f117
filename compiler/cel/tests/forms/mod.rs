//! Random well-typed texts of CEL: forms by the type that they give, grown into each other.

use std::collections::BTreeMap;

use conductor_protocol::types::Type;
use serde_json::json;

pub const TYPES: [&str; 10] = [
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
pub const FORMS: [(&str, &[&str]); 10] = [
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
pub fn grow(ty: &str, choices: &mut impl Iterator<Item = usize>, depth: usize) -> String {
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

/// Values of the inputs that the forms read, and the types of all of them.
pub fn inputs() -> (serde_json::Value, BTreeMap<String, Type>) {
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
