//! P004: items that are read one after the other
//!
//! It knows what limits a map, not what the peer can bear.

use conductor_protocol::plan::Effect;
use conductor_resolve::StepKind;
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::{Called, Subject};

pub(crate) static RULE: Rule = rule("P004", Family::Performance, Severity::Advice, Confidence::Medium, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (workflow, step) in subject.steps() {
        let StepKind::Map(map) = &step.kind else { continue };
        if map.max_concurrency != Some(1) || map.steps.iter().any(waits) {
            continue;
        }
        let calls: Vec<Called<'_>> =
            map.steps.iter().flat_map(|inner| subject.calls_in(workflow, inner)).collect();
        let reads = calls.iter().all(|call| call.task.effect != Effect::Write && !is_limited(subject, call));
        if calls.is_empty() || !reads {
            continue;
        }
        found.push(
            subject
                .found(
                    &RULE,
                    "this map takes one item after the other, although each only reads",
                    step.keyword,
                    "`max_concurrency` is 1",
                )
                .help("raise `max_concurrency` to what the peer can bear, or limit the resource instead"),
        );
    }
    found
}

fn waits(step: &conductor_resolve::Step) -> bool {
    matches!(step.kind, StepKind::Sleep(_) | StepKind::WaitFor(_)) || step.children().any(waits)
}

/// Whether somebody has thought of how many calls there may be.
fn is_limited(subject: &Subject<'_>, call: &Called<'_>) -> bool {
    let limits = |resource: &conductor_resolve::Resource| {
        resource.plan.rate_limit.is_some() || resource.plan.permits() == Some(1)
    };
    call.call.policy.rate_limit.is_some() || subject.resources(call.call).any(limits)
}
