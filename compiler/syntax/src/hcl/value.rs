//! Literal values, lists and objects; anything that HCL would have to compute is refused.
//!
//! It does not know which key wants which value, except to guess what a bare word was meant to be.

use std::collections::BTreeMap;

use conductor_source::{Diagnostic, Edit, Safety};

use super::parser::{Parser, Read, Stop};
use crate::tree::{Entry, Key, Kind, Node};

/// Keys whose values are computed, so that a bare word under them is a name.
const COMPUTED: &[&str] =
    &["when", "with", "output", "while", "until", "over", "set", "data", "key", "value"];

/// Where a value stands.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The key of the attribute.
    pub key: &'a str,
    /// In a list or an object, where line ends and commas separate.
    pub inside: bool,
}

impl Parser<'_> {
    /// The value at this place; [`Kind::Broken`] where there is none that can be read.
    pub fn value(&mut self, place: Place<'_>) -> Read<Node> {
        self.count()?;
        self.blanks()?;
        let start = self.at;
        if matches!(self.peek(), None | Some('\n' | '}' | ']' | ')' | ',')) {
            let span = self.next_character();
            self.report(Diagnostic::error(super::SYNTAX, "a value is missing", span, "expected a value"));
            return Ok(self.broken(start));
        }
        let found = self.diagnostics.len();
        if let Some(node) = self.literal(place)? {
            let end = self.at;
            self.blanks()?;
            if self.ends_value(end) {
                self.at = end;
                return Ok(node);
            }
        }
        self.diagnostics.truncate(found);
        self.at = start;
        Ok(self.bare_expression(place))
    }

    /// Whether a value that ended at `end` is whole: no operator follows.
    fn ends_value(&mut self, end: usize) -> bool {
        match self.peek() {
            None | Some('\n' | '}' | ']' | ')' | ',') => true,
            // A separator is missing, which is another mistake.
            Some('"' | '[' | '{' | '0'..='9') => self.at > end,
            // Another attribute or entry in the same line.
            Some(_) => {
                let start = self.at;
                let named = self.name().is_some() && self.blanks().is_ok();
                let another = named && self.byte(0) == b'=' && self.byte(1) != b'=';
                self.at = start;
                another
            }
        }
    }

    /// A value that says itself what it is; `None` where something is left to compute.
    fn literal(&mut self, place: Place<'_>) -> Read<Option<Node>> {
        match self.byte(0) {
            b'"' => Ok(Some(self.quoted())),
            b'<' if self.byte(1) == b'<' => self.heredoc(),
            b'[' => self.list(place),
            b'{' => self.object(place),
            b'-' | b'0'..=b'9' => Ok(self.number()),
            _ => Ok(self.word()),
        }
    }

    fn word(&mut self) -> Option<Node> {
        let name = self.name()?;
        let kind = match name.text.as_str() {
            "true" => Kind::Bool(true),
            "false" => Kind::Bool(false),
            "null" => Kind::Null,
            _ => return None,
        };
        Some(Node { span: name.span, kind })
    }

    fn number(&mut self) -> Option<Node> {
        let start = self.at;
        let digits = |parser: &mut Self| {
            let before = parser.at;
            while parser.byte(0).is_ascii_digit() {
                parser.at += 1;
            }
            parser.at > before
        };
        self.eat('-');
        if !digits(self) || (self.eat('.') && !digits(self)) {
            return None;
        }
        if matches!(self.byte(0), b'e' | b'E') {
            self.at += if matches!(self.byte(1), b'+' | b'-') { 2 } else { 1 };
            if !digits(self) {
                return None;
            }
        }
        if self.peek().is_some_and(|next| next.is_alphanumeric() || next == '_' || next == '.') {
            return None;
        }
        let text = &self.text[start..self.at];
        let kind = match (text.parse(), text.parse()) {
            (Ok(whole), _) => Kind::Int(whole),
            (Err(_), Ok(value)) => Kind::Float { value, text: text.to_owned() },
            (Err(_), Err(_)) => return None,
        };
        Some(Node { span: self.span(start, self.at), kind })
    }

    fn list(&mut self, place: Place<'_>) -> Read<Option<Node>> {
        let start = self.at;
        self.deeper(1)?;
        self.at += 1;
        if self.is_for()? {
            self.higher(1);
            return Ok(None);
        }
        let mut items = Vec::new();
        loop {
            self.lines()?;
            match self.peek() {
                None => return Err(self.unclosed_value(start, "bracket")),
                Some(']') => {
                    self.at += 1;
                    break;
                }
                Some(_) => items.push(self.value(Place { inside: true, ..place })?),
            }
            let end = self.at;
            self.lines()?;
            if !self.eat(',') && self.peek() != Some(']') && self.no_separator(start, end, true)? {
                break;
            }
        }
        self.higher(1);
        Ok(Some(Node { span: self.span(start, self.at), kind: Kind::List(items) }))
    }

    fn object(&mut self, place: Place<'_>) -> Read<Option<Node>> {
        let start = self.at;
        self.deeper(1)?;
        self.at += 1;
        if self.is_for()? {
            self.higher(1);
            return Ok(None);
        }
        let mut entries = Entries::default();
        loop {
            self.lines()?;
            match self.peek() {
                None => return Err(self.unclosed_value(start, "brace")),
                Some('}') => {
                    self.at += 1;
                    break;
                }
                Some(_) => {
                    if let Some(entry) = self.object_entry(place)? {
                        self.diagnostics.extend(entries.add(entry));
                    }
                }
            }
            let end = self.at;
            self.blanks()?;
            let separated = self.eat(',') || self.eat('\n');
            if !separated && self.peek() != Some('}') && self.no_separator(start, end, false)? {
                break;
            }
        }
        self.higher(1);
        Ok(Some(Node { span: self.span(start, self.at), kind: Kind::Map(entries.list) }))
    }

    /// `None` where the key cannot be read, which was reported.
    fn object_entry(&mut self, place: Place<'_>) -> Read<Option<Entry>> {
        let start = self.at;
        let key = match self.byte(0) {
            b'"' => match self.quoted() {
                Node { span, kind: Kind::String(scalar) } => Some(Key { text: scalar.text, span }),
                _ => return Ok(None),
            },
            _ => self.name(),
        };
        let Some(key) = key else {
            self.skip_to(&['=', ':', ',', '}', '\n']);
            self.bad_key(start);
            if self.eat('=') || self.eat(':') {
                self.value(Place { inside: true, ..place })?;
            }
            return Ok(None);
        };
        self.blanks()?;
        if !(self.eat('=') || self.eat(':')) {
            let span = self.next_character();
            let message = format!("expected `=` after `{}`", key.text);
            self.report(Diagnostic::error(super::SYNTAX, message, span, ""));
            self.skip_to(&[',', '}', '\n']);
            let value = self.broken(self.at);
            return Ok(Some(Entry { key, value }));
        }
        let computed = COMPUTED.contains(&place.key);
        let inner = if computed { place.key } else { key.text.as_str() };
        let value = self.value(Place { key: inner, inside: true })?;
        Ok(Some(Entry { key, value }))
    }

    fn bad_key(&mut self, start: usize) {
        let written = self.text[start..self.at].trim_end();
        let span = self.span(start, start + written.len().max(1).min(self.text.len() - start));
        let mut finding = Diagnostic::error(crate::yaml::KEY, "a key must be a name or a string", span, "");
        if !written.is_empty() && written.chars().all(|next| next.is_alphanumeric() || "._-".contains(next)) {
            let edit = Edit { span, text: format!("\"{written}\"") };
            finding = finding.fix("put the key in quotes", Safety::Safe, vec![edit]);
        }
        self.report(finding);
    }

    fn unclosed_value(&mut self, open: usize, what: &str) -> Stop {
        // What follows was taken for a part of it.
        self.diagnostics.retain(|found| found.span().start() <= open);
        self.unclosed(open, 1, what)
    }

    /// Something stands where a `,` or the end of the collection must; true where that is another bracket, which ends
    /// it.
    fn no_separator(&mut self, open: usize, end: usize, list: bool) -> Read<bool> {
        if self.peek().is_none() {
            return Err(self.unclosed_value(open, if list { "bracket" } else { "brace" }));
        }
        let span = self.next_character();
        if matches!(self.peek(), Some('}' | ']' | ')')) {
            let close = if list { ']' } else { '}' };
            let opened = self.span(open, open + 1);
            let message = format!("expected `{close}`");
            self.report(Diagnostic::error(super::SYNTAX, message, span, "").label(opened, "opened here"));
            // On a line of its own it closes what is around.
            if !self.text[end..self.at].contains('\n') {
                self.bump();
            }
            return Ok(true);
        }
        let edit = Edit { span: self.span(end, end), text: ",".to_owned() };
        self.report(Diagnostic::error(super::SYNTAX, "a comma is missing before this", span, "").fix(
            "insert it",
            Safety::Safe,
            vec![edit],
        ));
        Ok(false)
    }

    /// Whether a `for` expression begins after the bracket.
    fn is_for(&mut self) -> Read<bool> {
        let start = self.at;
        self.lines()?;
        let mut found = self.name().is_some_and(|name| name.text == "for");
        if found {
            self.blanks()?;
            found = self.name().is_some();
        }
        self.at = start;
        Ok(found)
    }

    /// What HCL would compute: operators, references, functions. It is skipped as a whole.
    fn bare_expression(&mut self, place: Place<'_>) -> Node {
        let start = self.at;
        self.skip_expression(place.inside);
        if self.at == start {
            self.bump();
        }
        let written = self.text[start..self.at].trim_end();
        if !written.is_empty() {
            self.at = start + written.len();
        }
        let span = self.span(start, self.at);
        let is_text = !COMPUTED.contains(&place.key) && is_text(written);
        let is_for = written.starts_with(['[', '{']);
        let mut finding = if is_text {
            Diagnostic::error(
                super::BARE_EXPRESSION,
                "texts stand in quotes",
                span,
                "HCL would look this name up",
            )
        } else {
            Diagnostic::error(
                super::BARE_EXPRESSION,
                "expressions stand in `\"${...}\"`",
                span,
                "HCL would compute this",
            )
        };
        if is_for || written.contains("${") || written.contains('\n') {
            finding = finding.help("write it in CEL, the language of expressions, in `\"${...}\"`");
        } else if is_text {
            let edit = Edit { span, text: format!("\"{written}\"") };
            finding = finding.fix("put it in quotes", Safety::Safe, vec![edit]);
        } else {
            let edit = Edit { span, text: format!("\"${{{written}}}\"") };
            finding = finding.fix("wrap it", Safety::Safe, vec![edit]);
        }
        self.report(finding);
        self.broken(start)
    }

    /// Moves to the end of the expression, over brackets and strings.
    fn skip_expression(&mut self, inside: bool) {
        let mut open = 0_usize;
        // Of a type, as in `map<string, int>`.
        let mut angles = 0_usize;
        let mut before = ' ';
        while let Some(next) = self.peek() {
            match next {
                '"' => {
                    let found = self.diagnostics.len();
                    self.quoted();
                    self.diagnostics.truncate(found);
                    continue;
                }
                '(' | '[' | '{' => open += 1,
                ')' | ']' | '}' if open == 0 => return,
                ')' | ']' | '}' => open -= 1,
                '\n' if open == 0 => return,
                ',' if open == 0 && inside && angles == 0 => return,
                '<' if before.is_alphanumeric() => angles += 1,
                '>' => angles = angles.saturating_sub(1),
                '#' => return,
                '/' if matches!(self.byte(1), b'/' | b'*') => return,
                _ => {}
            }
            before = next;
            self.bump();
        }
    }

    fn skip_to(&mut self, stops: &[char]) {
        self.at += self.rest().find(stops).unwrap_or(self.rest().len());
    }
}

