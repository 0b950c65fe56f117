//! OpenAPI documents of versions 3.0 and 3.1: their operations as signatures, their schemas as types.
//!
//! It opens no files and asks no server: it says which it needs and is given their content.

mod changes;
mod documents;
mod find;
mod media;
pub(crate) mod names;
mod operation;
mod prune;
mod schema;
mod server;
mod union;

use std::collections::{BTreeMap, BTreeSet};

use conductor_model::{Lookup, ServiceFacts};
use conductor_source::{Sources, Span};

pub use self::changes::changes;
use self::documents::{At, Documents, File, Stop, is_url, referred};
use self::operation::{Reader, unreadable};
use self::schema::Schemas;
use crate::document::{self, Place, Problem};
use crate::service::{Learned, Service};
use crate::{Answer, Need};

/// How many files one API may consist of.
const MAX_FILES: usize = 200;

/// The documents of an API, as long as some are awaited.
#[derive(Debug)]
pub struct Opening {
    /// The path of the first, relative to the manifest's folder, or its URL.
    main: String,
    wanted: BTreeSet<String>,
    read: BTreeMap<String, (Result<document::Node, Problem>, String)>,
    /// What nobody could get.
    failed: BTreeSet<String>,
}

impl Opening {
    /// `place` is a path relative to the manifest's folder, or a URL.
    #[must_use]
    pub fn new(place: &str) -> Opening {
        let main = if is_url(place) { place.to_owned() } else { crate::files::normal(place) };
        Opening {
            wanted: BTreeSet::from([main.clone()]),
            main,
            read: BTreeMap::new(),
            failed: BTreeSet::new(),
        }
    }

    /// What must be supplied before it can be finished.
    #[must_use]
    pub fn needs(&self) -> Vec<Need> {
        let need = |place: &String| match is_url(place) {
            true => Need::Url(place.clone()),
            false => Need::File(place.clone()),
        };
        self.wanted.iter().map(need).collect()
    }

    pub fn supply(&mut self, need: &Need, answer: Answer) {
        let (Need::File(place) | Need::Url(place)) = need else { return };
        if !self.wanted.remove(place) {
            return;
        }
        let mut text = String::new();
        let root = match answer {
            Answer::File(bytes) => {
                let mut read = document::read(bytes);
                if let (Ok(root), true) = (&read.1, is_url(place)) {
                    // A server may write its document in one line, and pins have their keys in order: the same text is
                    // read from both.
                    read = document::read(format!("{:#}\n", root.json()).into_bytes());
                }
                text = read.0;
                read.1
            }
            Answer::Refused(why) => {
                self.failed.insert(place.clone());
                Err(Problem::new(why))
            }
            _ => Err(Problem::new("there is no such file")),
        };
        if let (Ok(root), false) = (&root, is_url(place)) {
            let more = referred(place, root).into_iter().filter(|file| !self.read.contains_key(file));
            self.wanted.extend(more.filter(|file| file != place));
        }
        self.read.insert(place.clone(), (root, text));
        if self.read.len() > MAX_FILES {
            self.wanted.clear();
        }
    }

    /// The service that the documents describe. Their texts are added to `sources`.
    ///
    /// # Errors
    /// The first document cannot be used.
    pub fn finish(
        self,
        resource: &str,
        sent: BTreeSet<String>,
        sources: &mut Sources,
    ) -> Result<OpenApi, Unusable> {
        let mut documents = Documents::default();
        for (place, (root, text)) in self.read {
            let id = sources.add(place.clone(), text);
            documents.files.insert(place, File { id, root });
        }
        let checked = documents.root(&self.main).and_then(check);
        if let Err(Stop { file, problem }) = checked {
            let span = problem.place.and_then(|place| documents.span(&file, place));
            return Err(Unusable {
                message: problem.message,
                span,
                unreachable: self.failed.contains(&file),
            });
        }
        let schemas = Schemas::new(resource);
        Ok(OpenApi {
            resource: resource.to_owned(),
            main: self.main,
            documents,
            schemas,
            sent,
            used: BTreeMap::new(),
        })
    }
}

/// Why a document cannot be used.
#[derive(Debug)]
pub struct Unusable {
    pub message: String,
    /// In the document.
    pub span: Option<Span>,
    /// Nobody could get it.
    pub unreachable: bool,
}

