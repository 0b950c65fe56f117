//! Where modules of Rust lie in the folders known so far: packages, `mod` items, files.
//!
//! It knows how Rust finds a module, not what its names mean.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use super::cargo::{Manifest, manifest};
use super::parse;
use super::syntax::{self, Items};
use crate::files::{File, Files, Folder, bounded, join, normal, utf8};

/// Packages of one project.
const MAX_PACKAGES: usize = 200;
/// Modules of one package that are looked through.
const MAX_MODULES: usize = 1000;
/// Modules inside modules.
pub const MAX_DEPTH: usize = 60;

pub struct Store {
    roots: Vec<String>,
    pub disk: Files<Source>,
    packages: RefCell<Option<Rc<Vec<Rc<Package>>>>>,
}

/// A file as text; it is parsed when somebody asks what is in it.
pub struct Source {
    pub text: String,
    parsed: OnceCell<Result<syntax::File, String>>,
    manifest: OnceCell<Option<Manifest>>,
}

/// A package of Cargo, or a folder of Rust files without one.
#[derive(Debug)]
pub struct Package {
    pub folder: String,
    /// As code writes it; empty without a `Cargo.toml`.
    pub name: String,
    /// The file of its root module, as `src/lib.rs`.
    pub root: Option<String>,
    /// It is a program: nothing can use it.
    pub is_program: bool,
}

/// A module.
#[derive(Clone)]
pub struct Home<'w> {
    pub package: Rc<Package>,
    /// Its names from the root of the crate.
    pub names: Vec<String>,
    pub path: &'w str,
    pub source: &'w Source,
    pub items: &'w Items,
    /// The folder of the files of its modules.
    folder: String,
}

pub enum Module<'w> {
    Pending,
    Missing,
    Broken { path: String, problem: String },
    Ready(Home<'w>),
}

impl Source {
    pub fn file(&self) -> Result<&syntax::File, &str> {
        let parse = || {
            parse::file(&self.text).map_err(|_| "it takes too much effort to read; is it Rust?".to_owned())
        };
        self.parsed.get_or_init(parse).as_ref().map_err(String::as_str)
    }

    fn manifest(&self) -> Option<&Manifest> {
        self.manifest.get_or_init(|| manifest(&self.text)).as_ref()
    }
}

/// A file of a Rust project: source or `Cargo.toml`.
pub fn read(bytes: Vec<u8>) -> Result<Source, String> {
    let text = utf8(bounded(bytes)?)
        .map_err(|line| format!("line {line} is not UTF-8, which Rust demands; save it as UTF-8"))?;
    Ok(Source { text, parsed: OnceCell::new(), manifest: OnceCell::new() })
}

impl Home<'_> {
    /// As code writes it: `shop::users`.
    pub fn full(&self) -> String {
        let crate_name = (!self.package.name.is_empty()).then_some(self.package.name.as_str());
        let names: Vec<&str> = crate_name.into_iter().chain(self.names.iter().map(String::as_str)).collect();
        names.join("::")
    }
}

impl Store {
    pub fn new(root: &str) -> Store {
        Store { roots: vec![normal(root)], disk: Files::default(), packages: RefCell::default() }
    }

    pub fn add_root(&mut self, root: &str) {
        let root = normal(root);
        if !self.roots.contains(&root) {
            self.roots.push(root);
        }
    }

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

    /// The packages of the project, the roots' own first. `None` while a file is awaited.
    pub fn packages(&self) -> Option<Rc<Vec<Rc<Package>>>> {
        if let Some(known) = &*self.packages.borrow() {
            return Some(Rc::clone(known));
        }
        let mut found: Vec<Rc<Package>> = Vec::new();
        let mut folders: Vec<String> = Vec::new();
        for root in &self.roots {
            folders.push(self.cargo_folder(root)?.unwrap_or_else(|| root.clone()));
        }
        let mut next = 0;
        while let Some(folder) = folders.get(next).cloned() {
            next += 1;
            if next > MAX_PACKAGES {
                break;
            }
            let manifest = self.manifest_in(&folder)?;
            found.extend(self.package(&folder, manifest)?.map(Rc::new));
            for relative in manifest.map_or(&[][..], |manifest| &manifest.folders) {
                for folder in self.expanded(&folder, relative)? {
                    if !folders.contains(&folder) {
                        folders.push(folder);
                    }
                }
            }
        }
        let found = Rc::new(found);
        *self.packages.borrow_mut() = Some(Rc::clone(&found));
        Some(found)
    }

    /// The folder of the `Cargo.toml` that a folder belongs to.
    fn cargo_folder(&self, root: &str) -> Option<Option<String>> {
        let mut here = root;
        loop {
            if self.has(here, "Cargo.toml")? {
                return Some(Some(here.to_owned()));
            }
            here = match here.rsplit_once('/') {
                Some((above, _)) if !above.is_empty() => above,
                _ if here == "." || here.starts_with('/') => return Some(None),
                _ => ".",
            };
        }
    }

    fn manifest_in(&self, folder: &str) -> Option<Option<&Manifest>> {
        if !self.has(folder, "Cargo.toml")? {
            return Some(None);
        }
        match self.disk.file(&join(folder, "Cargo.toml"))? {
            (_, File::Ready(source)) => Some(source.manifest()),
            _ => Some(None),
        }
    }

