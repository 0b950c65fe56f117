//! The JSON Schema of the manifest, for completion, hover and validation in editors.
//!
//! It is made from the tables by which a manifest is lowered, so that the two cannot differ; what names mean it does not
//! know.

mod form;
mod keys;
mod object;

use serde_json::{Map, Value, json};

use crate::lower::step::form::FORMS;

/// Draft 7: the newest that every version of yaml-language-server in use reads (its versions before 2 say "JSON Schema 7
/// and below"), and that of JSON Schema Store.
const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

/// The schema of a manifest in YAML. It refuses what is structurally wrong and, for some values, lets pass what only
/// lowering can judge: the grammar of types and expressions, and bounds that depend on units.
#[must_use]
pub fn schema() -> Value {
    let mut schema = object::manifest();
    schema["$schema"] = json!(DRAFT);
    schema["title"] = json!("Conductor manifest");
    schema["description"] =
        json!("How functions run: their order, what runs at the same time, retries, timeouts and limits.");
    schema["definitions"] = definitions();
    schema
}

/// Whether a key is the word that says what a step does.
#[must_use]
pub fn is_step_word(key: &str) -> bool {
    FORMS.iter().any(|form| form.word == key)
}

fn definitions() -> Value {
    let mut definitions = Map::new();
    let mut define = |name: &str, schema: Value| definitions.insert(name.to_owned(), schema);
    define("target", object::target());
    define("task", object::task());
    define("defined_policy", object::defined_policy());
    define("policy", object::policy());
    define("resource", object::resource());
    define("workflow", object::workflow());
    define("type", object::type_expression());
    define("step", object::any_step());
    for kind in FORMS {
        define(&object::definition_of_step(kind.word), object::step(kind));
    }
    Value::Object(definitions)
}

#[cfg(test)]
mod tests;
