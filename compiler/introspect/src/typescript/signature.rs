//! One `ref` to its answer: a signature, or why there is none.
//!
//! It does not know the manifest: which `ref`s are asked for, and where, is the caller's.

use std::ops::Range;

use conductor_model::{self as model, Callee, Lookup, Signature};
use conductor_protocol::plan::Language;

use super::names::{Closed, Entity, Home, Space, Trail};
use super::places::{Place, Places};
use super::syntax::{Decl, Doc, Export, Function, Init, TypeExpr};
use super::types::{Reader, Scope};
use crate::annotation;

/// A function to be called, and how.
pub struct Target<'f> {
    /// Inside its module: `Users.get`.
    pub name: String,
    pub functions: Vec<&'f Function>,
    pub receiver: Option<model::Receiver>,
}

/// What a name or property is bound to.
struct Bound<'w> {
    annotation: Option<&'w TypeExpr>,
    init: &'w Init,
    /// Where the name stands; empty where there is none.
    place: Range<usize>,
    doc: Option<&'w Doc>,
}

impl<'w> Reader<'w> {
    /// Void while the store awaits a file.
    pub fn lookup(&mut self, reference: &str) -> Lookup {
        let found = self.find(reference);
        self.read_definitions();
        found
    }

    fn find(&mut self, reference: &str) -> Lookup {
        let written = reference.strip_prefix("ts:").unwrap_or(reference);
        let Ok(Places { found, searched, problem }) = self.store.places(written) else { return void() };
        let mut answers: Vec<(Place, Lookup)> = Vec::new();
        for place in found {
            let answer = self.at(&place);
            if !matches!(answer, Lookup::NotFound { .. })
                && !answers.iter().any(|(_, known)| same(known, &answer))
            {
                answers.push((place, answer));
            }
        }
        let callable = answers.iter().filter(|(_, answer)| matches!(answer, Lookup::Found(_))).count();
        if callable > 1 {
            let spans = answers.iter().filter_map(|(place, answer)| match answer {
                Lookup::Found(found) => Some((self.line(&place.path, found.span.start()), found.span)),
                _ => None,
            });
            return Lookup::Ambiguous(spans.collect());
        }
        let best = answers.iter().position(|(_, answer)| matches!(answer, Lookup::Found(_))).unwrap_or(0);
        match (answers.into_iter().nth(best), problem) {
            (Some((_, answer)), _) => answer,
            (None, Some(problem)) => Lookup::Unreadable { problem, span: None },
            (None, None) => Lookup::NotFound { searched, similar: self.similar(written) },
        }
    }

    /// What a module has under the rest of a ref.
    fn at(&mut self, place: &Place) -> Lookup {
        let home = match self.store.home(&place.path) {
            Ok(home) => home,
            Err(Closed::Unreadable(path, problem)) => {
                return Lookup::Unreadable { problem: format!("`{path}`: {problem}"), span: None };
            }
            Err(_) => return void(),
        };
        let Some((first, rest)) = place.rest.split_first() else { return void() };
        let mut trail = Trail::default();
        let mut entity = self.store.exported(&home, first, Space::Value, &mut trail);
        for (index, name) in rest.iter().enumerate() {
            if let Entity::Class(found, _, class) = &entity {
                let is_last = index + 1 == rest.len();
                let called = place.rest[..=index].join(".");
                let answer = match is_last {
                    true => self.method(&home, &called, found, class, name),
                    false => void(),
                };
                return match answer {
                    Lookup::NotFound { .. } => self.not_in_full(found, name),
                    answer => answer,
                };
            }
            if let Entity::Broken(..) = &entity {
                break;
            }
            entity = self.store.member(entity, name, Space::Value, &mut trail);
        }
        if matches!(entity, Entity::Unknown) && rest.is_empty() {
            entity = self.store.exported(&home, first, Space::Type, &mut Trail::default());
        }
        self.entity_answer(&home, &place.rest.join("."), entity)
    }

