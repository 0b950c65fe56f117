//! A declaration of Go to a signature, or why it cannot be a task.
//!
//! It does not know how a `ref` led there.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use conductor_model::{
    Annotation, Callee, Function as Found, Lookup, Parameter, ParameterKind, Receiver, Signature,
};
use conductor_protocol::plan::Language;
use conductor_protocol::types::Type;

use super::external::is_context;
use super::names::{Argument, Entity, Scope, Under};
use super::syntax::{Element, Func, Function, Param, TypeExpr, TypeKind, TypeParam};
use super::types::Reader;
use crate::annotation;

/// What is called: names, places, and how the object is made.
pub struct Call<'w> {
    /// With the type before the name of a method.
    pub name: String,
    pub module: String,
    pub signature: &'w Func,
    pub name_at: &'w Range<usize>,
    pub doc: Option<String>,
    pub annotation: Option<Annotation>,
    pub receiver: Option<Receiver>,
}

impl<'w> Reader<'w> {
    pub fn not_callable(&self, what: impl Into<String>, scope: &Scope<'w>, at: &Range<usize>) -> Lookup {
        Lookup::NotCallable { what: what.into(), span: self.span(scope.path, at) }
    }

    /// A function without a receiver.
    pub fn function(&mut self, scope: &Scope<'w>, function: &'w Function) -> Lookup {
        if let Some(broken) = self.broken(scope, function) {
            return broken;
        }
        let scope = match self.with_type_params(scope, function) {
            Ok(scope) => scope,
            Err(why) => return self.not_callable(why, scope, &function.name_at),
        };
        let call = Call {
            name: function.name.clone(),
            module: scope.package.path.clone(),
            signature: &function.signature,
            name_at: &function.name_at,
            doc: function.doc.clone(),
            annotation: self.annotation(&scope, function),
            receiver: None,
        };
        self.call(&scope, call)
    }

    /// What the comment above a function says of it as a task.
    pub fn annotation(&mut self, scope: &Scope<'w>, function: &Function) -> Option<Annotation> {
        let (_, source) = self.store.source(scope.path)?;
        let file = self.span(scope.path, &(0..0)).file;
        let found = annotation::above(&source.text, file, &scope.file.comments, function.start)?;
        self.warnings.extend(found.diagnostics);
        Some(found.annotation)
    }

    pub fn broken(&self, scope: &Scope<'w>, function: &Function) -> Option<Lookup> {
        let problem = function.broken.as_ref()?;
        let text = format!("its definition in `{}` has a syntax error: {}", scope.path, problem.message);
        Some(Lookup::Unreadable { problem: text, span: Some(self.span(scope.path, &problem.range)) })
    }

    pub fn call(&mut self, scope: &Scope<'w>, call: Call<'w>) -> Lookup {
        let (returns, native_returns, returns_error) = match self.results(scope, call.signature) {
            Ok(results) => results,
            Err(why) => return self.not_callable(why, scope, call.name_at),
        };
        let written = call.signature.results_at.as_ref().unwrap_or(call.name_at);
        let parameters = self.parameters(scope, call.signature);
        Lookup::Found(Box::new(Signature {
            callee: Callee::Function(Found {
                language: Language::Go,
                module: call.module,
                name: call.name,
                is_async: parameters.iter().any(|one| one.kind == ParameterKind::Cancellation),
                returns_error,
                receiver: call.receiver,
                native_returns,
                package: scope.package.name_apart(),
            }),
            parameters,
            returns,
            returns_span: Some(self.span(scope.path, written)),
            doc: call.doc,
            effect: None,
            idempotent: None,
            annotation: call.annotation,
            span: self.span(scope.path, call.name_at),
        }))
    }

