//! A width that a resource does not allow: the rest only waits for permits.
//!
//! It looks at numbers that are written; a width that is left out means to be as wide as possible.

use std::collections::BTreeSet;

use conductor_resolve::{Resource, Step, StepKind};
use conductor_source::{Diagnostic, Severity, Span};

use super::calls;
use crate::{Context, codes};

pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for step in context.graph.workflows.iter().flat_map(conductor_resolve::Workflow::all_steps) {
        let (width, every) = match &step.kind {
            StepKind::Map(map) => (map.max_concurrency, used_by_all(&map.steps)),
            StepKind::Parallel { branches, max_concurrency, .. } => (*max_concurrency, used_by_all(branches)),
            _ => continue,
        };
        let Some(width) = width else { continue };
        let tight = every.into_iter().filter_map(|index| {
            let resource = &context.graph.resources[index];
            resource.plan.permits().map(|permits| (permits, resource))
        });
        let tightest = tight.filter(|(permits, _)| *permits < width).min_by_key(|(permits, _)| *permits);
        if let Some((permits, resource)) = tightest {
            let label = format!("{width} at a time");
            found.push(advice(context, "max_concurrency", step.keyword, &label, permits, resource));
        }
    }
    found.extend(bulkheads(context));
    found
}

fn bulkheads(context: Context<'_>) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for call in calls(context) {
        let (Some(width), Some(span)) = (call.policy.bulkhead, call.policy_span) else { continue };
        let resources = call.uses.iter().map(|index| &context.graph.resources[*index]);
        let permits = resources.filter_map(|resource| Some((resource.plan.permits()?, resource)));
        let tightest = permits.filter(|(permits, _)| *permits < width).min_by_key(|(permits, _)| *permits);
        if let Some((permits, resource)) = tightest
            && seen.insert(span)
        {
            let label = format!("its bulkhead lets {width} calls through");
            found.push(advice(context, "bulkhead", span, &label, permits, resource));
        }
    }
    found
}

fn advice(
    context: Context<'_>,
    key: &str,
    span: Span,
    label: &str,
    permits: u32,
    resource: &Resource,
) -> Diagnostic {
    let message =
        format!("`{key}` is wider than `{}` allows: the rest waits for a permit", resource.id.value);
    Diagnostic::new(Severity::Advice, codes::TOO_WIDE, message, span, label)
        .label(resource.id.span, format!("has {permits} permits"))
        .help(format!("say `{}`, or leave it out", context.manifest.syntax.pair(key, &permits.to_string())))
}

/// Resources that every call in the steps takes: where some do not, a greater width lets those overlap.
fn used_by_all(steps: &[Step]) -> BTreeSet<usize> {
    let mut all = steps.iter().flat_map(used);
    let first = all.next().unwrap_or_default();
    all.fold(first, |common, next| common.intersection(&next).copied().collect())
}

/// What each call of the step takes, what is held around it included.
fn used(step: &Step) -> Vec<BTreeSet<usize>> {
    let mut found = Vec::new();
    let mut pending = vec![(step, BTreeSet::new())];
    while let Some((step, held)) = pending.pop() {
        match &step.kind {
            StepKind::Task(call) => found.push(held.iter().chain(&call.uses).copied().collect()),
            // Its calls are another workflow's business.
            StepKind::Workflow(_) => found.push(held.clone()),
            _ => {}
        }
        let mut inside = held;
        if let StepKind::Hold(hold) = &step.kind {
            inside.insert(hold.resource);
        }
        pending.extend(step.children().map(|child| (child, inside.clone())));
    }
    found
}
