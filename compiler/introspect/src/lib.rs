//! From the user's source code to signatures and types.
//!
//! It opens no files: it says which paths it needs and is given their content. It knows no manifest.

pub mod annotation;
pub mod compose;
mod document;
mod files;
mod go;
pub mod grpc;
mod http;
mod inline;
pub mod openapi;
mod python;
mod rust;
mod service;
pub mod survey;
mod tree;
mod typescript;

use std::collections::{BTreeMap, BTreeSet};

use conductor_model::{Findings, Lookup};
use conductor_protocol::plan::Language;
use conductor_source::{Code, FileId, Sources};

pub use go::{GoHome, GoPlace};
pub use inline::Inline;
pub use service::{Learned, Service};

/// A source file has a syntax error; what could be read of it is used.
const SYNTAX_ERROR: Code = Code("W120");

/// Every code this crate reports.
pub const CODES: &[Code] = &[SYNTAX_ERROR];

/// Looks up refs and types in the sources of one language.
///
/// Call [`needs`](Introspector::needs) and [`supply`](Introspector::supply) each answer, until nothing is
/// needed; then [`finish`](Introspector::finish).
pub struct Introspector {
    session: Session,
}

enum Session {
    Python(Box<python::Session>),
    Go(Box<go::Session>),
    Typescript(Box<typescript::Session>),
    Rust(Box<rust::Session>),
}

/// What only who compiles can get. Paths have `/` and are relative to the manifest's folder, which itself is `.`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    File(String),
    Directory(String),
    /// What a server answers to `GET`, as a file.
    Url(String),
    /// A variable of the environment.
    Variable(String),
    /// What a gRPC server tells of its services.
    Reflection(Server),
}

/// A gRPC server as a manifest names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Server {
    /// `host:port`, or a URL whose scheme says whether it speaks TLS.
    pub address: String,
    /// The file of the certificates that are trusted, where the system's are not.
    pub ca: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Missing,
    File(Vec<u8>),
    Directory(Vec<DirEntry>),
    /// It exists but could not be read; says why: "permission denied".
    Refused(String),
    Variable(String),
    Reflection(Reflection),
    /// It was asked for in vain: what went wrong, and what helps.
    Failed {
        problem: String,
        help: String,
    },
}

/// What a server told of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reflection {
    /// Full names.
    pub services: Vec<String>,
    /// Serialized file descriptors, in any order.
    pub files: Vec<Vec<u8>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirEntry {
    pub name: String,
    /// Links are followed.
    pub is_dir: bool,
}

impl Introspector {
    /// `root` is the folder of the sources, `refs` and `type_names` are as the manifest writes them.
    #[must_use]
    pub fn new<'a>(
        language: Language,
        root: &str,
        refs: impl IntoIterator<Item = &'a str>,
        type_names: impl IntoIterator<Item = &'a str>,
    ) -> Introspector {
        let refs: BTreeSet<String> = refs.into_iter().map(str::to_owned).collect();
        let names: BTreeSet<String> = type_names.into_iter().map(str::to_owned).collect();
        let session = match language {
            Language::Python => Session::Python(Box::new(python::Session::new(root, refs, names))),
            Language::Go => Session::Go(Box::new(go::Session::new(root, refs, names))),
            Language::Typescript => {
                Session::Typescript(Box::new(typescript::Session::new(root, refs, names)))
            }
            Language::Rust => Session::Rust(Box::new(rust::Session::new(root, refs, names))),
        };
        Introspector { session }
    }

    /// A further folder of sources; a module found in two is ambiguous.
    #[must_use]
    pub fn with_root(mut self, root: &str) -> Introspector {
        match &mut self.session {
            Session::Python(session) => session.add_root(root),
            Session::Go(session) => session.add_root(root),
            Session::Typescript(session) => session.add_root(root),
            Session::Rust(session) => session.add_root(root),
        }
        self
    }

    /// The id that the next file of the sources will have that [`finish`](Introspector::finish) is given: what is found
    /// in the last round need not be found again.
    #[must_use]
    pub fn with_first_file(mut self, first: FileId) -> Introspector {
        if let Session::Python(session) = &mut self.session {
            session.expect_files_from(first);
        }
        self
    }

    /// What must be supplied before it can go on; empty when everything is known.
    #[must_use]
    pub fn needs(&mut self) -> Vec<Need> {
        match &mut self.session {
            Session::Python(session) => session.needs(),
            Session::Go(session) => session.needs(),
            Session::Typescript(session) => session.needs(),
            Session::Rust(session) => session.needs(),
        }
    }

    pub fn supply(&mut self, need: &Need, answer: Answer) {
        match &mut self.session {
            Session::Python(session) => session.supply(need, answer),
            Session::Go(session) => session.supply(need, answer),
            Session::Typescript(session) => session.supply(need, answer),
            Session::Rust(session) => session.supply(need, answer),
        }
    }

    /// Supplies the answers of a round.
    pub fn supply_all(&mut self, answered: Vec<(Need, Answer)>) {
        if let Session::Python(session) = &mut self.session {
            return session.supply_all(answered);
        }
        answered.into_iter().for_each(|(need, answer)| self.supply(&need, answer));
    }

    /// The answers. The texts that spans point into are added to `sources`.
    #[must_use]
    pub fn finish(self, sources: &mut Sources) -> Findings {
        match self.session {
            Session::Python(session) => session.finish(sources),
            Session::Go(session) => session.finish(sources),
            Session::Typescript(session) => session.finish(sources),
            Session::Rust(session) => session.finish(sources),
        }
    }
}

/// The files whose mistakes an answer says already.
fn told(lookups: &BTreeMap<String, Lookup>) -> BTreeSet<FileId> {
    let file = |lookup: &Lookup| match lookup {
        Lookup::Unreadable { span, .. } => span.map(|span| span.file),
        _ => None,
    };
    lookups.values().filter_map(file).collect()
}
