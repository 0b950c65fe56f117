//! F001: a call over the network that may take for ever.
//!
//! It knows what the manifest limits; a client may have a time-out of its own.

use std::collections::BTreeSet;

use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::{Called, Subject, is_remote};

pub(crate) static RULE: Rule = rule("F001", Family::Resilience, Severity::Warning, Confidence::Medium, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for call in subject.calls() {
        let policy = &call.call.policy;
        if policy.timeout_ms.is_some() || policy.deadline_ms.is_some() || call.workflow.deadline.is_some() {
            continue;
        }
        let Some(evidence) = remote(subject, &call) else { continue };
        // A blocking function is not ended by a time-out.
        let listens = call.task.signature.as_ref().is_none_or(conductor_model::Signature::listens);
        if listens && seen.insert(call.call.task) {
            let id = &call.task.id.value;
            found.push(
                subject
                    .found(
                        &RULE,
                        format!("`{id}` calls over the network and nothing limits how long that takes"),
                        call.task.id.span,
                        "a peer that does not answer keeps the run for ever",
                    )
                    .note(format!("it is a call over the network: {evidence}"))
                    .help(format!(
                        "give its policy a `timeout`, such as `{}`: well above what the slowest call in a hundred takes",
                        subject.manifest.syntax.pair("timeout", "5s")
                    )),
            );
        }
    }
    found
}

fn remote(subject: &Subject<'_>, call: &Called<'_>) -> Option<String> {
    let resource = subject.resources(call.call).find(|resource| is_remote(resource));
    resource
        .map(|resource| format!("it uses the resource `{}`", resource.id.value))
        .or_else(|| call.facts.network.clone())
}
