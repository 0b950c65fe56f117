//! O002: a failure without a message
//!
//! It knows what the manifest says.

use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("O002", Family::Observability, Severity::Advice, Confidence::High, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (_, step) in subject.steps() {
        let Some(written) = subject.written(step) else { continue };
        let conductor_model::StepKind::Fail(fail) = &written.kind else { continue };
        if fail.message.is_none() {
            found.push(
                subject
                    .found(
                        &RULE,
                        format!("who sees `{}` does not learn why", fail.error.value),
                        step.keyword,
                        "without a `message`",
                    )
                    .help("say in its `message` what was found, with the values that decided it"),
            );
        }
    }
    found
}
