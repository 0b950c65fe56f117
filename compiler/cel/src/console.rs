//! An expression as a manifest would evaluate it, with names and values from JSON whose types are inferred.
//!
//! It knows no files and no terminal; a mistake is told with its place in the text.

use std::collections::BTreeMap;

use conductor_protocol::expr::Expr;
use conductor_protocol::types::{Type, TypeTable};
use serde_json::Value as Json;

use crate::ast::{Ast, Kind, Node};
use crate::error::CelError;
use crate::manifest::{Scope, check, check_template};
use crate::parser::parse;
use crate::plan::{self, Bindings, from_json, to_json};
use crate::template::{self, Template};

/// Names and values to evaluate with.
#[derive(Debug, Clone, Default)]
pub struct Console {
    /// `input`, `run`, `env` and names of steps.
    names: BTreeMap<String, Json>,
}

/// A value as JSON, and its type.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub value: Json,
    pub ty: Type,
}

/// Names with their types and values, as one expression sees them.
struct World {
    inputs: BTreeMap<String, Type>,
    steps: BTreeMap<String, Type>,
    types: TypeTable,
    bindings: Bindings,
}

impl Console {
    /// Takes a JSON object: `input`, `run` and `env` are what they are in a manifest, other names are results of steps.
    ///
    /// # Errors
    /// What is no such object.
    pub fn new(bindings: Json) -> Result<Console, String> {
        let Json::Object(names) = bindings else {
            return Err("the bindings are not a JSON object of names and values".to_owned());
        };
        for name in ["input", "env", "run"] {
            if names.get(name).is_some_and(|value| !value.is_object()) {
                return Err(format!("`{name}` must be a JSON object"));
            }
        }
        Ok(Console { names: names.into_iter().collect() })
    }

    /// Evaluates an expression, or a text with expressions in `${...}`.
    ///
    /// # Errors
    /// Every mistake that a manifest would be told, or the error that the evaluation ends with.
    pub fn evaluate(&self, text: &str) -> Result<Answer, Vec<CelError>> {
        let (template, errors) = if text.contains("${") {
            template::parse(text)
        } else {
            let (ast, errors) = parse(text);
            (Template::Whole(ast), errors)
        };
        if !errors.is_empty() {
            return Err(errors);
        }
        let world = self.world(&template).map_err(|message| vec![CelError::new(0..text.len(), message)])?;
        let expr = check_template(&template, &world.scope(), None)?;
        let value = plan::evaluate(&expr, &world.bindings)
            .map_err(|error| vec![world.located(&template, text, error.message)])?;
        let json = to_json(&value, &expr.ty, &world.types)
            .map_err(|message| vec![CelError::new(0..text.len(), message)])?;
        Ok(Answer { value: json, ty: expr.ty })
    }

    fn world(&self, template: &Template) -> Result<World, String> {
        let mut names = self.names.clone();
        template.expressions().for_each(|ast| fill(&ast.root, &mut names));
        let types = TypeTable::new();
        let (mut inputs, mut steps, mut bindings) = (BTreeMap::new(), BTreeMap::new(), Bindings::default());
        for (name, value) in names {
            match (name.as_str(), value) {
                ("input", Json::Object(fields)) => {
                    for (name, value) in fields {
                        let ty = inferred(&value);
                        bindings.inputs.insert(name.clone(), from_json(&value, &ty, &types)?);
                        inputs.insert(name, ty);
                    }
                }
                ("run", value) => {
                    bindings.run_id = value["id"].as_str().map(Into::into);
                }
                ("env", Json::Object(fields)) => {
                    for (name, value) in fields {
                        let text = value.as_str().ok_or_else(|| format!("`env.{name}` must be a string"))?;
                        bindings.env.insert(name, text.into());
                    }
                }
                (_, value) => {
                    let ty = inferred(&value);
                    bindings.steps.insert(name.clone(), from_json(&value, &ty, &types)?);
                    steps.insert(name, ty);
                }
            }
        }
        Ok(World { inputs, steps, types, bindings })
    }
}

