//! CEL's optionals as what a manifest has instead: values that may be null.
//!
//! It adds nothing to the Plan: a chain of `.?` becomes tests for null of values that are bound once.

use std::ops::Range;

use conductor_protocol::expr::{BinaryOp, Expr, Literal, Node as Out};
use conductor_protocol::types::{Type, TypeDef};

use super::comprehensions::bound;
use super::{Checked, Checker};
use crate::ast::{Kind, Name, Node};
use crate::error::CelError;

fn null() -> Expr {
    Expr { ty: Type::Null, node: Out::Literal(Literal::Null) }
}

fn not_null(value: Expr) -> Expr {
    let node = Out::Binary { op: BinaryOp::NotEqual, left: Box::new(value), right: Box::new(null()) };
    Expr { ty: Type::Bool, node }
}

fn either(test: Expr, then: Expr, otherwise: Expr, ty: Type) -> Expr {
    let (test, then, otherwise) = (Box::new(test), Box::new(then), Box::new(otherwise));
    Expr { ty, node: Out::Conditional { test, then, otherwise } }
}

/// `then` where `value` is not null, else null.
pub(super) fn unless_null(value: Expr, then: Expr) -> Expr {
    let ty = Type::optional(then.ty.clone());
    either(not_null(value), then, null(), ty)
}

fn present(value: &Expr) -> Expr {
    match &value.ty {
        Type::Optional(inner) => Expr { ty: (**inner).clone(), node: Out::Convert(Box::new(value.clone())) },
        _ => value.clone(),
    }
}

/// Whether the node is a chain with a `?` in it, which goes on through null.
fn is_chain(node: &Node) -> bool {
    match &node.kind {
        Kind::Select { optional: true, .. } | Kind::Index { optional: true, .. } => true,
        Kind::Select { of, .. } | Kind::Index { of, .. } => is_chain(of),
        Kind::Call { receiver: Some(_), function, .. } => {
            matches!(function.text.as_str(), "first" | "last" | "or" | "optMap" | "optFlatMap")
        }
        _ => false,
    }
}

