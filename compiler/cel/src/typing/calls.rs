//! Overloads: which of a function's forms a call can mean, and the type that follows.
//!
//! It knows no macros; those are [`super::comprehensions`].

use std::collections::BTreeMap;

use super::declarations::{DURATION_PARTS, FUNCTIONS, NUMBERS, NUMERIC, ORDERED, TIMESTAMP_PARTS};
use super::{CelType, Checker};
use crate::ast::Node;
use crate::eval::NAMESPACES;

/// Parameters and result of one form.
type Form = (Vec<CelType>, CelType);

impl<'a> Checker<'a> {
    pub(super) fn call(
        &mut self,
        node: &'a Node,
        receiver: Option<&'a Node>,
        name: &'a str,
        args: &'a [Node],
    ) -> CelType {
        let name = name.trim_start_matches('.');
        if let Some(ty) = self.expand(node, receiver, name, args) {
            return ty;
        }
        // `math.abs(x)` and functions that were declared with a qualified name have no receiver.
        let dotted = receiver.and_then(Node::dotted).map(|names| names.join("."));
        let qualified = dotted.filter(|dotted| self.local(dotted).is_none()).and_then(|dotted| {
            let full = format!("{dotted}.{name}");
            let known =
                NAMESPACES.contains(&dotted.as_str()) && !self.declarations.variables.contains_key(&dotted);
            (known || self.is_function(&full)).then_some(full)
        });
        let receiver = if qualified.is_some() { None } else { receiver };
        let types: Vec<CelType> = receiver.into_iter().chain(args).map(|arg| self.infer(arg)).collect();
        self.resolve(node, qualified.as_deref().unwrap_or(name), receiver.is_some(), types)
    }

    fn is_function(&self, name: &str) -> bool {
        self.declarations.functions.iter().any(|function| function.name == name && !function.member)
    }

    /// The type of a call with these arguments; an error where no form takes them.
    pub(super) fn resolve(&mut self, node: &Node, name: &str, member: bool, args: Vec<CelType>) -> CelType {
        if matches!(name, "math.greatest" | "math.least") && !args.is_empty() {
            return self.extreme(node, name, &args);
        }
        let mut result: Option<CelType> = None;
        let forms = self.forms(name, member, args.len());
        let known = !forms.is_empty();
        for (params, ty) in forms {
            let mark = self.types.mark();
            if !args.iter().zip(&params).all(|(arg, param)| self.types.assignable(arg, param)) {
                self.types.take_back(mark);
                continue;
            }
            let ty = self.types.deep(&ty, false);
            result = Some(match result {
                Some(before) if before != ty => CelType::Dyn,
                _ => ty,
            });
        }
        result.unwrap_or_else(|| {
            let types: Vec<String> = args.iter().map(|arg| self.types.deep(arg, true).to_string()).collect();
            let spelled = name.replace('_', "");
            let what = if known { "does not take" } else { "is no function for" };
            self.report(node, format!("`{spelled}` {what} ({})", types.join(", ")))
        })
    }

    fn forms(&mut self, name: &str, member: bool, count: usize) -> Vec<Form> {
        let mut forms = Vec::new();
        for (known, on_value, params, result) in FUNCTIONS {
            if *known == name && *on_value == member {
                let params: Vec<&str> = split(params);
                if params.len() == count {
                    forms.push(self.form(&params, result));
                }
            }
        }
        for (known, second, types) in NUMERIC {
            if *known == name && count == if second.is_empty() { 1 } else { 2 } {
                for ty in *types {
                    let second = if *second == "same" { ty } else { second };
                    let params = [*ty, *second];
                    forms.push(self.form(&params[..count], ty));
                }
            }
        }
        let own = self.declarations.functions.iter();
        for function in own.filter(|function| function.name == name && function.member == member) {
            if function.params.len() == count {
                let params: Vec<&str> = function.params.iter().map(String::as_str).collect();
                forms.push(self.form(&params, &function.result));
            }
        }
        forms.extend(self.regular_forms(name, member, count));
        forms
    }

    /// Orders between types, and parts of times: too regular for a table.
    fn regular_forms(&mut self, name: &str, member: bool, count: usize) -> Vec<Form> {
        let mut forms = Vec::new();
        if name == "_<_" {
            for left in ORDERED {
                for right in ORDERED {
                    if left == right || (NUMBERS.contains(&left) && NUMBERS.contains(&right)) {
                        forms.push(self.form(&[left, right], "bool"));
                    }
                }
            }
        }
        if member && TIMESTAMP_PARTS.contains(&name) {
            let params = ["google.protobuf.Timestamp", "string"];
            if let Some(params) = params.get(..count) {
                forms.push(self.form(params, "int"));
            }
            if count == 1 && DURATION_PARTS.contains(&name) {
                forms.push(self.form(&["google.protobuf.Duration"], "int"));
            }
        }
        if name == "math.sqrt" && count == 1 {
            forms.extend(NUMBERS.map(|number| self.form(&[number], "double")));
        }
        forms
    }

    fn form(&mut self, params: &[&str], result: &str) -> Form {
        let mut variables = BTreeMap::new();
        let params = params.iter().map(|param| self.read(param, &mut variables)).collect();
        (params, self.read(result, &mut variables))
    }

    /// `math.greatest(a, b, ...)` or of one list.
    fn extreme(&mut self, node: &Node, name: &str, args: &[CelType]) -> CelType {
        let mut types: Vec<CelType> = args.iter().map(|arg| self.types.shallow(arg)).collect();
        if let [CelType::Named(kind, params)] = types.as_slice()
            && kind == "list"
        {
            types = vec![self.types.shallow(&params[0])];
        }
        let number =
            |ty: &CelType| !matches!(ty, CelType::Named(name, _) if !NUMBERS.contains(&name.as_str()));
        if let Some(wrong) = types.iter().find(|ty| !number(ty)) {
            let message = format!("`{name}` takes numbers, but this is a `{wrong}`");
            return self.report(node, message);
        }
        if types.iter().all(|ty| *ty == types[0]) { types[0].clone() } else { CelType::Dyn }
    }
}

/// The parameters of a table row: commas inside parentheses do not separate.
fn split(params: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut open, mut start) = (0usize, 0);
    for (at, letter) in params.char_indices() {
        match letter {
            '(' => open += 1,
            ')' => open -= 1,
            ',' if open == 0 => {
                parts.push(&params[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if !params.is_empty() {
        parts.push(&params[start..]);
    }
    parts
}
