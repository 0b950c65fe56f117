//! Types of Rust as they are written.
//!
//! It resolves no names. Lifetimes are passed over.

use tree_sitter::Node;

use super::{Reader, unknown};
use crate::rust::syntax::{TypeExpr, TypeKind, TypeParam};
use crate::tree::children;

/// Types nested deeper are not known.
const MAX_DEPTH: usize = 60;

impl Reader<'_> {
    pub fn ty(&self, node: Node<'_>, depth: usize) -> TypeExpr {
        if depth > MAX_DEPTH {
            return unknown(node.byte_range());
        }
        TypeExpr { kind: self.kind(node, depth + 1), range: node.byte_range() }
    }

    fn kind(&self, node: Node<'_>, depth: usize) -> TypeKind {
        let field = |name| node.child_by_field_name(name);
        let inside = |child: Option<Node<'_>>| child.map(|child| Box::new(self.ty(child, depth)));
        let found = match node.kind() {
            "type_identifier"
            | "identifier"
            | "primitive_type"
            | "scoped_type_identifier"
            | "scoped_identifier" => Some(TypeKind::Path(self.path(node), Vec::new())),
            "generic_type" => {
                let arguments =
                    field("type_arguments").map_or(Vec::new(), |list| self.arguments(list, depth));
                field("type").map(|base| TypeKind::Path(self.path(base), arguments))
            }
            "reference_type" => inside(field("type")).map(TypeKind::Reference),
            "array_type" if field("length").is_some() => inside(field("element")).map(TypeKind::Array),
            "array_type" => inside(field("element")).map(TypeKind::Slice),
            "tuple_type" => {
                Some(TypeKind::Tuple(children(node).into_iter().map(|one| self.ty(one, depth)).collect()))
            }
            "unit_type" => Some(TypeKind::Tuple(Vec::new())),
            "never_type" => Some(TypeKind::Never),
            "abstract_type" => Some(TypeKind::Impl(self.bounds(field("trait"), depth))),
            "dynamic_type" => Some(TypeKind::Dyn(self.bounds(field("trait"), depth))),
            // `dyn A + Send` is a bounded type whose first member is `dyn A`.
            "bounded_type" => self.bounded(node, depth),
            _ => None,
        };
        found.unwrap_or(TypeKind::Other)
    }

    fn arguments(&self, list: Node<'_>, depth: usize) -> Vec<TypeExpr> {
        let mut found = Vec::new();
        for child in children(list) {
            match child.kind() {
                "lifetime" | "trait_bounds" => {}
                "type_binding" => {
                    let name = child.child_by_field_name("name").map(|name| self.owned(name));
                    let ty = child.child_by_field_name("type").map(|ty| self.ty(ty, depth));
                    if let (Some(name), Some(ty)) = (name, ty) {
                        let kind = TypeKind::Binding(name, Box::new(ty));
                        found.push(TypeExpr { kind, range: child.byte_range() });
                    }
                }
                _ => found.push(self.ty(child, depth)),
            }
        }
        found
    }

    fn bounds(&self, node: Option<Node<'_>>, depth: usize) -> Vec<TypeExpr> {
        match node {
            Some(node) if node.kind() == "bounded_type" => {
                let bounds = children(node).into_iter().filter(|bound| bound.kind() != "lifetime");
                bounds.flat_map(|bound| self.bounds(Some(bound), depth)).collect()
            }
            Some(node) if depth <= MAX_DEPTH => vec![self.ty(node, depth + 1)],
            _ => Vec::new(),
        }
    }

    fn bounded(&self, node: Node<'_>, depth: usize) -> Option<TypeKind> {
        let first = children(node).into_iter().next()?;
        let mut kind = self.ty(first, depth).kind;
        if let TypeKind::Impl(bounds) | TypeKind::Dyn(bounds) = &mut kind {
            let more = children(node).into_iter().skip(1).filter(|bound| bound.kind() != "lifetime");
            bounds.extend(more.map(|bound| self.ty(bound, depth)));
        }
        Some(kind)
    }

    /// Type parameters with their bounds, those of the `where` clause too.
    pub fn type_params(&self, node: Node<'_>) -> Vec<TypeParam> {
        let mut found: Vec<TypeParam> = Vec::new();
        for param in node.child_by_field_name("type_parameters").map_or(Vec::new(), children) {
            if param.kind() != "type_parameter" {
                continue;
            }
            let Some(name) = param.child_by_field_name("name") else { continue };
            let bounds = param.child_by_field_name("bounds").map_or(Vec::new(), children);
            let bounds = bounds.into_iter().filter(|bound| bound.kind() != "lifetime");
            let bounds = bounds.map(|bound| self.ty(bound, 1)).collect();
            found.push(TypeParam { name: self.owned(name), bounds });
        }
        let clauses = children(node).into_iter().filter(|child| child.kind() == "where_clause");
        for predicate in clauses.flat_map(children) {
            let left = predicate.child_by_field_name("left").map(|left| self.text(left));
            let Some(param) = found.iter_mut().find(|param| left == Some(param.name.as_str())) else {
                continue;
            };
            let bounds = predicate.child_by_field_name("bounds").map_or(Vec::new(), children);
            let bounds = bounds.into_iter().filter(|bound| bound.kind() != "lifetime");
            param.bounds.extend(bounds.map(|bound| self.ty(bound, 1)));
        }
        found
    }
}
