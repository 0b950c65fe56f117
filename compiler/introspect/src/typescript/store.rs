//! The sources known so far, and how a module's name leads to a file, as TypeScript and Node find it.
//!
//! It does not know what a module holds.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::Value;

use super::config;
use super::parse::{self, Dialect};
use super::syntax::Module;
use crate::files::{self, File, Files, Folder, join, normal};
use crate::{Answer, Need};

/// What is read of a module's path beyond this many folders is not followed: links may lead in circles.
const MAX_FOLDERS: usize = 64;
/// Files of one compilation beyond this many are not opened.
const MAX_FILES: usize = 5000;
/// The endings of modules, in the order in which TypeScript prefers them.
pub const ENDINGS: [&str; 11] =
    [".ts", ".tsx", ".d.ts", ".mts", ".cts", ".d.mts", ".d.cts", ".js", ".jsx", ".mjs", ".cjs"];

pub struct Store {
    pub roots: Vec<String>,
    files: Files<Source>,
    /// Where the imports seen so far lead, by folder and specifier: a barrel of barrels asks often.
    located: RefCell<BTreeMap<(String, String), Located>>,
}

pub struct Source {
    pub text: String,
    content: Content,
}

enum Content {
    Module(Module),
    Json(Value),
}

/// Where the name of a module leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Located {
    File(String),
    /// A package that is not there, or something that is no module.
    Outside,
    Pending,
}

/// A module's file.
pub enum Opened<'a> {
    Module(&'a str, &'a Source, &'a Module),
    Broken(String),
    Missing,
    Pending,
}

impl Store {
    pub fn new(root: &str) -> Store {
        Store { roots: vec![normal(root)], files: Files::default(), located: RefCell::default() }
    }

    pub fn add_root(&mut self, root: &str) {
        let root = normal(root);
        if !self.roots.contains(&root) {
            self.roots.push(root);
        }
    }

    pub fn files(&self) -> &Files<Source> {
        &self.files
    }

    pub fn supply(&mut self, need: &Need, answer: Answer) {
        self.files.supply(need, answer, read);
    }

    /// Every module that was read, with its path.
    pub fn modules(&self) -> impl Iterator<Item = (&str, &Source, &Module)> {
        self.files.sources().filter_map(|(path, source)| match &source.content {
            Content::Module(module) => Some((path, source, module)),
            Content::Json(_) => None,
        })
    }

