//! Retries inside something that tries again multiply, just when the called service is in trouble.
//!
//! It counts calls of a task that keeps failing; a loop that its failure ends adds nothing.

use std::collections::BTreeMap;

use conductor_budget::{Amplified, Layer, amplified};
use conductor_resolve::{Step, Workflow};
use conductor_source::Diagnostic;

use crate::{Context, codes};

/// So many calls of a failing service are nobody's worry.
const HARMLESS: u64 = 15;

pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (workflow, calls) in context.graph.workflows.iter().zip(amplified(context.flows)) {
        let calls: Vec<Amplified<'_>> =
            calls.into_iter().filter(|call| call.here && call.calls > HARMLESS).collect();
        if calls.is_empty() {
            continue;
        }
        let steps: BTreeMap<&str, &Step> =
            workflow.all_steps().map(|step| (step.id.as_str(), step)).collect();
        found.extend(calls.iter().filter_map(|call| finding(context, workflow, call, &steps)));
    }
    found
}

fn finding(
    context: Context<'_>,
    workflow: &Workflow,
    call: &Amplified<'_>,
    steps: &BTreeMap<&str, &Step>,
) -> Option<Diagnostic> {
    let retried = call.layers.iter().any(|layer| !matches!(layer, Layer::Loop { .. }));
    let step = steps.get(call.step).filter(|_| retried)?;
    let product: Vec<String> = call.layers.iter().map(|layer| layer.count().to_string()).collect();
    let task = call.task;
    let parts: Vec<String> = call.layers.iter().map(said).collect();
    let mut finding = Diagnostic::warning(
        codes::AMPLIFIED,
        format!(
            "a run of `{}` may send {} = {} calls of `{task}` while it fails",
            workflow.id.value,
            product.join(" x "),
            call.calls
        ),
        step.keyword,
        parts.join(", in "),
    );
    let loops = call.layers.iter().filter_map(|layer| match layer {
        Layer::Loop { step, .. } => steps.get(step),
        _ => None,
    });
    for around in loops {
        finding = finding.label(around.keyword, "goes on when the step fails");
    }
    if let Some(task) = context.graph.tasks.iter().find(|known| known.id.value == task) {
        finding = finding.label(task.id.span, "the task that is called");
    }
    Some(finding.help("leave trying again to one layer: lower `retries`, or let the failure end the loop"))
}

fn said(layer: &Layer<'_>) -> String {
    match layer {
        Layer::Attempts { count } => format!("{count} attempts"),
        Layer::Hedge { count } => format!("{count} calls an attempt"),
        Layer::Loop { count, .. } => format!("{count} iterations"),
    }
}
