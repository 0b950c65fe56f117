//! P006: an asynchronous function that blocks everything beside it
//!
//! It knows what the text of the function shows.

use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("P006", Family::Performance, Severity::Warning, Confidence::High, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut seen = std::collections::BTreeSet::new();
    let mut found = Vec::new();
    for call in subject.calls() {
        let Some(evidence) = &call.facts.blocks else { continue };
        let Some(signature) = call.task.signature.as_ref().filter(|_| seen.insert(call.call.task)) else {
            continue;
        };
        found.push(
            subject
                .found(
                    &RULE,
                    format!(
                        "`{}` is `async` and blocks: while it waits, no other step of the process goes on",
                        call.task.id.value
                    ),
                    call.task.id.span,
                    "branches beside it, other runs and time-outs wait for it",
                )
                .label(signature.span, "an `async def` with blocking calls")
                .note(format!("it blocks: {evidence}"))
                .help(
                    "make it a plain `def`, which runs on a thread of its own, or use an asynchronous client",
                ),
        );
    }
    found
}
