//! Expressions of a Plan as a manifest would write them, for people.
//!
//! It knows CEL's operators and their ranks, not what was written: conversions that the checker added are left out.

use crate::expr::{BinaryOp, Comprehension, Expr, Literal, Node, UnaryOp};
use crate::types::Type;

/// `10`, `"text"`, `Hello ${name}` or `${fetch_user.email}`.
#[must_use]
pub fn value(expr: &Expr) -> String {
    match &expr.node {
        Node::Literal(literal) => spelled(literal),
        Node::Convert(inner) => value(inner),
        Node::Interpolate(parts) => parts.iter().map(part).collect(),
        _ => format!("${{{}}}", cel(expr, 0)),
    }
}

/// As it stands inside of `${}`: `amount > 1000`.
#[must_use]
pub fn expression(expr: &Expr) -> String {
    cel(expr, 0)
}

fn part(part: &Expr) -> String {
    match &part.node {
        Node::Literal(Literal::String(text)) => text.replace("${", "$${"),
        _ => format!("${{{}}}", cel(part, 0)),
    }
}

fn spelled(literal: &Literal) -> String {
    match literal {
        Literal::Null => "null".to_owned(),
        Literal::Bool(value) => value.to_string(),
        Literal::Int(value) => value.to_string(),
        Literal::Float(value) => format!("{value:?}"),
        Literal::Decimal(digits) => digits.clone(),
        Literal::String(text) => quoted(text),
        Literal::Bytes(bytes) => format!("b{}", quoted(&String::from_utf8_lossy(bytes))),
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A type as a manifest writes it, classes with their modules: `shop.User?`, `list<int>`.
#[must_use]
pub fn qualified(ty: &Type) -> String {
    match ty {
        Type::List(item) => format!("list<{}>", qualified(item)),
        Type::Map(item) => format!("map<string, {}>", qualified(item)),
        Type::Record(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, field)| format!("{name}: {}", qualified(field))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        Type::Optional(inner) if matches!(**inner, Type::Union(_)) => format!("{} | null", qualified(inner)),
        Type::Optional(inner) => format!("{}?", qualified(inner)),
        Type::Union(members) => members.iter().map(qualified).collect::<Vec<_>>().join(" | "),
        Type::Named(name) => name.to_string(),
        plain => plain.to_string(),
    }
}

/// In parentheses where it binds less than `rank`.
fn cel(expr: &Expr, rank: u8) -> String {
    let list = |items: &[Expr]| items.iter().map(|item| cel(item, 0)).collect::<Vec<_>>().join(", ");
    match &expr.node {
        Node::Literal(literal) => spelled(literal),
        Node::Input(name) => format!("input.{name}"),
        Node::Step(name) | Node::Variable(name) => name.clone(),
        Node::RunId => "run.id".to_owned(),
        Node::Env(name) => format!("env.{name}"),
        Node::Field { of, name } => format!("{}.{name}", cel(of, PRIMARY)),
        Node::Index { of, index } => format!("{}[{}]", cel(of, PRIMARY), cel(index, 0)),
        Node::Has { of, name } => format!("has({}.{name})", cel(of, PRIMARY)),
        Node::List(items) => format!("[{}]", list(items)),
        Node::Record(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, field)| format!("{}: {}", quoted(name), cel(field, 0))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        Node::Entries(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{}: {}", cel(key, 0), cel(value, 0))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Node::Unary { op, operand } => {
            let sign = match op {
                UnaryOp::Not => "!",
                UnaryOp::Negate => "-",
            };
            wrapped(format!("{sign}{}", cel(operand, UNARY)), UNARY, rank)
        }
        Node::Binary { op, left, right } => {
            let (sign, own) = binary(*op);
            wrapped(format!("{} {sign} {}", cel(left, own), cel(right, own + 1)), own, rank)
        }
        Node::Conditional { test, then, otherwise } => {
            let text = format!("{} ? {} : {}", cel(test, 2), cel(then, 2), cel(otherwise, 1));
            wrapped(text, 1, rank)
        }
        Node::Call { function, args } => format!("{function}({})", list(args)),
        Node::Comprehension { kind, over, variables, filter, body } => {
            let filter = filter.as_ref().map(|filter| cel(filter, 0));
            let parts = variables.iter().cloned().chain(filter).chain([cel(body, 0)]);
            format!(
                "{}.{}({})",
                cel(over, PRIMARY),
                comprehension(*kind),
                parts.collect::<Vec<_>>().join(", ")
            )
        }
        Node::Bind { name, value, body } => format!("cel.bind({name}, {}, {})", cel(value, 0), cel(body, 0)),
        Node::Interpolate(parts) => {
            let parts: Vec<String> = parts.iter().map(|part| cel(part, 6)).collect();
            wrapped(parts.join(" + "), 5, rank)
        }
        Node::Convert(inner) => cel(inner, rank),
    }
}

const UNARY: u8 = 7;
const PRIMARY: u8 = 8;

fn wrapped(text: String, own: u8, rank: u8) -> String {
    if own < rank { format!("({text})") } else { text }
}

fn binary(op: BinaryOp) -> (&'static str, u8) {
    match op {
        BinaryOp::Or => ("||", 2),
        BinaryOp::And => ("&&", 3),
        BinaryOp::Equal => ("==", 4),
        BinaryOp::NotEqual => ("!=", 4),
        BinaryOp::Less => ("<", 4),
        BinaryOp::LessOrEqual => ("<=", 4),
        BinaryOp::Greater => (">", 4),
        BinaryOp::GreaterOrEqual => (">=", 4),
        BinaryOp::In => ("in", 4),
        BinaryOp::Add => ("+", 5),
        BinaryOp::Subtract => ("-", 5),
        BinaryOp::Multiply => ("*", 6),
        BinaryOp::Divide => ("/", 6),
        BinaryOp::Modulo => ("%", 6),
    }
}

fn comprehension(kind: Comprehension) -> &'static str {
    match kind {
        Comprehension::All => "all",
        Comprehension::Exists => "exists",
        Comprehension::ExistsOne => "existsOne",
        Comprehension::Filter => "filter",
        Comprehension::Map => "map",
        Comprehension::TransformMap => "transformMap",
        Comprehension::TransformEntries => "transformMapEntry",
    }
}
