//! Functions, methods and signatures with their parameters.

use std::ops::Range;

use tree_sitter::Node;

use super::super::syntax::{Doc, Function, Param, Pattern};
use super::{Dialect, Source, children, has, jsdoc, named, types};

/// A definition; `outer` is the statement that it stands in, where its comment and decorators are.
pub fn definition(source: &Source<'_>, node: Node<'_>, outer: Node<'_>) -> Function {
    let mut found = signature(source, node);
    found.range = outer.start_byte().min(node.start_byte())..node.end_byte();
    found.doc = doc(source, outer);
    if source.dialect == Dialect::Javascript
        && let Some(doc) = found.doc.clone()
    {
        jsdoc::annotate(source, &doc, &mut found);
    }
    found
}

pub fn signature(source: &Source<'_>, node: Node<'_>) -> Function {
    let name = node.child_by_field_name("name").map_or_else(|| node.byte_range(), |name| name.byte_range());
    let returns = ["return_type", "type"].iter().find_map(|field| types::of_field(source, node, field));
    Function {
        name,
        range: node.byte_range(),
        is_async: has(node, "async"),
        is_generator: has(node, "*") || node.kind().starts_with("generator_function"),
        has_body: node.child_by_field_name("body").is_some(),
        type_params: types::parameters(source, node),
        params: parameters(source, node),
        returns,
        doc: None,
    }
}

fn parameters(source: &Source<'_>, node: Node<'_>) -> Vec<Param> {
    // `x => ...`
    if let Some(only) = node.child_by_field_name("parameter") {
        return vec![Param {
            pattern: Pattern::Name(source.slice(only).to_owned()),
            is_rest: false,
            is_optional: false,
            annotation: None,
            default: None,
            property: None,
            range: only.byte_range(),
        }];
    }
    let Some(list) = node.child_by_field_name("parameters") else { return Vec::new() };
    named(list).filter_map(|one| parameter(source, one)).collect()
}

fn parameter(source: &Source<'_>, node: Node<'_>) -> Option<Param> {
    let mut pattern = node.child_by_field_name("pattern")?;
    if pattern.kind() == "this" {
        return None;
    }
    let is_rest = pattern.kind() == "rest_pattern";
    if is_rest {
        pattern = named(pattern).next()?;
    }
    let kind = match pattern.kind() {
        "object_pattern" => Pattern::Object(properties(source, pattern)),
        "array_pattern" => Pattern::Array,
        _ => Pattern::Name(source.slice(pattern).to_owned()),
    };
    let annotation = node.child_by_field_name("type");
    let value = node.child_by_field_name("value");
    let access = children(node).into_iter().find(|child| child.kind() == "accessibility_modifier");
    let property = match access {
        Some(access) => Some(source.slice(access) == "public"),
        None => (has(node, "readonly") || has(node, "override_modifier")).then_some(true),
    };
    Some(Param {
        pattern: kind,
        is_rest,
        is_optional: node.kind() == "optional_parameter",
        annotation: match annotation {
            Some(annotation) => types::annotation(source, annotation),
            None => value.and_then(|value| types::of_literal(source, value)),
        },
        default: value.map(|value| source.slice(value).to_owned()),
        property,
        range: pattern.start_byte()
            ..annotation.map_or(pattern.end_byte(), |annotation| annotation.end_byte()),
    })
}

fn properties(source: &Source<'_>, pattern: Node<'_>) -> Vec<(String, Option<String>, Range<usize>)> {
    let text = |node: Option<Node<'_>>| node.map(|node| source.slice(node).to_owned());
    let mut found = Vec::new();
    for one in named(pattern) {
        match one.kind() {
            "shorthand_property_identifier_pattern" => {
                found.push((source.slice(one).to_owned(), None, one.byte_range()));
            }
            "object_assignment_pattern" => {
                let Some(left) = one.child_by_field_name("left") else { continue };
                let default = text(one.child_by_field_name("right"));
                found.push((source.slice(left).to_owned(), default, left.byte_range()));
            }
            // `{ name: local = default }`
            "pair_pattern" => {
                let Some(key) = one.child_by_field_name("key") else { continue };
                let Some(name) = super::property_name(source, key) else { continue };
                let value = one.child_by_field_name("value");
                let default = value.and_then(|value| value.child_by_field_name("right"));
                found.push((name, text(default), key.byte_range()));
            }
            _ => {}
        }
    }
    found
}

/// The comment `/** ... */` right before a node. Line comments and decorators may stand between.
pub fn doc(source: &Source<'_>, node: Node<'_>) -> Option<Doc> {
    let mut before = source.text.get(..node.start_byte())?.trim_end();
    loop {
        if before.ends_with("*/") {
            let start = before.rfind("/*")?;
            if !before[start..].starts_with("/**") || before.len() < start + 5 {
                return None;
            }
            let inner = &before[start + 3..before.len() - 2];
            let text = jsdoc::clean(inner);
            return Some(Doc { text, range: start..before.len() });
        }
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        if !before[line..].trim_start().starts_with("//") {
            return None;
        }
        before = before[..line].trim_end();
    }
}
