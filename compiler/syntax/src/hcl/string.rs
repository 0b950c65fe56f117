//! Quoted strings and heredocs: their text, and where each part of it stands in the file.
//!
//! It leaves `${...}` and `$${` as they are written: what they mean is the same in both syntaxes.

use conductor_source::{Diagnostic, Edit, Safety};

use super::cel;
use super::parser::{Parser, Read};
use crate::bytes::MAX_BYTES;
use crate::tree::{Kind, Node, Scalar};

/// The decoded text of a string as far as it is read.
#[derive(Default)]
struct Decoded {
    text: String,
    map: Vec<(u32, u32)>,
}

impl Decoded {
    /// Adds `piece`, which stands at `at` in the file.
    fn push(&mut self, piece: &str, at: usize) {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        let here = (clamp(self.text.len()), clamp(at));
        let runs_on = self
            .map
            .last()
            .is_some_and(|(text, file)| here.1.checked_sub(*file) == here.0.checked_sub(*text));
        if !runs_on && !piece.is_empty() {
            self.map.push(here);
        }
        self.text.push_str(piece);
    }
}

impl Parser<'_> {
    /// A quoted string; [`Kind::Broken`] where it does not end on its line.
    pub fn quoted(&mut self) -> Node {
        let start = self.at;
        self.at += 1;
        let mut decoded = Decoded::default();
        loop {
            let at = self.at;
            match self.byte(0) {
                b'"' => {
                    self.at += 1;
                    let span = self.span(start, self.at);
                    let scalar = Scalar { text: decoded.text, span, map: decoded.map };
                    return Node { span, kind: Kind::String(scalar) };
                }
                _ if matches!(self.peek(), None | Some('\n')) => {
                    self.at = self.line_end(start);
                    self.unclosed(start, 1, "quote");
                    return self.broken(start);
                }
                b'\\' => self.escape(&mut decoded),
                b'$' if self.byte(1) == b'{' => {
                    if self.text[..at].ends_with('$') {
                        decoded.push("${", at);
                        self.at += 2;
                    } else {
                        self.expression(&mut decoded);
                    }
                }
                b'%' if self.byte(1) == b'{' || self.rest().starts_with("%%{") => self.percent(&mut decoded),
                _ => {
                    self.bump();
                    decoded.push(&self.text[at..self.at], at);
                }
            }
        }
    }

    fn escape(&mut self, decoded: &mut Decoded) {
        let at = self.at;
        self.at += 1;
        let next = self.byte(0);
        let plain = match next {
            b'n' => "\n",
            b'r' => "\r",
            b't' => "\t",
            b'"' => "\"",
            b'\\' => "\\",
            b'u' | b'U' => return self.code_point(at, if next == b'u' { 4 } else { 8 }, decoded),
            _ => {
                self.wrong_escape(at);
                return decoded.push("\\", at);
            }
        };
        self.at += 1;
        decoded.push(plain, at);
    }

    fn code_point(&mut self, at: usize, digits: usize, decoded: &mut Decoded) {
        let hex = self
            .text
            .get(at + 2..at + 2 + digits)
            .filter(|hex| hex.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match hex.and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32) {
            Some(character) => {
                self.at = at + 2 + digits;
                decoded.push(character.encode_utf8(&mut [0; 4]), at);
            }
            None => {
                self.wrong_escape(at);
                decoded.push("\\", at);
            }
        }
    }

    fn wrong_escape(&mut self, at: usize) {
        let next =
            self.text.get(at + 1..).and_then(|rest| rest.chars().next()).filter(|next| !next.is_whitespace());
        let span = self.span(at, at + 1 + next.map_or(0, char::len_utf8));
        let edit = Edit { span: self.span(at, at), text: "\\".to_owned() };
        self.report(
            Diagnostic::error(super::ESCAPE, "this escape has no meaning in a string", span, "")
                .note("escapes are `\\n`, `\\r`, `\\t`, `\\\"`, `\\\\`, `\\uXXXX` and `\\UXXXXXXXX`")
                .fix("write the backslash itself", Safety::Safe, vec![edit]),
        );
    }

    /// Text from `${` to its `}`, as it is written; where it has no end, up to the next quote.
    fn expression(&mut self, decoded: &mut Decoded) {
        let start = self.at;
        if self.searched > 4 * MAX_BYTES {
            return self.unended(decoded);
        }
        match cel::extent(self.text, start + 2) {
            Ok(extent) => {
                self.at = extent.end + 1;
                let mut done = start;
                for backslash in &extent.backslashes {
                    decoded.push(&self.text[done..*backslash], done);
                    done = backslash + 1;
                }
                decoded.push(&self.text[done..self.at], done);
                self.escaped_quotes(&extent.backslashes);
            }
            Err(end) => {
                self.searched += end - start;
                self.unended(decoded);
            }
        }
    }

    /// Whoever reads expressions reports that this one does not end.
    fn unended(&mut self, decoded: &mut Decoded) {
        let start = self.at;
        let length = self.rest().find(['"', '\n']).unwrap_or(self.rest().len());
        self.at += length;
        decoded.push(&self.text[start..self.at], start);
    }

    fn escaped_quotes(&mut self, backslashes: &[usize]) {
        let Some(first) = backslashes.first() else { return };
        let message = "inside `${...}` quotes are written without a backslash";
        let edit = |at: &usize| Edit { span: self.span(*at, at + 1), text: String::new() };
        let edits = backslashes.iter().map(edit).collect();
        let finding = Diagnostic::error(super::ESCAPED_QUOTE, message, self.span(*first, first + 2), "");
        self.report(finding.fix("remove the backslashes", Safety::Safe, edits));
    }

    /// `%{`, which begins a directive, or `%%{`, which is the text `%{`.
    fn percent(&mut self, decoded: &mut Decoded) {
        let at = self.at;
        if self.byte(1) == b'%' {
            decoded.push("%{", at + 1);
            self.at += 3;
            return;
        }
        let edit = Edit { span: self.span(at, at), text: "%".to_owned() };
        self.report(
            Diagnostic::error(
                super::DIRECTIVE,
                "a manifest has no template directives",
                self.span(at, at + 2),
                "",
            )
            .help("compute with `${...}`; the text `%{` is written `%%{`")
            .fix("mean the text", Safety::Unsafe, vec![edit]),
        );
        decoded.push("%{", at);
        self.at += 2;
    }

    /// `<<END` or `<<-END`, and the lines up to `END`.
    pub fn heredoc(&mut self) -> Read<Option<Node>> {
        let start = self.at;
        let indented = self.byte(2) == b'-';
        self.at += if indented { 3 } else { 2 };
        let Some(marker) = self.name() else { return Ok(None) };
        let head = self.at;
        let body = self.line_end(head) + 1;
        if self.text.get(head..body).is_none_or(|rest| !rest.trim().is_empty()) {
            return Ok(None);
        }
        let mut lines = Vec::new();
        let mut at = body;
        loop {
            let Some(line) = self.text.get(at..).filter(|rest| !rest.is_empty()) else {
                return Err(self.unclosed(start, head - start, "heredoc"));
            };
            let line = line.split_inclusive('\n').next().unwrap_or("");
            if line.trim() == marker.text {
                self.at = at + line.trim_end().len();
                break;
            }
            lines.push((at, line.trim_end_matches(['\n', '\r'])));
            at += line.len();
        }
        let end = self.at;
        let decoded = self.heredoc_text(&lines, indented);
        self.at = end;
        let span = self.span(start, end);
        Ok(Some(Node { span, kind: Kind::String(Scalar { text: decoded.text, span, map: decoded.map }) }))
    }

    fn heredoc_text(&mut self, lines: &[(usize, &str)], indented: bool) -> Decoded {
        let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
        let written = lines.iter().filter(|(_, line)| !line.trim().is_empty());
        let common = if indented { written.map(|(_, line)| indent(line)).min().unwrap_or(0) } else { 0 };
        let mut decoded = Decoded::default();
        for (at, line) in lines {
            let mut done = common.min(indent(line));
            while let Some(found) = line[done..].find("%{").map(|found| done + found) {
                let doubled = usize::from(line[done..found].ends_with('%'));
                decoded.push(&line[done..found - doubled], at + done);
                self.at = at + found - doubled;
                self.percent(&mut decoded);
                done = found + 2;
            }
            decoded.push(&line[done..], at + done);
            decoded.push("\n", at + line.len());
        }
        decoded
    }
}
