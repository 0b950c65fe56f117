//! What is known not to be null once a condition holds, or does not.
//!
//! It knows checked expressions only, so that a condition of another place, such as `when`, teaches as much as one here.

use conductor_protocol::expr::{BinaryOp, Expr, Literal, Node, UnaryOp};
use conductor_protocol::types::Type;

/// The spelling of a value that cannot change between two looks at it: `input.user`, `fetch.items`.
pub(super) fn path(expr: &Expr) -> Option<String> {
    match &expr.node {
        Node::Variable(name) => Some(name.clone()),
        _ => spelled(expr, path),
    }
}

/// The path as what is known of it is kept: a variable is told from a step of the same name.
pub(super) fn key(expr: &Expr) -> Option<String> {
    match &expr.node {
        Node::Variable(name) => Some(of_variable(name)),
        _ => spelled(expr, key),
    }
}

/// What the keys of a variable begin with.
pub(super) fn of_variable(name: &str) -> String {
    format!("${name}")
}

fn spelled(expr: &Expr, owner: fn(&Expr) -> Option<String>) -> Option<String> {
    Some(match &expr.node {
        Node::Input(name) => format!("input.{name}"),
        Node::Step(id) => id.clone(),
        Node::Field { of, name } => format!("{}.{name}", owner(of)?),
        Node::Index { of, index } => match &index.node {
            Node::Literal(Literal::String(key)) => format!("{}[{key:?}]", owner(of)?),
            Node::Literal(Literal::Int(at)) => format!("{}[{at}]", owner(of)?),
            _ => return None,
        },
        Node::Convert(inner) => owner(inner)?,
        _ => return None,
    })
}

/// The keys of what is not null where `expr` is `holds`.
pub(super) fn learned(expr: &Expr, holds: bool) -> Vec<String> {
    match &expr.node {
        Node::Unary { op: UnaryOp::Not, operand } => learned(operand, !holds),
        Node::Binary { op, left, right } => from_binary(*op, left, right, holds),
        Node::Has { of, name } if holds => match key(of) {
            Some(owner) => vec![format!("{owner}.{name}"), owner],
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn from_binary(op: BinaryOp, left: &Expr, right: &Expr, holds: bool) -> Vec<String> {
    match (op, holds) {
        (BinaryOp::And, true) | (BinaryOp::Or, false) => {
            let mut both = learned(left, holds);
            both.extend(learned(right, holds));
            both
        }
        (BinaryOp::And, false) | (BinaryOp::Or, true) => {
            let other = learned(right, holds);
            learned(left, holds).into_iter().filter(|key| other.contains(key)).collect()
        }
        (BinaryOp::NotEqual, true) | (BinaryOp::Equal, false) => match (is_null(left), is_null(right)) {
            (false, true) => key(left).into_iter().collect(),
            (true, false) => key(right).into_iter().collect(),
            _ => Vec::new(),
        },
        // What equals a value that is not null is not null.
        (BinaryOp::Equal, true) | (BinaryOp::NotEqual, false) => match (nullable(left), nullable(right)) {
            (true, false) => key(left).into_iter().collect(),
            (false, true) => key(right).into_iter().collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr.node, Node::Literal(Literal::Null))
}

fn nullable(expr: &Expr) -> bool {
    expr.ty == Type::Null || expr.ty.is_nullable()
}
