//! A definition to its signature: parameters, result, what its decorators make of it.
//!
//! It does not know how a ref leads to the definition.

use std::ops::Range;

use conductor_model::{self as model, Callee, Lookup, Parameter, ParameterKind, Signature};
use conductor_protocol::plan::Language;
use conductor_protocol::types::Type;

use super::annotation::{Reader, Scope};
use super::member::Owner;
use super::names::Home;
use super::reference::value_kind;
use super::syntax::{Binding, Expr, ExprKind, Function, Param, Value};

/// A function, and how it is asked for.
pub struct Asked<'r, 'w> {
    /// The module that the ref names.
    pub home: &'r Home<'w>,
    /// In that module, dotted for a method.
    pub name: &'r str,
    /// Where it is defined.
    pub found: &'r Home<'w>,
    pub function: &'w Function,
    pub scope: Scope<'w>,
    /// Whether Python gives its first parameter: the object, or the class.
    pub is_bound: bool,
    /// The class whose object it is called on, and what the ref calls it.
    pub receiver: Option<(&'r Owner<'w>, &'r str)>,
}

impl<'w> Reader<'w> {
    pub fn value(&mut self, home: &Home<'w>, name: &str, found: &Home<'w>, value: &'w Value) -> Lookup {
        let span = self.span(found.path, &value.name);
        let what = match value.value.as_ref().map(|value| &value.kind) {
            Some(ExprKind::Lambda(parameters)) => {
                let scope = Scope::module(found.clone(), &value.type_params);
                let parameters = self.parameters(&scope, parameters);
                return found_one(Signature {
                    callee: callee(home, name, false),
                    parameters,
                    returns: Type::Any,
                    returns_span: None,
                    doc: None,
                    effect: None,
                    idempotent: None,
                    annotation: self.comment(found, value.name.start, value.name.start),
                    span,
                });
            }
            _ => value_kind(value),
        };
        Lookup::NotCallable { what: what.to_owned(), span }
    }

    pub fn function(&mut self, asked: &Asked<'_, 'w>) -> Lookup {
        let Asked { found, function, scope, .. } = asked;
        let touches =
            |range: &Range<usize>| function.range.start < range.start && range.start <= function.range.end;
        if let Some(error) = found.source.module.errors.iter().find(|error| touches(&error.range)) {
            let problem = format!("its definition in `{}` has a syntax error: {}", found.path, error.message);
            return Lookup::Unreadable { problem, span: Some(self.span(found.path, &error.range)) };
        }
        let span = self.span(found.path, &function.name);
        if let Some(what) = self.why_not(scope, function) {
            return Lookup::NotCallable { what: what.to_owned(), span };
        }
        if function.is_overload {
            return self.overloads(asked);
        }
        let parameters = match asked.is_bound {
            true if function.parameters.is_empty() => {
                return Lookup::NotCallable { what: "a method without `self`".to_owned(), span };
            }
            true => self.bound_parameters(scope, &function.parameters),
            false => self.parameters(scope, &function.parameters),
        };
        let (is_async, returns) = self.returns(scope, function);
        let mut callee = callee(asked.home, asked.name, is_async);
        if let (Callee::Function(made), Some((owner, name))) = (&mut callee, asked.receiver) {
            made.receiver = Some(match self.constructor(owner, name) {
                Ok(constructor) => model::Receiver::Constructed(constructor),
                Err(what) => model::Receiver::Unmade(what.to_owned()),
            });
        }
        found_one(Signature {
            callee,
            parameters,
            returns,
            returns_span: function.returns.as_ref().map(|expr| self.span(found.path, &expr.range)),
            doc: function.doc.clone(),
            effect: None,
            idempotent: None,
            annotation: self.comment(found, function.range.start, function.name.start),
            span,
        })
    }

