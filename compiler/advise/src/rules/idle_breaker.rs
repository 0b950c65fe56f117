//! F011: a circuit breaker that is always open, or never although most calls fail
//!
//! It knows measured outcomes and states.

use conductor_protocol::plan::Trip;
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::measured::Measured;
use crate::subject::{Called, Subject};

pub(crate) static RULE: Rule = rule("F011", Family::Resilience, Severity::Advice, Confidence::Medium, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    subject.of_measured_tasks(finding)
}

const ENOUGH: u64 = 50;
/// Of attempts that fail, the share from which a breaker lets hardly any call through that is worth it.
const HOPELESS: f64 = 0.9;

fn finding(subject: &Subject<'_>, measured: &Measured, call: &Called<'_>) -> Option<Diagnostic> {
    let id = &call.task.id.value;
    let breaker = call.call.policy.circuit_breaker.as_ref()?;
    let state = measured.breaker(id)?;
    let counts = measured.counts(id);
    let rate = measured.failure_rate(id).unwrap_or(0.0);
    let at = call.call.policy_span.unwrap_or(call.task.id.span);
    let limit = match breaker.trip {
        Trip::FailureRate(rate) => rate,
        Trip::Failures(_) => 0.5,
    };
    // Where its processes are gone it is closed again: then the openings tell.
    let said = match state.opened {
        Some(times) if times > 2 && rate >= HOPELESS => Some(format!("has opened {times} times")),
        times => (state.state == "open" && times.is_none_or(|times| times > 2)).then(|| "is open".to_owned()),
    };
    if let Some(said) = said {
        return Some(
            subject
                .found(
                    &RULE,
                    format!("the breaker of `{id}` {said}, and {:.0} % of its attempts fail", rate * 100.0),
                    at,
                    "its calls are refused",
                )
                .note(format!("measured: {:.0} % of {} attempts fail", rate * 100.0, counts.attempts))
                .help("mend what it calls, or give the task a fallback that does the work"),
        );
    }
    (state.opened.is_none_or(|times| times == 0)
        && state.state == "closed"
        && counts.attempts >= ENOUGH
        && rate > limit)
        .then(|| {
            subject
                .found(
                    &RULE,
                    format!(
                        "the breaker of `{id}` is closed, although {:.0} % of its attempts fail",
                        rate * 100.0
                    ),
                    at,
                    "its numbers are out of reach",
                )
                .note(format!("measured: {} attempts", counts.attempts))
                .help("lower `failures`, `failure_rate` or `min_calls`, or widen the `window`")
        })
}