/// Refuses what is no OpenAPI document of a version that is read.
fn check(root: At<'_>) -> Result<(), Stop> {
    let at = |message: String, key: &str| {
        let place = root.node.get(key).map_or(Place::default(), |node| node.place);
        Stop { file: root.file.to_owned(), problem: Problem::at(message, place) }
    };
    let version = |key: &str| root.node.get(key).and_then(|node| node.spelling().map(str::to_owned));
    if let Some(version) = version("swagger") {
        let message = format!(
            "it is a document of Swagger {version}, and OpenAPI 3.0 and 3.1 are read: \
             convert it, for example with `npx swagger2openapi`"
        );
        return Err(at(message, "swagger"));
    }
    match version("openapi") {
        Some(version) if version.starts_with("3.") || version == "3" => Ok(()),
        Some(version) => Err(at(format!("it is of OpenAPI {version}, and 3.0 and 3.1 are read"), "openapi")),
        None => {
            Err(at("it is no OpenAPI document: it has no `openapi` with a version".to_owned(), "openapi"))
        }
    }
}

/// An HTTP API that a document describes.
#[derive(Debug)]
pub struct OpenApi {
    resource: String,
    main: String,
    documents: Documents,
    schemas: Schemas,
    sent: BTreeSet<String>,
    /// The operations that were found, by path and method, with the answers.
    used: BTreeMap<(String, String), Lookup>,
}

impl OpenApi {
    /// Whether exactly one operation is meant.
    #[must_use]
    pub fn has(&self, operation: &str) -> bool {
        let found = self.documents.root(&self.main).and_then(|root| find::operations(&self.documents, root));
        found.is_ok_and(|operations| find::meant(&operations, operation).len() == 1)
    }

    /// Where the document says that an operation is deprecated.
    #[must_use]
    pub fn deprecated(&self, operation: &str) -> Option<Span> {
        let root = self.documents.root(&self.main).ok()?;
        let operations = find::operations(&self.documents, root).ok()?;
        let meant = find::meant(&operations, operation);
        let [found] = meant.as_slice() else { return None };
        let word = found.at.node.get("deprecated").filter(|word| word.is_true())?;
        self.documents.span(found.at.file, word.place)
    }

    /// Where the API is: an address, or only a path where the document says no more.
    #[must_use]
    pub fn address(&self) -> Option<String> {
        server::address(&self.documents, &self.main)
    }

    /// The document with what the operations that were found need, and nothing else; for a document of one file.
    #[must_use]
    pub fn pruned(&self) -> serde_json::Value {
        prune::pruned(&self.documents, &self.main, self.used.keys())
    }
}

impl Service for OpenApi {
    fn lookup(&mut self, operation: &str) -> Lookup {
        let found = self.documents.root(&self.main).and_then(|root| find::operations(&self.documents, root));
        let operations = match found {
            Ok(operations) => operations,
            Err(stop) => return unreadable(&self.documents, &stop),
        };
        match find::meant(&operations, operation).as_slice() {
            [] => Lookup::NotFound {
                searched: vec![self.main.clone()],
                similar: find::similar(&operations, operation)
                    .into_iter()
                    .map(|name| format!("{}.{name}", self.resource))
                    .collect(),
            },
            [found] => {
                let key = (found.path.clone(), found.method.to_lowercase());
                if let Some(known) = self.used.get(&key) {
                    return known.clone();
                }
                let (documents, schemas) = (&self.documents, &mut self.schemas);
                let mut reader = Reader { documents, schemas, resource: &self.resource, sent: &self.sent };
                let answer = reader.lookup(found);
                self.used.insert(key, answer.clone());
                answer
            }
            several => {
                let place = |found: &&find::Found<'_>| {
                    let name = format!("{}.{} {}", self.resource, found.method, found.path);
                    Some((name, self.documents.span(found.at.file, found.name_place())?))
                };
                Lookup::Ambiguous(several.iter().filter_map(place).collect())
            }
        }
    }

    fn finish(self: Box<Self>) -> Learned {
        let address = self.address();
        let document = is_url(&self.main).then(|| (self.main.clone(), self.pruned()));
        let Schemas { table, spans, .. } = self.schemas;
        let types =
            table.iter().map(|(name, def)| (name.clone(), union::told_apart_in(def, &table))).collect();
        Learned {
            types,
            type_spans: spans,
            facts: ServiceFacts { address, document, ..ServiceFacts::default() },
            diagnostics: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