    fn entity_answer(&mut self, home: &Home<'w>, name: &str, entity: Entity<'w>) -> Lookup {
        let not_callable = |what: &str, span| Lookup::NotCallable { what: what.to_owned(), span };
        match entity {
            Entity::Pending => void(),
            Entity::Function(found, functions) => {
                let target = Target { name: name.to_owned(), functions, receiver: None };
                self.function(home, &Scope::new(found), &target)
            }
            Entity::Static(found, class, member) => match self.method(home, name, &found, class, &member) {
                Lookup::NotFound { .. } => not_callable("a constant", self.span(found.path, &class.name)),
                answer => under_its_own_name(answer, name),
            },
            Entity::Class(found, _, class) => not_callable("a class", self.span(found.path, &class.name)),
            Entity::Interface(found, _, all) => {
                not_callable("an interface", self.span(found.path, &all[0].name))
            }
            Entity::Alias(found, _, alias) => not_callable("a type", self.span(found.path, &alias.name)),
            Entity::Enum(found, _, one) => not_callable("an enumeration", self.span(found.path, &one.name)),
            Entity::Namespace(found) => not_callable("a module", self.span(found.path, &(0..0))),
            Entity::Value(found, value) => {
                let (annotation, doc) = (value.annotation.as_ref(), value.doc.as_ref());
                self.value(
                    home,
                    name,
                    &found,
                    Bound { annotation, init: &value.init, place: value.name.clone(), doc },
                )
            }
            Entity::Property(found, init, place) => {
                let place = match init {
                    Init::Function(function) => function.name.clone(),
                    _ => place,
                };
                self.value(home, name, &found, Bound { annotation: None, init, place, doc: None })
            }
            Entity::External(module, outer) => {
                let problem = match module.starts_with('.') {
                    true => format!("`{}` takes `{outer}` from `{module}`, which is not there", home.path),
                    false => format!("`{}` takes `{outer}` from `{module}`, outside the project", home.path),
                };
                Lookup::Unreadable { problem, span: self.export_span(home, name) }
            }
            Entity::Unreadable(path, problem) => {
                Lookup::Unreadable { problem: format!("`{path}`: {problem}"), span: None }
            }
            Entity::Broken(found, error) => Lookup::Unreadable {
                problem: format!("its definition in `{}` has a syntax error: {}", found.path, error.message),
                span: Some(self.span(found.path, &error.range)),
            },
            Entity::Unknown => self.unknown(home, name),
        }
    }

    /// Where a module exports a name from another one.
    fn export_span(&self, home: &Home<'w>, name: &str) -> Option<conductor_source::Span> {
        home.scope().exports.get(name)?.iter().find_map(|export| match export {
            Export::From { range, .. } => Some(self.span(home.path, range)),
            Export::Local(local) => {
                Some(self.span(home.path, &home.scope().names.get(local)?.first()?.place()))
            }
        })
    }

    /// Perhaps the module has it and does not export it, or was not read in full.
    fn unknown(&self, home: &Home<'w>, name: &str) -> Lookup {
        let hidden = home.scope().names.get(name).and_then(|decls| decls.first());
        let is_exported = home.scope().exports.contains_key(name);
        let Some(decl) = hidden else { return self.not_in_full(home, name) };
        let what = match decl {
            Decl::Interface(_) | Decl::Alias(_) => "a type",
            _ if is_exported => "something else than a function",
            Decl::Function(_) => "a function that is not exported",
            Decl::Class(_) => "a class that is not exported",
            Decl::Import(_) => "an import that is not exported",
            _ => "a name that is not exported",
        };
        Lookup::NotCallable { what: what.to_owned(), span: self.span(home.path, &decl.place()) }
    }

    /// What is not found in a module with syntax errors may well be there.
    fn not_in_full(&self, home: &Home<'w>, name: &str) -> Lookup {
        let Some(error) = home.module.errors.first() else { return void() };
        let problem = format!(
            "`{}` could not be read in full, and no `{name}` was found in it: {}",
            home.path, error.message
        );
        Lookup::Unreadable { problem, span: Some(self.span(home.path, &error.range)) }
    }

    fn value(&mut self, home: &Home<'w>, name: &str, found: &Home<'w>, bound: Bound<'w>) -> Lookup {
        let says = bound.annotation.or(match bound.init {
            Init::Cast(ty) => Some(ty),
            _ => None,
        });
        if let Some(ty) = says
            && let Some((scope, mut calls)) = self.callable(&Scope::new(found.clone()), ty)
        {
            for call in &mut calls {
                // The type may stand in another file; the function is where the value is.
                call.name = bound.place.clone();
                call.doc = bound.doc.cloned().or(call.doc.take());
                if let Init::Function(function) = bound.init {
                    call.is_generator = function.is_generator;
                    call.range = function.range.clone();
                }
            }
            let target = Target { name: name.to_owned(), functions: calls.iter().collect(), receiver: None };
            return self.function_in(home, found, &scope, &target);
        }
        let what = match bound.init {
            Init::Function(function) => {
                let one = Function { name: bound.place, ..(**function).clone() };
                let target = Target { name: name.to_owned(), functions: vec![&one], receiver: None };
                return self.function(home, &Scope::new(found.clone()), &target);
            }
            Init::Class(_) => "a class",
            Init::Call => "the result of a call",
            Init::Object(_) => "an object",
            _ => "a constant",
        };
        Lookup::NotCallable { what: what.to_owned(), span: self.span(found.path, &bound.place) }
    }

    pub fn function(&mut self, home: &Home<'w>, scope: &Scope<'w>, target: &Target<'_>) -> Lookup {
        self.function_in(home, &scope.home.clone(), scope, target)
    }

