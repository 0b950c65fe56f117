//! Inputs and types.

use conductor_model::{TypeExpr, TypeExprKind};
use expect_test::expect;

use crate::{check, findings};

/// A version that would write it to the journal must not say yes.
#[test]
fn a_secret_input() {
    check(
        "workflows:\n- id: w\n  input:\n    a: {type: string, secret: true}\n  steps: [{task: a}]\n",
        expect![""],
    );
}

#[test]
fn inputs_and_their_types() {
    check(
        "workflows:\n- id: w\n  input:\n    a: str\n    b: list<int\n    c: map<int, string>\n    d: {type: integer, defalt: 1}\n    e: {default: 1}\n    f: 5\n    g: Optional[int]\n    h: {x: sting, y: [a]}\n    Bad: int\n    i: strng?\n  steps: [{task: a}]\n",
        expect![[r#"
            error[E063]: there is no type `str`
             --> concurrency.yaml:4:8
              |
            4 |     a: str
              |        ^^^
              |
            help: did you mean `string`?
              |
            4 |     a: string
              |           +++
            error[E063]: `list<int` is no type
             --> concurrency.yaml:5:8
              |
            5 |     b: list<int
              |        ^^^^^^^^ expected `>`
              |
              = note: types are null, bool, int, float, decimal, string, bytes, timestamp, date, duration, uuid, any, list<T>, map<string, T>, {field: T}, T?, T | U and the classes of the code
            error[E063]: `map<int, string>` is no type
             --> concurrency.yaml:6:12
              |
            6 |     c: map<int, string>
              |            ^ the keys of a map are strings: `map<string, T>`
              |
              = note: types are null, bool, int, float, decimal, string, bytes, timestamp, date, duration, uuid, any, list<T>, map<string, T>, {field: T}, T?, T | U and the classes of the code
            error[E063]: there is no type `integer`
             --> concurrency.yaml:7:15
              |
            7 |     d: {type: integer, defalt: 1}
              |               ^^^^^^^
              |
            help: did you mean `int`?
              |
            7 -     d: {type: integer, defalt: 1}
            7 +     d: {type: int, defalt: 1}
              |
            error[E050]: an input has no key `defalt`
             --> concurrency.yaml:7:24
              |
            7 |     d: {type: integer, defalt: 1}
              |                        ^^^^^^ unknown key
              |
            help: did you mean `default`?
              |
            7 |     d: {type: integer, default: 1}
              |                            +
            error[E063]: the input `e` needs a `type`
             --> concurrency.yaml:8:5
              |
            8 |     e: {default: 1}
              |     ^
            error[E052]: expected a type, found a number
             --> concurrency.yaml:9:8
              |
            9 |     f: 5
              |        ^ this is a number
            error[E063]: `Optional` takes no parameters; those with parameters are `list<T>` and `map<string, T>`
              --> concurrency.yaml:10:8
               |
            10 |     g: Optional[int]
               |        ^^^^^^^^
            error[E063]: there is no type `sting`
              --> concurrency.yaml:11:12
               |
            11 |     h: {x: sting, y: [a]}
               |            ^^^^^
               |
            help: did you mean `string`?
               |
            11 |     h: {x: string, y: [a]}
               |              +
            error[E052]: expected a type, found a list
              --> concurrency.yaml:11:19
               |
            11 |     h: {x: sting, y: [a]}
               |                   ^ this is a list
            error[E054]: `Bad` cannot be an id
              --> concurrency.yaml:12:5
               |
            12 |     Bad: int
               |     ^^^
               |
               = note: ids are lower-case letters, digits and `_`, and begin with a letter
               = help: `bad` would do; change it where it is used, too
            error[E063]: there is no type `strng`
              --> concurrency.yaml:13:8
               |
            13 |     i: strng?
               |        ^^^^^
               |
            help: did you mean `string`?
               |
            13 |     i: string?
               |           +
            --- fixed
            workflows:
            - id: w
              input:
                a: string
                b: list<int
                c: map<int, string>
                d: {type: int, default: 1}
                e: {default: 1}
                f: 5
                g: Optional[int]
                h: {x: string, y: [a]}
                Bad: int
                i: string?
              steps: [{task: a}]
        "#]],
    );
    check(
        "workflows:\n- id: w\n  input: [a]\n  steps: [{task: a}]\n",
        expect![[r#"
        error[E052]: expected a mapping from inputs to their types, found a list
         --> concurrency.yaml:3:3
          |
        3 |   input: [a]
          |   ^^^^^ this is a list
    "#]],
    );
}

#[test]
fn every_form_of_a_type() {
    let text = "workflows:\n- id: w\n  input:\n    a: 'list<User>?'\n    b: map<string, int|shop.Money>\n    c: {x: int, y: '{z: string}'}\n    d: {type: (int | null)?, default: 10}\n    e: null\n  steps: [{task: a}]\n";
    let (manifest, shown) = findings(text);
    assert_eq!(shown, "");
    let types: Vec<String> = manifest.workflows[0].inputs.iter().map(|input| spelled(&input.ty)).collect();
    expect![[r#"
        [
            "optional list<class User>",
            "map<int or class shop.Money>",
            "{x: int, y: {z: string}}",
            "optional int or null",
            "null",
        ]
    "#]]
    .assert_debug_eq(&types);
    let described = &manifest.workflows[0].inputs[3];
    assert!(described.default.is_some());
}

fn spelled(ty: &TypeExpr) -> String {
    match &ty.kind {
        TypeExprKind::Builtin(builtin) => builtin.to_string(),
        TypeExprKind::Name(name) => format!("class {name}"),
        TypeExprKind::List(item) => format!("list<{}>", spelled(item)),
        TypeExprKind::Map(item) => format!("map<{}>", spelled(item)),
        TypeExprKind::Record(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, ty)| format!("{name}: {}", spelled(ty))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        TypeExprKind::Optional(inner) => format!("optional {}", spelled(inner)),
        TypeExprKind::Union(members) => members.iter().map(spelled).collect::<Vec<_>>().join(" or "),
        TypeExprKind::Broken => "broken".to_owned(),
    }
}
