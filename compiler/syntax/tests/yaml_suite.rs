//! The public YAML test suite: each case is read as the suite says, or refused for a reason that is known beforehand.

#![expect(clippy::expect_used, clippy::panic, reason = "a failing helper is a failing test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use conductor_source::{FileId, Severity};
use conductor_syntax::format::{Unwritten, format};
use conductor_syntax::{Kind, Node, Syntax, yaml};

const CASES: &str = include_str!("yaml_test_suite/cases.jsonl");

/// Invalid cases that are read: lines that go on with a bracket or a quote need not be indented here, nor without tabs.
/// What they say is never in doubt, and most readers of YAML take them.
const LENIENT: [&str; 3] = ["9C9N", "DK95/01", "QB6E"];

#[derive(serde::Deserialize)]
struct Case {
    id: String,
    fail: bool,
    yaml: String,
    tree: String,
}

fn cases() -> impl Iterator<Item = Case> {
    CASES.lines().map(|line| serde_json::from_str(line).expect("a case is JSON"))
}

/// A value as the events tell it.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    /// Whether it is plain, and its text.
    Scalar(bool, String),
    List(Vec<Value>),
    /// Keys and values in turn.
    Map(Vec<Value>),
}

/// The events of a case: its documents, and what of YAML it uses that a manifest does not allow.
#[derive(Default)]
struct Expected {
    roots: Vec<Value>,
    /// Codes of which at least one is reported.
    refusals: BTreeSet<&'static str>,
}

impl Expected {
    fn of(case: &Case) -> Expected {
        let mut expected = Expected::default();
        let mut anchors = BTreeMap::new();
        let mut lines = case.tree.lines().map(str::trim_start).peekable();
        while let Some(line) = lines.next() {
            if line.starts_with("+DOC") {
                let root = expected.value(&mut lines, &mut anchors);
                expected.roots.push(root);
            }
        }
        let directive =
            case.yaml.lines().take_while(|line| !line.starts_with("---")).any(|line| line.starts_with('%'));
        let empty = match expected.roots.as_slice() {
            [] => true,
            [root] => matches!(root, Value::Scalar(true, text) if resolved(text) == "null"),
            _ => {
                expected.refusals.insert("E013");
                false
            }
        };
        for (code, refused) in [("E001", empty), ("E005", directive)] {
            if refused {
                expected.refusals.insert(code);
            }
        }
        expected
    }

    fn value<'a>(
        &mut self,
        lines: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>,
        anchors: &mut BTreeMap<String, Value>,
    ) -> Value {
        let line = lines.next().expect("an event");
        let (kind, mut rest) = line.split_once(' ').unwrap_or((line, ""));
        let mut anchor = None;
        loop {
            if let Some(after) = rest.strip_prefix("{}").or_else(|| rest.strip_prefix("[]")) {
                rest = after.trim_start();
            } else if rest.starts_with('&') {
                let (name, after) = rest.split_once(' ').unwrap_or((rest, ""));
                (anchor, rest) = (Some(name[1..].to_owned()), after);
            } else if rest.starts_with('<') {
                self.refusals.insert("E014");
                rest = rest.split_once('>').map_or("", |(_, after)| after.trim_start());
            } else {
                break;
            }
        }
        let value = match kind {
            "=ALI" => anchors.get(&rest[1..]).cloned().unwrap_or(Value::List(Vec::new())),
            "=VAL" => Value::Scalar(rest.starts_with(':'), unescaped(&rest[1..])),
            "+SEQ" => {
                let mut items = Vec::new();
                while lines.peek().is_some_and(|line| *line != "-SEQ") {
                    items.push(self.value(lines, anchors));
                }
                lines.next();
                Value::List(items)
            }
            "+MAP" => {
                let mut parts = Vec::new();
                while lines.peek().is_some_and(|line| *line != "-MAP") {
                    let key = self.value(lines, anchors);
                    self.key(&key, &parts);
                    parts.push(key);
                    parts.push(self.value(lines, anchors));
                }
                lines.next();
                Value::Map(parts)
            }
            other => panic!("unknown event {other}"),
        };
        if let Some(name) = anchor {
            anchors.insert(name, value.clone());
        }
        value
    }

    fn key(&mut self, key: &Value, before: &[Value]) {
        let is_text = matches!(key, Value::Scalar(plain, text) if !plain || resolved(text) == "text");
        if !is_text {
            self.refusals.insert("E015");
        }
        if matches!(key, Value::Scalar(true, text) if text == "<<") {
            self.refusals.insert("E016");
        }
        if before.iter().step_by(2).any(|other| other == key) {
            self.refusals.insert("E012");
        }
    }
}

