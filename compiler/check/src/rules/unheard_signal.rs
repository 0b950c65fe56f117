//! A signal that a step emits to its own run, in which no step waits for it.
//!
//! It does not know what programs outside do with the signals of a run: only waits receive them.

use std::collections::BTreeMap;

use conductor_resolve::{Step, StepKind, Workflow};
use conductor_source::Diagnostic;

use crate::{Context, codes};

pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    // A step that could not be bound may be the one that waits.
    if !context.sound {
        return Vec::new();
    }
    let waits: Vec<Waits<'_>> = context.graph.workflows.iter().map(waits).collect();
    let mut anywhere: BTreeMap<&str, (&Workflow, &Step)> = BTreeMap::new();
    for (workflow, waits) in context.graph.workflows.iter().zip(&waits) {
        for (signal, wait) in waits {
            anywhere.entry(signal).or_insert((workflow, wait));
        }
    }
    let mut found = Vec::new();
    for (workflow, waits) in context.graph.workflows.iter().zip(&waits) {
        for step in workflow.all_steps() {
            let StepKind::Emit(emit) = &step.kind else { continue };
            let signal = emit.signal.as_str();
            if emit.run.is_none() && !waits.contains_key(signal) {
                found.push(finding(workflow, step, signal, anywhere.get(signal).copied()));
            }
        }
    }
    found
}

/// By signal, the first wait for it.
type Waits<'g> = BTreeMap<&'g str, &'g Step>;

fn waits(workflow: &Workflow) -> Waits<'_> {
    let mut waits = Waits::new();
    for step in workflow.all_steps() {
        if let StepKind::WaitFor(wait) = &step.kind {
            waits.entry(wait.signal.as_str()).or_insert(step);
        }
    }
    waits
}

fn finding(
    workflow: &Workflow,
    step: &Step,
    signal: &str,
    elsewhere: Option<(&Workflow, &Step)>,
) -> Diagnostic {
    let name = &workflow.id.value;
    let message = format!("`{signal}` is emitted to the run of `{name}`, in which nobody waits for it");
    let label = "goes to this run, as no `run` is given";
    let found = Diagnostic::warning(codes::SIGNAL_UNHEARD, message, step.keyword, label);
    match elsewhere {
        Some((other, wait)) => found
            .label(wait.keyword, format!("a run of `{}` waits for it here", other.id.value))
            .help("say in `run` which run gets it, by its id"),
        None => found
            .label(workflow.id.span, "no step of it is a `wait_for` of this signal")
            .help("say in `run` which run gets it, or let the step go"),
    }
}
