//! What a name stands for in a file of Go: declarations, imports, predeclared names.
//!
//! It knows neither signatures nor the meaning of types.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use conductor_protocol::types::Type;

use super::package::{Decl, Item, Package, is_exported};
use super::store::{Pack, Store};
use super::syntax::{Constant, File, Import, TypeDecl, TypeExpr, TypeKind};

/// Longer chains of aliases and definitions are not followed.
pub const MAX_HOPS: usize = 60;

/// Where a type is written: what its names mean depends on it.
#[derive(Clone)]
pub struct Scope<'w> {
    pub package: Rc<Package>,
    pub path: &'w str,
    pub file: &'w File,
    /// What type parameters stand for here.
    pub env: Rc<BTreeMap<String, Argument>>,
}

/// A type argument, or what a type parameter is taken for.
#[derive(Clone, Debug)]
pub struct Argument {
    pub ty: Type,
    /// As Go writes it, with import paths.
    pub text: String,
    /// The predeclared type that it is below, where it is one.
    pub basic: Option<&'static str>,
}

pub enum Entity<'w> {
    Type(Rc<Package>, Decl<'w>, &'w TypeDecl),
    Param(Argument),
    /// A predeclared type.
    Basic(&'static str),
    /// Of a package outside the project: its import path and the name.
    External(String, String),
    Unknown,
    Pending,
}

/// A type with its names followed to what it is made of.
pub enum Under<'w> {
    Basic(&'static str),
    Literal(Scope<'w>, &'w TypeExpr),
    External(String, String),
    /// What a type parameter was given.
    Given(Argument),
    Unknown,
}

const PREDECLARED: &[&str] = &[
    "any",
    "bool",
    "byte",
    "comparable",
    "complex128",
    "complex64",
    "error",
    "float32",
    "float64",
    "int",
    "int16",
    "int32",
    "int64",
    "int8",
    "rune",
    "string",
    "uint",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
    "uintptr",
];

impl<'w> Scope<'w> {
    pub fn new(package: &Rc<Package>, decl: Decl<'w>) -> Scope<'w> {
        Scope { package: Rc::clone(package), path: decl.path, file: decl.file, env: Rc::default() }
    }

    pub fn with(&self, env: BTreeMap<String, Argument>) -> Scope<'w> {
        Scope { env: Rc::new(env), ..self.clone() }
    }
}

impl Store {
    /// A type's name as it is written in a file.
    pub fn type_entity<'w>(&'w self, scope: &Scope<'w>, package: Option<&str>, name: &str) -> Entity<'w> {
        if let Some(alias) = package {
            return self.imported(scope, alias, name);
        }
        if let Some(argument) = scope.env.get(name) {
            return Entity::Param(argument.clone());
        }
        if let Some((decl, found)) = scope.package.type_decl(self, name) {
            return Entity::Type(Rc::clone(&scope.package), decl, found);
        }
        for import in scope.file.imports.iter().filter(|import| import.name.as_deref() == Some(".")) {
            match self.in_import(&scope.package.folder, &import.path, name) {
                Entity::Unknown | Entity::External(..) => {}
                found => return found,
            }
        }
        match PREDECLARED.iter().find(|known| **known == name) {
            Some(basic) => Entity::Basic(basic),
            None => Entity::Unknown,
        }
    }

    fn imported<'w>(&'w self, scope: &Scope<'w>, alias: &str, name: &str) -> Entity<'w> {
        match self.import_called(scope, alias) {
            None => Entity::Pending,
            Some(None) => Entity::Unknown,
            Some(Some(path)) => self.in_import(&scope.package.folder, path, name),
        }
    }

