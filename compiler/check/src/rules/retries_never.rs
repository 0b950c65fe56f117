//! Retries that no run can reach, because a deadline passes before the pauses before them are over.
//!
//! It counts the shortest pauses that jitter allows, and no time for an attempt unless only time-outs are retried.

use std::collections::{BTreeMap, BTreeSet};

use conductor_budget::{duration, shortest_pause};
use conductor_model::PolicyFields;
use conductor_protocol::plan::Policy;
use conductor_resolve::StepKind;
use conductor_source::{Diagnostic, Edit, Safety, Span};

use super::enclosed::{Limit, enclosed};
use super::in_doubt::{names_timeout, retries_timeouts};
use super::placed_policies;
use crate::{Context, codes};

/// Retries that are looked at one by one; whoever writes more knows that a deadline ends them.
const COUNTED: u64 = 10_000;

/// A policy of a task under the tightest deadline.
#[derive(Clone, Copy)]
struct Retried<'a> {
    task: &'a str,
    policy: &'a Policy,
    fields: &'a PolicyFields,
    limit: Limit<'a>,
    /// Whether the deadline is the policy's own.
    own: bool,
}

/// One warning a policy and deadline.
pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    let written: BTreeMap<Span, &PolicyFields> = placed_policies(context).into_iter().collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for place in enclosed(context) {
        let StepKind::Task(call) = &place.step.kind else { continue };
        let Some(fields) = call.policy_span.and_then(|span| written.get(&span)) else { continue };
        let own = fields.deadline.as_ref().map(|deadline| Limit {
            ms: deadline.value,
            span: deadline.span,
            owner: "",
        });
        let (limit, own) = match (own, place.limit) {
            (Some(own), Some(around)) if around.ms < own.ms => (around, false),
            (Some(own), _) => (own, true),
            (None, Some(around)) => (around, false),
            (None, None) => continue,
        };
        if seen.insert((call.policy_span, limit.span)) {
            let task = &context.graph.tasks[call.task].id.value;
            let retried = Retried { task, policy: &call.policy, fields, limit, own };
            found.extend(retried.unreachable().or_else(|| retried.no_room()));
        }
    }
    found
}

impl Retried<'_> {
    /// An attempt that can never start, even if all before it fail as early as they can.
    fn unreachable(self) -> Option<Diagnostic> {
        let Retried { task, policy, fields, limit, .. } = self;
        let retries = u64::from(policy.retries?).min(COUNTED);
        let attempt = if only_timeouts(policy) { policy.timeout_ms.unwrap_or(0) } else { 0 };
        let mut start: u64 = 0;
        let starts = (1..=retries).map(|retry| {
            start = start.saturating_add(attempt).saturating_add(shortest_pause(policy, retry));
            (retry, start.max(by_rate(policy, retry + 1)))
        });
        let (retry, start) = starts.into_iter().find(|(_, start)| *start >= limit.ms)?;
        let message = match retry {
            1 => format!("no retry of `{task}` can ever start"),
            _ => format!("attempt {} of `{task}` can never start", retry + 1),
        };
        let written = fields.retries.as_ref()?;
        let label = format!("attempt {} starts after {} at least", retry + 1, duration(start));
        let possible = retry - 1;
        let edit = Edit { span: written.span, text: possible.to_string() };
        let warning = Diagnostic::warning(codes::RETRIES_NEVER, message, written.span, label);
        // Not safe: what fails in the end is then the last attempt, not the deadline.
        let fix = format!("say `retries: {possible}`, the most that can start");
        Some(
            self.with_deadline(warning)
                .help("make the deadline longer or the pauses shorter, or ask for fewer retries")
                .fix(fix, Safety::Unsafe, vec![edit]),
        )
    }

    /// An attempt that times out uses up the policy's own deadline.
    fn no_room(self) -> Option<Diagnostic> {
        let Retried { task, policy, fields, limit, own } = self;
        let timeout = fields.timeout.as_ref()?;
        let start = timeout.value.saturating_add(shortest_pause(policy, 1));
        if !own || timeout.value > limit.ms || start < limit.ms || !retries_timeouts(policy) {
            return None;
        }
        let message = format!("no attempt of `{task}` can follow one that times out");
        let label = format!("an attempt may take {}", duration(timeout.value));
        let warning = Diagnostic::warning(codes::RETRIES_NEVER, message, timeout.span, label);
        let help =
            "make `timeout` so short that a second attempt fits into `deadline`, or leave out `retries`";
        Some(self.with_deadline(warning).help(help))
    }

    fn with_deadline(self, warning: Diagnostic) -> Diagnostic {
        let ms = duration(self.limit.ms);
        let label = if self.own {
            format!("all attempts together may take {ms}")
        } else {
            format!("`{}` ends after {ms}", self.limit.owner)
        };
        warning.label(self.limit.span, label)
    }
}

/// The least time until the rate lets attempt number `attempt` begin.
fn by_rate(policy: &Policy, attempt: u64) -> u64 {
    let Some(rate) = policy.rate_limit else { return 0 };
    let permits = u64::from(rate.permits.max(1));
    let over = attempt.saturating_sub(permits);
    // One permit comes back each `per_ms / permits`.
    over.saturating_mul(rate.per_ms) / permits
}

fn only_timeouts(policy: &Policy) -> bool {
    !policy.retry_on.is_empty()
        && policy.retry_on.iter().all(|error| names_timeout(error) && !error.ends_with("Exception"))
}
