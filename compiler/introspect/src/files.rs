//! The files and folders known so far, and the wish list of those that are not.
//!
//! It knows no language: what is kept of a file (`S`) and how it is read are the caller's.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use crate::{Answer, Need};

/// Larger files are not read.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

pub struct Files<S> {
    folders: BTreeMap<String, Folder>,
    files: BTreeMap<String, File<S>>,
    wanted: RefCell<BTreeSet<Need>>,
    pending: Cell<bool>,
    /// Whether files are opened for the sake of suggestions only.
    browsing: Cell<bool>,
    /// The files that an answer rests on.
    reached: RefCell<BTreeSet<String>>,
}

pub enum Folder {
    Missing,
    Refused(String),
    /// Whether each entry is a folder.
    Entries(BTreeMap<String, bool>),
}

pub enum File<S> {
    Missing,
    /// Nothing of it could be used.
    Broken {
        problem: String,
    },
    Ready(Box<S>),
}

impl<S> Default for Files<S> {
    fn default() -> Files<S> {
        Files {
            folders: BTreeMap::new(),
            files: BTreeMap::new(),
            wanted: RefCell::default(),
            pending: Cell::default(),
            browsing: Cell::default(),
            reached: RefCell::default(),
        }
    }
}

impl<S> Files<S> {
    /// `read` makes of a file's path and bytes what is kept of it, or says what is wrong with them.
    pub fn supply(
        &mut self,
        need: &Need,
        answer: Answer,
        read: impl FnOnce(&str, Vec<u8>) -> Result<S, String>,
    ) {
        match (need, answer) {
            (Need::File(path), answer) => {
                let file = match answer {
                    Answer::File(bytes) => match read(path, bytes) {
                        Ok(source) => File::Ready(Box::new(source)),
                        Err(problem) => File::Broken { problem },
                    },
                    Answer::Refused(problem) => File::Broken { problem },
                    _ => File::Missing,
                };
                self.files.insert(path.clone(), file);
            }
            (Need::Directory(path), answer) => {
                let folder = match answer {
                    Answer::Directory(entries) => {
                        Folder::Entries(entries.into_iter().map(|entry| (entry.name, entry.is_dir)).collect())
                    }
                    Answer::Refused(why) => Folder::Refused(why),
                    _ => Folder::Missing,
                };
                self.folders.insert(path.clone(), folder);
            }
            // Sources stand in files.
            (Need::Url(_) | Need::Variable(_) | Need::Reflection(_), _) => {}
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

    /// Every file that could be read.
    pub fn sources(&self) -> impl Iterator<Item = (&str, &S)> {
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

    /// Whether the file was asked for and answered.
    pub fn is_known(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// How many files were answered.
    pub fn count(&self) -> usize {
        self.files.len()
    }

    /// `None` while the file is awaited.
    pub fn file(&self, path: &str) -> Option<(&str, &File<S>)> {
        let known = self.files.get_key_value(path);
        if !self.browsing.get() {
            self.reached.borrow_mut().insert(path.to_owned());
        }
        if known.is_none() {
            self.want(Need::File(path.to_owned()));
        }
        known.map(|(path, file)| (path.as_str(), file))
    }

    /// `None` while the folder is awaited.
    pub fn folder(&self, path: &str) -> Option<&Folder> {
        let known = self.folders.get(path);
        if known.is_none() {
            self.want(Need::Directory(path.to_owned()));
        }
        known
    }
}

pub fn join(folder: &str, name: &str) -> String {
    if folder == "." { name.to_owned() } else { format!("{folder}/{name}") }
}

/// `./src/` -> `src`; the folder itself is `.`.
pub fn normal(root: &str) -> String {
    let parts: Vec<&str> = root.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    match (root.starts_with('/'), parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

/// Refuses what is too large to be read.
pub fn bounded(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    if bytes.len() > MAX_BYTES {
        return Err(format!("it is larger than {} MiB", MAX_BYTES / (1024 * 1024)));
    }
    Ok(bytes)
}

/// The line of the first byte that is not UTF-8.
pub fn utf8(bytes: Vec<u8>) -> Result<String, usize> {
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        before.iter().filter(|&&byte| byte == b'\n').count() + 1
    })
}
