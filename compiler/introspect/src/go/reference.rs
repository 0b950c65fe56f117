//! One `ref` to its answer: a signature, or why there is none.
//!
//! It does not know the manifest: which `ref`s are asked for, and where, is the caller's.

use std::rc::Rc;

use conductor_model::{Lookup, Receiver};

use super::methods::{Method, Search};
use super::names::Scope;
use super::package::{Decl, Item, Package, is_exported};
use super::signature::Call;
use super::store::Pack;
use super::syntax::{Func, Function, TypeDecl, TypeKind, Variable};
use super::types::Reader;

impl<'w> Reader<'w> {
    /// Void while the store awaits a file.
    pub fn lookup(&mut self, reference: &str) -> Lookup {
        let found = self.find(reference);
        self.read_structs();
        found
    }

    fn find(&mut self, reference: &str) -> Lookup {
        let text = reference.strip_prefix("go:").unwrap_or(reference);
        let mut answer = None;
        for (package, symbol) in splits(text) {
            let Some(places) = self.store.places(package) else { return void() };
            let mut found = Vec::new();
            for folder in &places.folders {
                match self.store.package(folder) {
                    Pack::Pending => return void(),
                    Pack::Missing => {}
                    Pack::Refused(why) => {
                        let problem = format!("the folder `{folder}` cannot be listed: {why}");
                        found.push(Lookup::Unreadable { problem, span: None });
                    }
                    Pack::Ready(home) => {
                        found.push(self.in_package(&home, package, &symbol, &places.searched))
                    }
                }
            }
            match best(self, found) {
                None => {
                    answer.get_or_insert_with(|| Lookup::NotFound {
                        searched: places.searched,
                        similar: Vec::new(),
                    });
                }
                Some(missing @ Lookup::NotFound { .. }) => answer = Some(missing),
                Some(found) => return found,
            }
        }
        match answer {
            Some(Lookup::NotFound { searched, similar }) if similar.is_empty() => {
                Lookup::NotFound { searched, similar: self.similar(text) }
            }
            Some(answer) => answer,
            None => Lookup::NotFound { searched: Vec::new(), similar: Vec::new() },
        }
    }

    fn in_package(
        &mut self,
        package: &Rc<Package>,
        written: &str,
        symbol: &[&str],
        searched: &[String],
    ) -> Lookup {
        let found = match symbol {
            [name] => self.top_level(package, name),
            [type_name, name] => self.on_type(package, type_name, name),
            _ => None,
        };
        if let Some(found) = found {
            return found;
        }
        if let [(other, path), ..] = &package.others[..] {
            let problem = format!(
                "the folder `{}` holds two packages, `{}` and `{other}` (in `{path}`), which Go refuses",
                package.folder, package.name
            );
            return Lookup::Unreadable { problem, span: None };
        }
        if let Some(broken) = self.lost(package, symbol) {
            return broken;
        }
        if let Some(outside) = self.left_out(package, symbol) {
            return outside;
        }
        Lookup::NotFound { searched: searched.to_vec(), similar: self.similar_in(package, written, symbol) }
    }

    fn top_level(&mut self, package: &Rc<Package>, name: &str) -> Option<Lookup> {
        let decls = package.named(self.store, name);
        let functions: Vec<(Decl<'w>, &'w Function)> = decls
            .iter()
            .filter_map(|decl| match decl.item {
                Item::Function(function) => Some((*decl, function)),
                _ => None,
            })
            .collect();
        if functions.len() > 1 {
            let places = functions.iter().map(|(decl, function)| self.place(decl.path, &function.name_at));
            return Some(Lookup::Ambiguous(places.collect()));
        }
        if let Some((decl, function)) = functions.first() {
            let scope = Scope::new(package, *decl);
            let refused = self.refused(package, name).filter(|_| function.broken.is_none());
            return Some(match refused {
                Some(why) => self.not_callable(why, &scope, &function.name_at),
                None => self.function(&scope, function),
            });
        }
        let decl = decls.first()?;
        let scope = Scope::new(package, *decl);
        Some(match decl.item {
            Item::Type(found) => self.not_callable("a type", &scope, &found.name_at),
            Item::Constant(found) => self.not_callable("a constant", &scope, &found.name_at),
            Item::Variable(found) => self.variable(package, &scope, found),
            Item::Function(function) => self.function(&scope, function),
        })
    }

