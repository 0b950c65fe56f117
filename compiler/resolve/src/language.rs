//! The language that orchestrates a workflow: its target, or the one that all its functions are written in.
//!
//! It knows neither how code is generated nor which languages can be.

use std::collections::BTreeSet;

use conductor_model::{Manifest, Workflow};
use conductor_protocol::plan::Language;

use crate::graph::{self, StepKind, Task};

/// The first of them where they are several.
pub(crate) fn language(
    manifest: &Manifest,
    workflow: &Workflow,
    steps: &[graph::Step],
    tasks: &[Task],
) -> Language {
    let mut found = BTreeSet::new();
    steps.iter().for_each(|step| of_step(step, tasks, &mut found));
    if let Some(target) = &workflow.target {
        return target.value;
    }
    let first_target = || manifest.targets.first().map(|target| target.language.value);
    found.first().copied().or_else(first_target).unwrap_or(Language::Python)
}

/// The languages of the functions that are called.
fn of_step(step: &graph::Step, tasks: &[Task], found: &mut BTreeSet<Language>) {
    if let StepKind::Task(call) = &step.kind {
        for call in call.with_others() {
            let signature = tasks[call.task].signature.as_ref();
            if let Some(function) = signature.and_then(|signature| signature.function()) {
                found.insert(function.language);
            }
        }
    }
    step.children().for_each(|inside| of_step(inside, tasks, found));
}
