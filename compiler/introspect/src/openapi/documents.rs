//! The documents of one API, and what their `$ref`s lead to.
//!
//! It knows pointers and paths, not what a schema or an operation is.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use conductor_source::{FileId, Span};

use crate::document::{Kind, Node, Place, Problem};

/// A chain of `$ref`s that is longer leads in a circle.
const MAX_CHAIN: usize = 64;

/// Where something stands: the file (a path or a URL) and the value.
#[derive(Clone, Copy)]
pub struct At<'a> {
    pub file: &'a str,
    pub node: &'a Node,
}

/// A file and the JSON pointer inside.
pub type Identity = (String, String);

/// What could not be read, and in which file.
#[derive(Debug, Clone, PartialEq)]
pub struct Stop {
    pub file: String,
    pub problem: Problem,
}

/// One file of the API: its place among the sources, and its value.
#[derive(Debug)]
pub struct File {
    pub id: FileId,
    pub root: Result<Node, Problem>,
}

/// By path or URL.
#[derive(Debug, Default)]
pub struct Documents {
    pub files: BTreeMap<String, File>,
    /// Every value that a `$ref` led to.
    pub reached: RefCell<BTreeSet<Identity>>,
}

impl Documents {
    /// The root of a file, which is a path or a URL.
    pub fn root(&self, path: &str) -> Result<At<'_>, Stop> {
        let stop = |file: &str, problem: Problem| Stop { file: file.to_owned(), problem };
        match self.files.get_key_value(path) {
            Some((path, File { root: Ok(node), .. })) => Ok(At { file: path, node }),
            Some((path, File { root: Err(problem), .. })) => Err(stop(path, problem.clone())),
            None => Err(stop(path, Problem::new(format!("`{path}` is not read")))),
        }
    }

    /// A place among the sources.
    pub fn span(&self, file: &str, place: Place) -> Option<Span> {
        let id = self.files.get(file)?.id;
        Some(Span { file: id, start: place.start, end: place.end })
    }

    /// What the value stands for, after all `$ref`s; with its identity where there was one.
    pub fn follow<'a>(&'a self, at: At<'a>) -> Result<(At<'a>, Option<Identity>), Stop> {
        let (mut at, mut identity) = (at, None);
        for _ in 0..MAX_CHAIN {
            let Some((target, found)) = self.step(at)? else { return Ok((at, identity)) };
            (at, identity) = (target, Some(found));
        }
        Err(at.problem("its `$ref`s lead in a circle"))
    }

    /// One `$ref` further; `None` where there is none.
    pub fn step<'a>(&'a self, at: At<'a>) -> Result<Option<(At<'a>, Identity)>, Stop> {
        let Some(reference) = at.node.text_at("$ref") else { return Ok(None) };
        let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let target = match file {
            "" => self.root(at.file)?,
            _ if is_remote(file) => {
                let message = format!(
                    "`{reference}` leads to another server, which is not asked: \
                     save that document in the project, and refer to it by its path"
                );
                return Err(at.problem(message));
            }
            _ if is_url(at.file) => {
                let message = format!(
                    "`{reference}` leads to another document, and of a server only one is read: \
                     save the documents in the project, and name the path under `openapi`"
                );
                return Err(at.problem(message));
            }
            _ => self.root(&beside(at.file, &decoded(file)))?,
        };
        let pointer = decoded(pointer);
        let Some(node) = target.node.pointer(&pointer) else {
            let place = if file.is_empty() { String::new() } else { format!(" of `{}`", target.file) };
            return Err(at.problem(format!("`{reference}` leads to nothing{place}")));
        };
        let identity = (target.file.to_owned(), pointer);
        self.reached.borrow_mut().insert(identity.clone());
        Ok(Some((At { file: target.file, node }, identity)))
    }
}

impl<'a> At<'a> {
    pub fn problem(self, message: impl Into<String>) -> Stop {
        Stop { file: self.file.to_owned(), problem: Problem::at(message, self.node.place) }
    }

    /// A value in the same file.
    pub fn with(self, node: &'a Node) -> At<'a> {
        At { file: self.file, node }
    }

    pub fn get(self, key: &str) -> Option<At<'a>> {
        self.node.get(key).map(|node| self.with(node))
    }
}

/// The files of the project that a document refers to, which itself is `file`.
pub fn referred(file: &str, root: &Node) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut pending = vec![root];
    while let Some(node) = pending.pop() {
        match &node.kind {
            Kind::List(items) => pending.extend(items),
            Kind::Map(map) => {
                pending.extend(map.entries().iter().map(|entry| &entry.value));
                let other = map
                    .get("$ref")
                    .and_then(Node::text)
                    .map(|reference| reference.split_once('#').map_or(reference, |(other, _)| other));
                if let Some(other) = other.filter(|other| !other.is_empty() && !is_remote(other)) {
                    found.insert(beside(file, &decoded(other)));
                }
            }
            _ => {}
        }
    }
    found
}

fn is_remote(file: &str) -> bool {
    is_url(file) || file.starts_with("//")
}

/// A URL may begin with a variable of the environment.
pub fn is_url(path: &str) -> bool {
    ["http://", "https://", "${"].iter().any(|begin| path.starts_with(begin))
}

/// The path of `file` as it is written in `from`.
fn beside(from: &str, file: &str) -> String {
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in file.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// With percent signs read as a URI writes them.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = || after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match (first, code().and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}
