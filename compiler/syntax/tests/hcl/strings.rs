//! The text of strings, and where each part of it stands in the file.

use conductor_syntax::{Kind, Node, Scalar};

use crate::tree;

fn first(node: &Node) -> Option<Scalar> {
    match &node.kind {
        Kind::String(scalar) => Some(scalar.clone()),
        Kind::List(items) => items.iter().find_map(first),
        Kind::Map(entries) => entries.iter().find_map(|entry| first(&entry.value)),
        _ => None,
    }
}

/// Every word of the decoded text must be found at its place in the file.
fn check(text: &str, decoded: &str, words: &[(&str, &str)]) {
    let scalar = first(&tree(text)).expect("a string");
    assert_eq!(scalar.text, decoded, "{text}");
    for (word, written) in words {
        let at = scalar.text.find(word).unwrap_or(usize::MAX);
        let span = scalar.span_of(at..at + word.len());
        assert_eq!(&text[span.start()..span.end()], *written, "{word} in {text}");
    }
}

#[test]
fn escapes() {
    check(
        "a = \"\\u00e9 \\\"one\\\" \\U0001F600 \\\\ \\t two\"\n",
        "é \"one\" 😀 \\ \t two",
        &[("one", "one"), ("two", "two"), ("\t two", "\\t two"), ("\"one", "\\\"one")],
    );
}

#[test]
fn expressions_are_left_as_they_are() {
    for written in [
        "${x == \"a\" ? \"}\" : 'b'}",
        "before ${ {\"a\": \"}\"}[\"a\"] } after",
        "${a}${b}",
        "$${literal} $$${two}",
        "${a +\n  b}",
        "cost: $5 100%",
        "${r\"\\\" + '\\n'}",
    ] {
        check(&format!("a = \"{written}\"\n"), written, &[]);
    }
    check("a = \"\\t${x.y == \"é\"} z\"\n", "\t${x.y == \"é\"} z", &[("x.y", "x.y"), ("z", "z"), ("é", "é")]);
}

#[test]
fn percent() {
    check("a = \"5%%{x} %% one\"\n", "5%{x} %% one", &[("one", "one"), ("x", "x")]);
    check("a = <<E\n%%{x} one\nE\n", "%{x} one\n", &[("one", "one"), ("x", "x")]);
}

#[test]
fn heredocs() {
    check(
        "a = <<END\n  one\n\n\ttwo \\n \"q\"\nEND\n",
        "  one\n\n\ttwo \\n \"q\"\n",
        &[("two", "two"), ("one", "one")],
    );
    check(
        "a = <<-END\n    one\n      two ${x}\n\n    three\n  END\nb = 1\n",
        "one\n  two ${x}\n\nthree\n",
        &[("two", "two"), ("x}", "x}"), ("three", "three")],
    );
    check("a = [<<E\none\nE\n, 2]\n", "one\n", &[("one", "one")]);
}
