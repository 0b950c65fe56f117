//! Two branches that write the same resource at the same time.
//!
//! It knows effects and resources, not what is written: two writes may well concern different things.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::plan::Effect;
use conductor_resolve::{Step, StepKind};
use conductor_source::{Diagnostic, Severity};

use crate::{Context, codes};

/// How many steps in order are passed over for one resource of a graph.
const MOST_IN_ORDER: usize = 64;

/// One piece of advice for each block and resource, at the first two branches.
pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    // By default every task writes, which says nothing.
    let says_write = |task: &&conductor_model::Task| {
        task.effect.as_ref().is_some_and(|effect| effect.value == Effect::Write)
    };
    let ids = context.manifest.tasks.iter().filter(says_write).map(|task| task.id.value.as_str()).collect();
    let writers = Writers { context, ids };
    let mut found = Vec::new();
    for step in context.graph.workflows.iter().flat_map(conductor_resolve::Workflow::all_steps) {
        match &step.kind {
            StepKind::Parallel { branches, max_concurrency, .. } if *max_concurrency != Some(1) => {
                found.extend(writers.in_block(branches, None));
            }
            StepKind::Graph(steps) => {
                let ids = steps.iter().map(|step| (step.id.as_str(), step)).collect();
                found.extend(writers.in_block(steps, Some(&ids)));
            }
            _ => {}
        }
    }
    found
}

type Ids<'g> = BTreeMap<&'g str, &'g Step>;

/// The tasks of which the manifest says that they write.
struct Writers<'g> {
    context: Context<'g>,
    ids: BTreeSet<&'g str>,
}

impl<'g> Writers<'g> {
    /// `ids` are those of the steps of a graph.
    fn in_block(&self, branches: &'g [Step], ids: Option<&Ids<'g>>) -> Vec<Diagnostic> {
        // By resource: the first branch that writes it, the step that does, and how many in order came after it.
        let mut first: BTreeMap<usize, (&Step, &Step, usize)> = BTreeMap::new();
        let mut told = BTreeSet::new();
        let mut found = Vec::new();
        for branch in branches {
            let mut writes = BTreeMap::new();
            self.gather(branch, &mut writes);
            for (resource, step) in writes {
                let Some((other, earlier, passed)) = first.get_mut(&resource) else {
                    first.insert(resource, (branch, step, 0));
                    continue;
                };
                if told.contains(&resource) || *passed >= MOST_IN_ORDER {
                    continue;
                }
                if ids.is_some_and(|ids| needs(branch, other, ids) || needs(other, branch, ids)) {
                    *passed += 1;
                    continue;
                }
                told.insert(resource);
                found.push(finding(self.context, resource, earlier, step));
            }
        }
        found
    }

    /// The first step in the branch that writes each resource of which several may be held at a time.
    fn gather(&self, step: &'g Step, writes: &mut BTreeMap<usize, &'g Step>) {
        let is_lock = |resource: usize| self.context.graph.resources[resource].plan.permits() == Some(1);
        match &step.kind {
            StepKind::Task(call) if self.says_write(call.task) => {
                // Who takes a lock as well has thought of it.
                if !call.uses.iter().any(|resource| is_lock(*resource)) {
                    call.uses.iter().for_each(|resource| {
                        writes.entry(*resource).or_insert(step);
                    });
                }
            }
            StepKind::Hold(hold) if is_lock(hold.resource) => {}
            _ => step.children().for_each(|child| self.gather(child, writes)),
        }
    }

    fn says_write(&self, task: usize) -> bool {
        self.ids.contains(self.context.graph.tasks[task].id.value.as_str())
    }
}

/// Whether the step needs the other, directly or through others.
fn needs(step: &Step, other: &Step, ids: &Ids<'_>) -> bool {
    let (mut seen, mut pending) = (BTreeSet::new(), vec![step]);
    while let Some(step) = pending.pop() {
        for need in &step.needs {
            if *need == other.id {
                return true;
            }
            if seen.insert(need.as_str()) {
                pending.extend(ids.get(need.as_str()));
            }
        }
    }
    false
}

fn finding(context: Context<'_>, resource: usize, one: &Step, other: &Step) -> Diagnostic {
    let id = &context.graph.resources[resource].id.value;
    let message = format!("`{}` and `{}` write `{id}` at the same time", one.id, other.id);
    Diagnostic::new(Severity::Advice, codes::PARALLEL_WRITES, message, other.keyword, "writes it, too")
        .label(one.keyword, format!("writes `{id}`"))
        .label(context.graph.resources[resource].id.span, "more than one permit, so both may go on at once")
        .help(
            "if they may touch the same data, put them in order; if one of them only reads, say so with `effect`; else \
             leave them",
        )
}
