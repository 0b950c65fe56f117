//! The values of a manifest with the comments that belong to each, in no syntax.
//!
//! It knows neither how they were written nor how they will be.

use conductor_source::Span;

use crate::tree::{Kind, Node};

/// An entry of a mapping, an item of a list, or the whole manifest.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// Of an entry.
    pub key: Option<String>,
    pub span: Span,
    /// On lines of their own above it.
    pub lead: Vec<Line>,
    /// Beside it, without the marker.
    pub trail: Vec<String>,
    pub value: Value,
    /// A collection that is written in one line.
    pub flow: bool,
    /// On lines of their own at the end of its collection.
    pub foot: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    Blank,
    /// With its marker `#`.
    Comment(String),
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    /// As it is spelled.
    Float(String),
    Text(String),
    List(Vec<Item>),
    Map(Vec<Item>),
}

impl Item {
    /// A value without comments.
    pub fn plain(key: Option<String>, node: &Node) -> Item {
        let item = |node: &Node| Item::plain(None, node);
        let value = scalar(node).unwrap_or_else(|| match &node.kind {
            Kind::List(nodes) => Value::List(nodes.iter().map(item).collect()),
            Kind::Map(entries) => {
                let entry = |entry: &crate::Entry| Item::plain(Some(entry.key.text.clone()), &entry.value);
                Value::Map(entries.iter().map(entry).collect())
            }
            _ => Value::Null,
        });
        Item {
            key,
            span: node.span,
            lead: Vec::new(),
            trail: Vec::new(),
            value,
            flow: false,
            foot: Vec::new(),
        }
    }

    /// The entries of a mapping.
    pub fn entries(&self) -> Option<&[Item]> {
        if let Value::Map(entries) = &self.value { Some(entries) } else { None }
    }

    /// The items of a list.
    pub fn items(&self) -> &[Item] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    pub fn is_key(&self, key: &str) -> bool {
        self.key.as_deref() == Some(key)
    }

    /// Whether it stands in one line: it did, and holds no comment.
    pub fn is_inline(&self) -> bool {
        self.flow && self.is_bare()
    }

    /// Whether no comment stands in it.
    pub fn is_bare(&self) -> bool {
        let inner = match &self.value {
            Value::List(items) | Value::Map(items) => items.as_slice(),
            _ => &[],
        };
        let comment = |line: &Line| *line != Line::Blank;
        let silent = |item: &Item| item.trail.is_empty() && !item.lead.iter().any(comment) && item.is_bare();
        !self.foot.iter().any(comment) && inner.iter().all(silent)
    }

    /// All its comments, as lines above something else, followed by `lines`.
    pub fn comments_above(&self, lines: &[Line]) -> Vec<Line> {
        let beside = self.trail.iter().map(|comment| Line::Comment(comment.clone()));
        self.lead.iter().cloned().chain(beside).chain(lines.iter().cloned()).collect()
    }
}

/// The value of a node that is no collection.
pub(super) fn scalar(node: &Node) -> Option<Value> {
    match &node.kind {
        Kind::Null | Kind::Broken => Some(Value::Null),
        Kind::Bool(value) => Some(Value::Bool(*value)),
        Kind::Int(value) => Some(Value::Int(*value)),
        Kind::Float { text, .. } => Some(Value::Float(text.clone())),
        Kind::String(scalar) => Some(Value::Text(scalar.text.clone())),
        Kind::List(_) | Kind::Map(_) => None,
    }
}
