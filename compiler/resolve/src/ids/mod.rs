//! The ids of a workflow's steps, given or made, and where each stands in the nest of blocks.
//!
//! It knows no types and no expressions.

mod rename;
mod standing;

pub(crate) use standing::Standing;

use std::collections::BTreeMap;

use conductor_model::{Id, Step, StepKind, Workflow};
use conductor_source::{Diagnostic, Sources, Span};

use crate::codes;

/// A step in the order of the text, outer ones before those inside them.
#[derive(Debug)]
pub(crate) struct Place {
    pub id: String,
    pub anonymous: bool,
    /// Where the id is written; for a generated one, the step's keyword.
    pub span: Span,
    /// Whether an earlier step that can run in the same run has the id; that is reported.
    pub is_double: bool,
    /// Positions of the steps directly inside, body after body.
    pub children: Vec<usize>,
    parent: Option<usize>,
    /// Which of the parent's bodies it stands in.
    body: usize,
    depth: usize,
    block: Block,
}

/// How the steps inside a block stand to each other and to what comes after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    /// One after another, and visible after the block; also what is no block.
    Open,
    /// At once.
    Concurrent,
    /// In the order of their needs.
    Graph,
    /// The first that succeeds ends the others; invisible after the block.
    Race,
    /// Many times; invisible after the block.
    Repeated,
    /// One body at most.
    Switch,
    /// The first body, then at most one of the handlers, then the last.
    Try { handlers: usize },
}

/// The steps of one workflow.
#[derive(Debug, Default)]
pub(crate) struct StepIds {
    places: Vec<Place>,
    roots: Vec<usize>,
    /// Every step that defines the name: several where they exclude each other.
    by_id: BTreeMap<String, Vec<usize>>,
    /// Where names stand that are not the id of their step, which are those of a `set`.
    names: BTreeMap<(usize, String), Span>,
    /// The variables of maps and handlers, each where it is first named.
    variables: BTreeMap<String, Span>,
    broken: bool,
}

/// What the walk over the steps carries.
struct Walk<'w> {
    diagnostics: &'w mut Vec<Diagnostic>,
    sources: &'w Sources,
    /// Ids that were offered in a fix.
    taken: Vec<String>,
    kinds: Vec<&'static str>,
}

impl StepIds {
    pub(crate) fn new(workflow: &Workflow, sources: &Sources, diagnostics: &mut Vec<Diagnostic>) -> StepIds {
        let mut ids = StepIds::default();
        let mut walk = Walk { diagnostics, sources, taken: Vec::new(), kinds: Vec::new() };
        ids.roots = ids.named(&workflow.steps, None, 0, &mut walk);
        let kinds = walk.kinds;
        ids.name_blocks(&kinds);
        ids
    }

    pub(crate) fn place(&self, index: usize) -> &Place {
        &self.places[index]
    }

    /// Positions of the workflow's own steps.
    pub(crate) fn roots(&self) -> &[usize] {
        &self.roots
    }

    /// The first step that defines the name, as its id or with `set`.
    pub(crate) fn find(&self, id: &str) -> Option<usize> {
        self.by_id.get(id)?.first().copied()
    }

    /// Where the step at `position` says the name.
    pub(crate) fn span(&self, name: &str, position: usize) -> Span {
        let own = self.places[position].span;
        self.names.get(&(position, name.to_owned())).copied().unwrap_or(own)
    }

    /// Where a variable of that name is, which can be seen in its block only.
    pub(crate) fn variable(&self, name: &str) -> Option<Span> {
        self.variables.get(name).copied()
    }

    /// Whether a step could not be read, so that an unknown name may well be its id.
    pub(crate) fn has_broken(&self) -> bool {
        self.broken
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        self.by_id.keys().map(String::as_str)
    }

    /// First pass: every step in order; blocks without an id stay nameless.
    fn named(
        &mut self,
        steps: &[Step],
        parent: Option<usize>,
        body: usize,
        walk: &mut Walk<'_>,
    ) -> Vec<usize> {
        steps.iter().map(|step| self.step(step, parent, body, walk)).collect()
    }

