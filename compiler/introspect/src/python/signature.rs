//! One `ref` to its answer: a signature, or why there is none.
//!
//! It does not know the manifest: which `ref`s are asked for, and where, is the caller's.

use std::ops::Range;

use conductor_model::{self as model, Callee, Lookup, Parameter, Signature};
use conductor_protocol::plan::Language;
use conductor_protocol::types::Type;

use super::annotation::{Reader, Scope};
use super::names::{Entity, Home, Module, Trail, class_at};
use super::store::is_identifier;
use super::syntax::{Binding, Expr, ExprKind, Function, Param, Value};
use crate::annotation;

impl<'w> Reader<'w> {
    /// Void while the store awaits a file.
    pub fn lookup(&mut self, reference: &str) -> Lookup {
        let found = self.find(reference);
        self.read_classes();
        found
    }

    fn find(&mut self, reference: &str) -> Lookup {
        let dotted = reference.strip_prefix("py:").unwrap_or(reference);
        let is_path = dotted.split('.').all(is_identifier);
        let Some((module, name)) = dotted.rsplit_once('.').filter(|_| is_path) else {
            let similar = if is_path { self.similar("", dotted) } else { Vec::new() };
            return Lookup::NotFound { searched: Vec::new(), similar };
        };
        let Some(places) = self.store.locate(module) else { return void() };
        if places.files.len() > 1 {
            return self.ambiguous(module, name, &places.files);
        }
        match self.store.module(module) {
            Module::Pending => void(),
            Module::Broken { path, problem } => {
                Lookup::Unreadable { problem: format!("`{path}`: {problem}"), span: None }
            }
            Module::Missing | Module::Namespace => self.without_module(module, name, &places.searched),
            Module::Ready(home) => self.in_home(&home, name, &places.searched),
        }
    }

    /// Perhaps the last but one name is a class; else the module does not exist.
    fn without_module(&mut self, module: &str, name: &str, searched: &[String]) -> Lookup {
        if let Some((outer, class)) = module.rsplit_once('.')
            && let Module::Ready(home) = self.store.module(outer)
            && let Some(found) = class_at(&home, class)
        {
            let what = if found.defines(name) {
                format!("a method of the class `{class}`")
            } else {
                "a class".into()
            };
            return Lookup::NotCallable { what, span: self.span(home.path, &found.name) };
        }
        Lookup::NotFound { searched: searched.to_vec(), similar: self.similar(module, name) }
    }

    fn in_home(&mut self, home: &Home<'w>, name: &str, searched: &[String]) -> Lookup {
        let not_callable = |what: &str, span| Lookup::NotCallable { what: what.to_owned(), span };
        match self.store.attribute(&home.module, name, &mut Trail::at_run_time()) {
            Entity::Pending => void(),
            Entity::Function(found, function) => self.function(home, name, &found, function),
            Entity::Class(found, _, class) => not_callable("a class", self.span(found.path, &class.name)),
            Entity::Value(found, value) => self.value(home, name, &found, value),
            Entity::Module(_) => {
                not_callable("a module", self.span(home.path, &bound_at(home.source.module.names.get(name))))
            }
            Entity::External(full) => {
                let problem = format!("`{}` imports it from outside the project, as `{full}`", home.path);
                Lookup::Unreadable {
                    problem,
                    span: Some(self.span(home.path, &bound_at(home.source.module.names.get(name)))),
                }
            }
            Entity::Unknown if home.source.module.typing_names.contains_key(name) => not_callable(
                "a name for type checkers only, bound below `if TYPE_CHECKING:`",
                self.span(home.path, &bound_at(home.source.module.typing_names.get(name))),
            ),
            Entity::Unknown => match home.source.module.errors.first() {
                Some(error) => Lookup::Unreadable {
                    problem: format!(
                        "`{}` has a syntax error, and no `{name}` before or after it: {}",
                        home.path, error.message
                    ),
                    span: Some(self.span(home.path, &error.range)),
                },
                None => Lookup::NotFound {
                    searched: searched.to_vec(),
                    similar: self.similar(&home.module, name),
                },
            },
        }
    }

