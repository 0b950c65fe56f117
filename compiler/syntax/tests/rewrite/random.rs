//! Random values written in random styles: formatted, they are the same values with the same comments.

use conductor_source::FileId;
use conductor_syntax::format::{Unwritten, format};
use conductor_syntax::{Kind, Node, Syntax};
use proptest::prelude::*;

use crate::written::{Value, Writer, arbitrary};

/// The tree says what the value says.
pub fn says(node: &Node, value: &Value) -> bool {
    match (&node.kind, value) {
        (Kind::Null, Value::Null) => true,
        (Kind::Bool(one), Value::Bool(other)) => one == other,
        (Kind::Int(one), Value::Int(other)) => one == other,
        (Kind::String(one), Value::Text(other)) => one.text == *other,
        (Kind::List(nodes), Value::List(values)) => {
            nodes.len() == values.len() && nodes.iter().zip(values).all(|(node, value)| says(node, value))
        }
        (Kind::Map(entries), Value::Map(pairs)) => {
            entries.len() == pairs.len()
                && entries
                    .iter()
                    .zip(pairs)
                    .all(|(entry, (key, value))| entry.key.text == *key && says(&entry.value, value))
        }
        _ => false,
    }
}

fn check(syntax: Syntax, value: &Value, choices: &[u8]) {
    let mut writer = Writer::new(choices);
    let text = match syntax {
        Syntax::Yaml => writer.yaml(value),
        Syntax::Hcl => writer.hcl(value),
    };
    let (node, findings) = syntax.parse(FileId(0), &text);
    assert_eq!(findings, [], "not written as it should be:\n{text}");
    assert!(says(&node, value), "not written as it should be:\n{text}\n{value:?}");
    let once = match format(syntax, FileId(0), &text) {
        Ok(once) => once,
        Err(error) => panic!("{error:?} in\n{text}"),
    };
    let (node, findings) = syntax.parse(FileId(0), &once);
    assert_eq!(findings, [], "{once}");
    assert!(says(&node, value), "{text}\nbecame\n{once}");
    let mut at = 0;
    for comment in &writer.comments {
        let found = once[at..].find(comment.as_str());
        at += found.unwrap_or_else(|| panic!("{comment} is lost or out of order:\n{text}\nbecame\n{once}"))
            + comment.len();
    }
    assert!(once.ends_with('\n'), "{once:?}");
    // In these, blank lines are text.
    let kept = once.contains("|+") || once.contains("<<END");
    assert!(kept || !once.ends_with("\n\n") && !once.contains("\n\n\n"), "{once:?}");
    assert!(once.lines().all(|line| line.trim_end() == line), "{once}");
    match format(syntax, FileId(0), &once) {
        Ok(twice) => assert_eq!(once, twice, "from\n{text}"),
        Err(error) => panic!("{error:?} in\n{once}"),
    }
}

/// Whatever can be read can be formatted.
fn check_any(syntax: Syntax, text: &str) {
    match format(syntax, FileId(0), text) {
        Ok(_) => {
            crate::formatted(syntax, text);
        }
        Err(Unwritten::Findings(found)) => assert!(!found.is_empty()),
        Err(Unwritten::Bug(what)) => panic!("{what}\n{text:?}"),
    }
}

fn piece(syntax: Syntax) -> impl Strategy<Value = String> {
    let shared = [
        "\n", "  ", "    ", "\n\n", "a", "b", "1", "\"x\"", "# c\n", " # d\n", "[", "]", "{", "}", ", ",
        "\r\n", "é", "\t",
    ];
    let yaml = [
        ": ", ":\n", "- ", "-\n", "'y'", "|\n", ">-\n", "|2\n", "|+\n", "&a ", "*a", "? ", "a: ", "- a: ",
        "---\n", "\\", "\"", "'",
    ];
    let hcl = [
        " = ",
        "a = ",
        "task \"a\" {\n",
        "with {\n",
        "}\n",
        "a {",
        "<<E\n",
        "<<-E\n",
        "E\n",
        "/* x\n y */",
        "// e\n",
        "${",
        "\"${a}\"",
        "\"",
        "a = 1\n",
        "b = [\n",
    ];
    let own: &[&str] = if syntax == Syntax::Yaml { &yaml } else { &hcl };
    let all: Vec<String> = shared.iter().chain(own).map(|piece| (*piece).to_owned()).collect();
    prop::sample::select(all)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn yaml_keeps_values_and_comments(value in arbitrary(), choices in prop::collection::vec(any::<u8>(), 0..200)) {
        check(Syntax::Yaml, &value, &choices);
    }

    #[test]
    fn hcl_keeps_values_and_comments(value in arbitrary(), choices in prop::collection::vec(any::<u8>(), 0..200)) {
        check(Syntax::Hcl, &value, &choices);
    }

    #[test]
    fn hcl_of_pieces(pieces in prop::collection::vec(piece(Syntax::Hcl), 0..30)) {
        check_any(Syntax::Hcl, &pieces.concat());
    }

    #[test]
    fn yaml_of_pieces(pieces in prop::collection::vec(piece(Syntax::Yaml), 0..30)) {
        check_any(Syntax::Yaml, &pieces.concat());
    }
}