/// What a plain scalar is by the core schema.
fn resolved(text: &str) -> &'static str {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let decimal = unsigned.bytes().any(|byte| byte.is_ascii_digit())
        && unsigned.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte))
        && unsigned.parse::<f64>().is_ok();
    match text {
        "" | "~" | "null" | "Null" | "NULL" => "null",
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => "boolean",
        _ if digits(unsigned) || decimal => "number",
        _ if matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") => "number",
        _ if text
            .strip_prefix("0x")
            .is_some_and(|hex| !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit())) =>
        {
            "number"
        }
        _ if text.strip_prefix("0o").is_some_and(|octal| {
            !octal.is_empty() && octal.bytes().all(|byte| (b'0'..b'8').contains(&byte))
        }) =>
        {
            "number"
        }
        _ => "text",
    }
}

fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(next) = characters.next() {
        match next {
            '\\' => out.push(match characters.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                Some('b') => '\u{8}',
                Some('0') => '\0',
                Some('\\') => '\\',
                other => panic!("unknown escape {other:?}"),
            }),
            other => out.push(other),
        }
    }
    out
}

/// How the tree differs from what the suite says.
fn difference(node: &Node, value: &Value, path: &str, out: &mut String) {
    let same = match (&node.kind, value) {
        (Kind::List(nodes), Value::List(values)) => {
            nodes
                .iter()
                .zip(values)
                .enumerate()
                .for_each(|(at, (node, value))| difference(node, value, &format!("{path}[{at}]"), out));
            nodes.len() == values.len()
        }
        (Kind::Map(entries), Value::Map(parts)) => {
            for (entry, pair) in entries.iter().zip(parts.chunks(2)) {
                let key = &entry.key.text;
                difference(&entry.value, &pair[1], &format!("{path}.{key}"), out);
                if !matches!(&pair[0], Value::Scalar(_, text) if text == key) {
                    let _ = writeln!(out, "{path}: key {key:?} instead of {:?}", pair[0]);
                }
            }
            entries.len() * 2 == parts.len()
        }
        (Kind::String(scalar), Value::Scalar(plain, text)) => {
            scalar.text == *text && (!plain || resolved(text) == "text")
        }
        (Kind::Null, Value::Scalar(true, text)) => resolved(text) == "null",
        (Kind::Bool(given), Value::Scalar(true, text)) => {
            resolved(text) == "boolean" && text.to_lowercase() == given.to_string()
        }
        (Kind::Int(given), Value::Scalar(true, text)) => {
            let number = text.strip_prefix('+').unwrap_or(text).parse();
            resolved(text) == "number"
                && number
                    .map_or(text.starts_with("0x") || text.starts_with("0o"), |number: i64| number == *given)
        }
        (Kind::Float { text: given, .. }, Value::Scalar(true, text)) => {
            resolved(text) == "number" && given == text
        }
        _ => false,
    };
    if !same {
        let _ = writeln!(out, "{path}: {} instead of {value:?}", node.describe());
    }
}

#[test]
fn each_case_is_read_or_refused_for_a_known_reason() {
    let (mut read, mut refused, mut invalid, mut wrong) = (0, 0, 0, String::new());
    for case in cases() {
        let (node, diagnostics) = yaml::parse(FileId(0), &case.yaml);
        let codes: BTreeSet<&str> = diagnostics
            .iter()
            .filter(|found| found.severity == Severity::Error)
            .map(|found| found.code.0)
            .collect();
        if case.fail {
            invalid += 1;
            if codes.is_empty() && !LENIENT.contains(&case.id.as_str()) {
                let _ = writeln!(wrong, "{}: invalid, but read: {:?}", case.id, case.yaml);
            }
            continue;
        }
        let expected = Expected::of(&case);
        if expected.refusals.is_empty() {
            read += 1;
            if !codes.is_empty() {
                let _ = writeln!(wrong, "{}: valid, but refused with {codes:?}: {:?}", case.id, case.yaml);
                continue;
            }
            let mut found = String::new();
            difference(&node, &expected.roots[0], "", &mut found);
            if !found.is_empty() {
                let _ = writeln!(wrong, "{}: {:?}\n{found}", case.id, case.yaml);
            }
        } else {
            refused += 1;
            if codes.is_disjoint(&expected.refusals) {
                let _ = writeln!(
                    wrong,
                    "{}: expected one of {:?}, found {codes:?}: {:?}",
                    case.id, expected.refusals, case.yaml
                );
            }
        }
    }
    println!("{read} read, {refused} refused, {invalid} invalid");
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn each_case_that_is_read_can_be_formatted() {
    let mut wrong = String::new();
    for case in cases() {
        match format(Syntax::Yaml, FileId(0), &case.yaml) {
            Ok(once) => match format(Syntax::Yaml, FileId(0), &once) {
                Ok(twice) if once == twice => {}
                Ok(twice) => {
                    let _ =
                        writeln!(wrong, "{}: {:?}\n  once  {once:?}\n  twice {twice:?}", case.id, case.yaml);
                }
                Err(error) => {
                    let _ = writeln!(wrong, "{}: {:?}\n  once {once:?}: {error:?}", case.id, case.yaml);
                }
            },
            Err(Unwritten::Findings(_)) => {}
            Err(Unwritten::Bug(what)) => {
                let _ = writeln!(wrong, "{}: {:?}\n  {what}", case.id, case.yaml);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
