//! F006: a fallback that needs what has just failed
//!
//! It knows which resources tasks use, not why one fails.

use conductor_resolve::Fallback;
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::{Subject, is_remote};

pub(crate) static RULE: Rule = rule("F006", Family::Resilience, Severity::Advice, Confidence::Medium, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut seen = std::collections::BTreeSet::new();
    let mut found = Vec::new();
    for call in subject.calls() {
        let Some(Fallback::Task(other)) = &call.call.fallback else { continue };
        let shared = subject.resources(call.call).find(|resource| {
            is_remote(resource) && subject.resources(other).any(|theirs| theirs.id.value == resource.id.value)
        });
        let (Some(shared), Some(task)) = (shared, subject.graph.tasks.get(other.task)) else { continue };
        if !seen.insert((call.call.task, other.task)) {
            continue;
        }
        found.push(
            subject
                .found(
                    &RULE,
                    format!(
                        "`{}` stands in for `{}` and needs `{}`, too",
                        task.id.value, call.task.id.value, shared.id.value
                    ),
                    task.id.span,
                    "fails with it when the resource is down",
                )
                .label(shared.id.span, "both use it")
                .help("fall back to something that does not need it: a queue, a cache, a value"),
        );
    }
    found
}
