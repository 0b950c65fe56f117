//! C004: a connection that is held while another service is called
//!
//! It knows what the manifest says, not how long the call takes.

use conductor_protocol::plan::ResourceKind;
use conductor_resolve::StepKind;
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::{Subject, is_remote};

pub(crate) static RULE: Rule = rule("C004", Family::Cost, Severity::Advice, Confidence::Medium, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (workflow, step) in subject.steps() {
        let StepKind::Hold(hold) = &step.kind else { continue };
        let Some(held) = subject.graph.resources.get(hold.resource) else { continue };
        if !matches!(held.plan.kind, ResourceKind::Postgres | ResourceKind::Redis) {
            continue;
        }
        let calls = hold.steps.iter().flat_map(|inner| subject.calls_in(workflow, inner));
        let elsewhere = calls.filter_map(|call| {
            let uses_it = call.call.uses.contains(&hold.resource);
            let other = subject
                .resources(call.call)
                .find(|other| is_remote(other) && other.id.value != held.id.value)?;
            (!uses_it).then_some((call, other))
        });
        let Some((call, other)) = elsewhere.into_iter().next() else { continue };
        found.push(
            subject
                .found(
                    &RULE,
                    format!(
                        "a connection of `{}` is held while `{}` calls `{}`",
                        held.id.value, call.step.id, other.id.value
                    ),
                    call.step.keyword,
                    "does not use the connection",
                )
                .label(step.keyword, "held from here to the end of the block")
                .help("take the call out of the block, before it or after it"),
        );
    }
    found
}
