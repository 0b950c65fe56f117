//! A package of Go: the files of one folder and an index of what they declare.
//!
//! It knows no other packages.

use std::collections::BTreeMap;

use super::store::{Source, Store};
use super::syntax::{self, Constant, Function, TypeDecl, Variable};
use crate::files::File;

pub struct Package {
    pub folder: String,
    /// How others import it.
    pub path: String,
    pub name: String,
    /// Paths of the files that are built for linux/amd64.
    pub files: Vec<String>,
    /// Files that are not, and the line that says so; the line of those that their names keep out is empty.
    pub left_out: Vec<(String, String)>,
    /// Files that could not be read, and why.
    pub unread: Vec<(String, String)>,
    /// Further names in package clauses of the folder, each with its file.
    pub others: Vec<(String, String)>,
    names: BTreeMap<String, Vec<Place>>,
    methods: BTreeMap<String, BTreeMap<String, Vec<Place>>>,
}

#[derive(Clone, Copy)]
struct Place {
    file: usize,
    kind: Kind,
    index: usize,
}

#[derive(Clone, Copy)]
enum Kind {
    Function,
    Type,
    Constant,
    Variable,
}

/// A declaration with the file it stands in.
#[derive(Clone, Copy)]
pub struct Decl<'w> {
    pub path: &'w str,
    pub file: &'w syntax::File,
    pub item: Item<'w>,
}

