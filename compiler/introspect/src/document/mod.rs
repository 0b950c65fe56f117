//! JSON and YAML documents as one tree that knows where each value stands, within bounds.
//!
//! It does not know what any document is about.

mod json;
mod yaml;

use std::collections::BTreeSet;

/// Larger documents are not read.
pub const MAX_BYTES: usize = 32 << 20;
/// How many values a document may have, with those that aliases repeat.
const MAX_VALUES: usize = 2_000_000;
const MAX_DEPTH: usize = 128;

/// A half-open range of bytes of the document's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    pub start: u32,
    pub end: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub place: Place,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Null,
    Bool(bool),
    /// As it is written.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Map),
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Map {
    /// In the order of the text.
    entries: Vec<Entry>,
    /// Positions of the entries, by key.
    by_key: Vec<u32>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub key: String,
    pub place: Place,
    pub value: Node,
}

/// Why a document cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub message: String,
    pub place: Option<Place>,
}

impl Problem {
    pub fn new(message: impl Into<String>) -> Problem {
        Problem { message: message.into(), place: None }
    }

    pub fn at(message: impl Into<String>, place: Place) -> Problem {
        Problem { message: message.into(), place: Some(place) }
    }
}

impl Place {
    pub fn new(start: usize, end: usize) -> Place {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Place { start: clamp(start), end: clamp(end) }
    }
}

/// Reads a document, JSON where it begins as such, else YAML. The text is there for messages even where it is neither.
pub fn read(bytes: Vec<u8>) -> (String, Result<Node, Problem>) {
    if bytes.len() > MAX_BYTES {
        let message = format!("it is larger than {} MiB", MAX_BYTES >> 20);
        return (String::new(), Err(Problem::new(message)));
    }
    let Ok(text) = String::from_utf8(bytes) else {
        return (String::new(), Err(Problem::new("it is not UTF-8")));
    };
    let root = parse(&text);
    (text, root)
}

fn parse(text: &str) -> Result<Node, Problem> {
    let begins = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let mut letters = begins.chars();
    match (letters.next(), letters.next()) {
        (None, _) => Err(Problem::new("it is empty")),
        (Some('<'), Some(next)) if next.is_alphabetic() || matches!(next, '!' | '?') => {
            Err(Problem::new("it is HTML or XML"))
        }
        // What begins with a brace may still be YAML; where it is neither, what JSON lacks says more.
        (Some('{' | '['), _) => json::parse(text).or_else(|problem| yaml::parse(text).map_err(|_| problem)),
        _ => yaml::parse(text),
    }
}

impl Map {
    /// # Errors
    /// The place of a key that stands twice.
    fn new(entries: Vec<Entry>) -> Result<Map, (String, Place)> {
        let mut by_key: Vec<u32> = (0..u32::try_from(entries.len()).unwrap_or(u32::MAX)).collect();
        let key = |position: &u32| entries.get(*position as usize).map(|entry| entry.key.as_str());
        by_key.sort_by(|one, other| key(one).cmp(&key(other)));
        let twice = by_key.windows(2).find(|pair| key(&pair[0]) == key(&pair[1]));
        if let Some(entry) = twice.and_then(|pair| entries.get(pair[1] as usize)) {
            return Err((entry.key.clone(), entry.place));
        }
        Ok(Map { entries, by_key })
    }

    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub fn entry(&self, key: &str) -> Option<&Entry> {
        let found = |position: &u32| {
            let entry = self.entries.get(*position as usize);
            entry.map_or("", |entry| &entry.key).cmp(key)
        };
        let at = self.by_key.binary_search_by(found).ok()?;
        self.entries.get(*self.by_key.get(at)? as usize)
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// With the entries of `more` whose keys it has not.
    fn merged(self, more: &Map) -> Map {
        let known: BTreeSet<String> = self.entries.iter().map(|entry| entry.key.clone()).collect();
        let mut entries = self.entries;
        entries.extend(more.entries.iter().filter(|entry| !known.contains(&entry.key)).cloned());
        Map::new(entries).unwrap_or_default()
    }
}

impl Node {
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.map()?.get(key)
    }

    pub fn map(&self) -> Option<&Map> {
        match &self.kind {
            Kind::Map(map) => Some(map),
            _ => None,
        }
    }

    pub fn list(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::List(items) => Some(items),
            _ => None,
        }
    }

    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A text, or the spelling of a number or boolean.
    pub fn spelling(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) | Kind::Number(text) => Some(text),
            Kind::Bool(true) => Some("true"),
            Kind::Bool(false) => Some("false"),
            _ => None,
        }
    }

    pub fn is_true(&self) -> bool {
        self.kind == Kind::Bool(true)
    }

    pub fn text_at(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    pub fn is_true_at(&self, key: &str) -> bool {
        self.get(key).is_some_and(Node::is_true)
    }

    pub fn list_at(&self, key: &str) -> &[Node] {
        self.get(key).and_then(Node::list).unwrap_or_default()
    }

    pub fn entries_at(&self, key: &str) -> &[Entry] {
        self.get(key).and_then(Node::map).map(Map::entries).unwrap_or_default()
    }

    /// The value at a JSON pointer (RFC 6901), `""` being the node itself.
    pub fn pointer(&self, pointer: &str) -> Option<&Node> {
        let Some(parts) = pointer.strip_prefix('/') else { return pointer.is_empty().then_some(self) };
        let mut node = self;
        for part in parts.split('/') {
            let key = part.replace("~1", "/").replace("~0", "~");
            node = match &node.kind {
                Kind::Map(map) => map.get(&key)?,
                Kind::List(items) => items.get(key.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(node)
    }

    /// How many values it is.
    fn weight(&self) -> usize {
        match &self.kind {
            Kind::List(items) => 1 + items.iter().map(Node::weight).sum::<usize>(),
            Kind::Map(map) => 1 + map.entries.iter().map(|entry| 1 + entry.value.weight()).sum::<usize>(),
            _ => 1,
        }
    }

    /// The same as JSON.
    pub fn json(&self) -> serde_json::Value {
        match &self.kind {
            Kind::Null => serde_json::Value::Null,
            Kind::Bool(value) => (*value).into(),
            Kind::Number(text) => serde_json::from_str(text).unwrap_or_else(|_| text.clone().into()),
            Kind::Text(text) => text.clone().into(),
            Kind::List(items) => items.iter().map(Node::json).collect(),
            Kind::Map(map) => {
                map.entries.iter().map(|entry| (entry.key.clone(), entry.value.json())).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests;
