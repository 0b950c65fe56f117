//! Values written out with arbitrary blanks, quotes, styles and comments.
//!
//! It writes what the languages allow, not what a formatter would.

use proptest::prelude::*;

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
}

/// A mapping with values of a few levels.
pub fn arbitrary() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-5_i64..1000).prop_map(Value::Int),
        text().prop_map(Value::Text),
    ];
    let any = leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List), map(inner),]
    });
    prop::collection::vec(any, 1..5).prop_map(|values| {
        Value::Map(
            values.into_iter().enumerate().map(|(index, value)| (format!("k{index}"), value)).collect(),
        )
    })
}

fn map(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::collection::btree_map("[a-z][a-z_]{0,9}", value, 0..4).prop_map(|map| {
        Value::Map(map.into_iter().filter(|(key, _)| !RESERVED.contains(&key.as_str())).collect())
    })
}

/// Words that are no text, or no name.
const RESERVED: [&str; 4] = ["null", "true", "false", "for"];

pub fn text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec![
        "",
        " ",
        "a b",
        "${x}",
        "$${x}",
        "${a ? \"b\" : c}",
        "x: y",
        "a #b",
        "- x",
        "it's",
        "say \"hi\"",
        "\\",
        "tab\tbed",
        "é→",
        "1",
        "true",
        "~",
        "one\ntwo\n",
        "one\n\n  two\n\n",
        "\n",
        " lead",
        "trail ",
        "%{x}",
        "{",
        "[a]",
        "*a",
        "&a",
        "!t",
        "| x",
        "line\nnext",
        "a,b",
        "a: [b]",
    ]);
    // An expression that has no end is no text of HCL.
    let printable = "[ -~]{0,12}".prop_map(|text| text.replace("${", "$ {"));
    prop_oneof![special.prop_map(str::to_owned), printable, "[a-z ]{0,120}"]
}

/// Writes by choices that are taken in turn; when they are used up, plainly.
pub struct Writer<'a> {
    choices: std::slice::Iter<'a, u8>,
    out: String,
    pub comments: Vec<String>,
}

