//! C001: a loop that asks over and over
//!
//! It knows the manifest, not whether the peer could send a signal.

use conductor_protocol::expr::Node;
use conductor_protocol::plan::Effect;
use conductor_resolve::StepKind;
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::{Called, Subject, any_node, arguments};

pub(crate) static RULE: Rule = rule("C001", Family::Cost, Severity::Advice, Confidence::Medium, judge);

/// From this pause on it is no hurry, in milliseconds.
const SLOW: u64 = 1000;

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (workflow, step) in subject.steps() {
        let StepKind::Loop(block) = &step.kind else { continue };
        let pauses =
            block.steps.iter().any(|inner| matches!(inner.kind, StepKind::Sleep(_) | StepKind::WaitFor(_)));
        if block.every_ms.is_some_and(|every| every >= SLOW) || pauses || block.max_iterations < 10 {
            continue;
        }
        let calls: Vec<Called<'_>> =
            block.steps.iter().flat_map(|inner| subject.calls_in(workflow, inner)).collect();
        // Who reads what the last round found goes on; who asks the same again polls.
        let same = |call: &Called<'_>| {
            arguments(call.call).all(|(_, value)| {
                !any_node(value, &|node| matches!(node, Node::Step(id) if *id == step.id || block.steps.iter().any(|inner| inner.id == *id)))
            })
        };
        let [call] = calls.as_slice() else { continue };
        if call.task.effect == Effect::Write || !same(call) {
            continue;
        }
        let pause = block.every_ms.map_or("without a pause".to_owned(), |every| format!("every {every} ms"));
        found.push(
            subject
                .found(
                    &RULE,
                    format!("`{}` is asked the same {pause}, up to {} times a run", call.step.id, block.max_iterations),
                    step.keyword,
                    "a loop that polls",
                )
                .label(call.step.keyword, "each time with the same arguments")
                .help("wait for a signal (`wait_for`) that the other side sends, or pause a second and more with `every`"),
        );
    }
    found
}
