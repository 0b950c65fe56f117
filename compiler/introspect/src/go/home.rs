//! Where a package of generated Go would stand: by which path it is imported, and what keeps it from importing the user's.
//!
//! It does not know what the package will hold.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::sentinels;
use super::store::{self, Pack, Store, below};
use crate::files::normal;
use crate::{Answer, Need};

/// Looks where generated Go would stand. Used as [`Introspector`](crate::Introspector) is.
pub struct GoHome {
    store: Store,
    out: String,
    imported: BTreeSet<String>,
    patterns: BTreeSet<String>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GoPlace {
    /// Its import path, and the errors that patterns mean: packages and names of variables.
    Fine(String, Vec<(String, String)>),
    /// No `go.mod` in its folder or above it.
    NoModule,
    /// The imports that would lead from a package that it calls back to itself: first the one, last the other.
    Cycle(Vec<String>),
    /// A package that it calls and that is `internal` to another part of the module.
    Internal(String),
}

impl GoHome {
    /// `imported`: paths of the packages whose functions the code in the folder `out` would call. `patterns`: what
    /// policies and catches name, among it errors of these packages and of those that they import.
    #[must_use]
    pub fn new(root: &str, out: &str, imported: BTreeSet<String>, patterns: BTreeSet<String>) -> GoHome {
        GoHome { store: Store::new(root), out: normal(out), imported, patterns }
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
        Some(match self.reached(&path)? {
            Reached::Itself(cycle) => GoPlace::Cycle(cycle),
            Reached::Others(packages) => {
                let sentinels = self.sentinels(&path, &packages)?;
                GoPlace::Fine(path, sentinels)
            }
        })
    }

    /// The errors that patterns mean, in the packages that generated code can import.
    fn sentinels(&self, path: &str, reached: &BTreeSet<String>) -> Option<Vec<(String, String)>> {
        let mut packages = BTreeMap::new();
        if self.patterns.iter().any(|pattern| sentinels::parts(pattern).is_some()) {
            for package in reached.iter().filter(|package| may_import(path, package)) {
                let home = match self.store.locate(&self.out, package)? {
                    Some(folder) => match self.store.package(&folder) {
                        Pack::Pending => return None,
                        Pack::Ready(home) => Some(home),
                        Pack::Missing | Pack::Refused(_) => None,
                    },
                    None => None,
                };
                packages.insert(package.clone(), home);
            }
        }
        Some(sentinels::named(&self.store, &packages, &self.patterns))
    }

    /// Breadth first, so that the shortest way is told.
    fn reached(&self, path: &str) -> Option<Reached> {
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
                    return Some(Reached::Itself(way(&came_from, package, import)));
                }
                if !came_from.contains_key(&import) {
                    came_from.insert(import.clone(), Some(package.clone()));
                    pending.push_back(import);
                }
            }
        }
        is_whole.then(|| Reached::Others(came_from.into_keys().collect()))
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

/// Where the imports of the called packages lead.
enum Reached {
    Itself(Vec<String>),
    Others(BTreeSet<String>),
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
