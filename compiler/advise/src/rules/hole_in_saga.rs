//! R005: a write that stays when a later step fails, in a workflow that undoes the others
//!
//! It knows which writes are undone, not which would have to be.

use conductor_protocol::plan::Effect;
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::{Called, Subject};

pub(crate) static RULE: Rule = rule("R005", Family::Risk, Severity::Warning, Confidence::Medium, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (workflow, steps) in subject.sequences() {
        let calls: Vec<Called<'_>> = steps.iter().filter_map(|step| subject.called(workflow, step)).collect();
        let Some(undone) = calls.iter().find(|call| call.call.compensate.is_some()) else { continue };
        let Some(last) = calls.iter().rposition(|call| call.step.critical && writes(call)) else { continue };
        let open = calls.iter().take(last).filter(|call| {
            writes(call)
                && call.call.compensate.is_none()
                && call.facts.notice.is_none()
                && call.step.critical
        });
        for call in open {
            found.push(finding(subject, call, undone, &calls[last]));
        }
    }
    found
}

fn writes(call: &Called<'_>) -> bool {
    call.task.effect == Effect::Write
}

fn finding(subject: &Subject<'_>, call: &Called<'_>, undone: &Called<'_>, last: &Called<'_>) -> Diagnostic {
    let (id, later, other) = (&call.step.id, &last.step.id, &undone.step.id);
    subject
        .found(
            &RULE,
            format!("`{id}` stays when `{later}` fails, while `{other}` is undone"),
            call.step.keyword,
            "a write without `compensate`",
        )
        .label(last.step.keyword, "when it fails, what came before is undone")
        .label(undone.step.keyword, "is undone then")
        .help(format!(
            "give the task `{}` a `compensate`, or move it behind the last step that can fail",
            call.task.id.value
        ))
}
