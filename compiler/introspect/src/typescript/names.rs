//! What a name stands for: through imports, re-exports, barrels and namespaces, across modules.
//!
//! It knows neither types nor signatures. A package that is not there is a name and nothing more.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::store::{Located, Opened, Source, Store, without_ending};
use super::syntax::{
    Alias, Class, Decl, Enum, Export, Function, Import, Init, Interface, Module, Scope, SyntaxError, Value,
};

/// Longer chains of re-exports are not followed.
const MAX_HOPS: usize = 100;
/// `export *` makes a search wide: after so many modules it ends.
const MAX_MODULES: usize = 5000;

/// A scope of the user's code: a module, or a namespace inside one.
#[derive(Clone)]
pub struct Home<'a> {
    pub path: &'a str,
    pub source: &'a Source,
    pub module: &'a Module,
    /// From the module's own scope to the innermost namespace.
    scopes: Vec<&'a Scope>,
    /// The namespaces, with a dot after each.
    pub prefix: String,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Space {
    Value,
    Type,
}

#[derive(Clone)]
pub enum Entity<'a> {
    /// All definitions of the name: overloads, then the implementation.
    Function(Home<'a>, Vec<&'a Function>),
    Class(Home<'a>, String, &'a Class),
    /// Declarations that merge.
    Interface(Home<'a>, String, Vec<&'a Interface>),
    Alias(Home<'a>, String, &'a Alias),
    Enum(Home<'a>, String, &'a Enum),
    Value(Home<'a>, &'a Value),
    /// A property of an object that a name is bound to, and where that name stands.
    Property(Home<'a>, &'a Init, Range<usize>),
    /// A static member of a class, under another name.
    Static(Home<'a>, &'a Class, String),
    /// A module as a whole, or a namespace.
    Namespace(Home<'a>),
    /// A name of a module outside: its specifier and the name.
    External(String, String),
    Broken(Home<'a>, &'a SyntaxError),
    /// The module could not be read: its path, and why.
    Unreadable(String, String),
    Unknown,
    /// A file or folder is awaited.
    Pending,
}

/// Why a module cannot be looked into.
pub enum Closed {
    Pending,
    Missing,
    /// Its path, and what is wrong with it.
    Unreadable(String, String),
}

impl From<Closed> for Entity<'_> {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::Pending => Entity::Pending,
            Closed::Missing => Entity::Unknown,
            Closed::Unreadable(path, problem) => Entity::Unreadable(path, problem),
        }
    }
}

/// The state of following one name.
#[derive(Default)]
pub struct Trail {
    /// What was asked on the way, so that cycles end.
    seen: BTreeSet<(String, String, Space)>,
    hops: usize,
}

impl<'a> Home<'a> {
    pub fn scope(&self) -> &'a Scope {
        self.scopes[self.scopes.len() - 1]
    }

    fn inner(&self, name: &str, scope: &'a Scope) -> Home<'a> {
        let mut home = self.clone();
        home.scopes.push(scope);
        home.prefix = format!("{}{name}.", self.prefix);
        home
    }

    /// The home whose scope is the module itself or one of the namespaces, from the inside outwards.
    fn outward(&self) -> impl Iterator<Item = Home<'a>> {
        let whole = self.clone();
        (1..=self.scopes.len()).rev().map(move |length| {
            let mut home = whole.clone();
            home.scopes.truncate(length);
            home.prefix = home.prefix.split_inclusive('.').take(length - 1).collect();
            home
        })
    }
}

