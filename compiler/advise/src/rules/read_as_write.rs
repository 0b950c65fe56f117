//! P002: a task that only reads, as far as its code shows, and counts as a write.
//!
//! It knows names, docstrings, schemas and bodies, not every path through the code.

use std::collections::BTreeSet;

use conductor_protocol::plan::Effect;
use conductor_source::{Diagnostic, Safety, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::edit::Text;
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("P002", Family::Performance, Severity::Advice, Confidence::Medium, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let called: BTreeSet<&str> = subject.calls().map(|call| call.task.id.value.as_str()).collect();
    let mut found = Vec::new();
    for (task, facts) in subject.graph.tasks.iter().zip(&subject.facts) {
        let Some(written) = subject.task(&task.id.value) else { continue };
        let Some(evidence) = &facts.read else { continue };
        let open = written.effect.is_none() && task.effect == Effect::Write && !task.idempotent;
        let contradicted = facts.write.is_some() || facts.notice.is_some() || facts.money.is_some();
        if !open || contradicted || task.compensate.is_some() || !called.contains(task.id.value.as_str()) {
            continue;
        }
        let pair = subject.manifest.syntax.pair("effect", "read");
        let mut finding = subject
            .found(
                &RULE,
                format!("`{}` seems to be a read, but counts as a write", task.id.value),
                task.id.span,
                "a task is a write unless its `effect` says otherwise",
            )
            .note(format!("it seems to be a read: {evidence}"))
            .note("before a write the run waits for the disk, and a write that was cut off may not simply be tried again");
        let text = Text::of(subject);
        let edit = text.with_pair(written.span, written.reference.span.end(), "effect", "read");
        finding = match edit {
            Some(edit) => finding.fix(format!("say `{pair}`"), Safety::Unsafe, vec![edit]),
            None => finding.help(format!("say `{pair}` if it changes nothing")),
        };
        found.push(finding);
    }
    found
}
