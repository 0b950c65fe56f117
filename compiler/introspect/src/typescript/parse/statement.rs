//! The statements of a module or namespace: what they declare, import and export.

use tree_sitter::Node;

use super::super::syntax::Interface;
use super::super::syntax::{Alias, Decl, Export, Import, Init, Scope, TypeKind, Value};
use super::{
    Dialect, MAX_DEPTH, Source, children, class, common, expression, function, has, jsdoc, named, string,
    types,
};

pub fn scope(source: &Source<'_>, node: Node<'_>, scope: &mut Scope) {
    for statement in named(node) {
        one(source, statement, scope);
    }
}

pub fn one(source: &Source<'_>, node: Node<'_>, scope: &mut Scope) {
    match node.kind() {
        "export_statement" => export(source, node, scope),
        "import_statement" => import(source, node, scope),
        "expression_statement" => {
            if let Some(inner) = named(node).next() {
                if inner.kind() == "internal_module" {
                    declaration(source, inner, node, scope);
                } else {
                    common::assignment(source, inner, node, scope);
                }
            }
        }
        _ => {
            declaration(source, node, node, scope);
        }
    }
}

/// Declares what a node declares, and gives the names.
fn declaration(source: &Source<'_>, node: Node<'_>, outer: Node<'_>, scope: &mut Scope) -> Vec<String> {
    let name = node.child_by_field_name("name").map(|name| source.slice(name).to_owned());
    let decl = match node.kind() {
        "function_declaration" | "generator_function_declaration" | "function_signature" => {
            Some(Decl::Function(Box::new(function::definition(source, node, outer))))
        }
        "class_declaration" | "abstract_class_declaration" => {
            Some(Decl::Class(Box::new(class::class(source, node))))
        }
        "interface_declaration" => {
            class::interface(source, node).map(|found| Decl::Interface(Box::new(found)))
        }
        "enum_declaration" => class::enumeration(source, node).map(|found| Decl::Enum(Box::new(found))),
        "type_alias_declaration" => alias(source, node),
        "internal_module" | "module" => return namespace(source, node, scope),
        "import_alias" => return import_alias(source, node, scope),
        "ambient_declaration" => {
            let declared =
                || named(node).flat_map(|inner| declaration(source, inner, outer, scope)).collect();
            return source.deeper(declared).unwrap_or_default();
        }
        "lexical_declaration" | "variable_declaration" => {
            let declarators = named(node).filter(|one| one.kind() == "variable_declarator");
            return declarators.flat_map(|one| variable(source, one, outer, scope)).collect();
        }
        _ => None,
    };
    match (name, decl) {
        (Some(name), Some(decl)) => {
            scope.declare(name.clone(), decl);
            vec![name]
        }
        _ => Vec::new(),
    }
}

/// An alias of an object type is an interface under another keyword.
fn alias(source: &Source<'_>, node: Node<'_>) -> Option<Decl> {
    let name = node.child_by_field_name("name")?.byte_range();
    let type_params = types::parameters(source, node);
    let value = types::expr(source, node.child_by_field_name("value")?);
    Some(match value.kind {
        TypeKind::Object(body)
            if body.calls.is_empty() && !(body.fields.is_empty() && body.index.is_some()) =>
        {
            Decl::Interface(Box::new(Interface { name, type_params, extends: Vec::new(), body: *body }))
        }
        _ => Decl::Alias(Box::new(Alias { name, type_params, value })),
    })
}

fn variable(source: &Source<'_>, node: Node<'_>, outer: Node<'_>, scope: &mut Scope) -> Vec<String> {
    let Some(name) = node.child_by_field_name("name") else { return Vec::new() };
    let value = node.child_by_field_name("value");
    let init = value.map_or(Init::Nothing, |value| expression::init(source, value, outer));
    if matches!(name.kind(), "object_pattern" | "array_pattern") {
        return common::destructured(source, name, &init, scope);
    }
    let mut annotation = types::of_field(source, node, "type");
    let doc = function::doc(source, outer);
    if source.dialect == Dialect::Javascript && annotation.is_none() {
        annotation = doc.as_ref().and_then(|doc| jsdoc::of_value(source, doc));
    }
    let text = source.slice(name).to_owned();
    match init {
        Init::Require(module) => {
            scope
                .declare(text.clone(), Decl::Import(Import { module, name: None, range: name.byte_range() }));
        }
        init => {
            let value = Value { name: name.byte_range(), annotation, init, doc };
            scope.declare(text.clone(), Decl::Value(Box::new(value)));
        }
    }
    vec![text]
}

/// `namespace A.B { ... }`; `declare module "x"` and `declare global` say nothing of this module.
fn namespace(source: &Source<'_>, node: Node<'_>, scope: &mut Scope) -> Vec<String> {
    let (Some(name), Some(body)) = (node.child_by_field_name("name"), node.child_by_field_name("body"))
    else {
        return Vec::new();
    };
    if name.kind() == "string" {
        return Vec::new();
    }
    let mut inner = Scope::default();
    source.deeper(|| self::scope(source, body, &mut inner));
    let mut names: Vec<&str> = source.slice(name).split('.').map(str::trim).take(MAX_DEPTH).collect();
    let first = names.remove(0).to_owned();
    for part in names.into_iter().rev() {
        let mut wrapped = Scope::default();
        wrapped.declare(part.to_owned(), Decl::Namespace(Box::new(inner), name.byte_range()));
        wrapped.export(part.to_owned(), Export::Local(part.to_owned()));
        inner = wrapped;
    }
    scope.declare(first.clone(), Decl::Namespace(Box::new(inner), name.byte_range()));
    vec![first]
}