    pub fn parameters(&mut self, scope: &Scope<'w>, func: &'w Func) -> Vec<Parameter> {
        let mut found = Vec::new();
        for (index, param) in func.parameters.iter().enumerate() {
            let kind = if param.variadic {
                ParameterKind::VarPositional
            } else if self.is_context(scope, &param.ty) {
                ParameterKind::Cancellation
            } else {
                ParameterKind::PositionalOnly
            };
            let ty = if kind == ParameterKind::Cancellation { Type::Any } else { self.ty(scope, &param.ty) };
            let native = match kind {
                ParameterKind::Cancellation => None,
                _ => self.native(scope, &param.ty, &ty),
            };
            found.push(Parameter {
                // As tools that write Go call those without a name.
                name: param.name.clone().unwrap_or_else(|| format!("arg{index}")),
                kind,
                ty,
                annotated: true,
                default: None,
                native,
                span: self.span(scope.path, &param.range),
            });
        }
        found
    }

    fn is_context(&self, scope: &Scope<'w>, ty: &'w TypeExpr) -> bool {
        let TypeKind::Name { package: Some(package), name } = &ty.kind else { return false };
        match self.store.type_entity(scope, Some(package), name) {
            Entity::External(path, name) => is_context(&path, &name),
            _ => false,
        }
    }

    pub fn is_error(&self, scope: &Scope<'w>, ty: &'w TypeExpr) -> bool {
        matches!(self.store.underlying(scope, ty), Under::Basic("error"))
    }

    /// The value that a function returns, how Go spells its type, and whether an error comes beside it.
    fn results(
        &mut self,
        scope: &Scope<'w>,
        func: &'w Func,
    ) -> Result<(Type, Option<String>, bool), &'static str> {
        let is_error = |param: &'w Param| self.is_error(scope, &param.ty);
        let (values, returns_error) = match func.results.split_last() {
            Some((last, before)) if is_error(last) => (before, true),
            _ => (&func.results[..], false),
        };
        if values.iter().any(is_error) {
            return Err("a function with an error that is not its last result");
        }
        let (ty, native) = match values {
            [] => (Type::Null, None),
            [only] => {
                let ty = self.result(scope, &only.ty, returns_error);
                let native = self.native(scope, &only.ty, &ty);
                (ty, native)
            }
            several => {
                let mut fields = BTreeMap::new();
                for value in several {
                    let Some(name) = value.name.clone() else {
                        return Err("a function that returns several values without names");
                    };
                    fields.insert(name, self.result(scope, &value.ty, returns_error));
                }
                (Type::Record(fields), self.native_results(scope, several))
            }
        };
        Ok((ty, native, returns_error))
    }

    /// A pointer beside an error is never nil where the error is: that is the language's convention.
    fn result(&mut self, scope: &Scope<'w>, expr: &'w TypeExpr, beside_error: bool) -> Type {
        if let (TypeKind::Pointer(to), true) = (&expr.kind, beside_error) {
            let ty = self.ty(scope, to);
            if self.native(scope, expr, &ty).is_some() {
                return ty;
            }
        }
        self.ty(scope, expr)
    }

    /// The scope of a function's head, in which its type parameters stand for what their constraints say.
    pub fn with_type_params(
        &mut self,
        scope: &Scope<'w>,
        function: &'w Function,
    ) -> Result<Scope<'w>, String> {
        if function.type_params.is_empty() {
            return Ok(scope.clone());
        }
        let inferred = inferred(&function.type_params, &function.signature);
        if let Some(lost) = function.type_params.iter().find(|param| !inferred.contains(param.name.as_str()))
        {
            let name = &lost.name;
            return Err(format!(
                "a generic function whose type argument `{name}` cannot be inferred from its parameters"
            ));
        }
        let mut env = BTreeMap::new();
        for param in &function.type_params {
            let any = Argument { ty: Type::Any, text: param.name.clone(), basic: None };
            env.insert(param.name.clone(), any);
        }
        // A constraint may name another parameter, as in `S ~[]E`: the second round knows what that one is.
        for _ in 0..2 {
            let open = scope.with(env.clone());
            for param in &function.type_params {
                let constraint = self.constraint(&open, &param.constraint);
                env.insert(param.name.clone(), Argument { text: param.name.clone(), ..constraint });
            }
        }
        Ok(scope.with(env))
    }

    /// What a type parameter is taken for.
    fn constraint(&mut self, scope: &Scope<'w>, expr: &'w TypeExpr) -> Argument {
        let any = Argument { ty: Type::Any, text: String::new(), basic: None };
        let (mut scope, mut expr) = (scope.clone(), expr);
        for _ in 0..super::names::MAX_HOPS {
            match self.store.underlying(&scope, expr) {
                Under::Basic("any" | "comparable" | "error") | Under::External(..) => return any,
                Under::Basic(_) => return self.argument(&scope, expr),
                Under::Literal(inner, literal) => match &literal.kind {
                    TypeKind::Interface(elements) => match &elements[..] {
                        [Element::Type(only)] => (scope, expr) = (inner, only),
                        _ => return any,
                    },
                    TypeKind::Union(members) => {
                        let ty = self.ty(&inner, literal);
                        let mut basics = members.iter().map(|(_, member)| self.basic(&inner, member));
                        let first = basics.next().flatten();
                        let basic = first.filter(|first| basics.all(|basic| basic == Some(first)));
                        return Argument { ty, basic, ..any };
                    }
                    _ => return self.argument(&inner, literal),
                },
                Under::Given(argument) => return argument,
                Under::Unknown => return any,
            }
        }
        any
    }
}

