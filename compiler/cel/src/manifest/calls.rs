//! Calls: which form of a function its arguments ask for, and `has`.
//!
//! It knows no function by itself: they stand in one table.

use std::collections::BTreeSet;
use std::ops::Range;

use conductor_protocol::expr::{BinaryOp, Expr, Literal, Node as Out};
use conductor_protocol::types::{Type, TypeDef};

use super::functions::{FUNCTIONS, Function, named};
use super::{Checked, Checker, is_text, literals};
use crate::ast::{Kind, MACROS, Name, Node};
use crate::error::{CelError, nearest};

/// What plain CEL has and a manifest has not, with what to write instead.
const NOT_HERE: [(&str, &str); 9] = [
    ("uint", "a manifest has no unsigned ints; write `int(...)`"),
    ("type", "the types of a manifest are known before anything runs"),
    ("dyn", "the types of a manifest are known before anything runs"),
    (
        "value",
        "an optional is a value that may be null here: test it with `!= null`, or write `.orValue(...)`",
    ),
    ("unwrapOpt", "an optional is a value that may be null here: write `list.filter(x, x != null)`"),
    ("optional.of", "an optional is a value that may be null here: write the value itself"),
    ("optional.none", "an optional is a value that may be null here: write `null`"),
    ("optional.ofNonZeroValue", "an optional is a value that may be null here: write `x != 0 ? x : null`"),
    ("optional.unwrap", "an optional is a value that may be null here: write `list.filter(x, x != null)`"),
];

