//! One `ref` to its answer: a signature, or why there is none.
//!
//! It does not know the manifest: which `ref`s are asked for, and where, is the caller's.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use conductor_model::Lookup;
use conductor_source::Span;

use super::names::{Entity, Wanted};
use super::store::{Home, Module, Package};
use super::syntax::{Function, Items, TypeDecl};
use super::types::Reader;

const MAX_SUGGESTIONS: usize = 5;
/// So many modules are opened for the sake of suggestions.
const MAX_MODULES: usize = 40;

impl<'w> Reader<'w> {
    /// Void while the store awaits a file.
    pub fn lookup(&mut self, reference: &str) -> Lookup {
        let found = self.find(reference);
        self.read_structs();
        found
    }

    fn find(&mut self, reference: &str) -> Lookup {
        let Some(names) = names_of(reference) else { return nothing() };
        let Some(packages) = self.store.packages() else { return nothing() };
        let mut found: Vec<Lookup> = Vec::new();
        let mut others: Vec<Lookup> = Vec::new();
        let mut searched = Vec::new();
        for package in packages.iter() {
            for names in inside(package, &names) {
                searched.extend(package.root.clone());
                match self.in_package(package, names) {
                    // Several ways may lead to one function.
                    Some(Lookup::Found(new)) => {
                        let is_new = found
                            .iter()
                            .all(|one| !matches!(one, Lookup::Found(old) if old.span == new.span));
                        found.extend(is_new.then_some(Lookup::Found(new)));
                    }
                    Some(lookup) => others.push(lookup),
                    None => {}
                }
            }
        }
        match found.len() {
            0 => others.into_iter().next().unwrap_or_else(|| {
                searched.dedup();
                Lookup::NotFound {
                    searched,
                    similar: self.store.disk.browse(|| self.similar(&packages, &names)),
                }
            }),
            1 => found.remove(0),
            _ => Lookup::Ambiguous(found.iter().filter_map(|lookup| self.place_of(lookup)).collect()),
        }
    }

    fn place_of(&self, lookup: &Lookup) -> Option<(String, Span)> {
        let Lookup::Found(found) = lookup else { return None };
        let (path, _) = self.files.iter().find(|(_, file)| **file == found.span.file)?;
        Some((self.place(path, &(found.span.start()..found.span.end())).0, found.span))
    }

    fn place(&self, path: &str, at: &Range<usize>) -> (String, Span) {
        let text = self.store.source(path).map_or("", |(_, source)| source.text.as_str());
        let line = text.get(..at.start).unwrap_or("").matches('\n').count() + 1;
        (format!("{path}:{line}"), self.span(path, at))
    }

    /// `None` where the package has nothing of that name.
    fn in_package(&mut self, package: &Rc<Package>, names: &[String]) -> Option<Lookup> {
        let root = match self.store.root_of(package) {
            Module::Ready(root) => root,
            Module::Broken { path, problem } => return Some(broken(&path, &problem)),
            Module::Pending | Module::Missing => return None,
        };
        let (last, before) = names.split_last()?;
        match self.store.resolve(&root, names, Wanted::Value) {
            Entity::Function(home, function) => return Some(self.on_function(&home, function)),
            Entity::Value(home, at) => {
                let span = self.span(home.path, at);
                return Some(Lookup::NotCallable { what: "a constant".to_owned(), span });
            }
            Entity::Broken(path, problem) => return Some(broken(&path, &problem)),
            _ => {}
        }
        let holder = self.store.resolve(&root, before, Wanted::Type);
        if let Entity::Type(home, decl) = &holder
            && let Some(found) = self.on_type(home, decl, last)
        {
            return Some(found);
        }
        let named = |span, what: &str| Some(Lookup::NotCallable { what: what.to_owned(), span });
        match self.store.resolve(&root, names, Wanted::Type) {
            Entity::Type(home, decl) => return named(self.span(home.path, &decl.name_at), "a type"),
            Entity::Trait(home, at) => return named(self.span(home.path, at), "a trait"),
            _ => {}
        }
        match holder {
            Entity::Trait(home, at) => {
                let what = "a method of a trait; name the type that implements it";
                named(self.span(home.path, at), what)
            }
            Entity::Module(home) => self.lost(&home, last),
            Entity::Type(home, _) => self.lost(&home, last),
            _ => None,
        }
    }

    fn on_function(&mut self, home: &Home<'w>, function: &'w Function) -> Lookup {
        let same: Vec<&Function> =
            home.items.functions.iter().filter(|other| other.name == function.name).collect();
        if same.len() > 1 {
            return Lookup::Ambiguous(same.iter().map(|one| self.place(home.path, &one.name_at)).collect());
        }
        if !function.is_public && function.broken.is_none() {
            return self.private(home, function);
        }
        self.function(home, function)
    }