    fn package(&self, folder: &str, manifest: Option<&Manifest>) -> Option<Option<Package>> {
        let (name, lib) = match manifest {
            Some(Manifest { name: Some(name), lib, .. }) => (name.clone(), lib.as_deref()),
            Some(_) => return Some(None),
            None => (String::new(), None),
        };
        let src = join(folder, "src");
        let library = match lib {
            Some(path) => Some(join(folder, path)),
            None if self.has(&src, "lib.rs")? => Some(join(&src, "lib.rs")),
            None if self.has(folder, "lib.rs")? && manifest.is_none() => Some(join(folder, "lib.rs")),
            None => None,
        };
        let program = if self.has(&src, "main.rs")? { Some(join(&src, "main.rs")) } else { None };
        let is_program = library.is_none() && program.is_some();
        Some(Some(Package { folder: folder.to_owned(), name, root: library.or(program), is_program }))
    }

    /// The folders that a path with `*` means.
    fn expanded(&self, folder: &str, relative: &str) -> Option<Vec<String>> {
        let mut found = vec![folder.to_owned()];
        for part in relative.split('/') {
            let mut below = Vec::new();
            for folder in &found {
                match part {
                    "" | "." => below.push(folder.clone()),
                    ".." => below.extend(folder.rsplit_once('/').map(|(above, _)| above.to_owned())),
                    _ if part.contains('*') => {
                        let Folder::Entries(entries) = self.disk.folder(folder)? else { continue };
                        let (before, after) = part.split_once('*').unwrap_or((part, ""));
                        let fits = |name: &String| {
                            name.len() >= before.len() + after.len()
                                && name.starts_with(before)
                                && name.ends_with(after)
                        };
                        let folders = entries.iter().filter(|(name, is_dir)| **is_dir && fits(name));
                        below.extend(folders.map(|(name, _)| join(folder, name)).take(MAX_PACKAGES));
                    }
                    _ => below.push(join(folder, part)),
                }
            }
            found = below;
            found.truncate(MAX_PACKAGES);
        }
        Some(found)
    }

    /// The module at the root of a package.
    pub fn root_of(&self, package: &Rc<Package>) -> Module<'_> {
        match &package.root {
            Some(path) => {
                let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
                self.module_at(package, Vec::new(), path, folder)
            }
            None => Module::Missing,
        }
    }

    fn module_at(&self, package: &Rc<Package>, names: Vec<String>, path: &str, folder: &str) -> Module<'_> {
        match self.disk.file(path) {
            None => Module::Pending,
            Some((_, File::Missing)) => Module::Missing,
            Some((path, File::Broken { problem })) => {
                Module::Broken { path: path.to_owned(), problem: problem.clone() }
            }
            Some((path, File::Ready(source))) => match source.file() {
                Ok(file) => Module::Ready(Home {
                    package: Rc::clone(package),
                    names,
                    path,
                    source,
                    items: &file.items,
                    folder: folder.to_owned(),
                }),
                Err(problem) => Module::Broken { path: path.to_owned(), problem: problem.to_owned() },
            },
        }
    }

    /// A module inside another.
    pub fn child<'w>(&'w self, home: &Home<'w>, name: &str) -> Module<'w> {
        if home.names.len() >= MAX_DEPTH {
            return Module::Missing;
        }
        let Some(found) = home.items.modules.iter().find(|module| module.name == name) else {
            return Module::Missing;
        };
        let mut names = home.names.clone();
        names.push(name.to_owned());
        let below = join(&home.folder, name);
        if let Some(items) = &found.items {
            return Module::Ready(Home { names, items, folder: below, ..home.clone() });
        }
        if let Some(relative) = &found.path {
            let beside = home.path.rsplit_once('/').map_or(".", |(folder, _)| folder);
            let path = join(beside, relative.trim_start_matches("./"));
            let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned();
            return self.module_at(&home.package, names, &path, &folder);
        }
        match self.has(&home.folder, &format!("{name}.rs")) {
            None => Module::Pending,
            Some(true) => {
                let path = join(&home.folder, &format!("{name}.rs"));
                self.module_at(&home.package, names, &path, &below)
            }
            Some(false) => self.module_at(&home.package, names, &join(&below, "mod.rs"), &below),
        }
    }

    /// Every module of a package, the root first; of a very large one the first of them.
    pub fn modules(&self, package: &Rc<Package>) -> Vec<Home<'_>> {
        let mut found: Vec<Home<'_>> = Vec::new();
        if let Module::Ready(root) = self.root_of(package) {
            found.push(root);
        }
        let mut next = 0;
        while let Some(home) = found.get(next).cloned() {
            next += 1;
            for module in &home.items.modules {
                if found.len() < MAX_MODULES
                    && let Module::Ready(child) = self.child(&home, &module.name)
                {
                    found.push(child);
                }
            }
        }
        found
    }

    /// The module that holds another; a root holds itself.
    pub fn parent<'w>(&'w self, home: &Home<'w>) -> Module<'w> {
        let mut here = match self.root_of(&home.package) {
            Module::Ready(root) => root,
            other => return other,
        };
        let above = home.names.len().saturating_sub(1);
        for name in &home.names[..above] {
            here = match self.child(&here, name) {
                Module::Ready(child) => child,
                other => return other,
            };
        }
        Module::Ready(here)
    }
}
