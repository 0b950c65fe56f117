//! D002: a signal whose data nobody checks, and that is read
//!
//! It knows what the manifest says.

use conductor_resolve::StepKind;
use conductor_source::{Diagnostic, Severity};

use super::critical_beside_notice::is_read;
use super::{Confidence, Family, Rule, rule};
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("D002", Family::Data, Severity::Advice, Confidence::Medium, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (workflow, step) in subject.steps() {
        let StepKind::WaitFor(wait) = &step.kind else { continue };
        let untyped = subject.written(step).is_some_and(
            |written| matches!(&written.kind, conductor_model::StepKind::WaitFor(wait) if wait.data.is_none()),
        );
        if !untyped || !is_read(workflow, &step.id) {
            continue;
        }
        found.push(
            subject
                .found(
                    &RULE,
                    format!("the data of the signal `{}` is read, and may be anything", wait.signal),
                    step.keyword,
                    "without a `type`",
                )
                .help("give it a `type`: what does not fit is then refused when it is sent, not found by a step later"),
        );
    }
    found
}