    fn on_type(&mut self, home: &Home<'w>, decl: &'w TypeDecl, name: &str) -> Option<Lookup> {
        let found = self.associated_functions(home, decl, name);
        match &found[..] {
            [] => None,
            [only] => Some(self.associated(home, decl, only)),
            several => {
                let places = several.iter().map(|(place, _, one)| self.place(place.path, &one.name_at));
                Some(Lookup::Ambiguous(places.collect()))
            }
        }
    }

    /// Where a name is missing and the file is broken, it may be in there.
    fn lost(&self, home: &Home<'w>, name: &str) -> Option<Lookup> {
        let error = home.source.file().ok()?.problems.first()?;
        let problem = format!(
            "`{}` has a syntax error, and no `{name}` before or after it: {}",
            home.path, error.message
        );
        Some(Lookup::Unreadable { problem, span: Some(self.span(home.path, &error.range)) })
    }

    /// Full refs that a wrong one may have meant: of the module that it names, else of those at the roots.
    fn similar(&self, packages: &[Rc<Package>], names: &[String]) -> Vec<String> {
        let Some((last, before)) = names.split_last() else { return Vec::new() };
        let mut near: BTreeMap<String, usize> = BTreeMap::new();
        for package in packages {
            let before = match before.split_first() {
                Some((first, rest)) if *first == package.name || first == "crate" => rest,
                _ => before,
            };
            let Module::Ready(root) = self.store.root_of(package) else { continue };
            let mut homes = vec![root.clone()];
            for module in root.items.modules.iter().take(MAX_MODULES) {
                if let Module::Ready(child) = self.store.child(&root, &module.name) {
                    homes.push(child);
                }
            }
            if let Entity::Module(home) = self.store.resolve(&root, before, Wanted::Type) {
                homes.push(home);
            }
            for home in homes {
                for name in callable(home.items) {
                    let mut full = home.names.clone();
                    full.extend(name.split("::").map(str::to_owned));
                    let own = full.pop().unwrap_or_default();
                    let (by_name, by_path) =
                        (distance(last, &own), distance(&before.join("::"), &full.join("::")));
                    full.push(own);
                    if by_name <= allowed(last) && (by_path <= allowed(&before.join("::")) || by_name == 0) {
                        let best = near.entry(full.join("::")).or_insert(usize::MAX);
                        *best = (*best).min(by_name + by_path);
                    }
                }
            }
        }
        let ranked: BTreeSet<(usize, String)> =
            near.into_iter().map(|(full, distance)| (distance, full)).collect();
        ranked.into_iter().map(|(_, full)| full).take(MAX_SUGGESTIONS).collect()
    }
}

/// Public functions of a module and of its types.
fn callable(items: &Items) -> Vec<String> {
    let functions = items.functions.iter().filter(|one| one.is_public).map(|one| one.name.clone());
    let methods = items.impls.iter().flat_map(|one| {
        let of = match &one.ty.kind {
            super::syntax::TypeKind::Path(names, _) => names.last().cloned().unwrap_or_default(),
            _ => String::new(),
        };
        let shown = one.functions.iter().filter(|function| function.is_public);
        shown.map(move |function| format!("{of}::{}", function.name))
    });
    functions.chain(methods).collect()
}

/// The names from the root of a package: with the crate's own name before them, or without.
fn inside<'n>(package: &Package, names: &'n [String]) -> Vec<&'n [String]> {
    match names.split_first() {
        Some((first, rest)) if *first == package.name && !rest.is_empty() => vec![names, rest],
        Some((first, rest)) if first == "crate" => vec![rest],
        _ => vec![names],
    }
}

/// `users::get` and `users.get` alike.
fn names_of(reference: &str) -> Option<Vec<String>> {
    let path = reference.strip_prefix("rs:").unwrap_or(reference).replace("::", ".");
    let names: Vec<String> =
        path.split('.').map(|name| name.strip_prefix("r#").unwrap_or(name).to_owned()).collect();
    let is_name = |name: &String| {
        name.chars().next().is_some_and(|first| first == '_' || first.is_alphabetic())
            && name.chars().all(|letter| letter == '_' || letter.is_alphanumeric())
    };
    (names.iter().all(is_name) && names.len() <= super::store::MAX_DEPTH).then_some(names)
}

fn distance(one: &str, other: &str) -> usize {
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    strsim::damerau_levenshtein(&plain(one), &plain(other))
}

fn allowed(name: &str) -> usize {
    (name.chars().count() / 3).clamp(1, 4)
}

fn broken(path: &str, problem: &str) -> Lookup {
    Lookup::Unreadable { problem: format!("`{path}`: {problem}"), span: None }
}

/// Also stands in while a file is awaited; the round that made it is void.
fn nothing() -> Lookup {
    Lookup::NotFound { searched: Vec::new(), similar: Vec::new() }
}