impl<'a> Writer<'a> {
    pub fn new(choices: &'a [u8]) -> Writer<'a> {
        Writer { choices: choices.iter(), out: String::new(), comments: Vec::new() }
    }

    /// A number below `bound`.
    fn choose(&mut self, bound: u8) -> usize {
        usize::from(self.choices.next().copied().unwrap_or(0) % bound)
    }

    fn blanks(&mut self, least: usize) {
        let count = least + self.choose(12).saturating_sub(8);
        self.out.push_str(&" ".repeat(count));
    }

    fn comment(&mut self, marker: &str) {
        let comment = format!("{marker} comment {}.", self.comments.len());
        self.out.push_str(&comment);
        self.comments.push(comment);
    }

    /// The end of a line, with blanks, comments and blank lines.
    fn newline(&mut self, indent: usize) {
        if self.choose(6) == 1 {
            self.out.push(' ');
            self.blanks(0);
            self.comment("#");
        }
        self.blanks(0);
        self.out.push('\n');
        for _ in 0..self.choose(12).saturating_sub(9) {
            match self.choose(3) {
                0 => self.out.push('\n'),
                1 => {
                    self.blanks(0);
                    self.out.push('\n');
                }
                _ => {
                    let column = (indent + 2).saturating_sub(self.choose(5));
                    self.out.push_str(&" ".repeat(column));
                    self.comment("#");
                    self.out.push('\n');
                }
            }
        }
    }

    pub fn yaml(&mut self, value: &Value) -> String {
        if self.choose(5) == 1 {
            self.newline(0);
            self.out.push_str("---");
            self.newline(0);
        }
        self.yaml_block(value, 0, false);
        std::mem::take(&mut self.out)
    }

    /// A collection that is not empty, in lines of its own; with `inside` its first line has begun.
    fn yaml_block(&mut self, value: &Value, indent: usize, inside: bool) {
        let step = 2 + self.choose(3);
        let children: Vec<(Option<&str>, &Value)> = match value {
            Value::List(items) => items.iter().map(|item| (None, item)).collect(),
            Value::Map(pairs) => pairs.iter().map(|(key, value)| (Some(key.as_str()), value)).collect(),
            _ => Vec::new(),
        };
        for (index, (key, child)) in children.into_iter().enumerate() {
            if !(inside && index == 0) {
                self.out.push_str(&" ".repeat(indent));
            }
            let nested = matches!(child, Value::List(items) if !items.is_empty())
                || matches!(child, Value::Map(pairs) if !pairs.is_empty());
            match key {
                Some(key) => {
                    let key = if self.choose(8) == 1 { format!("\"{key}\"") } else { key.to_owned() };
                    self.out.push_str(&key);
                    if self.choose(9) == 1 {
                        self.out.push(' ');
                    }
                    self.out.push(':');
                }
                None => self.out.push('-'),
            }
            if nested && self.choose(4) != 1 {
                self.yaml_nested(child, indent, step, key.is_none());
            } else {
                self.yaml_scalar_line(child, indent, step);
            }
        }
    }

    fn yaml_nested(&mut self, child: &Value, indent: usize, step: usize, in_list: bool) {
        if in_list && self.choose(3) != 1 {
            let width = 1 + self.choose(3);
            self.out.push_str(&" ".repeat(width));
            return self.yaml_block(child, indent + 1 + width, true);
        }
        let compact = !in_list && matches!(child, Value::List(_)) && self.choose(2) == 1;
        let inner = if compact { indent } else { indent + step };
        self.newline(inner);
        self.yaml_block(child, inner, false);
    }

    fn yaml_scalar_line(&mut self, child: &Value, indent: usize, step: usize) {
        match child {
            Value::Null if self.choose(2) == 0 => {}
            Value::Text(text) if is_literal(text) && self.choose(3) == 1 => {
                let (text, clip) =
                    match (text.strip_suffix('\n'), text.trim_end_matches('\n').len() + 1 == text.len()) {
                        (Some(inner), true) => (inner, ""),
                        (Some(inner), false) => (inner, "+"),
                        (None, _) => (text.as_str(), "-"),
                    };
                self.blanks(1);
                self.out.push('|');
                self.out.push_str(clip);
                self.blanks(0);
                for line in text.split('\n') {
                    self.out.push('\n');
                    if !line.is_empty() {
                        self.out.push_str(&" ".repeat(indent + step));
                        self.out.push_str(line);
                    }
                }
                self.out.push('\n');
                return;
            }
            _ => {
                if self.choose(7) == 1 {
                    self.newline(indent + step);
                    self.out.push_str(&" ".repeat(indent + step));
                } else {
                    self.blanks(1);
                }
                self.yaml_flow(child, indent + step);
            }
        }
        self.newline(indent);
    }

    /// A value in one piece; line breaks only between the parts of flow collections.
    fn yaml_flow(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Null => {
                let word = ["null", "~", "Null"][self.choose(3)];
                self.out.push_str(word);
            }
            Value::Bool(value) => self.out.push_str(&value.to_string()),
            Value::Int(value) => self.out.push_str(&value.to_string()),
            Value::Text(text) => {
                let text = self.yaml_text(text);
                self.out.push_str(&text);
            }
            Value::List(items) => self.yaml_items("[", "]", items.iter().map(|item| (None, item)), indent),
            Value::Map(pairs) => {
                self.yaml_items(
                    "{",
                    "}",
                    pairs.iter().map(|(key, value)| (Some(key.as_str()), value)),
                    indent,
                );
            }
        }
    }

