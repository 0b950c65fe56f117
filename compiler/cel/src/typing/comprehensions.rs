//! Types of macros: what their variables hold and what they give.
//!
//! It evaluates nothing; a macro over `dyn` gives what its body gives.

use super::{CelType, Checker};
use crate::ast::{Kind, Node, bound_names};

impl<'a> Checker<'a> {
    /// The type of a macro call; `None` where it is none.
    pub(super) fn expand(
        &mut self,
        node: &'a Node,
        receiver: Option<&'a Node>,
        name: &'a str,
        args: &'a [Node],
    ) -> Option<CelType> {
        if !self.declarations.macros {
            return None;
        }
        let Some(receiver) = receiver else {
            return match (name, args) {
                ("has", [arg]) => Some(self.has(arg)),
                _ => None,
            };
        };
        match (name, args) {
            ("bind", [Node { kind: Kind::Ident { name: variable, .. }, .. }, value, body])
                if receiver.dotted().as_deref() == Some(&["cel"]) && self.local("cel").is_none() =>
            {
                let ty = self.infer(value);
                Some(self.with(&[(variable, ty)], body))
            }
            ("optMap" | "optFlatMap", [Node { kind: Kind::Ident { name: variable, .. }, .. }, body]) => {
                let owner = self.infer(receiver);
                let inner = self.types.fresh();
                if !self.types.assignable(&owner, &CelType::of("optional_type", [inner.clone()])) {
                    return Some(self.report(receiver, format!("`{name}` needs an optional")));
                }
                let ty = self.with(&[(variable, inner)], body);
                Some(if name == "optMap" { CelType::of("optional_type", [ty]) } else { ty })
            }
            _ => {
                let names = bound_names(name, args);
                if names.is_empty() {
                    None
                } else {
                    Some(self.comprehension(node, receiver, name, &names, args))
                }
            }
        }
    }

    fn has(&mut self, arg: &'a Node) -> CelType {
        if !matches!(arg.kind, Kind::Select { .. }) {
            return self.report(arg, "`has` asks for a field: `has(value.field)`");
        }
        self.infer(arg);
        CelType::simple("bool")
    }

    fn with(&mut self, variables: &[(&'a str, CelType)], body: &'a Node) -> CelType {
        let outer = self.locals.len();
        self.locals.extend(variables.iter().cloned());
        let ty = self.infer(body);
        self.locals.truncate(outer);
        ty
    }

    fn condition(&mut self, variables: &[(&'a str, CelType)], test: &'a Node) {
        let ty = self.with(variables, test);
        if !self.types.assignable(&ty, &CelType::simple("bool")) {
            let ty = self.types.deep(&ty, true);
            self.report(test, format!("a condition is a bool, but this is a `{ty}`"));
        }
    }

    /// The types of keys and values that a macro goes over; indexes are the keys of a list.
    fn range(&mut self, receiver: &'a Node, name: &str) -> (CelType, CelType, bool) {
        let ty = self.infer(receiver);
        match self.types.shallow(&ty) {
            CelType::Named(kind, params) if kind == "list" => {
                (CelType::simple("int"), params[0].clone(), false)
            }
            CelType::Named(kind, params) if kind == "map" => (params[0].clone(), params[1].clone(), true),
            CelType::Named(kind, _) if kind != "wrapper" && !kind.contains('.') => {
                let ty = self.report(receiver, format!("`{name}` does not go over a `{kind}`"));
                (ty.clone(), ty, false)
            }
            _ => (CelType::Dyn, CelType::Dyn, false),
        }
    }

    fn comprehension(
        &mut self,
        node: &Node,
        receiver: &'a Node,
        name: &str,
        names: &[&'a str],
        args: &'a [Node],
    ) -> CelType {
        let (key, value, over_map) = self.range(receiver, name);
        let body = &args[names.len()..];
        let element = if over_map { key.clone() } else { value.clone() };
        let variables: Vec<(&'a str, CelType)> = match names {
            [first, second] => vec![(*first, key.clone()), (*second, value)],
            _ => names.iter().map(|name| (*name, element.clone())).collect(),
        };
        let (test, transform) = match (name, body) {
            ("map" | "transformList" | "transformMap" | "transformMapEntry", [test, transform]) => {
                (Some(test), Some(transform))
            }
            ("map" | "transformList" | "transformMap" | "transformMapEntry", [transform]) => {
                (None, Some(transform))
            }
            (_, [test, ..]) => (Some(test), None),
            _ => return self.report(node, format!("`{name}` is not called like this")),
        };
        if let Some(test) = test {
            self.condition(&variables, test);
        }
        let result = transform.map(|transform| self.with(&variables, transform));
        match (name, result) {
            ("transformMap", Some(result)) => CelType::of("map", [key, result]),
            ("transformMapEntry", Some(result)) => result,
            (_, Some(result)) => CelType::of("list", [result]),
            ("filter", None) => CelType::of("list", [element]),
            _ => CelType::simple("bool"),
        }
    }
}
