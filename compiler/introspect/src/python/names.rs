//! What a name stands for: through imports, re-exports, aliases and stars, across modules.
//!
//! It knows neither types nor signatures. A module outside the roots is a dotted name and nothing more.

use std::collections::BTreeSet;

use super::store::{File, Source, Store};
use super::syntax::{Binding, Class, Expr, ExprKind, Function, Import, Origin, Value};

/// Longer chains of re-exports are not followed.
const MAX_HOPS: usize = 100;
/// Star imports make a search wide: after so many modules it ends.
const MAX_MODULES: usize = 5000;

/// A module of the user's code.
#[derive(Clone)]
pub struct Home<'a> {
    pub module: String,
    pub path: &'a str,
    pub is_package: bool,
    pub source: &'a Source,
}

#[derive(Clone)]
pub enum Entity<'a> {
    Function(Home<'a>, &'a Function),
    /// With its name inside the module, dotted for a nested class.
    Class(Home<'a>, String, &'a Class),
    Value(Home<'a>, &'a Value),
    /// A module of the user's code.
    Module(String),
    /// A name outside the roots, in full: `decimal.Decimal`, `builtins.str`.
    External(String),
    Unknown,
    /// A file or folder is awaited.
    Pending,
}

pub enum Module<'a> {
    Ready(Home<'a>),
    Namespace,
    Missing,
    Broken { path: String, problem: String },
    Pending,
}

/// The state of following one name.
pub struct Trail {
    /// The (module, name) pairs on the way, so that cycles end.
    seen: BTreeSet<(String, String)>,
    /// Whether names bound for type checkers only are seen.
    typing: bool,
    /// Modules on the way from the start to here.
    hops: usize,
}

impl Trail {
    pub fn at_run_time() -> Trail {
        Trail { seen: BTreeSet::new(), typing: false, hops: 0 }
    }

    pub fn in_annotations() -> Trail {
        Trail { seen: BTreeSet::new(), typing: true, hops: 0 }
    }
}

impl Store {
    pub fn module(&self, dotted: &str) -> Module<'_> {
        let Some(places) = self.locate(dotted) else { return Module::Pending };
        match places.files.first() {
            Some((path, is_package)) => self.module_at(dotted, path, *is_package),
            None if places.namespace => Module::Namespace,
            None => match &places.problem {
                Some(problem) => Module::Broken { path: dotted.to_owned(), problem: problem.clone() },
                None => Module::Missing,
            },
        }
    }

    pub fn module_at(&self, dotted: &str, path: &str, is_package: bool) -> Module<'_> {
        match self.files().file(path) {
            None => Module::Pending,
            Some((path, File::Ready(source))) => {
                Module::Ready(Home { module: dotted.to_owned(), path, is_package, source })
            }
            Some((path, File::Broken { problem })) => {
                Module::Broken { path: path.to_owned(), problem: problem.clone() }
            }
            Some((_, File::Missing)) => Module::Missing,
        }
    }

    /// A dotted name as code in `home` means it; `in_class` is the class whose body the code stands in.
    pub fn resolve<'a>(&'a self, home: &Home<'a>, in_class: Option<&str>, path: &[String]) -> Entity<'a> {
        self.resolve_on(home, in_class, path, &mut Trail::in_annotations())
    }

    fn resolve_on<'a>(
        &'a self,
        home: &Home<'a>,
        in_class: Option<&str>,
        path: &[String],
        trail: &mut Trail,
    ) -> Entity<'a> {
        let Some((first, rest)) = path.split_first() else { return Entity::Unknown };
        let mut entity = in_class.map_or(Entity::Unknown, |class| self.class_member(home, class, first));
        if matches!(entity, Entity::Unknown) {
            entity = self.in_module(home, first, trail);
        }
        if matches!(entity, Entity::Unknown) && is_builtin(first) {
            entity = Entity::External(format!("builtins.{first}"));
        }
        for name in rest {
            entity = self.member(entity, name, trail);
        }
        entity
    }

    fn member<'a>(&'a self, entity: Entity<'a>, name: &str, trail: &mut Trail) -> Entity<'a> {
        match entity {
            Entity::Module(module) => self.attribute(&module, name, trail),
            Entity::External(full) => Entity::External(format!("{full}.{name}")),
            Entity::Class(home, class, _) => self.class_member(&home, &class, name),
            Entity::Pending => Entity::Pending,
            Entity::Function(..) | Entity::Value(..) | Entity::Unknown => Entity::Unknown,
        }
    }

    fn class_member<'a>(&'a self, home: &Home<'a>, class: &str, name: &str) -> Entity<'a> {
        let Some(found) = class_at(home, class) else { return Entity::Unknown };
        match found.names.get(name).and_then(|found| found.first()) {
            Some(Binding::Class(nested)) => Entity::Class(home.clone(), format!("{class}.{name}"), nested),
            _ => Entity::Unknown,
        }
    }

    /// `name` of a module, be it bound in its body or a module inside it.
    pub fn attribute<'a>(&'a self, module: &str, name: &str, trail: &mut Trail) -> Entity<'a> {
        let home = match self.module(module) {
            Module::Pending => return Entity::Pending,
            Module::Missing => return Entity::External(format!("{module}.{name}")),
            Module::Broken { .. } => return Entity::Unknown,
            Module::Namespace => return self.submodule(module, name),
            Module::Ready(home) => home,
        };
        match self.in_module(&home, name, trail) {
            Entity::Unknown if home.is_package => self.submodule(module, name),
            found => found,
        }
    }

    fn submodule(&self, module: &str, name: &str) -> Entity<'_> {
        let dotted = format!("{module}.{name}");
        match self.locate(&dotted) {
            None => Entity::Pending,
            Some(places) if places.namespace || !places.files.is_empty() => Entity::Module(dotted),
            Some(_) => Entity::Unknown,
        }
    }

    /// What `name` is in the body of a module. Of alternatives the first that leads into the user's code
    /// wins.
    pub fn in_module<'a>(&'a self, home: &Home<'a>, name: &str, trail: &mut Trail) -> Entity<'a> {
        let is_far = trail.hops > MAX_HOPS || trail.seen.len() > MAX_MODULES;
        if is_far || !trail.seen.insert((home.module.clone(), name.to_owned())) {
            return Entity::Unknown;
        }
        trail.hops += 1;
        let found = self.bound_or_star(home, name, trail);
        trail.hops -= 1;
        found
    }

    fn bound_or_star<'a>(&'a self, home: &Home<'a>, name: &str, trail: &mut Trail) -> Entity<'a> {
        let module = &home.source.module;
        let typing = if trail.typing { module.typing_names.get(name) } else { None };
        let bound = module.names.get(name).into_iter().chain(typing).flatten();
        let mut fallback = None;
        for binding in bound {
            match self.bound(home, name, binding, trail) {
                Entity::Unknown => {}
                found @ Entity::External(_) => fallback = fallback.or(Some(found)),
                found => return found,
            }
        }
        fallback.unwrap_or_else(|| self.in_stars(home, name, trail))
    }

    fn in_stars<'a>(&'a self, home: &Home<'a>, name: &str, trail: &mut Trail) -> Entity<'a> {
        if name.starts_with('_') {
            return Entity::Unknown;
        }
        let mut fallback = Entity::Unknown;
        for star in home.source.module.stars.iter().rev() {
            match absolute(home, star).map(|module| self.attribute(&module, name, trail)) {
                None | Some(Entity::Unknown | Entity::Module(_)) => {}
                // What a module outside provides is not known, but for those that hold types.
                Some(Entity::External(full)) => {
                    if is_typing(&full) && !is_builtin(name) {
                        fallback = Entity::External(full);
                    }
                }
                Some(found) => return found,
            }
        }
        fallback
    }

    fn bound<'a>(
        &'a self,
        home: &Home<'a>,
        name: &str,
        binding: &'a Binding,
        trail: &mut Trail,
    ) -> Entity<'a> {
        match binding {
            Binding::Function(function) => Entity::Function(home.clone(), function),
            Binding::Class(class) => Entity::Class(home.clone(), name.to_owned(), class),
            Binding::Import(import) => self.imported(home, import, trail),
            Binding::Value(value) => self.aliased(home, value, trail),
        }
    }

    fn imported<'a>(&'a self, home: &Home<'a>, import: &Import, trail: &mut Trail) -> Entity<'a> {
        let Some(module) = absolute(home, &import.origin) else { return Entity::Unknown };
        match &import.name {
            Some(name) => self.attribute(&module, name, trail),
            None => match self.locate(&module) {
                None => Entity::Pending,
                Some(places) if places.namespace || !places.files.is_empty() => Entity::Module(module),
                Some(_) => Entity::External(module),
            },
        }
    }

    /// `g = f` is `f`; any other value is itself.
    fn aliased<'a>(&'a self, home: &Home<'a>, value: &'a Value, trail: &mut Trail) -> Entity<'a> {
        let path = match &value.value {
            Some(Expr { kind: ExprKind::Name(path), .. }) if value.type_params.is_empty() => path,
            _ => return Entity::Value(home.clone(), value),
        };
        match self.resolve_on(home, None, path, trail) {
            Entity::Unknown => Entity::Value(home.clone(), value),
            found => found,
        }
    }
}

