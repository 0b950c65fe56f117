//! One finding over two files, as people and as programs see it.

#![expect(clippy::too_many_lines, reason = "the whole JSON document")]

use conductor_source::{Code, Diagnostic, Edit, Safety, Sources, Span, render};
use expect_test::expect;

fn finding() -> (Diagnostic, Sources) {
    let mut sources = Sources::default();
    let manifest = sources.add("concurrency.yaml", "é: x\nref: m.f\n");
    let code = sources.add("src/m.py", "def g(): ...\n");
    let span = Span::new(manifest, 11, 14);
    let edit = Edit { span, text: "m.g".to_owned() };
    let finding = Diagnostic::error(Code("E999"), "no \u{1b}[31mf\u{202e}", span, "not found")
        .label(Span::new(code, 4, 5), "this exists")
        .note("a note")
        .help("some help")
        .fix("take `g`", Safety::Unsafe, vec![edit]);
    (finding, sources)
}

#[test]
fn as_text() {
    let (finding, sources) = finding();
    expect![[r#"
        error[E999]: no ␛[31mf�
         --> concurrency.yaml:2:6
          |
        2 | ref: m.f
          |      ^^^ not found
          |
         ::: src/m.py:1:5
          |
        1 | def g(): ...
          |     - this exists
          |
          = note: a note
          = help: some help
        help: take `g`
          |
        2 - ref: m.f
        2 + ref: m.g
          |
    "#]]
    .assert_eq(&render::text(&finding, &sources, false));
    assert!(render::text(&finding, &sources, true).contains("\u{1b}["));
    assert!(
        !render::text(&finding, &sources, true).contains("\u{1b}[31mf"),
        "escapes of a source are not obeyed"
    );
}

#[test]
fn as_json() {
    let (finding, sources) = finding();
    expect![[r#"
        {
          "diagnostics": [
            {
              "code": "E999",
              "severity": "error",
              "message": "no \u001b[31mf<202e>",
              "file": "concurrency.yaml",
              "span": {
                "start": {
                  "line": 2,
                  "column": 6,
                  "byte": 11
                },
                "end": {
                  "line": 2,
                  "column": 9,
                  "byte": 14
                }
              },
              "labels": [
                {
                  "file": "concurrency.yaml",
                  "span": {
                    "start": {
                      "line": 2,
                      "column": 6,
                      "byte": 11
                    },
                    "end": {
                      "line": 2,
                      "column": 9,
                      "byte": 14
                    }
                  },
                  "message": "not found",
                  "primary": true
                },
                {
                  "file": "src/m.py",
                  "span": {
                    "start": {
                      "line": 1,
                      "column": 5,
                      "byte": 4
                    },
                    "end": {
                      "line": 1,
                      "column": 6,
                      "byte": 5
                    }
                  },
                  "message": "this exists",
                  "primary": false
                }
              ],
              "notes": [
                "a note"
              ],
              "help": "some help",
              "fixes": [
                {
                  "title": "take `g`",
                  "safety": "unsafe",
                  "edits": [
                    {
                      "file": "concurrency.yaml",
                      "start": 11,
                      "end": 14,
                      "text": "m.g"
                    }
                  ]
                }
              ]
            }
          ]
        }"#]]
    .assert_eq(&render::json(&[finding], &sources).replace('\u{202e}', "<202e>"));
    assert_eq!(render::json(&[], &sources).replace(char::is_whitespace, ""), r#"{"diagnostics":[]}"#);
}