impl Checker<'_> {
    /// `a.orValue(b)`, `a.or(b)` and `a.hasValue()`; `None` where it is none of them.
    pub(super) fn of_optional(
        &mut self,
        receiver: &Node,
        name: &str,
        args: &[Node],
        range: &Range<usize>,
    ) -> Option<Checked> {
        Some(match (name, args) {
            ("orValue", [other]) => self.otherwise(receiver, other, range, false),
            ("or", [other]) => self.otherwise(receiver, other, range, true),
            ("hasValue", []) => self.infer(receiver, None).map(not_null),
            _ => return None,
        })
    }

    fn otherwise(&mut self, receiver: &Node, other: &Node, range: &Range<usize>, nullable: bool) -> Checked {
        let value = self.infer(receiver, None)?;
        let inner = value.ty.non_null().clone();
        let other_value = self.infer(other, Some(&inner))?;
        if !nullable && matches!(other_value.ty, Type::Optional(_)) {
            return self.may_be_null(&other_value, &other.range);
        }
        let joined = super::operators::joined(&inner, &other_value.ty, None);
        let Some(ty) = joined else {
            let message = format!("`{inner}` and `{}` differ in type", other_value.ty);
            return self.report(CelError::new(range.clone(), message));
        };
        let name = self.fresh();
        let variable = Expr { ty: value.ty.clone(), node: Out::Variable(name.clone()) };
        let then = present(&variable);
        Some(bound(&name, value, either(not_null(variable), then, other_value, ty)))
    }

    /// The name of a variable that nobody can write.
    fn fresh(&mut self) -> String {
        self.made += 1;
        format!("@{}", self.made)
    }

    /// `owner.field` where the owner or the field may be missing: null then.
    pub(super) fn optional_select(&mut self, of: &Node, field: &Name, asked: bool) -> Option<Checked> {
        let through = is_chain(of);
        if !asked && !through {
            return None;
        }
        if let Kind::Ident { name, absolute: false } = &of.kind
            && matches!(name.as_str(), "input" | "run" | "env")
            && self.local(name).is_none()
        {
            // What the workflow declares is always there.
            return Some(self.select(of, field, false));
        }
        let owner = self.infer(of, None);
        Some(owner.and_then(|owner| {
            self.through(owner, |checker, owner| {
                let absent = checker.may_be_absent(&owner.ty, &field.text);
                let value = checker.field(owner.clone(), field)?;
                if !absent {
                    return Some(value);
                }
                let has =
                    Expr { ty: Type::Bool, node: Out::Has { of: Box::new(owner), name: field.text.clone() } };
                let ty = Type::optional(value.ty.clone());
                Some(either(has, value, null(), ty))
            })
        }))
    }

    /// `owner[index]`, null where there is no such element.
    pub(super) fn optional_index(
        &mut self,
        of: &Node,
        index: &Node,
        asked: bool,
        range: &Range<usize>,
    ) -> Option<Checked> {
        if !asked && !is_chain(of) {
            return None;
        }
        let owner = self.infer(of, None);
        let at = self.infer(index, None);
        let (Some(owner), Some(at)) = (owner, at) else { return Some(None) };
        if let (Type::Record(_) | Type::Named(_), Out::Literal(Literal::String(name))) =
            (owner.ty.non_null(), &at.node)
        {
            let field = Name { text: name.clone(), range: index.range.clone() };
            return Some(self.optional_select(of, &field, true).unwrap_or(None));
        }
        let wanted = match owner.ty.non_null() {
            Type::List(_) => Type::Int,
            Type::Map(_) => Type::String,
            Type::Any => {
                let error = CelError::new(range.clone(), "`[?` needs a list or a map, but this is `any`");
                return Some(self.report(error.help("the code does not say its type: annotate it")));
            }
            other => {
                let message = format!("a value of type `{other}` has no elements");
                return Some(self.report(CelError::new(range.clone(), message)));
            }
        };
        let at = self.fit(at, &index.range, Some(&wanted));
        let name = self.fresh();
        Some(at.and_then(|at| {
            let place = Expr { ty: at.ty.clone(), node: Out::Variable(name.clone()) };
            let value = self.through(owner, |_, owner| Some(element_or_null(owner, place.clone())))?;
            Some(bound(&name, at, value))
        }))
    }

    /// `part` of a value that may be null, which is evaluated once.
    fn through(&mut self, owner: Expr, part: impl FnOnce(&mut Self, Expr) -> Checked) -> Checked {
        let simple = super::facts::path(&owner).is_some();
        if !matches!(owner.ty, Type::Optional(_)) && simple {
            return part(self, owner);
        }
        let name = self.fresh();
        let variable = Expr { ty: owner.ty.clone(), node: Out::Variable(name.clone()) };
        let value = part(self, present(&variable))?;
        let value = if matches!(owner.ty, Type::Optional(_)) { unless_null(variable, value) } else { value };
        Some(bound(&name, owner, value))
    }

    /// Whether a value of the type need not have the field.
    fn may_be_absent(&self, ty: &Type, name: &str) -> bool {
        match ty {
            Type::Map(_) | Type::Any => true,
            Type::Named(class) => match self.scope.types.get(class) {
                Some(TypeDef::TypedDict { fields }) => {
                    fields.iter().any(|field| field.name == name && !field.required)
                }
                _ => false,
            },
            Type::Union(members) => members.iter().any(|member| self.may_be_absent(member, name)),
            _ => false,
        }
    }
}

/// `owner[at]` of a list or a map, null where there is none.
fn element_or_null(owner: Expr, at: Expr) -> Expr {
    let binary = |op, left: Expr, right: Expr| Expr {
        ty: Type::Bool,
        node: Out::Binary { op, left: Box::new(left), right: Box::new(right) },
    };
    let (item, test) = match &owner.ty {
        Type::List(item) => {
            let zero = Expr { ty: Type::Int, node: Out::Literal(Literal::Int(0)) };
            let size = Expr {
                ty: Type::Int,
                node: Out::Call { function: "size".into(), args: vec![owner.clone()] },
            };
            let begun = binary(BinaryOp::GreaterOrEqual, at.clone(), zero);
            let inside = binary(BinaryOp::Less, at.clone(), size);
            ((**item).clone(), binary(BinaryOp::And, begun, inside))
        }
        Type::Map(item) => ((**item).clone(), binary(BinaryOp::In, at.clone(), owner.clone())),
        other => (other.clone(), Expr { ty: Type::Bool, node: Out::Literal(Literal::Bool(false)) }),
    };
    let element = Expr { ty: item.clone(), node: Out::Index { of: Box::new(owner), index: Box::new(at) } };
    either(test, element, null(), Type::optional(item))
}
