//! What the introspector finds in TypeScript and JavaScript sources.

mod broken;
mod forms;
mod javascript;
mod modules;
mod types;

use std::fmt::Write;

use crate::support::{Files, run};
use conductor_introspect::Introspector;
use conductor_model::{Findings, Lookup, Parameter, ParameterKind, Receiver, Signature};
use conductor_protocol::plan::Language;
use conductor_protocol::types::TypeDef;
use conductor_source::{Sources, Span};

/// Refs are separated by blanks.
fn show(files: &Files, refs: &str, names: &[&str]) -> String {
    let (findings, sources) = find(files, refs, names);
    print(&findings, &sources)
}

/// `"== path"` starts a file.
fn show_text(text: &str, refs: &str) -> String {
    show(&crate::support::files(text), refs, &[])
}

fn find(files: &Files, refs: &str, names: &[&str]) -> (Findings, Sources) {
    let introspector =
        Introspector::new(Language::Typescript, ".", refs.split_whitespace(), names.iter().copied());
    let (findings, sources, _) = run(introspector, files);
    (findings, sources)
}

fn print(findings: &Findings, sources: &Sources) -> String {
    let mut out = String::new();
    for (reference, lookup) in &findings.lookups {
        let _ = writeln!(out, "{reference}: {}", lookup_text(lookup, sources));
    }
    for (name, definition) in &findings.types {
        let place = findings.type_spans.get(name).map_or("outside".to_owned(), |span| place(*span, sources));
        let _ = writeln!(out, "{name} ({place}): {}", definition_text(definition));
    }
    for (spelling, name) in &findings.named {
        let _ = writeln!(out, "`{spelling}` is {name}");
    }
    for diagnostic in &findings.diagnostics {
        let (code, at) = (diagnostic.code, place(diagnostic.span(), sources));
        let _ = writeln!(out, "{code} at {at}: {}", diagnostic.message);
    }
    out
}

fn place(span: Span, sources: &Sources) -> String {
    let (line, column) = sources.position(span.file, span.start());
    format!("{}:{line}:{column} `{}`", sources.path(span.file), sources.slice(span).escape_debug())
}

fn lookup_text(lookup: &Lookup, sources: &Sources) -> String {
    match lookup {
        Lookup::Found(found) => signature_text(found, sources),
        Lookup::NotFound { searched, similar } => format!("not found in {searched:?}, similar {similar:?}"),
        Lookup::NotCallable { what, span } => format!("{what} at {}", place(*span, sources)),
        Lookup::Ambiguous(found) => {
            let places: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
            format!("ambiguous {places:?}")
        }
        Lookup::Unreadable { problem, span } => {
            let at = span.map_or(String::new(), |span| format!(" at {}", place(span, sources)));
            format!("unreadable, {problem}{at}")
        }
        other => format!("{other:?}"),
    }
}

fn signature_text(found: &Signature, sources: &Sources) -> String {
    let function = found.function().unwrap();
    let keyword = if function.is_async { "async " } else { "" };
    let doc = found.doc.as_ref().map_or(String::new(), |doc| format!(" {doc:?}"));
    let at = place(found.span, sources);
    let object = match &function.receiver {
        Some(Receiver::Constructed(made)) => {
            format!("new {}({}) ", made.name, list(&made.parameters, sources))
        }
        Some(Receiver::Unmade(why)) => format!("unmade: {why}: "),
        Some(Receiver::Resource(id)) => format!("of {id} "),
        None => String::new(),
    };
    let annotation = found.annotation.as_ref().map_or("", |_| " annotated");
    format!(
        "{object}{keyword}{}.{}({}) -> {} at {at}{doc}{annotation}",
        function.module,
        function.name,
        list(&found.parameters, sources),
        found.returns
    )
}

fn list(parameters: &[Parameter], sources: &Sources) -> String {
    let one = |parameter: &Parameter| {
        let mark = match parameter.kind {
            ParameterKind::PositionalOnly => "",
            ParameterKind::KeywordOnly => "field ",
            ParameterKind::VarPositional => "...",
            ParameterKind::Cancellation => "cancellation ",
            other => panic!("{other:?}"),
        };
        assert_ne!(sources.slice(parameter.span), "", "{} has no place", parameter.name);
        let ty = if parameter.annotated { format!(": {}", parameter.ty) } else { String::new() };
        let default = parameter.default.as_ref().map_or(String::new(), |text| format!(" = {text}"));
        format!("{mark}{}{ty}{default}", parameter.name)
    };
    parameters.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn definition_text(definition: &TypeDef) -> String {
    match definition {
        TypeDef::Opaque => "opaque".to_owned(),
        TypeDef::Enum { base, members } => {
            let members: Vec<String> =
                members.iter().map(|one| format!("{}={}", one.name, one.value)).collect();
            format!("enum {base:?} {}", members.join(" "))
        }
        TypeDef::Class { fields } | TypeDef::TypedDict { fields } => {
            let kind = if matches!(definition, TypeDef::Class { .. }) { "class" } else { "object" };
            let fields: Vec<String> = fields
                .iter()
                .map(|one| format!("{}{}: {}", one.name, if one.required { "" } else { "?" }, one.ty))
                .collect();
            format!("{kind} {{{}}}", fields.join(", "))
        }
    }
}
