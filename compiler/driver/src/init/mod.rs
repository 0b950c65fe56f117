//! A first manifest from what a tree of files holds: annotated functions, or those that look like tasks, and services.
//!
//! It knows no disk: whoever walks the tree hands over what stood in it, and writes what comes out.

mod candidates;
mod entry;
mod example;
mod flow;
mod lookup;
mod mend;
mod roots;
mod services;
mod splice;
mod tasks;
mod update;

use std::collections::{BTreeMap, BTreeSet};

use conductor_introspect::survey::Survey;
use conductor_protocol::plan::Language;
use conductor_syntax::Syntax;

use crate::introspection::code::looks_like;
use crate::{Answer, Need, Outcome, Schemas, Wanted, compile_for};
use candidates::MOST_CANDIDATES;
pub(crate) use entry::{Entry, scalar};
use flow::{Flow, Node, flow, independent};
pub(crate) use splice::Written;
use tasks::{Taken, Task, Wish};

pub use candidates::promising;
pub use conductor_introspect::survey::{Wanted as WantedFunctions, language_of, survey};
pub use example::{Example, example};
pub use roots::Marks;
pub use update::{Updated, update};

/// What was found in a tree. Paths have `/` and are relative to the folder of the manifest.
#[derive(Debug, Default)]
pub struct Tree {
    /// By path.
    pub sources: Vec<Surveyed>,
    pub others: Vec<Other>,
    pub marks: Marks,
}

/// A source file.
#[derive(Debug)]
pub struct Surveyed {
    pub path: String,
    pub language: Language,
    pub survey: Survey,
}

/// A file that describes services.
#[derive(Debug)]
pub struct Other {
    pub path: String,
    pub bytes: Vec<u8>,
    pub kind: OtherKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherKind {
    Compose,
    Proto,
    OpenApi,
    /// `.env.example`
    Environment,
}

impl OtherKind {
    /// By the name of the file.
    #[must_use]
    pub fn of(path: &str) -> Option<OtherKind> {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        let (stem, ending) = name.rsplit_once('.').unwrap_or((&name, ""));
        let is_yaml = matches!(ending, "yaml" | "yml");
        match stem {
            "compose" | "docker-compose" if is_yaml => Some(OtherKind::Compose),
            _ if ending == "proto" => Some(OtherKind::Proto),
            _ if (is_yaml || ending == "json") && (stem.contains("openapi") || stem.contains("swagger")) => {
                Some(OtherKind::OpenApi)
            }
            ".env" if matches!(ending, "example" | "sample" | "template") => Some(OtherKind::Environment),
            _ => None,
        }
    }
}

/// What became of something that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub file: String,
    pub line: Option<usize>,
    /// `function get_user`, `compose service db`.
    pub found: String,
    /// `task get_user`; `None` where it was left out.
    pub became: Option<String>,
    /// Why it was left out, or what speaks for it.
    pub reason: Option<String>,
}

/// A manifest, and how it came about.
#[derive(Debug)]
pub struct Draft {
    pub text: String,
    pub rows: Vec<Row>,
    /// What the compiler says of it.
    pub outcome: Outcome,
}

impl Tree {
    /// Whether an annotation was found.
    #[must_use]
    pub fn is_annotated(&self) -> bool {
        let has_stray = self.sources.iter().any(|source| !source.survey.strays.is_empty());
        has_stray || !tasks::annotated(self).is_empty()
    }
}

/// Writes a manifest from what is in the tree. `name` is the file that it will stand in.
pub fn draft(name: &str, tree: &Tree, fetch: &mut dyn FnMut(&Need) -> Answer) -> Draft {
    let mut rows = problems(tree);
    let wishes = tasks::annotated(tree);
    let mut taken = Taken::new();
    let (mut tasks, mut fixed, roots) = if wishes.is_empty() {
        let (entries, roots) = suggestions(tree, &mut taken, fetch, &mut rows);
        (Vec::new(), entries, roots)
    } else {
        let roots = tasks::roots(tree, &wishes);
        let located = tasks::located(tree, &roots, &wishes, fetch);
        (tasks::tasks(&wishes, located, &mut taken, &mut rows), Vec::new(), roots)
    };
    fixed.extend(targets(&roots, fetch));
    let all: Vec<&Task> = tasks.iter().collect();
    fixed.extend(policies(&all, &BTreeSet::new(), &mut rows));
    let resources = services::used(&all, &BTreeSet::new(), tree, &mut rows);
    let mut names: BTreeSet<String> = resources.iter().filter_map(id_of_entry).collect();
    fixed.extend(resources);
    let ids: BTreeSet<String> = taken.into_keys().collect();
    fixed.extend(services::suggested(tree, &ids, &mut names, &mut rows));
    let head = head(!wishes.is_empty(), rows.iter().any(|row| row.became.is_some()));
    let (text, outcome) = mend::mended(&mut tasks, |tasks| {
        let text = written(Syntax::of(name), &head, &fixed, tasks);
        let outcome = compile_for(Wanted::Findings, Schemas::Pinned, name, text.as_bytes(), None, fetch);
        (text, outcome)
    });
    rows.extend(tasks.iter().map(row));
    rows.sort_by(|one, other| {
        (&one.file, one.line, &one.found).cmp(&(&other.file, other.line, &other.found))
    });
    Draft { text, rows, outcome }
}

