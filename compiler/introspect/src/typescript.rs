//! Introspection of TypeScript and JavaScript sources.
//!
//! It runs nothing and infers no types: what the source does not write down is `any`.

mod config;
mod method;
mod names;
mod parameters;
mod parse;
mod places;
mod shape;
mod signature;
mod similar;
mod store;
mod survey;
mod syntax;
mod types;
mod unsaid;

use std::collections::{BTreeMap, BTreeSet};

use conductor_model::{Findings, Lookup};
use conductor_protocol::types::TypeName;
use conductor_source::{Diagnostic, FileId, Sources};

use crate::{Answer, Need, SYNTAX_ERROR, told};
use names::{Space, Trail};
use store::Store;
use types::{Reader, Scope};

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
        self.store.supply(need, answer);
    }

    /// Answers every open question as far as it goes, and says what was missing.
    pub fn needs(&mut self) -> Vec<Need> {
        let files = BTreeMap::new();
        let mut reader = Reader::new(&self.store, &files);
        self.store.files().take_pending();
        let mut settled = BTreeSet::new();
        for reference in self.refs.iter().filter(|reference| !self.settled.contains(*reference)) {
            reader.lookup(reference);
            if !self.store.files().take_pending() {
                settled.insert(reference.clone());
            }
        }
        for name in &self.type_names {
            reader.type_named(name, &self.refs);
        }
        self.store.files().take_pending();
        self.settled.extend(settled);
        self.store.files().take_wanted()
    }

    pub fn finish(self, sources: &mut Sources) -> Findings {
        let mut files: BTreeMap<String, FileId> = BTreeMap::new();
        for (path, source, _) in self.store.modules() {
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
    /// A type by the name the manifest gives it: in full, or bare where exactly one in reach has it.
    fn type_named(&mut self, name: &str, refs: &BTreeSet<String>) -> Option<TypeName> {
        let found = self.find_type(name, refs);
        self.read_definitions();
        found
    }

    fn find_type(&mut self, name: &str, refs: &BTreeSet<String>) -> Option<TypeName> {
        let bare = name.strip_prefix("ts:").unwrap_or(name);
        if bare.contains(['.', '/']) {
            return self.type_at(bare);
        }
        let reached: Vec<TypeName> = self.types.keys().filter(|known| known.name == name).cloned().collect();
        match &reached[..] {
            [only] => return Some(only.clone()),
            [] => {}
            _ => return None,
        }
        let places: Vec<_> = refs
            .iter()
            .map(|reference| reference.strip_prefix("ts:").unwrap_or(reference))
            .filter_map(|reference| self.store.places(reference).ok())
            .flat_map(|places| places.found)
            .collect();
        let paths: BTreeSet<String> = places.into_iter().map(|place| place.path).collect();
        let found: BTreeSet<TypeName> =
            paths.iter().filter_map(|path| self.type_in(path, &[name.to_owned()])).collect();
        if found.len() == 1 { found.into_iter().next() } else { None }
    }

    fn type_at(&mut self, name: &str) -> Option<TypeName> {
        let places = self.store.places(name).ok()?;
        places.found.iter().find_map(|place| self.type_in(&place.path, &place.rest))
    }

    fn type_in(&mut self, path: &str, names: &[String]) -> Option<TypeName> {
        let home = self.store.home(path).ok()?;
        let (first, rest) = names.split_first()?;
        let space = |is_last: bool| if is_last { Space::Type } else { Space::Value };
        let mut trail = Trail::default();
        let mut entity = self.store.exported(&home, first, space(rest.is_empty()), &mut trail);
        for (index, name) in rest.iter().enumerate() {
            entity = self.store.member(entity, name, space(index + 1 == rest.len()), &mut trail);
        }
        match self.of_entity(&Scope::new(home), entity) {
            conductor_protocol::types::Type::Named(found) => Some(found),
            _ => None,
        }
    }

    /// One warning for each broken file that something rests on, unless an answer says it already.
    fn syntax_errors(&self, lookups: &BTreeMap<String, Lookup>) -> Vec<Diagnostic> {
        let told = told(lookups);
        let is_told = |path: &str| self.files.get(path).is_some_and(|file| told.contains(file));
        let of = |(path, _, module): (&str, &store::Source, &syntax::Module)| {
            if is_told(path) || !self.store.files().is_reached(path) {
                return None;
            }
            let error = module.errors.first()?;
            let message = format!("`{path}` has a syntax error: {}", error.message);
            let place = self.span(path, &error.range);
            let diagnostic = Diagnostic::warning(SYNTAX_ERROR, message, place, "it could not be read here");
            let more = module.errors.len() - 1;
            let diagnostic =
                if more > 0 { diagnostic.note(format!("and {more} more in this file")) } else { diagnostic };
            Some(diagnostic.note("what could be read of the file was used"))
        };
        self.store.modules().filter_map(of).collect()
    }
}
