//! What an expression is made of: literals, names, calls, lists and maps.
//!
//! It knows no operators.

use super::Parser;
use crate::ast::{Entry, Item, Kind, Name, Node};
use crate::error::CelError;
use crate::lexer::{Token, TokenKind};
use crate::literal;

/// Words of other languages that no name may be.
const RESERVED: [&str; 17] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "namespace",
    "package",
    "return",
    "var",
    "void",
    "while",
];

impl Parser<'_> {
    /// Elements up to `bracket`, each read by `element`; a mistake in one does not hide the next.
    fn series<T>(
        &mut self,
        bracket: &'static str,
        trailing: bool,
        mut element: impl FnMut(&mut Self) -> T,
    ) -> Vec<T> {
        let mut elements = Vec::new();
        if self.eat(bracket) {
            return elements;
        }
        loop {
            elements.push(element(self));
            if !self.is(",") && !self.is(bracket) {
                self.expected(&format!("`,` or `{bracket}`"));
                self.skip();
            }
            if self.eat(",") {
                if trailing && self.eat(bracket) {
                    return elements;
                }
            } else {
                // Another bracket than ours belongs to somebody outside.
                self.eat(bracket);
                return elements;
            }
        }
    }

    pub(super) fn arguments(&mut self) -> Vec<Node> {
        self.series(")", false, Parser::expression)
    }

    pub(super) fn entries(&mut self, message: bool) -> Vec<Entry> {
        self.series("}", true, |parser| {
            let optional = parser.eat("?");
            let token = parser.peek().clone();
            let field = matches!(token.kind, TokenKind::Ident | TokenKind::Quoted);
            let key = if message && field {
                parser.bump();
                let name = parser.slice(&token).trim_matches('`').to_owned();
                Node::new(token.range, Kind::Ident { name, absolute: false })
            } else {
                parser.expression()
            };
            let value = if parser.eat(":") {
                parser.expression()
            } else {
                parser.expected("`:` and a value");
                let range = parser.peek().range.clone();
                parser.skip();
                Node::new(range, Kind::Error)
            };
            Entry { key, value, optional }
        })
    }

    pub(super) fn primary(&mut self, negative: Option<usize>) -> Node {
        let token = self.peek().clone();
        match token.kind {
            TokenKind::Int | TokenKind::Uint | TokenKind::Double | TokenKind::String | TokenKind::Bytes => {
                self.bump();
                self.literal(&token, negative)
            }
            TokenKind::Ident => self.name(false),
            TokenKind::Punct(".") => {
                self.bump();
                if self.peek().kind == TokenKind::Ident {
                    return self.name(true);
                }
                self.missing()
            }
            TokenKind::Punct("(") => {
                self.bump();
                let mut inner = self.expression();
                self.close(")");
                inner.range = token.range.start..self.last_end().max(token.range.end);
                // `(a.b){}` is no message: the parentheses end the name.
                inner
            }
            TokenKind::Punct("[") => {
                self.bump();
                let items = self.series("]", true, |parser| {
                    let optional = parser.eat("?");
                    Item { value: parser.expression(), optional }
                });
                self.node(token.range.start..self.last_end(), Kind::List(items))
            }
            TokenKind::Punct("{") => {
                self.bump();
                let entries = self.entries(false);
                self.node(token.range.start..self.last_end(), Kind::Map(entries))
            }
            _ => self.missing(),
        }
    }

    fn missing(&mut self) -> Node {
        let token = self.peek().clone();
        if self.nesting == 1 && self.at == 0 && token.kind == TokenKind::End {
            self.report(CelError::new(token.range.clone(), "the expression is empty"));
        } else {
            self.expected("a value");
        }
        // Closing brackets and commas belong to somebody; anything else would be met again.
        if !matches!(token.kind, TokenKind::Punct("," | ")" | "]" | "}" | ":" | "?") | TokenKind::End) {
            self.bump();
        }
        Node::new(token.range, Kind::Error)
    }

    fn name(&mut self, absolute: bool) -> Node {
        let token = self.bump();
        let name = self.slice(&token).to_owned();
        let start = if absolute { token.range.start.saturating_sub(1) } else { token.range.start };
        let kind = match name.as_str() {
            "true" if !absolute => Kind::Bool(true),
            "false" if !absolute => Kind::Bool(false),
            "null" if !absolute => Kind::Null,
            _ => Kind::Ident { name: name.clone(), absolute },
        };
        if RESERVED.contains(&name.as_str()) || name == "in" {
            self.report(CelError::new(token.range.clone(), format!("`{name}` is a reserved word of CEL")));
            return Node::new(token.range, Kind::Error);
        }
        if matches!(kind, Kind::Ident { .. }) && self.eat("(") {
            let text = if absolute { format!(".{name}") } else { name };
            let function = Name { text, range: token.range };
            let args = self.arguments();
            return self.node(start..self.last_end(), Kind::Call { receiver: None, function, args });
        }
        Node::new(start..token.range.end, kind)
    }

    fn literal(&mut self, token: &Token, negative: Option<usize>) -> Node {
        let spelling = self.slice(token);
        let kind = match token.kind {
            TokenKind::Int => literal::int(spelling, negative.is_some()).map(Kind::Int),
            TokenKind::Uint => literal::uint(spelling).map(Kind::Uint),
            TokenKind::Double => {
                let spelling = if negative.is_some() { format!("-{spelling}") } else { spelling.to_owned() };
                // The lexer takes only what `f64` reads; a value too large becomes infinite, which CEL refuses.
                match spelling.parse::<f64>() {
                    Ok(value) if value.is_finite() => Ok(Kind::Double(value, spelling)),
                    _ => Err((0..token.range.len(), "this number does not fit a double".to_owned())),
                }
            }
            TokenKind::String => literal::string(spelling).map(Kind::String),
            _ => literal::bytes(spelling).map(Kind::Bytes),
        };
        let range = negative.unwrap_or(token.range.start)..token.range.end;
        match kind {
            Ok(kind) => Node::new(range, kind),
            Err((at, message)) => {
                let at = token.range.start + at.start..token.range.start + at.end;
                self.report(CelError::new(at, message));
                Node::new(range, Kind::Error)
            }
        }
    }
}
