//! The words for what is not accepted.

use expect_test::expect;

use crate::table;

#[test]
fn mistakes_of_names() {
    table(
        &[
            "${fetch_usr.id}",
            "${input.amuont}",
            "${amount}",
            "${fetch_user.emial}",
            "${fetch_user.zzz}",
            "${blob.x}",
            "${input}",
        ],
        None,
        &expect![[r#"
            ${fetch_usr.id}
                2..11 `fetch_usr`: `fetch_usr` is not known here
                    help: did you mean `fetch_user`?
            ${input.amuont}
                8..14 `amuont`: the workflow has no input `amuont`
                    help: did you mean `amount`?
            ${amount}
                2..8 `amount`: `amount` is not known here
                    help: did you mean `input.amount`?
            ${fetch_user.emial}
                13..18 `emial`: `User` has no field `emial`
                    help: did you mean `email`?
            ${fetch_user.zzz}
                13..16 `zzz`: `User` has no field `zzz`
                    help: its fields: `id`, `age`, `email`, `address`, `status`
            ${blob.x}
                7..8 `x`: a value of type `Blob` has no fields, so no `x`
                    help: the code does not say which fields it has
            ${input}
                2..7 `input`: `input` is no value of its own
                    help: name one of its fields: `amount`, `count`, `note`, `prices`, `rate`, `since`, `tags`, `user_id`
        "#]],
    );
}

#[test]
fn mistakes_of_calls() {
    table(
        &[
            "${env.HOME}",
            "${run.key}",
            "${siez(input.tags)}",
            "${input.user_id.contains()}",
            "${{id: 1}}",
            "${{ input.count }} of ${{ size(input.tags) }}",
            "${{ input. }}",
            "${fetch_usr.id == fetch_user.zzz}",
            "${User{id: 1}}",
        ],
        None,
        &expect![[r#"
            ${env.HOME}
                2..5 `env`: `env` cannot be used here
                    help: only resources and policies read the environment; give the value as an input
            ${run.key}
                6..9 `key`: `run` has no field `key`
                    help: it has only `run.id`
            ${siez(input.tags)}
                2..6 `siez`: there is no function `siez`
                    help: did you mean `size`?
            ${input.user_id.contains()}
                16..24 `contains`: `contains` is not called like this
                    help: write `string.contains(string)`
            ${{id: 1}}
                3..5 `id`: the key of a record must be a string
                    help: quote it: `"id"`
            ${{ input.count }} of ${{ size(input.tags) }}
                0..18 `${{ input.count }}`: an expression stands in one pair of braces
                    help: write `${input.count}`
                22..45 `${{ size(input.tags) }}`: an expression stands in one pair of braces
                    help: write `${size(input.tags)}`
            ${{ input. }}
                11..12 `}`: expected the name of a field after `.`, but found `}`
            ${fetch_usr.id == fetch_user.zzz}
                2..11 `fetch_usr`: `fetch_usr` is not known here
                    help: did you mean `fetch_user`?
                29..32 `zzz`: `User` has no field `zzz`
                    help: its fields: `id`, `age`, `email`, `address`, `status`
            ${User{id: 1}}
                2..13 `User{id: 1}`: a manifest has no messages to build
                    help: write a record: `{'field': value}`
        "#]],
    );
}

#[test]
fn mistakes_of_types() {
    table(
        &[
            "${input.count == 'a'}",
            "${input.count < input.rate}",
            "${input.count + input.rate}",
            "${'a' + 1}",
        ],
        None,
        &expect![[r#"
            ${input.count == 'a'}
                2..20 `input.count == 'a'`: `int` and `string` cannot be compared with `==`
                    help: convert the other one with `string(...)`
            ${input.count < input.rate}
                2..26 `input.count < input.rate`: `int` and `float` cannot be compared with `<`
                    help: convert one of them with `int(...)` or `double(...)`
            ${input.count + input.rate}
                2..26 `input.count + input.rate`: `+` does not take `int` and `float`
                    help: convert one of them with `int(...)` or `double(...)`
            ${'a' + 1}
                2..9 `'a' + 1`: `+` does not take `string` and `int`
                    help: convert the other one with `string(...)`, or write `...${a}...${b}`
        "#]],
    );
}

#[test]
fn mistakes_with_null() {
    table(
        &[
            "${find_user.age}",
            "${find_user.age > 5 && find_user != null}",
            "${find_user != null || find_user.age > 5}",
            "${both.right + 1}",
            "${input.note.contains('x')}",
            "${fetch_user.status == 'payed'}",
        ],
        None,
        &expect![[r#"
            ${find_user.age}
                12..15 `age`: `age` is read of `find_user`, which may be null: its type is `User?`
                    help: test it first: `find_user != null && ...` or `has(find_user.age) ? find_user.age : ...`, or a `when` with `find_user != null`
            ${find_user.age > 5 && find_user != null}
                12..15 `age`: `age` is read of `find_user`, which may be null: its type is `User?`
                    help: test it first: `find_user != null && ...` or `has(find_user.age) ? find_user.age : ...`, or a `when` with `find_user != null`
            ${find_user != null || find_user.age > 5}
                33..36 `age`: `age` is read of `find_user`, which may be null: its type is `User?`
                    help: test it first: `find_user != null && ...` or `has(find_user.age) ? find_user.age : ...`, or a `when` with `find_user != null`
            ${both.right + 1}
                2..12 `both.right`: this may be null: its type is `int?`
                    help: test it first: `both.right != null && ...` or `both.right != null ? ... : ...`, or a `when` with `both.right != null`
            ${input.note.contains('x')}
                2..12 `input.note`: this may be null: its type is `string?`
                    help: test it first: `input.note != null && ...` or `input.note != null ? ... : ...`, or a `when` with `input.note != null`
            ${fetch_user.status == 'payed'}
                2..30 `fetch_user.status == 'payed'`: `Status` is never "payed"
                    help: its values: "new", "paid"
        "#]],
    );
}

#[test]
fn mistakes_of_uses() {
    table(
        &[
            "${input.count > 1 ? 'a' : 2}",
            "${input.count ? 1 : 2}",
            "${input.since + input.since}",
            "user ${fetch_user}",
            "user ${input.note}",
            "user ${input.tags} ${null} ${zzz}",
            "${5 in input.tags}",
            "${input.tags['a']}",
            "${-input.user_id}",
            "${1u}",
            "${5 % 2.5}",
        ],
        None,
        &expect![[r#"
            ${input.count > 1 ? 'a' : 2}
                20..27 `'a' : 2`: the two values of `?:` differ in type: `string` and `int`
            ${input.count ? 1 : 2}
                2..13 `input.count`: expected `bool`, but this is `int`
            ${input.since + input.since}
                2..27 `input.since + input.since`: `+` does not take `timestamp` and `timestamp`
            user ${fetch_user}
                7..17 `fetch_user`: a value of type `User` cannot be put into a text
                    help: only string, int, float, decimal, bool, timestamp, date, duration and uuid can; name a field of it
            user ${input.note}
                7..17 `input.note`: this may be null: its type is `string?`
                    help: test it first: `input.note != null && ...` or `input.note != null ? ... : ...`, or a `when` with `input.note != null`
            user ${input.tags} ${null} ${zzz}
                7..17 `input.tags`: a value of type `list<string>` cannot be put into a text
                    help: only string, int, float, decimal, bool, timestamp, date, duration and uuid can; name a field of it
                21..25 `null`: null cannot be put into a text
                    help: only string, int, float, decimal, bool, timestamp, date, duration and uuid can; name a field of it
                29..32 `zzz`: `zzz` is not known here
                    help: visible steps: `blob`, `both`, `fetch_user`, `find_user`, `raw`; inputs are `input.NAME`
            ${5 in input.tags}
                2..17 `5 in input.tags`: a `int` is never in a `list<string>`
            ${input.tags['a']}
                13..16 `'a'`: expected `int`, but this is `string`
            ${-input.user_id}
                3..16 `input.user_id`: `-` needs a number, but this is `string`
            ${1u}
                2..4 `1u`: a manifest has no unsigned ints
                    help: write `1`
            ${5 % 2.5}
                2..9 `5 % 2.5`: `%` does not take `float` and `float`
        "#]],
    );
}

#[test]
fn mistakes_of_syntax() {
    table(
        &[
            "${input.count = 5}",
            "${input.count == 5 and true}",
            "${}",
            "${ }",
            "${1 +}",
            "${[1, , 2, +]}",
            "${(1 + 2}",
            "${'abc}",
            "text ${input.count",
            "${a.}",
            "${true ? 1}",
        ],
        None,
        &expect![[r#"
            ${input.count = 5}
                14..15 `=`: `=` is not an operator
                    help: compare with `==`
            ${input.count == 5 and true}
                19..22 `and`: `and` is not expected after the expression
                    help: write `&&` for "and"
            ${}
                0..3 `${}`: the expression is empty
            ${ }
                0..4 `${ }`: the expression is empty
            ${1 +}
                0..6 `${1 +}`: expected a value, but the expression ends here
            ${[1, , 2, +]}
                6..7 `,`: expected a value, but found `,`
                11..12 `+`: expected a value, but found `+`
            ${(1 + 2}
                0..9 `${(1 + 2}`: expected `)`, but the expression ends here
            ${'abc}
                2..6 `'abc`: this string is not closed
                    help: end it with `'`
            text ${input.count
                5..7 `${`: this `${` has no matching `}`
                    help: close the expression with `}`, or write `$${` for the text `${`
            ${a.}
                0..5 `${a.}`: expected the name of a field after `.`, but the expression ends here
            ${true ? 1}
                0..11 `${true ? 1}`: expected `:` and the value for when the test does not hold, but the expression ends here
        "#]],
    );
}

#[test]
fn mistakes_in_literals() {
    table(
        &[
            "${'\\q' + '\\u00g0'}",
            "${9223372036854775808}",
            "${for}",
            "${size(1 2)}",
            "${a & b | c}",
            "${{'a' 1}}",
        ],
        None,
        &expect![[r#"
            ${'\q' + '\u00g0'}
                3..5 `\q`: `\q` is not an escape of CEL
                10..12 `\u`: this escape needs 4 digits
            ${9223372036854775808}
                2..21 `9223372036854775808`: this number does not fit an int of 64 bits
            ${for}
                2..5 `for`: `for` is a reserved word of CEL
            ${size(1 2)}
                9..10 `2`: expected `,` or `)`, but found `2`
            ${a & b | c}
                4..5 `&`: `&` is not an operator
                    help: write `&&` for "and"
                8..9 `|`: `|` is not an operator
                    help: write `||` for "or"
            ${{'a' 1}}
                7..8 `1`: expected `:` and a value, but found `1`
        "#]],
    );
}
