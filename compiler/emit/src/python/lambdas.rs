//! Whether statements hold a lambda: in a loop it would see what later iterations make of its variables, and linters
//! refuse it there.
//!
//! It knows the tree of Python and no Plan.

use super::tree::{Py, Stmt};

/// Whether a lambda stands anywhere in the statements.
pub fn are_in(body: &[Stmt]) -> bool {
    body.iter().any(|statement| {
        expressions(statement).into_iter().any(is_in) || blocks(statement).into_iter().any(are_in)
    })
}

pub fn blocks(statement: &Stmt) -> Vec<&[Stmt]> {
    match statement {
        Stmt::If { body, otherwise, .. } => vec![body, otherwise],
        Stmt::While { body, .. } | Stmt::With { body, .. } | Stmt::BlockingWith { body, .. } => vec![body],
        Stmt::Try { body, handler, otherwise, .. } => vec![body, handler, otherwise],
        Stmt::Finally { body, last } => vec![body, last],
        _ => Vec::new(),
    }
}

pub fn expressions(statement: &Stmt) -> Vec<&Py> {
    match statement {
        Stmt::Expr(value) | Stmt::Assign { value, .. } | Stmt::Add { value, .. } => vec![value],
        Stmt::Return(value) => value.iter().collect(),
        Stmt::Raise { error, .. } => vec![error],
        Stmt::If { test, .. } | Stmt::While { test, .. } => vec![test],
        Stmt::With { context, .. } | Stmt::BlockingWith { context, .. } => vec![context],
        _ => Vec::new(),
    }
}

/// Whether the expression is one or holds one.
pub fn is_in(value: &Py) -> bool {
    match value {
        Py::Lambda { .. } => true,
        Py::Atom(_) => false,
        Py::Attr(of, _) | Py::Await(of) | Py::Unary(_, of) => is_in(of),
        Py::Index(left, right) | Py::Binary { left, right, .. } => is_in(left) || is_in(right),
        Py::Call { callee, args } => is_in(callee) || args.iter().any(|arg| is_in(&arg.value)),
        Py::List(items) | Py::Tuple(items) => items.iter().any(is_in),
        Py::Dict(items) => items.iter().any(|(key, value)| is_in(key) || is_in(value)),
        Py::Comprehension(made) => {
            let optional = made.key.as_deref().into_iter().chain(made.filter.as_deref());
            is_in(&made.item) || is_in(&made.source) || optional.into_iter().any(is_in)
        }
        Py::Conditional { test, then, otherwise } => is_in(test) || is_in(then) || is_in(otherwise),
    }
}
