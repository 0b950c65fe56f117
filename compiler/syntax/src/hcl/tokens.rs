//! The tokens of a text that parses, with its comments and line ends, for those who care how it is written.
//!
//! It knows neither blocks nor values.

use super::parser::Parser;
use conductor_source::FileId;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A name, a number, or a quoted string.
    Word,
    Heredoc,
    Open,
    Close,
    Equals,
    Colon,
    Comma,
    /// From its marker to the line's end, or from `/*` to `*/`.
    Comment,
    Newline,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub kind: TokenKind,
    pub text: &'a str,
    /// Of its first byte in the text.
    pub at: usize,
}

/// The tokens of a text that was parsed without a mistake and has `\n` as its line ends.
pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut parser = Parser::new(FileId(0), text);
    let mut tokens = Vec::new();
    while let Some(next) = parser.peek() {
        let at = parser.at;
        let kind = kind(&mut parser, next);
        if let (Some(kind), Some(text)) = (kind, text.get(at..parser.at)) {
            tokens.push(Token {
                kind,
                text: if kind == TokenKind::Newline { text } else { text.trim_end() },
                at,
            });
        }
    }
    tokens
}

/// Moves over what begins with `next`; `None` for blanks.
fn kind(parser: &mut Parser, next: char) -> Option<TokenKind> {
    let single = match next {
        '\n' => Some(TokenKind::Newline),
        '{' | '[' | '(' => Some(TokenKind::Open),
        '}' | ']' | ')' => Some(TokenKind::Close),
        '=' => Some(TokenKind::Equals),
        ':' => Some(TokenKind::Colon),
        ',' => Some(TokenKind::Comma),
        _ => None,
    };
    if single.is_some() || matches!(next, ' ' | '\t' | '\r') {
        parser.bump();
        return single;
    }
    let rest = parser.rest();
    if next == '#' || rest.starts_with("//") {
        parser.skip_line();
        return Some(TokenKind::Comment);
    }
    if rest.starts_with("/*") {
        parser.at += rest.find("*/").map_or(rest.len(), |end| end + 2);
        return Some(TokenKind::Comment);
    }
    if rest.starts_with("<<") && matches!(parser.heredoc(), Ok(Some(_))) {
        return Some(TokenKind::Heredoc);
    }
    if next == '"' {
        parser.quoted();
    } else if parser.name().is_none() {
        let stops = [' ', '\t', '\r', '\n', '{', '}', '[', ']', '(', ')', '=', ':', ',', '#', '/', '"'];
        parser.bump();
        parser.at += parser.rest().find(stops).unwrap_or(parser.rest().len());
    }
    Some(TokenKind::Word)
}
