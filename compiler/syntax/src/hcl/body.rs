//! Attributes and blocks, nested as they are written.
//!
//! It does not know what a block stands for.

use conductor_source::{Diagnostic, Edit, Safety, Span};

use super::parser::{Parser, Read, Stop};
use super::value::Place;
use crate::tree::{Entry, Key, Kind, Node, Scalar};

pub(super) struct Body {
    pub items: Vec<Item>,
}

pub(super) enum Item {
    Attribute(Entry),
    Block(Block),
    /// Something without a name that could not be read.
    Broken(Span),
}

pub(super) struct Block {
    pub kind: Key,
    pub labels: Vec<Scalar>,
    pub body: Body,
    pub span: Span,
}

impl Item {
    /// From its first byte to its last.
    pub fn span(&self) -> Span {
        match self {
            Item::Attribute(entry) => entry.key.span.to(entry.value.span),
            Item::Block(block) => block.span,
            Item::Broken(span) => *span,
        }
    }
}

impl Parser<'_> {
    /// The whole file.
    pub fn file(&mut self) -> Read<Body> {
        self.body(None)
    }

    /// Items up to the `}` of the block whose `{` stands at `open`, or up to the end of the file.
    fn body(&mut self, open: Option<usize>) -> Read<Body> {
        let mut items = Vec::new();
        loop {
            self.lines()?;
            match (self.peek(), open) {
                (None, None) => return Ok(Body { items }),
                (None, Some(open)) => return Err(self.unclosed(open, 1, "brace")),
                (Some('}'), Some(open)) => {
                    self.own_lines(open, &items);
                    self.at += 1;
                    return Ok(Body { items });
                }
                _ => items.push(self.item()?),
            }
            self.end_of_item()?;
        }
    }

    /// What a block holds stands on lines of its own, except where a single attribute is all.
    fn own_lines(&mut self, open: usize, items: &[Item]) {
        let (Some(first), Some(last)) = (items.first(), items.last()) else { return };
        let (start, end) = (first.span().start(), last.span().end());
        let below = self.text[open..start].contains('\n');
        let single = matches!(items, [Item::Attribute(_)]) && !below;
        let closed_below = self.text[end..self.at].contains('\n');
        let said = |found: &Diagnostic| found.code == super::ONE_LINE && found.span().start() > open;
        if self.diagnostics.last().is_some_and(said) {
            return;
        }
        if single || (below && closed_below) || items.iter().any(|item| matches!(item, Item::Broken(_))) {
            return;
        }
        let line = self.text[..open].rfind('\n').map_or(0, |newline| newline + 1);
        let indent = self.text[line..].len() - self.text[line..].trim_start_matches([' ', '\t']).len();
        let indent = &self.text[line..line + indent];
        let mut edits = Vec::new();
        if !below {
            edits.push(Edit { span: self.span(open + 1, start), text: format!("\n{indent}  ") });
        }
        if !closed_below {
            edits.push(Edit { span: self.span(end, self.at), text: format!("\n{indent}") });
        }
        let blank = edits.iter().all(|edit| self.text[edit.span.start()..edit.span.end()].trim().is_empty());
        let (span, message) = if below {
            (self.next_character(), "the `}` of a block stands on a line of its own")
        } else {
            (self.span(open, open + 1), "only a block with a single attribute stands in one line")
        };
        let finding = Diagnostic::error(super::ONE_LINE, message, span, "expected a new line");
        self.report(if blank { finding.fix("break the line", Safety::Safe, edits) } else { finding });
    }

    fn item(&mut self) -> Read<Item> {
        self.count()?;
        let start = self.at;
        let Some(key) = self.name() else { return self.no_item() };
        self.blanks()?;
        match self.byte(0) {
            b'=' if self.byte(1) != b'=' => {
                self.at += 1;
                let value = self.value(Place { key: &key.text, inside: false })?;
                Ok(Item::Attribute(Entry { key, value }))
            }
            b':' => self.colon(key),
            b'{' => self.block(start, key, Vec::new()),
            _ => self.labelled(start, key),
        }
    }

    fn no_item(&mut self) -> Read<Item> {
        let start = self.at;
        let span = self.next_character();
        let finding = if self.peek() == Some('}') {
            self.bump();
            Diagnostic::error(super::SYNTAX, "this `}` closes nothing", span, "")
        } else {
            Diagnostic::error(super::SYNTAX, "expected an attribute or a block", span, "")
                .help("an attribute is `name = value`, a block `name \"label\" { ... }`")
        };
        self.report(finding);
        if self.at == start {
            self.skip_item()?;
        }
        Ok(Item::Broken(self.span(start, self.at)))
    }

    /// `name: value`, as YAML would have it.
    fn colon(&mut self, key: Key) -> Read<Item> {
        let at = self.at;
        self.at += 1;
        let span = self.span(at, at + 1);
        let mut finding = Diagnostic::error(super::COLON, "an attribute is set with `=`", span, "");
        self.blanks()?;
        if matches!(self.peek(), None | Some('\n')) {
            self.report(finding.help("this looks like YAML; such a manifest is `concurrency.yaml`"));
            return Err(Stop);
        }
        let edit = Edit { span: self.span(key.span.end(), at + 1), text: " =".to_owned() };
        finding = finding.fix("write `=`", Safety::Safe, vec![edit]);
        self.report(finding);
        let value = self.value(Place { key: &key.text, inside: false })?;
        Ok(Item::Attribute(Entry { key, value }))
    }

    /// A block with labels; or an attribute that lacks its `=`.
    fn labelled(&mut self, start: usize, key: Key) -> Read<Item> {
        let first = self.at;
        let mut labels = Vec::new();
        while let Some(label) = self.label()? {
            labels.push(label);
            self.blanks()?;
        }
        if self.byte(0) == b'{' {
            return self.block(start, key, labels);
        }
        if self.brace_below(&key)? {
            return self.block(start, key, labels);
        }
        let name = &key.text;
        let written = self.text[first..self.at].trim_end();
        let (span, help) = if written.is_empty() {
            (self.next_character(), format!("write `{name} = VALUE`, or `{name} {{ ... }}`"))
        } else {
            let span = self.span(first, first + written.len());
            (span, format!("write `{name} = {written}`, or `{name} {written} {{ ... }}`"))
        };
        let message = format!("`{name}` is followed by neither `=` nor a block");
        self.report(Diagnostic::error(super::SYNTAX, message, span, "").help(help));
        self.skip_item()?;
        let value = self.broken(first);
        Ok(Item::Attribute(Entry { key, value }))
    }

    /// Whether the `{` of a block stands at the beginning of a later line, which is reported.
    fn brace_below(&mut self, key: &Key) -> Read<bool> {
        let end = self.at;
        self.lines()?;
        if self.byte(0) != b'{' || self.at == end {
            self.at = end;
            return Ok(false);
        }
        let head = self.text[..end].trim_end().len();
        let edit = Edit { span: self.span(head, self.at), text: " ".to_owned() };
        let between = self.text[head..self.at].trim();
        let span = self.next_character();
        let message = format!("the `{{` of a block stands on the line of its `{}`", key.text);
        let mut finding = Diagnostic::error(super::SYNTAX, message, span, "");
        if between.is_empty() {
            finding = finding.fix("move it up", Safety::Safe, vec![edit]);
        }
        self.report(finding);
        Ok(true)
    }

    fn label(&mut self) -> Read<Option<Scalar>> {
        if self.byte(0) == b'"' {
            return match self.quoted() {
                Node { kind: Kind::String(scalar), .. } => Ok(Some(scalar)),
                // The brace of the block stands inside what was taken for the label.
                _ => Err(Stop),
            };
        }
        let Some(name) = self.name() else { return Ok(None) };
        let at = u32::try_from(name.span.start()).unwrap_or(u32::MAX);
        Ok(Some(Scalar { text: name.text, span: name.span, map: vec![(0, at)] }))
    }

    /// Skips the rest of a line that cannot be read. Where a block begins in it nobody knows what its braces close.
    fn skip_item(&mut self) -> Read<()> {
        let rest = self.rest().split('\n').next().unwrap_or("");
        self.skip_line();
        let count = |brace| rest.matches(brace).count();
        if count('{') > count('}') { Err(Stop) } else { Ok(()) }
    }

    fn block(&mut self, start: usize, kind: Key, labels: Vec<Scalar>) -> Read<Item> {
        let open = self.at;
        // A block is a mapping in a list.
        self.deeper(2)?;
        self.at += 1;
        let body = self.body(Some(open))?;
        self.higher(2);
        Ok(Item::Block(Block { kind, labels, body, span: self.span(start, self.at) }))
    }

    /// Items stand on lines of their own.
    fn end_of_item(&mut self) -> Read<()> {
        self.blanks()?;
        if matches!(self.peek(), None | Some('\n' | '}')) {
            return Ok(());
        }
        let span = self.next_character();
        self.eat(',');
        self.blanks()?;
        let another = self.peek().is_some_and(|next| next.is_alphabetic() || next == '_');
        if another || matches!(self.peek(), None | Some('\n' | '}')) {
            let message = "attributes and blocks stand on lines of their own";
            self.report(Diagnostic::error(super::ONE_LINE, message, span, "expected a new line").help(
                "commas separate the entries of an object, `name = { a = 1, b = 2 }`, not those of a block",
            ));
        } else {
            self.report(Diagnostic::error(super::SYNTAX, "expected a new line", span, ""));
            self.skip_item()?;
        }
        Ok(())
    }
}
