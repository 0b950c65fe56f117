//! Classes, interfaces and enumerations.

use tree_sitter::Node;

use super::super::syntax::{Class, Enum, EnumValue, Interface, Member, MemberKind};
use super::{
    Source, children, error, expression, function, has, named, property_name, salvage, string, types,
};

pub fn class(source: &Source<'_>, node: Node<'_>) -> Class {
    let name = node.child_by_field_name("name").map_or_else(|| node.byte_range(), |name| name.byte_range());
    let heritage = children(node).into_iter().find(|child| child.kind() == "class_heritage");
    let clauses: Vec<Node<'_>> = heritage.into_iter().flat_map(named).collect();
    // In plain JavaScript the base class stands in the heritage itself.
    let extends = clauses.iter().find(|clause| clause.kind() != "implements_clause").map(|clause| {
        let value = clause.child_by_field_name("value").unwrap_or(*clause);
        let mut base = types::expr(source, value);
        if let super::super::syntax::TypeKind::Name { args, .. } = &mut base.kind {
            *args = types::arguments(source, *clause);
        }
        base
    });
    let body = node.child_by_field_name("body");
    let members = body.into_iter().flat_map(named).filter_map(|one| member(source, one)).collect();
    Class {
        name,
        is_abstract: node.kind() == "abstract_class_declaration",
        type_params: types::parameters(source, node),
        extends,
        members,
    }
}

fn member(source: &Source<'_>, node: Node<'_>) -> Option<Member> {
    let named = node.child_by_field_name("name")?;
    let name = property_name(source, named)?;
    let access = children(node).into_iter().find(|child| child.kind() == "accessibility_modifier");
    let is_hidden = named.kind() == "private_property_identifier"
        || access.is_some_and(|access| source.slice(access) != "public");
    let kind = match node.kind() {
        _ if node.has_error() && salvage::has_broken_header(node) => MemberKind::Broken(error(source, node)),
        "method_definition" | "method_signature" | "abstract_method_signature" => {
            if has(node, "get") || has(node, "set") {
                MemberKind::Accessor
            } else {
                MemberKind::Method(Box::new(function::definition(source, node, node)))
            }
        }
        "public_field_definition" => MemberKind::Field {
            annotation: types::of_field(source, node, "type").or_else(|| {
                node.child_by_field_name("value").and_then(|value| types::of_literal(source, value))
            }),
            is_optional: has(node, "?"),
            init: node.child_by_field_name("value").map(|value| expression::init(source, value, node)),
        },
        _ => return None,
    };
    Some(Member {
        name,
        is_static: has(node, "static"),
        is_hidden,
        is_abstract: node.kind() == "abstract_method_signature" || has(node, "abstract"),
        kind,
        range: named.byte_range(),
    })
}

pub fn interface(source: &Source<'_>, node: Node<'_>) -> Option<Interface> {
    let clauses = children(node).into_iter().filter(|child| child.kind() == "extends_type_clause");
    Some(Interface {
        name: node.child_by_field_name("name")?.byte_range(),
        type_params: types::parameters(source, node),
        extends: clauses.flat_map(named).map(|base| types::expr(source, base)).collect(),
        body: types::object(source, node.child_by_field_name("body")?),
    })
}

pub fn enumeration(source: &Source<'_>, node: Node<'_>) -> Option<Enum> {
    let body = node.child_by_field_name("body")?;
    let member = |one: Node<'_>| match one.kind() {
        "enum_assignment" => {
            let name = property_name(source, one.child_by_field_name("name")?)?;
            Some((name, value(source, one.child_by_field_name("value")?)))
        }
        _ => Some((property_name(source, one)?, EnumValue::Next)),
    };
    let members = named(body).filter_map(member).collect();
    Some(Enum { name: node.child_by_field_name("name")?.byte_range(), members })
}

fn value(source: &Source<'_>, node: Node<'_>) -> EnumValue {
    match node.kind() {
        "string" => EnumValue::String(string(source, node)),
        "template_string" if !source.slice(node).contains("${") => EnumValue::String(string(source, node)),
        "number" | "unary_expression" => {
            whole(source.slice(node)).map_or(EnumValue::Computed, EnumValue::Int)
        }
        "identifier" => EnumValue::Same(source.slice(node).to_owned()),
        "parenthesized_expression" => named(node)
            .next()
            .filter(|inner| matches!(inner.kind(), "string" | "number" | "unary_expression"))
            .map_or(EnumValue::Computed, |inner| value(source, inner)),
        "binary_expression" => shifted(source, node).map_or(EnumValue::Computed, EnumValue::Int),
        _ => EnumValue::Computed,
    }
}

/// `1 << 3`
fn shifted(source: &Source<'_>, node: Node<'_>) -> Option<i64> {
    let side = |field: &str| whole(source.slice(node.child_by_field_name(field)?));
    let operator = source.slice(node.child_by_field_name("operator")?);
    let (left, right) = (side("left")?, u32::try_from(side("right")?).ok().filter(|by| *by < 31)?);
    (operator == "<<").then(|| left.checked_shl(right)).flatten().filter(|value| *value < 1 << 31)
}

fn whole(text: &str) -> Option<i64> {
    let text = text.replace('_', "").to_ascii_lowercase();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest.trim()),
        None => (1, text.trim_start_matches('+').trim()),
    };
    let number = match digits.get(..2) {
        Some("0x") => i64::from_str_radix(&digits[2..], 16),
        Some("0o") => i64::from_str_radix(&digits[2..], 8),
        Some("0b") => i64::from_str_radix(&digits[2..], 2),
        _ => digits.parse(),
    };
    number.ok()?.checked_mul(sign)
}
