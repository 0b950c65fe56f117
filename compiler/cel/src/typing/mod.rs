//! The type checker of plain CEL: gradual, with type parameters, overloads and declared names.
//!
//! It knows nothing of manifests, whose types and rules are [`crate::manifest`]'s.

mod calls;
mod comprehensions;
mod declarations;
mod types;
mod unify;

use std::collections::BTreeMap;

pub use types::CelType;

use crate::ast::{Ast, BinaryOp, Item, Kind, Node, UnaryOp};
use crate::error::CelError;
use crate::eval::{candidates, qualified};
use unify::Substitution;

/// Names and functions beside the standard ones.
#[derive(Debug, Clone)]
pub struct Declarations {
    /// Types in the notation of CEL, such as `list(int)`, by qualified name.
    pub variables: BTreeMap<String, String>,
    pub functions: Vec<Function>,
    /// The package in which names are looked up first; empty for none.
    pub container: String,
    /// Whether `has`, `all`, `map` and the like are macros; else they are functions that do not exist.
    pub macros: bool,
}

impl Default for Declarations {
    fn default() -> Declarations {
        Declarations {
            variables: BTreeMap::new(),
            functions: Vec::new(),
            container: String::new(),
            macros: true,
        }
    }
}

/// One overload of a function; `$T` is a type parameter.
#[derive(Debug, Clone)]
pub struct Function {
    pub name: String,
    pub member: bool,
    /// The receiver first, if it is a member.
    pub params: Vec<String>,
    pub result: String,
}

/// The type of an expression.
///
/// # Errors
/// Names, fields and calls that cannot be right whatever the values are.
pub fn check(ast: &Ast, declarations: &Declarations) -> Result<CelType, Vec<CelError>> {
    let mut checker =
        Checker { declarations, types: Substitution::default(), locals: Vec::new(), errors: Vec::new() };
    let ty = checker.infer(&ast.root);
    if checker.errors.is_empty() { Ok(checker.types.deep(&ty, true)) } else { Err(checker.errors) }
}

struct Checker<'a> {
    declarations: &'a Declarations,
    types: Substitution,
    /// Variables of macros, the innermost last.
    locals: Vec<(&'a str, CelType)>,
    errors: Vec<CelError>,
}

/// The type that a name denotes, as its value has it.
fn denoted(name: &str) -> Option<CelType> {
    Some(match name {
        "bool"
        | "int"
        | "uint"
        | "double"
        | "string"
        | "bytes"
        | "null_type"
        | "google.protobuf.Timestamp"
        | "google.protobuf.Duration" => CelType::simple(name),
        "list" | "optional_type" | "type" => CelType::of(name, [CelType::Dyn]),
        "map" => CelType::of(name, [CelType::Dyn, CelType::Dyn]),
        _ => return None,
    })
}

impl<'a> Checker<'a> {
    /// Reports, and goes on with `dyn` so that nothing follows from it.
    fn report(&mut self, node: &Node, message: impl Into<String>) -> CelType {
        self.errors.push(CelError::new(node.range.clone(), message));
        CelType::Dyn
    }

    fn read(&mut self, text: &str, variables: &mut BTreeMap<String, usize>) -> CelType {
        let mut next = self.types.next();
        let ty = CelType::parse(text, variables, &mut || {
            next += 1;
            next
        });
        self.types.reserve(next);
        ty.unwrap_or(CelType::Dyn)
    }

    fn local(&self, name: &str) -> Option<&CelType> {
        self.locals.iter().rev().find(|(known, _)| *known == name).map(|(_, ty)| ty)
    }

    fn declared(&mut self, name: &str, absolute: bool) -> Option<CelType> {
        let container = if absolute { "" } else { self.declarations.container.as_str() };
        for candidate in candidates(container, name) {
            if let Some(text) = self.declarations.variables.get(&candidate).cloned() {
                return Some(self.read(&text, &mut BTreeMap::new()));
            }
            if let Some(ty) = denoted(&candidate) {
                return Some(CelType::of("type", [ty]));
            }
        }
        None
    }

