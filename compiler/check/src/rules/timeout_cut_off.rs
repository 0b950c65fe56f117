//! A time-out longer than the deadline around the step never comes: the deadline ends the run or block before.
//!
//! It compares numbers; a policy's own deadline is the business of another rule.

use std::collections::{BTreeMap, BTreeSet};

use conductor_budget::duration;
use conductor_model::PolicyFields;
use conductor_resolve::StepKind;
use conductor_source::{Diagnostic, Severity, Span};

use super::enclosed::enclosed;
use super::in_doubt::retries_timeouts;
use super::placed_policies;
use crate::{Context, codes};

/// One finding a policy and deadline. Where nothing is retried after a time-out, advice: the step fails either way.
pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    let written: BTreeMap<Span, &PolicyFields> = placed_policies(context).into_iter().collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for place in enclosed(context) {
        let StepKind::Task(call) = &place.step.kind else { continue };
        let fields = call.policy_span.and_then(|span| written.get(&span));
        let Some((timeout, limit)) = fields.and_then(|fields| fields.timeout.as_ref()).zip(place.limit)
        else {
            continue;
        };
        let own = call.policy.deadline_ms.is_some_and(|deadline| deadline <= limit.ms);
        if own || timeout.value <= limit.ms || !seen.insert((timeout.span, limit.span)) {
            continue;
        }
        let retried = retries_timeouts(&call.policy);
        let severity = if retried { Severity::Warning } else { Severity::Advice };
        let task = &context.graph.tasks[call.task].id.value;
        let message = if retried {
            format!(
                "`{task}` is never retried after a time-out: the deadline of `{}` comes first",
                limit.owner
            )
        } else {
            format!("the time-out of `{task}` never comes: the deadline of `{}` is shorter", limit.owner)
        };
        found.push(
            Diagnostic::new(
                severity,
                codes::TIMEOUT_CUT_OFF,
                message,
                limit.span,
                format!("ends everything after {}", duration(limit.ms)),
            )
            .label(timeout.span, format!("an attempt may take {}", duration(timeout.value)))
            .help("make `timeout` shorter than the deadline around it"),
        );
    }
    found
}
