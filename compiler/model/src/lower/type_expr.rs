//! Type expressions, as text (`list<User>?`) or as a mapping for a record.
//!
//! It does not know whether a named type exists.

use conductor_protocol::types::Type;
use conductor_source::{Diagnostic, Edit, Safety, Span};
use conductor_syntax::{Entry, Kind, Node, Scalar};

use super::{BAD_TYPE, Context, value, words};
use crate::types::{TypeExpr, TypeExprKind};

/// How deep a type may be nested.
const MAX_DEPTH: usize = 32;

const BUILTIN: &[(&str, Type)] = &[
    ("null", Type::Null),
    ("bool", Type::Bool),
    ("int", Type::Int),
    ("float", Type::Float),
    ("decimal", Type::Decimal),
    ("string", Type::String),
    ("bytes", Type::Bytes),
    ("timestamp", Type::Timestamp),
    ("date", Type::Date),
    ("duration", Type::Duration),
    ("uuid", Type::Uuid),
    ("any", Type::Any),
];

/// The names of the built-in types.
pub(crate) fn names() -> Vec<&'static str> {
    words::names(BUILTIN)
}

/// What other languages call the built-in types.
const FOREIGN: &[(&str, &str)] = &[
    ("str", "string"),
    ("text", "string"),
    ("integer", "int"),
    ("long", "int"),
    ("number", "float"),
    ("double", "float"),
    ("boolean", "bool"),
    ("datetime", "timestamp"),
    ("object", "any"),
    ("dict", "map<string, any>"),
    ("list", "list<any>"),
    ("array", "list<any>"),
    ("map", "map<string, any>"),
    ("None", "null"),
    ("Decimal", "decimal"),
];

pub(super) fn lower(context: &mut Context, node: &Node, key: Span) -> TypeExpr {
    let kind = match &node.kind {
        Kind::String(scalar) => return parse(context, scalar),
        Kind::Map(entries) => record(context, entries),
        // `null` is a type, but YAML reads the word as nothing at all.
        Kind::Null if node.span.start < node.span.end => TypeExprKind::Builtin(Type::Null),
        _ => {
            value::wrong_kind(context, node, key, "a type");
            TypeExprKind::Broken
        }
    };
    TypeExpr { kind, span: node.span }
}

pub(super) fn broken(span: Span) -> TypeExpr {
    TypeExpr { kind: TypeExprKind::Broken, span }
}

fn record(context: &mut Context, entries: &[Entry]) -> TypeExprKind {
    let field = |entry: &Entry| (entry.key.text.clone(), lower(context, &entry.value, entry.key.span));
    TypeExprKind::Record(entries.iter().map(field).collect())
}

/// Parses a type; a mistake is reported and gives a broken type.
fn parse(context: &mut Context, scalar: &Scalar) -> TypeExpr {
    let mut parser = Parser { scalar, at: 0, depth: 0 };
    let parsed = parser.union().and_then(|ty| {
        parser.blanks();
        if parser.rest().is_empty() { Ok(ty) } else { Err(parser.problem("nothing more is expected here")) }
    });
    parsed.unwrap_or_else(|diagnostic| {
        context.report(*diagnostic);
        broken(scalar.span)
    })
}

struct Parser<'a> {
    scalar: &'a Scalar,
    at: usize,
    depth: usize,
}

type Parsed = Result<TypeExpr, Box<Diagnostic>>;