/// The type parameters that Go can infer from arguments: those that types of parameters mention, and those that the
/// core type of such a one mentions.
fn inferred<'t>(params: &'t [TypeParam], func: &Func) -> BTreeSet<&'t str> {
    let mut mentioned = BTreeSet::new();
    func.parameters.iter().for_each(|param| mentions(&param.ty, &mut mentioned, 0));
    let mut found: BTreeSet<&str> =
        params.iter().map(|param| param.name.as_str()).filter(|name| mentioned.contains(name)).collect();
    for _ in params {
        for param in params.iter().filter(|param| found.contains(param.name.as_str())).collect::<Vec<_>>() {
            let mut core = BTreeSet::new();
            match &param.constraint.kind {
                TypeKind::Union(members) if members.len() > 1 => {}
                _ => mentions(&param.constraint, &mut core, 0),
            }
            found.extend(params.iter().map(|other| other.name.as_str()).filter(|name| core.contains(name)));
        }
    }
    found
}

fn mentions<'t>(expr: &'t TypeExpr, found: &mut BTreeSet<&'t str>, depth: usize) {
    if depth > 60 {
        return;
    }
    let depth = depth + 1;
    match &expr.kind {
        TypeKind::Name { package: None, name } => {
            found.insert(name);
        }
        TypeKind::Generic { arguments, .. } => arguments.iter().for_each(|one| mentions(one, found, depth)),
        TypeKind::Pointer(of) | TypeKind::Slice(of) | TypeKind::Array(_, of) | TypeKind::Chan(_, of) => {
            mentions(of, found, depth);
        }
        TypeKind::Map(key, value) => {
            mentions(key, found, depth);
            mentions(value, found, depth);
        }
        TypeKind::Func(func) => {
            let all = func.parameters.iter().chain(&func.results);
            all.for_each(|param| mentions(&param.ty, found, depth));
        }
        TypeKind::Struct(fields) => fields.iter().for_each(|field| mentions(&field.ty, found, depth)),
        TypeKind::Union(members) => members.iter().for_each(|(_, member)| mentions(member, found, depth)),
        TypeKind::Interface(elements) => {
            for element in elements {
                if let Element::Type(ty) = element {
                    mentions(ty, found, depth);
                }
            }
        }
        TypeKind::Name { .. } | TypeKind::Unknown => {}
    }
}
