//! One `ref` to its answer: which definition it leads to, or why there is none.
//!
//! It does not know the manifest: which `ref`s are asked for, and where, is the caller's. Signatures are made in
//! `signature`.

use std::ops::Range;

use conductor_model::Lookup;

use super::annotation::{Reader, Scope};
use super::member::{Member, Owner, Wrapper};
use super::names::{Entity, Home, Module, Trail};
use super::signature::Asked;
use super::store::is_identifier;
use super::syntax::{Binding, ExprKind, Value};

impl<'w> Reader<'w> {
    /// Void while the store awaits a file.
    pub fn lookup(&mut self, reference: &str) -> Lookup {
        let found = self.find(reference);
        self.read_classes();
        found
    }

    fn find(&mut self, reference: &str) -> Lookup {
        let dotted = reference.strip_prefix("py:").unwrap_or(reference);
        let names: Vec<&str> = dotted.split('.').collect();
        let is_path = names.iter().all(|name| is_identifier(name));
        if !is_path || names.len() < 2 {
            let similar = if is_path { self.similar("", dotted) } else { Vec::new() };
            return Lookup::NotFound { searched: Vec::new(), similar };
        }
        // The longest module wins; what follows it is a function, or a class and its method.
        let mut searched = Vec::new();
        for split in (1..names.len()).rev() {
            let (module, path) = (names[..split].join("."), &names[split..]);
            let Some(places) = self.store.locate(&module) else { return void() };
            if places.files.len() > 1 {
                return self.two_files(&module, path[0], &places.files);
            }
            if searched.is_empty() {
                searched.clone_from(&places.searched);
            }
            match self.store.module(&module) {
                Module::Pending => return void(),
                Module::Broken { path, problem } => {
                    return Lookup::Unreadable { problem: format!("`{path}`: {problem}"), span: None };
                }
                Module::Missing | Module::Namespace => {}
                Module::Ready(home) if path.len() == 1 => return self.in_home(&home, path[0], &searched),
                Module::Ready(home) => {
                    if let Some(found) = self.below(&home, path) {
                        return found;
                    }
                }
            }
        }
        let (module, name) = dotted.rsplit_once('.').unwrap_or(("", dotted));
        Lookup::NotFound { searched, similar: self.similar(module, name) }
    }

    /// `Class.method`, `Class.Inner.method`, `object.method` in a module; `None` where its first name is not there.
    fn below(&mut self, home: &Home<'w>, path: &[&str]) -> Option<Lookup> {
        let (first, rest) = path.split_first()?;
        if rest.is_empty() {
            return Some(self.in_home(home, first, &[]));
        }
        match self.store.attribute(&home.module, first, &mut Trail::at_run_time()) {
            Entity::Pending => Some(void()),
            Entity::Class(found, name, class) => {
                let owner = Owner { home: found, name, class };
                Some(self.in_class(home, path, owner, rest, true))
            }
            Entity::Value(found, value) => Some(match self.made(&found, value) {
                Some(owner) => self.in_class(home, path, owner, rest, false),
                None => Lookup::NotCallable {
                    what: format!("an attribute of `{first}`, whose class is not known"),
                    span: self.span(found.path, &value.name),
                },
            }),
            Entity::Module(module) => match self.store.module(&module) {
                Module::Ready(inner) => self.below(&inner, rest),
                Module::Pending => Some(void()),
                _ => None,
            },
            Entity::Function(found, function) => Some(Lookup::NotCallable {
                what: format!("an attribute of the function `{first}`"),
                span: self.span(found.path, &function.name),
            }),
            Entity::External(full) => Some(self.outside(home, first, &full)),
            Entity::Unknown => None,
        }
    }

