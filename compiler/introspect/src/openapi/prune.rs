//! A document cut down to what some of its operations need.
//!
//! It does not know who keeps it.

use serde_json::{Map, Value, json};

use super::documents::Documents;
use crate::document::Node;

/// `used` are paths with methods in small letters.
pub fn pruned<'u>(
    documents: &Documents,
    main: &str,
    used: impl Iterator<Item = &'u (String, String)>,
) -> Value {
    let Ok(root) = documents.root(main) else { return Value::Null };
    let mut kept = json!({"paths": {}});
    for key in ["openapi", "servers"] {
        if let Some(node) = root.node.get(key) {
            kept[key] = node.json();
        }
    }
    for (path, method) in used {
        let Some(item) = root.node.get("paths").and_then(|paths| paths.get(path)) else { continue };
        for entry in item.map().map(crate::document::Map::entries).unwrap_or_default() {
            if entry.key == *method || entry.key == "parameters" || entry.key == "$ref" {
                kept["paths"][path][&entry.key] = entry.value.json();
            }
        }
    }
    for (file, pointer) in documents.reached.borrow().iter() {
        if let Some(node) = root.node.pointer(pointer).filter(|_| file == main) {
            insert(&mut kept, pointer, node);
        }
    }
    kept
}

/// Puts a value where it stood. What stands there already holds it.
fn insert(kept: &mut Value, pointer: &str, node: &Node) {
    let mut at = kept;
    let mut parts = pointer.split('/').skip(1).peekable();
    while let Some(part) = parts.next() {
        let key = part.replace("~1", "/").replace("~0", "~");
        let Value::Object(members) = at else { return };
        let new = || if parts.peek().is_some() { Value::Object(Map::new()) } else { node.json() };
        at = members.entry(key).or_insert_with(new);
    }
}
