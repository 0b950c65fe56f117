//! The layout of HCL, line by line: indentation, blanks between tokens, and columns of `=` and comments.
//!
//! It never joins or splits lines; what stands in strings, heredocs and comments stays as it is.

use crate::hcl::tokens::{Token, TokenKind, tokens};

const STEP: usize = 2;

/// The comments of a text, in order.
pub(super) fn comments(text: &str) -> Vec<&str> {
    let is_comment = |token: &Token| token.kind == TokenKind::Comment;
    tokens(text).into_iter().filter(is_comment).map(|token| token.text).collect()
}

/// Lays out a text that parses and whose line ends are `\n`.
pub(super) fn layout(text: &str) -> String {
    let tokens = tokens(text);
    let mut lines: Vec<Row> = Vec::new();
    let mut depth = Depth::default();
    let mut blank = false;
    for line in tokens.split(|token| token.kind == TokenKind::Newline) {
        if line.is_empty() {
            blank = !lines.is_empty();
            continue;
        }
        let mut row = Row::new(line, depth.enter(line));
        row.blank_before = std::mem::take(&mut blank);
        lines.push(row);
    }
    align(&mut lines, Row::value_column, Row::pad_value);
    align(&mut lines, Row::comment_column, Row::pad_comment);
    let mut out = String::with_capacity(text.len());
    for row in &lines {
        row.write(&mut out);
    }
    out
}

/// The brackets that are open. A line that opens several indents by one step.
#[derive(Default)]
struct Depth {
    steps: Vec<usize>,
    total: usize,
}

impl Depth {
    /// The indentation of a line, after which its brackets count.
    fn enter(&mut self, line: &[Token]) -> usize {
        let mut indent = None;
        let mut opened = 0_usize;
        for token in line {
            match token.kind {
                TokenKind::Close => {
                    self.total -= self.steps.pop().unwrap_or(0);
                    opened = opened.saturating_sub(1);
                    continue;
                }
                TokenKind::Open => {
                    indent.get_or_insert(self.total);
                    let step = if opened == 0 { STEP } else { 0 };
                    opened += 1;
                    self.steps.push(step);
                    self.total += step;
                }
                _ => {}
            }
            indent.get_or_insert(self.total);
        }
        indent.unwrap_or(self.total)
    }
}

/// A line: its cells, which may be padded.
struct Row {
    blank_before: bool,
    indent: usize,
    /// Up to the `=`, or everything but the comment.
    head: String,
    /// From the `=` on.
    value: Option<String>,
    comment: Option<String>,
    /// Whether the line goes on below, in a bracket, a heredoc or a comment.
    goes_on: bool,
}

impl Row {
    fn new(line: &[Token], indent: usize) -> Row {
        let (body, comment) = match line.split_last() {
            Some((last, body)) if last.kind == TokenKind::Comment && !body.is_empty() => (body, Some(last)),
            _ => (line, None),
        };
        let assigns = matches!(body, [name, equals, ..] if name.kind == TokenKind::Word && equals.kind == TokenKind::Equals);
        let (head, value) = if assigns { body.split_at(1) } else { (body, &[][..]) };
        let count = |kind| line.iter().filter(|token| token.kind == kind).count();
        let goes_on = count(TokenKind::Open) != count(TokenKind::Close)
            || line.iter().any(|token| token.text.contains('\n'));
        Row {
            blank_before: false,
            indent,
            head: spaced(head),
            value: assigns.then(|| spaced(value)),
            comment: comment.map(|comment| comment.text.to_owned()),
            goes_on,
        }
    }

    /// The width of what stands before the `=`, where it may be padded.
    fn value_column(&self) -> Option<usize> {
        (self.value.is_some() && !self.goes_on).then(|| self.head.chars().count())
    }

    fn pad_value(&mut self, column: usize) {
        pad(&mut self.head, column);
    }

    fn comment_column(&self) -> Option<usize> {
        let value = self.value.as_ref().map_or(0, |value| value.chars().count() + 1);
        (self.comment.is_some() && !self.goes_on).then(|| self.head.chars().count() + value)
    }

    fn pad_comment(&mut self, column: usize) {
        let column = column.saturating_sub(self.value.as_ref().map_or(0, |_| self.head.chars().count() + 1));
        pad(self.value.as_mut().unwrap_or(&mut self.head), column);
    }

    fn write(&self, out: &mut String) {
        if self.blank_before {
            out.push('\n');
        }
        out.extend(std::iter::repeat_n(' ', self.indent));
        out.push_str(&self.head);
        for cell in [&self.value, &self.comment].into_iter().flatten() {
            out.push(' ');
            out.push_str(cell);
        }
        out.push('\n');
    }
}

fn pad(cell: &mut String, column: usize) {
    let missing = column.saturating_sub(cell.chars().count());
    cell.extend(std::iter::repeat_n(' ', missing));
}

/// Gives the cells of neighbouring lines the width of the widest among them.
fn align(lines: &mut [Row], width: impl Fn(&Row) -> Option<usize>, pad: impl Fn(&mut Row, usize)) {
    let mut start = 0;
    while start < lines.len() {
        let indent = lines[start].indent;
        let mut end = start;
        let mut column = 0;
        while let Some(row) = lines.get(end)
            && row.indent == indent
            && (end == start || !row.blank_before)
            && let Some(own) = width(row)
        {
            column = column.max(own);
            end += 1;
        }
        lines[start..end].iter_mut().for_each(|row| pad(row, column));
        start = end.max(start + 1);
    }
}

/// The tokens with the blanks that belong between them.
fn spaced(tokens: &[Token]) -> String {
    let mut out = String::new();
    let mut before: Option<&Token> = None;
    for token in tokens {
        if before.is_some_and(|before| is_spaced(before, token)) {
            out.push(' ');
        }
        out.push_str(token.text);
        before = Some(token);
    }
    out
}

fn is_spaced(before: &Token, token: &Token) -> bool {
    let empty = before.kind == TokenKind::Open && token.kind == TokenKind::Close;
    let inside = before.text == "[" || before.text == "(" || token.text == "]" || token.text == ")";
    !empty && !inside && token.kind != TokenKind::Comma
}
