//! Where the parts of a string stand in the file, for every way to write a string.

use conductor_source::FileId;
use conductor_syntax::{Kind, Node, Scalar, yaml};

/// The strings of a manifest, in order.
fn scalars(node: &Node, found: &mut Vec<Scalar>) {
    match &node.kind {
        Kind::String(scalar) => found.push(scalar.clone()),
        Kind::List(items) => items.iter().for_each(|item| scalars(item, found)),
        Kind::Map(entries) => entries.iter().for_each(|entry| scalars(&entry.value, found)),
        _ => {}
    }
}

/// Every word of the decoded text must be found at its place in the file.
fn check(text: &str, decoded: &str, words: &[(&str, &str)]) {
    let (node, diagnostics) = yaml::parse(FileId(0), text);
    assert_eq!(diagnostics, vec![], "{text}");
    let mut found = Vec::new();
    scalars(&node, &mut found);
    let scalar = &found[0];
    assert_eq!(scalar.text, decoded, "{text}");
    for (word, written) in words {
        let at = scalar.text.find(word).unwrap_or(usize::MAX);
        let span = scalar.span_of(at..at + word.len());
        assert_eq!(&text[span.start()..span.end()], *written, "{word} in {text}");
    }
}

#[test]
fn plain() {
    check("a: one two\n", "one two", &[("two", "two")]);
    check(
        "a: one\n   two\n\n   three  # c\n",
        "one two\nthree",
        &[("one", "one"), ("two", "two"), ("three", "three")],
    );
}

#[test]
fn quoted() {
    check("a: 'it''s one'\n", "it's one", &[("one", "one"), ("s", "s"), ("it", "it")]);
    check("a: 'one \n   two\n\n   three'\n", "one two\nthree", &[("two", "two"), ("three", "three")]);
    check(
        "a: \"\\u00e9 \\\"one\\\" \\x41 tw\\\n   o \\t\n   \\ud83d\\ude00 three\"\n",
        "é \"one\" A two \t 😀 three",
        &[("one", "one"), ("\"one", "\\\"one"), ("three", "three"), ("A", "\\"), ("o \t", "o \\")],
    );
}

#[test]
fn blocks() {
    check(
        "a: |\n  one\n    two\n\n  three\n",
        "one\n  two\n\nthree\n",
        &[("one", "one"), ("two", "two"), ("three", "three")],
    );
    check(
        "a: >-\n  one\n  two\n\n  three\n",
        "one two\n\nthree".replace("\n\n", "\n").as_str(),
        &[("two", "two"), ("three", "three")],
    );
    check("a: |2\n    one\n  two\n", "  one\ntwo\n", &[("one", "one"), ("two", "two")]);
}

#[test]
fn windows_line_ends_and_a_byte_order_mark() {
    check("\u{feff}a: \"one\r\n  two\"\r\n", "one two", &[("one", "one"), ("two", "two")]);
}

#[test]
fn after_a_repair_places_are_those_of_the_original() {
    let text = "workflows:\n  - id: w\n    - task: \"\\u0061b\"\n    - when: ${a ? {\"b\": 1} : 2}\n";
    let (node, diagnostics) = yaml::parse(FileId(0), text);
    assert_eq!(diagnostics.len(), 2);
    let mut found = Vec::new();
    scalars(&node, &mut found);
    let task = found.iter().find(|scalar| scalar.text == "ab").expect("the task");
    let span = task.span_of(1..2);
    assert_eq!(&text[span.start()..span.end()], "b");
    let when = found.iter().find(|scalar| scalar.text.starts_with("${")).expect("the condition");
    let at = when.text.find(": 2").expect("the branch");
    let span = when.span_of(at..at + 3);
    assert_eq!(&text[span.start()..span.end()], ": 2");
}
