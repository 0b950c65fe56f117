//! Takes out of a module what nobody reads: variables that were assigned for a reader that is not written, and imports.
//!
//! It knows the tree of Python and no Plan.

use std::collections::BTreeSet;

use super::lambdas::{blocks, expressions};
use super::tree::{Function, Import, Item, Module, Py, Stmt};

/// The names that are read somewhere.
type Names = BTreeSet<String>;

/// Leaves out what nobody reads.
pub fn tidy(module: &mut Module) {
    let mut read = Names::new();
    for item in &mut module.items {
        match item {
            Item::Function(function) => {
                function.body = without_unread(std::mem::take(&mut function.body));
                of_function(function, &mut read);
            }
            Item::Statement(statement) => of_statement(statement, &mut read),
            Item::Record(record) => record.fields.iter().for_each(|(_, ty)| of_text(ty, &mut read)),
            Item::Enumeration(made) => of_text(&made.base, &mut read),
        }
    }
    module.imports.retain(|import| import.module == "__future__" || read.contains(bound(import)));
}

/// The name by which the import is known.
fn bound(import: &Import) -> &str {
    let name = import.alias.as_ref().or(import.name.as_ref()).unwrap_or(&import.module);
    name.split('.').next().unwrap_or(name)
}

/// The body of a function without variables that nobody reads, until there is none.
fn without_unread(mut body: Vec<Stmt>) -> Vec<Stmt> {
    loop {
        let mut read = Names::new();
        body.iter().for_each(|statement| of_statement(statement, &mut read));
        let before = body.clone();
        body = kept(body, &read);
        if body == before {
            return body;
        }
    }
}

fn kept(body: Vec<Stmt>, read: &Names) -> Vec<Stmt> {
    let was_empty = body.is_empty();
    let mut all: Vec<Stmt> = body.into_iter().filter_map(|statement| one(statement, read)).collect();
    if all.is_empty() && !was_empty {
        all.push(Stmt::Pass);
    }
    all
}

fn one(statement: Stmt, read: &Names) -> Option<Stmt> {
    let inside = |body| kept(body, read);
    Some(match statement {
        Stmt::Declare { target, .. } if !read.contains(&target) => return None,
        Stmt::Assign { target, annotation, value } => {
            let parts: Vec<&str> = target.split(", ").collect();
            if parts.iter().all(|name| is_unread(name, read)) {
                return has_effect(&value).then_some(Stmt::Expr(value));
            }
            let parts: Vec<&str> =
                parts.into_iter().map(|name| if is_unread(name, read) { "_" } else { name }).collect();
            Stmt::Assign { target: parts.join(", "), annotation, value }
        }
        Stmt::If { test, body, otherwise } => {
            Stmt::If { test, body: inside(body), otherwise: inside(otherwise) }
        }
        Stmt::While { test, body } => Stmt::While { test, body: inside(body) },
        Stmt::With { context, name, body } => Stmt::With { context, name, body: inside(body) },
        Stmt::BlockingWith { context, name, body } => {
            Stmt::BlockingWith { context, name, body: inside(body) }
        }
        Stmt::Finally { body, last } => Stmt::Finally { body: inside(body), last: inside(last) },
        Stmt::Try { body, errors, name, handler, otherwise } => {
            let name = if read.contains(&name) { name } else { String::new() };
            let (body, handler, otherwise) = (inside(body), inside(handler), inside(otherwise));
            Stmt::Try { body, errors, name, handler, otherwise }
        }
        other => other,
    })
}

/// Whether the target is a plain name that nobody reads.
fn is_unread(name: &str, read: &Names) -> bool {
    name != "_" && name.chars().all(|c| c.is_alphanumeric() || c == '_') && !read.contains(name)
}

/// Whether the value must be made although nobody reads it.
fn has_effect(value: &Py) -> bool {
    match value {
        Py::Atom(text) => text.contains('('),
        Py::Await(_) | Py::Comprehension(_) => true,
        Py::Call { callee, args } => match callee.as_ref() {
            // What is recorded is decoded when it is read; what a failure looks like, when it is asked for.
            Py::Atom(name) if name == "Recorded" => args.iter().any(|arg| has_effect(&arg.value)),
            Py::Attr(of, name) if name == "described" => has_effect(of),
            _ => true,
        },
        Py::Lambda { .. } => false,
        Py::Attr(of, _) | Py::Unary(_, of) => has_effect(of),
        Py::Index(left, right) | Py::Binary { left, right, .. } => has_effect(left) || has_effect(right),
        Py::List(items) | Py::Tuple(items) => items.iter().any(has_effect),
        Py::Dict(items) => items.iter().any(|(key, value)| has_effect(key) || has_effect(value)),
        Py::Conditional { test, then, otherwise } => {
            has_effect(test) || has_effect(then) || has_effect(otherwise)
        }
    }
}