/// `import a = b.c` is a value with another name.
fn import_alias(source: &Source<'_>, node: Node<'_>, scope: &mut Scope) -> Vec<String> {
    let parts: Vec<Node<'_>> = named(node).collect();
    let [name, target] = parts[..] else { return Vec::new() };
    let path: Vec<String> = source.slice(target).split('.').map(|part| part.trim().to_owned()).collect();
    let text = source.slice(name).to_owned();
    let kind = TypeKind::Name { path: path.clone(), args: Vec::new(), module: None };
    let value = super::TypeExpr { kind, range: target.byte_range() };
    let alias = Alias { name: name.byte_range(), type_params: Vec::new(), value };
    scope.declare(text.clone(), Decl::Alias(Box::new(alias)));
    let value = Value { name: name.byte_range(), annotation: None, init: Init::Name(path), doc: None };
    scope.declare(text.clone(), Decl::Value(Box::new(value)));
    vec![text]
}

fn import(source: &Source<'_>, node: Node<'_>, scope: &mut Scope) {
    let mut bind = |name: Node<'_>, module: &str, imported: Option<String>| {
        let import = Import { module: module.to_owned(), name: imported, range: name.byte_range() };
        scope.declare(source.slice(name).to_owned(), Decl::Import(import));
    };
    for clause in named(node) {
        match clause.kind() {
            // `import fs = require("fs")`
            "import_require_clause" => {
                let module = clause.child_by_field_name("source").map(|module| string(source, module));
                if let (Some(module), Some(name)) = (module, named(clause).next()) {
                    bind(name, &module, Some("default".to_owned()));
                }
            }
            "import_clause" => {
                let Some(module) = node.child_by_field_name("source").map(|module| string(source, module))
                else {
                    continue;
                };
                for part in named(clause) {
                    match part.kind() {
                        "identifier" => bind(part, &module, Some("default".to_owned())),
                        "namespace_import" => {
                            if let Some(name) = named(part).next() {
                                bind(name, &module, None);
                            }
                        }
                        _ => {
                            for one in named(part) {
                                let Some(name) = one.child_by_field_name("name") else { continue };
                                let local = one.child_by_field_name("alias").unwrap_or(name);
                                bind(local, &module, Some(exported_name(source, name)));
                            }
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

/// An exported name may be a string.
fn exported_name(source: &Source<'_>, node: Node<'_>) -> String {
    if node.kind() == "string" { string(source, node) } else { source.slice(node).to_owned() }
}

fn export(source: &Source<'_>, node: Node<'_>, scope: &mut Scope) {
    let module = node.child_by_field_name("source").map(|module| string(source, module));
    if let Some(declared) = node.child_by_field_name("declaration") {
        return exported_declaration(source, node, declared, scope);
    }
    if let Some(value) = node.child_by_field_name("value") {
        return default(source, node, value, scope);
    }
    let mut any = false;
    for part in children(node) {
        match part.kind() {
            "export_clause" => {
                any = true;
                for one in named(part) {
                    let Some(name) = one.child_by_field_name("name") else { continue };
                    let alias = one.child_by_field_name("alias").unwrap_or(name);
                    let name_text = exported_name(source, name);
                    let export = match &module {
                        Some(module) => Export::From {
                            module: module.clone(),
                            name: Some(name_text),
                            range: alias.byte_range(),
                        },
                        None => Export::Local(name_text),
                    };
                    scope.export(exported_name(source, alias), export);
                }
            }
            "namespace_export" => {
                any = true;
                if let (Some(name), Some(module)) = (named(part).next(), &module) {
                    let export =
                        Export::From { module: module.clone(), name: None, range: name.byte_range() };
                    scope.export(exported_name(source, name), export);
                }
            }
            // `export = x`
            "=" => {
                if let Some(value) = named(node).next() {
                    default(source, node, value, scope);
                }
            }
            _ => {}
        }
    }
    if !any
        && has(node, "*")
        && let Some(module) = module
    {
        scope.stars.push(module);
    }
}

fn exported_declaration(source: &Source<'_>, node: Node<'_>, declared: Node<'_>, scope: &mut Scope) {
    let names = declaration(source, declared, node, scope);
    if has(node, "default") {
        if let Some(name) = names.into_iter().next() {
            scope.export("default".to_owned(), Export::Local(name));
        }
        return;
    }
    for name in names {
        scope.export(name.clone(), Export::Local(name));
    }
}

/// `export default <expression>`; a name stays that name.
fn default(source: &Source<'_>, node: Node<'_>, value: Node<'_>, scope: &mut Scope) {
    if value.kind() == "identifier" {
        scope.export("default".to_owned(), Export::Local(source.slice(value).to_owned()));
        return;
    }
    let init = expression::init(source, value, node);
    let name = match &init {
        Init::Function(found) => found.name.clone(),
        _ => value.byte_range(),
    };
    let doc = function::doc(source, node);
    // No name of the source can be a keyword.
    let value = Value { name, annotation: None, init, doc };
    scope.declare("default".to_owned(), Decl::Value(Box::new(value)));
    scope.export("default".to_owned(), Export::Local("default".to_owned()));
}
