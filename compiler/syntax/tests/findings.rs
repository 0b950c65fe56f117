//! Bad manifests in, findings out: each mistake of syntax that people make, and those that only attackers make.

use conductor_source::{Sources, fix, render};
use conductor_syntax::{Kind, Node, yaml};
use expect_test::{Expect, expect};

/// The findings as text, and below them what the fixes make of the text.
fn shown(bytes: &[u8]) -> (Node, String) {
    let mut sources = Sources::default();
    let (file, node, diagnostics) = yaml::read(&mut sources, "concurrency.yaml", bytes);
    let mut shown: String = diagnostics.iter().map(|found| render::text(found, &sources, false)).collect();
    let applied = fix::apply(&sources, diagnostics.iter().flat_map(|found| &found.fixes));
    if let Some(mended) = applied.files.get(&file) {
        shown.push_str("--- fixed\n");
        shown.push_str(mended);
        for found in yaml::parse(file, mended).1 {
            shown.push_str(&format!("--- still: {} {}\n", found.code, found.message));
        }
    }
    (node, shown)
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&shown(text.as_bytes()).1);
}

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
              = help: `conductor init` writes one to start from
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
              = help: `conductor init` writes one to start from
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
              = help: `conductor init` writes one to start from
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
        error[E003]: the manifest has 50 MiB, more than the 10 MiB that are read
         --> concurrency.yaml:1:1
          |
        1 |
          | ^
          |
          = help: is this the right file? a manifest holds structure, data belongs elsewhere
    "#]]
    .assert_eq(&text);
}

#[test]
fn ten_thousand_levels_are_refused() {
    check(
        &format!("a: {}", "[".repeat(10_000)),
        expect![[r#"
            error[E004]: values are nested deeper than 128 levels
             --> concurrency.yaml:1:132
              |
            1 | ...[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[...
              |                                                           ^ one level too deep
              |
              = help: steps that belong together can be a workflow of their own
        "#]],
    );
    let block: String = (0..10_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert!(
        shown(&block.as_bytes()[..(10 << 20) - 1])
            .1
            .starts_with("error[E004]: values are nested deeper than 128")
    );
    let dashes = format!("a: \n{}x", "- ".repeat(10_000));
    assert!(shown(dashes.as_bytes()).1.starts_with("error[E004]"));
    let mixed = format!("{}{}{}", "- ".repeat(100), "[".repeat(100), "]".repeat(100));
    assert!(shown(mixed.as_bytes()).1.starts_with("error[E004]"));
}

#[test]
fn depth_by_aliases_is_refused() {
    let mut text = "a0: &a0 [x]\n".to_owned();
    for level in 1..1000 {
        text.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    assert!(shown(text.as_bytes()).1.starts_with("error[E004]"));
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut text = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (level, above) in "bcdefghij".chars().zip("abcdefghi".chars()) {
        let aliases = vec![format!("*{above}"); 9].join(", ");
        text.push_str(&format!("{level}: &{level} [{aliases}]\n"));
    }
    check(
        &text,
        expect![[r#"
            error[E010]: the aliases of this manifest stand for too many values
             --> concurrency.yaml:5:7
              |
            5 | e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]
              |       ^ not expanded from here on
              |
              = note: anchors and aliases are expanded as copies, up to 100000 values in all
        "#]],
    );
}

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

#[test]
fn hostile_characters_are_shown_and_not_obeyed() {
    check(
        "a: 1\na: \"\u{202e}\u{9b}31m\u{1f600}\"\n",
        expect![[r#"
            error[E012]: the key `a` stands twice
             --> concurrency.yaml:2:1
              |
            1 | a: 1
              | - first here
            2 | a: "�·31m😀"
              | ^ here again
              |
              = help: keep one of the two
            error[E005]: a value cannot start with `·`
             --> concurrency.yaml:2:6
              |
            2 | a: "�·31m😀"
              |      ^
              |
              = help: put the value in quotes if the character belongs to it
        "#]],
    );
    check(
        "a: \u{1b}[31m: x\n",
        expect![[r#"
            error[E005]: a value cannot start with `␛`
             --> concurrency.yaml:1:4
              |
            1 | a: ␛[31m: x
              |    ^
              |
              = help: put the value in quotes if the character belongs to it
        "#]],
    );
}

#[test]
fn a_long_line_is_cut_around_the_place() {
    let keys: String = (0..50_000).map(|key| format!("k{key}, ")).collect();
    let text = format!("{{{keys}b: 1, b: 2}}\n");
    let shown = shown(text.as_bytes()).1;
    assert!(shown.lines().all(|line| line.len() < 600), "{}", shown.lines().map(str::len).max().unwrap_or(0));
}
