//! The files and folders known so far, and the wish list of those that are not.
//!
//! It knows how Python finds a module in folders, not what a module holds.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::parse;
use super::syntax::Module;
use super::text;
use crate::{Answer, Need};

#[derive(Default)]
pub struct Store {
    roots: Vec<String>,
    directories: BTreeMap<String, Directory>,
    files: BTreeMap<String, File>,
    /// Modules found in the folders known so far: every name of every annotation asks.
    located: RefCell<BTreeMap<String, Rc<Places>>>,
    wanted: RefCell<BTreeSet<Need>>,
    pending: Cell<bool>,
    /// Whether modules are opened for the sake of suggestions only.
    browsing: Cell<bool>,
    /// The files that an answer rests on.
    reached: RefCell<BTreeSet<String>>,
}

enum Directory {
    Missing,
    Refused(String),
    /// Whether each entry is a folder.
    Entries(BTreeMap<String, bool>),
}

pub enum File {
    Missing,
    /// Not readable as Python at all; the text is kept where there is one.
    Broken {
        problem: String,
    },
    Ready(Box<Source>),
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
        Store { roots: vec![normal(root)], ..Store::default() }
    }

    pub fn add_root(&mut self, root: &str) {
        let root = normal(root);
        if !self.roots.contains(&root) {
            self.roots.push(root);
        }
    }

    pub fn roots(&self) -> &[String] {
        &self.roots
    }

    pub fn supply(&mut self, need: &Need, answer: Answer) {
        match (need, answer) {
            (Need::File(path), answer) => {
                let file = match answer {
                    Answer::File(bytes) => read(bytes),
                    Answer::Refused(why) => File::Broken { problem: why },
                    Answer::Missing | Answer::Directory(_) => File::Missing,
                };
                self.files.insert(path.clone(), file);
            }
            (Need::Directory(path), answer) => {
                let directory = match answer {
                    Answer::Directory(entries) => Directory::Entries(
                        entries.into_iter().map(|entry| (entry.name, entry.is_dir)).collect(),
                    ),
                    Answer::Refused(why) => Directory::Refused(why),
                    Answer::Missing | Answer::File(_) => Directory::Missing,
                };
                self.directories.insert(path.clone(), directory);
            }
        }
    }

    /// What was asked for and not known since the last call.
    pub fn take_wanted(&self) -> Vec<Need> {
        self.wanted.take().into_iter().collect()
    }

    /// Whether anything was missing since the last call: if so, what was concluded meanwhile is void.
    pub fn take_pending(&self) -> bool {
        self.pending.take()
    }

    fn want(&self, need: Need) {
        self.pending.set(true);
        self.wanted.borrow_mut().insert(need);
    }

    /// Every file that was read as Python.
    pub fn sources(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.files.iter().filter_map(|(path, file)| match file {
            File::Ready(source) => Some((path.as_str(), &**source)),
            _ => None,
        })
    }

    /// Runs `look` without counting the files it opens as reached.
    pub fn browse<T>(&self, look: impl FnOnce() -> T) -> T {
        let before = self.browsing.replace(true);
        let found = look();
        self.browsing.set(before);
        found
    }

    pub fn is_reached(&self, path: &str) -> bool {
        self.reached.borrow().contains(path)
    }

    /// `None` while the file is awaited.
    pub fn file(&self, path: &str) -> Option<(&str, &File)> {
        let known = self.files.get_key_value(path);
        if !self.browsing.get() {
            self.reached.borrow_mut().insert(path.to_owned());
        }
        if known.is_none() {
            self.want(Need::File(path.to_owned()));
        }
        known.map(|(path, file)| (path.as_str(), file))
    }

    /// Names of a folder's Python modules: files by stem, and sub-folders. Empty while it is awaited.
    pub fn modules_in(&self, path: &str) -> Vec<(String, bool)> {
        let Some(Directory::Entries(entries)) = self.directory(path) else { return Vec::new() };
        let module = |(name, is_dir): (&String, &bool)| {
            let stem = if *is_dir { Some(name.as_str()) } else { name.strip_suffix(".py") };
            let stem = stem.filter(|stem| !matches!(*stem, "__init__" | "__main__"));
            stem.filter(|stem| is_identifier(stem)).map(|stem| (stem.to_owned(), *is_dir))
        };
        entries.iter().filter_map(module).collect()
    }

    fn directory(&self, path: &str) -> Option<&Directory> {
        let known = self.directories.get(path);
        if known.is_none() {
            self.want(Need::Directory(path.to_owned()));
        }
        known
    }

    /// `None` while a folder is awaited.
    pub fn locate(&self, dotted: &str) -> Option<Rc<Places>> {
        if let Some(known) = self.located.borrow().get(dotted) {
            return Some(Rc::clone(known));
        }
        let mut places = Places::default();
        let mut complete = true;
        for root in &self.roots {
            complete &= self.locate_below(root, dotted, &mut places).is_some();
        }
        if !complete {
            return None;
        }
        let places = Rc::new(places);
        self.located.borrow_mut().insert(dotted.to_owned(), Rc::clone(&places));
        Some(places)
    }

    fn locate_below(&self, root: &str, dotted: &str, places: &mut Places) -> Option<()> {
        let mut folder = root.to_owned();
        let mut names = dotted.split('.').peekable();
        while let Some(name) = names.next() {
            let entries = match self.directory(&folder)? {
                Directory::Entries(entries) => entries,
                Directory::Missing => {
                    places.searched.push(folder);
                    return Some(());
                }
                Directory::Refused(why) => {
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
            match self.directory(path)? {
                Directory::Entries(entries) if entries.get("__init__.py") == Some(&false) => {
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

fn read(bytes: Vec<u8>) -> File {
    let text = match text::decode(bytes) {
        Ok(text) => text,
        Err(problem) => return File::Broken { problem },
    };
    match parse::module(&text) {
        Ok(module) => File::Ready(Box::new(Source { text, module })),
        Err(parse::TooDeep) => File::Broken { problem: "it nests too deeply to be read".to_owned() },
    }
}

pub fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first == '_' || first.is_alphabetic())
        && letters.all(|letter| letter == '_' || letter.is_alphanumeric())
}

pub fn join(folder: &str, name: &str) -> String {
    if folder == "." { name.to_owned() } else { format!("{folder}/{name}") }
}

/// `./src/` -> `src`; the folder itself is `.`.
fn normal(root: &str) -> String {
    let parts: Vec<&str> = root.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    match (root.starts_with('/'), parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}
