//! N002: an input that nothing reads
//!
//! It knows this manifest, not who passes the input.

use std::collections::BTreeSet;

use conductor_protocol::expr::{Expr, Node};
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::{Subject, each_node};

pub(crate) static RULE: Rule = rule("N002", Family::Clarity, Severity::Advice, Confidence::High, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for workflow in &subject.graph.workflows {
        let Some(written) = subject.workflow(workflow) else { continue };
        let mut read: BTreeSet<&str> = BTreeSet::new();
        let mut visit = |expr: &'_ Expr| {
            each_node(expr, &mut |node| {
                if let Node::Input(name) = node {
                    read.extend(
                        workflow.inputs.iter().map(|input| input.name.as_str()).filter(|input| input == name),
                    );
                }
            });
        };
        workflow.steps.iter().for_each(|step| step.each_expr(&mut visit));
        visit(&workflow.output);
        workflow.concurrency.iter().flat_map(|limit| &limit.key).for_each(&mut visit);
        for input in written.inputs.iter().filter(|input| !read.contains(input.name.value.as_str())) {
            found.push(
                subject
                    .found(
                        &RULE,
                        format!("nothing reads the input `{}` of `{}`", input.name.value, workflow.id.value),
                        input.name.span,
                        "asked of every caller",
                    )
                    .help("remove it, or pass it on to the step that was meant to have it"),
            );
        }
    }
    found
}
