//! Introspection of Python sources.
//!
//! It runs nothing and imports nothing: what a module does to itself at run time is not seen.

mod annotation;
mod class;
mod constructor;
mod fields;
mod member;
mod names;
mod parse;
mod reference;
pub mod scan;
mod signature;
mod similar;
mod store;
mod survey;
mod syntax;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use conductor_model::{Findings, Lookup};
use conductor_protocol::types::TypeName;
use conductor_source::{Diagnostic, FileId, Sources};

use crate::{Answer, Need, SYNTAX_ERROR, told};
use annotation::Reader;
use names::{Entity, Module};
use store::Store;

pub use survey::{module_of, survey};

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
        for (path, source) in self.store.files().sources() {
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
    /// A class by the name the manifest gives it: in full, or bare where exactly one class in reach has it.
    fn type_named(&mut self, name: &str, refs: &BTreeSet<String>) -> Option<TypeName> {
        let found = self.find_type(name, refs);
        self.read_classes();
        found
    }

    fn find_type(&mut self, name: &str, refs: &BTreeSet<String>) -> Option<TypeName> {
        if let Some((module, class)) = name.rsplit_once('.') {
            return self.class_in(module, class);
        }
        let reached: Vec<TypeName> = self.types.keys().filter(|known| known.name == name).cloned().collect();
        match &reached[..] {
            [only] => return Some(only.clone()),
            [] => {}
            _ => return None,
        }
        let modules: BTreeSet<&str> = refs
            .iter()
            .filter_map(|reference| reference.rsplit_once('.'))
            .map(|(module, _)| module)
            .collect();
        let found: BTreeSet<TypeName> =
            modules.into_iter().filter_map(|module| self.class_in(module, name)).collect();
        if found.len() == 1 { found.into_iter().next() } else { None }
    }

    fn class_in(&mut self, module: &str, name: &str) -> Option<TypeName> {
        let module = module.strip_prefix("py:").unwrap_or(module);
        if !module.split('.').all(store::is_identifier) {
            return None;
        }
        let Module::Ready(home) = self.store.module(module) else { return None };
        match self.store.resolve(&home, None, &[name.to_owned()]) {
            Entity::Class(home, name, class) => {
                self.class_type(&home, &name, class);
                Some(TypeName { module: home.module, name })
            }
            _ => None,
        }
    }

    /// One warning for each broken file that something rests on, unless an answer says it already.
    fn syntax_errors(&self, lookups: &BTreeMap<String, Lookup>) -> Vec<Diagnostic> {
        let told = told(lookups);
        let is_told = |path: &str| self.files.get(path).is_some_and(|file| told.contains(file));
        let of = |(path, source): (&str, &store::Source)| {
            if is_told(path) || !self.store.files().is_reached(path) {
                return None;
            }
            let error = source.module.errors.first()?;
            let message = format!("`{path}` has a syntax error: {}", error.message);
            let diagnostic = Diagnostic::warning(
                SYNTAX_ERROR,
                message,
                self.span(path, &error.range),
                "Python stops here",
            );
            let more = source.module.errors.len() - 1;
            let diagnostic =
                if more > 0 { diagnostic.note(format!("and {more} more in this file")) } else { diagnostic };
            Some(diagnostic.note("what could be read of the file was used; Python will refuse to import it"))
        };
        self.store.files().sources().filter_map(of).collect()
    }
}