pub fn class_at<'a>(home: &Home<'a>, dotted: &str) -> Option<&'a Class> {
    let mut names = &home.source.module.names;
    let mut found = None;
    for (index, part) in dotted.split('.').enumerate() {
        let bound = names.get(part).or_else(|| {
            let typing = &home.source.module.typing_names;
            if index == 0 { typing.get(part) } else { None }
        })?;
        let class = bound.iter().find_map(|binding| match binding {
            Binding::Class(class) => Some(&**class),
            _ => None,
        })?;
        names = &class.names;
        found = Some(class);
    }
    found
}

/// The dotted name of a module that an import statement in `home` names.
fn absolute(home: &Home<'_>, origin: &Origin) -> Option<String> {
    if origin.level == 0 {
        return Some(origin.module.clone());
    }
    let mut package: Vec<&str> = home.module.split('.').collect();
    let up = origin.level as usize - usize::from(home.is_package);
    if up > package.len() {
        return None;
    }
    package.truncate(package.len() - up);
    package.extend(origin.module.split('.').filter(|part| !part.is_empty()));
    (!package.is_empty()).then(|| package.join("."))
}

/// Whether a name is from a module of the standard library that exists to be imported from by star.
fn is_typing(full: &str) -> bool {
    let module = full.rsplit_once('.').map_or("", |(module, _)| module);
    matches!(
        module,
        "typing"
            | "typing_extensions"
            | "collections.abc"
            | "dataclasses"
            | "datetime"
            | "decimal"
            | "enum"
            | "uuid"
    )
}

fn is_builtin(name: &str) -> bool {
    const BUILTINS: &[&str] = &[
        "BaseException",
        "Exception",
        "bool",
        "bytearray",
        "bytes",
        "complex",
        "dict",
        "float",
        "frozenset",
        "int",
        "list",
        "memoryview",
        "object",
        "range",
        "set",
        "slice",
        "str",
        "tuple",
        "type",
    ];
    BUILTINS.binary_search(&name).is_ok()
        || (name.starts_with(|first: char| first.is_ascii_uppercase()) && name.ends_with("Error"))
}