    /// A variable may hold a function.
    fn variable(&mut self, package: &Rc<Package>, scope: &Scope<'w>, found: &'w Variable) -> Lookup {
        let declared: Option<&'w Func> = match found.ty.as_ref().map(|ty| &ty.kind) {
            Some(TypeKind::Func(func)) => Some(func),
            _ => None,
        };
        let Some(signature) = declared.or(found.literal.as_ref()) else {
            return self.not_callable("a variable", scope, &found.name_at);
        };
        if let Some(why) = self.refused(package, &found.name) {
            return self.not_callable(why, scope, &found.name_at);
        }
        let (name, module) = (found.name.clone(), package.path.clone());
        let call = Call {
            name,
            module,
            signature,
            name_at: &found.name_at,
            doc: None,
            annotation: None,
            receiver: None,
        };
        self.call(scope, call)
    }

    /// Why nothing outside the package can call what has this name.
    fn refused(&self, package: &Package, name: &str) -> Option<String> {
        if package.name == "main" {
            return Some("a function of `package main`, which no other package can import".to_owned());
        }
        if name == "init" {
            return Some("an `init` function, which Go calls by itself".to_owned());
        }
        (!is_exported(name)).then(|| {
            let mut letters = name.trim_start_matches('_').chars();
            let exported: String =
                letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
            format!("not exported from its package (`{exported}` would be)")
        })
    }

    fn on_type(&mut self, package: &Rc<Package>, type_name: &str, name: &str) -> Option<Lookup> {
        let (decl, found) = package.type_decl(self.store, type_name)?;
        let (package, decl, found) = self.behind_alias(package, decl, found)?;
        let methods = match self.method(&package, decl, found, name) {
            Search::Found(methods) => methods,
            Search::Field => {
                let scope = Scope::new(&package, decl);
                return Some(self.not_callable(format!("a field of `{type_name}`"), &scope, &found.name_at));
            }
            Search::None(outside) => {
                let from = outside.first()?;
                let problem = format!(
                    "`{type_name}` may have it from `{from}`, which lies outside the project's folder"
                );
                return Some(Lookup::Unreadable {
                    problem,
                    span: Some(self.span(decl.path, &found.name_at)),
                });
            }
        };
        let [method] = &methods[..] else {
            let places = methods.iter().map(|method| self.place(method.scope.path, method.name_at));
            return Some(Lookup::Ambiguous(places.collect()));
        };
        Some(self.on_method(&package, decl, found, method, name))
    }

    /// `type A = B` is `B`.
    fn behind_alias(
        &self,
        package: &Rc<Package>,
        decl: Decl<'w>,
        found: &'w TypeDecl,
    ) -> Option<(Rc<Package>, Decl<'w>, &'w TypeDecl)> {
        let mut here = (Rc::clone(package), decl, found);
        for _ in 0..super::names::MAX_HOPS {
            let TypeKind::Name { package: alias, name } = &here.2.ty.kind else { break };
            if !here.2.is_alias {
                break;
            }
            let scope = Scope::new(&here.0, here.1);
            match self.store.type_entity(&scope, alias.as_deref(), name) {
                super::names::Entity::Type(package, decl, found) => here = (package, decl, found),
                _ => break,
            }
        }
        Some(here)
    }

    fn on_method(
        &mut self,
        package: &Rc<Package>,
        decl: Decl<'w>,
        found: &'w TypeDecl,
        method: &Method<'w>,
        name: &str,
    ) -> Lookup {
        let scope = &method.scope;
        if let Some(broken) = method.function.and_then(|function| self.broken(scope, function)) {
            return broken;
        }
        for part in [&found.name, name] {
            if let Some(why) = self.refused(package, part) {
                return self.not_callable(why, scope, method.name_at);
            }
        }
        let receiver = match self.constructor(package, decl, found) {
            Ok(made) => Receiver::Constructed(made),
            Err(why) => Receiver::Unmade(why),
        };
        let annotation = method.function.and_then(|function| self.annotation(scope, function));
        let call = Call {
            name: format!("{}.{name}", found.name),
            module: package.path.clone(),
            signature: method.signature,
            name_at: method.name_at,
            doc: method.function.and_then(|function| function.doc.clone()),
            annotation,
            receiver: Some(receiver),
        };
        self.call(scope, call)
    }

    /// Where a name is missing and a file is broken, it may be in there.
    fn lost(&self, package: &Package, symbol: &[&str]) -> Option<Lookup> {
        let name = symbol.join(".");
        if let Some((path, problem)) = package.unread.first() {
            let problem = format!("`{path}`: {problem}, and no `{name}` in the other files");
            return Some(Lookup::Unreadable { problem, span: None });
        }
        package.files.iter().find_map(|path| {
            let (path, source) = self.store.source(path)?;
            let error = source.file().ok()?.problems.first()?;
            let problem =
                format!("`{path}` has a syntax error, and no `{name}` before or after it: {}", error.message);
            Some(Lookup::Unreadable { problem, span: Some(self.span(path, &error.range)) })
        })
    }

    /// Whether a file that is not built has it.
    fn left_out(&self, package: &Package, symbol: &[&str]) -> Option<Lookup> {
        package.left_out.iter().find_map(|(path, line)| {
            let (path, source) = self.store.source(path)?;
            let has = |function: &&Function| match (symbol, &function.receiver) {
                ([name], None) => function.name == *name,
                ([on, name], Some(receiver)) => receiver.type_name == *on && function.name == *name,
                _ => false,
            };
            let found = source.file().ok()?.functions.iter().find(has)?;
            let by = if line.is_empty() { "the name of its file".to_owned() } else { format!("`{line}`") };
            let what = format!("not built for linux/amd64 ({by} keeps it out)");
            Some(Lookup::NotCallable { what, span: self.span(path, &found.name_at) })
        })
    }

    /// `path:line` with the place itself.
    fn place(&self, path: &str, at: &std::ops::Range<usize>) -> (String, conductor_source::Span) {
        let text = self.store.source(path).map_or("", |(_, source)| source.text.as_str());
        let line = text.get(..at.start).unwrap_or("").matches('\n').count() + 1;
        (format!("{path}:{line}"), self.span(path, at))
    }
}

