//! O001: an error that is replaced by another without its cause
//!
//! It knows expressions of the handler.

use conductor_protocol::expr::Node;
use conductor_resolve::StepKind;
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::{Subject, any_node};

pub(crate) static RULE: Rule =
    rule("O001", Family::Observability, Severity::Advice, Confidence::Medium, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (_, step) in subject.steps() {
        let StepKind::Try(block) = &step.kind else { continue };
        for catch in block.catches.iter().filter(|catch| catch.errors.is_empty()) {
            let mut reads = false;
            for inner in &catch.steps {
                inner.each_expr(&mut |expr| {
                    reads |= any_node(
                        expr,
                        &|node| matches!(node, Node::Variable(name) if *name == catch.variable),
                    );
                });
            }
            let fails = catch.steps.iter().find(|inner| matches!(inner.kind, StepKind::Fail { .. }));
            let Some(fails) = fails.filter(|_| !reads) else { continue };
            found.push(
                subject
                    .found(
                        &RULE,
                        "the run fails without a word of what went wrong",
                        fails.keyword,
                        "its message does not say why",
                    )
                    .label(catch.span, "whatever failed, a bug too")
                    .help(format!("put the cause into the message: `${{{}.message}}`", catch.variable)),
            );
        }
    }
    found
}
