//! Tasks for functions that were annotated later, put into a manifest that is there: everything else stays in its place.
//!
//! It adds and never removes: what a task or a workflow says is the user's.

use std::collections::{BTreeMap, BTreeSet};

use conductor_model::{Findings, Function, Lookup, Manifest, Spanned};
use conductor_protocol::plan::{Language, ResourceKind};
use conductor_source::{Diagnostic, Edit, Fix, Safety, Severity, Sources, Span, fix};
use conductor_syntax::{Node, Syntax};

use super::entry::Entry;
use super::splice::Written;
use super::tasks::{self, Taken, Task, Wish};
use super::{Row, Tree, mend, policies, problems, row, services};
use crate::introspection::{Asking, introspect};
use crate::target::{self, Folders};
use crate::{Answer, Need, Outcome, Schemas, Wanted, compile_for};

/// A manifest with more tasks.
#[derive(Debug)]
pub struct Updated {
    /// As it was where nothing is new.
    pub text: String,
    pub rows: Vec<Row>,
    pub outcome: Outcome,
    /// What is to be added by hand, because the text has no place for it.
    pub left: String,
}

/// Why a manifest cannot be read.
pub type Unread = (Vec<Diagnostic>, Sources);

/// A manifest as it is on the disk.
struct Existing {
    syntax: Syntax,
    sources: Sources,
    tree: Node,
    manifest: Manifest,
    folders: Folders,
    findings: Findings,
}

/// Adds a task for every annotated function that no task leads to. `lock` is the text of `conductor.lock`. The findings are those that keep the manifest from
/// being read.
pub fn update(
    name: &str,
    bytes: &[u8],
    lock: Option<&[u8]>,
    tree: &Tree,
    fetch: &mut dyn FnMut(&Need) -> Answer,
) -> Result<Updated, Box<Unread>> {
    let existing = Existing::read(name, bytes, fetch)?;
    let mut rows = problems(tree);
    let wishes = tasks::annotated(tree);
    let languages: BTreeSet<Language> = wishes.iter().map(|wish| wish.language).collect();
    let roots: BTreeMap<Language, String> =
        languages.into_iter().map(|language| (language, existing.folders.of(language).root)).collect();
    let located = tasks::located(tree, &roots, &wishes, fetch);
    let known = existing.functions();
    let mut fresh: Vec<Wish<'_>> = Vec::new();
    let mut answers = Vec::new();
    for (wish, answer) in wishes.into_iter().zip(located) {
        let task =
            answer.as_ref().ok().and_then(|(_, found)| known.get(&identity(found.signature.function()?)));
        match task {
            Some(task) => rows.push(Row {
                became: Some(format!("task {task}")),
                ..tasks::left_out(&wish, "it stands in the manifest already".to_owned())
            }),
            None => {
                fresh.push(wish);
                answers.push(answer);
            }
        }
    }
    let mut taken: Taken = existing
        .manifest
        .tasks
        .iter()
        .map(|task| (task.id.value.clone(), "a task of the manifest".to_owned()))
        .collect();
    let mut tasks = tasks::tasks(&fresh, answers, &mut taken, &mut rows);
    let more = existing.more(&tasks, tree, &mut rows);
    let mut left = String::new();
    let (text, outcome) = mend::mended(&mut tasks, |tasks| {
        let (text, unplaced) = existing.with(tasks, &more);
        left = unplaced;
        let outcome = compile_for(Wanted::Findings, Schemas::Pinned, name, text.as_bytes(), lock, fetch);
        (text, outcome)
    });
    rows.extend(tasks.iter().map(row));
    rows.sort_by(|one, other| {
        (&one.file, one.line, &one.found).cmp(&(&other.file, other.line, &other.found))
    });
    Ok(Updated { text, rows, outcome, left })
}

/// What makes a function the same.
fn identity(function: &Function) -> (Language, String, String) {
    (function.language, function.module.clone(), function.name.clone())
}

