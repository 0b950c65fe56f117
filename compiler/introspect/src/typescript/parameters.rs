//! Parameters and results of a function.
//!
//! It does not know how the function was found.

use conductor_model::{Parameter, ParameterKind};
use conductor_protocol::types::Type;

use super::names::{Entity, Space};
use super::syntax::{Function, Param, Pattern, TypeExpr, TypeKind};
use super::types::{Reader, Scope};
use super::unsaid::Unsaid;

/// Aliases of promises are followed so often.
const MAX_ALIASES: usize = 10;

impl<'w> Reader<'w> {
    /// The parameters as a manifest binds them. An object that is taken apart in the parameter list is its fields, each
    /// by its name: keyword parameters, as the language has them.
    pub fn parameters(&mut self, scope: &Scope<'w>, params: &[Param]) -> Vec<Parameter> {
        let mut scope = scope.clone();
        scope.is_input = true;
        let apart = params.iter().filter(|param| matches!(param.pattern, Pattern::Object(_))).count();
        let mut found = Vec::new();
        for (index, param) in params.iter().enumerate() {
            match &param.pattern {
                Pattern::Object(properties) if apart == 1 && !param.is_rest => {
                    self.taken_apart(&scope, param, properties, &mut found);
                }
                Pattern::Name(name) => found.push(self.parameter(&scope, param, name)),
                // It has no name that a manifest could use but its place.
                Pattern::Object(_) | Pattern::Array => {
                    found.push(self.parameter(&scope, param, &format!("arg{index}")));
                }
            }
        }
        found
    }

    fn parameter(&mut self, scope: &Scope<'w>, param: &Param, name: &str) -> Parameter {
        let mut kind = match &param.annotation {
            Some(annotation) => self.kind_of(scope, annotation),
            None => ParameterKind::PositionalOnly,
        };
        let read = param.annotation.as_ref().map(|annotation| self.read_natively(scope, annotation));
        let (mut ty, mut native) = read.map_or((None, None), |(ty, native)| (Some(ty), native));
        if param.is_rest {
            kind = ParameterKind::VarPositional;
            ty = ty.map(|ty| match ty {
                Type::List(item) => *item,
                other => other,
            });
        } else if param.is_optional {
            native = Unsaid::optional(native, ty.as_ref().is_some_and(Type::is_nullable));
            ty = ty.map(Type::optional);
        }
        let undefined = (param.is_optional && !param.is_rest).then(|| "undefined".to_owned());
        Parameter {
            name: name.to_owned(),
            kind,
            annotated: ty.is_some(),
            ty: ty.unwrap_or(Type::Any),
            default: param.default.clone().or(undefined),
            span: self.span(scope.home.path, &param.range),
            native,
        }
    }

    fn taken_apart(
        &mut self,
        scope: &Scope<'w>,
        param: &Param,
        properties: &[(String, Option<String>, std::ops::Range<usize>)],
        found: &mut Vec<Parameter>,
    ) {
        let fields = param.annotation.as_ref().and_then(|annotation| self.fields(scope, annotation));
        let written = |name: &str| properties.iter().find(|(known, ..)| known == name);
        let whole = param.is_optional || param.default.is_some();
        let mut push =
            |reader: &Self, name: &str, ty: Option<Type>, native: Option<String>, required: bool| {
                let property = written(name);
                let default = property.and_then(|(_, default, _)| default.clone());
                let undefined = (!required || whole).then(|| "undefined".to_owned());
                found.push(Parameter {
                    name: name.to_owned(),
                    kind: ParameterKind::KeywordOnly,
                    annotated: ty.is_some(),
                    ty: ty.unwrap_or(Type::Any),
                    default: default.or(undefined),
                    span: reader.span(scope.home.path, property.map_or(&param.range, |(.., range)| range)),
                    native,
                });
            };
        match fields {
            Some(fields) => {
                for field in fields {
                    let native = if field.required {
                        field.native
                    } else {
                        Unsaid::optional(field.native, field.ty.is_nullable())
                    };
                    let ty = if field.required { field.ty } else { Type::optional(field.ty) };
                    push(self, &field.name, Some(ty), native, field.required);
                }
            }
            None => properties.iter().for_each(|(name, ..)| push(self, name, None, None, true)),
        }
    }

    /// Whether it is awaited, and what it gives then.
    pub fn returns(&mut self, scope: &Scope<'w>, function: &Function) -> (bool, Type, Option<String>) {
        let Some(annotation) = &function.returns else { return (function.is_async, Type::Any, None) };
        let (is_async, (ty, native)) = match self.awaited(scope, annotation) {
            Some((scope, Some(inner))) => (true, self.read_natively(&scope, &inner)),
            Some((_, None)) => return (true, Type::Any, None),
            None => (function.is_async, self.read_natively(scope, annotation)),
        };
        // What a caller may do with a result that is one of some strings it may do with any string.
        let native = native.filter(|text| text.contains("bigint")).map(|_| "bigint".to_owned());
        (is_async, ty, native)
    }

    /// What a promise is one of, with the scope that it is written in.
    fn awaited(&mut self, scope: &Scope<'w>, annotation: &TypeExpr) -> Option<(Scope<'w>, Option<TypeExpr>)> {
        let mut scope = scope.clone();
        let mut at = annotation.clone();
        for _ in 0..MAX_ALIASES {
            let TypeKind::Name { path, args, module } = &at.kind else { return None };
            match self.entity(&scope, path, module.as_deref()) {
                Entity::Unknown if matches!(path[..], [ref name] if name == "Promise" || name == "PromiseLike") =>
                {
                    return Some((scope, args.first().cloned()));
                }
                Entity::Alias(home, _, alias) => {
                    let given: Vec<Type> = args.iter().map(|arg| self.read(&scope, arg)).collect();
                    let mut inner = Scope::new(home);
                    self.bind(&mut inner, &alias.type_params, &given);
                    scope = inner;
                    at = alias.value.clone();
                }
                _ => return None,
            }
        }
        None
    }

    /// The signature that a type has: of a function, of an alias of one, of an interface that can be called.
    pub fn callable(&mut self, scope: &Scope<'w>, ty: &TypeExpr) -> Option<(Scope<'w>, Vec<Function>)> {
        let mut scope = scope.clone();
        let mut at = ty.clone();
        for _ in 0..MAX_ALIASES {
            match &at.kind {
                TypeKind::Function(function) => return Some((scope, vec![(**function).clone()])),
                TypeKind::Object(body) if !body.calls.is_empty() => return Some((scope, body.calls.clone())),
                TypeKind::Name { path, args, module } => {
                    let given: Vec<Type> = args.iter().map(|arg| self.read(&scope, arg)).collect();
                    let found = match module {
                        Some(module) => self.store.resolve_in(&scope.home, module, path, Space::Type),
                        None => self.store.resolve(&scope.home, path, Space::Type),
                    };
                    match found {
                        Entity::Alias(home, _, alias) => {
                            let mut inner = Scope::new(home);
                            self.bind(&mut inner, &alias.type_params, &given);
                            scope = inner;
                            at = alias.value.clone();
                        }
                        Entity::Interface(home, _, found) => {
                            let mut inner = Scope::new(home);
                            self.bind(&mut inner, &found[0].type_params, &given);
                            let calls: Vec<Function> =
                                found.iter().flat_map(|one| one.body.calls.clone()).collect();
                            return (!calls.is_empty()).then_some((inner, calls));
                        }
                        _ => return None,
                    }
                }
                _ => return None,
            }
        }
        None
    }
}
