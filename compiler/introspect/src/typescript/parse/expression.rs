//! The values that names are bound to, as far as they are functions, classes, objects of such, or other names.

use std::collections::BTreeMap;

use tree_sitter::Node;

use super::super::syntax::{Init, TypeExpr};
use super::{Source, class, function, named, property_name, string, types};

/// `outer` is the statement or property whose comment the value has.
pub fn init(source: &Source<'_>, node: Node<'_>, outer: Node<'_>) -> Init {
    source.deeper(|| read(source, node, outer)).unwrap_or(Init::Other)
}

fn read(source: &Source<'_>, node: Node<'_>, outer: Node<'_>) -> Init {
    match node.kind() {
        "arrow_function" | "function_expression" | "generator_function" => {
            Init::Function(Box::new(function::definition(source, node, outer)))
        }
        "class" => Init::Class(Box::new(class::class(source, node))),
        "object" => Init::Object(properties(source, node)),
        "identifier" | "member_expression" => path(source, node).map_or(Init::Other, Init::Name),
        "parenthesized_expression" | "non_null_expression" | "satisfies_expression" => {
            named(node).next().map_or(Init::Other, |inner| init(source, inner, outer))
        }
        "as_expression" => cast(source, node, outer),
        "call_expression" => match require(source, node) {
            Some(module) => Init::Require(module),
            None => Init::Call,
        },
        "new_expression" | "await_expression" => Init::Call,
        _ => Init::Other,
    }
}

/// `x as const` is x; `f as T` is what `T` says.
fn cast(source: &Source<'_>, node: Node<'_>, outer: Node<'_>) -> Init {
    let parts: Vec<Node<'_>> = named(node).collect();
    match parts[..] {
        [value] => init(source, value, outer),
        [value, ty] => {
            let ty: TypeExpr = types::expr(source, ty);
            match &ty.kind {
                super::super::syntax::TypeKind::Other => init(source, value, outer),
                _ => Init::Cast(ty),
            }
        }
        _ => Init::Other,
    }
}

/// `a.b.c`, nothing computed and nothing called.
pub fn path(source: &Source<'_>, node: Node<'_>) -> Option<Vec<String>> {
    let mut at = node;
    let mut names = Vec::new();
    while at.kind() == "member_expression" {
        names.push(source.slice(at.child_by_field_name("property")?).to_owned());
        at = at.child_by_field_name("object")?;
    }
    if at.kind() != "identifier" {
        return None;
    }
    names.push(source.slice(at).to_owned());
    names.reverse();
    Some(names)
}

pub fn require(source: &Source<'_>, node: Node<'_>) -> Option<String> {
    let function = node.child_by_field_name("function")?;
    let argument = named(node.child_by_field_name("arguments")?).next()?;
    (source.slice(function) == "require" && argument.kind() == "string").then(|| string(source, argument))
}

fn properties(source: &Source<'_>, node: Node<'_>) -> BTreeMap<String, Init> {
    let mut found = BTreeMap::new();
    for one in named(node) {
        match one.kind() {
            "shorthand_property_identifier" => {
                let name = source.slice(one).to_owned();
                found.insert(name.clone(), Init::Name(vec![name]));
            }
            "pair" => {
                let key = one.child_by_field_name("key").and_then(|key| property_name(source, key));
                if let (Some(key), Some(value)) = (key, one.child_by_field_name("value")) {
                    found.insert(key, init(source, value, one));
                }
            }
            "method_definition" => {
                let key = one.child_by_field_name("name").and_then(|key| property_name(source, key));
                let accessor = super::has(one, "get") || super::has(one, "set");
                if let Some(key) = key {
                    let method = || Init::Function(Box::new(function::definition(source, one, one)));
                    found.insert(key, if accessor { Init::Other } else { method() });
                }
            }
            _ => {}
        }
    }
    found
}