    /// The path of the import that a file calls so. `None` while a file is awaited.
    pub fn import_called<'w>(&self, scope: &Scope<'w>, alias: &str) -> Option<Option<&'w str>> {
        let from = &scope.package.folder;
        let imports = &scope.file.imports;
        if let Some(import) = imports.iter().find(|import| import.name.as_deref() == Some(alias)) {
            return Some(Some(&import.path));
        }
        let plain = imports.iter().filter(|import| import.name.is_none());
        let (likely, others): (Vec<&'w Import>, Vec<&'w Import>) =
            plain.partition(|import| guesses(&import.path).contains(alias));
        for import in likely.iter().chain(&others) {
            let Some(folder) = self.locate(from, &import.path)? else { continue };
            if self.package_name(&folder)?.as_deref() == Some(alias) {
                return Some(Some(&import.path));
            }
        }
        for import in likely {
            if self.locate(from, &import.path)?.is_none() {
                return Some(Some(&import.path));
            }
        }
        Some(None)
    }

    /// A constant of another package, with the scope that it stands in.
    pub fn constant_of<'w>(
        &'w self,
        scope: &Scope<'w>,
        alias: &str,
        name: &str,
    ) -> Option<(Scope<'w>, &'w Constant)> {
        let path = self.import_called(scope, alias)??;
        let folder = self.locate(&scope.package.folder, path)??;
        let Pack::Ready(package) = self.package(&folder) else { return None };
        let found = package.named(self, name).into_iter().find_map(|decl| match decl.item {
            Item::Constant(constant) => Some((decl, constant)),
            _ => None,
        });
        found.map(|(decl, constant)| (Scope::new(&package, decl), constant))
    }

    fn in_import<'w>(&'w self, from: &str, path: &str, name: &str) -> Entity<'w> {
        if !is_exported(name) {
            return Entity::Unknown;
        }
        match self.locate(from, path) {
            None => Entity::Pending,
            Some(None) => Entity::External(path.to_owned(), name.to_owned()),
            Some(Some(folder)) => match self.package(&folder) {
                Pack::Pending => Entity::Pending,
                Pack::Missing | Pack::Refused(_) => Entity::External(path.to_owned(), name.to_owned()),
                Pack::Ready(package) => match package.type_decl(self, name) {
                    Some((decl, found)) => Entity::Type(package, decl, found),
                    None => Entity::Unknown,
                },
            },
        }
    }

    /// The literal or predeclared type that a type is below its names; with pointers kept.
    pub fn underlying<'w>(&'w self, scope: &Scope<'w>, expr: &'w TypeExpr) -> Under<'w> {
        let (mut scope, mut expr) = (scope.clone(), expr);
        for _ in 0..MAX_HOPS {
            let (package, name) = match &expr.kind {
                TypeKind::Name { package, name } | TypeKind::Generic { package, name, .. } => {
                    (package.as_deref(), name)
                }
                TypeKind::Unknown => return Under::Unknown,
                _ => return Under::Literal(scope, expr),
            };
            match self.type_entity(&scope, package, name) {
                Entity::Basic(basic) => return Under::Basic(basic),
                Entity::Param(argument) => return Under::Given(argument),
                Entity::External(path, name) => return Under::External(path, name),
                Entity::Unknown | Entity::Pending => return Under::Unknown,
                Entity::Type(package, decl, found) => {
                    scope = Scope::new(&package, decl);
                    expr = &found.ty;
                }
            }
        }
        Under::Unknown
    }
}

/// Names that the package at a path may have: Go knows only when it reads it.
fn guesses(path: &str) -> BTreeSet<&str> {
    let mut parts = path.rsplit('/');
    let last = parts.next().unwrap_or(path);
    let is_version = |part: &str| {
        part.strip_prefix('v')
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|one| one.is_ascii_digit()))
    };
    let mut found = BTreeSet::from([last]);
    let base = if is_version(last) { parts.next().unwrap_or(last) } else { last };
    let base = base
        .rsplit_once('.')
        .filter(|(_, tail)| is_version(tail) || *tail == "go")
        .map_or(base, |(base, _)| base);
    found.insert(base);
    for trimmed in [base.strip_prefix("go-"), base.strip_prefix("go."), base.strip_suffix("-go")] {
        found.extend(trimmed);
    }
    found.extend(base.rsplit(['-', '.']).next());
    found
}

#[cfg(test)]
mod tests {
    use super::guesses;

    #[test]
    fn names_of_packages_are_guessed_from_paths() {
        for (path, name) in [
            ("math/rand/v2", "rand"),
            ("gopkg.in/yaml.v3", "yaml"),
            ("github.com/mattn/go-sqlite3", "sqlite3"),
            ("k8s.io/client-go", "client"),
            ("github.com/nats-io/nats.go", "nats"),
            ("time", "time"),
        ] {
            assert!(guesses(path).contains(name), "{path}");
        }
        guesses("");
        guesses("v2");
    }
}
