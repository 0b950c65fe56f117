//! F005: an undoing that is hardly tried
//!
//! It knows how often it is tried, not how it can fail.

use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("F005", Family::Resilience, Severity::Advice, Confidence::High, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut seen = std::collections::BTreeSet::new();
    let mut found = Vec::new();
    for call in subject.calls() {
        let Some(undo) = &call.call.compensate else { continue };
        let Some(retries) = undo.policy.retries.filter(|retries| *retries < 2) else { continue };
        let (Some(task), true) = (subject.graph.tasks.get(undo.task), seen.insert(undo.task)) else {
            continue;
        };
        let times = if retries == 0 { "once" } else { "twice" };
        found.push(
            subject
                .found(
                    &RULE,
                    format!("`{}` undoes `{}` and is tried {times}", task.id.value, call.task.id.value),
                    task.id.span,
                    "when it fails, the run is paused until a person decides",
                )
                .label(call.task.id.span, "stays as it is until then")
                .help("give it a policy of its own with many retries: what undoes must get through"),
        );
    }
    found
}