    /// The class of an object that the module makes when it is imported: `client = Client()`.
    fn made(&self, home: &Home<'w>, value: &'w Value) -> Option<Owner<'w>> {
        let ExprKind::Call(call) = &value.value.as_ref()?.kind else { return None };
        match self.store.resolve(home, None, call.function.dotted()?) {
            Entity::Class(home, name, class) => Some(Owner { home, name, class }),
            _ => None,
        }
    }

    /// The last of `rest` as a method. `is_class` says whether it is asked of the class or of an object.
    fn in_class(
        &mut self,
        home: &Home<'w>,
        path: &[&str],
        owner: Owner<'w>,
        rest: &[&str],
        is_class: bool,
    ) -> Lookup {
        let mut owner = owner;
        let mut is_class = is_class;
        for (index, name) in rest.iter().enumerate() {
            let (found, is_last) = (self.store.class_attribute(&owner, name), index + 1 == rest.len());
            match found {
                Member::Class(inner) if !is_last => {
                    owner = inner;
                    is_class = true;
                }
                Member::Function { owner: holder, home: found, function, wrapper } if is_last => {
                    let name = path.join(".");
                    let class = path[..path.len() - 1].join(".");
                    let is_new = *path.last().unwrap_or(&"") == "__new__";
                    let constructed = wrapper.is_none() && is_class && !is_new;
                    let asked = Asked {
                        home,
                        name: &name,
                        found: &found,
                        function,
                        scope: self.method_scope(&holder, &found, function),
                        is_bound: wrapper != Some(Wrapper::Static) && !is_new,
                        receiver: constructed.then_some((&owner, class.as_str())),
                    };
                    return self.function(&asked);
                }
                other => return self.no_method(&owner, name, &other),
            }
        }
        void()
    }

    fn no_method(&mut self, owner: &Owner<'w>, name: &str, found: &Member<'w>) -> Lookup {
        let class = &owner.name;
        let (what, place) = match found {
            Member::Class(inner) => ("a class".to_owned(), (inner.home.path, &inner.class.name)),
            Member::Function { home, function, .. } => {
                (format!("inside the method `{name}`"), (home.path, &function.name))
            }
            Member::Value(owner, binding) => {
                let what = match binding {
                    Binding::Value(value) => value_kind(value),
                    _ => "an import",
                };
                let at = bound_at(Some(std::slice::from_ref(binding)));
                return Lookup::NotCallable {
                    what: format!("{what} in the class `{class}`"),
                    span: self.span(owner.home.path, &at),
                };
            }
            Member::Outside(full) => {
                let from = if full.is_empty() { "a class that is not known" } else { full.as_str() };
                let problem = format!(
                    "the class `{class}` has no `{name}` of its own, and inherits from outside the project: {from}"
                );
                let span = Some(self.span(owner.home.path, &owner.class.name));
                return Lookup::Unreadable { problem, span };
            }
            Member::Missing => {
                let similar = self.similar_methods(owner, name);
                return Lookup::NotFound { searched: vec![format!("the class `{class}`")], similar };
            }
        };
        Lookup::NotCallable { what, span: self.span(place.0, place.1) }
    }

    fn outside(&self, home: &Home<'w>, name: &str, full: &str) -> Lookup {
        Lookup::Unreadable {
            problem: format!("`{}` imports it from outside the project, as `{full}`", home.path),
            span: Some(
                self.span(home.path, &bound_at(home.source.module.names.get(name).map(Vec::as_slice))),
            ),
        }
    }

    fn in_home(&mut self, home: &Home<'w>, name: &str, searched: &[String]) -> Lookup {
        let not_callable = |what: &str, span| Lookup::NotCallable { what: what.to_owned(), span };
        match self.store.attribute(&home.module, name, &mut Trail::at_run_time()) {
            Entity::Pending => void(),
            Entity::Function(found, function) => {
                let scope = Scope::module(found.clone(), &function.type_params);
                let asked =
                    Asked { home, name, found: &found, function, scope, is_bound: false, receiver: None };
                self.function(&asked)
            }
            Entity::Class(found, _, class) => not_callable("a class", self.span(found.path, &class.name)),
            Entity::Value(found, value) => self.value(home, name, &found, value),
            Entity::Module(_) => not_callable(
                "a module",
                self.span(home.path, &bound_at(home.source.module.names.get(name).map(Vec::as_slice))),
            ),
            Entity::External(full) => self.outside(home, name, &full),
            Entity::Unknown if home.source.module.typing_names.contains_key(name) => not_callable(
                "a name for type checkers only, bound below `if TYPE_CHECKING:`",
                self.span(home.path, &bound_at(home.source.module.typing_names.get(name).map(Vec::as_slice))),
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

    fn two_files(&mut self, module: &str, name: &str, files: &[(String, bool)]) -> Lookup {
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
}

/// Where a module binds a name; its start where the name comes from elsewhere.
fn bound_at(bindings: Option<&[Binding]>) -> Range<usize> {
    match bindings.and_then(|bindings| bindings.first()) {
        Some(Binding::Import(import)) => import.range.clone(),
        Some(Binding::Function(function)) => function.name.clone(),
        Some(Binding::Class(class)) => class.name.clone(),
        Some(Binding::Value(value)) => value.name.clone(),
        None => 0..0,
    }
}

/// What a value is that no call leads to.
pub fn value_kind(value: &Value) -> &'static str {
    match value.value.as_ref().map(|value| &value.kind) {
        Some(ExprKind::Call(_)) => "the result of a call",
        _ => "a constant",
    }
}

/// Stands in while a file is awaited; the round that made it is void.
fn void() -> Lookup {
    Lookup::NotFound { searched: Vec::new(), similar: Vec::new() }
}
