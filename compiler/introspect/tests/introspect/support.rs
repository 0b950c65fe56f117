//! Runs the introspector over sources held in memory and prints what it found.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use conductor_introspect::{Answer, DirEntry, Introspector, Need};
use conductor_model::{Findings, Lookup, Parameter, ParameterKind, Receiver, Signature};
use conductor_protocol::plan::Language;
use conductor_protocol::types::TypeDef;
use conductor_source::{Sources, Span};

/// Files by path; folders follow from them.
pub type Files = BTreeMap<String, Answer>;

pub fn answer(files: &Files, need: &Need) -> Answer {
    match need {
        Need::File(path) | Need::Url(path) => files.get(path).cloned().unwrap_or(Answer::Missing),
        Need::Directory(path) => {
            if let Some(Answer::Refused(why)) = files.get(path) {
                return Answer::Refused(why.clone());
            }
            let prefix = if path == "." { String::new() } else { format!("{path}/") };
            let mut entries = BTreeSet::new();
            for rest in files.keys().filter_map(|file| file.strip_prefix(&prefix)) {
                let (name, is_dir) = rest.split_once('/').map_or((rest, false), |(folder, _)| (folder, true));
                let refused_folder =
                    matches!(files.get(&format!("{prefix}{name}")), Some(Answer::Refused(_)));
                entries.insert((name.to_owned(), is_dir || refused_folder && !name.contains('.')));
            }
            if entries.is_empty() && path != "." {
                return Answer::Missing;
            }
            Answer::Directory(entries.into_iter().map(|(name, is_dir)| DirEntry { name, is_dir }).collect())
        }
        Need::Variable(_) | Need::Reflection(_) => Answer::Missing,
    }
}

/// Answers every need, and checks that none is asked for twice.
pub fn run(mut introspector: Introspector, files: &Files) -> (Findings, Sources, Vec<Need>) {
    let mut asked = Vec::new();
    loop {
        let needs = introspector.needs();
        if needs.is_empty() {
            break;
        }
        for need in needs {
            assert!(!asked.contains(&need), "{need:?} was asked for twice");
            introspector.supply(&need, answer(files, &need));
            asked.push(need);
        }
    }
    let mut sources = Sources::default();
    let findings = introspector.finish(&mut sources);
    (findings, sources, asked)
}

/// `"== path"` starts a file.
pub fn files(text: &str) -> Files {
    let mut files = Files::new();
    for part in text.split("\n== ").skip(1) {
        let (path, body) = part.split_once('\n').unwrap_or((part, ""));
        files.insert(path.trim().to_owned(), Answer::File(body.as_bytes().to_vec()));
    }
    files
}

/// Refs are separated by spaces.
pub fn show(files: &Files, refs: &str, names: &[&str]) -> String {
    show_in(Language::Python, files, refs, names)
}

pub fn show_in(language: Language, files: &Files, refs: &str, names: &[&str]) -> String {
    let introspector = Introspector::new(language, ".", refs.split_whitespace(), names.iter().copied());
    let (findings, sources, _) = run(introspector, files);
    print(&findings, &sources)
}

pub fn print(findings: &Findings, sources: &Sources) -> String {
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
        Lookup::Reported => "reported elsewhere".to_owned(),
    }
}

fn parameters_text(of: &[Parameter], sources: &Sources) -> String {
    let mut parameters = Vec::new();
    for parameter in of {
        let mark = match parameter.kind {
            ParameterKind::PositionalOnly => "pos ",
            ParameterKind::PositionalOrKeyword => "",
            ParameterKind::KeywordOnly => "kw ",
            ParameterKind::VarPositional => "*",
            ParameterKind::VarKeyword => "**",
            ParameterKind::Cancellation => "cancellation ",
        };
        let name = &parameter.name;
        let has_no_name = name.strip_prefix("arg").is_some_and(|number| number.parse::<usize>().is_ok());
        // `__key` of a class is `_Class__key` to callers, and `_x` of attrs is `x`.
        let bare = name.rsplit("__").next().unwrap();
        let begins = sources.slice(parameter.span).trim_start_matches('_').starts_with(bare);
        // The constructor of a pydantic model asks for the alias.
        let may_be_alias = parameter.kind == ParameterKind::KeywordOnly;
        assert!(begins || has_no_name || may_be_alias, "{name} has a wrong span");
        let ty = if parameter.annotated { format!(": {}", parameter.ty) } else { String::new() };
        let default = parameter.default.as_ref().map_or(String::new(), |text| format!(" = {text}"));
        parameters.push(format!("{mark}{name}{ty}{default}"));
    }
    parameters.join(", ")
}

fn signature_text(found: &Signature, sources: &Sources) -> String {
    let parameters = parameters_text(&found.parameters, sources);
    let function = found.function().unwrap();
    let keyword = if function.is_async { "async " } else { "" };
    let doc = found.doc.as_ref().map_or(String::new(), |doc| format!(" {doc:?}"));
    let at = place(found.span, sources);
    let or_error = if function.returns_error { " or an error" } else { "" };
    let on = match &function.receiver {
        Some(Receiver::Constructed(made)) => {
            format!(" on {}({})", made.name, parameters_text(&made.parameters, sources))
        }
        Some(Receiver::Resource(id)) => format!(" on {id}"),
        Some(Receiver::Unmade(why)) => format!(" unmade: {why}"),
        None => String::new(),
    };
    let returns = &found.returns;
    format!(
        "{keyword}{}.{}({parameters}) -> {returns}{or_error}{on} at {at}{doc}",
        function.module, function.name
    )
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
            let kind = if matches!(definition, TypeDef::Class { .. }) { "class" } else { "dict" };
            let field = |one: &conductor_protocol::types::Field| {
                let optional = if one.required { "" } else { "?" };
                let computed = if one.init { "" } else { " (computed)" };
                let source = one.attribute.as_ref().map_or(String::new(), |name| format!(" ({name})"));
                let keyword = one.keyword.as_ref().map_or(String::new(), |name| format!(" [{name}=]"));
                format!("{}{source}{keyword}{optional}: {}{computed}", one.name, one.ty)
            };
            let fields: Vec<String> = fields.iter().map(field).collect();
            format!("{kind} {{{}}}", fields.join(", "))
        }
    }
}
