//! The operations of a document, and which of them a ref means.
//!
//! It does not read what they take and answer.

use super::documents::{At, Documents, Stop};
use super::names::snake;
use crate::document::{Map, Place};

const METHODS: [&str; 8] = ["get", "head", "options", "put", "delete", "post", "patch", "trace"];
const MAX_SIMILAR: usize = 5;
const MAX_OPERATIONS: usize = 100_000;

/// An operation where it stands.
#[derive(Clone)]
pub struct Found<'a> {
    /// In capitals.
    pub method: String,
    pub path: String,
    pub id: Option<&'a str>,
    pub at: At<'a>,
    /// The path that it belongs to, with parameters of its own.
    pub item: At<'a>,
    /// The method's word.
    pub key: Place,
}

impl<'a> Found<'a> {
    /// What stands for it in a message: its id, or the method's word.
    pub fn name_place(&self) -> Place {
        self.at.node.get("operationId").map_or(self.key, |id| id.place)
    }

    /// The id without what FastAPI appends to the function's name: the path and the method.
    pub fn short(&self) -> Option<&'a str> {
        let id = self.id?;
        let word = |letter: char| if letter.is_alphanumeric() { letter } else { '_' };
        let path: String = self.path.chars().map(word).collect();
        let appended = format!("{path}_{}", self.method.to_lowercase());
        Some(id.strip_suffix(appended.as_str()).filter(|short| !short.is_empty()).unwrap_or(id))
    }
}

/// Every operation, in the order of the document.
pub fn operations<'a>(documents: &'a Documents, root: At<'a>) -> Result<Vec<Found<'a>>, Stop> {
    let mut found = Vec::new();
    for path in root.node.entries_at("paths") {
        if !path.key.starts_with('/') {
            continue;
        }
        // One path that leads nowhere does not hide the others.
        let Ok((item, _)) = documents.follow(root.with(&path.value)) else { continue };
        for method in item.node.map().map(Map::entries).unwrap_or_default() {
            if !METHODS.contains(&method.key.as_str()) {
                continue;
            }
            let (at, method, key) = (item.with(&method.value), method.key.to_uppercase(), method.place);
            let id = at.node.text_at("operationId");
            found.push(Found { method, path: path.key.clone(), id, at, item, key });
        }
        if found.len() > MAX_OPERATIONS {
            return Err(root.problem(format!("it has more than {MAX_OPERATIONS} operations")));
        }
    }
    Ok(found)
}

/// Those that `operation` may mean: `GET /users/{id}`, an operation's id, or that in snake case.
pub fn meant<'o, 'a>(operations: &'o [Found<'a>], operation: &str) -> Vec<&'o Found<'a>> {
    if let Some((method, path)) = request(operation) {
        let of_method = || operations.iter().filter(|found| found.method == method);
        let exact: Vec<_> = of_method().filter(|found| found.path == path).collect();
        if !exact.is_empty() {
            return exact;
        }
        let shape = shape(path);
        return of_method().filter(|found| self::shape(&found.path) == shape).collect();
    }
    let wanted = snake(operation);
    let readings: [&dyn Fn(&Found<'_>) -> bool; 3] = [
        &|found| found.id == Some(operation),
        &|found| found.id.is_some_and(|id| snake(id) == wanted),
        &|found| found.short().is_some_and(|short| snake(short) == wanted),
    ];
    readings
        .iter()
        .map(|reading| operations.iter().filter(|found| reading(found)).collect::<Vec<_>>())
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

/// Those that may have been meant instead, the nearest first.
pub fn similar(operations: &[Found<'_>], operation: &str) -> Vec<String> {
    let wanted = snake(operation);
    let by_request = request(operation).is_some();
    let mut near: Vec<(usize, String, &Found<'_>)> = operations
        .iter()
        .map(|found| {
            let requested = format!("{} {}", found.method, found.path);
            let distance = match (by_request, found.short()) {
                (false, Some(short)) => {
                    let full = strsim::osa_distance(&wanted, &snake(found.id.unwrap_or(short)));
                    full.min(strsim::osa_distance(&wanted, &snake(short)))
                }
                _ => strsim::osa_distance(operation, &requested),
            };
            (distance, requested, found)
        })
        .collect();
    near.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
    let name = |(_, requested, found)| if by_request { requested } else { shortest(operations, found) };
    near.into_iter().take(MAX_SIMILAR).map(name).collect()
}

/// The shortest name that means this operation and no other.
fn shortest(operations: &[Found<'_>], found: &Found<'_>) -> String {
    match (found.short(), found.id) {
        (Some(short), _) if meant(operations, short).len() == 1 => short.to_owned(),
        (_, Some(id)) => id.to_owned(),
        (_, None) => format!("{} {}", found.method, found.path),
    }
}

/// A method and a path.
fn request(operation: &str) -> Option<(String, &str)> {
    let (method, path) = operation.trim().split_once(char::is_whitespace)?;
    let known = METHODS.iter().any(|known| known.eq_ignore_ascii_case(method));
    known.then(|| (method.to_uppercase(), path.trim()))
}

/// The path without the names of its parameters: that of `/users/{id}` is `/users/{}`.
fn shape(path: &str) -> String {
    let mut shape = String::new();
    let mut inside = false;
    for letter in path.trim_end_matches('/').chars() {
        inside &= letter != '}';
        if !inside {
            shape.push(letter);
        }
        inside |= letter == '{';
    }
    shape
}
