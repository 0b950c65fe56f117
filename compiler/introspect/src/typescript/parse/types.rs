//! Types as the source writes them.

use tree_sitter::Node;

use super::super::syntax::{FieldType, ObjectType, TypeExpr, TypeKind, TypeParam};
use super::{Source, children, function, has, named, property_name, string};

pub fn expr(source: &Source<'_>, node: Node<'_>) -> TypeExpr {
    let kind = source.deeper(|| kind(source, node)).unwrap_or(TypeKind::Other);
    TypeExpr { kind, range: node.byte_range() }
}

/// `: T`, or what a type annotation of another kind says.
pub fn annotation(source: &Source<'_>, node: Node<'_>) -> Option<TypeExpr> {
    match node.kind() {
        "type_annotation"
        | "omitting_type_annotation"
        | "opting_type_annotation"
        | "constraint"
        | "default_type" => named(node).next().map(|inner| expr(source, inner)),
        _ => Some(expr(source, node)),
    }
}

/// The annotation in one of a node's fields.
pub fn of_field(source: &Source<'_>, node: Node<'_>, field: &str) -> Option<TypeExpr> {
    annotation(source, node.child_by_field_name(field)?)
}

fn kind(source: &Source<'_>, node: Node<'_>) -> TypeKind {
    let inner = || named(node).next();
    match node.kind() {
        "predefined_type" => predefined(source.slice(node)),
        "type_identifier"
        | "identifier"
        | "nested_type_identifier"
        | "nested_identifier"
        | "member_expression" => named_type(source, node, Vec::new()),
        "generic_type" => generic(source, node),
        "union_type" => TypeKind::Union(flat(source, node)),
        "intersection_type" => TypeKind::Intersection(flat(source, node)),
        "array_type" => match inner() {
            Some(item) => TypeKind::Array(Box::new(expr(source, item))),
            None => TypeKind::Other,
        },
        "tuple_type" => tuple(source, node),
        "readonly_type" | "parenthesized_type" | "optional_type" => {
            inner().map_or(TypeKind::Other, |inner| expr(source, inner).kind)
        }
        "object_type" | "interface_body" => TypeKind::Object(Box::new(object(source, node))),
        "function_type" => TypeKind::Function(Box::new(function::signature(source, node))),
        "literal_type" => inner().map_or(TypeKind::Other, |inner| literal(source, inner)),
        "template_literal_type" | "index_type_query" => TypeKind::Literal(source.slice(node).to_owned()),
        "type_predicate" | "type_predicate_annotation" => TypeKind::Bool,
        "asserts" | "asserts_annotation" => TypeKind::Null,
        "lookup_type" => lookup(source, node),
        "flow_maybe_type" => match inner() {
            Some(inner) => TypeKind::Union(vec![
                expr(source, inner),
                TypeExpr { kind: TypeKind::Null, range: node.byte_range() },
            ]),
            None => TypeKind::Other,
        },
        _ => TypeKind::Other,
    }
}

fn predefined(text: &str) -> TypeKind {
    match text {
        "string" => TypeKind::String,
        "number" => TypeKind::Number,
        "bigint" => TypeKind::BigInt,
        "boolean" => TypeKind::Bool,
        "void" | "undefined" => TypeKind::Undefined,
        "never" | "null" => TypeKind::Null,
        _ => TypeKind::Other,
    }
}

fn literal(source: &Source<'_>, node: Node<'_>) -> TypeKind {
    match node.kind() {
        "string" => TypeKind::Literal(string(source, node)),
        "true" | "false" => TypeKind::Bool,
        "undefined" => TypeKind::Undefined,
        "null" => TypeKind::Null,
        "number" | "unary_expression" => {
            let text = source.slice(node);
            match (text.ends_with('n'), text.replace(['_', '-', ' '], "").parse::<i64>()) {
                (true, _) => TypeKind::BigInt,
                (false, Ok(_)) => TypeKind::Integer,
                (false, Err(_)) => TypeKind::Number,
            }
        }
        _ => TypeKind::Other,
    }
}

/// `a.b.C` as its names; `bigint` and `object` are no keywords to the grammar.
fn named_type(source: &Source<'_>, node: Node<'_>, args: Vec<TypeExpr>) -> TypeKind {
    let text = source.slice(node);
    if matches!(text, "bigint" | "undefined") && args.is_empty() {
        return predefined(text);
    }
    let path: Vec<String> = text.split('.').map(|part| part.trim().to_owned()).collect();
    let module = source.imports.get(&node.start_byte()).cloned();
    TypeKind::Name { path, args, module }
}

fn generic(source: &Source<'_>, node: Node<'_>) -> TypeKind {
    let Some(name) = node.child_by_field_name("name") else { return TypeKind::Other };
    named_type(source, name, arguments(source, node))
}

