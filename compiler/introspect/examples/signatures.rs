//! Prints what introspection finds for refs, as JSON, to be compared with an independent reading.
//!
//! It knows no manifest and judges nothing: `cargo xtask agreement` does.
//!
//! `signatures --language L --root DIR` reads a JSON list of refs on standard input and prints one object a line.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "an errand beside the pure crate"
)]

use std::io::Read;
use std::path::Path;

use conductor_introspect::{Answer, DirEntry, Introspector, Need};
use conductor_model::{Lookup, Parameter, ParameterKind, Receiver, Signature};
use conductor_protocol::plan::Language;
use conductor_source::Sources;
use serde_json::{Value, json};

fn main() {
    let (mut language, mut root) = (String::new(), ".".to_owned());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments.next().unwrap_or_default();
        match argument.as_str() {
            "--language" => language = value,
            "--root" => root = value,
            _ => panic!("usage: signatures --language L --root DIR"),
        }
    }
    let language = serde_json::from_value::<Language>(Value::from(language)).unwrap();
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    let refs: Vec<String> = serde_json::from_str(&text).unwrap();
    let mut introspector = Introspector::new(language, ".", refs.iter().map(String::as_str), []);
    loop {
        let needs = introspector.needs();
        if needs.is_empty() {
            break;
        }
        for need in needs {
            introspector.supply(&need, answer(Path::new(&root), &need));
        }
    }
    let mut sources = Sources::default();
    let findings = introspector.finish(&mut sources);
    for reference in &refs {
        println!("{}", described(reference, &findings.lookups[reference], &sources));
    }
}

fn answer(root: &Path, need: &Need) -> Answer {
    match need {
        Need::File(path) => std::fs::read(root.join(path)).map_or(Answer::Missing, Answer::File),
        Need::Directory(path) => {
            let Ok(entries) = std::fs::read_dir(root.join(path)) else { return Answer::Missing };
            let entry = |entry: std::io::Result<std::fs::DirEntry>| {
                let entry = entry.ok()?;
                Some(DirEntry { name: entry.file_name().into_string().ok()?, is_dir: entry.path().is_dir() })
            };
            let mut found: Vec<DirEntry> = entries.filter_map(entry).collect();
            found.sort_by(|one, other| one.name.cmp(&other.name));
            Answer::Directory(found)
        }
        Need::Url(_) | Need::Variable(_) | Need::Reflection(_) => Answer::Missing,
    }
}

fn described(reference: &str, lookup: &Lookup, sources: &Sources) -> Value {
    let refused = |why: String| json!({"ref": reference, "refused": why});
    match lookup {
        Lookup::Found(found) => signature(reference, found, sources),
        Lookup::NotFound { similar, .. } => refused(format!("not found; similar: {similar:?}")),
        Lookup::NotCallable { what, .. } => refused(what.clone()),
        Lookup::Ambiguous(found) => {
            let places: Vec<&str> = found.iter().map(|(place, _)| place.as_str()).collect();
            refused(format!("ambiguous: {}", places.join(", ")))
        }
        Lookup::Unreadable { problem, .. } => refused(problem.clone()),
        Lookup::Reported => refused("reported elsewhere".to_owned()),
    }
}

fn signature(reference: &str, found: &Signature, sources: &Sources) -> Value {
    let (line, _) = sources.position(found.span.file, found.span.start());
    json!({
        "ref": reference,
        "kind": kind(found),
        "name": found.name().rsplit('.').next(),
        "is_async": found.function().is_some_and(|function| function.is_async),
        "parameters": found.parameters.iter().map(parameter).collect::<Vec<_>>(),
        "returns": found.returns.to_string(),
        "returns_error": found.function().is_some_and(|function| function.returns_error),
        "receiver": found.function().and_then(|function| receiver(function.receiver.as_ref()?)),
        "place": format!("{}:{line}", sources.path(found.span.file)),
    })
}

fn kind(found: &Signature) -> &'static str {
    let Some(function) = found.function() else { return "remote" };
    match &function.receiver {
        Some(_) => "method",
        None if function.name.contains('.') => "static or class method",
        None => "function",
    }
}

/// What makes the object of a method; empty where nothing does.
fn receiver(of: &Receiver) -> Option<&str> {
    match of {
        Receiver::Constructed(made) => Some(&made.name),
        Receiver::Unmade(_) => Some(""),
        Receiver::Resource(_) => None,
    }
}

fn parameter(found: &Parameter) -> Value {
    let kind = match found.kind {
        ParameterKind::PositionalOnly => "positional only",
        ParameterKind::PositionalOrKeyword => "positional or keyword",
        ParameterKind::KeywordOnly => "keyword only",
        ParameterKind::VarPositional => "variadic",
        ParameterKind::VarKeyword => "variadic keyword",
        ParameterKind::Cancellation => "cancellation",
    };
    json!({
        "name": found.name,
        "kind": kind,
        "has_default": found.default.is_some(),
        "default": found.default,
        "type": found.ty.to_string(),
    })
}
