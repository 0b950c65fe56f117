//! Where packages of Go lie in the folders known so far: modules, `replace`, `go.work`, `vendor`.
//!
//! It knows how Go finds a package, not what the package declares.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::build::{self, Head};
use super::modfile::{ModFile, modfile};
use super::package::Package;
use super::parse;
use super::syntax;
use crate::files::{File, Files, Folder, bounded, join, normal, utf8};

/// Of a folder with more Go files the rest is not read.
const MAX_FILES: usize = 2000;

pub struct Store {
    roots: Vec<String>,
    pub disk: Files<Source>,
    packages: RefCell<BTreeMap<String, Pack>>,
    located: RefCell<BTreeMap<(String, String), Option<String>>>,
}

/// A file as text; it is parsed when somebody asks what is in it.
pub struct Source {
    pub text: String,
    pub head: Head,
    parsed: OnceCell<Result<syntax::File, String>>,
    modfile: OnceCell<ModFile>,
}

/// What a folder holds.
#[derive(Clone)]
pub enum Pack {
    Pending,
    /// No such folder, or no Go in it.
    Missing,
    Refused(String),
    Ready(Rc<Package>),
}

/// A folder with a `go.mod`.
#[derive(Clone, Copy)]
pub struct Module<'a> {
    pub folder: &'a str,
    pub file: &'a ModFile,
}

impl Source {
    pub fn file(&self) -> Result<&syntax::File, &str> {
        let parse =
            || parse::file(&self.text).map_err(|_| "it takes too much effort to read; is it Go?".to_owned());
        self.parsed.get_or_init(parse).as_ref().map_err(String::as_str)
    }

    fn modfile(&self) -> &ModFile {
        self.modfile.get_or_init(|| modfile(&self.text))
    }
}

/// A file of a Go project: source or `go.mod`.
pub fn read(bytes: Vec<u8>) -> Result<Source, String> {
    let text = utf8(bounded(bytes)?)
        .map_err(|line| format!("line {line} is not UTF-8, which Go demands; save it as UTF-8"))?;
    let head = build::head(&text);
    Ok(Source { text, head, parsed: OnceCell::new(), modfile: OnceCell::new() })
}

impl Store {
    pub fn new(root: &str) -> Store {
        Store {
            roots: vec![normal(root)],
            disk: Files::default(),
            packages: RefCell::default(),
            located: RefCell::default(),
        }
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

    /// The text of a file that is known.
    pub fn source(&self, path: &str) -> Option<(&str, &Source)> {
        match self.disk.file(path)? {
            (path, File::Ready(source)) => Some((path, source)),
            _ => None,
        }
    }

    fn has(&self, folder: &str, name: &str) -> Option<bool> {
        match self.disk.folder(folder)? {
            Folder::Entries(entries) => Some(entries.get(name) == Some(&false)),
            Folder::Missing | Folder::Refused(_) => Some(false),
        }
    }

    fn modfile_in(&self, folder: &str, name: &str) -> Option<Option<Module<'_>>> {
        if !self.has(folder, name)? {
            return Some(None);
        }
        let path = join(folder, name);
        match self.disk.file(&path)? {
            (path, File::Ready(source)) => {
                let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
                Some(Some(Module { folder, file: source.modfile() }))
            }
            _ => Some(None),
        }
    }

