//! Introspection of Go sources, as a build for linux/amd64 sees them.
//!
//! It runs no Go and knows no package outside the project's folder but by name.

mod build;
mod constructor;
mod enums;
mod external;
mod home;
mod methods;
mod modfile;
mod names;
mod native;
mod package;
mod parse;
mod reference;
mod search;
mod sentinels;
mod signature;
mod store;
mod structs;
mod survey;
mod syntax;
mod types;

use std::collections::{BTreeMap, BTreeSet};

use conductor_model::{Findings, Lookup};
use conductor_protocol::types::{Type, TypeName};
use conductor_source::{Diagnostic, FileId, Sources};

use crate::{Answer, Need, SYNTAX_ERROR, told};
use package::Package;
use store::{Pack, Store};
use types::Reader;

pub use home::{GoHome, GoPlace};
pub use survey::survey;

/// The questions of one compilation, and what is known so far.
pub struct Session {
    store: Store,
    refs: BTreeSet<String>,
    type_names: BTreeSet<String>,
    /// Questions whose answer needs no more files.
    settled: BTreeSet<String>,
}

impl Session {
    pub fn new(root: &str, refs: BTreeSet<String>, type_names: BTreeSet<String>) -> Session {
        Session { store: Store::new(root), refs, type_names, settled: BTreeSet::new() }
    }

    pub fn add_root(&mut self, root: &str) {
        self.store.add_root(root);
    }

    pub fn supply(&mut self, need: &Need, answer: Answer) {
        self.store.disk.supply(need, answer, |_, bytes| store::read(bytes));
    }

    /// Answers every open question as far as it goes, and says what was missing.
    pub fn needs(&mut self) -> Vec<Need> {
        let files = BTreeMap::new();
        let mut reader = Reader::new(&self.store, &files);
        self.store.disk.take_pending();
        let mut settled = BTreeSet::new();
        for reference in self.refs.iter().filter(|reference| !self.settled.contains(*reference)) {
            reader.lookup(reference);
            if !self.store.disk.take_pending() {
                settled.insert(reference.clone());
            }
        }
        for name in &self.type_names {
            reader.type_named(name, &self.refs);
        }
        self.store.disk.take_pending();
        self.settled.extend(settled);
        self.store.disk.take_wanted()
    }

    pub fn finish(self, sources: &mut Sources) -> Findings {
        let mut files: BTreeMap<String, FileId> = BTreeMap::new();
        for (path, source) in self.store.disk.sources() {
            files.insert(path.to_owned(), sources.add(path, source.text.as_str()));
        }
        let mut reader = Reader::new(&self.store, &files);
        let mut findings = Findings::default();
        for reference in &self.refs {
            findings.lookups.insert(reference.clone(), reader.lookup(reference));
        }
        for name in &self.type_names {
            if let Some(found) = reader.type_named(name, &self.refs) {
                findings.named.insert(name.clone(), found);
            }
        }
        findings.diagnostics = reader.syntax_errors(&findings.lookups);
        findings.diagnostics.append(&mut reader.warnings);
        findings.types = reader.types;
        findings.type_spans = reader.spans;
        findings
    }
}

impl Reader<'_> {
    /// A type by the name the manifest gives it: `users.User`, or bare where exactly one in reach has it.
    fn type_named(&mut self, name: &str, refs: &BTreeSet<String>) -> Option<TypeName> {
        let found = self.find_type(name, refs);
        self.read_structs();
        found
    }

    fn find_type(&mut self, name: &str, refs: &BTreeSet<String>) -> Option<TypeName> {
        if let Some((package, type_name)) = name.rsplit_once('.') {
            return self.type_in(package, type_name);
        }
        let reached: Vec<TypeName> = self.types.keys().filter(|known| known.name == name).cloned().collect();
        match &reached[..] {
            [only] => return Some(only.clone()),
            [] => {}
            _ => return None,
        }
        let packages: BTreeSet<&str> = refs.iter().filter_map(|reference| package_of(reference)).collect();
        let found: BTreeSet<TypeName> =
            packages.into_iter().filter_map(|package| self.type_in(package, name)).collect();
        if found.len() == 1 { found.into_iter().next() } else { None }
    }

    fn type_in(&mut self, package: &str, name: &str) -> Option<TypeName> {
        let package = package.strip_prefix("go:").unwrap_or(package);
        let is_path = package.split('/').all(|part| !matches!(part, "" | "." | ".."));
        let places = self.store.places(package).filter(|_| is_path)?;
        let packages: Vec<_> = places
            .folders
            .iter()
            .filter_map(|folder| match self.store.package(folder) {
                Pack::Ready(home) => Some(home),
                _ => None,
            })
            .collect();
        let declares = |home: &&std::rc::Rc<Package>| home.type_decl(self.store, name).is_some();
        let [home] = &packages.iter().filter(declares).collect::<Vec<_>>()[..] else { return None };
        let (decl, found) = home.type_decl(self.store, name)?;
        match self.declared(home, decl, found, Vec::new()) {
            Type::Named(name) => Some(name),
            _ => None,
        }
    }

    /// One warning for each broken file that something rests on, unless an answer says it already.
    fn syntax_errors(&self, lookups: &BTreeMap<String, Lookup>) -> Vec<Diagnostic> {
        let told = told(lookups);
        let is_told = |path: &str| self.files.get(path).is_some_and(|file| told.contains(file));
        let of = |(path, source): (&str, &store::Source)| {
            if !path.ends_with(".go") || is_told(path) || !self.store.disk.is_reached(path) {
                return None;
            }
            if source.head.excluded.is_some() {
                return None;
            }
            let problems = &source.file().ok()?.problems;
            let error = problems.first()?;
            let message = format!("`{path}` has a syntax error: {}", error.message);
            let span = self.span(path, &error.range);
            let diagnostic = Diagnostic::warning(SYNTAX_ERROR, message, span, "Go stops here");
            let more = problems.len() - 1;
            let diagnostic =
                if more > 0 { diagnostic.note(format!("and {more} more in this file")) } else { diagnostic };
            Some(
                diagnostic
                    .note("what could be read of the file was used; Go will refuse to build its package"),
            )
        };
        self.store.disk.sources().filter_map(of).collect()
    }
}

/// What stands before the function in a `ref`: the package, as far as the text says.
fn package_of(reference: &str) -> Option<&str> {
    let start = reference.rfind('/').map_or(0, |slash| slash + 1);
    let dot = start + reference[start..].find('.')?;
    Some(&reference[..dot])
}
