//! Names and fields: variables of macros, bindings inside a container, types, and what is selected of a value.
//!
//! It does not know where bindings come from.

use super::{Evaluator, Outcome, Value, error, optional};
use crate::ast::{Kind, Node};

/// Names that denote types where no binding hides them.
const TYPES: [&str; 13] = [
    "bool",
    "int",
    "uint",
    "double",
    "string",
    "bytes",
    "list",
    "map",
    "type",
    "null_type",
    "optional_type",
    "google.protobuf.Timestamp",
    "google.protobuf.Duration",
];

/// `name` inside `container`, then inside each package around it, last as it stands.
pub(crate) fn candidates(container: &str, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut package = container;
    while !package.is_empty() {
        found.push(format!("{package}.{name}"));
        package = package.rfind('.').map_or("", |dot| &package[..dot]);
    }
    found.push(name.to_owned());
    found
}

/// The names of `a.b.c` and whether it begins with a dot.
pub(crate) fn qualified(node: &Node) -> Option<(Vec<&str>, bool)> {
    let names = node.dotted()?;
    let mut root = node;
    while let Kind::Select { of, .. } = &root.kind {
        root = of;
    }
    Some((names, matches!(root.kind, Kind::Ident { absolute: true, .. })))
}

impl<'a> Evaluator<'a> {
    fn local(&self, name: &str) -> Option<&Value> {
        self.locals.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Whether a name is a variable of a macro or a binding, so that it is no namespace.
    pub(super) fn is_value(&self, name: &str) -> bool {
        self.local(name).is_some() || self.bound(name, false).is_some()
    }

    fn bound(&self, name: &str, absolute: bool) -> Option<Value> {
        let container = if absolute { "" } else { self.env.container };
        for candidate in candidates(container, name) {
            if let Some(value) = self.env.bindings.get(&candidate) {
                return Some(value.clone());
            }
            if TYPES.contains(&candidate.as_str()) {
                return Some(Value::Type(candidate.as_str().into()));
            }
        }
        None
    }

    pub(super) fn name(&mut self, node: &'a Node) -> Outcome {
        let Kind::Ident { name, absolute } = &node.kind else { return Err(error(node, "not a name")) };
        if let Some(value) = self.local(name).filter(|_| !absolute) {
            return Ok(value.clone());
        }
        self.bound(name, *absolute).ok_or_else(|| error(node, format!("`{name}` is not known")))
    }

    /// A qualified name that is bound as a whole, such as the binding `a.b` for `a.b`.
    fn whole_name(&self, node: &Node) -> Option<Value> {
        let (names, absolute) = qualified(node)?;
        if !absolute && self.local(names[0]).is_some() {
            return None;
        }
        self.bound(&names.join("."), absolute)
    }

    pub(super) fn select(&mut self, node: &'a Node, of: &'a Node, name: &str, asked: bool) -> Outcome {
        // Putting a qualified name together costs as much as it is long.
        self.charge(node, node.depth())?;
        if !asked && let Some(value) = self.whole_name(node) {
            return Ok(value);
        }
        let owner = self.eval(of)?;
        optional::access(owner, asked, |owner| field(owner, name))
            .map_err(|message| error(node, format!("`{name}` cannot be read: {message}")))
    }

    /// `has(value.field)`.
    pub(super) fn has(&mut self, arg: &'a Node) -> Outcome {
        let Kind::Select { of, field: name, .. } = &arg.kind else {
            return Err(error(arg, "`has` asks for a field: `has(value.field)`"));
        };
        let owner = self.eval(of)?;
        let found = match &owner {
            Value::Optional(None) => Ok(None),
            Value::Optional(Some(inner)) => field(inner, &name.text),
            plain => field(plain, &name.text),
        };
        found.map(|found| Value::Bool(found.is_some())).map_err(|message| error(arg, message))
    }
}

fn field(owner: &Value, name: &str) -> Result<Option<Value>, String> {
    match owner {
        Value::Map(map) => Ok(map.field(name).cloned()),
        other => Err(format!("a {} has no fields", other.type_name())),
    }
}
