//! Numbers of a policy that have no effect: a breaker that cannot open, a second call that is never made.
//!
//! It compares what is written; how a called service behaves it does not know.

use std::collections::{BTreeMap, BTreeSet};

use conductor_budget::duration;
use conductor_model::PolicyFields;
use conductor_protocol::plan::{Policy, Rate, Trip};
use conductor_source::{Diagnostic, Span};

use super::{calls, placed_policies};
use crate::{Context, codes};

pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    let written: BTreeMap<Span, &PolicyFields> = placed_policies(context).into_iter().collect();
    let mut found: Vec<Diagnostic> =
        written.values().flat_map(|fields| [min_calls(fields), never_hedged(fields)]).flatten().collect();
    let mut seen = BTreeSet::new();
    for call in calls(context) {
        let Some(fields) = call.policy_span.and_then(|span| written.get(&span)) else { continue };
        let own = call.policy.rate_limit.zip(fields.rate_limit.as_ref().map(|rate| rate.span));
        let resources = call.uses.iter().filter_map(|index| {
            let resource = &context.graph.resources[*index];
            resource.plan.rate_limit.zip(Some(resource.id.span))
        });
        let rates: Vec<(Rate, Span)> = own.into_iter().chain(resources).collect();
        let task = &context.graph.tasks[call.task].id.value;
        let finding = never_opens(&call.policy, fields, &rates, task);
        found.extend(finding.filter(|_| seen.insert(call.policy_span)));
    }
    found
}

/// `min_calls` belongs to a rate of failures.
fn min_calls(fields: &PolicyFields) -> Option<Diagnostic> {
    let breaker = fields.circuit_breaker.as_ref()?;
    let (failures, least) = (breaker.failures.as_ref()?, breaker.min_calls.as_ref()?);
    Some(
        Diagnostic::warning(
            codes::IDLE_BREAKER,
            "`min_calls` has no effect beside `failures`",
            least.span,
            "only a rate of failures waits for so many calls",
        )
        .label(failures.span, "opens the breaker by itself")
        .help("remove `min_calls`, or say `failure_rate` in place of `failures`"),
    )
}

/// The rate lets fewer calls begin in the window than it takes to open the breaker.
fn never_opens(
    policy: &Policy,
    fields: &PolicyFields,
    rates: &[(Rate, Span)],
    task: &str,
) -> Option<Diagnostic> {
    let (breaker, written) = (policy.circuit_breaker.as_ref()?, fields.circuit_breaker.as_ref()?);
    let (wanted, what) = match breaker.trip {
        Trip::Failures(count) => (u64::from(count), "failures"),
        Trip::FailureRate(_) => (u64::from(breaker.min_calls), "calls"),
    };
    let most = |rate: &Rate| in_window(*rate, breaker.window_ms);
    let (rate, rate_span) = rates.iter().min_by_key(|(rate, _)| most(rate))?;
    let most = most(rate);
    (wanted > most).then(|| {
        let window = duration(breaker.window_ms);
        Diagnostic::warning(
            codes::IDLE_BREAKER,
            format!("the circuit breaker of `{task}` can never open"),
            written.span,
            format!("it takes {wanted} {what} in {window}"),
        )
        .label(*rate_span, format!("but only {most} calls can begin in {window}"))
        .help("make the window longer, or let fewer failures open it")
    })
}

/// Calls that can begin in a window: a full burst at its start, and what comes back until its end.
fn in_window(rate: Rate, window_ms: u64) -> u64 {
    let permits = u64::from(rate.permits);
    permits.saturating_add(permits.saturating_mul(window_ms) / rate.per_ms.max(1))
}

fn never_hedged(fields: &PolicyFields) -> Option<Diagnostic> {
    let (hedge, timeout) = (fields.hedge.as_ref()?, fields.timeout.as_ref()?);
    (hedge.after.value >= timeout.value).then(|| {
        Diagnostic::warning(
            codes::IDLE_HEDGE,
            "the second call of this policy is never made",
            hedge.after.span,
            format!("it would begin after {}", duration(hedge.after.value)),
        )
        .label(timeout.span, format!("the first call times out after {}", duration(timeout.value)))
        .help("make `after` shorter than `timeout`: about what all but the slowest calls take")
    })
}
