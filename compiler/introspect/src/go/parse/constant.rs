//! Constants of Go: groups with `iota` and the repetition that it lives from.
//!
//! It computes nothing.

use tree_sitter::Node;

use super::{Reader, unquoted};
use crate::go::syntax::{ConstExpr, Constant};
use crate::tree::children;

/// Deeper expressions are not known.
const MAX_DEPTH: usize = 30;

impl Reader<'_> {
    pub fn constants(&mut self, node: Node<'_>) {
        let mut ty = None;
        let mut values: Vec<ConstExpr> = Vec::new();
        for (iota, spec) in children(node).into_iter().filter(|spec| spec.kind() == "const_spec").enumerate()
        {
            let written = spec.child_by_field_name("value");
            // Without a value it repeats the type and the value of the one before.
            if let Some(written) = written {
                ty = spec.child_by_field_name("type").map(|ty| self.ty(ty, 0));
                values = children(written).into_iter().map(|value| self.expression(value, 0)).collect();
            }
            let mut cursor = spec.walk();
            let names: Vec<Node<'_>> = spec.children_by_field_name("name", &mut cursor).collect();
            for (index, name) in names.into_iter().filter(|name| name.is_named()).enumerate() {
                self.file.constants.push(Constant {
                    name: self.owned(name),
                    name_at: name.byte_range(),
                    ty: ty.clone(),
                    value: values.get(index).cloned(),
                    iota: i64::try_from(iota).unwrap_or(i64::MAX),
                });
            }
        }
    }

    fn expression(&self, node: Node<'_>, depth: usize) -> ConstExpr {
        if depth > MAX_DEPTH {
            return ConstExpr::Unknown;
        }
        let inside = |name| {
            let found = node.child_by_field_name(name);
            Box::new(found.map_or(ConstExpr::Unknown, |found| self.expression(found, depth + 1)))
        };
        match node.kind() {
            "interpreted_string_literal" | "raw_string_literal" => ConstExpr::Str(unquoted(self.text(node))),
            "int_literal" => integer(self.text(node)).map_or(ConstExpr::Unknown, ConstExpr::Int),
            "rune_literal" => match unquoted(&self.text(node).replace('\'', "\"")).chars().next() {
                Some(letter) => ConstExpr::Int(i64::from(u32::from(letter))),
                None => ConstExpr::Unknown,
            },
            "iota" => ConstExpr::Iota,
            "identifier" if self.text(node) == "iota" => ConstExpr::Iota,
            "identifier" => ConstExpr::Name(self.owned(node)),
            "selector_expression" => {
                let part = |name| node.child_by_field_name(name).map(|part| self.owned(part));
                match (part("operand"), part("field")) {
                    (Some(package), Some(name)) => ConstExpr::Qualified(package, name),
                    _ => ConstExpr::Unknown,
                }
            }
            "parenthesized_expression" => match children(node).first() {
                Some(inner) => self.expression(*inner, depth + 1),
                None => ConstExpr::Unknown,
            },
            "unary_expression" => {
                let operator =
                    node.child_by_field_name("operator").map_or("", |operator| self.text(operator));
                ConstExpr::Unary(operator.chars().next().unwrap_or(' '), inside("operand"))
            }
            "binary_expression" => {
                let operator =
                    node.child_by_field_name("operator").map_or("", |operator| self.text(operator));
                ConstExpr::Binary(inside("left"), operator.to_owned(), inside("right"))
            }
            "call_expression" | "type_conversion_expression" => self.conversion(node, depth),
            _ => ConstExpr::Unknown,
        }
    }

    fn conversion(&self, node: Node<'_>, depth: usize) -> ConstExpr {
        let callee = node.child_by_field_name("function").filter(|callee| callee.kind() == "identifier");
        let arguments = node.child_by_field_name("arguments").map_or(Vec::new(), children);
        match (callee, &arguments[..]) {
            (Some(callee), [only]) => {
                ConstExpr::Convert(self.owned(callee), Box::new(self.expression(*only, depth + 1)))
            }
            _ => ConstExpr::Unknown,
        }
    }
}

fn integer(text: &str) -> Option<i64> {
    let text = text.replace('_', "").to_ascii_lowercase();
    match text.get(..2) {
        Some("0x") => i64::from_str_radix(&text[2..], 16).ok(),
        Some("0b") => i64::from_str_radix(&text[2..], 2).ok(),
        Some("0o") => i64::from_str_radix(&text[2..], 8).ok(),
        _ if text.len() > 1 && text.starts_with('0') => i64::from_str_radix(&text[1..], 8).ok(),
        _ => text.parse().ok(),
    }
}