/// Whether something without quotes looks like a word, a reference, a type, a duration or a rate.
fn is_text(written: &str) -> bool {
    let part = |next: char| next.is_alphanumeric() || "_.-<>?|, /".contains(next);
    let operator = |word: &str| matches!(word, "-" | "<" | ">" | "?" | "/" | "||");
    written.chars().all(part) && !written.split_whitespace().any(operator)
}

/// The entries of a mapping, each key once.
#[derive(Default)]
pub(super) struct Entries {
    pub list: Vec<Entry>,
    /// Something that could not be read stands among them: a key that seems to be missing may be that.
    pub is_broken: bool,
    seen: BTreeMap<String, usize>,
}

impl Entries {
    /// Adds an entry; the finding for a key that is there already.
    pub fn add(&mut self, entry: Entry) -> Option<Diagnostic> {
        if let Some(first) = self.seen.get(&entry.key.text).and_then(|index| self.list.get(*index)) {
            let message = format!("the key `{}` stands twice", entry.key.text);
            let finding =
                Diagnostic::error(crate::yaml::DUPLICATE_KEY, message, entry.key.span, "here again");
            return Some(finding.label(first.key.span, "first here").help("keep one of the two"));
        }
        self.seen.insert(entry.key.text.clone(), self.list.len());
        self.list.push(entry);
        None
    }

    pub fn get_mut(&mut self, key: &str) -> Option<&mut Entry> {
        self.seen.get(key).and_then(|index| self.list.get_mut(*index))
    }
}
