//! Errors of Go that are values: `var ErrDeclined = errors.New("declined")`, as policies and catches name them.
//!
//! It does not know what becomes of them: only which variables of which packages a pattern may mean, and that they are
//! errors.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::external::{is_error_value, makes_error};
use super::methods::Search;
use super::names::{Entity, Scope};
use super::package::{Item, Package, is_exported};
use super::store::{Pack, Store};
use super::syntax::{Func, TypeExpr, TypeKind, Value, Variable};
use super::types::Reader;

/// A variable that another stands for, and so on, so far.
const MAX_HOPS: usize = 12;

/// Where a pattern looks for a variable.
pub struct Seeker<'w> {
    store: &'w Store,
    reader: Reader<'w>,
}

/// What a pattern says of a package, and the name of the variable. Not a pattern of one where `None`.
pub fn parts(pattern: &str) -> Option<(Option<&str>, &str)> {
    let start = pattern.rfind('/').map_or(0, |slash| slash + 1);
    let (package, name) = match pattern[start..].rsplit_once('.') {
        Some((package, name)) => (Some(&pattern[..start + package.len()]), name),
        None if start == 0 => (None, pattern),
        None => return None,
    };
    let is_name = name.chars().all(|letter| letter == '_' || letter.is_alphanumeric());
    (is_exported(name) && is_name).then_some((package, name))
}

/// Whether what a pattern says of a package means this one: its path, or its name.
pub fn means(said: Option<&str>, path: &str, name: &str) -> bool {
    said.is_none_or(|said| said == path || said == name)
}

impl<'w> Seeker<'w> {
    pub fn new(store: &'w Store, files: &'w BTreeMap<String, conductor_source::FileId>) -> Seeker<'w> {
        Seeker { store, reader: Reader::new(store, files) }
    }

    /// Whether the package has an error by that name.
    pub fn has(&mut self, package: &Rc<Package>, name: &str) -> bool {
        self.variable(package, name).is_some_and(|(scope, found)| self.is_error(&scope, found, 0))
    }

    fn variable(&self, package: &Rc<Package>, name: &str) -> Option<(Scope<'w>, &'w Variable)> {
        package.named(self.store, name).into_iter().find_map(|decl| match decl.item {
            Item::Variable(found) => Some((Scope::new(package, decl), found)),
            _ => None,
        })
    }

    fn is_error(&mut self, scope: &Scope<'w>, found: &'w Variable, hops: usize) -> bool {
        if hops > MAX_HOPS {
            return false;
        }
        if let Some(ty) = &found.ty {
            return self.is_error_type(scope, ty);
        }
        match &found.value {
            Some(Value::Call(package, name)) => self.gives_error(scope, package.as_deref(), name),
            Some(Value::Name(package, name)) => {
                let Some(home) = self.home(scope, package.as_deref()) else { return false };
                match home {
                    Home::Outside(path) => is_error_value(&path, name),
                    Home::Here(package) => match self.variable(&package, name) {
                        Some((scope, found)) => self.is_error(&scope, found, hops + 1),
                        None => false,
                    },
                }
            }
            Some(Value::Struct(ty)) => self.is_error_type(scope, ty),
            None => false,
        }
    }

    /// `error` itself, or a type that has the method.
    fn is_error_type(&mut self, scope: &Scope<'w>, ty: &'w TypeExpr) -> bool {
        if self.reader.is_error(scope, ty) {
            return true;
        }
        let mut ty = ty;
        if let TypeKind::Pointer(to) = &ty.kind {
            ty = to;
        }
        let TypeKind::Name { package, name } = &ty.kind else { return false };
        match self.store.type_entity(scope, package.as_deref(), name) {
            Entity::Type(package, decl, found) => {
                matches!(self.reader.method(&package, decl, found, "Error"), Search::Found(_))
            }
            _ => false,
        }
    }

    /// Whether a call of the function gives one error and nothing else.
    fn gives_error(&mut self, scope: &Scope<'w>, package: Option<&str>, name: &str) -> bool {
        match self.home(scope, package) {
            Some(Home::Outside(path)) => makes_error(&path, name),
            Some(Home::Here(package)) => {
                let found = package.named(self.store, name).into_iter().find_map(|decl| match decl.item {
                    Item::Function(found) => Some((Scope::new(&package, decl), &found.signature)),
                    _ => None,
                });
                found.is_some_and(|(scope, signature): (Scope<'w>, &'w Func)| match &signature.results[..] {
                    [only] => self.is_error_type(&scope, &only.ty),
                    _ => false,
                })
            }
            None => false,
        }
    }

    fn home(&self, scope: &Scope<'w>, package: Option<&str>) -> Option<Home> {
        let Some(alias) = package else { return Some(Home::Here(Rc::clone(&scope.package))) };
        let path = self.store.import_called(scope, alias)??;
        match self.store.locate(&scope.package.folder, path)? {
            None => Some(Home::Outside(path.to_owned())),
            Some(folder) => match self.store.package(&folder) {
                Pack::Ready(package) => Some(Home::Here(package)),
                _ => None,
            },
        }
    }
}

/// The package that a name in a file belongs to.
enum Home {
    Here(Rc<Package>),
    /// It lies outside the project.
    Outside(String),
}

/// The errors that the patterns may mean: packages by their path, those of the project with what they hold.
pub fn named(
    store: &Store,
    packages: &BTreeMap<String, Option<Rc<Package>>>,
    patterns: &BTreeSet<String>,
) -> Vec<(String, String)> {
    let files = BTreeMap::new();
    let mut seeker = Seeker::new(store, &files);
    let mut found = BTreeSet::new();
    for (said, name) in patterns.iter().filter_map(|pattern| parts(pattern)) {
        for (path, package) in packages {
            let is_there = match package {
                Some(package) => {
                    package.name != "main" && means(said, path, &package.name) && seeker.has(package, name)
                }
                None => {
                    means(said, path, path.rsplit('/').next().unwrap_or(path)) && is_error_value(path, name)
                }
            };
            if is_there {
                found.insert((path.clone(), name.to_owned()));
            }
        }
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn a_pattern_is_a_name_with_or_without_its_package() {
        for (pattern, wanted) in [
            ("ErrDeclined", Some((None, "ErrDeclined"))),
            ("shop.ErrDeclined", Some((Some("shop"), "ErrDeclined"))),
            ("example.com/shop.ErrDeclined", Some((Some("example.com/shop"), "ErrDeclined"))),
            ("gopkg.in/yaml.v3.ErrX", Some((Some("gopkg.in/yaml.v3"), "ErrX"))),
            ("503", None),
            ("errDeclined", None),
            ("a/b", None),
            ("", None),
            (".", None),
        ] {
            assert_eq!(parts(pattern), wanted, "{pattern}");
        }
    }
}
