//! Where code is generated: the folders of the languages that the Plans need, and what decides the code's form there.
//!
//! It does not know what the code says.

use std::collections::BTreeSet;

use conductor_emit::Target;
use conductor_introspect::{Answer, GoHome, GoPlace, Need};
use conductor_protocol::plan::{Fallback, Language, Plan, StepKind, TaskCall};
use conductor_resolve::Graph;
use conductor_source::{Code, Diagnostic, FileId, Span};

use crate::target::{BAD_FOLDER, Folder, Folders};

pub const NO_PLACE: Code = Code("E163");

/// The output of one language.
#[derive(Debug)]
pub(crate) struct Place {
    pub language: Language,
    pub folder: Folder,
    go: Option<GoPackage>,
    javascript: bool,
}

/// Where generated Go stands, and the errors that its patterns mean: packages and names of variables.
#[derive(Debug)]
struct GoPackage {
    path: String,
    errors: Vec<(String, String)>,
}

impl Place {
    pub(crate) fn target(&self) -> Target<'_> {
        Target {
            root: &self.folder.root,
            go_package: self.go.as_ref().map(|go| go.path.as_str()),
            go_errors: self.go.as_ref().map_or(&[], |go| &go.errors),
            javascript: self.javascript,
            ..Target::new(self.language, &self.folder.out)
        }
    }
}

/// Of each language that orchestrates a workflow or serves functions to one; the first target, or Python, where
/// there is nothing to generate.
pub(crate) fn languages(plans: &[Plan], folders: &Folders) -> BTreeSet<Language> {
    let orchestrating = plans.iter().map(|plan| plan.language);
    let called = plans.iter().flat_map(Plan::functions).map(|function| function.language);
    let found: BTreeSet<Language> = orchestrating.chain(called).collect();
    if found.is_empty() { BTreeSet::from([folders.first().unwrap_or(Language::Python)]) } else { found }
}

/// The place of one language's code, or why it cannot stand there.
pub(crate) fn place(
    language: Language,
    graph: &Graph,
    plans: &[Plan],
    folders: &Folders,
    fetch: &mut dyn FnMut(&Need) -> Answer,
) -> Result<Place, Box<Diagnostic>> {
    let folder = folders.of(language);
    let mut place = Place { language, folder, go: None, javascript: false };
    match language {
        Language::Go => place.go = Some(go_package(&place.folder, graph, plans, folders, fetch)?),
        Language::Typescript => place.javascript = is_javascript(&place.folder.out, fetch),
        Language::Python | Language::Rust => {}
    }
    Ok(place)
}

/// Where the nearest project says nothing of TypeScript, nobody compiles it.
fn is_javascript(out: &str, fetch: &mut dyn FnMut(&Need) -> Answer) -> bool {
    let mut folder = Some(above(out));
    while let Some(here) = folder {
        if let Answer::Directory(entries) = fetch(&Need::Directory(here.to_owned())) {
            let has = |name: &str| entries.iter().any(|entry| !entry.is_dir && entry.name == name);
            if has("tsconfig.json") || has("jsconfig.json") {
                return !has("tsconfig.json");
            }
        }
        folder = (here != ".").then(|| above(here));
    }
    true
}

fn above(folder: &str) -> &str {
    folder.rsplit_once('/').map_or(".", |(above, _)| above)
}

fn go_package(
    folder: &Folder,
    graph: &Graph,
    plans: &[Plan],
    folders: &Folders,
    fetch: &mut dyn FnMut(&Need) -> Answer,
) -> Result<GoPackage, Box<Diagnostic>> {
    let functions = plans.iter().flat_map(Plan::functions);
    let called = functions.filter(|function| function.language == Language::Go);
    let imported = called.map(|function| function.module.clone()).collect();
    let mut home = GoHome::new(&folder.root, &folder.out, imported, patterns(plans));
    loop {
        let needs = home.needs();
        if needs.is_empty() {
            break;
        }
        for need in needs {
            let answer = fetch(&need);
            home.supply(&need, answer);
        }
    }
    let out = &folder.out;
    let at_target = folders.written_at(Language::Go).unwrap_or_else(|| of_go(graph));
    let finding = |message: String, span, label: &str| Diagnostic::error(NO_PLACE, message, span, label);
    Err(Box::new(match home.finish() {
        GoPlace::Fine(path, errors) => return Ok(GoPackage { path, errors }),
        GoPlace::NoModule => {
            let message =
                format!("there is no `go.mod` above `{out}`, so nothing can import the generated package");
            finding(message, at_target, "its Go package needs a module")
                .help("run `go mod init example.com/NAME` in the folder of the sources")
        }
        GoPlace::Cycle(way) => {
            let steps: Vec<String> = way.iter().map(|package| format!("`{package}`")).collect();
            let first = way.first().map_or("", String::as_str);
            let message = format!("the package `{first}` cannot import the generated one, which imports it");
            finding(message, task_of(graph, first).unwrap_or(at_target), "this function's package does")
                .note(format!("Go allows no cycle: {}", steps.join(" imports ")))
                .help("call the workflow from another package, or move the function to one that does not call workflows")
        }
        GoPlace::Internal(package) => {
            let message = format!("generated code in `{out}` may not import `{package}`");
            finding(message, task_of(graph, &package).unwrap_or(at_target), "this function's package is internal")
                .help("put the generated code below the folder that holds `internal`: `out` of the target says where")
        }
    }))
}

