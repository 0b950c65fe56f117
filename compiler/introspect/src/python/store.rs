//! The files and folders known so far, and the wish list of those that are not.
//!
//! It knows how Python finds a module in folders, not what a module holds.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::parse;
use super::syntax::Module;
use super::text;
use crate::files::{self, Files, Folder};
use crate::{Answer, Need};

pub use crate::files::join;

pub type File = files::File<Source>;

/// So much code is read in the time in which a workflow is bound.
const BYTES_OF_A_WORKFLOW: usize = 1_000;

#[derive(Default)]
pub struct Store {
    roots: Vec<String>,
    files: Files<Source>,
    /// Modules found in the folders known so far: every name of every annotation asks.
    located: RefCell<BTreeMap<String, Arc<Places>>>,
}

pub struct Source {
    pub text: String,
    pub module: Module,
}

/// Where a dotted module name leads.
#[derive(Debug, Default)]
pub struct Places {
    /// The paths of its files and whether each is a package, in the order in which Python prefers them.
    pub files: Vec<(String, bool)>,
    /// A folder without `__init__.py` stands there.
    pub namespace: bool,
    /// Every path that was looked at.
    pub searched: Vec<String>,
    /// A folder on the way could not be listed.
    pub problem: Option<String>,
}

impl Store {
    pub fn new(root: &str) -> Store {
        Store { roots: vec![files::normal(root)], ..Store::default() }
    }

    pub fn add_root(&mut self, root: &str) {
        let root = files::normal(root);
        if !self.roots.contains(&root) {
            self.roots.push(root);
        }
    }

    pub fn roots(&self) -> &[String] {
        &self.roots
    }

    pub fn supply(&mut self, need: &Need, answer: Answer) {
        self.files.supply(need, answer, |_, bytes| read(bytes));
    }

    /// Reads many files at the same time.
    pub fn supply_all(&mut self, answered: Vec<(Need, Answer)>) {
        let bytes = |(_, answer): &(Need, Answer)| match answer {
            Answer::File(bytes) => bytes.len(),
            _ => 0,
        };
        let weight = answered.iter().map(bytes).sum::<usize>() / BYTES_OF_A_WORKFLOW;
        let sources = conductor_parallel::map(weight, &answered, |answered| match answered {
            (Need::File(_), Answer::File(bytes)) => Some(read(bytes.clone())),
            _ => None,
        });
        for ((need, answer), source) in answered.into_iter().zip(sources) {
            self.files.supply(&need, answer, |_, bytes| source.unwrap_or_else(|| read(bytes)));
        }
    }

    pub fn files(&self) -> &Files<Source> {
        &self.files
    }

    /// Names of a folder's Python modules: files by stem, and sub-folders. Empty while it is awaited.
    pub fn modules_in(&self, path: &str) -> Vec<(String, bool)> {
        let Some(Folder::Entries(entries)) = self.files.folder(path) else { return Vec::new() };
        let module = |(name, is_dir): (&String, &bool)| {
            let stem = if *is_dir { Some(name.as_str()) } else { name.strip_suffix(".py") };
            let stem = stem.filter(|stem| !matches!(*stem, "__init__" | "__main__"));
            stem.filter(|stem| is_identifier(stem)).map(|stem| (stem.to_owned(), *is_dir))
        };
        entries.iter().filter_map(module).collect()
    }

    /// `None` while a folder is awaited.
    pub fn locate(&self, dotted: &str) -> Option<Arc<Places>> {
        if let Some(known) = self.located.borrow().get(dotted) {
            return Some(Arc::clone(known));
        }
        let mut places = Places::default();
        let mut complete = true;
        for root in &self.roots {
            complete &= self.locate_below(root, dotted, &mut places).is_some();
        }
        if !complete {
            return None;
        }
        let places = Arc::new(places);
        self.located.borrow_mut().insert(dotted.to_owned(), Arc::clone(&places));
        Some(places)
    }

    fn locate_below(&self, root: &str, dotted: &str, places: &mut Places) -> Option<()> {
        let mut folder = root.to_owned();
        let mut names = dotted.split('.').peekable();
        while let Some(name) = names.next() {
            let entries = match self.files.folder(&folder)? {
                Folder::Entries(entries) => entries,
                Folder::Missing => {
                    places.searched.push(folder);
                    return Some(());
                }
                Folder::Refused(why) => {
                    places.problem = Some(format!("the folder `{folder}` cannot be listed: {why}"));
                    return Some(());
                }
            };
            let below = join(&folder, name);
            let is_folder = entries.get(name) == Some(&true);
            if names.peek().is_none() {
                return self.last_segment(
                    &below,
                    is_folder,
                    entries.contains_key(&format!("{name}.py")),
                    places,
                );
            }
            if !is_folder {
                places.searched.push(below);
                return Some(());
            }
            folder = below;
        }
        Some(())
    }

    fn last_segment(&self, path: &str, is_folder: bool, is_file: bool, places: &mut Places) -> Option<()> {
        let file = format!("{path}.py");
        let package = join(path, "__init__.py");
        places.searched.extend([file.clone(), package.clone()]);
        if is_folder {
            match self.files.folder(path)? {
                Folder::Entries(entries) if entries.get("__init__.py") == Some(&false) => {
                    places.files.push((package, true));
                }
                _ => places.namespace = true,
            }
        }
        if is_file {
            places.files.push((file, false));
        }
        Some(())
    }
}

pub fn read(bytes: Vec<u8>) -> Result<Source, String> {
    let text = text::decode(bytes)?;
    match parse::module(&text) {
        Ok(module) => Ok(Source { text, module }),
        Err(parse::TooDeep) => Err("it nests too deeply to be read".to_owned()),
    }
}

pub fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first == '_' || first.is_alphabetic())
        && letters.all(|letter| letter == '_' || letter.is_alphanumeric())
}