    /// The module that a folder belongs to.
    pub fn module_of(&self, folder: &str) -> Option<Option<Module<'_>>> {
        for above in upward(folder) {
            if let Some(module) = self.modfile_in(above, "go.mod")?
                && module.file.module.is_some()
            {
                return Some(Some(module));
            }
        }
        Some(None)
    }

    /// The path by which other packages import a folder; the folder itself where no module says.
    pub fn import_path(&self, folder: &str) -> Option<String> {
        let vendored =
            folder.strip_prefix("vendor/").or(folder.rsplit_once("/vendor/").map(|(_, path)| path));
        if let Some(path) = vendored {
            return Some(path.to_owned());
        }
        let Some(module) = self.module_of(folder)? else {
            let below = self.roots.iter().find_map(|root| below(root, folder));
            return Some(below.unwrap_or(folder).to_owned());
        };
        let name = module.file.module.as_deref().unwrap_or("");
        Some(match below(module.folder, folder) {
            None | Some("") => name.to_owned(),
            Some(rest) => format!("{name}/{rest}"),
        })
    }

    /// The folder of the package that a file in `from` imports as `path`; `None` inside where it lies outside the
    /// project.
    pub fn locate(&self, from: &str, path: &str) -> Option<Option<String>> {
        let key = (from.to_owned(), path.to_owned());
        if let Some(known) = self.located.borrow().get(&key) {
            return Some(known.clone());
        }
        let mut found = None;
        for candidate in self.candidates(from, path)? {
            if matches!(self.disk.folder(&candidate)?, Folder::Entries(_)) {
                found = Some(candidate);
                break;
            }
        }
        self.located.borrow_mut().insert(key, found.clone());
        Some(found)
    }

    /// Folders where it may lie, in the order in which Go prefers them.
    fn candidates(&self, from: &str, path: &str) -> Option<Vec<String>> {
        let mut found = Vec::new();
        for start in std::iter::once(from).chain(self.roots.iter().map(String::as_str)) {
            if let Some(module) = self.module_of(start)? {
                found.extend(in_module(module, path));
                found.extend(self.vendored(module.folder, path)?);
            }
            for above in upward(start) {
                let Some(work) = self.modfile_in(above, "go.work")? else { continue };
                found.extend(replaced(work, path));
                for used in &work.file.used {
                    let Some(folder) = resolved(work.folder, used) else { continue };
                    if let Some(module) = self.modfile_in(&folder, "go.mod")? {
                        found.extend(in_module(module, path));
                    }
                }
                found.extend(self.vendored(work.folder, path)?);
            }
        }
        Some(found)
    }

    fn vendored(&self, folder: &str, path: &str) -> Option<Option<String>> {
        let vendor = join(folder, "vendor");
        match self.disk.folder(folder)? {
            Folder::Entries(entries) if entries.get("vendor") == Some(&true) => {}
            _ => return Some(None),
        }
        let first = path.split('/').next().unwrap_or(path);
        match self.disk.folder(&vendor)? {
            Folder::Entries(entries) if entries.get(first) == Some(&true) => Some(Some(join(&vendor, path))),
            _ => Some(None),
        }
    }

    /// The package in a folder, with every file of it read.
    pub fn package(&self, folder: &str) -> Pack {
        if let Some(known) = self.packages.borrow().get(folder) {
            return known.clone();
        }
        let made = self.make(folder).unwrap_or(Pack::Pending);
        if !matches!(made, Pack::Pending) {
            self.packages.borrow_mut().insert(folder.to_owned(), made.clone());
        }
        made
    }

    fn make(&self, folder: &str) -> Option<Pack> {
        let entries = match self.disk.folder(folder)? {
            Folder::Entries(entries) => entries,
            Folder::Missing => return Some(Pack::Missing),
            Folder::Refused(why) => return Some(Pack::Refused(why.clone())),
        };
        let sources = entries.iter().filter(|(name, is_dir)| !**is_dir && build::is_source(name));
        let (left_out, names): (Vec<&str>, Vec<&str>) = sources
            .map(|(name, _)| name.as_str())
            .take(MAX_FILES)
            .partition(|name| build::name_excludes(name));
        if names.is_empty() && left_out.is_empty() {
            return Some(Pack::Missing);
        }
        let path = self.import_path(folder);
        let paths: Vec<String> = names.iter().map(|name| join(folder, name)).collect();
        // Ask for all of them before waiting for any.
        let known: Vec<_> = paths.iter().map(|path| self.disk.file(path)).collect();
        let files = known.into_iter().collect::<Option<Vec<_>>>()?;
        let left_out = left_out.iter().map(|name| join(folder, name)).collect();
        Some(Pack::Ready(Rc::new(Package::new(folder, path?, &files, left_out))))
    }

    /// The name in the package clause of a folder, from the first file that has one.
    pub fn package_name(&self, folder: &str) -> Option<Option<String>> {
        let Folder::Entries(entries) = self.disk.folder(folder)? else { return Some(None) };
        let sources = entries.iter().filter(|(name, is_dir)| !**is_dir && build::is_source(name));
        for (name, _) in sources.filter(|(name, _)| !build::name_excludes(name)).take(3) {
            if let (_, File::Ready(source)) = self.disk.file(&join(folder, name))?
                && source.head.excluded.is_none()
                && !source.head.package.is_empty()
            {
                return Some(Some(source.head.package.clone()));
            }
        }
        Some(None)
    }
}

/// A folder and those above it, up to the manifest's own.
fn upward(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |folder| above(folder))
}

fn above(folder: &str) -> Option<&str> {
    match folder.rsplit_once('/') {
        Some((above, _)) if !above.is_empty() => Some(above),
        _ if folder == "." || folder.starts_with('/') => None,
        _ => Some("."),
    }
}

/// What of `folder` lies below `above`; empty where they are the same.
pub fn below<'a>(above: &str, folder: &'a str) -> Option<&'a str> {
    match above {
        "." => Some(if folder == "." { "" } else { folder }),
        _ if above == folder => Some(""),
        _ => folder.strip_prefix(above)?.strip_prefix('/'),
    }
}

fn in_module(module: Module<'_>, path: &str) -> Vec<String> {
    let mut found: Vec<String> = replaced(module, path).into_iter().collect();
    let name = module.file.module.as_deref().unwrap_or("");
    if let Some(rest) = below(name, path) {
        found.push(if rest.is_empty() { module.folder.to_owned() } else { join(module.folder, rest) });
    }
    found
}

/// By the longest path that a `replace` leads to a folder.
fn replaced(module: Module<'_>, path: &str) -> Option<String> {
    let fits = module.file.replaced.iter().filter_map(|(from, to)| Some((from, to, below(from, path)?)));
    let (_, to, rest) = fits.max_by_key(|(from, ..)| from.len())?;
    let folder = resolved(module.folder, to)?;
    Some(if rest.is_empty() { folder } else { join(&folder, rest) })
}

/// `../c` seen from `a/b` is `a/c`; `None` where it leads out of the manifest's folder.
fn resolved(folder: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| *part != ".").collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
}
