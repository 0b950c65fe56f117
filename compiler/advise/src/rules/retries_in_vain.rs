//! F010: retries that never help
//!
//! It knows measured outcomes.

use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::measured::Measured;
use crate::subject::{Called, Subject};

pub(crate) static RULE: Rule = rule("F010", Family::Resilience, Severity::Advice, Confidence::High, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    subject.of_measured_tasks(finding)
}

/// Fewer retried steps say nothing.
const ENOUGH: u64 = 20;

fn finding(subject: &Subject<'_>, measured: &Measured, call: &Called<'_>) -> Option<Diagnostic> {
    let id = &call.task.id.value;
    let counts = measured.counts(id);
    let in_vain = counts.retried >= ENOUGH && counts.recovered * 20 <= counts.retried;
    if !in_vain || call.call.policy.retries == Some(0) {
        return None;
    }
    Some(
        subject
            .found(
                &RULE,
                format!(
                    "of {} steps of `{id}` that were tried again, {} succeeded in the end",
                    counts.retried, counts.recovered
                ),
                call.call.policy_span.unwrap_or(call.task.id.span),
                "its retries cost time and help nobody",
            )
            .help("name the errors that pass (`retry_on`) or those that do not (`abort_on`), or retry less"),
    )
}
