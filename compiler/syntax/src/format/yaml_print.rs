//! The tree of what is written as text in the canonical layout.
//!
//! It never changes a scalar but for the indentation of its lines.

use super::yaml_tree::{BlockScalar, Child, Collection, Document, Form, Key, Line, Value, has_comment};

/// A flow collection that ends further right is written in block style.
const WIDTH: usize = 100;
const STEP: usize = 2;

pub(super) fn print(document: &Document) -> String {
    let mut printer = Printer { out: String::new(), blank: false };
    printer.lines(&document.head, 0);
    if let Some(comment) = document.marker {
        printer.begin(0);
        printer.out.push_str("---");
        printer.end(comment);
    }
    printer.root(&document.root);
    printer.lines(&document.foot, 0);
    printer.out
}

struct Printer {
    out: String,
    /// A blank line comes before what is written next.
    blank: bool,
}

impl Printer {
    /// Begins a line.
    fn begin(&mut self, indent: usize) {
        if std::mem::take(&mut self.blank) && !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    fn end(&mut self, trail: Option<&str>) {
        if let Some(comment) = trail {
            self.out.push(' ');
            self.out.push_str(comment);
        }
        self.out.push('\n');
    }

    fn text(&mut self, text: &str, indent: usize) {
        self.begin(indent);
        self.out.push_str(text);
        self.end(None);
    }

    fn comment(&mut self, comment: &str, indent: usize) {
        self.text(comment, indent);
    }

    fn lines(&mut self, lines: &[Line], indent: usize) {
        for line in lines {
            match line {
                Line::Blank => self.blank = true,
                Line::Comment(comment) => self.comment(comment, indent),
            }
        }
    }

    /// The columns that are used on this line.
    fn column(&self) -> usize {
        let line = self.out.rfind('\n').map_or(0, |newline| newline + 1);
        self.out[line..].chars().count()
    }

    /// A collection that stands in no other: nothing is written before it but its anchor.
    fn root(&mut self, root: &Value) {
        let Form::Collection(collection) = &root.kind else { return };
        let mut heads = root.heads.as_slice();
        if !root.anchor.is_empty() {
            self.begin(0);
            self.out.push_str(root.anchor);
            self.end(heads.split_off_first().copied());
        }
        heads.iter().for_each(|head| self.comment(head, 0));
        self.lines(&root.between, 0);
        match inline(root).filter(|text| collection.flow && text.chars().count() <= WIDTH) {
            Some(text) => self.text(&text, 0),
            None => self.children(collection, 0, false),
        }
    }

    /// Children in block style; with `inside` the line of the first one has begun.
    fn children(&mut self, collection: &Collection, indent: usize, inside: bool) {
        for (index, child) in collection.children.iter().enumerate() {
            if !(inside && index == 0) {
                self.lines(&child.lead, indent);
                self.begin(indent);
            }
            self.child(child, indent);
        }
        self.lines(&collection.foot, indent);
    }

    fn child(&mut self, child: &Child, indent: usize) {
        let in_list = child.key.is_none();
        match &child.key {
            None => self.out.push('-'),
            Some(key) => self.key(key, indent),
        }
        if !self.value(&child.value, indent, in_list) {
            self.end(child.trail);
        } else if let Some(comment) = child.trail {
            // It stood beside a flow collection that takes several lines now.
            self.comment(comment, indent + STEP);
        }
        self.lines(&child.below, indent + STEP);
    }

    fn key(&mut self, key: &Key, indent: usize) {
        let explicit = key.block.is_some() || key.text.contains('\n');
        self.out.push_str(if explicit { "? " } else { "" });
        if !key.anchor.is_empty() {
            self.out.push_str(key.anchor);
            self.out.push(' ');
        }
        if let Some(block) = &key.block {
            self.block_scalar(block, indent);
        } else {
            self.scalar(key.text, indent);
        }
        if explicit {
            if key.block.is_none() {
                self.out.push('\n');
            }
            self.begin(indent);
        }
        // A colon would be a part of the alias.
        self.out.push_str(if key.text.starts_with('*') { " :" } else { ":" });
    }

    /// What follows a dash or a colon in the column `indent`; true where its last line has ended.
    fn value(&mut self, value: &Value, indent: usize, in_list: bool) -> bool {
        if !value.anchor.is_empty() {
            self.space();
            self.out.push_str(value.anchor);
        }
        match &value.kind {
            Form::Empty => {
                self.heads(&value.heads, indent);
                false
            }
            Form::Scalar(text) => {
                let first = text.split('\n').next().unwrap_or("").chars().count();
                let fits = !value.below || self.column() + 1 + first <= WIDTH;
                self.before(value, fits, indent);
                self.scalar(text, indent);
                false
            }
            Form::Block(scalar) => {
                self.before(value, true, indent);
                self.block_scalar(scalar, indent);
                true
            }
            Form::Collection(collection) => self.collection(value, collection, indent, in_list),
        }
    }

    fn collection(&mut self, value: &Value, collection: &Collection, indent: usize, in_list: bool) -> bool {
        let column = self.column() + 1;
        let inline = inline(value).filter(|text| {
            collection.flow && (collection.children.is_empty() || column + text.chars().count() <= WIDTH)
        });
        if let Some(text) = inline {
            self.before(value, true, indent);
            self.out.push_str(&text);
            return false;
        }
        let lead = collection.children.first().map_or(&[][..], |child| &child.lead);
        let plain = value.anchor.is_empty() && value.heads.is_empty() && !has_comment(&value.between);
        if in_list && plain && !has_comment(lead) {
            self.out.push(' ');
            self.children(collection, indent + STEP, true);
            return true;
        }
        if self.heads(&value.heads, indent) || !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        self.lines(&value.between, indent + STEP);
        self.children(collection, indent + STEP, false);
        true
    }

    /// Comments beside a key: the first one on its line, the others below; true where there were some.
    fn heads(&mut self, heads: &[&str], indent: usize) -> bool {
        for (index, head) in heads.iter().enumerate() {
            if index > 0 {
                self.out.push('\n');
                self.begin(indent + STEP);
            } else {
                self.out.push(' ');
            }
            self.out.push_str(head);
        }
        !heads.is_empty()
    }

    /// What stands before a value that is no block collection; where comments do, or it does not fit, it goes on a line
    /// of its own.
    fn before(&mut self, value: &Value, fits: bool, indent: usize) {
        let headed = self.heads(&value.heads, indent);
        if fits && !headed && !has_comment(&value.between) {
            return self.space();
        }
        self.out.push('\n');
        self.lines(&value.between, indent + STEP);
        self.begin(indent + STEP);
    }

    fn space(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with([' ', '\n']) {
            self.out.push(' ');
        }
    }

    /// A scalar whose further lines are folded: only their indentation is free.
    fn scalar(&mut self, text: &str, indent: usize) {
        let mut lines = text.split('\n').peekable();
        let mut first = true;
        while let Some(line) = lines.next() {
            let mut line = if first { line } else { line.trim_start_matches([' ', '\t']) };
            let bare = line.trim_end_matches([' ', '\t']);
            // An escaped blank at a line's end belongs to the text, and so does what ends the scalar.
            if lines.peek().is_some() && !bare.ends_with('\\') {
                line = bare;
            }
            if !first {
                self.out.push('\n');
                if !line.is_empty() {
                    self.out.extend(std::iter::repeat_n(' ', indent + STEP));
                }
            }
            self.out.push_str(line);
            first = false;
        }
    }

    fn block_scalar(&mut self, scalar: &BlockScalar, indent: usize) {
        self.out.push_str(scalar.header);
        self.end(scalar.comment);
        let given = scalar.header.bytes().find(u8::is_ascii_digit);
        let indent = indent + given.map_or(STEP, |digit| usize::from(digit - b'0'));
        for line in &scalar.lines {
            if !line.is_empty() {
                self.out.extend(std::iter::repeat_n(' ', indent));
                self.out.push_str(line);
            }
            self.out.push('\n');
        }
    }
}

/// The value on one line, where comments and scalars of several lines allow it. Comments before the value are not
/// looked at.
fn inline(value: &Value) -> Option<String> {
    let mut out = String::new();
    push(value, &mut out)?;
    Some(out)
}

/// `None` where the value does not stand in one line, or in one so long that nobody wants it.
fn push(value: &Value, out: &mut String) -> Option<()> {
    match &value.kind {
        Form::Empty => {}
        Form::Block(_) => return None,
        Form::Scalar(text) if text.contains('\n') => return None,
        Form::Scalar(text) => out.push_str(text),
        Form::Collection(collection) => push_collection(collection, out)?,
    }
    (out.len() <= 8 * WIDTH).then_some(())
}

fn push_collection(collection: &Collection, out: &mut String) -> Option<()> {
    if has_comment(&collection.foot) {
        return None;
    }
    let (open, close) = match (collection.bare, collection.is_map) {
        (true, _) => ("", ""),
        (false, true) => ("{", "}"),
        (false, false) => ("[", "]"),
    };
    out.push_str(open);
    for (index, child) in collection.children.iter().enumerate() {
        if child.trail.is_some() || has_comment(&child.lead) {
            return None;
        }
        if index > 0 {
            out.push_str(", ");
        }
        if let Some(key) = &child.key {
            for part in [key.anchor, if key.anchor.is_empty() { "" } else { " " }, key.text] {
                out.push_str(part);
            }
            if key.block.is_some() || key.text.contains('\n') {
                return None;
            }
            let empty = matches!(child.value.kind, Form::Empty) && child.value.anchor.is_empty();
            out.push_str(match (key.colon, key.text.starts_with('*'), empty) {
                (false, ..) => "",
                (true, true, true) => " :",
                (true, true, false) => " : ",
                (true, false, true) => ":",
                (true, false, false) => ": ",
            });
        }
        let value = &child.value;
        if !value.heads.is_empty() || has_comment(&value.between) {
            return None;
        }
        if !value.anchor.is_empty() {
            out.push_str(value.anchor);
            out.push_str(if matches!(value.kind, Form::Empty) { "" } else { " " });
        }
        push(value, out)?;
    }
    out.push_str(close);
    Some(())
}
