//! Names that nobody reads are not given, and what nothing reaches is not written: a step that ends the run hides what is behind
//! it, and what reads what is before it.
//!
//! It knows the tree only.

use super::mentions::in_statements;
use super::tree::{Pattern, Stmt};
use super::workflow::ends_function;

/// The statements without such names.
pub fn tidied(mut statements: Vec<Stmt>) -> Vec<Stmt> {
    // Nothing reaches what stands behind an end.
    if let Some(end) = statements.iter().position(ends_function) {
        statements.truncate(end + 1);
    }
    let mut kept: Vec<Stmt> = Vec::new();
    while let Some(statement) = statements.pop() {
        let is_read = |name: &String| in_statements(&kept, name);
        let statement = match inside(statement) {
            Stmt::Const { pattern, ty, value } => match read(pattern, &is_read) {
                Some(pattern) => Stmt::Const { pattern, ty, value },
                None => Stmt::Expr(value),
            },
            other => other,
        };
        kept.insert(0, statement);
    }
    kept
}

/// The pattern as far as its names are read.
fn read(pattern: Pattern, is_read: &impl Fn(&String) -> bool) -> Option<Pattern> {
    match pattern {
        Pattern::Name(name) => is_read(&name).then_some(Pattern::Name(name)),
        Pattern::Object(mut pairs) => {
            pairs.retain(|(_, name)| is_read(name));
            (!pairs.is_empty()).then_some(Pattern::Object(pairs))
        }
        Pattern::Array(names) => {
            let mut names: Vec<Option<String>> =
                names.into_iter().map(|name| name.filter(|name| is_read(name))).collect();
            while names.last() == Some(&None) {
                names.pop();
            }
            (!names.is_empty()).then_some(Pattern::Array(names))
        }
    }
}

fn inside(statement: Stmt) -> Stmt {
    match statement {
        Stmt::If { test, body, otherwise } => {
            Stmt::If { test, body: tidied(body), otherwise: tidied(otherwise) }
        }
        Stmt::While { test, body } => Stmt::While { test, body: tidied(body) },
        Stmt::Count { name, from, test, body } => Stmt::Count { name, from, test, body: tidied(body) },
        Stmt::Try { body, handler, finally } => Stmt::Try {
            body: tidied(body),
            handler: handler.map(|(name, body)| (name, tidied(body))),
            finally: tidied(finally),
        },
        other => other,
    }
}