fn id_of_entry(entry: &Entry) -> Option<String> {
    entry.lines.first()?.strip_prefix("id: ").map(str::to_owned)
}

/// Files that could not be read, annotations that stand above nothing.
fn problems(tree: &Tree) -> Vec<Row> {
    let mut rows = Vec::new();
    for source in &tree.sources {
        let row = |line, found: &str, reason: String| Row {
            file: source.path.clone(),
            line,
            found: found.to_owned(),
            became: None,
            reason: Some(reason),
        };
        let survey = &source.survey;
        let above_nothing = "no function that can be a task stands right below it";
        rows.extend(
            survey.strays.iter().map(|line| row(Some(*line), "annotation", above_nothing.to_owned())),
        );
        if let Some(problem) = &survey.problem {
            rows.push(row(None, "file", problem.clone()));
        }
    }
    rows
}

fn row(task: &Task) -> Row {
    let became = format!("task {}", task.id);
    Row {
        file: task.place.path.clone(),
        line: Some(task.place.line),
        found: format!("function {}", task.name),
        became: task.left_out.is_none().then_some(became),
        reason: task
            .left_out
            .clone()
            .or_else(|| task.uncalled.as_ref().map(|reason| format!("not in the workflow: {reason}"))),
    }
}

fn head(is_annotated: bool, is_found: bool) -> Vec<String> {
    let lines: &[&str] = if is_annotated {
        &[
            "How the annotated functions run. `conductor check` holds this file to the code, `conductor build`",
            "generates the code that runs it, `conductor init --update` adds what is annotated later.",
        ]
    } else if !is_found {
        &[
            "No function is annotated, and none looks like a task. Annotate functions",
            "(`# conductor: task fetch_user effect=read` above one) and run `conductor init --update`.",
        ]
    } else {
        &[
            "No function is annotated, so everything here is a suggestion: remove the `#` of what you want, and call it",
            "in a workflow. Or annotate functions (`# conductor: task fetch_user effect=read` above one) and run",
            "`conductor init --update`. `conductor check` holds this file to the code.",
        ]
    };
    lines.iter().map(|line| (*line).to_owned()).collect()
}

/// Only where the folder of the sources is not the manifest's, or that does not say of which language they are.
fn targets(roots: &BTreeMap<Language, String>, fetch: &mut dyn FnMut(&Need) -> Answer) -> Vec<Entry> {
    let mut is_plain = |language: Language| looks_like(language, ".".to_owned(), fetch);
    let other: Vec<_> =
        roots.iter().filter(|(language, root)| root.as_str() != "." || !is_plain(**language)).collect();
    other
        .into_iter()
        .map(|(language, root)| {
            Entry::new("targets", &[("language", language.as_str().to_owned()), ("root", scalar(root))])
        })
        .collect()
}

/// The policies that annotations name and that are not in `known`, with the values that `conductor fix` gives them.
fn policies(tasks: &[&Task], known: &BTreeSet<String>, rows: &mut Vec<Row>) -> Vec<Entry> {
    let mut users: BTreeMap<&str, Vec<&Task>> = BTreeMap::new();
    for task in tasks {
        if let Some(policy) = task.named_policy().filter(|policy| !known.contains(*policy)) {
            users.entry(policy).or_default().push(task);
        }
    }
    let mut entries = Vec::new();
    for (policy, users) in users {
        let values = conductor_resolve::POLICY_DEFAULTS;
        let fields = [("id", policy.to_owned())].into_iter();
        let fields: Vec<(&str, String)> =
            fields.chain(values.iter().map(|(key, value)| (*key, (*value).to_owned()))).collect();
        let entry = Entry::new("policies", &fields);
        entries.push(entry.note("Usual values: the annotations name the policy, not what it says."));
        rows.extend(users.first().map(|task| Row {
            file: task.place.path.clone(),
            line: Some(task.place.line),
            found: format!("its annotation `policy={policy}`"),
            became: Some(format!("policy {policy}, with usual values")),
            reason: None,
        }));
    }
    entries
}