impl Parser<'_> {
    /// `postfix ('|' postfix)*`
    fn union(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.problem("this type is nested too deep"));
        }
        self.blanks();
        let start = self.at;
        let mut members = vec![self.postfix()?];
        while self.eat('|') {
            members.push(self.postfix()?);
        }
        self.depth -= 1;
        match members.pop() {
            Some(only) if members.is_empty() => Ok(only),
            last => {
                members.extend(last);
                Ok(self.expr(start, TypeExprKind::Union(members)))
            }
        }
    }

    fn postfix(&mut self) -> Parsed {
        self.blanks();
        let start = self.at;
        let mut ty = self.primary()?;
        let mut optional = false;
        while self.eat('?') {
            optional = true;
        }
        if optional {
            ty = self.expr(start, TypeExprKind::Optional(Box::new(ty)));
        }
        Ok(ty)
    }

    fn primary(&mut self) -> Parsed {
        if self.eat('(') {
            let inner = self.union()?;
            self.expect(')')?;
            return Ok(inner);
        }
        let start = self.at;
        if self.eat('{') {
            return self.fields(start);
        }
        let name = self.name();
        match name.as_str() {
            "" => Err(self.problem("expected a type")),
            "list" if self.eat('<') => {
                let item = self.union()?;
                self.expect('>')?;
                Ok(self.expr(start, TypeExprKind::List(Box::new(item))))
            }
            "map" if self.eat('<') => self.map(start),
            name => self.named(start, name),
        }
    }

    fn map(&mut self, start: usize) -> Parsed {
        self.blanks();
        let key_start = self.at;
        if self.name() != "string" {
            self.at = key_start;
            return Err(self.problem("the keys of a map are strings: `map<string, T>`"));
        }
        self.expect(',')?;
        let item = self.union()?;
        self.expect('>')?;
        Ok(self.expr(start, TypeExprKind::Map(Box::new(item))))
    }

    fn fields(&mut self, start: usize) -> Parsed {
        let mut fields: Vec<(String, TypeExpr)> = Vec::new();
        while !self.eat('}') {
            if !fields.is_empty() {
                self.expect(',')?;
            }
            self.blanks();
            let at = self.at;
            let name = self.name();
            if name.is_empty() || fields.iter().any(|(other, _)| *other == name) {
                self.at = at;
                return Err(self.problem("expected the name of another field"));
            }
            self.expect(':')?;
            fields.push((name, self.union()?));
        }
        Ok(self.expr(start, TypeExprKind::Record(fields)))
    }

    fn named(&mut self, start: usize, name: &str) -> Parsed {
        if let Some((_, ty)) = BUILTIN.iter().find(|(word, _)| *word == name) {
            return Ok(self.expr(start, TypeExprKind::Builtin(ty.clone())));
        }
        let span = self.scalar.span_of(start..self.at);
        if self.rest().starts_with(['<', '[']) {
            let message = format!(
                "`{name}` takes no parameters; those with parameters are `list<T>` and `map<string, T>`"
            );
            return Err(Box::new(Diagnostic::error(BAD_TYPE, message, span, "")));
        }
        let foreign = FOREIGN.iter().find(|(word, _)| *word == name).map(|(_, ours)| *ours);
        let typo = || words::nearest(name, BUILTIN.iter().map(|(word, _)| *word));
        let lower_case = !name.contains('.') && name.starts_with(|first: char| first.is_lowercase());
        if let Some(meant) = foreign.or_else(|| if lower_case { typo() } else { None }) {
            let diagnostic = Diagnostic::error(BAD_TYPE, format!("there is no type `{name}`"), span, "");
            // A comma would end the value where the type stands inside braces.
            return Err(Box::new(if meant.contains(',') {
                diagnostic.help(format!("did you mean `{meant}`?"))
            } else {
                let edit = Edit { span, text: meant.to_owned() };
                diagnostic.fix(format!("did you mean `{meant}`?"), Safety::Safe, vec![edit])
            }));
        }
        Ok(self.expr(start, TypeExprKind::Name(name.to_owned())))
    }

    /// A name, perhaps with dots; empty where none stands here.
    fn name(&mut self) -> String {
        self.blanks();
        let rest = self.rest();
        let end = rest
            .find(|next: char| !(next.is_alphanumeric() || next == '_' || next == '.'))
            .unwrap_or(rest.len());
        let name = rest[..end].trim_end_matches('.').to_owned();
        if name.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
            return String::new();
        }
        self.at += name.len();
        name
    }

    fn eat(&mut self, wanted: char) -> bool {
        self.blanks();
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn expect(&mut self, wanted: char) -> Result<(), Box<Diagnostic>> {
        if self.eat(wanted) { Ok(()) } else { Err(self.problem(&format!("expected `{wanted}`"))) }
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn rest(&self) -> &str {
        &self.scalar.text[self.at..]
    }

    fn expr(&self, start: usize, kind: TypeExprKind) -> TypeExpr {
        TypeExpr { kind, span: self.scalar.span_of(start..self.at) }
    }

    fn problem(&self, what: &str) -> Box<Diagnostic> {
        let next = self.rest().chars().next().map_or(0, char::len_utf8);
        let span = if next == 0 { self.scalar.span } else { self.scalar.span_of(self.at..self.at + next) };
        let message = format!("`{}` is no type", self.scalar.text);
        Box::new(
            Diagnostic::error(BAD_TYPE, message, span, what)
                .note("types are null, bool, int, float, decimal, string, bytes, timestamp, date, duration, uuid, any, list<T>, map<string, T>, {field: T}, T?, T | U and the classes of the code"),
        )
    }
}
