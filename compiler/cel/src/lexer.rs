//! Text of an expression to tokens, one at a time, so that a template can stop at its closing brace.
//!
//! It does not decode literals: an escape that is wrong is found by [`crate::literal`].

use std::ops::Range;

use crate::error::CelError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Ident,
    /// `` `content-type` ``
    Quoted,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    /// A fixed spelling: operator, bracket or separator.
    Punct(&'static str),
    /// Text that is no token; an error was reported.
    Wrong,
    End,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub kind: TokenKind,
    pub range: Range<usize>,
}

/// Longest spelling first.
const PUNCTUATION: [&str; 25] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "?", ":", ",", ".", "(", ")", "[", "]", "{", "}", "+",
    "-", "*", "/", "%", ";",
];

pub(crate) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    end: usize,
    pub errors: Vec<CelError>,
}

impl<'t> Lexer<'t> {
    /// Reads `range` of `text`; ranges of tokens are in `text`.
    pub fn new(text: &'t str, range: Range<usize>) -> Lexer<'t> {
        Lexer { text, at: range.start, end: range.end, errors: Vec::new() }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..self.end).unwrap_or("")
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.rest().as_bytes().get(ahead).copied().unwrap_or(0)
    }

    pub fn next(&mut self) -> Token {
        self.skip_blank();
        let start = self.at;
        let kind = match self.byte(0) {
            _ if self.rest().is_empty() => TokenKind::End,
            b'0'..=b'9' => self.number(),
            b'.' if self.byte(1).is_ascii_digit() => self.number(),
            b'"' | b'\'' => self.string(false, TokenKind::String),
            b'r' | b'R' if matches!(self.byte(1), b'"' | b'\'') => self.prefixed(1, true, TokenKind::String),
            b'b' | b'B' if matches!(self.byte(1), b'"' | b'\'') => self.prefixed(1, false, TokenKind::Bytes),
            b'b' | b'B' if matches!(self.byte(1), b'r' | b'R') && matches!(self.byte(2), b'"' | b'\'') => {
                self.prefixed(2, true, TokenKind::Bytes)
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.ident(),
            b'`' => self.quoted(),
            _ => self.punctuation(),
        };
        Token { kind, range: start..self.at }
    }

    fn skip_blank(&mut self) {
        loop {
            match self.byte(0) {
                b' ' | b'\t' | b'\n' | b'\r' | 0x0c => self.at += 1,
                b'/' if self.byte(1) == b'/' => {
                    self.at += self.rest().find('\n').unwrap_or(self.rest().len())
                }
                _ => return,
            }
        }
    }

    fn take_while(&mut self, accept: impl Fn(u8) -> bool) -> usize {
        let count = self.rest().bytes().take_while(|byte| accept(*byte)).count();
        self.at += count;
        count
    }

    fn ident(&mut self) -> TokenKind {
        self.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        TokenKind::Ident
    }

    fn number(&mut self) -> TokenKind {
        if self.byte(0) == b'0' && matches!(self.byte(1), b'x' | b'X') && self.byte(2).is_ascii_hexdigit() {
            self.at += 2;
            self.take_while(|byte| byte.is_ascii_hexdigit());
            return self.maybe_unsigned(TokenKind::Int);
        }
        let mut kind = TokenKind::Int;
        self.take_while(|byte| byte.is_ascii_digit());
        if self.byte(0) == b'.' && self.byte(1).is_ascii_digit() {
            self.at += 1;
            self.take_while(|byte| byte.is_ascii_digit());
            kind = TokenKind::Double;
        }
        let sign = usize::from(matches!(self.byte(1), b'+' | b'-'));
        if matches!(self.byte(0), b'e' | b'E') && self.byte(1 + sign).is_ascii_digit() {
            self.at += 1 + sign;
            self.take_while(|byte| byte.is_ascii_digit());
            kind = TokenKind::Double;
        }
        self.maybe_unsigned(kind)
    }

    fn maybe_unsigned(&mut self, kind: TokenKind) -> TokenKind {
        if kind == TokenKind::Int && matches!(self.byte(0), b'u' | b'U') {
            self.at += 1;
            return TokenKind::Uint;
        }
        kind
    }

    fn prefixed(&mut self, prefix: usize, raw: bool, kind: TokenKind) -> TokenKind {
        self.at += prefix;
        self.string(raw, kind)
    }

    fn string(&mut self, raw: bool, kind: TokenKind) -> TokenKind {
        let start = self.at;
        let quote = self.byte(0);
        let triple = self.byte(1) == quote && self.byte(2) == quote;
        self.at += if triple { 3 } else { 1 };
        loop {
            let byte = self.byte(0);
            if self.rest().is_empty() || (!triple && matches!(byte, b'\n' | b'\r')) {
                self.errors.push(CelError::new(start..self.at, "this string is not closed").help(format!(
                    "end it with `{}`",
                    (quote as char).to_string().repeat(if triple { 3 } else { 1 })
                )));
                return TokenKind::Wrong;
            }
            if byte == b'\\' && !raw {
                self.at += 1;
                self.at += self.rest().chars().next().map_or(0, char::len_utf8);
            } else if byte == quote && (!triple || (self.byte(1) == quote && self.byte(2) == quote)) {
                self.at += if triple { 3 } else { 1 };
                return kind;
            } else {
                self.at += self.rest().chars().next().map_or(1, char::len_utf8);
            }
        }
    }

    fn quoted(&mut self) -> TokenKind {
        let start = self.at;
        self.at += 1;
        let length = self.take_while(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'/' | b' ')
        });
        if length > 0 && self.byte(0) == b'`' {
            self.at += 1;
            return TokenKind::Quoted;
        }
        self.errors.push(
            CelError::new(start..self.at, "this quoted name is not closed")
                .help("a name in backticks holds letters, digits, `_`, `.`, `-`, `/` and spaces"),
        );
        TokenKind::Wrong
    }

    fn punctuation(&mut self) -> TokenKind {
        if let Some(spelling) = PUNCTUATION.iter().find(|spelling| self.rest().starts_with(**spelling)) {
            self.at += spelling.len();
            if *spelling != ";" {
                return TokenKind::Punct(spelling);
            }
            self.errors.push(CelError::new(self.at - 1..self.at, "`;` has no place in an expression"));
            return TokenKind::Wrong;
        }
        let start = self.at;
        let character = self.rest().chars().next().unwrap_or(' ');
        self.at += character.len_utf8();
        let (message, help, kind) = match character {
            '=' => ("`=` is not an operator", "compare with `==`", TokenKind::Punct("==")),
            '&' => ("`&` is not an operator", "write `&&` for \"and\"", TokenKind::Punct("&&")),
            '|' => ("`|` is not an operator", "write `||` for \"or\"", TokenKind::Punct("||")),
            _ => ("", "", TokenKind::Wrong),
        };
        let error = if message.is_empty() {
            CelError::new(
                start..self.at,
                format!("`{}` has no place in an expression", character.escape_debug()),
            )
        } else {
            CelError::new(start..self.at, message).help(help)
        };
        self.errors.push(error);
        kind
    }
}
