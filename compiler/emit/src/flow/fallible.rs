//! What can be said of types and expressions without a language: what cannot be changed, what may have no value.
//!
//! It knows CEL's errors; how a language raises them is its emitter's business.

use conductor_protocol::expr::{BinaryOp, Comprehension, Expr, Node, UnaryOp};
use conductor_protocol::types::{Type, TypeDef, TypeTable};

/// Whether nobody can change a value of the type, so that all readers may share it.
#[must_use]
pub fn is_immutable(types: &TypeTable, ty: &Type) -> bool {
    match ty {
        Type::List(_) | Type::Map(_) | Type::Record(_) | Type::Any => false,
        Type::Named(_) => is_enum(types, ty),
        Type::Optional(inner) => is_immutable(types, inner),
        Type::Union(members) => members.iter().all(|member| is_immutable(types, member)),
        _ => true,
    }
}

/// Whether the type is an enum, or null beside one.
#[must_use]
pub fn is_enum(types: &TypeTable, ty: &Type) -> bool {
    matches!(ty.non_null(), Type::Named(name) if matches!(types.get(name), Some(TypeDef::Enum { .. })))
}

/// Whether every value of the type has the field.
#[must_use]
pub fn always_has(types: &TypeTable, ty: &Type, name: &str) -> bool {
    match ty {
        Type::Record(_) => true,
        Type::Named(class) => match types.get(class) {
            Some(TypeDef::Class { .. }) => true,
            Some(TypeDef::TypedDict { fields }) => {
                fields.iter().any(|field| field.name == name && field.required)
            }
            _ => false,
        },
        _ => false,
    }
}

/// Whether values of the type are compared as they are, with nothing inside.
#[must_use]
pub fn is_simple(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Bool
            | Type::Int
            | Type::Float
            | Type::Decimal
            | Type::String
            | Type::Bytes
            | Type::Timestamp
            | Type::Date
            | Type::Duration
            | Type::Uuid
            | Type::Named(_)
    )
}

/// Whether evaluation can end without a value.
#[must_use]
pub fn may_fail(types: &TypeTable, expr: &Expr) -> bool {
    let fails = |expr: &Expr| may_fail(types, expr);
    match &expr.node {
        Node::Literal(_) | Node::Input(_) | Node::Step(_) | Node::Variable(_) | Node::RunId => false,
        Node::Has { of, .. } => matches!(of.ty, Type::Optional(_)) || fails(of),
        Node::Field { of, name } => !always_has(types, &of.ty, name) || fails(of),
        Node::List(items) => items.iter().any(fails),
        Node::Record(fields) => fields.iter().any(|(_, value)| fails(value)),
        Node::Unary { op: UnaryOp::Not, operand } => operand.ty != Type::Bool || fails(operand),
        Node::Binary { op: BinaryOp::Equal | BinaryOp::NotEqual, left, right } => fails(left) || fails(right),
        Node::Binary {
            op: BinaryOp::Less | BinaryOp::LessOrEqual | BinaryOp::Greater | BinaryOp::GreaterOrEqual,
            left,
            right,
        } => left.ty != right.ty || !is_simple(&left.ty) || fails(left) || fails(right),
        Node::Binary { op: BinaryOp::And | BinaryOp::Or, left, right } => {
            left.ty != Type::Bool || right.ty != Type::Bool || fails(left) || fails(right)
        }
        Node::Conditional { test, then, otherwise } => fails(test) || fails(then) || fails(otherwise),
        Node::Interpolate(parts) => parts.iter().any(fails),
        Node::Entries(_) => true,
        Node::Bind { value, body, .. } => fails(value) || fails(body),
        Node::Comprehension { kind, over, filter, body, .. } => {
            over.ty == Type::Any
                || *kind == Comprehension::TransformEntries
                || (body.ty == Type::Any && !matches!(kind, Comprehension::Map | Comprehension::TransformMap))
                || filter.as_ref().is_some_and(|filter| filter.ty != Type::Bool || fails(filter))
                || fails(over)
                || fails(body)
        }
        Node::Call { function, args } => !never_fails(function, args) || args.iter().any(fails),
        Node::Convert(of) if is_enum(types, &of.ty) && !is_enum(types, &expr.ty) => fails(of),
        _ => true,
    }
}

/// Whether the function has a value for all arguments of these types.
fn never_fails(function: &str, args: &[Expr]) -> bool {
    let typed = args.iter().all(|arg| arg.ty != Type::Any);
    typed
        && matches!(
            function,
            "size"
                | "contains"
                | "startsWith"
                | "endsWith"
                | "lowerAscii"
                | "upperAscii"
                | "trim"
                | "reverse"
                | "math.isNaN"
                | "math.isInf"
                | "math.isFinite"
                | "math.bitAnd"
                | "math.bitOr"
                | "math.bitXor"
                | "math.bitNot"
        )
}
