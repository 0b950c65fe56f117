//! N005: a sequence inside a sequence
//!
//! It knows the manifest.

use conductor_resolve::StepKind;
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("N005", Family::Clarity, Severity::Advice, Confidence::High, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (_, steps) in subject.sequences() {
        for step in steps {
            let plain = step.anonymous && step.when.is_none() && step.deadline.is_none() && step.critical;
            if matches!(step.kind, StepKind::Sequence(_)) && plain && step.needs.is_empty() {
                found.push(
                    subject
                        .found(
                            &RULE,
                            "this `sequence` stands where steps run in order anyway",
                            step.keyword,
                            "says nothing more",
                        )
                        .help("write its steps without it"),
                );
            }
        }
    }
    found
}