fn of_function(function: &Function, read: &mut Names) {
    for param in &function.params {
        of_text(&param.annotation, read);
        param.default.iter().for_each(|default| of_text(default, read));
    }
    of_text(&function.returns, read);
    function.body.iter().for_each(|statement| of_statement(statement, read));
}

fn of_statement(statement: &Stmt, read: &mut Names) {
    match statement {
        Stmt::Assign { annotation: Some(text), .. } | Stmt::Declare { annotation: text, .. } => {
            of_text(text, read);
        }
        Stmt::Add { target, .. } => of_text(target, read),
        Stmt::Raise { cause: Some(cause), .. } => of_text(cause, read),
        Stmt::Try { errors, .. } => of_text(errors, read),
        Stmt::Function(function) => of_function(function, read),
        _ => {}
    }
    expressions(statement).into_iter().for_each(|value| of(value, read));
    blocks(statement).into_iter().flatten().for_each(|inner| of_statement(inner, read));
}

fn of(value: &Py, read: &mut Names) {
    match value {
        Py::Atom(text) => of_text(text, read),
        Py::Attr(inner, _) | Py::Await(inner) | Py::Unary(_, inner) => of(inner, read),
        Py::Lambda { body, .. } => of(body, read),
        Py::Index(left, right) | Py::Binary { left, right, .. } => {
            of(left, read);
            of(right, read);
        }
        Py::Call { callee, args } => {
            of(callee, read);
            args.iter().for_each(|arg| of(&arg.value, read));
        }
        Py::List(items) | Py::Tuple(items) => items.iter().for_each(|item| of(item, read)),
        Py::Dict(items) => items.iter().for_each(|(key, value)| {
            of(key, read);
            of(value, read);
        }),
        Py::Comprehension(made) => {
            let optional = made.key.as_deref().into_iter().chain(made.filter.as_deref());
            optional.chain([&*made.item, &*made.source]).for_each(|part| of(part, read));
        }
        Py::Conditional { test, then, otherwise } => {
            [test, then, otherwise].into_iter().for_each(|part| of(part, read));
        }
    }
}

/// The names in a piece of Python: not those of attributes, nor what stands in texts, except in the braces of f-strings.
fn of_text(text: &str, read: &mut Names) {
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        if c.is_alphabetic() || c == '_' {
            let end = word_end(&chars, at);
            let is_prefix = matches!(chars.get(end), Some('"' | '\''));
            let is_attribute = at > 0 && chars[at - 1] == '.';
            let word: String = chars[at..end].iter().collect();
            if is_prefix && word.to_lowercase().contains('f') {
                at = formatted(&chars, end, read);
                continue;
            }
            if !is_prefix && !is_attribute {
                read.insert(word);
            }
            at = end;
        } else if c == '"' || c == '\'' {
            at = text_end(&chars, at);
        } else if c.is_ascii_digit() {
            at = word_end(&chars, at);
        } else {
            at += 1;
        }
    }
}

fn word_end(chars: &[char], at: usize) -> usize {
    let inside = |c: &char| c.is_alphanumeric() || *c == '_';
    at + chars[at..].iter().take_while(|c| inside(c)).count()
}

/// Behind the text that begins with the quote at `at`.
fn text_end(chars: &[char], at: usize) -> usize {
    let mut end = at + 1;
    while let Some(&c) = chars.get(end) {
        match c {
            '\\' => end += 2,
            _ if c == chars[at] => return end + 1,
            _ => end += 1,
        }
    }
    end
}

/// The names in the braces of the f-string whose quote stands at `at`; gives where it ends.
fn formatted(chars: &[char], at: usize, read: &mut Names) -> usize {
    let end = text_end(chars, at);
    let inside: String = chars[(at + 1).min(end)..end].iter().collect();
    for part in inside.replace("{{", "").split('{').skip(1) {
        of_text(part.split('}').next().unwrap_or_default(), read);
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let mut found = Names::new();
        of_text(text, &mut found);
        found.into_iter().collect()
    }

    #[test]
    fn names_in_texts_and_attributes_are_not_read() {
        assert_eq!(read("run.given(\"name\")[index]"), ["index", "run"]);
        assert_eq!(read("f\"{at}x[{index}].{name.y}{{no}}\""), ["at", "index", "name"]);
        assert_eq!(read("b'ab' + r\"\\d\" + 0x1f"), Vec::<String>::new());
    }

    #[test]
    fn an_unread_result_is_made_only_where_that_does_something() {
        let body = vec![
            Py::call("f", Vec::new()).awaited().assigned("x"),
            Py::call("Recorded", vec![Py::atom("x")]).assigned("y"),
            Py::call("g", Vec::new()).assigned("a, b"),
            Stmt::Return(Some(Py::atom("b"))),
        ];
        let left = vec![
            Stmt::Expr(Py::call("f", Vec::new()).awaited()),
            Py::call("g", Vec::new()).assigned("_, b"),
            Stmt::Return(Some(Py::atom("b"))),
        ];
        assert_eq!(without_unread(body), left);
    }
}