impl World {
    fn scope(&self) -> Scope<'_> {
        let scope = Scope::new(&self.types);
        Scope { inputs: &self.inputs, steps: &self.steps, env: true, ..scope }
    }

    fn answer(&self, node: &Node) -> Option<Result<(), String>> {
        let expr: Expr = check(&Ast { root: node.clone() }, &self.scope(), None).ok()?;
        Some(plan::evaluate(&expr, &self.bindings).map(|_| ()).map_err(|error| error.message))
    }

    /// The smallest part that by itself ends with the same error.
    fn located(&self, template: &Template, text: &str, message: String) -> CelError {
        let fails = |node: &Node| self.answer(node) == Some(Err(message.clone()));
        // What takes too many steps would take them again for each part.
        let spent = message.contains("too many steps");
        let mut found = template.expressions().map(|ast| &ast.root).find(|node| !spent && fails(node));
        let mut range = 0..text.len();
        while let Some(node) = found {
            range = node.range.clone();
            let mut parts = Vec::new();
            node.kind.for_each_child(|part| parts.push(part));
            found = parts.into_iter().find(|part| fails(part));
        }
        CelError::new(range, message)
    }
}

/// Sets to null what `has` and `.?` ask for and the bindings do not have: their types would say that it may be missing.
fn fill(node: &Node, names: &mut BTreeMap<String, Json>) {
    let asked = match &node.kind {
        Kind::Call { receiver: None, function, args } if function.text == "has" => args.first(),
        Kind::Select { optional: true, .. } => Some(node),
        _ => None,
    };
    if let Some(Node { kind: Kind::Select { of, field, .. }, .. }) = asked
        && let Some(Json::Object(owner)) = value_at(of, names)
    {
        owner.entry(field.text.clone()).or_insert(Json::Null);
    }
    node.kind.for_each_child(|part| fill(part, names));
}

fn value_at<'j>(node: &Node, names: &'j mut BTreeMap<String, Json>) -> Option<&'j mut Json> {
    match &node.kind {
        Kind::Ident { name, .. } => names.get_mut(name),
        Kind::Select { of, field, .. } => value_at(of, names)?.as_object_mut()?.get_mut(&field.text),
        _ => None,
    }
}

/// The type that a value of JSON shows. Null shows none, and neither do elements that have no type in common.
fn inferred(json: &Json) -> Type {
    match json {
        Json::Null => Type::Any,
        Json::Bool(_) => Type::Bool,
        Json::Number(number) if number.is_i64() => Type::Int,
        Json::Number(_) => Type::Float,
        Json::String(_) => Type::String,
        Json::Array(items) => {
            let known = items.iter().filter(|item| !item.is_null()).map(inferred);
            let item = known.reduce(|one, other| joined(&one, &other)).unwrap_or(Type::Any);
            let nullable = items.iter().any(Json::is_null);
            Type::List(Box::new(if nullable { Type::optional(item) } else { item }))
        }
        Json::Object(fields) => {
            Type::Record(fields.iter().map(|(name, value)| (name.clone(), inferred(value))).collect())
        }
    }
}

/// The type of elements of both types.
fn joined(one: &Type, other: &Type) -> Type {
    match (one, other) {
        _ if one == other => one.clone(),
        (Type::Int, Type::Float) | (Type::Float, Type::Int) => Type::Float,
        (Type::List(one), Type::List(other)) => Type::List(Box::new(joined(one, other))),
        (Type::Optional(inner), plain) | (plain, Type::Optional(inner)) => {
            Type::optional(joined(inner, plain.non_null()))
        }
        (Type::Record(one), Type::Record(other)) => {
            let names = one.keys().chain(other.keys());
            let field = |name: &String| match (one.get(name), other.get(name)) {
                (Some(one), Some(other)) => joined(one, other),
                (Some(only), None) | (None, Some(only)) => Type::optional(only.clone()),
                (None, None) => Type::Any,
            };
            Type::Record(names.map(|name| (name.clone(), field(name))).collect())
        }
        _ => Type::Any,
    }
}
