//! The language that orchestrates a workflow: its target, or the one that all its functions are written in.
//!
//! It knows neither how code is generated nor which languages can be.

use std::collections::BTreeMap;

use conductor_model::names::listed;
use conductor_model::{Manifest, Workflow};
use conductor_protocol::plan::Language;
use conductor_source::{Diagnostic, Span};

use crate::codes;
use crate::graph::{self, StepKind, Task};

/// Functions in several languages demand that the workflow says which one orchestrates it.
pub(crate) fn language(
    manifest: &Manifest,
    workflow: &Workflow,
    steps: &[graph::Step],
    tasks: &[Task],
    diagnostics: &mut Vec<Diagnostic>,
) -> Language {
    let mut found = BTreeMap::new();
    steps.iter().for_each(|step| of_step(step, tasks, &mut found));
    if let Some(target) = &workflow.target {
        return target.value;
    }
    if found.len() > 1 {
        diagnostics.push(several(workflow, &found));
    }
    let first_target = || manifest.targets.first().map(|target| target.language.value);
    found.keys().next().copied().or_else(first_target).unwrap_or(Language::Python)
}

/// The first step that calls a function of each language.
fn of_step(step: &graph::Step, tasks: &[Task], found: &mut BTreeMap<Language, Span>) {
    if let StepKind::Task(call) = &step.kind {
        for call in call.with_others() {
            let signature = tasks[call.task].signature.as_ref();
            if let Some(function) = signature.and_then(|signature| signature.function()) {
                found.entry(function.language).or_insert(step.keyword);
            }
        }
    }
    step.children().for_each(|inside| of_step(inside, tasks, found));
}

fn several(workflow: &Workflow, found: &BTreeMap<Language, Span>) -> Diagnostic {
    let names: Vec<String> = found.keys().map(|language| language.as_str().to_owned()).collect();
    let id = &workflow.id;
    let message = format!("the functions of `{}` are written in {}", id.value, listed(&names));
    let mut finding = Diagnostic::error(codes::SEVERAL_LANGUAGES, message, id.span, "which one runs it?");
    for (language, span) in found {
        finding = finding.label(*span, format!("calls a function in {}", language.as_str()));
    }
    finding.help(format!(
        "say `target: {}` in the workflow: that language orchestrates it, and the others serve their tasks",
        names.first().map_or("python", String::as_str)
    ))
}
