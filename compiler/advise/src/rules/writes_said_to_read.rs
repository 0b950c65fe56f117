//! R009: a task that is said to read and whose code writes
//!
//! It knows what the text of the function shows, not every path through it.

use conductor_protocol::plan::Effect;
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("R009", Family::Risk, Severity::Warning, Confidence::High, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (task, facts) in subject.graph.tasks.iter().zip(&subject.facts) {
        let said = subject.task(&task.id.value).and_then(|written| written.effect.as_ref());
        let (Some(said), Some(evidence)) = (said, &facts.writes_in_code) else { continue };
        if said.value == Effect::Write {
            continue;
        }
        found.push(
            subject
                .found(
                    &RULE,
                    format!("`{}` is said to change nothing, and its code writes", task.id.value),
                    said.span,
                    "so it may be called again, hedged and cached, without a wait for the disk",
                )
                .note(format!("it writes: {evidence}"))
                .help("leave `effect` out, and say `idempotent` if twice is as good as once"),
        );
    }
    found
}
