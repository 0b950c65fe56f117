//! What HCL would compute, and what it would look for in strings.

use expect_test::expect;

use crate::check;

#[test]
fn bare_expressions() {
    check(
        "a {\n  when = x > 5 # why\n  with = { n = input.n, l = [upper(a), 1 + 2] }\n  output = a ? b : c\n}\n",
        expect![[r#"
            error[E023]: expressions stand in `"${...}"`
             --> concurrency.hcl:2:10
              |
            2 |   when = x > 5 # why
              |          ^^^^^ HCL would compute this
              |
            help: wrap it
              |
            2 -   when = x > 5 # why
            2 +   when = "${x > 5}" # why
              |
            error[E023]: expressions stand in `"${...}"`
             --> concurrency.hcl:3:16
              |
            3 |   with = { n = input.n, l = [upper(a), 1 + 2] }
              |                ^^^^^^^ HCL would compute this
              |
            help: wrap it
              |
            3 -   with = { n = input.n, l = [upper(a), 1 + 2] }
            3 +   with = { n = "${input.n}", l = [upper(a), 1 + 2] }
              |
            error[E023]: expressions stand in `"${...}"`
             --> concurrency.hcl:3:30
              |
            3 |   with = { n = input.n, l = [upper(a), 1 + 2] }
              |                              ^^^^^^^^ HCL would compute this
              |
            help: wrap it
              |
            3 -   with = { n = input.n, l = [upper(a), 1 + 2] }
            3 +   with = { n = input.n, l = ["${upper(a)}", 1 + 2] }
              |
            error[E023]: expressions stand in `"${...}"`
             --> concurrency.hcl:3:40
              |
            3 |   with = { n = input.n, l = [upper(a), 1 + 2] }
              |                                        ^^^^^ HCL would compute this
              |
            help: wrap it
              |
            3 -   with = { n = input.n, l = [upper(a), 1 + 2] }
            3 +   with = { n = input.n, l = [upper(a), "${1 + 2}"] }
              |
            error[E023]: expressions stand in `"${...}"`
             --> concurrency.hcl:4:12
              |
            4 |   output = a ? b : c
              |            ^^^^^^^^^ HCL would compute this
              |
            help: wrap it
              |
            4 -   output = a ? b : c
            4 +   output = "${a ? b : c}"
              |
            --- fixed
            a {
              when = "${x > 5}" # why
              with = { n = "${input.n}", l = ["${upper(a)}", "${1 + 2}"] }
              output = "${a ? b : c}"
            }
        "#]],
    );
    check(
        "a {\n  effect  = read\n  timeout = 2s\n  ref = users.fetch\n}\n",
        expect![[r#"
        error[E023]: texts stand in quotes
         --> concurrency.hcl:2:13
          |
        2 |   effect  = read
          |             ^^^^ HCL would look this name up
          |
        help: put it in quotes
          |
        2 -   effect  = read
        2 +   effect  = "read"
          |
        error[E023]: texts stand in quotes
         --> concurrency.hcl:3:13
          |
        3 |   timeout = 2s
          |             ^^ HCL would look this name up
          |
        help: put it in quotes
          |
        3 -   timeout = 2s
        3 +   timeout = "2s"
          |
        error[E023]: texts stand in quotes
         --> concurrency.hcl:4:9
          |
        4 |   ref = users.fetch
          |         ^^^^^^^^^^^ HCL would look this name up
          |
        help: put it in quotes
          |
        4 -   ref = users.fetch
        4 +   ref = "users.fetch"
          |
        --- fixed
        a {
          effect  = "read"
          timeout = "2s"
          ref = "users.fetch"
        }
    "#]],
    );
    check(
        "a {\n  input = { l = list<int>, m = map<string, int>, o = A | B }\n}\n",
        expect![[r#"
        error[E023]: texts stand in quotes
         --> concurrency.hcl:2:17
          |
        2 |   input = { l = list<int>, m = map<string, int>, o = A | B }
          |                 ^^^^^^^^^ HCL would look this name up
          |
        help: put it in quotes
          |
        2 -   input = { l = list<int>, m = map<string, int>, o = A | B }
        2 +   input = { l = "list<int>", m = map<string, int>, o = A | B }
          |
        error[E023]: texts stand in quotes
         --> concurrency.hcl:2:32
          |
        2 |   input = { l = list<int>, m = map<string, int>, o = A | B }
          |                                ^^^^^^^^^^^^^^^^ HCL would look this name up
          |
        help: put it in quotes
          |
        2 -   input = { l = list<int>, m = map<string, int>, o = A | B }
        2 +   input = { l = list<int>, m = "map<string, int>", o = A | B }
          |
        error[E023]: texts stand in quotes
         --> concurrency.hcl:2:54
          |
        2 |   input = { l = list<int>, m = map<string, int>, o = A | B }
          |                                                      ^^^^^ HCL would look this name up
          |
        help: put it in quotes
          |
        2 -   input = { l = list<int>, m = map<string, int>, o = A | B }
        2 +   input = { l = list<int>, m = map<string, int>, o = "A | B" }
          |
        --- fixed
        a {
          input = { l = "list<int>", m = "map<string, int>", o = "A | B" }
        }
    "#]],
    );
    check(
        "when = [for x in xs : x.id]\nwith = { for k, v in m : k => v }\nb = !c\n",
        expect![[r#"
        error[E023]: expressions stand in `"${...}"`
         --> concurrency.hcl:1:8
          |
        1 | when = [for x in xs : x.id]
          |        ^^^^^^^^^^^^^^^^^^^^ HCL would compute this
          |
          = help: write it in CEL, the language of expressions, in `"${...}"`
        error[E023]: expressions stand in `"${...}"`
         --> concurrency.hcl:2:8
          |
        2 | with = { for k, v in m : k => v }
          |        ^^^^^^^^^^^^^^^^^^^^^^^^^^ HCL would compute this
          |
          = help: write it in CEL, the language of expressions, in `"${...}"`
        error[E023]: expressions stand in `"${...}"`
         --> concurrency.hcl:3:5
          |
        3 | b = !c
          |     ^^ HCL would compute this
          |
        help: wrap it
          |
        3 - b = !c
        3 + b = "${!c}"
          |
        --- fixed
        when = [for x in xs : x.id]
        with = { for k, v in m : k => v }
        b = "${!c}"
        --- still: E023 expressions stand in `"${...}"`
        --- still: E023 expressions stand in `"${...}"`
    "#]],
    );
    check(
        "when = \"${a}\" == b\n",
        expect![[r#"
        error[E023]: expressions stand in `"${...}"`
         --> concurrency.hcl:1:8
          |
        1 | when = "${a}" == b
          |        ^^^^^^^^^^^ HCL would compute this
          |
          = help: write it in CEL, the language of expressions, in `"${...}"`
    "#]],
    );
}

#[test]
fn strings() {
    check(
        "a = \"\\d \\u12 \\\"\"\n",
        expect![[r#"
        error[E024]: this escape has no meaning in a string
         --> concurrency.hcl:1:6
          |
        1 | a = "\d \u12 \""
          |      ^^
          |
          = note: escapes are `\n`, `\r`, `\t`, `\"`, `\\`, `\uXXXX` and `\UXXXXXXXX`
        help: write the backslash itself
          |
        1 | a = "\\d \u12 \""
          |      +
        error[E024]: this escape has no meaning in a string
         --> concurrency.hcl:1:9
          |
        1 | a = "\d \u12 \""
          |         ^^
          |
          = note: escapes are `\n`, `\r`, `\t`, `\"`, `\\`, `\uXXXX` and `\UXXXXXXXX`
        help: write the backslash itself
          |
        1 | a = "\d \\u12 \""
          |         +
        --- fixed
        a = "\\d \\u12 \""
    "#]],
    );
    check(
        "a = \"${x == \\\"b\\\"}\"\n",
        expect![[r#"
        error[E025]: inside `${...}` quotes are written without a backslash
         --> concurrency.hcl:1:13
          |
        1 | a = "${x == \"b\"}"
          |             ^^
          |
        help: remove the backslashes
          |
        1 - a = "${x == \"b\"}"
        1 + a = "${x == "b"}"
          |
        --- fixed
        a = "${x == "b"}"
    "#]],
    );
    check(
        "a = \"%{ if x }y%{ endif }\"\n",
        expect![[r#"
        error[E026]: a manifest has no template directives
         --> concurrency.hcl:1:6
          |
        1 | a = "%{ if x }y%{ endif }"
          |      ^^
          |
          = help: compute with `${...}`; the text `%{` is written `%%{`
        help: mean the text
          |
        1 | a = "%%{ if x }y%{ endif }"
          |      +
        error[E026]: a manifest has no template directives
         --> concurrency.hcl:1:16
          |
        1 | a = "%{ if x }y%{ endif }"
          |                ^^
          |
          = help: compute with `${...}`; the text `%{` is written `%%{`
        help: mean the text
          |
        1 | a = "%{ if x }y%%{ endif }"
          |                +
        --- fixed
        a = "%%{ if x }y%%{ endif }"
    "#]],
    );
}
