//! Whether two trees say the same, whatever the order of their keys.
//!
//! It knows what the two syntaxes can only say in one way each.

use std::collections::BTreeMap;

use conductor_source::Span;

use crate::hcl::{SECTIONS, STEP_OPTIONS};
use crate::tree::{Entry, Kind, Node};

/// The first place in `one` where `other` says something else.
pub(super) fn difference(one: &Node, other: &Node) -> Option<Span> {
    match (&one.kind, &other.kind) {
        (Kind::String(left), Kind::String(right)) => (left.text != right.text).then_some(one.span),
        (Kind::Float { value: left, .. }, Kind::Float { value: right, .. }) => {
            (left.to_bits() != right.to_bits()).then_some(one.span)
        }
        (Kind::List(left), Kind::List(right)) if left.len() == right.len() => {
            left.iter().zip(right).find_map(|(left, right)| difference(left, right))
        }
        (Kind::Map(left), Kind::Map(right)) => {
            let (left, right) = (entries(left), entries(right));
            for (key, value) in &left {
                match right.get(key) {
                    Some(other) => {
                        if let Some(span) = difference(value, other) {
                            return Some(span);
                        }
                    }
                    None => return Some(value.span),
                }
            }
            right.keys().any(|key| !left.contains_key(key)).then_some(one.span)
        }
        (left, right) => (left != right).then_some(one.span),
    }
}

/// The entries by key. An empty section or list of steps is none, and the options of a `set` stand beside its names.
fn entries(entries: &[Entry]) -> BTreeMap<&str, std::borrow::Cow<'_, Node>> {
    use std::borrow::Cow;
    let mut found = BTreeMap::new();
    for Entry { key, value } in entries {
        let key = key.text.as_str();
        let list = key == "steps" || SECTIONS.iter().any(|(_, section)| *section == key);
        let empty = match &value.kind {
            Kind::Null => true,
            Kind::List(items) => items.is_empty(),
            _ => false,
        };
        if list && empty {
            continue;
        }
        match &value.kind {
            Kind::Map(names) if key == "set" => {
                let is_option = |entry: &&Entry| STEP_OPTIONS.contains(&entry.key.text.as_str());
                for option in names.iter().filter(is_option) {
                    found.insert(option.key.text.as_str(), Cow::Borrowed(&option.value));
                }
                let names = names.iter().filter(|entry| !is_option(entry)).cloned().collect();
                found.insert(key, Cow::Owned(Node { span: value.span, kind: Kind::Map(names) }));
            }
            _ => {
                found.insert(key, Cow::Borrowed(value));
            }
        }
    }
    found
}
