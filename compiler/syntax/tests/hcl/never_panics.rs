//! Arbitrary and mutated manifests: the parser always answers, its spans lie in the text, its fixes can be applied.

use conductor_source::{Sources, fix, render};
use conductor_syntax::{Kind, Node, hcl};
use proptest::prelude::*;

const SEED: &str = include_str!("seed.hcl");

fn check_spans(node: &Node, text: &str) {
    assert!(text.get(node.span.start()..node.span.end()).is_some(), "{:?} in {text:?}", node.span);
    match &node.kind {
        Kind::List(items) => items.iter().for_each(|item| check_spans(item, text)),
        Kind::Map(entries) => entries.iter().for_each(|entry| check_spans(&entry.value, text)),
        Kind::String(scalar) => {
            for (at, _) in scalar.text.char_indices() {
                let place = scalar.span_of(at..at + 1);
                assert!(place.start() <= text.len() && place.end() <= text.len(), "{scalar:?} in {text:?}");
            }
        }
        _ => {}
    }
}

fn check(text: &str) {
    let mut sources = Sources::default();
    let (_, node, diagnostics) = hcl::read(&mut sources, "a.hcl", text.as_bytes());
    check_spans(&node, text);
    for diagnostic in &diagnostics {
        for label in &diagnostic.labels {
            let place = text.get(label.span.start()..label.span.end());
            assert!(place.is_some(), "{diagnostic:?} in {text:?}");
        }
        for edit in diagnostic.fixes.iter().flat_map(|fix| &fix.edits) {
            assert!(text.get(edit.span.start()..edit.span.end()).is_some(), "{diagnostic:?} in {text:?}");
        }
        let _ = render::text(diagnostic, &sources, false);
    }
    assert!(!matches!(node.kind, Kind::Broken) || !diagnostics.is_empty(), "silently broken: {text:?}");
    let _ = render::json(&diagnostics, &sources);
    let _ = fix::apply(&sources, diagnostics.iter().flat_map(|found| &found.fixes));
}

fn piece() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "\n",
        " ",
        "task \"a\" {",
        "workflow",
        "parallel {\n",
        "x = ",
        "=",
        ":",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        ",",
        "\"",
        "${",
        "$${",
        "}\"",
        "%{",
        "%%{",
        "\\\"",
        "\\u00e9",
        "\\U0001F600",
        "\\x",
        "\\",
        "'",
        "<<E\n",
        "<<-E\n",
        "E\n",
        "#c",
        "//c",
        "/*",
        "*/",
        "1",
        "-",
        "1.5e3",
        "true",
        "for",
        "for x",
        "é",
        "\r\n",
        "\u{feff}",
        "\u{2028}",
        "steps",
        "input",
        "with",
        "switch {",
        "case {",
        "catch {",
        "a.b",
        "?",
        "\t",
        "`",
    ])
    .prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn on_pieces(pieces in prop::collection::vec(piece(), 0..60)) {
        check(&pieces.concat());
    }

    #[test]
    fn on_any_text(text in "\\PC{0,200}") {
        check(&text);
    }

    #[test]
    fn on_the_seed_cut_and_mutated(
        cuts in prop::collection::vec((0..SEED.len(), 0..40_usize, piece()), 1..5),
    ) {
        let mut text = SEED.to_owned();
        for (at, length, piece) in cuts {
            let start = at.min(text.len());
            let end = (start + length).min(text.len());
            text.replace_range(start..end, &piece.chars().filter(char::is_ascii).collect::<String>());
        }
        check(&text);
    }
}
