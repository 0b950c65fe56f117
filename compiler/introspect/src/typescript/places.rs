//! A `ref` as path of a module and name inside it, in every way that the folders allow.
//!
//! It knows names of files only. Files that were never asked for cannot be found.

use std::collections::BTreeSet;

use super::store::{ENDINGS, Pending, Store, stem};
use crate::files::join;

/// A ref of more names leads nowhere.
const MAX_NAMES: usize = 32;

/// A file that may hold what a ref names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub path: String,
    /// The exported name, then names inside of it.
    pub rest: Vec<String>,
}

#[derive(Debug, Default)]
pub struct Places {
    pub found: BTreeSet<Place>,
    /// What was looked for.
    pub searched: Vec<String>,
    /// A folder on the way could not be listed.
    pub problem: Option<String>,
}

/// A name, and whether a `/` stands before it.
struct Name<'r> {
    text: &'r str,
    after_slash: bool,
}

impl Store {
    pub fn places(&self, reference: &str) -> Result<Places, Pending> {
        let names = names(reference);
        let mut places = Places::default();
        if names.len() < 2 || names.len() > MAX_NAMES || names.iter().any(|name| name.text.is_empty()) {
            return Ok(places);
        }
        let mut complete = true;
        for root in &self.roots {
            complete &= self.below(root, &names, &mut places).is_ok();
        }
        places.searched = match places.found.is_empty() {
            false => places.found.iter().map(|place| place.path.clone()).collect(),
            true => {
                let module = reference.rsplit_once('.').map_or(reference, |(module, _)| module);
                let paths = self.roots.iter().map(|root| join(root, module));
                paths
                    .flat_map(|path| [".ts", ".js", "/index.ts"].map(|ending| format!("{path}{ending}")))
                    .collect()
            }
        };
        if complete { Ok(places) } else { Err(Pending) }
    }

    fn below(&self, folder: &str, names: &[Name<'_>], places: &mut Places) -> Result<(), Pending> {
        if let Some(why) = self.refusal(folder) {
            places.problem = Some(format!("the folder `{folder}` cannot be listed: {why}"));
        }
        let Some(entries) = self.entries(folder)? else { return Ok(()) };
        let mut complete = Ok(());
        for end in 1..=names.len() {
            // A dot may be part of a file's name: `user.service.ts`.
            if names[1..end].iter().any(|name| name.after_slash) {
                break;
            }
            let name = names[..end].iter().map(|name| name.text).collect::<Vec<_>>().join(".");
            let rest = &names[end..];
            let inside = !rest.is_empty() && rest.iter().all(|name| !name.after_slash);
            if inside && let Some(file) = file(entries, &name) {
                let rest = rest.iter().map(|name| name.text.to_owned()).collect();
                places.found.insert(Place { path: join(folder, &file), rest });
            }
            if !rest.is_empty() && entries.get(&name) == Some(&true) {
                let path = join(folder, &name);
                if inside {
                    match self.entries(&path) {
                        Ok(found) => {
                            if let Some(index) = found.and_then(|entries| stem(entries, "index")) {
                                let rest = rest.iter().map(|name| name.text.to_owned()).collect();
                                places.found.insert(Place { path: join(&path, &index), rest });
                            }
                        }
                        Err(pending) => complete = Err(pending),
                    }
                }
                if let Err(pending) = self.below(&path, rest, places) {
                    complete = Err(pending);
                }
            }
        }
        complete
    }
}

/// The file of a name without or with its ending.
fn file(entries: &std::collections::BTreeMap<String, bool>, name: &str) -> Option<String> {
    let whole = ENDINGS.iter().any(|ending| name.ends_with(ending)) && entries.get(name) == Some(&false);
    if whole { Some(name.to_owned()) } else { stem(entries, name) }
}

fn names(reference: &str) -> Vec<Name<'_>> {
    let reference = reference.strip_prefix("./").unwrap_or(reference);
    let mut found = Vec::new();
    for (index, part) in reference.split('/').enumerate() {
        for (inner, text) in part.split('.').enumerate() {
            found.push(Name { text, after_slash: index > 0 && inner == 0 });
        }
    }
    found
}
