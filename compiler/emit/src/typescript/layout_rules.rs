//! What an expression is to its layout: how tightly it binds, whether it is short, where it may break.
//!
//! It knows the tree, no documents.

use super::tree::{Operator, Property, Ts, Ty};

/// Whether it is a call with arguments, or a chain of calls.
pub fn is_long_call(value: &Ts) -> bool {
    matches!(value, Ts::Call { args, is_new: false, .. } if !args.is_empty())
        || super::layout_call::is_member_chain(value)
}

/// The value without the casts that JavaScript does not have.
pub fn erased(value: &Ts, javascript: bool) -> &Ts {
    match value {
        Ts::As(inner, _) if javascript => erased(inner, true),
        other => other,
    }
}

pub fn is_else(value: &Ts) -> bool {
    matches!(value, Ts::Binary { op: Operator::Else, .. })
}

/// A logical expression whose right side is an object or a list stays on its line.
pub fn inlines(value: &Ts) -> bool {
    let Ts::Binary { op, right, .. } = value else { return false };
    op.is_logical()
        && match &**right {
            Ts::Object(properties) => !properties.is_empty(),
            Ts::Array(items) => !items.is_empty(),
            _ => false,
        }
}

pub fn is_plain_literal(value: &Ts) -> bool {
    matches!(value, Ts::Literal(text) if text != "null")
}

/// A chain of members and calls without arguments worth breaking.
pub fn poorly_breakable(value: &Ts, deep: bool) -> bool {
    match value {
        Ts::Call { callee, args, types, is_new: false } => {
            let short = match args.as_slice() {
                [] => true,
                [one] => is_short(one),
                _ => false,
            };
            let chain = super::layout_call::is_member_chain(value);
            let complex =
                types.len() > 1 || types.iter().any(|ty| matches!(ty, Ty::Union(_) | Ty::Object(_)));
            !chain && short && !complex && poorly_breakable(callee, true)
        }
        Ts::Member(of, _) => poorly_breakable(of, true),
        Ts::Index(of, _) => poorly_breakable(of, true),
        Ts::Name(_) => deep,
        _ => false,
    }
}

/// At most a quarter of a line.
pub fn is_short(value: &Ts) -> bool {
    match value {
        Ts::Name(name) => name.chars().count() <= 20,
        Ts::String(value) => super::literal::string(value).chars().count() <= 20,
        Ts::Not(inner) | Ts::Negate(inner) => is_short(inner),
        Ts::Literal(_) => true,
        Ts::Call { callee, args, .. } => {
            args.is_empty() && matches!(&**callee, Ts::Name(_)) && is_short(callee)
        }
        Ts::Array(items) => items.is_empty(),
        Ts::Object(properties) => properties.is_empty(),
        _ => false,
    }
}

/// How tightly an expression binds.
pub fn binding(value: &Ts) -> u8 {
    match value {
        Ts::Arrow(_) => 0,
        Ts::Conditional { .. } => 1,
        Ts::Binary { op, .. } => op.binding() + 1,
        Ts::As(..) => 9,
        Ts::Await(_) | Ts::Not(_) | Ts::Negate(_) => 15,
        Ts::Literal(text) if text.starts_with(|first: char| first.is_ascii_digit()) => 18,
        _ => 20,
    }
}

pub fn needs_parens_in_unary(inner: &Ts) -> bool {
    binding(inner) < 15
}

/// Some parentheses are only for the reader.
pub fn needs_parens_after_sign(inner: &Ts) -> bool {
    needs_parens_in_unary(inner) || matches!(inner, Ts::Await(_))
}

pub fn needs_parens_in_binary(inner: &Ts, op: Operator, is_right: bool) -> bool {
    match inner {
        Ts::Binary { op: other, .. } => {
            let mixed = op.is_logical() && other.is_logical() && op != *other;
            let same = op.binding() == other.binding();
            mixed || other.binding() < op.binding() || (same && (is_right || !op.joins(*other)))
        }
        Ts::As(..) => true,
        // Only for the reader.
        Ts::Await(_) => true,
        _ => binding(inner) < 10,
    }
}

pub fn keys_need_quotes(properties: &[Property]) -> bool {
    properties
        .iter()
        .any(|property| matches!(property, Property::Value(name, _) if !super::names::is_identifier(name)))
}
