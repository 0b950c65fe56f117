//! The ids of a workflow's steps, given or made, and where each stands in the nest of blocks.
//!
//! It knows no types and no expressions.

use std::collections::BTreeMap;

use conductor_model::{Step, StepKind, Workflow};
use conductor_source::{Diagnostic, Edit, Safety, Sources, Span};
use conductor_syntax::Syntax;

use crate::codes;

/// A step in the order of the text, outer ones before those inside them.
#[derive(Debug)]
pub(crate) struct Place {
    pub id: String,
    pub anonymous: bool,
    /// Where the id is written; for a generated one, the step's keyword.
    pub span: Span,
    parent: Option<usize>,
    depth: usize,
    parallel: bool,
}

/// The steps of one workflow.
#[derive(Debug, Default)]
pub(crate) struct StepIds {
    places: Vec<Place>,
    by_id: BTreeMap<String, usize>,
    broken: bool,
}

/// How a step that is not visible stands to the one that names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Itself,
    Encloses,
    Sibling,
    Later,
}

impl StepIds {
    pub(crate) fn new(workflow: &Workflow, sources: &Sources, diagnostics: &mut Vec<Diagnostic>) -> StepIds {
        let mut ids = StepIds::default();
        ids.named(&workflow.steps, None, &mut Vec::new(), diagnostics, sources);
        ids.name_blocks(&workflow.steps);
        ids
    }

    pub(crate) fn place(&self, index: usize) -> &Place {
        &self.places[index]
    }

    pub(crate) fn find(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// Whether a step could not be read, so that an unknown name may well be its id.
    pub(crate) fn has_broken(&self) -> bool {
        self.broken
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        self.by_id.keys().map(String::as_str)
    }

    /// How `target` stands to `here`, both positions in the order of the text.
    pub(crate) fn standing(&self, here: usize, target: usize) -> Standing {
        if here == target {
            return Standing::Itself;
        }
        let (mut mine, mut its) = (Some(here), Some(target));
        let depth = |at: Option<usize>| at.map_or(0, |at| self.places[at].depth + 1);
        let up = |at: Option<usize>| at.and_then(|at| self.places[at].parent);
        while depth(mine) > depth(its) {
            mine = up(mine);
        }
        if mine == its {
            return Standing::Encloses;
        }
        while depth(its) > depth(mine) {
            its = up(its);
        }
        while mine != its && up(mine) != up(its) {
            (mine, its) = (up(mine), up(its));
        }
        match up(mine) {
            Some(common) if mine != its && self.places[common].parallel => Standing::Sibling,
            _ => Standing::Later,
        }
    }

    /// First pass: every step in order; blocks without an id stay nameless.
    fn named(
        &mut self,
        steps: &[Step],
        parent: Option<usize>,
        taken: &mut Vec<String>,
        diagnostics: &mut Vec<Diagnostic>,
        sources: &Sources,
    ) {
        for step in steps {
            let own = step.id.as_ref().or(match &step.kind {
                StepKind::Task(id) | StepKind::Workflow(id) => Some(id),
                _ => None,
            });
            let index = self.places.len();
            self.broken |= matches!(step.kind, StepKind::Broken);
            self.places.push(Place {
                id: own.map(|id| id.value.clone()).unwrap_or_default(),
                anonymous: own.is_none(),
                span: own.map_or(step.keyword, |id| id.span),
                parent,
                depth: parent.map_or(0, |parent| self.places[parent].depth + 1),
                parallel: matches!(step.kind, StepKind::Parallel { .. }),
            });
            if let Some(id) = own {
                match self.by_id.get(&id.value) {
                    Some(first) => {
                        let free = self.free(&id.value, taken);
                        diagnostics.push(twice(
                            step,
                            &id.value,
                            id.span,
                            self.places[*first].span,
                            &free,
                            sources,
                        ));
                        taken.push(free);
                    }
                    None => {
                        self.by_id.insert(id.value.clone(), index);
                    }
                }
            }
            match &step.kind {
                StepKind::Sequence(inner) | StepKind::Parallel { branches: inner, .. } => {
                    self.named(inner, Some(index), taken, diagnostics, sources);
                }
                _ => {}
            }
        }
    }

    fn free(&self, id: &str, taken: &[String]) -> String {
        let is_free = |name: &String| !self.by_id.contains_key(name) && !taken.contains(name);
        (2_u32..).map(|number| format!("{id}_{number}")).find(is_free).unwrap_or_default()
    }

    /// Second pass: blocks are named after their kind and number, away from the names in use.
    fn name_blocks(&mut self, steps: &[Step]) {
        let mut kinds = Vec::new();
        keywords(steps, &mut kinds);
        let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
        for (index, kind) in kinds.into_iter().enumerate() {
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

fn keywords(steps: &[Step], kinds: &mut Vec<&'static str>) {
    for step in steps {
        kinds.push(match &step.kind {
            StepKind::Task(_) | StepKind::Workflow(_) => "step",
            StepKind::Sequence(_) => "sequence",
            StepKind::Parallel { .. } => "parallel",
            StepKind::Broken => "broken",
        });
        if let StepKind::Sequence(inner) | StepKind::Parallel { branches: inner, .. } = &step.kind {
            keywords(inner, kinds);
        }
    }
}

fn twice(step: &Step, id: &str, here: Span, first: Span, free: &str, sources: &Sources) -> Diagnostic {
    let finding = Diagnostic::error(
        codes::DUPLICATE_STEP,
        format!("two steps of this workflow have the id `{id}`"),
        here,
        "stands for a second step here",
    )
    .label(first, "the first one");
    if let Some(written) = &step.id {
        let syntax = Syntax::of(sources.path(here.file));
        let edit = Edit { span: written.span, text: syntax.word(free) };
        return finding.fix(format!("rename the second one to `{free}`"), Safety::Unsafe, vec![edit]);
    }
    finding.note("a step without an `id` has that of its task or workflow").fix(
        format!("give the second one an id: `{free}`"),
        Safety::Unsafe,
        vec![id_edit(step, free, sources)],
    )
}

/// Writes the id as the step is written: a second label in HCL, else `id: free` before the step's keyword, in block or
/// flow style.
fn id_edit(step: &Step, free: &str, sources: &Sources) -> Edit {
    if let (Syntax::Hcl, StepKind::Task(callee) | StepKind::Workflow(callee)) =
        (Syntax::of(sources.path(step.keyword.file)), &step.kind)
    {
        let at = Span { start: callee.span.end, ..callee.span };
        return Edit { span: at, text: format!(" \"{free}\"") };
    }
    let at = step.keyword.start();
    let before = sources.text(step.keyword.file).get(..at).unwrap_or("");
    let line = before.rsplit('\n').next().unwrap_or("");
    let flow = before.trim_end().ends_with(['{', ',']);
    let text = if flow {
        format!("id: {free}, ")
    } else {
        format!("id: {free}\n{}", " ".repeat(line.chars().count()))
    };
    Edit { span: Span::new(step.keyword.file, at, at), text }
}