    fn ambiguous(&mut self, module: &str, name: &str, files: &[(String, bool)]) -> Lookup {
        let mut found = Vec::new();
        for (path, is_package) in files {
            let Module::Ready(home) = self.store.module_at(module, path, *is_package) else {
                found.push((format!("{path}:1"), self.span(path, &(0..0))));
                continue;
            };
            let place = match self.store.in_module(&home, name, &mut Trail::at_run_time()) {
                Entity::Function(found, function) => (found, function.name.clone()),
                _ => (home, 0..0),
            };
            let before = place.0.source.text.get(..place.1.start).unwrap_or("");
            let line = before.matches('\n').count() + 1;
            found.push((format!("{}:{line}", place.0.path), self.span(place.0.path, &place.1)));
        }
        Lookup::Ambiguous(found)
    }

    fn value(&mut self, home: &Home<'w>, name: &str, found: &Home<'w>, value: &'w Value) -> Lookup {
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
            Some(ExprKind::Call(_)) => "the result of a call",
            _ => "a constant",
        };
        Lookup::NotCallable { what: what.to_owned(), span }
    }

    fn function(&mut self, home: &Home<'w>, name: &str, found: &Home<'w>, function: &'w Function) -> Lookup {
        let touches =
            |range: &Range<usize>| function.range.start < range.start && range.start <= function.range.end;
        if let Some(error) = found.source.module.errors.iter().find(|error| touches(&error.range)) {
            let problem = format!("its definition in `{}` has a syntax error: {}", found.path, error.message);
            return Lookup::Unreadable { problem, span: Some(self.span(found.path, &error.range)) };
        }
        let scope = Scope::module(found.clone(), &function.type_params);
        let span = self.span(found.path, &function.name);
        if let Some(what) = self.why_not(&scope, function) {
            return Lookup::NotCallable { what: what.to_owned(), span };
        }
        let (is_async, returns) = self.returns(&scope, function);
        found_one(Signature {
            callee: callee(home, name, is_async),
            parameters: self.parameters(&scope, &function.parameters),
            returns,
            returns_span: function.returns.as_ref().map(|expr| self.span(found.path, &expr.range)),
            doc: function.doc.clone(),
            effect: None,
            idempotent: None,
            annotation: self.comment(found, function.range.start, function.name.start),
            span,
        })
    }

    /// The annotation in comments above a definition: above its decorators, or between them and its own line.
    fn comment(&mut self, home: &Home<'w>, start: usize, name: usize) -> Option<model::Annotation> {
        let source = home.source;
        let file = self.span(home.path, &(0..0)).file;
        let line = source.text.get(..name)?.rfind('\n').map_or(0, |end| end + 1);
        let comments = &source.module.comments;
        let found = [start, line]
            .into_iter()
            .find_map(|place| annotation::above(&source.text, file, comments, place))?;
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
        match (function.is_generator, function.is_async) {
            (true, true) => Some("an async generator function"),
            (true, false) => Some("a generator function"),
            (false, _) => None,
        }
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

    fn parameters(&mut self, scope: &Scope<'w>, parameters: &[Param]) -> Vec<Parameter> {
        let mut found = Vec::new();
        for parameter in parameters {
            let ty = parameter.annotation.as_ref().map(|annotation| self.annotation(scope, annotation));
            let default = parameter.default.clone();
            found.push(Parameter {
                name: parameter.name.clone(),
                kind: parameter.kind,
                annotated: ty.is_some(),
                ty: ty.unwrap_or(Type::Any),
                default: default.and_then(|range| scope.home.source.text.get(range)).map(str::to_owned),
                span: self.span(scope.home.path, &parameter.range),
            });
        }
        found
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
    })
}

/// Where a module binds a name; its start where the name comes from elsewhere.
fn bound_at(bindings: Option<&Vec<Binding>>) -> Range<usize> {
    match bindings.and_then(|bindings| bindings.first()) {
        Some(Binding::Import(import)) => import.range.clone(),
        Some(Binding::Function(function)) => function.name.clone(),
        Some(Binding::Class(class)) => class.name.clone(),
        Some(Binding::Value(value)) => value.name.clone(),
        None => 0..0,
    }
}

/// Stands in while a file is awaited; the round that made it is void.
fn void() -> Lookup {
    Lookup::NotFound { searched: Vec::new(), similar: Vec::new() }
}