impl Store {
    pub fn home(&self, path: &str) -> Result<Home<'_>, Closed> {
        match self.open(path) {
            Opened::Pending => Err(Closed::Pending),
            Opened::Missing => Err(Closed::Missing),
            Opened::Broken(problem) => Err(Closed::Unreadable(path.to_owned(), problem)),
            Opened::Module(path, source, module) => {
                Ok(Home { path, source, module, scopes: vec![&module.scope], prefix: String::new() })
            }
        }
    }

    /// The path of a module without its ending, relative to the root that it stands in.
    pub fn module_name(&self, path: &str) -> String {
        let inside = self
            .roots
            .iter()
            .filter(|root| *root != ".")
            .find_map(|root| path.strip_prefix(root.as_str()).and_then(|rest| rest.strip_prefix('/')));
        let path = inside.unwrap_or(path);
        let is_any = |endings: [&str; 2]| endings.iter().any(|ending| path.ends_with(ending));
        // Node loads them by these endings only.
        let ending = match () {
            () if is_any([".mts", ".mjs"]) => ".mjs",
            () if is_any([".cts", ".cjs"]) => ".cjs",
            () => "",
        };
        format!("{}{ending}", without_ending(path))
    }

    /// A dotted name as code in `home` means it.
    pub fn resolve<'a>(&'a self, home: &Home<'a>, path: &[String], space: Space) -> Entity<'a> {
        let mut trail = Trail::default();
        let Some((first, rest)) = path.split_first() else { return Entity::Unknown };
        let mut entity =
            self.visible(home, first, if rest.is_empty() { space } else { Space::Value }, &mut trail);
        if matches!(entity, Entity::Unknown) && !rest.is_empty() {
            entity = self.visible(home, first, Space::Type, &mut trail);
        }
        for (index, name) in rest.iter().enumerate() {
            let space = if index + 1 == rest.len() { space } else { Space::Value };
            entity = self.member(entity, name, space, &mut trail);
        }
        entity
    }

    /// `import("module").a.b`
    pub fn resolve_in<'a>(
        &'a self,
        home: &Home<'a>,
        module: &str,
        path: &[String],
        space: Space,
    ) -> Entity<'a> {
        let mut entity = self.module(home, module, None);
        for name in path {
            entity = self.member(entity, name, space, &mut Trail::default());
        }
        entity
    }

    fn visible<'a>(&'a self, home: &Home<'a>, name: &str, space: Space, trail: &mut Trail) -> Entity<'a> {
        for home in home.outward() {
            match self.local(&home, name, space, trail) {
                Entity::Unknown => {}
                found => return found,
            }
        }
        Entity::Unknown
    }

    pub fn member<'a>(
        &'a self,
        entity: Entity<'a>,
        name: &str,
        space: Space,
        trail: &mut Trail,
    ) -> Entity<'a> {
        match entity {
            Entity::Namespace(home) => self.exported(&home, name, space, trail),
            Entity::External(module, outer) => Entity::External(module, format!("{outer}.{name}")),
            // `Color.Red` as a type.
            Entity::Enum(home, outer, found) if space == Space::Type => Entity::Enum(home, outer, found),
            Entity::Value(home, value) if space == Space::Value => match &value.init {
                Init::Object(properties) => self.property(&home, properties, name, &value.name, trail),
                _ => Entity::Unknown,
            },
            Entity::Property(home, Init::Object(properties), place) => {
                self.property(&home, properties, name, &place, trail)
            }
            Entity::Class(home, _, found) if space == Space::Value => {
                Entity::Static(home, found, name.to_owned())
            }
            Entity::Pending => Entity::Pending,
            Entity::Unreadable(path, problem) => Entity::Unreadable(path, problem),
            _ => Entity::Unknown,
        }
    }

    /// What a module or namespace exports under a name.
    pub fn exported<'a>(
        &'a self,
        home: &Home<'a>,
        name: &str,
        space: Space,
        trail: &mut Trail,
    ) -> Entity<'a> {
        let key = (format!("{}:{}", home.path, home.prefix), name.to_owned(), space);
        if trail.hops > MAX_HOPS || trail.seen.len() > MAX_MODULES || !trail.seen.insert(key) {
            return Entity::Unknown;
        }
        trail.hops += 1;
        let found = self.exported_from(home, name, space, trail);
        trail.hops -= 1;
        found
    }

    fn exported_from<'a>(
        &'a self,
        home: &Home<'a>,
        name: &str,
        space: Space,
        trail: &mut Trail,
    ) -> Entity<'a> {
        let mut fallback = Entity::Unknown;
        for export in home.scope().exports.get(name).into_iter().flatten() {
            let found = match export {
                Export::Local(local) => self.local(home, local, space, trail),
                Export::From { module, name, .. } => {
                    self.imported(home, module, name.as_deref(), space, trail)
                }
            };
            match found {
                Entity::Unknown => {}
                Entity::External(..) | Entity::Unreadable(..) => fallback = found,
                found => return found,
            }
        }
        // A file of declarations without an `export` exports all of it.
        let ambient = [".d.ts", ".d.mts", ".d.cts"].iter().any(|ending| home.path.ends_with(ending));
        if ambient && (home.scope().exports.is_empty() || !home.prefix.is_empty()) {
            return self.local(home, name, space, trail);
        }
        if name == "default" {
            return fallback;
        }
        if let Some(whole) = self.export_equals(home, name, space, trail) {
            return whole;
        }
        for module in &home.scope().stars {
            match self.imported(home, module, Some(name), space, trail) {
                Entity::Unknown => {}
                // What a module outside provides is not known.
                found @ (Entity::External(..) | Entity::Unreadable(..)) => {
                    if matches!(fallback, Entity::Unknown) && !matches!(found, Entity::External(..)) {
                        fallback = found;
                    }
                }
                found => return found,
            }
        }
        fallback
    }

    /// `export = ns` makes what is in the namespace importable by name.
    fn export_equals<'a>(
        &'a self,
        home: &Home<'a>,
        name: &str,
        space: Space,
        trail: &mut Trail,
    ) -> Option<Entity<'a>> {
        let [Export::Local(local)] = &home.scope().exports.get("default")?[..] else { return None };
        let namespace = home.scope().names.get(local)?.iter().find_map(|decl| match decl {
            Decl::Namespace(inner, _) => Some(home.inner(local, inner)),
            _ => None,
        })?;
        match self.exported(&namespace, name, space, trail) {
            Entity::Unknown => None,
            found => Some(found),
        }
    }

    fn imported<'a>(
        &'a self,
        home: &Home<'a>,
        module: &str,
        name: Option<&str>,
        space: Space,
        trail: &mut Trail,
    ) -> Entity<'a> {
        let found = self.module(home, module, name);
        let (Some(name), Entity::Namespace(target)) = (name, &found) else { return found };
        match self.exported(target, name, space, trail) {
            // CommonJS as a whole is what the default import of it gives.
            Entity::Unknown if name == "default" && target.module.is_javascript => found,
            inner => inner,
        }
    }

    /// The module that code in `home` imports as `specifier`; where it is outside, the wanted name of it.
    fn module<'a>(&'a self, home: &Home<'a>, specifier: &str, name: Option<&str>) -> Entity<'a> {
        match self.locate(home.path, specifier) {
            Located::Pending => Entity::Pending,
            Located::Outside if specifier.starts_with('.') && name.is_none() => Entity::Unknown,
            Located::Outside => Entity::External(specifier.to_owned(), name.unwrap_or("").to_owned()),
            Located::File(path) => match self.home(&path) {
                Ok(target) => Entity::Namespace(target),
                Err(closed) => closed.into(),
            },
        }
    }

    /// A name that a scope itself declares or imports.
    fn local<'a>(&'a self, home: &Home<'a>, name: &str, space: Space, trail: &mut Trail) -> Entity<'a> {
        let Some(decls) = home.scope().names.get(name) else { return Entity::Unknown };
        let fits = |decl: &&'a Decl| match space {
            Space::Value => decl.is_value(),
            Space::Type => decl.is_type(),
        };
        let functions: Vec<&Function> = decls
            .iter()
            .filter_map(|decl| match decl {
                Decl::Function(function) => Some(&**function),
                _ => None,
            })
            .collect();
        if space == Space::Value && !functions.is_empty() {
            return Entity::Function(home.clone(), functions);
        }
        let mut merged: Vec<&Interface> = Vec::new();
        // A namespace beside a type holds what belongs to the type.
        let (spaces, others): (Vec<&Decl>, Vec<&Decl>) =
            decls.iter().filter(fits).partition(|decl| matches!(decl, Decl::Namespace(..)));
        let spaces = if others.is_empty() { spaces } else { Vec::new() };
        for decl in others.into_iter().chain(spaces) {
            let full = || format!("{}{name}", home.prefix);
            let found = match decl {
                Decl::Interface(interface) => {
                    merged.push(interface);
                    continue;
                }
                Decl::Class(class) => Entity::Class(home.clone(), full(), class),
                Decl::Alias(alias) => Entity::Alias(home.clone(), full(), alias),
                Decl::Enum(found) => Entity::Enum(home.clone(), full(), found),
                Decl::Value(value) => match &value.init {
                    Init::Class(class) => Entity::Class(home.clone(), full(), class),
                    _ => self.value(home, value, trail),
                },
                Decl::Import(import) => self.import(home, import, space, trail),
                Decl::Namespace(scope, _) => Entity::Namespace(home.inner(name, scope)),
                Decl::Broken(error) => Entity::Broken(home.clone(), error),
                Decl::Function(_) => continue,
            };
            if !matches!(found, Entity::Unknown) {
                return found;
            }
        }
        if merged.is_empty() {
            return Entity::Unknown;
        }
        Entity::Interface(home.clone(), format!("{}{name}", home.prefix), merged)
    }

    fn import<'a>(&'a self, home: &Home<'a>, import: &Import, space: Space, trail: &mut Trail) -> Entity<'a> {
        self.imported(home, &import.module, import.name.as_deref(), space, trail)
    }

    /// `const g = f` is `f`; any other value is itself.
    fn value<'a>(&'a self, home: &Home<'a>, value: &'a Value, trail: &mut Trail) -> Entity<'a> {
        let Init::Name(path) = &value.init else { return Entity::Value(home.clone(), value) };
        if value.annotation.is_some() {
            return Entity::Value(home.clone(), value);
        }
        match self.follow(home, path, trail) {
            Entity::Unknown | Entity::Enum(..) => Entity::Value(home.clone(), value),
            found => found,
        }
    }

    fn property<'a>(
        &'a self,
        home: &Home<'a>,
        properties: &'a BTreeMap<String, Init>,
        name: &str,
        place: &Range<usize>,
        trail: &mut Trail,
    ) -> Entity<'a> {
        match properties.get(name) {
            Some(Init::Name(path)) => self.follow(home, path, trail),
            Some(init) => Entity::Property(home.clone(), init, place.clone()),
            None => Entity::Unknown,
        }
    }

    /// A value that is given under another name; one that leads back to itself is unknown.
    fn follow<'a>(&'a self, home: &Home<'a>, path: &[String], trail: &mut Trail) -> Entity<'a> {
        let key = (format!("{}:{}", home.path, home.prefix), format!("= {}", path.join(".")), Space::Value);
        let Some((first, rest)) = path.split_first() else { return Entity::Unknown };
        if trail.hops > MAX_HOPS || !trail.seen.insert(key) {
            return Entity::Unknown;
        }
        trail.hops += 1;
        let mut entity = self.visible(home, first, Space::Value, trail);
        for name in rest {
            entity = self.member(entity, name, Space::Value, trail);
        }
        trail.hops -= 1;
        entity
    }
}