/// What policies and catches name.
fn patterns(plans: &[Plan]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for step in plans.iter().flat_map(Plan::all_steps) {
        match &step.kind {
            StepKind::Try(block) => found.extend(block.catches.iter().flat_map(|catch| catch.errors.clone())),
            StepKind::Task(call) => named_by(call, &mut found),
            _ => {}
        }
    }
    found
}

fn named_by(call: &TaskCall, found: &mut BTreeSet<String>) {
    found.extend(call.policy.retry_on.iter().chain(&call.policy.abort_on).cloned());
    if let Some(Fallback::Task(other)) = &call.fallback {
        named_by(other, found);
    }
    if let Some(undo) = &call.compensate {
        named_by(undo, found);
    }
}

/// A build replaces each folder as a whole: none may hold another, or another's sources.
pub(crate) fn overlaps(languages: &BTreeSet<Language>, folders: &Folders, graph: &Graph) -> Vec<Diagnostic> {
    let inside =
        |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
    let mut found = Vec::new();
    for language in languages {
        let Folder { out, .. } = folders.of(*language);
        for other in languages.iter().filter(|other| *other != language) {
            let of_other = folders.of(*other);
            let what = if of_other.root == out || inside(&of_other.root, &out) {
                format!("the sources of {}", other.name())
            } else if inside(&of_other.out, &out) {
                format!("the generated code of {}", other.name())
            } else {
                continue;
            };
            let message = format!("`{out}`, which each build replaces as a whole, would hold {what}");
            let at = folders.written_at(*language).or_else(|| folders.written_at(*other));
            let at = at.unwrap_or_else(|| anywhere(graph));
            found.push(
                Diagnostic::error(BAD_FOLDER, message, at, "of this target")
                    .help("give each target an `out` of its own"),
            );
        }
    }
    found
}

/// Two languages share a folder, and a name in it.
pub(crate) fn written_twice(path: &str, language: Language, folders: &Folders, graph: &Graph) -> Diagnostic {
    let message = format!("`{path}` would be written for two languages");
    let at = folders.written_at(language).unwrap_or_else(|| anywhere(graph));
    Diagnostic::error(BAD_FOLDER, message, at, "one of them").help("give each target an `out` of its own")
}

fn anywhere(graph: &Graph) -> Span {
    graph.workflows.first().map_or(Span::new(FileId(0), 0, 0), |workflow| workflow.id.span)
}

/// The first task whose function the package has.
fn task_of(graph: &Graph, package: &str) -> Option<Span> {
    let is_there = |task: &&conductor_resolve::Task| {
        let function = task.signature.as_ref().and_then(|signature| signature.function());
        function.is_some_and(|function| function.language == Language::Go && function.module == package)
    };
    graph.tasks.iter().find(is_there).map(|task| task.id.span)
}

/// The first workflow or task of Go.
fn of_go(graph: &Graph) -> Span {
    let workflow = graph.workflows.iter().find(|workflow| workflow.language == Language::Go);
    let is_go = |task: &&conductor_resolve::Task| {
        let function = task.signature.as_ref().and_then(|signature| signature.function());
        function.is_some_and(|function| function.language == Language::Go)
    };
    let task = || graph.tasks.iter().find(is_go).map(|task| task.id.span);
    workflow.map(|workflow| workflow.id.span).or_else(task).unwrap_or_else(|| anywhere(graph))
}
