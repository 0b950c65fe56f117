//! F012: a timeout that notices a hung call much too late
//!
//! It knows measured times.

use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::measured::{Measured, spoken};
use crate::subject::{Called, Subject};

pub(crate) static RULE: Rule = rule("F012", Family::Resilience, Severity::Advice, Confidence::Low, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    subject.of_measured_tasks(finding)
}

const ENOUGH: u64 = 100;
/// So many times the slowest call in a hundred is far above it.
const FAR: f64 = 20.0;

fn finding(subject: &Subject<'_>, measured: &Measured, call: &Called<'_>) -> Option<Diagnostic> {
    let id = &call.task.id.value;
    let (times, counts) = (measured.times(id)?, measured.counts(id));
    #[expect(clippy::cast_precision_loss, reason = "milliseconds far below 2^52")]
    let limit = call.call.policy.timeout_ms? as f64;
    let far = limit > FAR * times.p99.max(5.0) && limit >= 1000.0;
    (far && times.samples >= ENOUGH && counts.timeouts == 0).then(|| {
        subject
            .found(
                &RULE,
                format!(
                    "a call of `{id}` that hangs is noticed after {}, and 99 in 100 take less than {}",
                    spoken(limit),
                    spoken(times.p99)
                ),
                call.call.policy_span.unwrap_or(call.task.id.span),
                "its timeout",
            )
            .note(format!("measured: {}, p99 {}", times.shown(), spoken(times.p99)))
            .help(format!("{} would still be ten times p99", spoken((times.p99 * 10.0).max(100.0).ceil())))
    })
}
