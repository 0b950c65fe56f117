//! Macros: comprehensions over lists and maps, `has`, `cel.bind`, and what CEL does with optionals.
//!
//! It evaluates nothing: each becomes a node of the Plan that names its variables.

use std::ops::Range;

use conductor_protocol::expr::{Comprehension, Expr, Node as Out};
use conductor_protocol::types::Type;

use super::{Checked, Checker, facts};
use crate::ast::{Binding, Kind, Name, Node, binding};
use crate::error::CelError;

/// A call that is a comprehension, taken apart.
struct Parts<'n> {
    kind: Comprehension,
    variables: Vec<(String, Type)>,
    filter: Option<&'n Node>,
    body: &'n Node,
}

impl Checker<'_> {
    /// Checks a call that is a macro; `None` where it is none.
    pub(super) fn expand(
        &mut self,
        receiver: Option<&Node>,
        function: &Name,
        args: &[Node],
        range: &Range<usize>,
        hint: Option<&Type>,
    ) -> Option<Checked> {
        let name = function.text.as_str();
        let Some(receiver) = receiver else {
            return match (name, args) {
                ("has", [field]) => Some(self.has(field, range)),
                _ => None,
            };
        };
        if let Some(result) = self.of_optional(receiver, name, args, range) {
            return Some(result);
        }
        let Some(binding) = binding(Some(receiver), name, args) else {
            return self.without_variables(receiver, function, args);
        };
        match &binding {
            Binding { values: [value], .. } => {
                let variable = &binding.variables[0];
                Some(self.bind(variable, value, &args[2], hint))
            }
            _ if matches!(name, "optMap" | "optFlatMap") => {
                Some(self.opt_map(receiver, name, &binding.variables[0], &args[1]))
            }
            _ => Some(self.comprehension(receiver, function, &binding, hint)),
        }
    }

    /// The name of a macro of which the variables are not written as names.
    fn without_variables(&mut self, receiver: &Node, function: &Name, args: &[Node]) -> Option<Checked> {
        let name = function.text.as_str();
        let count = match (name, args.len()) {
            ("all" | "exists" | "exists_one" | "existsOne" | "filter", 2) | ("map", 2 | 3) => 1,
            ("all" | "exists" | "exists_one" | "existsOne", 3)
            | ("transformList" | "transformMap" | "transformMapEntry", 3 | 4) => 2,
            ("bind", 3) if receiver.dotted().as_deref() == Some(&["cel"]) => 1,
            ("optMap" | "optFlatMap", 2) => 1,
            _ => return None,
        };
        let wrong =
            args[..count].iter().find(|arg| !matches!(arg.kind, Kind::Ident { absolute: false, .. }))?;
        let error = CelError::new(wrong.range.clone(), "the name of a variable is expected here");
        Some(self.report(error.help(format!("name each element: `list.{name}(x, ...)`"))))
    }

    fn comprehension(
        &mut self,
        receiver: &Node,
        function: &Name,
        binding: &Binding<'_>,
        hint: Option<&Type>,
    ) -> Checked {
        let over = self.infer(receiver, None)?;
        if matches!(over.ty, Type::Optional(_)) {
            return self.may_be_null(&over, &receiver.range);
        }
        let parts = self.parts(&over, receiver, function, binding)?;
        let wanted = match (parts.kind, hint.map(Type::non_null)) {
            (Comprehension::Map, Some(Type::List(item)))
            | (Comprehension::TransformMap, Some(Type::Map(item))) => Some((**item).clone()),
            _ => None,
        };
        let outer = self.enter(&parts.variables);
        let body = self.bodies(&parts, wanted.as_ref());
        self.leave(outer, parts.variables.len());
        let (mut filter, mut body) = body?;
        let mut kind = parts.kind;
        let last = parts.variables.last()?;
        if kind == Comprehension::Filter {
            // What the test proves not to be null is not null in the list.
            let element = Expr { ty: last.1.clone(), node: Out::Variable(last.0.clone()) };
            let proven = matches!(element.ty, Type::Optional(_))
                && facts::key(&element).is_some_and(|key| facts::learned(&body, true).contains(&key));
            if proven {
                let ty = element.ty.non_null().clone();
                kind = Comprehension::Map;
                filter = Some(Box::new(body));
                body = Expr { ty, node: Out::Convert(Box::new(element)) };
            }
        }
        let ty = match kind {
            Comprehension::All | Comprehension::Exists | Comprehension::ExistsOne => Type::Bool,
            Comprehension::Filter => Type::List(Box::new(last.1.clone())),
            Comprehension::Map => {
                let item = wanted.filter(|wanted| body.ty.fits(wanted)).unwrap_or(body.ty.clone());
                Type::List(Box::new(item))
            }
            Comprehension::TransformMap => Type::Map(Box::new(body.ty.clone())),
            Comprehension::TransformEntries => match &body.ty {
                Type::Map(item) => Type::Map(item.clone()),
                Type::Record(fields) => Type::Map(Box::new(Type::union(fields.values().cloned()))),
                Type::Any => Type::Map(Box::new(Type::Any)),
                other => {
                    let message =
                        format!("an entry is a map such as `{{key: value}}`, but this is `{other}`");
                    return self.report(CelError::new(function.range.clone(), message));
                }
            },
        };
        let variables = parts.variables.into_iter().map(|(name, _)| name).collect();
        let (over, body) = (Box::new(over), Box::new(body));
        Some(Expr { ty, node: Out::Comprehension { kind, over, variables, filter, body } })
    }

    /// What the macro is and the types of its variables.
    fn parts<'n>(
        &mut self,
        over: &Expr,
        receiver: &Node,
        function: &Name,
        binding: &Binding<'n>,
    ) -> Option<Parts<'n>> {
        let name = function.text.as_str();
        let text = || Type::String;
        let (key, item) = match &over.ty {
            Type::List(item) => (Type::Int, (**item).clone()),
            Type::Map(item) => (text(), (**item).clone()),
            Type::Record(fields) => (text(), Type::union(fields.values().cloned())),
            Type::Any => (Type::Any, Type::Any),
            other => {
                let message = format!("`{name}` goes over a list or a map, but this is `{other}`");
                self.report(CelError::new(receiver.range.clone(), message));
                return None;
            }
        };
        let list = matches!(over.ty, Type::List(_));
        let variables = match binding.variables.as_slice() {
            [only] => vec![(only.text.clone(), if list { item } else { key })],
            [first, second] => vec![(first.text.clone(), key), (second.text.clone(), item)],
            _ => return None,
        };
        let kind = match name {
            "all" => Comprehension::All,
            "exists" => Comprehension::Exists,
            "exists_one" | "existsOne" => Comprehension::ExistsOne,
            "filter" => Comprehension::Filter,
            "map" | "transformList" => Comprehension::Map,
            "transformMapEntry" => Comprehension::TransformEntries,
            _ if list => {
                let message = "`transformMap` of a list gives a map with int keys, which a manifest has not";
                let help = "write `transformMapEntry(i, x, {key: value})` with keys that are strings";
                self.report(CelError::new(function.range.clone(), message).help(help));
                return None;
            }
            _ => Comprehension::TransformMap,
        };
        self.names_are_free(&binding.variables)?;
        let (filter, body) = match binding.bodies {
            [filter, body] => (Some(filter), body),
            [body] => (None, body),
            _ => return None,
        };
        Some(Parts { kind, variables, filter, body })
    }

    fn names_are_free(&mut self, variables: &[Name]) -> Option<()> {
        for (at, name) in variables.iter().enumerate() {
            let taken = matches!(name.text.as_str(), "input" | "run" | "env");
            if taken || variables[..at].iter().any(|other| other.text == name.text) {
                let message = format!("a variable cannot be named `{}` here", name.text);
                self.report(CelError::new(name.range.clone(), message).help("choose another name"));
                return None;
            }
        }
        Some(())
    }

    /// Filter and body, where the variables are set.
    fn bodies(&mut self, parts: &Parts<'_>, wanted: Option<&Type>) -> Option<(Option<Box<Expr>>, Expr)> {
        let filter = match parts.filter {
            Some(filter) => Some(self.bool(filter)?),
            None => None,
        };
        let tests = matches!(
            parts.kind,
            Comprehension::All | Comprehension::Exists | Comprehension::ExistsOne | Comprehension::Filter
        );
        let body = if tests {
            self.bool(parts.body)?
        } else {
            let body = self.under(filter.as_ref(), true, parts.body, wanted)?;
            self.entry_of(parts.kind, body)
        };
        Some((filter.map(Box::new), body))
    }

    /// A record that is merged into a map is a map.
    fn entry_of(&self, kind: Comprehension, body: Expr) -> Expr {
        match (kind, &body.ty) {
            (Comprehension::TransformEntries, Type::Record(fields)) => {
                let ty = Type::Map(Box::new(Type::union(fields.values().cloned())));
                Expr { ty, ..body }
            }
            _ => body,
        }
    }

    /// Sets variables; what was known of others of these names is forgotten until [`Checker::leave`].
    fn enter(&mut self, variables: &[(String, Type)]) -> Vec<String> {
        let outer = self.facts.clone();
        for (name, ty) in variables {
            let root = facts::of_variable(name);
            self.facts.retain(|key| {
                key.strip_prefix(root.as_str())
                    .is_none_or(|rest| !(rest.is_empty() || rest.starts_with(['.', '['])))
            });
            self.locals.push((name.clone(), ty.clone()));
        }
        outer
    }

    fn leave(&mut self, outer: Vec<String>, variables: usize) {
        self.locals.truncate(self.locals.len().saturating_sub(variables));
        self.facts = outer;
    }

    fn bind(&mut self, variable: &Name, value: &Node, body: &Node, hint: Option<&Type>) -> Checked {
        let value = self.infer(value, None);
        self.names_are_free(std::slice::from_ref(variable))?;
        let value = value?;
        let outer = self.enter(&[(variable.text.clone(), value.ty.clone())]);
        let body = self.infer(body, hint);
        self.leave(outer, 1);
        Some(bound(&variable.text, value, body?))
    }

    /// `value.optMap(x, body)`: null stays null.
    fn opt_map(&mut self, receiver: &Node, name: &str, variable: &Name, body: &Node) -> Checked {
        let value = self.infer(receiver, None)?;
        self.names_are_free(std::slice::from_ref(variable))?;
        if !matches!(value.ty, Type::Optional(_)) {
            let message = format!("`{name}` needs a value that may be null, but this is `{}`", value.ty);
            return self.report(CelError::new(receiver.range.clone(), message));
        }
        let outer = self.enter(&[(variable.text.clone(), value.ty.clone())]);
        let element = Expr { ty: value.ty.clone(), node: Out::Variable(variable.text.clone()) };
        self.facts.extend(facts::key(&element));
        let body = self.infer(body, None);
        self.leave(outer, 1);
        Some(bound(&variable.text, value, super::optionals::unless_null(element, body?)))
    }
}

/// `cel.bind(name, value, body)`.
pub(super) fn bound(name: &str, value: Expr, body: Expr) -> Expr {
    let ty = body.ty.clone();
    Expr { ty, node: Out::Bind { name: name.to_owned(), value: Box::new(value), body: Box::new(body) } }
}
