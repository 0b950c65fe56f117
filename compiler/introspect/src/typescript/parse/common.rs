//! CommonJS: `module.exports = ...`, `exports.f = ...`, `const { f } = require("...")`.

use tree_sitter::Node;

use super::super::syntax::{Decl, Export, Import, Init, Scope, Value};
use super::{Dialect, Source, expression, function, named};

/// What an expression statement exports, where it assigns to `exports` or `module.exports`.
pub fn assignment(source: &Source<'_>, node: Node<'_>, outer: Node<'_>, scope: &mut Scope) {
    if source.dialect != Dialect::Javascript || node.kind() != "assignment_expression" {
        return;
    }
    let sides = (node.child_by_field_name("left"), node.child_by_field_name("right"));
    let (Some(left), Some(right)) = sides else { return };
    let Some(path) = expression::path(source, left) else { return };
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let exported = match path[..] {
        ["module", "exports"] => return whole(source, right, outer, scope),
        ["exports", name] | ["module", "exports", name] => name.to_owned(),
        _ => return,
    };
    let init = expression::init(source, right, outer);
    export(exported, left, init, source, outer, scope);
}

/// `module.exports = { f, g: h }` exports each property, any other value is the default.
fn whole(source: &Source<'_>, right: Node<'_>, outer: Node<'_>, scope: &mut Scope) {
    match expression::init(source, right, outer) {
        Init::Object(properties) => {
            for (name, init) in properties {
                export(name, right, init, source, outer, scope);
            }
        }
        Init::Require(module) => scope.stars.push(module),
        init => export("default".to_owned(), right, init, source, outer, scope),
    }
}

fn export(
    name: String,
    place: Node<'_>,
    init: Init,
    source: &Source<'_>,
    outer: Node<'_>,
    scope: &mut Scope,
) {
    let place = match &init {
        Init::Function(found) if found.name != found.range => found.name.clone(),
        _ => place.byte_range(),
    };
    match init {
        Init::Name(path) if path.len() == 1 => scope.export(name, Export::Local(path[0].clone())),
        Init::Require(module) => scope.export(name, Export::From { module, name: None, range: place }),
        init => {
            // Kept apart from the module's own names, which cannot hold a blank.
            let local = format!("exports {name}");
            let doc = function::doc(source, outer);
            let value = Value { name: place, annotation: None, init, doc };
            scope.declare(local.clone(), Decl::Value(Box::new(value)));
            scope.export(name, Export::Local(local));
        }
    }
}

/// `const { f, g: h } = require("./x")`; of other values only the names are known.
pub fn destructured(source: &Source<'_>, pattern: Node<'_>, init: &Init, scope: &mut Scope) -> Vec<String> {
    let mut names = Vec::new();
    for one in named(pattern) {
        let (key, local) = match one.kind() {
            "shorthand_property_identifier_pattern" | "identifier" => (one, one),
            "object_assignment_pattern" | "assignment_pattern" => match one.child_by_field_name("left") {
                Some(left) => (left, left),
                None => continue,
            },
            "pair_pattern" => match (one.child_by_field_name("key"), one.child_by_field_name("value")) {
                (Some(key), Some(value)) if value.kind() == "identifier" => (key, value),
                _ => continue,
            },
            _ => continue,
        };
        let range = local.byte_range();
        let decl = match init {
            Init::Require(module) => {
                let name = Some(source.slice(key).to_owned());
                Decl::Import(Import { module: module.clone(), name, range })
            }
            _ => Decl::Value(Box::new(Value { name: range, annotation: None, init: Init::Other, doc: None })),
        };
        let name = source.slice(local).to_owned();
        scope.declare(name.clone(), decl);
        names.push(name);
    }
    names
}