impl Checker<'_> {
    pub(super) fn call(
        &mut self,
        receiver: Option<&Node>,
        function: &Name,
        args: &[Node],
        range: &Range<usize>,
        hint: Option<&Type>,
    ) -> Checked {
        if let Some(result) = self.expand(receiver, function, args, range, hint) {
            return result;
        }
        let namespace = receiver.and_then(|receiver| receiver.namespace(&function.text));
        let name = match namespace {
            Some(namespace) => format!("{namespace}.{}", function.text),
            None => function.text.clone(),
        };
        let receiver = if namespace.is_some() { None } else { receiver };
        let all: Vec<&Node> = receiver.into_iter().chain(args).collect();
        let known = FUNCTIONS.iter().filter(|known| known.name == name);
        let forms: Vec<&Function> = known.filter(|known| known.member == receiver.is_some()).collect();
        if forms.is_empty() {
            return self.unknown(&name, function, receiver.is_some());
        }
        let fitting: Vec<(&Function, Vec<&'static str>)> =
            forms.iter().filter_map(|form| Some((*form, form.types(all.len())?))).collect();
        if fitting.is_empty() {
            let error = CelError::new(function.range.clone(), format!("`{name}` is not called like this"));
            return self.report(error.help(usages(&forms)));
        }
        self.applied(&name, &fitting, &all, range)
    }

    /// The call of the first form that takes the arguments.
    fn applied(
        &mut self,
        name: &str,
        forms: &[(&Function, Vec<&'static str>)],
        nodes: &[&Node],
        range: &Range<usize>,
    ) -> Checked {
        let mut args = Vec::new();
        let mut whole = true;
        for (at, node) in nodes.iter().enumerate() {
            // A literal adapts where every form asks for one type.
            let mut wanted = forms.iter().map(|(_, types)| named(types[at]));
            let first =
                wanted.next().flatten().filter(|first| wanted.all(|other| other.as_ref() == Some(first)));
            let value = self.infer(node, first.as_ref());
            whole &= value.is_some();
            args.extend(value.map(|value| self.wire(value)));
        }
        if !whole {
            return None;
        }
        for (node, arg) in nodes.iter().zip(&args) {
            if matches!(arg.ty, Type::Optional(_)) {
                return self.may_be_null(arg, &node.range);
            }
        }
        let exact = |types: &[&str], args: &[Expr]| {
            types.iter().zip(args).all(|(wanted, arg)| self.takes(wanted, &arg.ty))
        };
        let taking: Vec<&(&Function, Vec<&str>)> =
            forms.iter().filter(|(_, types)| exact(types, &args)).collect();
        if let Some((first, types)) = taking.first() {
            let results: BTreeSet<&str> = taking.iter().map(|(form, _)| form.result).collect();
            // An `any` decides only when the step runs which form it is.
            let ty = if results.len() > 1 && args.iter().any(|arg| arg.ty == Type::Any) {
                Type::Any
            } else {
                result(first, &args)
            };
            self.constants(types, nodes, &mut args)?;
            return Some(Expr { ty, node: Out::Call { function: name.to_owned(), args } });
        }
        for (form, types) in forms {
            if let Some(mut args) = self.adapted(types, nodes, &args) {
                self.constants(types, nodes, &mut args)?;
                let ty = result(form, &args);
                return Some(Expr { ty, node: Out::Call { function: name.to_owned(), args } });
            }
        }
        let given: Vec<String> = args.iter().map(|arg| format!("`{}`", arg.ty)).collect();
        let message = format!("`{name}` does not take {}", given.join(" and "));
        let forms: Vec<&Function> = forms.iter().map(|(form, _)| *form).collect();
        self.report(CelError::new(range.clone(), message).help(usages(&forms)))
    }

    /// The arguments where literals among them take the type that is asked for.
    fn adapted(&mut self, types: &[&str], nodes: &[&Node], args: &[Expr]) -> Option<Vec<Expr>> {
        let mut fitted = Vec::new();
        for ((wanted, node), arg) in types.iter().zip(nodes).zip(args) {
            let target = named(wanted);
            let adapts = target.is_some() && (literals::adapts(node) || matches!(node.kind, Kind::List(_)));
            if self.takes(wanted, &arg.ty) {
                fitted.push(arg.clone());
            } else if adapts {
                let reported = self.errors.len();
                let arg = self.infer(node, target.as_ref());
                self.errors.truncate(reported);
                fitted.push(arg.filter(|arg| self.takes(wanted, &arg.ty))?);
            } else {
                return None;
            }
        }
        Some(fitted)
    }

    fn takes(&self, wanted: &str, given: &Type) -> bool {
        match (wanted, given) {
            (_, Type::Any) => true,
            ("sized", Type::String | Type::Bytes | Type::List(_) | Type::Map(_) | Type::Record(_)) => true,
            ("sized", Type::Named(name)) => {
                matches!(self.scope.types.get(name), Some(TypeDef::TypedDict { .. }))
            }
            ("text", given) => is_text(given),
            ("list<T>", Type::List(_)) => true,
            // The type of an empty list is not known, so it is a list of anything.
            (wanted, given) => named(wanted).is_some_and(|wanted| given.fits(&wanted)),
        }
    }

    /// Patterns and zones are looked at before anything runs. A pattern must be a literal: each target has a language of
    /// patterns of its own, and what is not known cannot be translated.
    fn constants(&mut self, types: &[&str], nodes: &[&Node], args: &mut [Expr]) -> Option<()> {
        for ((wanted, node), arg) in types.iter().zip(nodes).zip(args) {
            let literal = match &arg.node {
                Out::Literal(Literal::String(text)) => Some(text),
                _ => None,
            };
            let (message, help) = match (*wanted, literal) {
                ("pattern", None) => (
                    "a pattern must be a literal".to_owned(),
                    "write it in quotes, best as a raw string: `r'[0-9]+'`; a task can match others",
                ),
                ("pattern", Some(text)) => match shared(text) {
                    Ok(text) => {
                        arg.node = Out::Literal(Literal::String(text));
                        continue;
                    }
                    Err(message) => {
                        (message, "patterns have the syntax of RE2, as far as every target knows it")
                    }
                },
                ("zone", Some(text)) => match crate::eval::time::zone(text) {
                    Ok(()) => continue,
                    Err(message) => {
                        (message, "name a zone as in `Europe/Paris`, or an offset as in `+02:00`")
                    }
                },
                _ => continue,
            };
            self.report(CelError::new(node.range.clone(), message).help(help));
            return None;
        }
        Some(())
    }

    fn unknown(&mut self, name: &str, function: &Name, member: bool) -> Checked {
        if let Some((_, why)) = NOT_HERE.iter().find(|(known, _)| *known == name) {
            let message = format!("a manifest has no `{name}`");
            return self.report(CelError::new(function.range.clone(), message).help(*why));
        }
        let forms: Vec<&Function> = FUNCTIONS.iter().filter(|known| known.name == name).collect();
        if !forms.is_empty() {
            let error = CelError::new(function.range.clone(), format!("`{name}` is not called like this"));
            return self.report(error.help(usages(&forms)));
        }
        if let Some((_, usage)) = MACROS.iter().find(|(known, _)| *known == name) {
            let error = CelError::new(function.range.clone(), format!("`{name}` is not called like this"));
            return self.report(error.help(format!("write `{usage}`")));
        }
        let kind = if member { "method" } else { "function" };
        let error = CelError::new(function.range.clone(), format!("there is no {kind} `{name}`"));
        let names = FUNCTIONS.iter().map(|known| known.name).chain(MACROS.iter().map(|(known, _)| *known));
        self.report(match nearest(name, names) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help("the functions of a manifest stand in docs/expressions.md"),
        })
    }

    pub(super) fn has(&mut self, field: &Node, range: &Range<usize>) -> Checked {
        let Kind::Select { of, field, optional: false } = &field.kind else {
            let error = CelError::new(range.clone(), "`has` asks for a field");
            return self.report(error.help("write `has(value.field)`"));
        };
        if matches!(&of.kind, Kind::Ident { name, absolute: false } if name == "input") {
            return self.has_input(of, field);
        }
        let owner = self.infer(of, None)?;
        if !self.has_member(&owner, field) {
            return None;
        }
        Some(Expr { ty: Type::Bool, node: Out::Has { of: Box::new(owner), name: field.text.clone() } })
    }

    /// `has(input.x)` is `input.x != null`.
    fn has_input(&mut self, of: &Node, field: &Name) -> Checked {
        let value = self.select(of, field, false)?;
        let null = Expr { ty: Type::Null, node: Out::Literal(Literal::Null) };
        let node = Out::Binary { op: BinaryOp::NotEqual, left: Box::new(value), right: Box::new(null) };
        Some(Expr { ty: Type::Bool, node })
    }
}

/// The pattern as every target takes it.
fn shared(pattern: &str) -> Result<String, String> {
    let portable = crate::eval::pattern::portable(pattern)?;
    crate::eval::meter::compiled(&portable).map(|_| portable)
}

/// `write ...`, with every form.
fn usages(forms: &[&Function]) -> String {
    let usages: Vec<String> = forms.iter().map(|form| format!("`{}`", form.usage())).collect();
    format!("write {}", usages.join(" or "))
}

fn result(form: &Function, args: &[Expr]) -> Type {
    match (form.result, args.first().map(|first| &first.ty)) {
        ("T?", Some(Type::List(item))) => Type::optional((**item).clone()),
        (name, _) => named(name).unwrap_or(Type::Any),
    }
}
