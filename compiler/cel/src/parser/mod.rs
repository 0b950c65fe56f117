//! Tokens to a tree, by precedence climbing.
//!
//! It never fails: what cannot be read becomes [`Kind::Error`], with an error beside it. It does not know which names or
//! functions exist.

mod primary;

use std::ops::Range;

use crate::ast::{Ast, BinaryOp, Kind, Name, Node, UnaryOp};
use crate::error::CelError;
use crate::lexer::{Lexer, Token, TokenKind};

/// The deepest tree that is built; deeper text is an error.
pub const MAX_DEPTH: usize = 250;
/// The longest expression in bytes.
pub const MAX_LENGTH: usize = 64 * 1024;
/// More errors than this help nobody.
const MAX_ERRORS: usize = 20;

/// Parses an expression; ranges are bytes of `text`.
#[must_use]
pub fn parse(text: &str) -> (Ast, Vec<CelError>) {
    parse_range(text, 0..text.len())
}

/// Parses the expression at `range` of `text`; ranges are bytes of the whole `text`.
#[must_use]
pub fn parse_range(text: &str, range: Range<usize>) -> (Ast, Vec<CelError>) {
    if range.len() > MAX_LENGTH {
        let error =
            CelError::new(range.clone(), format!("this expression is longer than {MAX_LENGTH} bytes"));
        return (Ast { root: Node::new(range, Kind::Error) }, vec![error]);
    }
    let mut lexer = Lexer::new(text, range);
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next();
        let end = token.kind == TokenKind::End;
        tokens.push(token);
        if end {
            break;
        }
    }
    let mut errors = lexer.errors;
    let mut parser =
        Parser { text, tokens, at: 0, nesting: 0, gave_up: !errors.is_empty(), errors: Vec::new() };
    if errors.is_empty() {
        let root = parser.whole();
        return (Ast { root }, parser.errors);
    }
    // What the lexer refused confuses the parser: its tree is kept, its follow-on errors are not.
    let root = parser.whole();
    errors.truncate(MAX_ERRORS);
    (Ast { root }, errors)
}

struct Parser<'t> {
    text: &'t str,
    /// Never empty: the last one is `End`.
    tokens: Vec<Token>,
    at: usize,
    nesting: usize,
    errors: Vec<CelError>,
    /// Nothing more is reported.
    gave_up: bool,
}

