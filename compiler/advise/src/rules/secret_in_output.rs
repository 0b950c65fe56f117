//! S005: a secret input that is part of the result
//!
//! It knows expressions, not what functions return.

use conductor_protocol::expr::Node;
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::{Subject, any_node};

pub(crate) static RULE: Rule = rule("S005", Family::Security, Severity::Warning, Confidence::High, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for workflow in &subject.graph.workflows {
        let secret = workflow.inputs.iter().filter(|input| input.secret).find(|input| {
            any_node(&workflow.output, &|node| matches!(node, Node::Input(name) if *name == input.name))
        });
        let Some(secret) = secret else { continue };
        let place = workflow.input_spans.get(&secret.name).copied().unwrap_or(workflow.id.span);
        found.push(
            subject
                .found(
                    &RULE,
                    format!("the result of `{}` holds its secret input `{}`", workflow.id.value, secret.name),
                    workflow.output_span,
                    "whoever sees the result has it",
                )
                .label(place, "secret")
                .help("leave it out: who called the workflow knows it already"),
        );
    }
    found
}
