//! The conversation with the introspection of each language: it asks for paths until it knows every ref and type.
//!
//! It knows which languages may be meant, not how any of them is read.

use std::collections::{BTreeMap, BTreeSet};

use conductor_introspect::{Answer, Introspector, Need};
use conductor_model::{
    Findings, Lookup, Manifest, Operation, Reference, Scheme, Step, StepKind, TypeExpr, TypeExprKind,
};
use conductor_protocol::plan::Language;

use super::{Asking, merge};

const LANGUAGES: [Language; 4] = [Language::Python, Language::Typescript, Language::Go, Language::Rust];

/// What the code answers for each ref that may lead into it, by the ref as it is written.
pub(super) fn findings(
    manifest: &Manifest,
    written: &BTreeMap<&str, Reference<'_>>,
    asking: &mut Asking<'_>,
) -> Findings {
    let mut names = BTreeSet::new();
    let inputs = manifest.workflows.iter().flat_map(|workflow| &workflow.inputs);
    inputs.for_each(|input| type_names(&input.ty, &mut names));
    manifest.workflows.iter().for_each(|workflow| of_steps(&workflow.steps, &mut names));
    let operations = manifest.resources.iter().flat_map(|resource| &resource.api.operations);
    operations.flat_map(Operation::types).for_each(|ty| type_names(ty, &mut names));
    let mut all = Findings::default();
    let mut candidates: Vec<(&str, Lookup)> = Vec::new();
    for language in languages(manifest, written, asking) {
        let meant = written.iter().filter(|(_, reference)| reference.may_be_of(language));
        let mut asked: Vec<(&str, &str)> = meant.map(|(text, reference)| (reference.path, *text)).collect();
        asked.sort_unstable();
        let paths: BTreeSet<&str> = asked.iter().map(|(path, _)| *path).collect();
        let mut found = of_language(language, &paths, &names, asking);
        // Most refs are written in one way only: their answers, which are large, need not be copied.
        for ways in asked.chunk_by(|(one, _), (other, _)| one == other) {
            let Some(((path, last), others)) = ways.split_last() else { continue };
            let Some(lookup) = found.lookups.remove(*path) else { continue };
            candidates.extend(others.iter().map(|(_, text)| (*text, lookup.clone())));
            candidates.push((last, lookup));
        }
        merge::types(&mut all, found);
    }
    all.lookups = answered(candidates);
    all
}

/// One answer for each ref, of those that the languages have given.
fn answered(mut candidates: Vec<(&str, Lookup)>) -> BTreeMap<String, Lookup> {
    candidates.sort_by_key(|(text, _)| *text);
    let mut candidates = candidates.into_iter().peekable();
    let next = || {
        let (text, first) = candidates.next()?;
        let mut lookups = vec![first];
        while let Some((_, more)) = candidates.next_if(|(other, _)| *other == text) {
            lookups.push(more);
        }
        Some((text.to_owned(), merge::one_of(lookups)))
    };
    std::iter::from_fn(next).collect()
}

/// What one language's sources say.
pub(super) fn of_language(
    language: Language,
    paths: &BTreeSet<&str>,
    names: &BTreeSet<&str>,
    asking: &mut Asking<'_>,
) -> Findings {
    let root = asking.folders.of(language).root;
    let refs = paths.iter().copied();
    let mut introspector = Introspector::new(language, &root, refs, names.iter().copied())
        .with_first_file(asking.sources.next_id());
    loop {
        let needs = introspector.needs();
        if needs.is_empty() {
            let mut found = introspector.finish(asking.sources);
            found.languages = found.types.keys().map(|class| (class.clone(), language)).collect();
            return found;
        }
        let answered = |need| {
            let answer = (asking.fetch)(&need);
            (need, answer)
        };
        introspector.supply_all(needs.into_iter().map(answered).collect());
    }
}

/// Those that a target or a ref names, and those whose files stand in the folder of the sources. A type's name is
/// looked up in the first where no ref leads into the code.
fn languages(
    manifest: &Manifest,
    written: &BTreeMap<&str, Reference<'_>>,
    asking: &mut Asking<'_>,
) -> Vec<Language> {
    let is_open = written.values().any(|reference| reference.scheme.is_none());
    let is_named = |language: Language| {
        let mut schemes = written.values().filter_map(|reference| reference.scheme);
        schemes.any(|scheme| scheme == Scheme::Code(language))
            || manifest.targets.iter().any(|target| target.language.value == language)
    };
    let found: Vec<Language> = LANGUAGES
        .into_iter()
        .filter(|language| is_named(*language) || is_open && stands_there(*language, asking))
        .collect();
    if found.is_empty() { vec![Language::Python] } else { found }
}

fn stands_there(language: Language, asking: &mut Asking<'_>) -> bool {
    let root = asking.folders.of(language).root;
    looks_like(language, root, asking.fetch)
}

/// Whether the folder of the sources looks like one of that language: where none is named, code is looked for in it.
pub(crate) fn looks_like(language: Language, root: String, fetch: &mut dyn FnMut(&Need) -> Answer) -> bool {
    let (files, endings): (&[&str], &[&str]) = match language {
        // What nobody names a language for is looked for here in any case.
        Language::Python => return true,
        Language::Typescript => {
            (&["package.json", "tsconfig.json", "jsconfig.json"], &["ts", "mts", "tsx", "js", "mjs"])
        }
        Language::Go => (&["go.mod", "go.work"], &["go"]),
        Language::Rust => (&["Cargo.toml"], &["rs"]),
    };
    let Answer::Directory(entries) = fetch(&Need::Directory(root)) else { return false };
    entries.iter().any(|entry| {
        let ending = entry.name.rsplit_once('.').map_or("", |(_, ending)| ending);
        !entry.is_dir && (files.contains(&entry.name.as_str()) || endings.contains(&ending))
    })
}

/// The types of the data that signals bring.
fn of_steps<'a>(steps: &'a [Step], names: &mut BTreeSet<&'a str>) {
    for step in steps {
        if let StepKind::WaitFor(wait) = &step.kind {
            wait.data.iter().for_each(|ty| type_names(ty, names));
        }
        step.kind.bodies().into_iter().for_each(|inside| of_steps(inside, names));
    }
}

fn type_names<'a>(written: &'a TypeExpr, names: &mut BTreeSet<&'a str>) {
    match &written.kind {
        TypeExprKind::Name(name) => {
            names.insert(name);
        }
        TypeExprKind::List(inner) | TypeExprKind::Map(inner) | TypeExprKind::Optional(inner) => {
            type_names(inner, names);
        }
        TypeExprKind::Record(fields) => fields.iter().for_each(|(_, field)| type_names(field, names)),
        TypeExprKind::Union(members) => members.iter().for_each(|member| type_names(member, names)),
        TypeExprKind::Builtin(_) | TypeExprKind::Broken => {}
    }
}
