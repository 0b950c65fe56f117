//! What is accepted, with its type; what a caller may expect and what an enclosing `when` proves.

use conductor_protocol::types::Type;
use expect_test::expect;

use crate::*;

#[test]
fn accepted() {
    table(
        &[
            "plain text",
            "costs $${ not an expression }",
            "${input.amount * 2}",
            "${0.1 * input.amount}",
            "${1 + input.rate}",
            "${input.count + 1 > 5 && 'a' in input.tags}",
            "${input.prices['x'] > 1 || input.prices.y == 2.50}",
            "${fetch_user.status == 'paid'}",
            "${fetch_user.status in ['new', 'paid']}",
            "${find_user != null && find_user.age > 5}",
            "${find_user == null || find_user.age > 5}",
            "${!(find_user == null) ? find_user.id : 'nobody'}",
            "${has(find_user.address) ? find_user.address.city : ''}",
            "${find_user != null && find_user.address != null && find_user.address.zip != null ? size(find_user.address.zip) : 0}",
        ],
        None,
        &expect![[r#"
            plain text
                : string
            costs $${ not an expression }
                : string
            ${input.amount * 2}
                : decimal
            ${0.1 * input.amount}
                : decimal
            ${1 + input.rate}
                : float
            ${input.count + 1 > 5 && 'a' in input.tags}
                : bool
            ${input.prices['x'] > 1 || input.prices.y == 2.50}
                : bool
            ${fetch_user.status == 'paid'}
                : bool
            ${fetch_user.status in ['new', 'paid']}
                : bool
            ${find_user != null && find_user.age > 5}
                : bool
            ${find_user == null || find_user.age > 5}
                : bool
            ${!(find_user == null) ? find_user.id : 'nobody'}
                : string
            ${has(find_user.address) ? find_user.address.city : ''}
                : string
            ${find_user != null && find_user.address != null && find_user.address.zip != null ? size(find_user.address.zip) : 0}
                : int
        "#]],
    );
}

#[test]
fn accepted_values() {
    table(
        &[
            "${has(input.note) ? input.note : ''}",
            "${both.right == 5 && both.right > 2}",
            "${raw.x.y + 1}",
            "${raw}",
            "${{'id': run.id, 'n': [1, 2.5]}}",
            "user ${input.user_id} owes ${input.amount} since ${input.since}: ${fetch_user.status}${'}'}",
            "${string(input.count) + int(input.rate) == '' ? 1 : 2.5}",
            "${string(input.count) + 'x' == '' ? 1 : 2.5}",
            "${input.note}\n",
        ],
        None,
        &expect![[r#"
            ${has(input.note) ? input.note : ''}
                : string
            ${both.right == 5 && both.right > 2}
                : bool
            ${raw.x.y + 1}
                : int
            ${raw}
                : any
            ${{'id': run.id, 'n': [1, 2.5]}}
                : {id: string, n: list<float>}
            user ${input.user_id} owes ${input.amount} since ${input.since}: ${fetch_user.status}${'}'}
                : string
            ${string(input.count) + int(input.rate) == '' ? 1 : 2.5}
                2..39 `string(input.count) + int(input.rate)`: `+` does not take `string` and `int`
                    help: convert the other one with `string(...)`, or write `...${a}...${b}`
            ${string(input.count) + 'x' == '' ? 1 : 2.5}
                : float
            ${input.note}

                : string?
        "#]],
    );
}

#[test]
fn expected_types() {
    let floats = Type::List(Box::new(Type::Float));
    table(
        &["${[1, 2]}", "${[1, 'a']}", "${input.tags}"],
        Some(floats),
        &expect![[r#"
        ${[1, 2]}
            : list<float>
        ${[1, 'a']}
            2..10 `[1, 'a']`: expected `list<float>`, but this is `list<float | string>`
        ${input.tags}
            2..12 `input.tags`: expected `list<float>`, but this is `list<string>`
    "#]],
    );
    let texts =
        ["${5}", "${1 + 2}", "${input.count}", "${input.count > 1 ? 1 : 2.5}", "${null}", "text", "a${1}"];
    table(
        &texts,
        Some(Type::Decimal),
        &expect![[r#"
        ${5}
            : decimal
        ${1 + 2}
            : decimal
        ${input.count}
            2..13 `input.count`: expected `decimal`, but this is `int`
        ${input.count > 1 ? 1 : 2.5}
            : decimal
        ${null}
            2..6 `null`: expected `decimal`, but this is `null`
        text
            0..4 `text`: expected `decimal`, but this is `string`
        a${1}
            3..4 `1`: expected `decimal`, but this is `string`
    "#]],
    );
    table(
        &["${input.note}", "${5}", "${input.note != null}"],
        Some(Type::String),
        &expect![[r#"
        ${input.note}
            2..12 `input.note`: this may be null: its type is `string?`
                help: test it first: `input.note != null && ...` or `input.note != null ? ... : ...`, or a `when` with `input.note != null`
        ${5}
            2..3 `5`: expected `string`, but this is `int`
                help: convert it with `string(...)`
        ${input.note != null}
            2..20 `input.note != null`: expected `string`, but this is `bool`
                help: convert it with `string(...)`
    "#]],
    );
    table(
        &["${input.count > 1 ? 'a' : 2}"],
        Some(Type::union([Type::Int, Type::String])),
        &expect![[r#"
        ${input.count > 1 ? 'a' : 2}
            : int | string
    "#]],
    );
}

#[test]
fn an_enclosing_when_narrows() {
    let when = run("${find_user != null && input.note != null}", &[], Some(&Type::Bool)).unwrap();
    assert_eq!(run("${find_user.id + input.note}", &[when], None).unwrap().ty, Type::String);
    assert!(run("${find_user.id + input.note}", &[], None).is_err());
}

#[test]
fn a_deep_expression_is_refused() {
    let text = format!("${{{}1{}}}", "(".repeat(10_000), ")".repeat(10_000));
    assert_eq!(run(&text, &[], None).unwrap_err()[0].message, "this expression is nested more than 250 deep");
    let text = format!("${{{}1}}", "1 + ".repeat(40));
    assert_eq!(run(&text, &[], None).unwrap_err()[0].message, "this expression is nested more than 24 deep");
}
