//! R007: a payment that is simply tried again when nobody knows whether it happened
//!
//! It knows what the manifest says, not what the provider does with a second call.

use conductor_protocol::plan::{ArgumentValue, InDoubt};
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("R007", Family::Risk, Severity::Warning, Confidence::High, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut seen = std::collections::BTreeSet::new();
    let mut found = Vec::new();
    for call in subject.calls() {
        let Some(evidence) = &call.facts.money else { continue };
        let takes_key = call
            .call
            .object
            .iter()
            .chain(&call.call.args)
            .any(|argument| matches!(argument.value, ArgumentValue::IdempotencyKey));
        let retried = call.task.in_doubt == Some(InDoubt::Retry) && !call.task.idempotent && !takes_key;
        let place = subject.task(&call.task.id.value).and_then(|task| task.in_doubt.as_ref());
        let Some(place) = place.filter(|_| retried && seen.insert(call.call.task)) else { continue };
        let id = &call.task.id.value;
        found.push(
            subject
                .found(
                    &RULE,
                    format!("`{id}` may take the money twice"),
                    place.span,
                    "an attempt that may have happened is simply tried again",
                )
                .note(format!("`{id}` moves money: {evidence}"))
                .help(
                    "give the function a parameter `idempotency_key` and pass it on to the provider; else let a person decide: \
                     `in_doubt: pause`",
                ),
        );
    }
    found
}
