//! Valid manifests of every construct, and what becomes of them by one mistake.
//!
//! It makes mistakes; what they mean is judged elsewhere.

use conductor_source::Sources;
use conductor_syntax::{Kind, Node, Syntax};
use serde_json::{Map, Value, json};

use crate::support::Project;

pub const CODE: (&str, &str) = ("shop.py", include_str!("constructs/shop.py"));

const MANIFESTS: [(&str, &str); 8] = [
    ("blocks", include_str!("constructs/blocks.yaml")),
    ("calls", include_str!("constructs/calls.yaml")),
    ("choices", include_str!("constructs/choices.yaml")),
    ("policies", include_str!("constructs/policies.yaml")),
    ("records", include_str!("constructs/records.yaml")),
    ("resources", include_str!("constructs/resources.yaml")),
    ("schedules", include_str!("constructs/schedules.yaml")),
    ("waits", include_str!("constructs/waits.yaml")),
];

/// Keys under which anything may stand.
const FREE: [&str; 9] = ["with", "input", "set", "output", "value", "data", "message", "return", "key"];
/// Keys whose value names something that is defined.
const NAMES: [&str; 8] = ["task", "workflow", "policy", "uses", "needs", "resource", "compensate", "ref"];

/// A manifest with one mistake.
pub struct Mutant {
    /// Which manifest, where, and what was done.
    pub name: String,
    pub document: Value,
    /// Whether it must be an error, whatever else the manifest says.
    pub wrong: bool,
}

/// The valid manifests, by name.
pub fn originals() -> impl Iterator<Item = (&'static str, Value)> {
    MANIFESTS.into_iter().map(|(name, text)| (name, document("concurrency.yaml", text)))
}

/// The tree of a manifest as JSON.
pub fn document(path: &str, text: &str) -> Value {
    let mut sources = Sources::default();
    let (_, tree, findings) = Syntax::of(path).read(&mut sources, path, text.as_bytes());
    assert!(findings.is_empty(), "{path} cannot be read: {findings:?}");
    json_of(&tree)
}

pub fn json_of(node: &Node) -> Value {
    match &node.kind {
        Kind::Null | Kind::Broken => Value::Null,
        Kind::Bool(value) => json!(value),
        Kind::Int(number) => json!(number),
        Kind::Float { value, .. } => json!(value),
        Kind::String(scalar) => json!(scalar.text),
        Kind::List(nodes) => nodes.iter().map(json_of).collect(),
        Kind::Map(entries) => {
            let pairs = entries.iter().map(|entry| (entry.key.text.clone(), json_of(&entry.value)));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
    }
}

/// A project with the manifest, which is written in JSON: that is YAML, too.
pub fn project(document: &Value) -> Project {
    let text = serde_json::to_string_pretty(document).expect("a document can be written");
    Project::new([("concurrency.yaml", text.as_str()), CODE])
}

/// Every original with every mistake at every place.
pub fn all() -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for (name, original) in originals() {
        let mut places = Vec::new();
        visit(&original, String::new(), false, &mut places);
        for (pointer, free) in places {
            for (mistake, wrong, changed) in mistakes(&original, &pointer, free) {
                mutants.push(Mutant {
                    name: format!("{name}{pointer}: {mistake}"),
                    document: changed,
                    wrong,
                });
            }
        }
    }
    mutants
}

/// Pointers (RFC 6901) to every value, and whether it stands where anything may.
fn visit(value: &Value, pointer: String, free: bool, places: &mut Vec<(String, bool)>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let free = free || FREE.contains(&key.as_str());
                visit(member, format!("{pointer}/{key}"), free, places);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                visit(item, format!("{pointer}/{index}"), free, places);
            }
        }
        _ => {}
    }
    if !pointer.is_empty() {
        places.push((pointer, free));
    }
}

/// What can be done to the value at a place: a word for it, whether it must be an error, and the outcome.
fn mistakes(original: &Value, pointer: &str, free: bool) -> Vec<(&'static str, bool, Value)> {
    let (parent, last) = pointer.rsplit_once('/').expect("a pointer has a slash");
    let value = original.pointer(pointer).expect("the place is there");
    let owner = parent.rsplit('/').find(|part| part.parse::<usize>().is_err()).unwrap_or_default();
    let at_key = original.pointer(parent).is_some_and(Value::is_object);
    let mut made = Vec::new();
    if at_key {
        // What anything may stand under is itself a key that must be spelt right.
        let vocabulary = !free || (FREE.contains(&last) && !FREE.contains(&owner));
        made.push(("the key is misspelt", vocabulary, renamed(original, parent, last)));
        made.push(("the key is missing", false, without(original, parent, last)));
    }
    for (word, other) in [("a number", json!(7)), ("a text", json!("qux quux")), ("a list", json!([1.5]))] {
        // A list may stand there.
        let fits = last == "over" && other.is_array();
        if !fits && std::mem::discriminant(&other) != std::mem::discriminant(value) {
            made.push((word, false, replaced(original, pointer, other)));
        }
    }
    let key = if at_key { last } else { owner };
    if let (false, true, Some(name)) = (free, NAMES.contains(&key), value.as_str()) {
        made.push(("the name is misspelt", true, replaced(original, pointer, json!(misspelt(name)))));
    }
    made
}

/// The last two letters are swapped; where they are equal one is doubled.
fn misspelt(name: &str) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    let count = letters.len();
    if count < 2 || letters[count - 1] == letters[count - 2] {
        letters.push('x');
    } else {
        letters.swap(count - 1, count - 2);
    }
    letters.into_iter().collect()
}

fn replaced(original: &Value, pointer: &str, value: Value) -> Value {
    let mut document = original.clone();
    *document.pointer_mut(pointer).expect("the place is there") = value;
    document
}

fn without(original: &Value, parent: &str, key: &str) -> Value {
    let mut document = original.clone();
    members(&mut document, parent).remove(key);
    document
}

fn renamed(original: &Value, parent: &str, key: &str) -> Value {
    let mut document = original.clone();
    let members = members(&mut document, parent);
    let value = members.remove(key).expect("the key is there");
    members.insert(misspelt(key), value);
    document
}

fn members<'a>(document: &'a mut Value, parent: &str) -> &'a mut Map<String, Value> {
    document.pointer_mut(parent).and_then(Value::as_object_mut).expect("the parent is a mapping")
}
