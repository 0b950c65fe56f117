//! Data in YAML, such as a profile, as JSON: with the syntax of manifests, and none of their meaning.
//!
//! It does not know what the data is for.

use conductor_source::{Diagnostic, Sources};
use conductor_syntax::{Kind, Node, Syntax};
use serde_json::{Map, Value as Json};

/// Reads YAML (or JSON, which YAML contains). The findings are errors; without any the value is whole.
#[must_use]
pub fn read_data(path: &str, bytes: &[u8]) -> (Json, Vec<Diagnostic>, Sources) {
    let mut sources = Sources::default();
    let (_, tree, findings) = Syntax::Yaml.read(&mut sources, path, bytes);
    (json(&tree), findings, sources)
}

fn json(node: &Node) -> Json {
    match &node.kind {
        Kind::Null | Kind::Broken => Json::Null,
        Kind::Bool(value) => Json::from(*value),
        Kind::Int(value) => Json::from(*value),
        Kind::Float { value, .. } => Json::from(*value),
        Kind::String(scalar) => Json::from(scalar.text.as_str()),
        Kind::List(items) => items.iter().map(json).collect(),
        Kind::Map(entries) => {
            let fields = entries.iter().map(|entry| (entry.key.text.clone(), json(&entry.value)));
            Json::Object(fields.collect::<Map<_, _>>())
        }
    }
}