    fn step(&mut self, step: &Step, parent: Option<usize>, body: usize, walk: &mut Walk<'_>) -> usize {
        let own = step.id.as_ref().or(match &step.kind {
            StepKind::Task(id) | StepKind::Workflow { callee: id, .. } => Some(id),
            _ => None,
        });
        let index = self.places.len();
        self.broken |= matches!(step.kind, StepKind::Broken);
        walk.kinds.push(keyword(&step.kind));
        self.places.push(Place {
            id: own.map(|id| id.value.clone()).unwrap_or_default(),
            anonymous: own.is_none(),
            span: own.map_or(step.keyword, |id| id.span),
            is_double: false,
            children: Vec::new(),
            parent,
            body,
            depth: parent.map_or(0, |parent| self.places[parent].depth + 1),
            block: block(&step.kind),
        });
        if let Some(id) = own {
            self.places[index].is_double = !self.defines(id, index, step, walk);
        }
        match &step.kind {
            StepKind::Set(values) => values.iter().for_each(|(name, _)| {
                self.defines(name, index, step, walk);
            }),
            StepKind::Map(map) => self.binds(&map.variable.value, map.variable.span),
            StepKind::Try(block) => block.catches.iter().for_each(|catch| match &catch.variable {
                Some(name) => self.binds(&name.value, name.span),
                None => self.binds("error", catch.span),
            }),
            _ => {}
        }
        let bodies = step.kind.bodies().into_iter().enumerate();
        let children = bodies.flat_map(|(body, steps)| self.named(steps, Some(index), body, walk));
        let children: Vec<usize> = children.collect();
        self.places[index].children = children;
        index
    }

    /// Notes that the step at `index` defines the name; false where it stands for another one already.
    fn defines(&mut self, id: &Id, index: usize, step: &Step, walk: &mut Walk<'_>) -> bool {
        let known = self.by_id.get(&id.value).map_or(&[][..], Vec::as_slice);
        let Some(first) = known.iter().copied().find(|other| !self.exclude_each_other(*other, index)) else {
            self.by_id.entry(id.value.clone()).or_default().push(index);
            if self.places[index].span != id.span {
                self.names.insert((index, id.value.clone()), id.span);
            }
            return true;
        };
        let free = self.free(&id.value, &walk.taken);
        let first = self.span(&id.value, first);
        walk.diagnostics.push(rename::twice(step, id, first, &free, walk.sources));
        walk.taken.push(free);
        false
    }

    fn binds(&mut self, variable: &str, span: Span) {
        self.variables.entry(variable.to_owned()).or_insert(span);
    }

    fn free(&self, id: &str, taken: &[String]) -> String {
        let is_free = |name: &String| !self.by_id.contains_key(name) && !taken.contains(name);
        (2_u32..).map(|number| format!("{id}_{number}")).find(is_free).unwrap_or_default()
    }

    /// Second pass: blocks are named after their kind and number, away from the names in use.
    fn name_blocks(&mut self, kinds: &[&'static str]) {
        let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
        for (index, kind) in kinds.iter().enumerate() {
            if !self.places[index].anonymous {
                continue;
            }
            let number = numbers.entry(kind).or_default();
            let name = loop {
                *number += 1;
                let name = format!("{kind}_{number}");
                if !self.by_id.contains_key(&name) {
                    break name;
                }
            };
            self.places[index].id = name;
        }
    }
}

fn block(kind: &StepKind) -> Block {
    match kind {
        StepKind::Parallel { .. } => Block::Concurrent,
        StepKind::Graph(_) => Block::Graph,
        StepKind::Race(_) => Block::Race,
        StepKind::Map(_) | StepKind::Loop(_) => Block::Repeated,
        StepKind::Switch(_) => Block::Switch,
        StepKind::Try(block) => Block::Try { handlers: block.catches.len() },
        _ => Block::Open,
    }
}

fn keyword(kind: &StepKind) -> &'static str {
    match kind {
        StepKind::Task(_) | StepKind::Workflow { .. } => "step",
        StepKind::Sequence(_) => "sequence",
        StepKind::Parallel { .. } => "parallel",
        StepKind::Graph(_) => "graph",
        StepKind::Race(_) => "race",
        StepKind::Map(_) => "map",
        StepKind::Switch(_) => "switch",
        StepKind::Loop(_) => "loop",
        StepKind::Try(_) => "try",
        StepKind::Sleep(_) => "sleep",
        StepKind::WaitFor(_) => "wait_for",
        StepKind::Emit(_) => "emit",
        StepKind::Hold(_) => "hold",
        StepKind::Set(_) => "set",
        StepKind::Return(_) => "return",
        StepKind::Fail(_) => "fail",
        StepKind::Broken => "broken",
    }
}
