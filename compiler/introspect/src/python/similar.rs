//! Functions that a wrong `ref` may have meant.
//!
//! It looks into near modules and the root folders only, and never at more than a bounded number of files.

use std::collections::BTreeSet;

use super::annotation::Reader;
use super::names::Module;
use super::store::join;
use super::syntax::Binding;

/// At most so many files are opened for the sake of a suggestion.
const MAX_FILES: usize = 40;
const MAX_SUGGESTIONS: usize = 5;

impl Reader<'_> {
    /// Full refs near `module.name`, the nearest first.
    pub fn similar(&self, module: &str, name: &str) -> Vec<String> {
        self.store.browse(|| self.near_functions(module, name))
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

    /// The module itself, its neighbours in name, then every module of the root folders.
    fn near_modules(&self, module: &str) -> BTreeSet<String> {
        let (parent, _) = module.rsplit_once('.').unwrap_or(("", module));
        let mut near = BTreeSet::new();
        for root in self.store.roots() {
            near.extend(
                self.store.modules_in(root).into_iter().filter(|(_, is_dir)| !is_dir).map(|(name, _)| name),
            );
            if parent.is_empty() {
                continue;
            }
            let folder = parent.split('.').fold(root.clone(), |folder, part| join(&folder, part));
            let inside = self.store.modules_in(&folder).into_iter();
            near.extend(
                inside
                    .filter(|(name, is_dir)| !is_dir && name != "__init__")
                    .map(|(name, _)| format!("{parent}.{name}")),
            );
        }
        near.insert(module.to_owned());
        near.remove("");
        let mut ranked: Vec<(usize, String)> =
            near.into_iter().map(|name| (strsim::damerau_levenshtein(module, &name), name)).collect();
        ranked.sort();
        ranked.into_iter().map(|(_, name)| name).take(MAX_FILES).collect()
    }
}

fn allowed(name: &str) -> usize {
    (name.chars().count() / 3).clamp(1, 4)
}
