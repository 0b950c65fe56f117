//! R004: a write before the check that could forbid it
//!
//! It knows what names suggest, not what the check is about.

use std::collections::BTreeSet;

use conductor_protocol::plan::Effect;
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::{Called, Subject};

pub(crate) static RULE: Rule = rule("R004", Family::Risk, Severity::Warning, Confidence::Medium, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (workflow, steps) in subject.sequences() {
        // The first write, and every step whose result hangs on it.
        let mut written: Option<(Called<'_>, BTreeSet<&str>)> = None;
        for step in steps {
            let call = subject.called(workflow, step);
            if let Some((write, after)) = &mut written {
                let depends = step.reads().iter().any(|read| after.contains(read.as_str()));
                let checks = call.is_some_and(|call| call.facts.guard.is_some() && step.critical);
                if depends {
                    after.insert(&step.id);
                } else if let Some(check) = call.filter(|_| checks && step.when.is_none()) {
                    found.push(finding(subject, write, &check));
                    break;
                }
            } else if let Some(call) = call.filter(is_bare_write) {
                written = Some((call, BTreeSet::from([step.id.as_str()])));
            }
        }
    }
    found
}

/// A write by name or code, that nothing undoes.
fn is_bare_write(call: &Called<'_>) -> bool {
    let acts = call.facts.write.is_some() || call.facts.money.is_some();
    call.task.effect == Effect::Write && acts && call.call.compensate.is_none() && call.facts.notice.is_none()
}

fn finding(subject: &Subject<'_>, write: &Called<'_>, check: &Called<'_>) -> Diagnostic {
    let (write_id, check_id) = (&write.step.id, &check.step.id);
    let evidence = check.facts.guard.as_deref().unwrap_or_default();
    let why = write.facts.money.as_deref().or(write.facts.write.as_deref()).unwrap_or_default();
    subject
        .found(
            &RULE,
            format!("`{write_id}` has happened before `{check_id}` could forbid it"),
            write.step.keyword,
            "a write that nothing undoes",
        )
        .label(check.step.keyword, "needs nothing of it, so it could come first")
        .note(format!("`{check_id}` checks something: {evidence}; `{write_id}` writes: {why}"))
        .help(format!("put `{check_id}` before `{write_id}`, or give the task a `compensate`"))
}
