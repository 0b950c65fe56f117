//! Types of Go as they are written.
//!
//! It resolves no names.

use tree_sitter::Node;

use super::{Reader, unquoted};
use crate::go::syntax::{Element, Field, Func, Param, TypeExpr, TypeKind};
use crate::tree::{children, every_child};

/// Types nested deeper are not known.
const MAX_DEPTH: usize = 60;

impl Reader<'_> {
    pub fn ty(&self, node: Node<'_>, depth: usize) -> TypeExpr {
        let range = node.byte_range();
        let kind = if depth > MAX_DEPTH { TypeKind::Unknown } else { self.kind(node, depth + 1) };
        TypeExpr { kind, range }
    }

    fn kind(&self, node: Node<'_>, depth: usize) -> TypeKind {
        let field = |name| node.child_by_field_name(name);
        let inside = |child: Option<Node<'_>>| child.map(|child| Box::new(self.ty(child, depth)));
        let first = || children(node).into_iter().next();
        let found = match node.kind() {
            "type_identifier" | "identifier" | "package_identifier" | "field_identifier" => {
                Some(TypeKind::Name { package: None, name: self.owned(node) })
            }
            "qualified_type" => self.qualified(node),
            "generic_type" => self.generic(node, depth),
            "parenthesized_type" | "type_elem" if children(node).len() == 1 => {
                first().map(|inner| self.ty(inner, depth).kind)
            }
            "type_elem" | "type_constraint" | "negated_type" => Some(self.constraint(node, depth).kind),
            "pointer_type" => inside(first()).map(TypeKind::Pointer),
            "slice_type" => inside(field("element")).map(TypeKind::Slice),
            "array_type" => {
                let length = field("length").map_or(String::new(), |length| self.owned(length));
                inside(field("element")).map(|element| TypeKind::Array(length, element))
            }
            "implicit_length_array_type" => {
                inside(field("element")).map(|element| TypeKind::Array("...".to_owned(), element))
            }
            "map_type" => {
                inside(field("key")).zip(inside(field("value"))).map(|(key, value)| TypeKind::Map(key, value))
            }
            "channel_type" => inside(field("value")).map(|value| TypeKind::Chan(direction(node), value)),
            "function_type" => Some(TypeKind::Func(Box::new(self.func(node, depth)))),
            "struct_type" => Some(TypeKind::Struct(self.fields(node, depth))),
            "interface_type" => Some(TypeKind::Interface(self.elements(node, depth))),
            _ => None,
        };
        found.unwrap_or(TypeKind::Unknown)
    }

    fn qualified(&self, node: Node<'_>) -> Option<TypeKind> {
        let package = node.child_by_field_name("package").map(|package| self.owned(package));
        Some(TypeKind::Name { package, name: self.owned(node.child_by_field_name("name")?) })
    }

    fn generic(&self, node: Node<'_>, depth: usize) -> Option<TypeKind> {
        let base = self.ty(node.child_by_field_name("type")?, depth);
        let TypeKind::Name { package, name } = base.kind else { return None };
        let list = node.child_by_field_name("type_arguments")?;
        let arguments = children(list).into_iter().map(|argument| self.ty(argument, depth)).collect();
        Some(TypeKind::Generic { package, name, arguments })
    }

    /// `A | ~B`; a single type without a tilde is itself.
    pub fn constraint(&self, node: Node<'_>, depth: usize) -> TypeExpr {
        if depth > MAX_DEPTH {
            return TypeExpr { kind: TypeKind::Unknown, range: node.byte_range() };
        }
        let mut members: Vec<(bool, TypeExpr)> = Vec::new();
        let parts = if node.kind() == "negated_type" { vec![node] } else { children(node) };
        for part in parts {
            if part.kind() == "negated_type" {
                let inner = children(part).into_iter().next();
                members.extend(inner.map(|inner| (true, self.ty(inner, depth + 1))));
            } else {
                members.push((false, self.ty(part, depth + 1)));
            }
        }
        match members.pop() {
            Some((false, only)) if members.is_empty() => only,
            last => {
                members.extend(last);
                TypeExpr { kind: TypeKind::Union(members), range: node.byte_range() }
            }
        }
    }

    /// Parameters and results of a node that has both.
    pub fn func(&self, node: Node<'_>, depth: usize) -> Func {
        let parameters = node.child_by_field_name("parameters");
        let result = node.child_by_field_name("result");
        let results = match result {
            None => Vec::new(),
            Some(list) if list.kind() == "parameter_list" => self.params(list, depth),
            Some(single) => {
                let range = single.byte_range();
                vec![Param { name: None, ty: self.ty(single, depth), variadic: false, range }]
            }
        };
        Func {
            parameters: parameters.map_or(Vec::new(), |list| self.params(list, depth)),
            results,
            results_at: result.map(|result| result.byte_range()),
        }
    }

    fn params(&self, list: Node<'_>, depth: usize) -> Vec<Param> {
        let mut found = Vec::new();
        for declaration in children(list) {
            let variadic = match declaration.kind() {
                "variadic_parameter_declaration" => true,
                "parameter_declaration" => false,
                _ => continue,
            };
            let Some(ty) = declaration.child_by_field_name("type") else { continue };
            let ty = self.ty(ty, depth);
            let mut cursor = declaration.walk();
            let names = declaration.children_by_field_name("name", &mut cursor);
            let names: Vec<Node<'_>> = names.filter(tree_sitter::Node::is_named).collect();
            if names.is_empty() {
                found.push(Param { name: None, ty: ty.clone(), variadic, range: declaration.byte_range() });
            }
            let alone = names.len() == 1;
            for name in names {
                let range = if alone { declaration.byte_range() } else { name.byte_range() };
                let name = Some(self.owned(name)).filter(|name| name != "_");
                found.push(Param { name, ty: ty.clone(), variadic, range });
            }
        }
        found
    }

    fn fields(&self, node: Node<'_>, depth: usize) -> Vec<Field> {
        let mut found = Vec::new();
        let lists = children(node);
        for declaration in lists.into_iter().flat_map(children) {
            let Some(ty) = declaration.child_by_field_name("type") else { continue };
            let ty = self.ty(ty, depth);
            let tag = declaration.child_by_field_name("tag").map(|tag| unquoted(self.text(tag)));
            let mut cursor = declaration.walk();
            let names = declaration.children_by_field_name("name", &mut cursor);
            let names: Vec<Node<'_>> = names.filter(tree_sitter::Node::is_named).collect();
            if names.is_empty() {
                let is_pointer = every_child(declaration).first().is_some_and(|first| first.kind() == "*");
                let range = declaration.byte_range();
                let ty =
                    if is_pointer { TypeExpr { kind: TypeKind::Pointer(Box::new(ty)), range } } else { ty };
                found.push(Field { name: None, ty, tag });
                continue;
            }
            for name in names {
                let name = Some((self.owned(name), name.byte_range()));
                found.push(Field { name, ty: ty.clone(), tag: tag.clone() });
            }
        }
        found
    }

    fn elements(&self, node: Node<'_>, depth: usize) -> Vec<Element> {
        let element = |child: Node<'_>| match child.kind() {
            "method_elem" => {
                let name = child.child_by_field_name("name")?;
                Some(Element::Method(self.owned(name), name.byte_range(), self.func(child, depth)))
            }
            "type_elem" => Some(Element::Type(self.constraint(child, depth))),
            _ => None,
        };
        children(node).into_iter().filter_map(element).collect()
    }
}

fn direction(channel: Node<'_>) -> &'static str {
    let tokens: Vec<&str> = every_child(channel).iter().take(2).map(tree_sitter::Node::kind).collect();
    match tokens[..] {
        ["<-", ..] => "<-chan",
        ["chan", "<-"] => "chan<-",
        _ => "chan",
    }
}
