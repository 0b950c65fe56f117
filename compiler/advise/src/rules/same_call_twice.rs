//! P005: the same read twice, with nothing between that could change its answer
//!
//! It knows writes of this run only.

use conductor_protocol::plan::Effect;
use conductor_resolve::StepKind;
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::{Called, Subject, arguments};

pub(crate) static RULE: Rule = rule("P005", Family::Performance, Severity::Advice, Confidence::Medium, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (workflow, steps) in subject.sequences() {
        let mut earlier: Vec<Called<'_>> = Vec::new();
        for step in steps {
            let Some(call) = subject.called(workflow, step) else {
                if !matches!(step.kind, StepKind::Set(_)) {
                    earlier.clear();
                }
                continue;
            };
            if call.task.effect == Effect::Write {
                earlier.clear();
                continue;
            }
            let same = earlier.iter().find(|other| {
                other.call.task == call.call.task
                    && arguments(other.call).eq(arguments(call.call))
                    && other.step.when.is_none()
            });
            if let Some(other) = same.filter(|_| call.call.cache.is_none()) {
                found.push(finding(subject, other, &call));
            }
            earlier.push(call);
        }
    }
    found
}

fn finding(subject: &Subject<'_>, earlier: &Called<'_>, again: &Called<'_>) -> Diagnostic {
    let times = subject.measured.and_then(|measured| measured.times(&again.task.id.value));
    let finding = subject
        .found(
            &RULE,
            format!("`{}` asks what `{}` has just been told", again.step.id, earlier.step.id),
            again.step.keyword,
            "the same task with the same arguments",
        )
        .label(earlier.step.keyword, "nothing is written after this")
        .help(format!("read `${{{}}}` instead", earlier.step.id));
    match times {
        Some(times) => finding.note(format!("measured: a call takes {}", times.shown())),
        None => finding,
    }
}
