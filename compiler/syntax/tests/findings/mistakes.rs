//! What people mistype.

use expect_test::expect;

use crate::check;

#[test]
fn unquoted_expressions_that_yaml_splits() {
    check(
        "steps:\n- when: ${a ? {\"x\": 1} : 2}   # why\n  with: 1\n",
        expect![[r#"
            error[E008]: YAML does not read this expression as one value
             --> concurrency.yaml:2:9
              |
            2 | - when: ${a ? {"x": 1} : 2}   # why
              |         ^^^^^^^^^^^^^^^^^^^ `: ` makes a mapping of it
              |
            help: put the value in quotes
              |
            2 - - when: ${a ? {"x": 1} : 2}   # why
            2 + - when: '${a ? {"x": 1} : 2}'   # why
              |
            --- fixed
            steps:
            - when: '${a ? {"x": 1} : 2}'   # why
              with: 1
        "#]],
    );
    check(
        "a: ${x == 'it' #b}\nc: 1\n",
        expect![[r#"
            error[E008]: YAML does not read this expression as one value
             --> concurrency.yaml:1:4
              |
            1 | a: ${x == 'it' #b}
              |    ^^^^^^^^^^^^^^^ after ` #` everything is a comment to YAML
              |
            help: put the value in quotes
              |
            1 - a: ${x == 'it' #b}
            1 + a: "${x == 'it' #b}"
              |
            --- fixed
            a: "${x == 'it' #b}"
            c: 1
        "#]],
    );
    check(
        "a: {b: ${x}, c: [${y[0]}, 2]}\n",
        expect![[r#"
            error[E008]: YAML does not read this expression as one value
             --> concurrency.yaml:1:8
              |
            1 | a: {b: ${x}, c: [${y[0]}, 2]}
              |        ^^^^ a brace opens a mapping here
              |
            help: put the value in quotes
              |
            1 - a: {b: ${x}, c: [${y[0]}, 2]}
            1 + a: {b: '${x}', c: [${y[0]}, 2]}
              |
            error[E008]: YAML does not read this expression as one value
             --> concurrency.yaml:1:18
              |
            1 | a: {b: ${x}, c: [${y[0]}, 2]}
              |                  ^^^^^^^ a brace opens a mapping here
              |
            help: put the value in quotes
              |
            1 - a: {b: ${x}, c: [${y[0]}, 2]}
            1 + a: {b: ${x}, c: ['${y[0]}', 2]}
              |
            --- fixed
            a: {b: '${x}', c: ['${y[0]}', 2]}
        "#]],
    );
    check(
        "- ${a ? b : c}\n- ok: ${a ? b :c}\n",
        expect![[r#"
        error[E008]: YAML does not read this expression as one value
         --> concurrency.yaml:1:3
          |
        1 | - ${a ? b : c}
          |   ^^^^^^^^^^^^ `: ` makes a mapping of it
          |
        help: put the value in quotes
          |
        1 - - ${a ? b : c}
        1 + - '${a ? b : c}'
          |
        --- fixed
        - '${a ? b : c}'
        - ok: ${a ? b :c}
    "#]],
    );
    check(
        "a: ${x ? {\"b\": 1}\nc: 2\n",
        expect![[r#"
            error[E008]: YAML does not read this expression as one value
             --> concurrency.yaml:1:4
              |
            1 | a: ${x ? {"b": 1}
              |    ^^^^^^^^^^^^^^ `: ` makes a mapping of it
              |
              = help: close the expression with `}` and put the value in quotes
        "#]],
    );
}

#[test]
fn unclosed_quotes_and_brackets() {
    check(
        "a: \"abc\nb: 3\n",
        expect![[r#"
            error[E009]: this quote is never closed
             --> concurrency.yaml:1:4
              |
            1 | a: "abc
              |    ^ opened here
        "#]],
    );
    check(
        "a: [1, 2\nb: 3\n",
        expect![[r#"
            error[E009]: this bracket is not closed
             --> concurrency.yaml:1:4
              |
            1 | a: [1, 2
              |    ^ opened here
            2 | b: 3
              |  - this cannot stand inside it
        "#]],
    );
    check(
        "a: {b: 1\n",
        expect![[r#"
            error[E009]: this bracket is not closed
             --> concurrency.yaml:1:4
              |
            1 | a: {b: 1
              |    ^ opened here
        "#]],
    );
    check(
        "a: ]\n",
        expect![[r#"
            error[E005]: misplaced bracket
             --> concurrency.yaml:1:4
              |
            1 | a: ]
              |    ^
        "#]],
    );
}

#[test]
fn several_mistakes_are_found_in_one_run() {
    check(
        "a: @x\nb: x: y\nc: 'a' b\nd: \"\\q\"\ne: 1\ne: 2\n",
        expect![[r#"
            error[E005]: a value cannot start with `@`
             --> concurrency.yaml:1:4
              |
            1 | a: @x
              |    ^
              |
              = help: put the value in quotes if the character belongs to it
            error[E005]: `:` cannot stand here
             --> concurrency.yaml:2:5
              |
            2 | b: x: y
              |     ^
              |
              = help: a value that contains `: ` must be in quotes; keys of one mapping must start in one column
            error[E005]: something follows the closing quote
             --> concurrency.yaml:3:8
              |
            3 | c: 'a' b
              |        ^
              |
              = help: quote the whole value; inside '...' a quote is written twice, inside "..." it is `\"`
            error[E005]: unknown escape in a quoted text
             --> concurrency.yaml:4:4
              |
            4 | d: "\q"
              |    ^
              |
              = help: in "..." a backslash is written `\\`; in '...' it needs no escape
            error[E012]: the key `e` stands twice
             --> concurrency.yaml:6:1
              |
            5 | e: 1
              | - first here
            6 | e: 2
              | ^ here again
              |
              = help: keep one of the two
        "#]],
    );
    check(
        "a:\n   b: 1\n  c: 2\nd\ne: 1\n",
        expect![[r#"
            error[E005]: this is not indented like the keys around it
             --> concurrency.yaml:3:3
              |
            3 |   c: 2
              |   ^
              |
              = help: keys of one mapping start in one column, and so do the items of one list
        "#]],
    );
}
