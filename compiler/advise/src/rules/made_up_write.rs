//! R010: a write that fails and counts as done
//!
//! It knows what the manifest says, not what the value stands for.

use conductor_protocol::plan::Effect;
use conductor_resolve::Fallback;
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("R010", Family::Risk, Severity::Advice, Confidence::Medium, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut seen = std::collections::BTreeSet::new();
    let mut found = Vec::new();
    for call in subject.calls() {
        let Some(evidence) = call.facts.money.as_ref().or(call.facts.write.as_ref()) else { continue };
        let made_up =
            matches!(call.call.fallback, Some(Fallback::Value(_))) && call.task.effect == Effect::Write;
        let Some(policy) = call.call.policy_span.filter(|_| made_up && seen.insert(call.call.task)) else {
            continue;
        };
        let id = &call.task.id.value;
        found.push(
            subject
                .found(
                    &RULE,
                    format!("when `{id}` fails, the run goes on with a value as if it had happened"),
                    call.task.id.span,
                    "a write",
                )
                .label(policy, "its fallback is a value")
                .note(format!("it writes: {evidence}"))
                .help("fall back to a task that does the work later, or let the step fail"),
        );
    }
    found
}