impl Existing {
    fn read(
        name: &str,
        bytes: &[u8],
        fetch: &mut dyn FnMut(&Need) -> Answer,
    ) -> Result<Existing, Box<Unread>> {
        let syntax = Syntax::of(name);
        let mut sources = Sources::default();
        let (_, tree, found) = syntax.read(&mut sources, name, bytes);
        if found.iter().any(|finding| finding.severity == Severity::Error) {
            return Err(Box::new((found, sources)));
        }
        let (manifest, _) = conductor_model::lower(&tree, syntax);
        let folders = target::folders(&manifest, &mut Vec::new());
        let mut asking =
            Asking { folders: &folders, sources: &mut sources, fetch, lock: None, schemas: Schemas::Pinned };
        // What is looked for are functions: no server needs to be asked.
        let (mut code, _) = conductor_model::lower(&tree, syntax);
        code.resources.retain(|resource| resource.kind.value == ResourceKind::Custom);
        let findings = introspect(&code, &mut asking);
        Ok(Existing { syntax, sources, tree, manifest, folders, findings })
    }

    /// The functions that tasks lead to, with the ids of the tasks.
    fn functions(&self) -> BTreeMap<(Language, String, String), &str> {
        let tasks = self.manifest.tasks.iter();
        tasks
            .filter_map(|task| Some((identity(self.function(&task.reference)?), task.id.value.as_str())))
            .collect()
    }

    fn function(&self, reference: &Spanned<String>) -> Option<&Function> {
        match self.findings.lookups.get(&reference.value)? {
            Lookup::Found(signature) => signature.function(),
            _ => None,
        }
    }

    /// Policies and resources that the new tasks name and the manifest does not define.
    fn more(&self, tasks: &[Task], tree: &Tree, rows: &mut Vec<Row>) -> Vec<Entry> {
        let all: Vec<&Task> = tasks.iter().collect();
        let known = |ids: Vec<&conductor_model::manifest::Id>| -> BTreeSet<String> {
            ids.into_iter().map(|id| id.value.clone()).collect()
        };
        let of_policies = known(self.manifest.policies.iter().map(|policy| &policy.id).collect());
        let of_resources = known(self.manifest.resources.iter().map(|resource| &resource.id).collect());
        let mut entries = policies(&all, &of_policies, rows);
        entries.extend(services::used(&all, &of_resources, tree, rows));
        entries
    }

    /// The text with the entries in their places, and those that have none.
    fn with(&self, tasks: &[Task], more: &[Entry]) -> (String, String) {
        let old = self.manifest.tasks.iter().map(|task| task.id.value.as_str());
        let live = || tasks.iter().filter(|task| task.left_out.is_none());
        let ids: BTreeSet<&str> = old.chain(live().map(|task| task.id.as_str())).collect();
        // By the entry that they follow: those of one module stand together.
        let mut groups: BTreeMap<(&str, Option<Span>), Vec<Entry>> = BTreeMap::new();
        for task in live() {
            groups.entry(("tasks", self.neighbour(task))).or_default().push(task.entry(&ids));
        }
        for entry in more {
            groups.entry((entry.section, None)).or_default().push(entry.clone());
        }
        let file = self.manifest.file;
        let text = self.sources.text(file);
        let written = Written { syntax: self.syntax, text, tree: &self.tree };
        let mut edits: Vec<Edit> = Vec::new();
        let mut left = String::new();
        // A section that is made stands behind all others, also where these end with the text.
        let mut ordered: Vec<_> = groups.iter().collect();
        ordered.sort_by_key(|((section, _), _)| !written.has(section));
        for ((section, after), entries) in ordered {
            let entries: Vec<&Entry> = entries.iter().collect();
            match written.added(&entries, *after) {
                Some(found) => edits.extend(found),
                None => {
                    let items: String = entries
                        .iter()
                        .flat_map(|entry| entry.item())
                        .map(|line| format!("  {line}\n"))
                        .collect();
                    left.push_str(&format!("{section}:\n{items}"));
                }
            }
        }
        let whole = Fix { title: "update".to_owned(), safety: Safety::Safe, edits };
        let applied = fix::apply(&self.sources, [&whole]);
        (applied.files.get(&file).cloned().unwrap_or_else(|| text.to_owned()), left)
    }

    /// The last task whose function stands in the same module.
    fn neighbour(&self, task: &Task) -> Option<Span> {
        let module = &task.signature.function()?.module;
        let is_near = |other: &&conductor_model::manifest::Task| {
            self.function(&other.reference).is_some_and(|function| function.module == *module)
        };
        self.manifest.tasks.iter().rfind(is_near).map(|task| task.span)
    }
}
