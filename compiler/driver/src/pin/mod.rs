//! Writes out what was bound without being written: `with` on steps, `input` on workflows, as edits of the text.
//!
//! It knows how entries are added to either syntax, not why a value was bound.

mod place;

use std::collections::{BTreeMap, BTreeSet};

use conductor_model::{Manifest, StepKind};
use conductor_protocol::spell::qualified;
use conductor_resolve::{Binding, BindingSource};
use conductor_source::{Edit, Fix, Safety, Sources, fix};
use conductor_syntax::{Kind, Node, Syntax};

use place::Target;

/// A manifest with its bindings written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    pub text: String,
    /// What stays inferred: clients of resources, which no expression names, and what steps share that differ.
    pub left: Vec<Binding>,
}

/// Names and values to be added to one mapping, by the place of its owner.
type Additions = BTreeMap<(usize, usize), BTreeMap<String, String>>;

/// Writes the bindings into the text of the manifest that they were made for.
#[must_use]
pub fn pin(manifest_path: &str, bytes: &[u8], bindings: &[Binding]) -> Pinned {
    let mut sources = Sources::default();
    let syntax = Syntax::of(manifest_path);
    let (file, tree, _) = syntax.read(&mut sources, manifest_path, bytes);
    let (manifest, _) = conductor_model::lower(&tree, syntax);
    let text = sources.text(file).to_owned();
    let mut gathered = Gathered::default();
    let mut alike: BTreeMap<(&str, &str, &str), Vec<&Binding>> = BTreeMap::new();
    for binding in bindings {
        let Binding { workflow, step, parameter, .. } = binding;
        alike.entry((workflow, step, parameter)).or_default().push(binding);
    }
    for bindings in alike.values() {
        gathered.bindings(&manifest, bindings);
    }
    let mut edits: Vec<Edit> = Vec::new();
    let nodes = mappings(&tree);
    for (key, additions) in [("with", &gathered.with), ("input", &gathered.input)] {
        for (span, names) in additions {
            let target = nodes.get(span).map(|node| Target { syntax, text: &text, node, key });
            edits.extend(target.into_iter().flat_map(|target| target.edits(names)));
        }
    }
    let whole = Fix { title: "pin".to_owned(), safety: Safety::Safe, edits };
    let applied = fix::apply(&sources, [&whole]);
    let text = applied.files.get(&file).cloned().unwrap_or(text);
    Pinned { text, left: gathered.left }
}

#[derive(Default)]
struct Gathered {
    with: Additions,
    input: Additions,
    left: Vec<Binding>,
}

impl Gathered {
    /// Those of one parameter of the steps with one id: there are several only in branches that exclude each other.
    fn bindings(&mut self, manifest: &Manifest, bindings: &[&Binding]) {
        if !self.written(manifest, bindings) {
            self.left.extend(bindings.iter().map(|binding| (*binding).clone()));
        }
    }

    fn written(&mut self, manifest: &Manifest, bindings: &[&Binding]) -> bool {
        let values: BTreeSet<String> = bindings.iter().filter_map(|binding| value(binding)).collect();
        let (Some(first), Some(value), 1) = (bindings.first(), values.first(), values.len()) else {
            return false;
        };
        let workflow = manifest.workflows.iter().find(|workflow| workflow.id.value == first.workflow);
        let Some(workflow) = workflow else { return false };
        let spans = called(&workflow.steps, &first.step);
        // Where one of the steps says by itself what it gives, nobody can tell here which one it is.
        if spans.len() != bindings.len() {
            return false;
        }
        let other = |span| {
            let names: Option<&BTreeMap<String, String>> = self.with.get(span);
            names.and_then(|names| names.get(&first.parameter)).is_some_and(|other| other != value)
        };
        if spans.iter().any(other) {
            return false;
        }
        for span in spans {
            self.with.entry(span).or_default().insert(first.parameter.clone(), value.clone());
        }
        if let BindingSource::Inferred(input) = &first.source {
            let span = (workflow.span.start(), workflow.span.end());
            self.input.entry(span).or_default().insert(input.clone(), qualified(&first.ty));
        }
        true
    }
}

/// The expression that says what is bound; `None` for the client of a resource.
fn value(binding: &Binding) -> Option<String> {
    match &binding.source {
        BindingSource::Name(value) | BindingSource::Type(value) => Some(format!("${{{value}}}")),
        BindingSource::Inferred(input) => Some(format!("${{input.{input}}}")),
        BindingSource::Resource(_) => None,
    }
}

/// Where the calls with that id stand.
fn called(steps: &[conductor_model::Step], id: &str) -> BTreeSet<(usize, usize)> {
    let mut found = BTreeSet::new();
    let mut pending: Vec<&conductor_model::Step> = steps.iter().collect();
    while let Some(step) = pending.pop() {
        if let StepKind::Task(callee) | StepKind::Workflow { callee, .. } = &step.kind
            && step.id.as_ref().unwrap_or(callee).value == id
        {
            found.insert((step.span.start(), step.span.end()));
        }
        pending.extend(step.children());
    }
    found
}

/// Every mapping by its place; the innermost of those that share one.
fn mappings(tree: &Node) -> BTreeMap<(usize, usize), &Node> {
    let mut found = BTreeMap::new();
    let mut pending = vec![tree];
    while let Some(node) = pending.pop() {
        match &node.kind {
            Kind::Map(entries) => {
                found.insert((node.span.start(), node.span.end()), node);
                pending.extend(entries.iter().map(|entry| &entry.value));
            }
            Kind::List(items) => pending.extend(items),
            _ => {}
        }
    }
    found
}
