//! S004: a secret input that is told to somebody
//!
//! It knows what is passed on, not what the function does with it.

use std::collections::BTreeSet;

use conductor_protocol::expr::{Expr, Node};
use conductor_resolve::StepKind;
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::{Subject, any_node, arguments};

pub(crate) static RULE: Rule = rule("S004", Family::Security, Severity::Warning, Confidence::Medium, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (workflow, step) in subject.steps() {
        let secrets: BTreeSet<&str> =
            workflow.inputs.iter().filter(|input| input.secret).map(|input| input.name.as_str()).collect();
        if secrets.is_empty() {
            continue;
        }
        let told = |value: &Expr| {
            any_node(value, &|node| matches!(node, Node::Input(name) if secrets.contains(name.as_str())))
        };
        let (tells, how) = match &step.kind {
            StepKind::Fail { message, .. } => {
                (told(message), "the message of an error stands in journal and logs")
            }
            StepKind::Emit(emit) => {
                (emit.data.as_ref().is_some_and(told), "the data of a signal is not secret")
            }
            StepKind::Task(call) => {
                let notice = subject.facts.get(call.task).is_some_and(|facts| facts.notice.is_some());
                // To whom something is sent is no content of it.
                let mut content = arguments(call)
                    .filter(|(name, _)| !matches!(*name, "to" | "email" | "phone" | "recipient"));
                (notice && content.any(|(_, value)| told(value)), "a message leaves the system")
            }
            _ => (false, ""),
        };
        if tells {
            found.push(
                subject
                    .found(
                        &RULE,
                        format!("`{}` passes a secret input on to where it is seen", step.id),
                        step.keyword,
                        how,
                    )
                    .help("leave it out, or pass on what identifies it: its last digits, an id"),
            );
        }
    }
    found
}
