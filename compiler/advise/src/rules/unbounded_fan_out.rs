//! F007: as many calls at once as a list has items
//!
//! It knows what the manifest limits, not how long lists are.

use conductor_protocol::expr::Node;
use conductor_resolve::StepKind;
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::{Called, Subject, is_remote};

pub(crate) static RULE: Rule = rule("F007", Family::Resilience, Severity::Warning, Confidence::Medium, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (workflow, step) in subject.steps() {
        let StepKind::Map(map) = &step.kind else { continue };
        if map.max_concurrency.is_some() || matches!(map.over.node, Node::List(_)) {
            continue;
        }
        let calls = map.steps.iter().flat_map(|inner| subject.calls_in(workflow, inner));
        let Some((call, evidence)) = calls.filter_map(|call| Some((call, unlimited(subject, &call)?))).next()
        else {
            continue;
        };
        found.push(
            subject
                .found(
                    &RULE,
                    format!("`{}` is called for all items at once, however many there are", call.step.id),
                    step.keyword,
                    "a map without `max_concurrency`",
                )
                .label(call.step.keyword, "calls over the network")
                .note(format!("it is a call over the network: {evidence}"))
                .help(format!(
                    "say how many at a time: `{}`",
                    subject.manifest.syntax.pair("max_concurrency", "10")
                )),
        );
    }
    found
}

/// Why the call goes over the network, where nothing limits how many there are at a time.
fn unlimited(subject: &Subject<'_>, call: &Called<'_>) -> Option<String> {
    let policy = &call.call.policy;
    let limited = |resource: &conductor_resolve::Resource| {
        resource.plan.permits().is_some() || resource.plan.rate_limit.is_some()
    };
    if policy.bulkhead.is_some() || policy.rate_limit.is_some() || subject.resources(call.call).any(limited) {
        return None;
    }
    let resource = subject.resources(call.call).find(|resource| is_remote(resource));
    let named = resource.map(|resource| format!("it uses the resource `{}`", resource.id.value));
    named.or_else(|| call.facts.network.clone())
}
