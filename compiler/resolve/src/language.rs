//! The language that orchestrates a workflow: its target, the one that its functions are written in, the only target of
//! the manifest where they are written in several, or that of the workflows which it calls or which call it.
//!
//! It knows neither how code is generated nor which languages can be.

use std::collections::{BTreeMap, VecDeque};

use conductor_model::names::listed;
use conductor_model::{Manifest, Workflow};
use conductor_protocol::plan::Language;
use conductor_source::{Diagnostic, Span};

use crate::codes;
use crate::graph::{self, StepKind, Task};

/// A step that calls a workflow, by positions.
struct Call {
    caller: usize,
    callee: usize,
    span: Span,
}

/// Gives each workflow its language. Functions in several languages demand that the workflow says which one orchestrates
/// it, or that the manifest has one target only; a sub-workflow runs in its caller's.
pub(crate) fn settle(
    manifest: &Manifest,
    workflows: &mut [graph::Workflow],
    tasks: &[Task],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let only_target = match manifest.targets.as_slice() {
        [target] => Some(target.language.value),
        _ => None,
    };
    let mut decided: Vec<Option<Language>> = Vec::new();
    let mut calls = Vec::new();
    for (position, (written, bound)) in manifest.workflows.iter().zip(&*workflows).enumerate() {
        let mut found = BTreeMap::new();
        bound.steps.iter().for_each(|step| of_step(step, tasks, &mut found));
        bound.steps.iter().for_each(|step| called(step, position, &mut calls));
        let several_found = found.len() > 1;
        let target = written.target.as_ref().map(|target| target.value);
        let target = target.or(only_target.filter(|_| several_found));
        if target.is_none() && several_found {
            diagnostics.push(several(written, &found));
        }
        decided.push(target.or_else(|| found.keys().next().copied()));
    }
    spread(&mut decided, &calls);
    let first_target = manifest.targets.first().map(|target| target.language.value);
    for (workflow, language) in workflows.iter_mut().zip(&decided) {
        workflow.language = language.or(first_target).unwrap_or(Language::Python);
    }
    let differing = calls.iter().filter(|call| decided[call.caller] != decided[call.callee]);
    diagnostics.extend(differing.map(|call| in_another(call, workflows)));
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

fn called(step: &graph::Step, caller: usize, calls: &mut Vec<Call>) {
    if let StepKind::Workflow(call) = &step.kind {
        calls.push(Call { caller, callee: call.workflow, span: step.keyword });
    }
    step.children().for_each(|inside| called(inside, caller, calls));
}

/// A workflow without functions takes the language of the nearest that calls it or is called by it.
fn spread(decided: &mut [Option<Language>], calls: &[Call]) {
    let mut beside: Vec<Vec<usize>> = vec![Vec::new(); decided.len()];
    for call in calls {
        beside[call.caller].push(call.callee);
        beside[call.callee].push(call.caller);
    }
    let mut pending: VecDeque<usize> =
        (0..decided.len()).filter(|position| decided[*position].is_some()).collect();
    while let Some(position) = pending.pop_front() {
        for other in &beside[position] {
            if decided[*other].is_none() {
                decided[*other] = decided[position];
                pending.push_back(*other);
            }
        }
    }
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

fn in_another(call: &Call, workflows: &[graph::Workflow]) -> Diagnostic {
    let (caller, callee) = (&workflows[call.caller], &workflows[call.callee]);
    let (here, there) = (caller.language.as_str(), callee.language.as_str());
    let message = format!(
        "`{}` runs in {here} and cannot call the workflow `{}`, which runs in {there}",
        caller.id.value, callee.id.value
    );
    Diagnostic::error(codes::OTHER_LANGUAGE, message, call.span, format!("runs in {there}"))
        .label(callee.id.span, "this one")
        .help(format!(
            "say `target: {here}` in `{}`: its functions in {there} then serve their tasks to it",
            callee.id.value
        ))
}
