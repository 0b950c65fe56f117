//! What people mistype, and what those write who know YAML or Terraform.

use conductor_syntax::hcl;
use expect_test::expect;

use crate::check;

#[test]
fn punctuation() {
    check(
        "a {\n  b = 1 }\nc { d = 1 }\ne { f {} }\ng { h = 1, i = 2 }\n",
        expect![[r#"
            error[E022]: the `}` of a block stands on a line of its own
             --> concurrency.hcl:2:9
              |
            2 |   b = 1 }
              |         ^ expected a new line
              |
            help: break the line
              |
            2 |   b = 1
              |        +
            error[E022]: only a block with a single attribute stands in one line
             --> concurrency.hcl:4:3
              |
            4 | e { f {} }
              |   ^ expected a new line
              |
            help: break the line
              |
            4 ~ e {
            5 ~   f {}
              |
            error[E022]: attributes and blocks stand on lines of their own
             --> concurrency.hcl:5:10
              |
            5 | g { h = 1, i = 2 }
              |          ^ expected a new line
              |
              = help: commas separate the entries of an object, `name = { a = 1, b = 2 }`, not those of a block
            --- fixed
            a {
              b = 1
            }
            c { d = 1 }
            e {
              f {}
            }
            g { h = 1, i = 2 }
            --- still: E022 attributes and blocks stand on lines of their own
        "#]],
    );
    check(
        "a: 1\nb = { c: 1, d = 2 e = 3 }\nf = [1 2\n  3]\n",
        expect![[r#"
        error[E021]: an attribute is set with `=`
         --> concurrency.hcl:1:2
          |
        1 | a: 1
          |  ^
          |
        help: write `=`
          |
        1 - a: 1
        1 + a = 1
          |
        error[E020]: a comma is missing before this
         --> concurrency.hcl:2:19
          |
        2 | b = { c: 1, d = 2 e = 3 }
          |                   ^
          |
        help: insert it
          |
        2 | b = { c: 1, d = 2, e = 3 }
          |                  +
        error[E020]: a comma is missing before this
         --> concurrency.hcl:3:8
          |
        3 | f = [1 2
          |        ^
          |
        help: insert it
          |
        3 | f = [1, 2
          |       +
        error[E020]: a comma is missing before this
         --> concurrency.hcl:4:3
          |
        4 |   3]
          |   ^
          |
        help: insert it
          |
        3 | f = [1 2,
          |         +
        --- fixed
        a = 1
        b = { c: 1, d = 2, e = 3 }
        f = [1, 2,
          3]
    "#]],
    );
    check(
        "a {\n  b = 1, c = 2\n  d = 3 e = 4\n}\n",
        expect![[r#"
        error[E022]: attributes and blocks stand on lines of their own
         --> concurrency.hcl:2:8
          |
        2 |   b = 1, c = 2
          |        ^ expected a new line
          |
          = help: commas separate the entries of an object, `name = { a = 1, b = 2 }`, not those of a block
        error[E022]: attributes and blocks stand on lines of their own
         --> concurrency.hcl:3:9
          |
        3 |   d = 3 e = 4
          |         ^ expected a new line
          |
          = help: commas separate the entries of an object, `name = { a = 1, b = 2 }`, not those of a block
    "#]],
    );
    check(
        "a \"x\"\nb\nc =\nd = 1 }\n)\n",
        expect![[r#"
        error[E020]: `a` is followed by neither `=` nor a block
         --> concurrency.hcl:1:3
          |
        1 | a "x"
          |   ^^^
          |
          = help: write `a = "x"`, or `a "x" { ... }`
        error[E020]: `b` is followed by neither `=` nor a block
         --> concurrency.hcl:2:2
          |
        2 | b
          |  ^
          |
          = help: write `b = VALUE`, or `b { ... }`
        error[E020]: a value is missing
         --> concurrency.hcl:3:4
          |
        3 | c =
          |    ^ expected a value
        error[E020]: this `}` closes nothing
         --> concurrency.hcl:4:7
          |
        4 | d = 1 }
          |       ^
        error[E020]: expected an attribute or a block
         --> concurrency.hcl:5:1
          |
        5 | )
          | ^
          |
          = help: an attribute is `name = value`, a block `name "label" { ... }`
    "#]],
    );
    check(
        "task \"a\"\n{\n  ref = \"m.a\"\n}\n",
        expect![[r#"
        error[E020]: the `{` of a block stands on the line of its `task`
         --> concurrency.hcl:2:1
          |
        2 | {
          | ^
          |
        help: move it up
          |
        1 | task "a" {
          |         +
        --- fixed
        task "a" {
          ref = "m.a"
        }
    "#]],
    );
    check(
        "a = { 1 = 2, (b) = 3, c }\na = 4\n",
        expect![[r#"
        error[E015]: a key must be a name or a string
         --> concurrency.hcl:1:7
          |
        1 | a = { 1 = 2, (b) = 3, c }
          |       ^
          |
        help: put the key in quotes
          |
        1 - a = { 1 = 2, (b) = 3, c }
        1 + a = { "1" = 2, (b) = 3, c }
          |
        error[E015]: a key must be a name or a string
         --> concurrency.hcl:1:14
          |
        1 | a = { 1 = 2, (b) = 3, c }
          |              ^^^
        error[E020]: expected `=` after `c`
         --> concurrency.hcl:1:25
          |
        1 | a = { 1 = 2, (b) = 3, c }
          |                         ^
        error[E012]: the key `a` stands twice
         --> concurrency.hcl:2:1
          |
        1 | a = { 1 = 2, (b) = 3, c }
          | - first here
        2 | a = 4
          | ^ here again
          |
          = help: keep one of the two
        --- fixed
        a = { "1" = 2, (b) = 3, c }
        a = 4
        --- still: E015 a key must be a name or a string
        --- still: E020 expected `=` after `c`
        --- still: E012 the key `a` stands twice
    "#]],
    );
    check(
        "a = [1)\nb = { c = 1 ]\n",
        expect![[r#"
            error[E020]: expected `]`
             --> concurrency.hcl:1:7
              |
            1 | a = [1)
              |     - ^
              |     |
              |     opened here
            error[E020]: expected `}`
             --> concurrency.hcl:2:13
              |
            2 | b = { c = 1 ]
              |     -       ^
              |     |
              |     opened here
        "#]],
    );
}

#[test]
fn yaml_in_a_file_of_hcl() {
    check(
        "version: \"1.0\"\ntasks:\n  - id: a\n    ref: m.a\n",
        expect![[r#"
        error[E021]: an attribute is set with `=`
         --> concurrency.hcl:1:8
          |
        1 | version: "1.0"
          |        ^
          |
        help: write `=`
          |
        1 - version: "1.0"
        1 + version = "1.0"
          |
        error[E021]: an attribute is set with `=`
         --> concurrency.hcl:2:6
          |
        2 | tasks:
          |      ^
          |
          = help: this looks like YAML; such a manifest is `concurrency.yaml`
        --- fixed
        version = "1.0"
        tasks:
          - id: a
            ref: m.a
        --- still: E021 an attribute is set with `=`
    "#]],
    );
}

#[test]
fn what_is_never_closed() {
    check(
        "a = [1,\nb = c + 1\n",
        expect![[r#"
        error[E009]: this bracket is never closed
         --> concurrency.hcl:1:5
          |
        1 | a = [1,
          |     ^ opened here
    "#]],
    );
    check(
        "task \"a\" {\n  ref = \"m.a\n  policy = \"x\"\n}\n",
        expect![[r#"
        error[E009]: this quote is never closed
         --> concurrency.hcl:2:9
          |
        2 |   ref = "m.a
          |         ^ opened here
    "#]],
    );
    check(
        "task \"a {\n  ref = \"m.a\"\n}\n",
        expect![[r#"
        error[E009]: this quote is never closed
         --> concurrency.hcl:1:6
          |
        1 | task "a {
          |      ^ opened here
    "#]],
    );
    check(
        "task \"a\" {\n  ref = \"m.a\"\n\ntask \"b\" {\n}\n",
        expect![[r#"
        error[E009]: this brace is never closed
         --> concurrency.hcl:1:10
          |
        1 | task "a" {
          |          ^ opened here
    "#]],
    );
    check(
        "a = [1,\n",
        expect![[r#"
        error[E009]: this bracket is never closed
         --> concurrency.hcl:1:5
          |
        1 | a = [1,
          |     ^ opened here
    "#]],
    );
    check(
        "a = <<END\ntext\n",
        expect![[r#"
        error[E009]: this heredoc is never closed
         --> concurrency.hcl:1:5
          |
        1 | a = <<END
          |     ^^^^^ opened here
    "#]],
    );
    check(
        "a = 1 /* b\n",
        expect![[r#"
        error[E009]: this comment is never closed
         --> concurrency.hcl:1:7
          |
        1 | a = 1 /* b
          |       ^^ opened here
    "#]],
    );
    check("a = \"${x == 'b'\"\nb = \"${y\"\n", expect![[""]]);
}

#[test]
fn one_mistake_hides_no_other_and_makes_none() {
    let text = "task \"a\" {\n  ref = m.a\n}\n= 1\ntask \"b\" {\n  effect = read\n}\n";
    let codes: Vec<&str> =
        hcl::parse(conductor_source::FileId(0), text).1.iter().map(|found| found.code.0).collect();
    assert_eq!(codes, ["E023", "E020", "E023"]);
}
