//! Whatever is read quickly is what the parser reads, and what is commonly written is read quickly.

use conductor_source::FileId;
use proptest::prelude::*;

use super::read;
use crate::yaml::parse_with_care;

/// Every form that is read quickly.
const COMMON: &str = r#"# Orders.
version: "1.0"
tasks:
  - id: charge   # the card
    ref: app.charge
    policy: careful
  - {id: ship, ref: "app.ship", with: {count: "${start + 1}", label: 'a b', none: {}, list: []}}
policies:
- id: careful
  retries: 3
  timeout: 2.5s
  retry_on: [TimeoutError, py:errors.Late, -1, ~, true]

workflows:
  -
    id: flow
    input:
      order_id: string # é, Ж
      items: list<int>
      url: http://host:80/a#b?c=d

      # Between.
    steps:
      - task: charge
        with: { amount: ${input.amount}, "note": x }
      - parallel:
          - task: ship
          - - nested
            - "list, with: all"
      - switch:
        - when: "${a > 1}"
          steps: [{task: ship}]
        - default: [{sleep: 1s}]
    output: ${charge}
"#;

/// As the examples and tests write it: nothing in it is left to the parser.
fn common() -> String {
    COMMON.replace("${input.amount}", "1").replace("\"note\": x", "note: 'x'")
}

fn agrees(text: &str) -> bool {
    let Some(node) = read(FileId(0), text) else { return false };
    let (wanted, findings) = parse_with_care(FileId(0), text);
    assert_eq!(findings, [], "read without a finding: {text:?}");
    assert_eq!(node, wanted, "{text:?}");
    true
}

#[test]
fn what_is_common_is_read_quickly() {
    assert!(agrees(&common()));
    assert!(agrees("a: b"));
    assert!(agrees("a:\n- b\n- c: d\n  e: f\ng: h\n"));
    let many: String = (0..100).map(|key| format!("key_{key}: {key}\n")).collect();
    assert!(agrees(&many));
    assert!(!agrees(&format!("{many}key_7: 1\n")), "a key that stands twice");
}

#[test]
fn what_is_large_is_read_in_parts() {
    let list = |key: &str| {
        format!("{key}: # a list\n{}# between\n", "  - {id: charge, ref: 'app.charge'}\n".repeat(6_000))
    };
    let large = list("tasks") + "\n" + &list("workflows") + "policies:\n- a\n";
    assert!(agrees(&large));
    assert!(!agrees(&large.replace("policies:", "tasks:")), "a section that stands twice");
    assert!(!agrees(&(large.clone() + "  c: d\n")), "a mistake in the last part");
    assert!(!agrees(&format!(" {large}")), "a beginning that is indented");
}

#[test]
fn what_is_not_common_is_left_to_the_parser() {
    for text in [
        "",
        "# a",
        "a",
        "- a",
        "a:",
        "a:\n",
        " a: b\n",
        "a: b\n  c",
        "a: b\n  c: d",
        "a: b: c",
        "a: b\n---\nc: d",
        "a: \"b\\n\"",
        "a: 'b''c'",
        "a: \"b\n  c\"",
        "a: |\n  b",
        "a: &b c",
        "a: *b",
        "a: !t b",
        "a: {b: c,\n  d: e}",
        "a: [b: c]",
        "a: {b}",
        "a: [b,]",
        "a: ${b ? c : d}",
        "a: ${b # c",
        "1: a",
        "<<: a",
        "? a",
        "a:\tb",
        "a: b\r\n",
        "\u{feff}a: b",
        "a: \u{2028}",
        "a: b\n...\n",
        "...: b\n",
        "a:\n    b: c\n  d: e\n",
        "a:\n  - b\n c: d\n",
        "a:\n  b: c\n  - d\n",
        "a: [b] c",
        "a: \"b\" c",
        "a: \"b\"#c",
        "a: {b: c}: d",
        "\"a\": b",
        "a: 1\na: 2",
    ] {
        assert_eq!(read(FileId(0), text), None, "{text:?}");
    }
}

#[test]
fn every_beginning_and_every_gap() {
    let text = common();
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    for (nth, at) in places.iter().enumerate() {
        agrees(&text[..*at]);
        agrees(&text[*at..]);
        for length in 1..4 {
            let end = places.get(nth + length).copied().unwrap_or(text.len());
            agrees(&format!("{}{}", &text[..*at], &text[end..]));
        }
    }
}

/// Pieces that mean something to YAML.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "\n",
        "\n\n",
        "  ",
        " ",
        "    ",
        "- ",
        "-",
        ": ",
        ":",
        "a",
        "b: c",
        "\n  ",
        "\n- ",
        "\n  - ",
        "#",
        " #",
        "\t",
        "${",
        "}",
        "{",
        "[",
        "]",
        ",",
        ", ",
        "\"",
        "'",
        "|\n",
        ">-\n",
        "&a ",
        "*a",
        "<<: ",
        "!t ",
        "---\n",
        "...\n",
        "\\n",
        "é",
        "\r\n",
        "? ",
        "1",
        "~",
        "null",
        "%",
        "@",
        "`",
        "=",
        "-a",
        ".5",
        "$",
        "a:b",
        "{}",
        "[]",
        "''",
        "\"\"",
        "x y",
        "|",
        ">",
        "\n a: b\n",
        "\na: b\n",
        "ab: [c, d]",
        "{e: f, g: h}",
        "\u{300}",
        "\u{85}",
        "\u{2028}",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn on_pieces(pieces in prop::collection::vec(piece(), 0..40)) {
        agrees(&pieces.concat());
        agrees(&format!("a: {}", pieces.concat()));
    }

    #[test]
    fn on_mutations(cuts in prop::collection::vec((0..COMMON.len(), 0..6_usize, piece()), 1..4)) {
        let mut text = common();
        for (at, length, piece) in cuts {
            let start = text.floor_char_boundary(at.min(text.len()));
            let end = text.ceil_char_boundary((start + length).min(text.len()));
            text.replace_range(start..end, piece);
        }
        agrees(&text);
    }
}
