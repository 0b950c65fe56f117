//! `conductor eval` without its command: inferred types, and places of mistakes.
#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is the report")]

use conductor_cel::console::Console;
use serde_json::json;

fn console() -> Console {
    Console::new(json!({
        "input": {"rate": 2.5, "count": 3, "user": {"name": "Ann", "tags": []}},
        "mixed": [1, 2.5], "users": [{"id": 1}, {"id": 2, "email": "b@x"}], "gaps": [1, null], "odd": [1, "a"],
        "run": {"id": "r"}, "env": {"HOME": "/root"},
    }))
    .unwrap()
}

/// The value and its type, or the first mistake behind the part that it is about.
fn shown(text: &str) -> String {
    match console().evaluate(text) {
        Ok(answer) => format!("{}: {}", answer.value, answer.ty),
        Err(errors) => format!("`{}` {}", &text[errors[0].range.clone()], errors[0].message),
    }
}

#[test]
fn types_are_inferred() {
    for (text, wanted) in [
        ("input.rate + 1", "3.5: float"),
        ("input.count + 1", "4: int"),
        ("mixed", "[1.0,2.5]: list<float>"),
        ("gaps.map(x, x != null, x + 1)", "[2]: list<int>"),
        ("users.filter(u, has(u.email)).map(u, u.id)", "[2]: list<int>"),
        ("users[0].email == null", "true: bool"),
        ("odd[1]", "\"a\": any"),
        ("has(input.user.email)", "false: bool"),
        ("has(input.user.email) ? input.user.email : 'none'", "\"none\": any"),
        ("input.user.?phone.orValue('none')", "\"none\": any"),
        ("env.HOME + run.id", "\"/rootr\": string"),
        ("hello ${input.user.name}", "\"hello Ann\": string"),
        ("${input.count}", "3: int"),
        ("cel.bind(k, 'x', {'x': 1, 'y': 2}[k])", "1: int"),
    ] {
        assert_eq!(shown(text), wanted, "{text}");
    }
}

#[test]
fn mistakes_have_places() {
    for (text, wanted) in [
        ("1 + (2 / (input.count - 3))", "`(2 / (input.count - 3))` division by zero"),
        ("[1, 2].map(x, x / 0)", "`[1, 2].map(x, x / 0)` division by zero"),
        ("a ${1 / 0} b", "`1 / 0` division by zero"),
        ("${[1][4]}", "`[1][4]` the index 4 is out of a list of 1"),
        ("input.user.nme", "`nme` `{name: string, tags: list<any>}` has no field `nme`"),
        ("inptu.x", "`inptu` `inptu` is not known here"),
        ("1u", "`1u` a manifest has no unsigned ints"),
        ("1 +", "`` expected a value, but the expression ends here"),
        ("'a'.matches(input.user.name)", "`input.user.name` a pattern must be a literal"),
        ("'a'.matches('a++')", "`'a++'` `+` has nothing to repeat, or repeats what is repeated: use a group"),
        ("'a'.matches('(a')", "`'(a'` `(a` is not a regular expression, or is too large"),
        ("optional.of(1)", "`of` a manifest has no `optional.of`"),
        ("type(1)", "`type` a manifest has no `type`"),
        ("math.abz(1)", "`abz` there is no function `math.abz`"),
        ("math.abs('a')", "`math.abs('a')` `math.abs` does not take `string`"),
        ("[1].map(input, 1)", "`input` a variable cannot be named `input` here"),
        ("[1].all(1, true)", "`1` the name of a variable is expected here"),
    ] {
        assert_eq!(shown(text), wanted, "{text}");
    }
    assert!(Console::new(json!([])).is_err());
    assert!(Console::new(json!({"input": 1})).is_err());
}
