//! Whether refs lead to the functions that were found, by the introspection that will read the manifest.
//!
//! It does not know why a function was chosen.

use std::collections::BTreeMap;

use conductor_model::{Lookup, Signature};
use conductor_protocol::plan::Language;
use conductor_source::Sources;
use conductor_syntax::Syntax;

use crate::introspection::{Asking, introspect};
use crate::{Answer, Need, Schemas, target};

/// A function of the tree, and what would be its ref without a scheme.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub path: String,
    /// From 1.
    pub line: usize,
    pub language: Language,
    pub reference: String,
}

/// What a ref leads to.
#[derive(Debug, Clone)]
pub(super) struct Located {
    /// With a scheme where it would be ambiguous without.
    pub reference: String,
    pub signature: Signature,
}

/// The signature behind each place, or why no ref leads there.
pub(super) fn locate(
    roots: &BTreeMap<Language, String>,
    places: &[Place],
    fetch: &mut dyn FnMut(&Need) -> Answer,
) -> Vec<Result<Located, String>> {
    let mut sources = Sources::default();
    let text = probe(roots, places);
    let (_, tree, _) = Syntax::Yaml.read(&mut sources, "", text.as_bytes());
    let (manifest, _) = conductor_model::lower(&tree, Syntax::Yaml);
    let folders = target::folders(&manifest, &mut Vec::new());
    let mut asking =
        Asking { folders: &folders, sources: &mut sources, fetch, lock: None, schemas: Schemas::Pinned };
    let findings = introspect(&manifest, &mut asking);
    let lookup = |reference: &str| findings.lookups.get(reference);
    let one = |place: &Place| {
        let explicit = explicit(place);
        let answer = match lookup(&place.reference) {
            Some(Lookup::Found(found)) => Ok((place.reference.clone(), found)),
            other => match lookup(&explicit) {
                Some(Lookup::Found(found)) => Ok((explicit.clone(), found)),
                again => {
                    Err(again.or(other).map_or_else(|| "nothing answers".to_owned(), |told| why(told, place)))
                }
            },
        };
        let (reference, signature) = answer?;
        let span = signature.span;
        let (path, line) = (sources.path(span.file), sources.position(span.file, span.start()).0);
        if (path, line) != (place.path.as_str(), place.line) {
            return Err(format!("`{reference}` leads to another definition, at {path}:{line}"));
        }
        Ok(Located { reference, signature: (**signature).clone() })
    };
    places.iter().map(one).collect()
}

/// A manifest that names every place twice: as people would, and so that only one language is meant.
fn probe(roots: &BTreeMap<Language, String>, places: &[Place]) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut text = String::from("targets:\n");
    for (language, root) in roots {
        text.push_str(&format!("  - {{language: {}, root: {}}}\n", language.as_str(), quoted(root)));
    }
    text.push_str("tasks:\n");
    for (index, place) in places.iter().enumerate() {
        for (form, reference) in [("a", place.reference.clone()), ("b", explicit(place))] {
            text.push_str(&format!("  - {{id: {form}{index}, ref: {}}}\n", quoted(&reference)));
        }
    }
    text
}

fn explicit(place: &Place) -> String {
    let scheme = match place.language {
        Language::Python => "py",
        Language::Typescript => "ts",
        Language::Go => "go",
        Language::Rust => "rs",
    };
    format!("{scheme}:{}", place.reference)
}

fn why(lookup: &Lookup, place: &Place) -> String {
    match lookup {
        Lookup::NotFound { .. } => {
            format!("`{}` leads nowhere: the name is bound otherwise", place.reference)
        }
        Lookup::NotCallable { what, .. } => format!("it is {what}"),
        Lookup::Ambiguous(found) => {
            let places: Vec<&str> = found.iter().map(|(place, _)| place.as_str()).collect();
            format!("`{}` has several answers: {}", place.reference, places.join(", "))
        }
        Lookup::Unreadable { problem, .. } => problem.clone(),
        Lookup::Found(_) | Lookup::Reported => "it cannot be looked up".to_owned(),
    }
}
