//! Texts, line ends and aliases in the other syntax, and what that has no words for.

use conductor_syntax::Syntax;
use expect_test::expect;

use crate::converted::check;
use crate::other;

#[test]
fn what_has_no_words() {
    for (text, expected) in [
        (
            "a b: 1\n",
            expect![[r#"
                E029: the key `a b` of a block cannot be written in HCL: "1"
            "#]],
        ),
        (
            "tasks: [{id: a, ref: m.a, x: .inf}]\n",
            expect![[r#"
                E029: the number `.inf` cannot be written in HCL: ".inf"
            "#]],
        ),
        (
            "workflows: [{id: w, steps: [{frobnicate: 1}]}]\n",
            expect![[r#"
                E029: a step of no known kind cannot be written in HCL: "{frobnicate: 1}"
            "#]],
        ),
        (
            "workflows: [{id: w, steps: [a]}]\n",
            expect![[r#"
                E029: a step that is no mapping cannot be written in HCL: "a"
            "#]],
        ),
        (
            "workflows: [{id: w, steps: [{map: {over: x}, when: true}]}]\n",
            expect![[r#"
                E029: an option beside a step whose options stand inside cannot be written in HCL: "{over: x}"
            "#]],
        ),
        (
            "tasks: [{ref: m.a}]\n",
            expect![[r#"
                E029: a `task` without `id` cannot be written in HCL: "{ref: m.a}"
            "#]],
        ),
        (
            "tasks: [1]\n",
            expect![[r#"
                E029: an entry that is no mapping cannot be written in HCL: "1"
            "#]],
        ),
        (
            "x: \"${a\"\n",
            expect![[r#"
                E029: an expression that does not end, or has backslashes before its quotes, cannot be written in HCL: "\"${a\""
            "#]],
        ),
        (
            "[1]\n",
            expect![[r#"
                E029: a manifest that is no mapping cannot be written in HCL: "[1]"
            "#]],
        ),
    ] {
        expected.assert_eq(&other(Syntax::Yaml, text));
    }
}

#[test]
fn texts() {
    check(
        Syntax::Yaml,
        r##"a: "${x == \"a\\\"b\" ? '}' : \"\"}"
b: "$${x} $$${y} %{z} %%{z}"
c: "\e \u2028 é \\ \" '"
d: |
  one
    two

  three
e: |-
  one
  two
f: "  lead\n"
g: "TEXT\nTEXT_\n"
h: "yes"
i: "1"
j: "12:30"
k: "# no comment"
l: "a: b"
m: ""
n: " "
o: >
  folded
  text
p: ["a, b", "[x]", "${ {'a': 1} }", "one\ntwo\n"]
q: "one\n\n\n"
r: 0x1F
s: +1.5
t: .5
u: 1.
v: 1e3
w: 9223372036854775808
x: ~
"##,
        expect![[r##"
            a = "${x == "a\"b" ? '}' : ""}"
            b = "$${x} $$${y} %%{z} %%%{z}"
            c = "\u001b \u2028 é \\ \" '"
            d = <<-TEXT
              one
                two

              three
              TEXT
            e = "one\ntwo"
            f = "  lead\n"
            g = <<-TEXT__
              TEXT
              TEXT_
              TEXT__
            h = "yes"
            i = "1"
            j = "12:30"
            k = "# no comment"
            l = "a: b"
            m = ""
            n = " "
            o = <<-TEXT
              folded text
              TEXT
            p = ["a, b", "[x]", "${ {'a': 1} }", "one\ntwo\n"]
            q = <<-TEXT
              one


              TEXT
            r = 31
            s = 1.5
            t = 0.5
            u = 1.0
            v = 1e3
            w = 9223372036854775808
            x = null
        "##]],
    );
}

#[test]
fn windows_files_and_aliases() {
    check(
        Syntax::Yaml,
        "\u{feff}a: &x # c\r\n  b: 1\r\n  # d\r\nc: *x\r\n",
        expect![[r#"
        a { # c
          b = 1
          # d
        }
        c {
          b = 1
        }
    "#]],
    );
}
