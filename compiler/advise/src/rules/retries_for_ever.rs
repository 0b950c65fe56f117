//! F003: retries that never end, whatever the error is
//!
//! It knows what the manifest says, not which errors pass.

use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("F003", Family::Resilience, Severity::Advice, Confidence::Medium, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut seen = std::collections::BTreeSet::new();
    let mut found = Vec::new();
    for call in subject.calls() {
        let policy = &call.call.policy;
        let picks = !policy.retry_on.is_empty() || !policy.abort_on.is_empty();
        let ends =
            policy.retries.is_some() || policy.deadline_ms.is_some() || call.workflow.deadline.is_some();
        let Some(place) = call.call.policy_span else { continue };
        if ends || picks || call.task.idempotent || !seen.insert(call.call.task) {
            continue;
        }
        found.push(
            subject
                .found(
                    &RULE,
                    format!("`{}` is tried for ever, also when its error never passes", call.task.id.value),
                    call.task.id.span,
                    "a wrong argument keeps the run alive for good",
                )
                .label(place, "its policy retries for ever, whatever the error is")
                .help("name what is worth a retry (`retry_on`) or what is not (`abort_on`), or give it a `deadline`"),
        );
    }
    found
}