    fn infer(&mut self, node: &'a Node) -> CelType {
        let simple = CelType::simple;
        match &node.kind {
            Kind::Error => self.report(node, "this could not be read"),
            Kind::Null => simple("null_type"),
            Kind::Bool(_) => simple("bool"),
            Kind::Int(_) => simple("int"),
            Kind::Uint(_) => simple("uint"),
            Kind::Double(..) => simple("double"),
            Kind::String(_) => simple("string"),
            Kind::Bytes(_) => simple("bytes"),
            Kind::Ident { name, absolute } => self.name(node, name, *absolute),
            Kind::Select { of, field, optional } => self.select(node, of, &field.text, *optional),
            Kind::Index { of, index, optional } => {
                let args = vec![self.infer(of), self.infer(index)];
                self.resolve(node, if *optional { "_[?_]" } else { "_[_]" }, false, args)
            }
            Kind::List(items) => self.list(items),
            Kind::Map(entries) => {
                let mut key: Option<CelType> = None;
                let mut value: Option<CelType> = None;
                for entry in entries {
                    let own = self.infer(&entry.key);
                    key = Some(self.join(key, own));
                    let own = self.element(&entry.value, entry.optional);
                    value = Some(self.join(value, own));
                }
                let key = key.unwrap_or_else(|| self.types.fresh());
                let value = value.unwrap_or_else(|| self.types.fresh());
                CelType::of("map", [key, value])
            }
            Kind::Message { name, .. } => self.report(node, format!("there is no message type `{name}`")),
            Kind::Unary { op, operand } => {
                let args = vec![self.infer(operand)];
                self.resolve(node, if *op == UnaryOp::Not { "!_" } else { "-_" }, false, args)
            }
            Kind::Binary { op, left, right } => {
                let args = vec![self.infer(left), self.infer(right)];
                self.binary(node, *op, args)
            }
            Kind::Conditional { test, then, otherwise } => {
                let args = vec![self.infer(test), self.infer(then), self.infer(otherwise)];
                self.resolve(node, "_?_:_", false, args)
            }
            Kind::Call { receiver, function, args } => {
                self.call(node, receiver.as_deref(), &function.text, args)
            }
        }
    }

    fn name(&mut self, node: &Node, name: &str, absolute: bool) -> CelType {
        if !absolute && let Some(ty) = self.local(name) {
            return ty.clone();
        }
        self.declared(name, absolute)
            .unwrap_or_else(|| self.report(node, format!("`{name}` is not declared")))
    }

    fn select(&mut self, node: &'a Node, of: &'a Node, name: &str, asked: bool) -> CelType {
        if !asked && let Some((names, absolute)) = qualified(node) {
            let hidden = !absolute && self.local(names[0]).is_some();
            if !hidden && let Some(ty) = self.declared(&names.join("."), absolute) {
                return ty;
            }
        }
        let owner = self.infer(of);
        let owner = self.types.shallow(&owner);
        let inner = owner.params_of("optional_type").map(|params| self.types.shallow(&params[0]));
        let optional = asked || inner.is_some();
        let ty = match inner.as_ref().unwrap_or(&owner) {
            CelType::Named(kind, params) => match kind.as_str() {
                "map" => params[1].clone(),
                "bool" | "int" | "uint" | "double" | "string" | "bytes" | "list" | "type" | "null_type" => {
                    self.report(node, format!("a `{kind}` has no fields, so no `{name}`"))
                }
                _ => CelType::Dyn,
            },
            _ => CelType::Dyn,
        };
        let already = self.types.shallow(&ty).is("optional_type");
        if optional && !(inner.is_some() && already) { CelType::of("optional_type", [ty]) } else { ty }
    }

    /// The type of an element; of what an optional one holds.
    fn element(&mut self, node: &'a Node, optional: bool) -> CelType {
        let ty = self.infer(node);
        if !optional {
            return ty;
        }
        let inner = self.types.fresh();
        if self.types.assignable(&ty, &CelType::of("optional_type", [inner.clone()])) {
            return inner;
        }
        self.report(node, "`?` needs an optional")
    }

    fn list(&mut self, items: &'a [Item]) -> CelType {
        let mut element: Option<CelType> = None;
        for item in items {
            let own = self.element(&item.value, item.optional);
            element = Some(self.join(element, own));
        }
        let element = element.unwrap_or_else(|| self.types.fresh());
        CelType::of("list", [element])
    }

    /// The type of elements of both types: the more general one, or `dyn`.
    fn join(&mut self, before: Option<CelType>, own: CelType) -> CelType {
        let Some(before) = before else { return own };
        let mark = self.types.mark();
        if self.types.assignable(&before, &own) {
            return self.types.more_general(&before, &own);
        }
        self.types.take_back(mark);
        CelType::Dyn
    }

    fn binary(&mut self, node: &Node, op: BinaryOp, args: Vec<CelType>) -> CelType {
        let name = match op {
            BinaryOp::And => "_&&_",
            BinaryOp::Or => "_||_",
            BinaryOp::Equal => "_==_",
            BinaryOp::NotEqual => "_!=_",
            BinaryOp::In => "_in_",
            BinaryOp::Add => "_+_",
            BinaryOp::Subtract => "_-_",
            BinaryOp::Multiply => "_*_",
            BinaryOp::Divide => "_/_",
            BinaryOp::Modulo => "_%_",
            BinaryOp::Less | BinaryOp::LessOrEqual | BinaryOp::Greater | BinaryOp::GreaterOrEqual => "_<_",
        };
        self.resolve(node, name, false, args)
    }
}
