//! Calls: the few functions that every target language implements, and `has`.
//!
//! It knows the rest of CEL's functions by name only, to say that they are not supported.

use std::ops::Range;

use conductor_protocol::expr::{BinaryOp, Expr, Literal, Node as Out};
use conductor_protocol::types::{Type, TypeDef};

use super::{Checked, Checker, FUNCTIONS, is_text};
use crate::ast::{Kind, Name, Node};
use crate::error::{CelError, nearest};

/// CEL's functions and macros that a Plan cannot hold today.
const NOT_YET: [&str; 40] = [
    "all",
    "exists",
    "exists_one",
    "existsOne",
    "map",
    "filter",
    "transformList",
    "transformMap",
    "matches",
    "timestamp",
    "duration",
    "bool",
    "bytes",
    "uint",
    "type",
    "dyn",
    "getFullYear",
    "getMonth",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
    "lowerAscii",
    "upperAscii",
    "replace",
    "split",
    "join",
    "substring",
    "trim",
    "indexOf",
    "lastIndexOf",
    "charAt",
    "format",
    "reverse",
    "orValue",
    "optMap",
];

impl Checker<'_> {
    pub(super) fn call(
        &mut self,
        receiver: Option<&Node>,
        function: &Name,
        args: &[Node],
        range: &Range<usize>,
    ) -> Checked {
        let name = function.text.as_str();
        if let Some(namespace @ ("math" | "strings" | "cel" | "base64" | "optional")) =
            receiver.and_then(Node::dotted).as_deref().and_then(|names| names.first().copied())
            && !self.scope.steps.contains_key(namespace)
        {
            return self.unsupported(&function.range, &format!("`{namespace}.{name}`"));
        }
        match (name, receiver, args) {
            ("has", None, [field]) => self.has(field, range),
            ("size", None, [value]) | ("size", Some(value), []) => self.size(value, range),
            ("contains" | "startsWith" | "endsWith", Some(text), [part]) => {
                let texts = [self.string(text), self.string(part)];
                let args = texts.into_iter().collect::<Option<Vec<Expr>>>()?;
                Some(Expr { ty: Type::Bool, node: Out::Call { function: name.to_owned(), args } })
            }
            ("string" | "int" | "double", None, [value]) => self.conversion(name, value),
            _ => self.unknown(function, receiver.is_some()),
        }
    }

    fn unknown(&mut self, function: &Name, member: bool) -> Checked {
        let name = function.text.as_str();
        if NOT_YET.contains(&name) {
            return self.unsupported(&function.range, &format!("`{name}`"));
        }
        let usage = match name {
            "has" => Some("has(value.field)"),
            "size" => Some("size(value)"),
            "contains" | "startsWith" | "endsWith" => Some("text.FUNCTION(part)"),
            "string" | "int" | "double" => Some("FUNCTION(value)"),
            _ => None,
        };
        if let Some(usage) = usage {
            let error = CelError::new(function.range.clone(), format!("`{name}` is not called like this"));
            return self.report(error.help(format!("write `{}`", usage.replace("FUNCTION", name))));
        }
        let kind = if member { "method" } else { "function" };
        let error = CelError::new(function.range.clone(), format!("there is no {kind} `{name}`"));
        self.report(match nearest(name, FUNCTIONS.into_iter().chain(["has"])) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help(format!("functions of a manifest: {}, has", FUNCTIONS.join(", "))),
        })
    }

    fn has(&mut self, field: &Node, range: &Range<usize>) -> Checked {
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

    /// An input is always there: `has(input.x)` asks whether it is null.
    fn has_input(&mut self, of: &Node, field: &Name) -> Checked {
        let input = self.select(of, field, false)?;
        let null = Expr { ty: Type::Null, node: Out::Literal(Literal::Null) };
        let node = Out::Binary { op: BinaryOp::NotEqual, left: Box::new(input), right: Box::new(null) };
        Some(Expr { ty: Type::Bool, node })
    }

    fn size(&mut self, value: &Node, range: &Range<usize>) -> Checked {
        let arg = self.infer(value, None)?;
        let sized = match &arg.ty {
            Type::String | Type::Bytes | Type::List(_) | Type::Map(_) | Type::Record(_) | Type::Any => true,
            Type::Named(name) => matches!(self.scope.types.get(name), Some(TypeDef::TypedDict { .. })),
            Type::Optional(_) => return self.may_be_null(&arg, &value.range),
            _ => false,
        };
        if !sized {
            let message = format!("a value of type `{}` has no size", arg.ty);
            return self.report(CelError::new(range.clone(), message));
        }
        Some(Expr { ty: Type::Int, node: Out::Call { function: "size".to_owned(), args: vec![arg] } })
    }

    fn string(&mut self, node: &Node) -> Checked {
        let text = self.infer(node, None)?;
        let text = self.wire(text);
        self.fit(text, &node.range, Some(&Type::String))
    }

    fn conversion(&mut self, name: &str, value: &Node) -> Checked {
        let arg = self.infer(value, None)?;
        let arg = self.wire(arg);
        if matches!(arg.ty, Type::Optional(_)) {
            return self.may_be_null(&arg, &value.range);
        }
        let number = matches!(arg.ty, Type::Int | Type::Float | Type::Decimal | Type::String | Type::Any);
        let (ty, converts) = match name {
            "string" => (Type::String, is_text(&arg.ty)),
            "int" => (Type::Int, number),
            _ => (Type::Float, number),
        };
        if !converts {
            let message = format!("a value of type `{}` cannot be made a `{ty}`", arg.ty);
            return self.report(CelError::new(value.range.clone(), message));
        }
        Some(Expr { ty, node: Out::Call { function: name.to_owned(), args: vec![arg] } })
    }
}
