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

/// About as many refs as a workflow has.
const REFS_OF_A_WORKFLOW: usize = 10;

/// The questions of one compilation, and what is known so far.
pub struct Session {
    store: Store,
    refs: BTreeSet<String>,
    type_names: BTreeSet<String>,
    /// Questions whose answer needs no more files.
    settled: BTreeSet<String>,
    /// The id that the first of its files will have, where that is known.
    first_file: Option<FileId>,
    /// What one round of questions has found that needed no more files, and the ids that it took for theirs.
    found: Option<(BTreeMap<String, FileId>, Findings)>,
}

impl Session {
    pub fn new(root: &str, refs: BTreeSet<String>, type_names: BTreeSet<String>) -> Session {
        let (store, settled) = (Store::new(root), BTreeSet::new());
        Session { store, refs, type_names, settled, first_file: None, found: None }
    }

    pub fn expect_files_from(&mut self, first: FileId) {
        self.first_file = Some(first);
    }

    pub fn add_root(&mut self, root: &str) {
        self.store.add_root(root);
    }

    pub fn supply(&mut self, need: &Need, answer: Answer) {
        self.store.supply(need, answer);
    }

    pub fn supply_all(&mut self, answered: Vec<(Need, Answer)>) {
        self.store.supply_all(answered);
    }

    /// Answers every open question as far as it goes, and says what was missing.
    pub fn needs(&mut self) -> Vec<Need> {
        let files = self.expected_files();
        let mut reader = Reader::new(&self.store, &files);
        self.store.files().take_pending();
        let (mut answered, mut awaited, mut is_pending) = (Vec::new(), None, false);
        for reference in self.refs.iter().filter(|reference| !self.settled.contains(*reference)) {
            let module = reference.rsplit_once('.').map(|(module, _)| module);
            // What asks for the same module next waits for the same file.
            if module.is_some() && module == awaited {
                continue;
            }
            let lookup = reader.lookup(reference);
            if !self.store.files().take_pending() {
                answered.push((reference.clone(), lookup));
                continue;
            }
            is_pending = true;
            awaited = module.filter(|module| self.is_awaited(module));
        }
        let named = reader.types_named(&self.type_names, &self.refs);
        is_pending |= self.store.files().take_pending();
        self.found = None;
        if !is_pending && answered.len() == self.refs.len() {
            let found = reader.findings(answered.into_iter().collect(), named);
            self.found = Some((files, found));
        } else {
            self.settled.extend(answered.into_iter().map(|(reference, _)| reference));
        }
        self.store.files().take_wanted()
    }

    fn is_awaited(&self, module: &str) -> bool {
        let module = module.strip_prefix("py:").unwrap_or(module);
        matches!(self.store.module(module), Module::Pending)
    }

    /// The files known so far, by the ids that [`finish`](Session::finish) will probably give them.
    fn expected_files(&self) -> BTreeMap<String, FileId> {
        let Some(first) = self.first_file else { return BTreeMap::new() };
        let paths = self.store.files().sources().map(|(path, _)| path.to_owned());
        paths.zip(first.0..=u32::MAX).map(|(path, id)| (path, FileId(id))).collect()
    }

    pub fn finish(self, sources: &mut Sources) -> Findings {
        let mut files: BTreeMap<String, FileId> = BTreeMap::new();
        for (path, source) in self.store.files().sources() {
            files.insert(path.to_owned(), sources.add(path, source.text.as_str()));
        }
        if let Some((_, found)) = self.found.filter(|(expected, _)| *expected == files) {
            conductor_parallel::discard(self.refs.len() / REFS_OF_A_WORKFLOW, (self.store, self.refs));
            return found;
        }
        let mut reader = Reader::new(&self.store, &files);
        let answered = |reference: &String| (reference.clone(), reader.lookup(reference));
        let lookups = self.refs.iter().map(answered).collect();
        let named = reader.types_named(&self.type_names, &self.refs);
        reader.findings(lookups, named)
    }
}

impl Reader<'_> {
    /// Everything that was found, with these answers.
    fn findings(mut self, lookups: BTreeMap<String, Lookup>, named: BTreeMap<String, TypeName>) -> Findings {
        let mut diagnostics = self.syntax_errors(&lookups);
        diagnostics.append(&mut self.warnings);
        Findings {
            lookups,
            named,
            diagnostics,
            types: self.types,
            type_spans: self.spans,
            ..Findings::default()
        }
    }

    /// Those of the names that are a class, each with it.
    fn types_named(
        &mut self,
        names: &BTreeSet<String>,
        refs: &BTreeSet<String>,
    ) -> BTreeMap<String, TypeName> {
        let found = |name: &String| Some((name.clone(), self.type_named(name, refs)?));
        names.iter().filter_map(found).collect()
    }

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
