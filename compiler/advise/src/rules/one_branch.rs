//! N004: a block of branches with one branch
//!
//! It knows the manifest.

use conductor_resolve::StepKind;
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("N004", Family::Clarity, Severity::Advice, Confidence::High, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (_, step) in subject.steps() {
        let (what, branches) = match &step.kind {
            StepKind::Parallel { branches, .. } => ("parallel", branches),
            StepKind::Race(branches) => ("race", branches),
            _ => continue,
        };
        if branches.len() == 1 {
            found.push(
                subject
                    .found(
                        &RULE,
                        format!("this `{what}` has one branch"),
                        step.keyword,
                        "nothing runs beside it",
                    )
                    .help("write the branch without the block, or add what was meant to run beside it"),
            );
        }
    }
    found
}
