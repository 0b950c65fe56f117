//! Folders that the package of a `ref` may be, and what a wrong `ref` may have meant.
//!
//! It looks at a bounded number of folders and files.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::build;
use super::package::Package;
use super::store::{Pack, Store, below};
use super::types::Reader;
use crate::files::{Folder, join};

const MAX_FOLDERS: usize = 3000;
/// Links may lead in circles.
const MAX_DEPTH: usize = 12;
/// So many folders are asked for the name in their package clause.
const MAX_CLAUSES: usize = 300;
/// So many packages are opened for the sake of suggestions.
const MAX_PACKAGES: usize = 8;
const MAX_SUGGESTIONS: usize = 5;
const PASSED_OVER: [&str; 4] = ["conductorgen", "node_modules", "testdata", "vendor"];

#[derive(Debug, Default)]
pub struct Places {
    pub folders: Vec<String>,
    pub searched: Vec<String>,
}

impl Store {
    /// Where a package may lie: by its path below a root, by its import path, else anywhere by the end of its path or
    /// by its name. `None` while a folder is awaited.
    pub fn places(&self, package: &str) -> Option<Places> {
        let mut places = Places::default();
        for root in self.roots() {
            let folder = join(root, package);
            places.searched.push(format!("{folder}/*.go"));
            if self.holds_go(&folder)? {
                places.folders.push(folder);
            }
        }
        for root in self.roots() {
            if let Some(folder) = self.locate(root, package)?
                && !places.folders.contains(&folder)
                && self.holds_go(&folder)?
            {
                places.folders.push(folder);
            }
        }
        if !places.folders.is_empty() {
            return Some(places);
        }
        let folders = self.go_folders()?;
        let tail = format!("/{package}");
        places.folders = folders.iter().filter(|folder| folder.ends_with(&tail)).cloned().collect();
        places.searched.push(format!("**/{package}/*.go"));
        if places.folders.is_empty() && package.contains('/') {
            for folder in &folders {
                if self.import_path(folder)? == package {
                    places.folders.push(folder.clone());
                }
            }
        }
        if places.folders.is_empty() && !package.contains('/') {
            for folder in folders.into_iter().take(MAX_CLAUSES) {
                if self.disk.browse(|| self.package_name(&folder))?.as_deref() == Some(package) {
                    places.folders.push(folder);
                }
            }
        }
        Some(places)
    }

    fn holds_go(&self, folder: &str) -> Option<bool> {
        Some(match self.disk.folder(folder)? {
            Folder::Entries(entries) => {
                entries.iter().any(|(name, is_dir)| !is_dir && build::is_source(name))
            }
            Folder::Missing => false,
            // Whoever asks is told.
            Folder::Refused(_) => true,
        })
    }

    /// Every folder below the roots with Go in it, the upper ones first.
    fn go_folders(&self) -> Option<Vec<String>> {
        let mut found = Vec::new();
        let mut level: Vec<String> = self.roots().to_vec();
        let mut seen = 0;
        for _ in 0..MAX_DEPTH {
            let mut next = Vec::new();
            let mut complete = true;
            for folder in &level {
                seen += 1;
                if seen > MAX_FOLDERS {
                    break;
                }
                let entries = match self.disk.folder(folder) {
                    Some(Folder::Entries(entries)) => entries,
                    Some(_) => continue,
                    None => {
                        complete = false;
                        continue;
                    }
                };
                if entries.iter().any(|(name, is_dir)| !is_dir && build::is_source(name)) {
                    found.push(folder.clone());
                }
                let visible =
                    |name: &String| !name.starts_with(['.', '_']) && !PASSED_OVER.contains(&name.as_str());
                let folders = entries.iter().filter(|(name, is_dir)| **is_dir && visible(name));
                next.extend(folders.map(|(name, _)| join(folder, name)));
            }
            // All folders of a level are asked for at once.
            if !complete {
                return None;
            }
            level = next;
        }
        Some(found)
    }
}

impl Reader<'_> {
    /// Full refs near one whose package is not there.
    pub fn similar(&self, text: &str) -> Vec<String> {
        self.store.disk.browse(|| self.near(text)).unwrap_or_default()
    }

    fn near(&self, text: &str) -> Option<Vec<String>> {
        let start = text.rfind('/').map_or(0, |slash| slash + 1);
        let (package, symbol) = match text[start..].split_once('.') {
            Some((name, symbol)) => (&text[..start + name.len()], symbol),
            None => (text, text),
        };
        let wanted = package.rsplit('/').next().unwrap_or(package);
        let mut ranked: Vec<(usize, String)> = Vec::new();
        for folder in self.store.go_folders()? {
            let name = folder.rsplit('/').next().unwrap_or(&folder);
            let distance = distance(wanted, name);
            let is_only_name = package == text;
            if is_only_name || distance <= allowed(wanted) {
                ranked.push((if is_only_name { 0 } else { distance }, folder));
            }
        }
        ranked.sort();
        let mut found: BTreeSet<(usize, String)> = BTreeSet::new();
        for (by_package, folder) in ranked.into_iter().take(MAX_PACKAGES) {
            let Pack::Ready(home) = self.store.package(&folder) else { continue };
            for (by_name, name) in near_names(&home, symbol) {
                found.insert((by_package + by_name, format!("{}.{name}", self.written(&home))));
            }
        }
        Some(found.into_iter().map(|(_, full)| full).take(MAX_SUGGESTIONS).collect())
    }

    /// Full refs near one whose package is there.
    pub fn similar_in(&self, package: &Rc<Package>, written: &str, symbol: &[&str]) -> Vec<String> {
        let mut found = near_names(package, &symbol.join("."));
        found.sort();
        found.into_iter().map(|(_, name)| format!("{written}.{name}")).take(MAX_SUGGESTIONS).collect()
    }

    /// As a `ref` names a package: by its folder below a root, or by its name where it is the root's own.
    fn written(&self, package: &Package) -> String {
        let below = self.store.roots().iter().find_map(|root| below(root, &package.folder));
        match below {
            Some(below) if !below.is_empty() => below.to_owned(),
            _ => package.name.clone(),
        }
    }
}

/// Exported functions and methods whose names are near, with how near.
fn near_names(package: &Package, symbol: &str) -> Vec<(usize, String)> {
    if package.name == "main" {
        return Vec::new();
    }
    let (on, name) = symbol.rsplit_once('.').unwrap_or(("", symbol));
    let near = |full: String| {
        let (its_type, its_name) = full.rsplit_once('.').unwrap_or(("", &full));
        let by_name = distance(name, its_name);
        // A method may be meant where its type was left out.
        let by_type = if on.is_empty() && !its_type.is_empty() { 1 } else { distance(on, its_type) };
        let fits =
            by_name <= allowed(name) && (by_type <= allowed(on) || on.is_empty() || its_type.is_empty());
        fits.then_some((by_name + by_type, full))
    };
    package.exported().filter_map(near).collect()
}

/// How far two names are apart, not counting how words are joined: `get_user` is `GetUser`.
fn distance(one: &str, other: &str) -> usize {
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    strsim::damerau_levenshtein(&plain(one), &plain(other))
}

fn allowed(name: &str) -> usize {
    (name.chars().count() / 3).clamp(1, 4)
}
