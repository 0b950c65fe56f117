//! A deadline that passes before the pauses under it are over can never be kept.
//!
//! It counts pauses that are written down only: how long a function takes nobody knows here.

use conductor_budget::duration;
use conductor_protocol::plan::Delay;
use conductor_resolve::{Step, StepKind};
use conductor_source::{Diagnostic, Span};

use super::enclosed::{Limit, enclosed};
use crate::{Context, codes};

pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    // Spans of deadlines that are reported: what stands under one of them follows from it.
    let mut reported: Vec<Span> = Vec::new();
    for (workflow, bounds) in context.graph.workflows.iter().zip(context.timings) {
        let (Some(deadline), Some(least)) = (&workflow.deadline, bounds.whole.least.success()) else {
            continue;
        };
        if least > deadline.value {
            let limit = Limit { ms: deadline.value, span: deadline.span, owner: &workflow.id.value };
            found.push(finding(&format!("`{}`", limit.owner), limit, least, longest(&workflow.steps)));
            reported.push(deadline.span);
        }
    }
    for place in enclosed(context) {
        let Some(least) = place.timing.least.success() else { continue };
        let own = place.step.deadline.as_ref();
        let step = place.step;
        if let Some(deadline) = own.filter(|deadline| least > deadline.value) {
            let limit = Limit { ms: deadline.value, span: deadline.span, owner: &step.id };
            if !reported.contains(&deadline.span) {
                found.push(finding(&named(step), limit, least, longest(std::slice::from_ref(step))));
                reported.push(deadline.span);
            }
            continue;
        }
        // A branch of a race may be there to lose.
        let Some(limit) = place.limit.filter(|limit| least > limit.ms && !place.raced && step.critical)
        else {
            continue;
        };
        if !reported.contains(&limit.span) {
            found.push(finding(&named(step), limit, least, longest(std::slice::from_ref(step))));
            reported.push(limit.span);
        }
    }
    found
}

fn named(step: &Step) -> String {
    if step.anonymous { format!("this `{}`", keyword(step)) } else { format!("`{}`", step.id) }
}

fn keyword(step: &Step) -> &'static str {
    match &step.kind {
        StepKind::Sequence(_) => "sequence",
        StepKind::Parallel { .. } => "parallel",
        StepKind::Graph(_) => "graph",
        StepKind::Map(_) => "map",
        StepKind::Switch(_) => "switch",
        StepKind::Loop(_) => "loop",
        StepKind::Try(_) => "try",
        StepKind::Sleep(_) => "sleep",
        StepKind::Hold(_) => "hold",
        _ => "step",
    }
}

fn finding(what: &str, limit: Limit<'_>, least: u64, pause: Option<(Span, u64)>) -> Diagnostic {
    let owner = format!("`{}`", limit.owner);
    let whose = if what == owner { "its deadline".to_owned() } else { format!("the deadline of {owner}") };
    let finding = Diagnostic::error(
        codes::DEADLINE_TOO_SHORT,
        format!("{what} can never end within {whose}"),
        limit.span,
        format!("{}, but the pauses in it take {} at least", duration(limit.ms), duration(least)),
    );
    let finding = match pause {
        Some((span, ms)) => finding.label(span, format!("pauses for {}", duration(ms))),
        None => finding,
    };
    finding.help(format!("make the deadline longer than {}, or the pauses shorter", duration(least)))
}

/// The longest pause that is written down in the steps.
fn longest(steps: &[Step]) -> Option<(Span, u64)> {
    let mut pending: Vec<&Step> = steps.iter().rev().collect();
    let mut longest: Option<(Span, u64)> = None;
    while let Some(step) = pending.pop() {
        if let StepKind::Sleep(Delay::Fixed { ms }) = step.kind
            && longest.is_none_or(|(_, most)| ms > most)
        {
            longest = Some((step.keyword, ms));
        }
        pending.extend(step.children());
    }
    longest
}
