//! Expressions on one line, with the parentheses that they need and no others.
//!
//! It knows how tightly operators bind, and nothing of the width of a line.

use super::tree::{Comprehension, Py, Unary};

/// The expression on one line.
pub fn flat(value: &Py) -> String {
    match value {
        Py::Atom(text) => text.clone(),
        Py::Attr(of, name) => format!("{}.{name}", within(of, 11)),
        Py::Index(of, index) => format!("{}[{}]", within(of, 11), flat(index)),
        Py::Call { callee, args } => {
            format!(
                "{}({})",
                within(callee, 11),
                join(args, |arg| match arg.name.as_deref() {
                    None => flat(&arg.value),
                    Some("**") => format!("**{}", flat(&arg.value)),
                    Some(name) => format!("{name}={}", flat(&arg.value)),
                })
            )
        }
        Py::List(items) => format!("[{}]", join(items, flat)),
        Py::Tuple(items) if items.len() == 1 => format!("({},)", flat(&items[0])),
        Py::Tuple(items) => format!("({})", join(items, flat)),
        Py::Dict(items) => {
            format!("{{{}}}", join(items, |(key, value)| format!("{}: {}", flat(key), flat(value))))
        }
        Py::Comprehension(made) => {
            let (open, close) = made.brackets();
            format!("{open}{}{close}", inside(made))
        }
        Py::Await(inner) => format!("await {}", within(inner, 11)),
        Py::Lambda { params, body } => format!("{}{}", lambda_head(params), flat(body)),
        Py::Unary(Unary::Not, inner) => format!("not {}", within(inner, 4)),
        Py::Unary(Unary::Negate, inner) => format!("-{}", within(inner, 9)),
        Py::Binary { op, left, right } => {
            let left_binding = op.binding() + u8::from(op.is_comparison());
            format!("{} {} {}", within(left, left_binding), op.text(), within(right, op.binding() + 1))
        }
        Py::Conditional { test, then, otherwise } => {
            format!("{} if {} else {}", within(then, 2), within(test, 2), within(otherwise, 1))
        }
    }
}

/// A comprehension without its brackets.
pub fn inside(made: &Comprehension) -> String {
    let key = made.key.as_ref().map_or_else(String::new, |key| format!("{}: ", flat(key)));
    let filter = made.filter.as_ref().map_or_else(String::new, |test| format!(" if {}", within(test, 2)));
    format!("{key}{} for {} in {}{filter}", flat(&made.item), made.names, within(&made.source, 2))
}

/// `lambda x: `
pub fn lambda_head(params: &[String]) -> String {
    if params.is_empty() { "lambda: ".to_owned() } else { format!("lambda {}: ", params.join(", ")) }
}

/// The expression, in parentheses where its surroundings bind more tightly.
pub fn within(value: &Py, binding: u8) -> String {
    if value.binding() < binding { format!("({})", flat(value)) } else { flat(value) }
}

fn join<T>(items: &[T], text: impl Fn(&T) -> String) -> String {
    items.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// Whether the expression can be laid out over several lines.
pub fn has_bracket(value: &Py) -> bool {
    match value {
        Py::Call { args, .. } => !args.is_empty(),
        Py::List(items) | Py::Tuple(items) => !items.is_empty(),
        Py::Dict(items) => !items.is_empty(),
        Py::Comprehension(made) => !made.bare,
        Py::Unary(_, inner) | Py::Await(inner) => has_bracket(inner),
        _ => false,
    }
}

/// The expression up to the bracket that is opened.
pub fn first_line(value: &Py) -> String {
    let text = flat(value);
    let end = text.find(['(', '[', '{']).map_or(text.len(), |at| at + 1);
    text[..end].to_owned()
}