#[derive(Clone, Copy)]
pub enum Item<'w> {
    Function(&'w Function),
    Type(&'w TypeDecl),
    Constant(&'w Constant),
    Variable(&'w Variable),
}

impl Package {
    /// The name in its clauses, where it is not the last part of its path.
    pub fn name_apart(&self) -> Option<String> {
        let last = self.path.rsplit('/').next();
        (last != Some(self.name.as_str())).then(|| self.name.clone())
    }

    pub fn new(
        folder: &str,
        path: String,
        files: &[(&str, &File<Source>)],
        left_out: Vec<String>,
    ) -> Package {
        let mut package = Package {
            folder: folder.to_owned(),
            path,
            name: String::new(),
            files: Vec::new(),
            left_out: left_out.into_iter().map(|path| (path, String::new())).collect(),
            unread: Vec::new(),
            others: Vec::new(),
            names: BTreeMap::new(),
            methods: BTreeMap::new(),
        };
        for (path, file) in files {
            match file {
                File::Ready(source) => package.add(path, source),
                File::Broken { problem } => package.unread.push(((*path).to_owned(), problem.clone())),
                File::Missing => {}
            }
        }
        package
    }

    fn add(&mut self, path: &str, source: &Source) {
        let clause = source.head.package.as_str();
        if let Some(line) = &source.head.excluded {
            self.left_out.push((path.to_owned(), line.clone()));
            return;
        }
        // As `go build` does: it is prose in the form of Go.
        if clause == "documentation" {
            return;
        }
        if self.name.is_empty() {
            clause.clone_into(&mut self.name);
        } else if !clause.is_empty() && clause != self.name {
            self.others.push((clause.to_owned(), path.to_owned()));
            return;
        }
        match source.file() {
            Ok(file) => self.index(path, file),
            Err(problem) => self.unread.push((path.to_owned(), problem.to_owned())),
        }
    }

    fn index(&mut self, path: &str, found: &syntax::File) {
        let file = self.files.len();
        self.files.push(path.to_owned());
        for (index, function) in found.functions.iter().enumerate() {
            let place = Place { file, kind: Kind::Function, index };
            let names = match &function.receiver {
                Some(receiver) => self.methods.entry(receiver.type_name.clone()).or_default(),
                None => &mut self.names,
            };
            names.entry(function.name.clone()).or_default().push(place);
        }
        let types = found.types.iter().map(|one| &one.name).enumerate().map(|found| (Kind::Type, found));
        let constants = found.constants.iter().map(|one| &one.name).enumerate();
        let variables = found.variables.iter().map(|one| &one.name).enumerate();
        let constants = constants.map(|found| (Kind::Constant, found));
        let variables = variables.map(|found| (Kind::Variable, found));
        for (kind, (index, name)) in types.chain(constants).chain(variables) {
            self.names.entry(name.clone()).or_default().push(Place { file, kind, index });
        }
    }

    /// What the package declares by that name; more than one is a mistake that Go refuses.
    pub fn named<'w>(&self, store: &'w Store, name: &str) -> Vec<Decl<'w>> {
        let places = self.names.get(name).map_or(&[][..], Vec::as_slice);
        places.iter().filter_map(|place| self.at(store, *place)).collect()
    }

    pub fn type_decl<'w>(&self, store: &'w Store, name: &str) -> Option<(Decl<'w>, &'w TypeDecl)> {
        self.named(store, name).into_iter().find_map(|decl| match decl.item {
            Item::Type(found) => Some((decl, found)),
            _ => None,
        })
    }

    pub fn methods<'w>(
        &self,
        store: &'w Store,
        type_name: &str,
        name: &str,
    ) -> Vec<(Decl<'w>, &'w Function)> {
        let places = self.methods.get(type_name).and_then(|methods| methods.get(name));
        let found = places.into_iter().flatten().filter_map(|place| self.at(store, *place));
        found
            .filter_map(|decl| match decl.item {
                Item::Function(function) => Some((decl, function)),
                _ => None,
            })
            .collect()
    }

    /// Names of functions, and of methods with their type, each exported.
    pub fn exported(&self) -> impl Iterator<Item = String> {
        let is_function =
            |places: &&Vec<Place>| places.iter().any(|place| matches!(place.kind, Kind::Function));
        let functions =
            self.names.iter().filter(move |(_, places)| is_function(places)).map(|(name, _)| name);
        let functions = functions.filter(|name| is_exported(name)).cloned();
        let methods = self.methods.iter().filter(|(type_name, _)| is_exported(type_name));
        let methods = methods.flat_map(|(type_name, methods)| {
            let names = methods.keys().filter(|name| is_exported(name));
            names.map(move |name| format!("{type_name}.{name}"))
        });
        functions.chain(methods)
    }

    /// Every function of the package without a receiver, exported or not.
    pub fn functions<'w>(&self, store: &'w Store) -> Vec<(Decl<'w>, &'w Function)> {
        let places = self.names.values().flatten();
        let found = places.filter(|place| matches!(place.kind, Kind::Function));
        found
            .filter_map(|place| self.at(store, *place))
            .filter_map(|decl| match decl.item {
                Item::Function(function) => Some((decl, function)),
                _ => None,
            })
            .collect()
    }

    /// Every constant, file by file as written.
    pub fn constants<'w>(&self, store: &'w Store) -> Vec<(Decl<'w>, &'w Constant)> {
        let sources = self.files.iter().filter_map(|path| store.source(path));
        let files = sources.filter_map(|(path, source)| Some((path, source.file().ok()?)));
        let all = files.flat_map(|(path, file)| {
            let decl = |constant| (Decl { path, file, item: Item::Constant(constant) }, constant);
            file.constants.iter().map(decl)
        });
        all.collect()
    }

    fn at<'w>(&self, store: &'w Store, place: Place) -> Option<Decl<'w>> {
        let (path, source) = store.source(self.files.get(place.file)?)?;
        let file = source.file().ok()?;
        let item = match place.kind {
            Kind::Function => Item::Function(file.functions.get(place.index)?),
            Kind::Type => Item::Type(file.types.get(place.index)?),
            Kind::Constant => Item::Constant(file.constants.get(place.index)?),
            Kind::Variable => Item::Variable(file.variables.get(place.index)?),
        };
        Some(Decl { path, file, item })
    }
}

/// Go's rule: the first letter is an upper-case one.
pub fn is_exported(name: &str) -> bool {
    name.chars().next().is_some_and(char::is_uppercase)
}
