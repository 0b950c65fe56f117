//! Where a package of generated Go would stand: by which path it is imported, and what keeps it from importing the user's.
//!
//! It does not know what the package will hold.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::store::{self, Pack, Store, below};
use crate::files::normal;
use crate::{Answer, Need};

/// Looks where generated Go would stand. Used as [`Introspector`](crate::Introspector) is.
pub struct GoHome {
    store: Store,
    out: String,
    imported: BTreeSet<String>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GoPlace {
    /// Its import path.
    Fine(String),
    /// No `go.mod` in its folder or above it.
    NoModule,
    /// The imports that would lead from a package that it calls back to itself: first the one, last the other.
    Cycle(Vec<String>),
    /// A package that it calls and that is `internal` to another part of the module.
    Internal(String),
}

impl GoHome {
    /// `imported`: paths of the packages whose functions the code in the folder `out` would call.
    #[must_use]
    pub fn new(root: &str, out: &str, imported: BTreeSet<String>) -> GoHome {
        GoHome { store: Store::new(root), out: normal(out), imported }
    }

    /// What must be supplied before it can go on; empty when everything is known.
    #[must_use]
    pub fn needs(&mut self) -> Vec<Need> {
        let _ = self.found();
        self.store.disk.take_pending();
        self.store.disk.take_wanted()
    }

    pub fn supply(&mut self, need: &Need, answer: Answer) {
        self.store.disk.supply(need, answer, |_, bytes| store::read(bytes));
    }

    #[must_use]
    pub fn finish(self) -> GoPlace {
        self.found().unwrap_or(GoPlace::NoModule)
    }

    fn found(&self) -> Option<GoPlace> {
        if self.store.module_of(&self.out)?.is_none() {
            return Some(GoPlace::NoModule);
        }
        let path = self.store.import_path(&self.out)?;
        if let Some(hidden) = self.imported.iter().find(|package| !may_import(&path, package)) {
            return Some(GoPlace::Internal(hidden.clone()));
        }
        Some(match self.cycle(&path)? {
            Some(cycle) => GoPlace::Cycle(cycle),
            None => GoPlace::Fine(path),
        })
    }

    /// Breadth first, so that the shortest way is told.
    fn cycle(&self, path: &str) -> Option<Option<Vec<String>>> {
        let mut came_from: BTreeMap<String, Option<String>> =
            self.imported.iter().map(|package| (package.clone(), None)).collect();
        let mut pending: VecDeque<String> = self.imported.iter().cloned().collect();
        let mut is_whole = true;
        while let Some(package) = pending.pop_front() {
            let Some(imports) = self.imports(&package) else {
                is_whole = false;
                continue;
            };
            for import in imports {
                if import == path {
                    return Some(Some(way(&came_from, package, import)));
                }
                if !came_from.contains_key(&import) {
                    came_from.insert(import.clone(), Some(package.clone()));
                    pending.push_back(import);
                }
            }
        }
        is_whole.then_some(None)
    }

    /// What a package of the project imports; nothing of one that lies outside.
    fn imports(&self, package: &str) -> Option<BTreeSet<String>> {
        let Some(folder) = self.store.locate(&self.out, package)? else { return Some(BTreeSet::new()) };
        let home = match self.store.package(&folder) {
            Pack::Pending => return None,
            Pack::Missing | Pack::Refused(_) => return Some(BTreeSet::new()),
            Pack::Ready(home) => home,
        };
        let sources = home.files.iter().filter_map(|path| self.store.source(path));
        let files = sources.filter_map(|(_, source)| source.file().ok());
        Some(files.flat_map(|file| &file.imports).map(|import| import.path.clone()).collect())
    }
}

/// Go lets a package below `a/internal` be imported by what stands below `a` only.
fn may_import(from: &str, package: &str) -> bool {
    let parts: Vec<&str> = package.split('/').collect();
    let Some(at) = parts.iter().rposition(|part| *part == "internal") else { return true };
    at == 0 || below(&parts[..at].join("/"), from).is_some()
}

fn way(came_from: &BTreeMap<String, Option<String>>, package: String, back: String) -> Vec<String> {
    let mut way = vec![back];
    let mut here = Some(package);
    while let Some(package) = here {
        here = came_from.get(&package).cloned().flatten();
        way.push(package);
    }
    way.reverse();
    way
}

#[cfg(test)]
mod tests {
    use super::may_import;

    #[test]
    fn internal_packages_are_for_their_neighbours() {
        for (from, package, allowed) in [
            ("example.com/shop/conductorgen", "example.com/shop/internal/pay", true),
            ("example.com/shop/app/conductorgen", "example.com/shop/internal/pay", true),
            ("example.com/shop/conductorgen", "example.com/shop/app/internal/pay", false),
            ("example.com/other/conductorgen", "example.com/shop/internal/pay", false),
            ("example.com/shop/conductorgen", "example.com/shop/internals", true),
        ] {
            assert_eq!(may_import(from, package), allowed, "{from} {package}");
        }
    }
}