/// The ways in which a `ref` may be cut into a package and a function, or a type and its method.
fn splits(text: &str) -> Vec<(&str, Vec<&str>)> {
    let is_path = !text.starts_with('/')
        && text.split('/').all(|part| !matches!(part, "" | "." | ".."))
        && text.chars().all(|letter| !letter.is_whitespace() && !letter.is_control());
    let start = text.rfind('/').map_or(0, |slash| slash + 1);
    let dots: Vec<usize> = text[start..].match_indices('.').map(|(at, _)| start + at).collect();
    let one = |dot: &usize| {
        let symbol: Vec<&str> = text[dot + 1..].split('.').collect();
        (&text[..*dot], symbol)
    };
    let is_name = |name: &&str| {
        name.chars().next().is_some_and(|first| first == '_' || first.is_alphabetic())
            && name.chars().all(|letter| letter == '_' || letter.is_alphanumeric())
    };
    let fits = |(package, symbol): &(&str, Vec<&str>)| {
        let last = package.rsplit('/').next().unwrap_or("");
        !last.is_empty() && !last.ends_with('.') && symbol.iter().all(is_name)
    };
    if is_path { dots.iter().rev().take(2).map(one).filter(fits).collect() } else { Vec::new() }
}

/// Of the answers of several folders: the only one that is found, else all of them, else the first.
fn best(reader: &Reader<'_>, found: Vec<Lookup>) -> Option<Lookup> {
    let mut places = Vec::new();
    for lookup in &found {
        if let Lookup::Found(found) = lookup {
            let path = reader.files.iter().find(|(_, file)| **file == found.span.file).map(|(path, _)| path);
            let path = path.cloned().unwrap_or_default();
            places.push(reader.place(&path, &(found.span.start()..found.span.end())));
        }
    }
    if places.len() > 1 {
        return Some(Lookup::Ambiguous(places));
    }
    let (mut good, mut others) = (Vec::new(), Vec::new());
    for lookup in found {
        match lookup {
            Lookup::Found(_) => good.push(lookup),
            Lookup::NotFound { .. } => others.push(lookup),
            _ => others.insert(0, lookup),
        }
    }
    good.into_iter().chain(others).next()
}

/// Stands in while a file is awaited; the round that made it is void.
fn void() -> Lookup {
    Lookup::NotFound { searched: Vec::new(), similar: Vec::new() }
}
