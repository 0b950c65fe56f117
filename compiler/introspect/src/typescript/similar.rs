//! Functions that a wrong `ref` may have meant.
//!
//! It looks below the root folders and a few folders further only, at a bounded number of files.

use std::collections::BTreeSet;

use super::names::Home;
use super::store::{ENDINGS, without_ending};
use super::syntax::{Decl, Export, Init, MemberKind};
use super::types::Reader;
use crate::files::join;

/// At most so many files are opened for the sake of a suggestion.
const MAX_FILES: usize = 40;
const MAX_FOLDERS: usize = 40;
/// How deep below a root it looks.
const MAX_DEPTH: usize = 3;
const MAX_SUGGESTIONS: usize = 5;
/// Folders that hold no functions of the user's.
const PASSED_OVER: [&str; 5] = ["build", "conductor_gen", "coverage", "dist", "node_modules"];

impl Reader<'_> {
    /// Full refs near a ref, the nearest first.
    pub fn similar(&self, reference: &str) -> Vec<String> {
        self.store.files().browse(|| self.near(reference))
    }

    fn near(&self, reference: &str) -> Vec<String> {
        let (module, name) = reference.rsplit_once('.').unwrap_or(("", reference));
        let class = module.rsplit_once('.').map(|(_, class)| format!("{class}.{name}"));
        let wanted = module.replace('.', "/");
        let mut found: BTreeSet<(usize, String)> = BTreeSet::new();
        for path in self.near_modules(&wanted) {
            let Ok(home) = self.store.home(&path) else { continue };
            let known = self.store.module_name(&path);
            let known = without_ending(&known).to_owned();
            let by_module = strsim::damerau_levenshtein(&wanted, &known);
            let tail = |path: &str| path.rsplit('/').next().unwrap_or("").to_owned();
            let near_module = by_module <= allowed(&wanted) || tail(&known) == tail(&wanted);
            for callable in callables(&home) {
                let last = callable.rsplit('.').next().unwrap_or(&callable);
                let as_method = class.as_ref().map(|class| strsim::damerau_levenshtein(class, &callable));
                let by_name = strsim::damerau_levenshtein(name, last).min(as_method.unwrap_or(usize::MAX));
                if by_name == 0
                    || by_name <= allowed(name)
                        && (near_module || as_method.is_some_and(|by| by <= allowed(name)))
                {
                    found.insert((by_name + by_module.min(20), format!("{known}.{callable}")));
                }
            }
        }
        found.into_iter().map(|(_, full)| full).take(MAX_SUGGESTIONS).collect()
    }

    /// Paths of modules near a path, the nearest first.
    fn near_modules(&self, wanted: &str) -> Vec<String> {
        let mut near: BTreeSet<(usize, String)> = BTreeSet::new();
        let mut folders: Vec<(String, usize)> =
            self.store.roots.iter().map(|root| (root.clone(), 0)).collect();
        let mut next = 0;
        while let Some((folder, depth)) = folders.get(next).cloned() {
            next += 1;
            let Ok(Some(entries)) = self.store.entries(&folder) else { continue };
            let mut stems: BTreeSet<&str> = BTreeSet::new();
            for (name, is_dir) in entries {
                let path = join(&folder, name);
                let hidden = name.starts_with('.') || PASSED_OVER.contains(&name.as_str());
                if *is_dir && !hidden && depth < MAX_DEPTH && folders.len() < MAX_FOLDERS {
                    folders.push((path, depth + 1));
                } else if !is_dir
                    && ENDINGS.iter().any(|ending| name.ends_with(ending))
                    && stems.insert(without_ending(name))
                {
                    let tail = wanted.rsplit('/').next().unwrap_or(wanted);
                    let by_path =
                        strsim::damerau_levenshtein(wanted, without_ending(&self.store.module_name(&path)));
                    let by_name = strsim::damerau_levenshtein(tail, without_ending(name));
                    near.insert((by_path.min(by_name), path));
                }
            }
        }
        near.into_iter().map(|(_, path)| path).take(MAX_FILES).collect()
    }
}

/// The functions and methods that a module itself exports.
fn callables(home: &Home<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for (name, exports) in &home.scope().exports {
        for export in exports {
            let Export::Local(local) = export else { continue };
            for decl in home.scope().names.get(local).into_iter().flatten() {
                match decl {
                    Decl::Function(_) => found.push(name.clone()),
                    Decl::Value(value) if matches!(value.init, Init::Function(_)) => found.push(name.clone()),
                    Decl::Class(class) => {
                        let methods = class.members.iter().filter(|member| {
                            matches!(member.kind, MemberKind::Method(_))
                                && !member.is_hidden
                                && member.name != "constructor"
                        });
                        found.extend(methods.map(|member| format!("{name}.{}", member.name)));
                    }
                    _ => {}
                }
            }
        }
    }
    found.dedup();
    found
}

fn allowed(name: &str) -> usize {
    (name.chars().count() / 3).clamp(1, 4)
}