    /// `found` is where the function stands, `scope` what the names of its types mean.
    pub fn function_in(
        &mut self,
        home: &Home<'w>,
        found: &Home<'w>,
        scope: &Scope<'w>,
        target: &Target<'_>,
    ) -> Lookup {
        let mut seen: Vec<&Function> =
            target.functions.iter().copied().filter(|function| !function.has_body).collect();
        let bodies: Vec<&Function> =
            target.functions.iter().copied().filter(|function| function.has_body).collect();
        if let [first, _, ..] = bodies[..] {
            return self.several(found, first, &bodies);
        }
        // The implementation of overloads is nobody's signature.
        if seen.is_empty() {
            seen = bodies;
        }
        let Some(first) = seen.first().copied() else { return void() };
        if let Some(what) = why_not(target.functions.iter().copied()) {
            return Lookup::NotCallable { what: what.to_owned(), span: self.span(found.path, &first.name) };
        }
        let mut signature = self.one(home, found, scope, target, first);
        for other in &seen[1..] {
            let next = self.one(home, found, scope, target, other);
            if !agree(&signature, &next) {
                return self.several(found, first, &seen);
            }
        }
        let last = target.functions.last().copied().unwrap_or(first);
        signature.annotation =
            seen.iter().chain([&last]).find_map(|function| self.comment(found, function.range.start));
        Lookup::Found(Box::new(signature))
    }

    pub fn several(&self, found: &Home<'w>, first: &Function, all: &[&Function]) -> Lookup {
        let mut places: Vec<(String, conductor_source::Span)> = Vec::new();
        for function in all {
            // An alias of a type has one name for all of its signatures.
            let at = if function.name == first.name { &function.range } else { &function.name };
            places.push((self.line(found.path, at.start), self.span(found.path, &function.name)));
        }
        Lookup::Ambiguous(places)
    }

    fn line(&self, path: &str, at: usize) -> String {
        let source = self.store.modules().find(|(known, ..)| *known == path).map(|(_, source, _)| source);
        let before = source.and_then(|source| source.text.get(..at)).unwrap_or("");
        format!("{path}:{}", before.matches('\n').count() + 1)
    }

    fn one(
        &mut self,
        home: &Home<'w>,
        found: &Home<'w>,
        scope: &Scope<'w>,
        target: &Target<'_>,
        function: &Function,
    ) -> Signature {
        let mut scope = scope.clone();
        self.bind(&mut scope, &function.type_params, &[]);
        let (is_async, returns, native_returns) = self.returns(&scope, function);
        let parameters = self.parameters(&scope, &function.params);
        let doc = function.doc.as_ref().map(|doc| description(&doc.text)).filter(|text| !text.is_empty());
        Signature {
            callee: Callee::Function(model::Function {
                language: Language::Typescript,
                module: self.store.module_name(home.path),
                name: target.name.clone(),
                is_async,
                returns_error: false,
                receiver: target.receiver.clone(),
                native_returns,
                package: None,
            }),
            parameters,
            returns,
            returns_span: function.returns.as_ref().map(|expr| self.span(scope.home.path, &expr.range)),
            doc,
            effect: None,
            idempotent: None,
            annotation: None,
            span: self.span(found.path, &function.name),
        }
    }

    /// The annotation in the comments above a definition.
    fn comment(&mut self, found: &Home<'w>, start: usize) -> Option<model::Annotation> {
        let file = self.span(found.path, &(0..0)).file;
        let found = annotation::above(&found.source.text, file, &found.module.comments, start)?;
        self.warnings.extend(found.diagnostics);
        Some(found.annotation)
    }
}

fn why_not<'f>(mut functions: impl Iterator<Item = &'f Function>) -> Option<&'static str> {
    functions.find_map(|function| match (function.is_generator, function.is_async) {
        (true, true) => Some("an async generator function"),
        (true, false) => Some("a generator function"),
        (false, _) => None,
    })
}

/// Whether two overloads are one signature to a manifest.
fn agree(one: &Signature, other: &Signature) -> bool {
    let is_async = |signature: &Signature| signature.listens();
    one.returns == other.returns
        && is_async(one) == is_async(other)
        && alike(&one.parameters, &other.parameters)
}

pub fn alike(one: &[model::Parameter], other: &[model::Parameter]) -> bool {
    let same = |(one, other): (&model::Parameter, &model::Parameter)| {
        one.name == other.name && one.kind == other.kind && one.ty == other.ty && one.default == other.default
    };
    one.len() == other.len() && one.iter().zip(other).all(same)
}

/// `const create = Users.create` is called by the name it was given.
fn under_its_own_name(answer: Lookup, name: &str) -> Lookup {
    match answer {
        Lookup::Found(mut found) => match &mut found.callee {
            Callee::Function(function) if function.receiver.is_none() => {
                function.name = name.to_owned();
                Lookup::Found(found)
            }
            _ => Lookup::NotCallable { what: "a method without its object".to_owned(), span: found.span },
        },
        other => other,
    }
}

/// Whether two ways lead to one function.
fn same(one: &Lookup, other: &Lookup) -> bool {
    match (one, other) {
        (Lookup::Found(one), Lookup::Found(other)) => one.span == other.span,
        _ => one == other,
    }
}

/// A comment without its tags.
fn description(text: &str) -> String {
    let lines = text.lines().take_while(|line| !line.trim_start().starts_with('@'));
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// Stands in while a file is awaited, and where nothing was found.
pub fn void() -> Lookup {
    Lookup::NotFound { searched: Vec::new(), similar: Vec::new() }
}