/// Functions that look like tasks, commented out.
fn suggestions(
    tree: &Tree,
    taken: &mut Taken,
    fetch: &mut dyn FnMut(&Need) -> Answer,
    rows: &mut Vec<Row>,
) -> (Vec<Entry>, BTreeMap<Language, String>) {
    let mut candidates = candidates::candidates(tree);
    let more = candidates.len().saturating_sub(MOST_CANDIDATES);
    candidates.truncate(MOST_CANDIDATES);
    let (wishes, reasons): (Vec<Wish<'_>>, Vec<String>) = candidates.into_iter().unzip();
    let roots = tasks::roots(tree, &wishes);
    let located = tasks::located(tree, &roots, &wishes, fetch);
    let tasks = tasks::tasks(&wishes, located, taken, rows);
    let reason = |task: &Task| {
        let of = |wish: &&Wish<'_>| wish.path == task.place.path && wish.declared.line == task.place.line;
        wishes
            .iter()
            .zip(&reasons)
            .find(|(wish, _)| of(wish))
            .map(|(_, reason)| reason.clone())
            .unwrap_or_default()
    };
    let mut entries = Vec::new();
    for task in &tasks {
        let (reason, place) = (reason(task), &task.place);
        entries.push(
            task.entry(&BTreeSet::new()).note(format!("{}:{}: {reason}", place.path, place.line)).suggested(),
        );
        rows.push(Row {
            became: Some(format!("task {}, commented out", task.id)),
            reason: Some(reason),
            ..row(task)
        });
    }
    if more > 0 {
        rows.push(Row {
            file: ".".to_owned(),
            line: None,
            found: format!("{more} more functions that look like tasks"),
            became: None,
            reason: Some(format!("the {MOST_CANDIDATES} likeliest are shown")),
        });
    }
    (entries, roots)
}

fn written(syntax: Syntax, head: &[String], fixed: &[Entry], tasks: &[Task]) -> String {
    let live = || tasks.iter().filter(|task| task.left_out.is_none());
    let ids: BTreeSet<&str> = live().map(|task| task.id.as_str()).collect();
    let mut entries: Vec<Entry> = tasks.iter().map(|task| task.entry(&ids)).collect();
    entries.extend(fixed.iter().cloned());
    let languages: BTreeSet<Language> = live().map(|task| task.place.language).collect();
    for (index, language) in languages.into_iter().enumerate() {
        let id = if index == 0 { "main".to_owned() } else { format!("main_{}", language.as_str()) };
        let of: Vec<&Task> = live().filter(|task| task.place.language == language).collect();
        entries.extend(workflow(&id, &of));
    }
    entry::manifest(syntax, head, &entries)
}

/// Tasks that undo others are called by the runtime, not by a step.
fn workflow(id: &str, tasks: &[&Task]) -> Option<Entry> {
    let undo: BTreeSet<&str> = tasks.iter().filter_map(|task| task.undo()).collect();
    let is_step = |task: &&&Task| !undo.contains(task.id.as_str()) && task.uncalled.is_none();
    let called: Vec<&&Task> = tasks.iter().filter(is_step).collect();
    let handed: Vec<BTreeSet<String>> =
        called.iter().map(|task| task.handed.keys().cloned().collect()).collect();
    let nodes: Vec<Node<'_>> = called
        .iter()
        .zip(&handed)
        .map(|(task, handed)| Node { id: &task.id, signature: &task.signature, handed })
        .collect();
    if nodes.is_empty() {
        return None;
    }
    let left_out = tasks.iter().filter_map(|task| Some((task, task.uncalled.as_ref()?)));
    let mut entry = Entry::new("workflows", &[("id", id.to_owned())])
        .note("A first order, by what each function takes and returns. The generated function has this id.");
    entry.notes.extend(left_out.map(|(task, reason)| format!("`{}` is not called: {reason}.", task.id)));
    entry.lines.extend(lines(&flow(&nodes)));
    Some(entry)
}

fn lines(flow: &Flow) -> Vec<String> {
    let mut lines = Vec::new();
    if !flow.inputs.is_empty() {
        lines.push("input:".to_owned());
        lines.extend(flow.inputs.iter().map(|(name, ty)| format!("  {name}: {}", scalar(ty))));
    }
    lines.push("steps:".to_owned());
    let groups = independent(&flow.steps);
    for (index, step) in flow.steps.iter().enumerate() {
        if let Some(group) = groups.iter().find(|group| group.start == index) {
            let ids: Vec<String> = flow.steps[group.clone()].iter().map(|step| step.id.clone()).collect();
            let named = conductor_model::names::listed(&ids);
            lines
                .push(format!("  # {named} take nothing of each other: could they stand in one `parallel`?"));
        }
        lines.push(format!("  - task: {}", step.id));
        if !step.with.is_empty() {
            let with: Vec<String> =
                step.with.iter().map(|(name, value)| format!("{name}: {}", scalar(value))).collect();
            lines.push(format!("    with: {{{}}}", with.join(", ")));
        }
        if !step.unless_null.is_empty() {
            let holds: Vec<String> = step.unless_null.iter().map(|id| format!("{id} != null")).collect();
            lines.push(format!("    when: ${{{}}}", holds.join(" && ")));
        }
    }
    lines
}