/// What stands between the angle brackets of a node.
pub fn arguments(source: &Source<'_>, node: Node<'_>) -> Vec<TypeExpr> {
    let found = node.child_by_field_name("type_arguments");
    found.into_iter().flat_map(named).map(|argument| expr(source, argument)).collect()
}

/// Members of unions and intersections nest to the left, as deep as there are members.
fn flat(source: &Source<'_>, node: Node<'_>) -> Vec<TypeExpr> {
    let mut members = Vec::new();
    let mut pending = vec![node];
    while let Some(next) = pending.pop() {
        if next.kind() == node.kind() {
            pending.extend(named(next));
        } else {
            members.push(expr(source, next));
        }
    }
    members.reverse();
    members
}

fn tuple(source: &Source<'_>, node: Node<'_>) -> TypeKind {
    let item = |item: Node<'_>| match item.kind() {
        "required_parameter" | "optional_parameter" => {
            let ty = of_field(source, item, "type").unwrap_or_else(|| other(item));
            let name = item.child_by_field_name("name").or_else(|| item.child_by_field_name("pattern"));
            if name.is_some_and(|name| name.kind() == "rest_pattern") { rest(ty) } else { ty }
        }
        "rest_type" => named(item).next().map_or_else(|| other(item), |inner| rest(expr(source, inner))),
        _ => expr(source, item),
    };
    TypeKind::Tuple(named(node).map(item).collect())
}

/// The type that a literal gives to what it is the default of.
pub fn of_literal(source: &Source<'_>, node: Node<'_>) -> Option<TypeExpr> {
    let kind = match node.kind() {
        "string" | "template_string" => TypeKind::String,
        "true" | "false" => TypeKind::Bool,
        "number" if source.slice(node).ends_with('n') => TypeKind::BigInt,
        "number" => TypeKind::Number,
        "unary_expression" => return of_literal(source, named(node).next()?),
        _ => return None,
    };
    Some(TypeExpr { kind, range: node.byte_range() })
}

/// `...T[]` stands for items of type `T`.
fn rest(ty: TypeExpr) -> TypeExpr {
    match ty.kind {
        TypeKind::Array(item) => *item,
        _ => ty,
    }
}

pub fn other(node: Node<'_>) -> TypeExpr {
    TypeExpr { kind: TypeKind::Other, range: node.byte_range() }
}

fn lookup(source: &Source<'_>, node: Node<'_>) -> TypeKind {
    let parts: Vec<Node<'_>> = named(node).collect();
    let [base, key] = parts[..] else { return TypeKind::Other };
    match kind(source, key) {
        TypeKind::Literal(name) => TypeKind::Field(Box::new(expr(source, base)), name),
        _ => TypeKind::Other,
    }
}

pub fn object(source: &Source<'_>, node: Node<'_>) -> ObjectType {
    let mut found = ObjectType::default();
    for member in named(node) {
        match member.kind() {
            "property_signature" => {
                let Some(name) = member.child_by_field_name("name") else { continue };
                let Some(name) = property_name(source, name) else { continue };
                let ty = of_field(source, member, "type");
                found.fields.push(FieldType { name, is_optional: has(member, "?"), ty });
            }
            "method_signature" if has(member, "get") => {
                let Some(name) = member.child_by_field_name("name") else { continue };
                let Some(name) = property_name(source, name) else { continue };
                let ty = of_field(source, member, "return_type");
                found.fields.push(FieldType { name, is_optional: false, ty });
            }
            "method_signature" if has(member, "set") => {}
            "call_signature" => found.calls.push(function::signature(source, member)),
            "method_signature" | "construct_signature" => found.has_methods = true,
            "index_signature" => index(source, member, &mut found),
            _ => {}
        }
    }
    found
}

/// `[key: string]: T`, and of mapped types those over any string.
fn index(source: &Source<'_>, node: Node<'_>, found: &mut ObjectType) {
    let value = || of_field(source, node, "type").map(Box::new);
    let over = match children(node).iter().find(|child| child.kind() == "mapped_type_clause") {
        Some(clause) => clause.child_by_field_name("type"),
        None => node.child_by_field_name("index_type"),
    };
    match over.map(|over| expr(source, over).kind) {
        Some(TypeKind::String) if over.is_some_and(|over| over.kind() != "index_type_query") => {
            found.index = value();
        }
        // What it maps over is not known: no value of it can be checked.
        _ => found.has_methods = true,
    }
}

pub fn parameters(source: &Source<'_>, node: Node<'_>) -> Vec<TypeParam> {
    let Some(list) = node.child_by_field_name("type_parameters") else { return Vec::new() };
    let parameter = |one: Node<'_>| {
        Some(TypeParam {
            name: source.slice(one.child_by_field_name("name")?).to_owned(),
            constraint: of_field(source, one, "constraint"),
            default: of_field(source, one, "value"),
        })
    };
    named(list).filter_map(parameter).collect()
}
