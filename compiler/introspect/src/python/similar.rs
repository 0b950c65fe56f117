//! Functions that a wrong `ref` may have meant.
//!
//! It looks below the root folders and one folder further only, at a bounded number of files.

use std::collections::BTreeSet;

use super::annotation::Reader;
use super::member::{Ancestor, Owner};
use super::names::Module;
use super::store::join;
use super::syntax::Binding;

/// At most so many files are opened for the sake of a suggestion.
const MAX_FILES: usize = 40;
const MAX_FOLDERS: usize = 20;
const MAX_SUGGESTIONS: usize = 5;
/// Folders that hold no functions of the user's.
const PASSED_OVER: [&str; 6] = ["__pycache__", "build", "conductor_gen", "dist", "node_modules", "venv"];

impl Reader<'_> {
    /// Full refs near `module.name`, the nearest first.
    pub fn similar(&self, module: &str, name: &str) -> Vec<String> {
        self.store.files().browse(|| self.near_functions(module, name))
    }

    /// Full refs of methods near `name`, where the class is asked for by its own name.
    pub fn similar_methods(&self, owner: &Owner<'_>, name: &str) -> Vec<String> {
        let mut found: BTreeSet<(usize, String)> = BTreeSet::new();
        for ancestor in self.store.ancestors(owner) {
            let Ancestor::Inside(ancestor) = ancestor else { continue };
            for (method, bound) in &ancestor.class.names {
                let distance = strsim::damerau_levenshtein(name, method);
                if distance <= allowed(name) && bound.iter().any(|one| matches!(one, Binding::Function(_))) {
                    found.insert((distance, format!("{}.{}.{method}", owner.home.module, owner.name)));
                }
            }
        }
        found.into_iter().map(|(_, full)| full).take(MAX_SUGGESTIONS).collect()
    }

    fn near_functions(&self, module: &str, name: &str) -> Vec<String> {
        let mut found: BTreeSet<(usize, String)> = BTreeSet::new();
        for candidate in self.near_modules(module) {
            let Module::Ready(home) = self.store.module(&candidate) else { continue };
            for (function, bound) in &home.source.module.names {
                if !bound.iter().any(|binding| matches!(binding, Binding::Function(_))) {
                    continue;
                }
                let by_name = strsim::damerau_levenshtein(name, function);
                let by_module = strsim::damerau_levenshtein(module, &candidate);
                let same_module = candidate == module;
                if by_name == 0 || by_name <= allowed(name) && (same_module || by_module <= allowed(module)) {
                    found.insert((by_name + by_module, format!("{candidate}.{function}")));
                }
            }
        }
        found.into_iter().map(|(_, full)| full).take(MAX_SUGGESTIONS).collect()
    }

    /// The module itself and those around it, below the roots and one folder further; the nearest first.
    fn near_modules(&self, module: &str) -> Vec<String> {
        let (parent, last) = module.rsplit_once('.').unwrap_or(("", module));
        let mut near = BTreeSet::from([module.to_owned()]);
        for root in self.store.roots() {
            let mut folders = 0;
            for (name, is_dir) in self.store.modules_in(root) {
                if !is_dir {
                    near.insert(name);
                } else if folders < MAX_FOLDERS && !PASSED_OVER.contains(&name.as_str()) {
                    folders += 1;
                    self.modules_below(root, &name, &mut near);
                }
            }
            if !parent.is_empty() {
                self.modules_below(root, parent, &mut near);
            }
        }
        let distance = |name: &str| {
            let tail = name.rsplit_once('.').map_or(name, |(_, tail)| tail);
            strsim::damerau_levenshtein(module, name).min(strsim::damerau_levenshtein(last, tail))
        };
        let mut ranked: Vec<(usize, String)> = near.into_iter().map(|name| (distance(&name), name)).collect();
        ranked.sort();
        let names = ranked.into_iter().map(|(_, name)| name).filter(|name| !name.is_empty());
        names.take(MAX_FILES).collect()
    }

    fn modules_below(&self, root: &str, package: &str, near: &mut BTreeSet<String>) {
        let folder = package.split('.').fold(root.to_owned(), |folder, part| join(&folder, part));
        for (name, is_dir) in self.store.modules_in(&folder) {
            if !is_dir {
                near.insert(format!("{package}.{name}"));
            }
        }
    }
}

fn allowed(name: &str) -> usize {
    (name.chars().count() / 3).clamp(1, 4)
}
