//! F009: a timeout that cuts off calls that would succeed
//!
//! It knows measured times.

use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::measured::{Measured, spoken};
use crate::subject::{Called, Subject};

pub(crate) static RULE: Rule = rule("F009", Family::Resilience, Severity::Warning, Confidence::High, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    subject.of_measured_tasks(finding)
}

fn finding(subject: &Subject<'_>, measured: &Measured, call: &Called<'_>) -> Option<Diagnostic> {
    let timeout = call.call.policy.timeout_ms?;
    let id = &call.task.id.value;
    let (times, counts) = (measured.times(id)?, measured.counts(id));
    #[expect(clippy::cast_precision_loss, reason = "counts and milliseconds far below 2^52")]
    let (limit, share) = (timeout as f64, counts.timeouts as f64 / (counts.attempts.max(1) as f64));
    let cut = counts.attempts >= 20 && share > 0.01;
    if !cut && times.p99 <= limit {
        return None;
    }
    let text = if cut {
        format!("{:.0} % of the attempts of `{id}` end with its timeout of {}", share * 100.0, spoken(limit))
    } else {
        format!(
            "the timeout of `{id}` is {}, and one call in a hundred takes {} or more",
            spoken(limit),
            spoken(times.p99)
        )
    };
    let counted = if cut {
        format!(", {} of {} attempts timed out", counts.timeouts, counts.attempts)
    } else {
        String::new()
    };
    Some(
        subject
            .found(
                &RULE,
                text,
                call.call.policy_span.unwrap_or(call.task.id.span),
                "too short for what the calls take",
            )
            .note(format!("measured: {}, p99 {}{counted}", times.shown(), spoken(times.p99)))
            .help(format!("set it well above p99, such as {}", spoken((times.p99.max(limit) * 2.0).ceil()))),
    )
}
