//! What a path stands for in a module of Rust: items, `use`, re-exports, crates.
//!
//! It knows neither types nor signatures. A crate outside the project is a path and nothing more.

use std::collections::BTreeSet;
use std::ops::Range;

use super::store::{Home, Module, Store};
use super::syntax::{Function, TypeDecl};

/// Longer chains of re-exports are not followed.
const MAX_HOPS: usize = 60;
/// Glob imports make a search wide: after so many steps it ends.
const MAX_STEPS: usize = 3000;

#[derive(Clone)]
pub enum Entity<'w> {
    Function(Home<'w>, &'w Function),
    Type(Home<'w>, &'w TypeDecl),
    Trait(Home<'w>, &'w Range<usize>),
    Value(Home<'w>, &'w Range<usize>),
    Module(Home<'w>),
    /// Of a crate outside the project, in full; of the prelude, its name alone.
    External(Vec<String>),
    /// A module's file cannot be read.
    Broken(String, String),
    Unknown,
    Pending,
}

/// Functions and types may have one name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    Type,
    Value,
}

/// The state of following one path.
#[derive(Default)]
pub struct Trail {
    seen: BTreeSet<(String, String, Wanted)>,
    hops: usize,
}

impl Store {
    pub fn resolve<'w>(&'w self, home: &Home<'w>, path: &[String], wanted: Wanted) -> Entity<'w> {
        self.follow(home, path, wanted, &mut Trail::default())
    }

    fn follow<'w>(
        &'w self,
        home: &Home<'w>,
        path: &[String],
        wanted: Wanted,
        trail: &mut Trail,
    ) -> Entity<'w> {
        let Some((first, rest)) = path.split_first() else { return Entity::Module(home.clone()) };
        let of_first = if rest.is_empty() { wanted } else { Wanted::Type };
        let mut here = match first.as_str() {
            "crate" => entity(self.root_of(&home.package)),
            "self" => Entity::Module(home.clone()),
            "super" => entity(self.parent(home)),
            _ => match self.in_module(home, first, of_first, trail) {
                Entity::Unknown => self.crate_called(first),
                found => found,
            },
        };
        for (index, name) in rest.iter().enumerate() {
            let wanted = if index + 1 == rest.len() { wanted } else { Wanted::Type };
            here = match here {
                Entity::Module(home) if name == "super" => entity(self.parent(&home)),
                Entity::Module(home) => self.in_module(&home, name, wanted, trail),
                Entity::External(mut path) => {
                    path.push(name.clone());
                    Entity::External(path)
                }
                other @ (Entity::Pending | Entity::Broken(..)) => return other,
                _ => return Entity::Unknown,
            };
        }
        here
    }

    /// A crate of the project, else one outside of it.
    fn crate_called(&self, name: &str) -> Entity<'_> {
        let Some(packages) = self.packages() else { return Entity::Pending };
        match packages.iter().find(|package| package.name == name && !package.is_program) {
            Some(package) => entity(self.root_of(package)),
            None => Entity::External(vec![name.to_owned()]),
        }
    }

    /// `name` in the body of a module.
    pub fn in_module<'w>(
        &'w self,
        home: &Home<'w>,
        name: &str,
        wanted: Wanted,
        trail: &mut Trail,
    ) -> Entity<'w> {
        let key = (format!("{}:{}", home.package.folder, home.full()), name.to_owned(), wanted);
        if trail.hops > MAX_HOPS || trail.seen.len() > MAX_STEPS || !trail.seen.insert(key) {
            return Entity::Unknown;
        }
        trail.hops += 1;
        let found = match self.own(home, name, wanted) {
            Entity::Unknown => self.used(home, name, wanted, trail),
            found => found,
        };
        trail.hops -= 1;
        found
    }

    fn own<'w>(&'w self, home: &Home<'w>, name: &str, wanted: Wanted) -> Entity<'w> {
        let items = home.items;
        if wanted == Wanted::Value {
            if let Some(function) = items.functions.iter().find(|one| one.name == name) {
                return Entity::Function(home.clone(), function);
            }
            let value = items.values.iter().find(|(value, _)| value == name);
            return value.map_or(Entity::Unknown, |(_, at)| Entity::Value(home.clone(), at));
        }
        if let Some(found) = items.types.iter().find(|one| one.name == name) {
            return Entity::Type(home.clone(), found);
        }
        if let Some((_, at)) = items.traits.iter().find(|(one, _)| one == name) {
            return Entity::Trait(home.clone(), at);
        }
        entity(self.child(home, name))
    }

    fn used<'w>(&'w self, home: &Home<'w>, name: &str, wanted: Wanted, trail: &mut Trail) -> Entity<'w> {
        let mut outside = Entity::Unknown;
        for found in home.items.uses.iter().filter(|one| one.name.as_deref() == Some(name)) {
            match self.follow(home, &found.path, wanted, trail) {
                Entity::Unknown => {}
                found @ Entity::External(_) => outside = found,
                found => return found,
            }
        }
        if !matches!(outside, Entity::Unknown) {
            return outside;
        }
        for glob in home.items.uses.iter().filter(|one| one.name.is_none()) {
            if let Entity::Module(inside) = self.follow(home, &glob.path, Wanted::Type, trail) {
                match self.in_module(&inside, name, wanted, trail) {
                    Entity::Unknown => {}
                    found => return found,
                }
            }
        }
        Entity::Unknown
    }
}

fn entity(module: Module<'_>) -> Entity<'_> {
    match module {
        Module::Pending => Entity::Pending,
        Module::Missing => Entity::Unknown,
        Module::Broken { path, problem } => Entity::Broken(path, problem),
        Module::Ready(home) => Entity::Module(home),
    }
}