    /// What a method's annotations mean: names of its class are visible.
    pub fn method_scope(&self, owner: &Owner<'w>, home: &Home<'w>, function: &'w Function) -> Scope<'w> {
        let mut scope = Scope::module(home.clone(), &owner.class.type_params);
        scope.type_params.extend(&function.type_params);
        if home.path == owner.home.path {
            scope.class = Some(owner.name.clone());
        }
        scope
    }

    /// Only declarations of overloads: nothing says which of them is meant.
    fn overloads(&self, asked: &Asked<'_, 'w>) -> Lookup {
        let last = asked.name.rsplit_once('.').map_or(asked.name, |(_, last)| last);
        let names = match &asked.scope.class {
            Some(class) => super::names::class_at(asked.found, class).map(|class| &class.names),
            None => Some(&asked.found.source.module.names),
        };
        let bound = names.and_then(|names| names.get(last)).map(Vec::as_slice).unwrap_or_default();
        let place = |binding: &Binding| match binding {
            Binding::Function(found) => {
                let before = asked.found.source.text.get(..found.name.start).unwrap_or("");
                let line = before.matches('\n').count() + 1;
                let text = format!("{}:{line}, an `@overload` without the function itself", asked.found.path);
                Some((text, self.span(asked.found.path, &found.name)))
            }
            _ => None,
        };
        Lookup::Ambiguous(bound.iter().filter_map(place).collect())
    }

    /// The annotation in comments above a definition: above its decorators, or between them and its own line.
    fn comment(&mut self, home: &Home<'w>, start: usize, name: usize) -> Option<model::Annotation> {
        let file = self.span(home.path, &(0..0)).file;
        let found = super::scan::above(&home.source.text, file, &home.source.module.comments, start, name)?;
        self.warnings.extend(found.diagnostics);
        Some(found.annotation)
    }

    /// Unknown decorators are taken to keep the signature, as `functools.wraps` does.
    fn why_not(&self, scope: &Scope<'w>, function: &Function) -> Option<&'static str> {
        for decorator in &function.decorators {
            match self.external_name(scope, decorator).as_deref() {
                Some("contextlib.contextmanager") => return Some("a context manager"),
                Some("contextlib.asynccontextmanager") => return Some("an async context manager"),
                _ => {}
            }
        }
        if function.decorators.iter().any(|decorator| self.is_property(scope, decorator)) {
            return Some("a property");
        }
        match (function.is_generator, function.is_async) {
            (true, true) => Some("an async generator function"),
            (true, false) => Some("a generator function"),
            (false, _) => None,
        }
    }

    fn is_property(&self, scope: &Scope<'w>, decorator: &Expr) -> bool {
        let last = decorator.dotted().filter(|path| path.len() > 1).and_then(<[_]>::last);
        if last.is_some_and(|last| matches!(last.as_str(), "setter" | "deleter" | "getter")) {
            return true;
        }
        // `property` is no name that annotations use, so the store does not know it as built in.
        let is_plain = decorator.dotted().is_some_and(|path| *path == ["property"]);
        let is_free = is_plain && !scope.home.source.module.names.contains_key("property");
        let full = self.external_name(scope, decorator);
        is_free
            || matches!(
                full.as_deref(),
                Some("functools.cached_property" | "functools.partialmethod" | "abc.abstractproperty")
            )
    }

    /// A plain `def` that returns an awaitable is called as an async function is.
    fn returns(&mut self, scope: &Scope<'w>, function: &Function) -> (bool, Type) {
        let Some(annotation) = &function.returns else { return (function.is_async, Type::Any) };
        let annotation = match &annotation.kind {
            ExprKind::Str(text) => super::parse::annotation(text).unwrap_or_else(|| annotation.clone()),
            _ => annotation.clone(),
        };
        match self.awaited(scope, &annotation) {
            Some(inner) if !function.is_async => {
                (true, inner.map_or(Type::Any, |inner| self.annotation(scope, inner)))
            }
            _ => (function.is_async, self.annotation(scope, &annotation)),
        }
    }

    /// What `await` gives for an annotation that names an awaitable.
    fn awaited<'e>(&self, scope: &Scope<'w>, annotation: &'e Expr) -> Option<Option<&'e Expr>> {
        let full = self.external_name(scope, annotation)?;
        let (_, name) = full.rsplit_once('.')?;
        let arguments = match &annotation.kind {
            ExprKind::Subscript(_, arguments) => &arguments[..],
            _ => &[],
        };
        match full.as_str() {
            "typing.Coroutine" | "collections.abc.Coroutine" => Some(arguments.get(2)),
            "typing.Awaitable" | "collections.abc.Awaitable" => Some(arguments.first()),
            _ if full.starts_with("asyncio.") && matches!(name, "Future" | "Task") => Some(arguments.first()),
            _ => None,
        }
    }

    /// Those of a method without the object, which Python gives; `*args` takes it where nothing else does.
    pub fn bound_parameters(&mut self, scope: &Scope<'w>, parameters: &[Param]) -> Vec<Parameter> {
        let takes_object =
            |kind| matches!(kind, ParameterKind::PositionalOnly | ParameterKind::PositionalOrKeyword);
        match parameters.split_first() {
            Some((first, rest)) if takes_object(first.kind) => self.parameters(scope, rest),
            _ => self.parameters(scope, parameters),
        }
    }

    fn parameters(&mut self, scope: &Scope<'w>, parameters: &[Param]) -> Vec<Parameter> {
        let mut found = Vec::new();
        for parameter in parameters {
            let ty = parameter.annotation.as_ref().map(|annotation| self.annotation(scope, annotation));
            let default = parameter.default.clone();
            found.push(Parameter {
                name: mangled(&parameter.name, scope.class.as_deref()),
                kind: parameter.kind,
                annotated: ty.is_some(),
                ty: ty.unwrap_or(Type::Any),
                default: default.and_then(|range| scope.home.source.text.get(range)).map(str::to_owned),
                span: self.span(scope.home.path, &parameter.range),
                native: None,
            });
        }
        found
    }
}

/// Inside a class `__name` is `_Class__name`, for callers that give it by keyword, too.
fn mangled(name: &str, class: Option<&str>) -> String {
    let class = class.map(|class| class.rsplit('.').next().unwrap_or(class).trim_start_matches('_'));
    match class {
        Some(class) if name.starts_with("__") && !name.ends_with("__") && !class.is_empty() => {
            format!("_{class}{name}")
        }
        _ => name.to_owned(),
    }
}

fn found_one(signature: Signature) -> Lookup {
    Lookup::Found(Box::new(signature))
}

fn callee(home: &Home<'_>, name: &str, is_async: bool) -> Callee {
    Callee::Function(model::Function {
        language: Language::Python,
        module: home.module.clone(),
        name: name.to_owned(),
        is_async,
        returns_error: false,
        receiver: None,
        native_returns: None,
        package: None,
    })
}
