//! Answers and errors of plain CEL that the public cases do not show.

use std::collections::BTreeMap;
use std::fmt::Write;

use conductor_cel::typing::{Declarations, check};
use conductor_cel::{Value, evaluate, parse};
use expect_test::{Expect, expect};
use serde_json::json;

fn table(texts: &[&str], expect: &Expect) {
    let bindings: BTreeMap<String, Value> = [(
        "order".to_owned(),
        Value::from(&json!({"total": 12.5, "lines": [1, 2], "big": 18_446_744_073_709_551_615_u64})),
    )]
    .into();
    let declarations = Declarations {
        variables: [("order".to_owned(), "map(string, dyn)".to_owned())].into(),
        ..Declarations::default()
    };
    let mut out = String::new();
    for text in texts {
        let (ast, errors) = parse(text);
        assert_eq!(errors, []);
        let value = match evaluate(&ast, &bindings) {
            Ok(value) => value.to_json().to_string(),
            Err(error) => format!("error at `{}`: {}", &text[error.range], error.message),
        };
        let ty = match check(&ast, &declarations) {
            Ok(ty) => ty.to_string(),
            Err(errors) => format!("error at `{}`: {}", &text[errors[0].range.clone()], errors[0].message),
        };
        let _ = writeln!(out, "{text}\n    {value}\n    : {ty}");
    }
    expect.assert_eq(&out);
}

#[test]
fn bindings_from_json() {
    table(
        &[
            "order.total * 2.0",
            "order.lines.map(n, n * 10)",
            "type(order.big)",
            "order.totl",
            "size(order) + 1u",
        ],
        &expect![[r#"
            order.total * 2.0
                25.0
                : double
            order.lines.map(n, n * 10)
                [10,20]
                : list(int)
            type(order.big)
                "uint"
                : type(dyn)
            order.totl
                error at `order.totl`: `totl` cannot be read: there is no such key or element
                : dyn
            size(order) + 1u
                error at `size(order) + 1u`: `+` does not take a int and a uint
                : error at `size(order) + 1u`: `+` does not take (int, uint)
        "#]],
    );
}

#[test]
fn times() {
    table(
        &[
            "timestamp('9999-12-31T23:59:59Z').getHours('America/New_York')",
            "timestamp('2024-02-29T12:00:00.25+02:00')",
            "timestamp('2023-02-29T12:00:00Z')",
            "timestamp('2024-03-31T00:59:59Z').getHours('Europe/Berlin')",
            "timestamp('2024-03-31T01:00:00Z').getHours('Europe/Berlin')",
            "timestamp(0).getHours('Nowhere/Land')",
            "duration('-1h0.5s')",
            "duration('1 h')",
        ],
        &expect![[r#"
            timestamp('9999-12-31T23:59:59Z').getHours('America/New_York')
                18
                : int
            timestamp('2024-02-29T12:00:00.25+02:00')
                "2024-02-29T10:00:00.25Z"
                : google.protobuf.Timestamp
            timestamp('2023-02-29T12:00:00Z')
                error at `timestamp('2023-02-29T12:00:00Z')`: `2023-02-29T12:00:00Z` is not a timestamp such as `2009-02-13T23:31:30Z`
                : google.protobuf.Timestamp
            timestamp('2024-03-31T00:59:59Z').getHours('Europe/Berlin')
                1
                : int
            timestamp('2024-03-31T01:00:00Z').getHours('Europe/Berlin')
                3
                : int
            timestamp(0).getHours('Nowhere/Land')
                error at `timestamp(0).getHours('Nowhere/Land')`: there is no time zone `Nowhere/Land`
                : int
            duration('-1h0.5s')
                "-3600.5s"
                : google.protobuf.Duration
            duration('1 h')
                error at `duration('1 h')`: `1 h` is not a duration such as `1h30m` or `2.5s`
                : google.protobuf.Duration
        "#]],
    );
}

#[test]
fn conversions() {
    table(
        &[
            "string(1e6)",
            "string(1e21)",
            "string(0.00001)",
            "double('1e400')",
            "double('-Infinity')",
            "int('0x1')",
            "string(b'\\xff')",
            "{1: 'a'}[dyn(1.0)]",
            "{'a': 1}.transformMapEntry(k, v, {v: k})",
            "1 + 2u",
        ],
        &expect![[r#"
            string(1e6)
                "1000000"
                : string
            string(1e21)
                "1e+21"
                : string
            string(0.00001)
                "1e-05"
                : string
            double('1e400')
                error at `double('1e400')`: "1e400" does not fit a double
                : double
            double('-Infinity')
                "-Infinity"
                : double
            int('0x1')
                error at `int('0x1')`: `0x1` is not an int
                : int
            string(b'\xff')
                error at `string(b'\xff')`: these bytes are not UTF-8
                : string
            {1: 'a'}[dyn(1.0)]
                "a"
                : string
            {'a': 1}.transformMapEntry(k, v, {v: k})
                {"1":"a"}
                : map(int, string)
            1 + 2u
                error at `1 + 2u`: `+` does not take a int and a uint
                : error at `1 + 2u`: `+` does not take (int, uint)
        "#]],
    );
}
