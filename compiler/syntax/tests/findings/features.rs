//! Parts of YAML that a manifest does without.

use conductor_syntax::Kind;
use expect_test::expect;

use crate::{check, shown};

#[test]
fn aliases_are_expanded_and_bad_ones_reported() {
    let (node, text) = shown(b"a: &x {b: 1}\nc: *x\n");
    assert_eq!(text, "");
    let Kind::Map(entries) = node.kind else { panic!("no mapping") };
    assert_eq!(entries[0].value, entries[1].value);
    check(
        "a: *nothing\nb: &b [*b]\n",
        expect![[r#"
            error[E011]: no value above is named `&nothing`
             --> concurrency.yaml:1:4
              |
            1 | a: *nothing
              |    ^^^^^^^^ an alias of nothing
              |
              = help: in YAML a leading `*` is an alias; put the text in quotes if it is meant literally
            error[E011]: an alias stands inside the value that it names
             --> concurrency.yaml:2:8
              |
            2 | b: &b [*b]
              |        ^^ it would contain itself
        "#]],
    );
}

#[test]
fn duplicate_keys() {
    check(
        "tasks: []\npolicies: []\ntasks: []\na: {b: 1, b: 2}\n",
        expect![[r#"
            error[E012]: the key `tasks` stands twice
             --> concurrency.yaml:3:1
              |
            1 | tasks: []
              | ----- first here
            2 | policies: []
            3 | tasks: []
              | ^^^^^ here again
              |
              = help: keep one of the two
            error[E012]: the key `b` stands twice
             --> concurrency.yaml:4:11
              |
            4 | a: {b: 1, b: 2}
              |     -     ^ here again
              |     |
              |     first here
              |
              = help: keep one of the two
        "#]],
    );
}

#[test]
fn several_documents() {
    check(
        "a: 1\n---\nb: 2\nb: 3\n---\n",
        expect![[r#"
            error[E013]: the file holds several documents, a manifest is one
             --> concurrency.yaml:2:1
              |
            2 | ---
              | ^^^ the second document starts here
              |
              = help: put its content under the sections of the first, or into a file of its own
        "#]],
    );
}

#[test]
fn tags_directives_and_merge_keys() {
    check(
        "a: !!str 5\nb: !mine {c: 1}\n",
        expect![[r#"
            error[E014]: tags such as `!!str` have no meaning in a manifest
             --> concurrency.yaml:1:4
              |
            1 | a: !!str 5
              |    ^^^^^
              |
              = note: values have the types of YAML's core schema; what is in quotes is a string
            help: remove the tag
              |
            1 - a: !!str 5
            1 + a: 5
              |
            error[E014]: tags such as `!mine` have no meaning in a manifest
             --> concurrency.yaml:2:4
              |
            2 | b: !mine {c: 1}
              |    ^^^^^
              |
              = note: values have the types of YAML's core schema; what is in quotes is a string
            help: remove the tag
              |
            2 - b: !mine {c: 1}
            2 + b: {c: 1}
              |
            --- fixed
            a: 5
            b: {c: 1}
        "#]],
    );
    check(
        "%YAML 1.1\n---\na: 1\n",
        expect![[r#"
            error[E005]: directives (`%`) are not used in a manifest
             --> concurrency.yaml:1:1
              |
            1 | %YAML 1.1
              | ^
        "#]],
    );
    check(
        "a: &a {x: 1}\nb:\n  <<: *a\n  y: 2\n",
        expect![[r#"
            error[E016]: merge keys (`<<`) are not part of YAML 1.2
             --> concurrency.yaml:3:3
              |
            3 |   <<: *a
              |   ^^
              |
              = help: write the keys out; what several tasks share can be a policy of its own
        "#]],
    );
}

#[test]
fn keys_that_are_no_strings() {
    check(
        "1: a\ntrue: b\n? [x]\n: c\n: d\n",
        expect![[r#"
            error[E015]: a key must be a string, this is a number
             --> concurrency.yaml:1:1
              |
            1 | 1: a
              | ^
              |
            help: put the key in quotes
              |
            1 - 1: a
            1 + "1": a
              |
            error[E015]: a key must be a string, this is a boolean
             --> concurrency.yaml:2:1
              |
            2 | true: b
              | ^^^^
              |
            help: put the key in quotes
              |
            2 - true: b
            2 + "true": b
              |
            error[E015]: a key must be a string, this is a list
             --> concurrency.yaml:3:3
              |
            3 | ? [x]
              |   ^^^
            error[E015]: a key must be a string, this is nothing
             --> concurrency.yaml:5:1
              |
            5 | : d
              | ^
            --- fixed
            "1": a
            "true": b
            ? [x]
            : c
            : d
            --- still: E015 a key must be a string, this is a list
            --- still: E015 a key must be a string, this is nothing
        "#]],
    );
}