    fn yaml_items<'v>(
        &mut self,
        open: &str,
        close: &str,
        items: impl Iterator<Item = (Option<&'v str>, &'v Value)>,
        indent: usize,
    ) {
        self.out.push_str(open);
        self.yaml_gap(indent);
        for (index, (key, value)) in items.enumerate() {
            if index > 0 {
                self.out.push(',');
                self.yaml_gap(indent);
            }
            if let Some(key) = key {
                self.out.push_str(key);
                self.out.push_str(": ");
            }
            self.yaml_flow(value, indent);
            self.yaml_gap(indent);
        }
        self.out.push_str(close);
    }

    fn yaml_gap(&mut self, indent: usize) {
        match self.choose(10) {
            1 => {
                self.newline(indent);
                self.out.push_str(&" ".repeat(indent));
            }
            2 => self.blanks(1),
            _ => {}
        }
    }

    fn yaml_text(&mut self, text: &str) -> String {
        let plain = |next: char| next.is_ascii_alphanumeric() || next == '_';
        if !text.is_empty()
            && text.chars().all(plain)
            && text.starts_with(|first: char| first.is_ascii_alphabetic())
            && !RESERVED.contains(&text)
            && self.choose(3) > 0
        {
            return text.to_owned();
        }
        let single = text.chars().all(|next| !next.is_control());
        if single && self.choose(2) == 0 { format!("'{}'", text.replace('\'', "''")) } else { quoted(text) }
    }

    pub fn hcl(&mut self, value: &Value) -> String {
        if let Value::Map(pairs) = value {
            for (key, value) in pairs {
                self.out.push_str(key);
                self.blanks(0);
                self.out.push('=');
                self.blanks(0);
                self.hcl_value(value, 0, true);
                self.newline(0);
            }
        }
        std::mem::take(&mut self.out)
    }

    fn hcl_value(&mut self, value: &Value, indent: usize, heredoc: bool) {
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(value) => self.out.push_str(&value.to_string()),
            Value::Int(value) => self.out.push_str(&value.to_string()),
            Value::Text(text) if heredoc && is_heredoc(text) && self.choose(3) == 1 => {
                self.out.push_str("<<END\n");
                self.out.push_str(&text.replace("%{", "%%{"));
                self.out.push_str("END\n");
                self.out.push_str(&" ".repeat(indent));
            }
            Value::Text(text) => self.out.push_str(&hcl_quoted(text)),
            Value::List(items) => {
                self.hcl_items('[', ']', items.iter().map(|item| (None, item)), indent + 2);
            }
            Value::Map(pairs) => {
                self.hcl_items(
                    '{',
                    '}',
                    pairs.iter().map(|(key, value)| (Some(key.as_str()), value)),
                    indent + 2,
                );
            }
        }
    }

    fn hcl_items<'v>(
        &mut self,
        open: char,
        close: char,
        items: impl Iterator<Item = (Option<&'v str>, &'v Value)>,
        indent: usize,
    ) {
        self.out.push(open);
        self.yaml_gap(indent);
        for (index, (key, value)) in items.enumerate() {
            if index > 0 {
                self.out.push(',');
                self.yaml_gap(indent);
            }
            if let Some(key) = key {
                self.out.push_str(key);
                self.blanks(0);
                let sign = ['=', ':'][self.choose(2)];
                self.out.push(sign);
                self.blanks(0);
            }
            self.hcl_value(value, indent, open == '[');
            if open == '[' {
                self.yaml_gap(indent);
            }
        }
        self.blanks(0);
        self.out.push(close);
    }
}

fn is_literal(text: &str) -> bool {
    let lines = || text.split('\n');
    text.contains('\n')
        && !text.starts_with([' ', '\n'])
        && lines()
            .all(|line| !line.chars().any(char::is_control) && (line.is_empty() || !line.trim().is_empty()))
        && lines().all(|line| line.trim_end() == line)
}

fn is_heredoc(text: &str) -> bool {
    text.ends_with('\n') && text.split('\n').all(|line| line.trim() != "END" && line.trim_end() == line)
}

/// In quotes as JSON has them.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for next in text.chars() {
        match next {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// In quotes; expressions keep theirs.
fn hcl_quoted(text: &str) -> String {
    match text {
        "${a ? \"b\" : c}" => format!("\"{text}\""),
        _ => quoted(text).replace("%{", "%%{"),
    }
}
