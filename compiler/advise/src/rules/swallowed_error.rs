//! R006: a handler of every error that does nothing about any
//!
//! It knows which errors are caught, not which were meant.

use conductor_protocol::expr::Node;
use conductor_resolve::StepKind;
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::{Subject, any_node};

pub(crate) static RULE: Rule = rule("R006", Family::Risk, Severity::Warning, Confidence::High, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (_, step) in subject.steps() {
        let StepKind::Try(block) = &step.kind else { continue };
        for catch in block.catches.iter().filter(|catch| catch.errors.is_empty()) {
            let acts = |step: &conductor_resolve::Step| {
                !matches!(step.kind, StepKind::Set(_) | StepKind::Return(_) | StepKind::Sleep(_))
            };
            let mut reads = false;
            for inner in &catch.steps {
                inner.each_expr(&mut |expr| {
                    reads |= any_node(
                        expr,
                        &|node| matches!(node, Node::Variable(name) if *name == catch.variable),
                    );
                });
            }
            if catch.steps.iter().any(acts) || reads {
                continue;
            }
            found.push(
                subject
                    .found(
                        &RULE,
                        "this handler takes every error, and nobody hears of it",
                        catch.span,
                        "neither reads the error nor does anything about it",
                    )
                    .label(step.keyword, "whatever fails in here, a bug too")
                    .help("name the `errors` that are expected, or tell somebody with the error's message"),
            );
        }
    }
    found
}