impl Parser<'_> {
    fn whole(&mut self) -> Node {
        let root = self.expression();
        let token = self.peek().clone();
        if token.kind != TokenKind::End {
            let text = &self.text[token.range.clone()];
            let error =
                CelError::new(token.range.clone(), format!("`{text}` is not expected after the expression"));
            self.report(match text {
                "and" => error.help("write `&&` for \"and\""),
                "or" => error.help("write `||` for \"or\""),
                _ => error,
            });
        }
        root
    }

    fn peek(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    fn bump(&mut self) -> Token {
        let token = self.peek().clone();
        if token.kind != TokenKind::End {
            self.at += 1;
        }
        token
    }

    fn is(&self, punct: &str) -> bool {
        matches!(self.peek().kind, TokenKind::Punct(spelling) if spelling == punct)
    }

    fn eat(&mut self, punct: &str) -> bool {
        let found = self.is(punct);
        if found {
            self.bump();
        }
        found
    }

    fn slice(&self, token: &Token) -> &str {
        self.text.get(token.range.clone()).unwrap_or("")
    }

    fn report(&mut self, error: CelError) {
        let follows = self.errors.last().is_some_and(|last| last.range.start == error.range.start);
        if !self.gave_up && !follows && self.errors.len() < MAX_ERRORS {
            self.errors.push(error);
        }
    }

    /// Ends the parse: the rest of the text is not looked at.
    fn give_up(&mut self, error: CelError) {
        self.report(error);
        self.gave_up = true;
        self.at = self.tokens.len() - 1;
    }

    /// A node, unless the tree would be too deep.
    fn node(&mut self, range: Range<usize>, kind: Kind) -> Node {
        let node = Node::new(range, kind);
        if node.depth() <= MAX_DEPTH {
            return node;
        }
        self.too_deep(node.range)
    }

    fn too_deep(&mut self, range: Range<usize>) -> Node {
        self.give_up(
            CelError::new(range.clone(), format!("this expression is nested more than {MAX_DEPTH} deep"))
                .help("split it over several steps"),
        );
        Node::new(range, Kind::Error)
    }

    fn expression(&mut self) -> Node {
        if self.nesting >= MAX_DEPTH {
            let range = self.peek().range.clone();
            return self.too_deep(range);
        }
        self.nesting += 1;
        let node = self.conditional();
        self.nesting -= 1;
        node
    }

    fn conditional(&mut self) -> Node {
        let test = self.binary(1);
        if !self.eat("?") {
            return test;
        }
        let then = self.binary(1);
        if !self.eat(":") {
            self.expected("`:` and the value for when the test does not hold");
            return test;
        }
        let otherwise = self.expression();
        let range = test.range.start..otherwise.range.end;
        self.node(
            range,
            Kind::Conditional { test: Box::new(test), then: Box::new(then), otherwise: Box::new(otherwise) },
        )
    }

    fn expected(&mut self, what: &str) {
        let token = self.peek().clone();
        let found = if token.kind == TokenKind::End {
            "the expression ends here".to_owned()
        } else {
            format!("found `{}`", self.slice(&token))
        };
        self.report(CelError::new(token.range, format!("expected {what}, but {found}")));
    }

    fn operator(&self) -> Option<(BinaryOp, u8)> {
        let token = self.peek();
        let spelling = match token.kind {
            TokenKind::Punct(spelling) => spelling,
            TokenKind::Ident => self.slice(token),
            _ => return None,
        };
        Some(match spelling {
            "||" => (BinaryOp::Or, 1),
            "&&" => (BinaryOp::And, 2),
            "==" => (BinaryOp::Equal, 3),
            "!=" => (BinaryOp::NotEqual, 3),
            "<" => (BinaryOp::Less, 3),
            "<=" => (BinaryOp::LessOrEqual, 3),
            ">" => (BinaryOp::Greater, 3),
            ">=" => (BinaryOp::GreaterOrEqual, 3),
            "in" => (BinaryOp::In, 3),
            "+" => (BinaryOp::Add, 4),
            "-" => (BinaryOp::Subtract, 4),
            "*" => (BinaryOp::Multiply, 5),
            "/" => (BinaryOp::Divide, 5),
            "%" => (BinaryOp::Modulo, 5),
            _ => return None,
        })
    }

    /// Operators that bind at least as tight as `least`.
    fn binary(&mut self, least: u8) -> Node {
        let mut left = self.unary();
        while let Some((op, tightness)) = self.operator().filter(|(_, tightness)| *tightness >= least) {
            let mut operands = vec![left];
            // `&&` and `||` are associative: a long chain becomes a flat tree.
            let joins = matches!(op, BinaryOp::And | BinaryOp::Or);
            loop {
                self.bump();
                operands.push(self.binary(tightness + 1));
                if !joins || self.operator().is_none_or(|(next, _)| next != op) {
                    break;
                }
            }
            left = self.balance(op, operands);
        }
        left
    }

    fn balance(&mut self, op: BinaryOp, mut operands: Vec<Node>) -> Node {
        while operands.len() > 1 {
            let mut pairs = Vec::with_capacity(operands.len().div_ceil(2));
            let mut rest = operands.into_iter();
            while let Some(left) = rest.next() {
                pairs.push(match rest.next() {
                    Some(right) => {
                        let range = left.range.start..right.range.end;
                        self.node(range, Kind::Binary { op, left: Box::new(left), right: Box::new(right) })
                    }
                    None => left,
                });
            }
            operands = pairs;
        }
        operands.pop().unwrap_or_else(|| Node::new(0..0, Kind::Error))
    }

    fn unary(&mut self) -> Node {
        let mut signs = Vec::new();
        loop {
            let token = self.peek().clone();
            let op = match token.kind {
                TokenKind::Punct("!") => UnaryOp::Not,
                TokenKind::Punct("-") => UnaryOp::Negate,
                _ => break,
            };
            self.bump();
            signs.push((op, token.range.start));
        }
        // A minus before a number belongs to the literal, so that the smallest int can be written.
        let number = matches!(self.peek().kind, TokenKind::Int | TokenKind::Double);
        let negative = match signs.last() {
            Some((UnaryOp::Negate, start)) if number => Some(*start),
            _ => None,
        };
        if negative.is_some() {
            signs.pop();
        }
        let mut node = self.member(negative);
        for (op, start) in signs.into_iter().rev() {
            let range = start..node.range.end;
            node = self.node(range, Kind::Unary { op, operand: Box::new(node) });
        }
        node
    }

    fn member(&mut self, negative: Option<usize>) -> Node {
        let mut node = self.primary(negative);
        loop {
            node = if self.eat(".") {
                self.select(node)
            } else if self.eat("[") {
                self.index(node)
            } else if self.is("{") && node.dotted().is_some() {
                self.message(&node)
            } else {
                return node;
            };
        }
    }

    fn select(&mut self, of: Node) -> Node {
        let optional = self.eat("?");
        let token = self.peek().clone();
        if !matches!(token.kind, TokenKind::Ident | TokenKind::Quoted) || self.slice(&token) == "in" {
            self.expected("the name of a field after `.`");
            return of;
        }
        self.bump();
        let field =
            Name { text: self.slice(&token).trim_matches('`').to_owned(), range: token.range.clone() };
        let start = of.range.start;
        if !optional && token.kind == TokenKind::Ident && self.eat("(") {
            let args = self.arguments();
            return self.node(
                start..self.last_end(),
                Kind::Call { receiver: Some(Box::new(of)), function: field, args },
            );
        }
        self.node(start..token.range.end, Kind::Select { of: Box::new(of), field, optional })
    }

    fn index(&mut self, of: Node) -> Node {
        let optional = self.eat("?");
        let index = self.expression();
        self.close("]");
        let range = of.range.start..self.last_end();
        self.node(range, Kind::Index { of: Box::new(of), index: Box::new(index), optional })
    }

    fn message(&mut self, of: &Node) -> Node {
        let start = of.range.start;
        let absolute = self.text.get(start..).is_some_and(|rest| rest.starts_with('.'));
        let name =
            format!("{}{}", if absolute { "." } else { "" }, of.dotted().unwrap_or_default().join("."));
        self.bump();
        let fields = self.entries(true);
        self.node(start..self.last_end(), Kind::Message { name, fields })
    }

    fn last_end(&self) -> usize {
        self.at.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(0, |token| token.range.end)
    }

    /// The closing bracket; what stands before it and does not belong is skipped.
    fn close(&mut self, bracket: &'static str) {
        if self.eat(bracket) {
            return;
        }
        self.expected(&format!("`{bracket}`"));
        self.skip();
        self.eat(bracket);
    }

    /// Skips to the next `,` or closing bracket of this nesting.
    fn skip(&mut self) {
        let mut open = 0usize;
        loop {
            match self.peek().kind {
                TokenKind::End => return,
                TokenKind::Punct("," | ")" | "]" | "}") if open == 0 => return,
                TokenKind::Punct("(" | "[" | "{") => open += 1,
                TokenKind::Punct(")" | "]" | "}") => open -= 1,
                _ => {}
            }
            self.bump();
        }
    }
}
