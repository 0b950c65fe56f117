//! What is wrong before a single value is read.

use conductor_syntax::Kind;
use expect_test::expect;

use crate::{check, shown};

#[test]
fn empty_files() {
    check(
        "",
        expect![[r#"
            error[E001]: the manifest is empty
             --> concurrency.yaml:1:1
              |
            1 |
              | ^
              |
              = help: write `tasks:` and `workflows:`; `conductor explain E001` has lines to start from
        "#]],
    );
    check(
        "# only a comment\n\n",
        expect![[r#"
            error[E001]: the manifest is empty
             --> concurrency.yaml:1:1
              |
            1 | # only a comment
              | ^
              |
              = help: write `tasks:` and `workflows:`; `conductor explain E001` has lines to start from
        "#]],
    );
    check(
        "---\n...\n",
        expect![[r#"
            error[E001]: the manifest is empty
             --> concurrency.yaml:1:1
              |
            1 | ---
              | ^
              |
              = help: write `tasks:` and `workflows:`; `conductor explain E001` has lines to start from
        "#]],
    );
}

#[test]
fn not_utf8() {
    let (node, text) = shown(b"version: \"1.0\"\ntasks: \xff\xfe\n");
    assert_eq!(node.kind, Kind::Broken);
    expect![[r#"
        error[E002]: the manifest is not UTF-8: byte 22 (line 2) is 0xff
         --> concurrency.yaml:2:8
          |
        2 | tasks: ��
          |        ^ not UTF-8 from here on
          |
          = help: save the file as UTF-8
    "#]]
    .assert_eq(&text);
}

#[test]
fn a_byte_order_mark_is_accepted() {
    let (node, text) = shown("\u{feff}a: 1\n".as_bytes());
    assert_eq!(text, "");
    let Kind::Map(entries) = node.kind else { panic!("no mapping") };
    assert_eq!((entries[0].key.text.as_str(), entries[0].key.span.start), ("a", 3));
}

#[test]
fn tabs() {
    check(
        "tasks:\n\t- id: a\n\t  ref: m.f\n",
        expect![[r#"
            error[E006]: tabs cannot indent YAML
             --> concurrency.yaml:2:1
              |
            2 |     - id: a
              | ^^^^ use spaces here
              |
              = note: 2 lines are indented with tabs
            help: use two spaces for each tab
              |
            2 ~   - id: a
            3 ~     ref: m.f
              |
            --- fixed
            tasks:
              - id: a
                ref: m.f
        "#]],
    );
    check(
        "a:\n  b: 1\n\tc: 2\n",
        expect![[r#"
            error[E006]: tabs cannot indent YAML
             --> concurrency.yaml:3:1
              |
            3 |     c: 2
              | ^^^^ use spaces here
              |
            help: use two spaces for each tab
              |
            3 |   c: 2
              | ++
            --- fixed
            a:
              b: 1
              c: 2
        "#]],
    );
    check(
        "a: 1\n\tb: 2\n",
        expect![[r#"
            error[E006]: tabs cannot indent YAML
             --> concurrency.yaml:2:1
              |
            2 |     b: 2
              | ^^^^ use spaces here
              |
            help: use two spaces for each tab
              |
            2 |   b: 2
              | ++
            error[E005]: `:` cannot stand here
             --> concurrency.yaml:2:3
              |
            2 |     b: 2
              |      ^
              |
              = help: a value that contains `: ` must be in quotes; keys of one mapping must start in one column
            --- fixed
            a: 1
              b: 2
            --- still: E005 `:` cannot stand here
        "#]],
    );
}

#[test]
fn a_tab_between_values_is_no_mistake() {
    check("a:\t1\nb: [1,\t2]\t# c\n", expect![[r#""#]]);
}

#[test]
fn fifty_megabytes_are_refused_by_their_size() {
    let (node, text) = shown(&vec![b'a'; 50 << 20]);
    assert_eq!(node.kind, Kind::Broken);
    expect![[r#"
        error[E003]: the manifest has 50 MiB, more than the 24 MiB that are read
         --> concurrency.yaml:1:1
          |
        1 |
          | ^
          |
          = help: is this the right file? a manifest holds structure, data belongs elsewhere
    "#]]
    .assert_eq(&text);
}