    pub fn open(&self, path: &str) -> Opened<'_> {
        if path.matches('/').count() > MAX_FOLDERS {
            return Opened::Missing;
        }
        if !self.files.is_known(path) && self.files.count() >= MAX_FILES {
            return Opened::Broken(format!("more than {MAX_FILES} files would have to be read"));
        }
        match self.files.file(path) {
            None => Opened::Pending,
            Some((path, File::Ready(source))) => match &source.content {
                Content::Module(module) => Opened::Module(path, source, module),
                Content::Json(_) => Opened::Missing,
            },
            Some((_, File::Broken { problem })) => Opened::Broken(problem.clone()),
            Some((_, File::Missing)) => Opened::Missing,
        }
    }

    /// `Err` while it is awaited.
    pub fn json(&self, path: &str) -> Result<Option<&Value>, Pending> {
        match self.files.file(path) {
            None => Err(Pending),
            Some((_, File::Ready(source))) => Ok(match &source.content {
                Content::Json(value) => Some(value),
                Content::Module(_) => None,
            }),
            Some(_) => Ok(None),
        }
    }

    /// The entries of a folder and whether each is a folder; nothing where there is none.
    pub fn entries(&self, folder: &str) -> Result<Option<&BTreeMap<String, bool>>, Pending> {
        if folder.matches('/').count() > MAX_FOLDERS {
            return Ok(None);
        }
        match self.files.folder(folder) {
            None => Err(Pending),
            Some(Folder::Entries(entries)) => Ok(Some(entries)),
            Some(_) => Ok(None),
        }
    }

    /// Why a folder cannot be listed.
    pub fn refusal(&self, folder: &str) -> Option<&str> {
        match self.files.folder(folder) {
            Some(Folder::Refused(why)) => Some(why),
            _ => None,
        }
    }

    /// What `import ... from "specifier"` in the file at `from` leads to.
    pub fn locate(&self, from: &str, specifier: &str) -> Located {
        let key = (folder_of(from).to_owned(), specifier.to_owned());
        if let Some(known) = self.located.borrow().get(&key) {
            return known.clone();
        }
        let found = match self.look(&key.0, specifier) {
            Err(Pending) => return Located::Pending,
            Ok(Some(path)) => Located::File(path),
            Ok(None) => Located::Outside,
        };
        self.located.borrow_mut().insert(key, found.clone());
        found
    }

    fn look(&self, folder: &str, specifier: &str) -> Result<Option<String>, Pending> {
        let relative = specifier.starts_with("./") || specifier.starts_with("../");
        if relative || matches!(specifier, "." | "..") {
            self.at(&resolved(folder, specifier))
        } else if specifier.starts_with('/') {
            Ok(None)
        } else {
            self.bare(folder, specifier)
        }
    }

    fn bare(&self, folder: &str, specifier: &str) -> Result<Option<String>, Pending> {
        if let Some(found) = config::mapped(self, folder, specifier)? {
            return Ok(Some(found));
        }
        config::package(self, folder, specifier)
    }

    /// The module at a path without or with its ending; `./x.js` is also how one writes `x.ts`.
    pub fn at(&self, path: &str) -> Result<Option<String>, Pending> {
        let (folder, name) = (folder_of(path), path.rsplit('/').next().unwrap_or(path));
        let Some(entries) = self.entries(folder)? else { return Ok(None) };
        let is_file = |name: &str| entries.get(name) == Some(&false);
        for (written, meant) in [
            (".js", &[".ts", ".tsx", ".d.ts", ".js", ".jsx"][..]),
            (".jsx", &[".tsx", ".d.ts", ".jsx"]),
            (".mjs", &[".mts", ".d.mts", ".mjs"]),
            (".cjs", &[".cts", ".d.cts", ".cjs"]),
        ] {
            let Some(stem) = name.strip_suffix(written) else { continue };
            let found = meant.iter().map(|ending| format!("{stem}{ending}")).find(|name| is_file(name));
            if let Some(found) = found {
                return Ok(Some(join(folder, &found)));
            }
        }
        if is_file(name) && ENDINGS.iter().any(|ending| name.ends_with(ending)) {
            return Ok(Some(path.to_owned()));
        }
        if let Some(found) = stem(entries, name) {
            return Ok(Some(join(folder, &found)));
        }
        if name == "." || entries.get(name) == Some(&true) || path == "." || name == ".." {
            return self.in_folder(path);
        }
        Ok(None)
    }

    /// The module that a folder stands for.
    pub fn in_folder(&self, folder: &str) -> Result<Option<String>, Pending> {
        let Some(entries) = self.entries(folder)? else { return Ok(None) };
        if entries.get("package.json") == Some(&false)
            && let Some(found) = config::main(self, folder)?
        {
            return Ok(Some(found));
        }
        Ok(stem(entries, "index").map(|name| join(folder, &name)))
    }
}

/// A file or folder is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending;

/// The file of a folder that has the given name and the ending TypeScript prefers.
pub fn stem(entries: &BTreeMap<String, bool>, name: &str) -> Option<String> {
    ENDINGS.iter().map(|ending| format!("{name}{ending}")).find(|name| entries.get(name) == Some(&false))
}

/// A module's name without its ending.
pub fn without_ending(path: &str) -> &str {
    let longest = [".d.ts", ".d.mts", ".d.cts"].iter().chain(&ENDINGS);
    longest.clone().find_map(|ending| path.strip_suffix(ending)).unwrap_or(path)
}

pub fn folder_of(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) => "/",
        Some((folder, _)) => folder,
        None => ".",
    }
}

/// A path relative to a folder, with `.` and `..` taken out where they can be.
pub fn resolved(folder: &str, path: &str) -> String {
    let absolute = folder.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    match (absolute, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

/// What the name of a module says of its grammar.
pub fn dialect(path: &str) -> Dialect {
    if path.ends_with(".tsx") {
        Dialect::Tsx
    } else if path.ends_with("ts") {
        Dialect::Typescript
    } else {
        Dialect::Javascript
    }
}

fn read(path: &str, bytes: Vec<u8>) -> Result<Source, String> {
    let bytes = files::bounded(bytes)?;
    let text = files::utf8(bytes).map_err(|line| format!("line {line} is not UTF-8; save it as UTF-8"))?;
    if path.ends_with(".json") {
        let value = config::json(&text).ok_or("it is not JSON")?;
        return Ok(Source { text, content: Content::Json(value) });
    }
    match parse::module(&text, dialect(path)) {
        Ok(module) => Ok(Source { text, content: Content::Module(module) }),
        Err(parse::TooIrregular) => Err("it is too irregular to be read".to_owned()),
    }
}
