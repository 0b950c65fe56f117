//! An HCL manifest with its comments.
//!
//! The comments are found by the brackets and lines around them, and meet their values by the place where each begins.

use std::collections::BTreeMap;

use super::noted::{Item, Line, Value, scalar};
use crate::hcl::tokens::{Token, TokenKind, tokens};
use crate::hcl::{SECTIONS, is_gathered};
use crate::tree::{Entry, Kind, Node};

pub(super) fn noted(text: &str, tree: &Node) -> Item {
    let (notes, foot) = Notes::of(text);
    let mut reader = Reader { text, notes };
    let mut root = reader.value(None, tree);
    reader.take_left(&mut root, 0, text.len());
    root.foot.extend(foot);
    root
}

#[derive(Default)]
struct Note {
    lead: Vec<Line>,
    trail: Vec<String>,
    foot: Vec<Line>,
}

type Notes = BTreeMap<usize, Note>;

trait Gathered {
    fn of(text: &str) -> (Notes, Vec<Line>);
}

/// A bracket that is open, or the file.
#[derive(Default)]
struct Open {
    /// Where the attribute, block or item begins that it belongs to.
    owner: Option<usize>,
    /// What was begun last inside it.
    last: Option<usize>,
    /// The next token begins something.
    begins: bool,
    /// Lines that wait for what they stand above.
    pending: Vec<Line>,
    /// Line ends separate what is inside.
    by_lines: bool,
}

impl Gathered for Notes {
    fn of(text: &str) -> (Notes, Vec<Line>) {
        let mut notes = Notes::new();
        let mut open = vec![Open { begins: true, by_lines: true, ..Open::default() }];
        let mut before = TokenKind::Newline;
        for token in tokens(text) {
            let Some(inner) = open.last_mut() else { break };
            match token.kind {
                TokenKind::Newline => {
                    if before == TokenKind::Newline {
                        inner.pending.push(Line::Blank);
                    }
                    inner.begins |= inner.by_lines;
                }
                TokenKind::Comma => inner.begins = true,
                TokenKind::Comment => comment(&mut notes, inner, &token, before),
                TokenKind::Close => {
                    let closed = open.pop().unwrap_or_default();
                    if let Some(owner) = closed.owner {
                        notes.entry(owner).or_default().foot.extend(closed.pending);
                    }
                }
                _ => {
                    if std::mem::take(&mut inner.begins) {
                        inner.last = Some(token.at);
                        notes.entry(token.at).or_default().lead = std::mem::take(&mut inner.pending);
                    }
                    if token.kind == TokenKind::Open {
                        let owner = inner.last;
                        let by_lines = token.text == "{";
                        open.push(Open { owner, begins: true, by_lines, ..Open::default() });
                    }
                }
            }
            before = token.kind;
        }
        let foot = open.into_iter().next().map_or_else(Vec::new, |file| file.pending);
        (notes, foot)
    }
}

fn comment(notes: &mut Notes, inner: &mut Open, token: &Token, before: TokenKind) {
    let lines = comment_lines(token.text);
    // Beside a bracket that opens it belongs to what the bracket belongs to.
    let beside = if before == TokenKind::Open { inner.owner } else { inner.last };
    match beside.filter(|_| before != TokenKind::Newline) {
        Some(place) => notes.entry(place).or_default().trail.extend(lines),
        None => inner.pending.extend(lines.into_iter().map(Line::Comment)),
    }
}

/// The text of a comment of any form, as comments with `#`.
fn comment_lines(comment: &str) -> Vec<String> {
    if comment.starts_with('#') {
        return vec![comment.to_owned()];
    }
    let inner = match comment.strip_prefix("//") {
        Some(rest) => return vec![format!("#{rest}")],
        None => comment.trim_start_matches("/*").trim_end_matches("*/"),
    };
    let line = |line: &str| format!("# {}", line.trim()).trim_end().to_owned();
    let lines: Vec<String> = inner.trim().lines().map(line).collect();
    if lines.is_empty() { vec!["#".to_owned()] } else { lines }
}

struct Reader<'a> {
    text: &'a str,
    notes: Notes,
}

impl Reader<'_> {
    fn entry(&mut self, entry: &Entry) -> Item {
        let (key, start) = (entry.key.text.as_str(), entry.key.span.start());
        let is_section = SECTIONS.iter().any(|(_, section)| *section == key);
        // What HCL has no word for begins with the first of its blocks, whose comments they are.
        let gathered = is_gathered(key)
            && matches!(&entry.value.kind, Kind::List(_))
            && entry.value.span.start() == start;
        let note = match gathered {
            true if is_section => self.take_section(start),
            true => Note::default(),
            false => self.notes.remove(&start).unwrap_or_default(),
        };
        self.item(Some(entry.key.text.clone()), &entry.value, note)
    }

    /// Gives an item the comments of what stands in it and is no value of its own, such as the attribute of a `return`.
    fn take_left(&mut self, item: &mut Item, start: usize, end: usize) {
        while let Some(place) = self.notes.range(start..end.max(start)).next().map(|(place, _)| *place) {
            let note = self.notes.remove(&place).unwrap_or_default();
            item.lead.extend(note.lead.into_iter().filter(|line| *line != Line::Blank));
            item.trail.extend(note.trail);
            item.foot.extend(note.foot);
        }
    }

    /// Comments above a blank line above the first block of a section are the section's.
    fn take_section(&mut self, start: usize) -> Note {
        let Some(first) = self.notes.get_mut(&start) else { return Note::default() };
        let own = first.lead.iter().rposition(|line| *line == Line::Blank).map_or(0, |last| last + 1);
        let lead = first.lead.drain(..own).collect();
        Note { lead, ..Note::default() }
    }

    fn item(&mut self, key: Option<String>, node: &Node, note: Note) -> Item {
        let mut item = self.value(key, node);
        item.lead = note.lead;
        item.trail = note.trail;
        item.foot = note.foot;
        item
    }

    fn value(&mut self, key: Option<String>, node: &Node) -> Item {
        let value = scalar(node).unwrap_or_else(|| match &node.kind {
            Kind::List(nodes) => {
                let item = |node: &Node| {
                    let note = self.notes.remove(&node.span.start()).unwrap_or_default();
                    let mut item = self.item(None, node, note);
                    self.take_left(&mut item, node.span.start(), node.span.end());
                    item
                };
                Value::List(nodes.iter().map(item).collect())
            }
            Kind::Map(entries) => Value::Map(entries.iter().map(|entry| self.entry(entry)).collect()),
            _ => Value::Null,
        });
        let written = self.text.get(node.span.start()..node.span.end()).unwrap_or("");
        let flow = written.starts_with(['[', '{']) && !written.contains('\n');
        Item { key, span: node.span, lead: Vec::new(), trail: Vec::new(), value, flow, foot: Vec::new() }
    }
}
