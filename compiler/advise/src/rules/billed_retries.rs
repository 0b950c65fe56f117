//! C002: retries and second calls that are billed
//!
//! It knows names and calls of libraries, not a price list.

use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("C002", Family::Cost, Severity::Advice, Confidence::Medium, judge);

/// From here on retries are many.
const MANY: u32 = 4;

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut seen = std::collections::BTreeSet::new();
    let mut found = Vec::new();
    for call in subject.calls() {
        let Some(evidence) = &call.facts.billed else { continue };
        let policy = &call.call.policy;
        let picks = !policy.retry_on.is_empty() || !policy.abort_on.is_empty();
        let many = policy.retries.is_none_or(|retries| retries >= MANY) && !picks;
        let what = match (policy.hedge.is_some(), many) {
            (true, _) => "a second call beside the first is billed, too",
            (_, true) => "each of its many retries is billed",
            _ => continue,
        };
        let Some(place) = call.call.policy_span.filter(|_| seen.insert(call.call.task)) else { continue };
        found.push(
            subject
                .found(
                    &RULE,
                    format!("calls of `{}` cost money: {what}", call.task.id.value),
                    call.task.id.span,
                    "billed by the call",
                )
                .label(place, "its policy")
                .note(format!("its calls are billed: {evidence}"))
                .help("retry only what passes (`retry_on`), fewer times, and do not hedge"),
        );
    }
    found
}
