//! A blocking function runs on after its time-out, or after it lost: nothing can interrupt it.
//!
//! It cannot know how long the function really takes.

use std::collections::BTreeSet;

use conductor_model::{Callee, Signature};
use conductor_protocol::plan::Language;
use conductor_resolve::{StepKind, Task, TaskStep};
use conductor_source::{Diagnostic, Severity};

use super::enclosed::{Enclosed, enclosed};
use super::may_happen_twice;
use crate::{Context, codes};

/// What would cut a call off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// After so many milliseconds.
    Timeout(u64),
    Deadline,
    Race,
}

/// One finding a function, at its first call that something would cut off.
pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for place in enclosed(context) {
        let StepKind::Task(step) = &place.step.kind else { continue };
        for call in step.with_others() {
            let task = &context.graph.tasks[call.task];
            let (Some(signature), Some(cut)) = (&task.signature, cut(call, place)) else { continue };
            if !signature.listens() && seen.insert(signature.span) {
                found.push(finding(call, task, signature, cut));
            }
        }
    }
    found
}

fn cut(call: &TaskStep, place: Enclosed<'_>) -> Option<Cut> {
    let deadline = call.policy.deadline_ms.or(place.limit.map(|limit| limit.ms));
    match call.policy.timeout_ms {
        Some(timeout) => Some(Cut::Timeout(timeout)),
        None if call.policy.hedge.is_some() || place.raced => Some(Cut::Race),
        None => deadline.map(|_| Cut::Deadline),
    }
}

fn finding(call: &TaskStep, task: &Task, signature: &Signature, cut: Cut) -> Diagnostic {
    // For a write that may not happen twice the real end is awaited, so the step lasts longer than its time-out.
    let lasts = matches!(cut, Cut::Timeout(_)) && !may_happen_twice(call, task);
    let severity = if lasts { Severity::Warning } else { Severity::Advice };
    let language = match &signature.callee {
        Callee::Function(function) => function.language,
        Callee::Grpc(_) | Callee::Http(_) => Language::Python,
    };
    let Words { runs, lacks, remedy } = words(language);
    let (what, label) = match cut {
        Cut::Timeout(ms) => {
            ("a time-out", format!("its attempt fails after {ms} ms, but its {runs} runs to the end"))
        }
        Cut::Deadline => ("a deadline", format!("it may pass, but the {runs} runs to the end")),
        Cut::Race => ("losing a race", format!("another call may win, but its {runs} runs to the end")),
    };
    Diagnostic::new(
        severity,
        codes::BLOCKING_TIMEOUT,
        format!("`{}` blocks: {what} cannot interrupt it", signature.name()),
        task.id.span,
        label,
    )
    .label(signature.span, lacks)
    .help(format!("give its own calls a time-out as well, {remedy}, or say that the task is idempotent"))
}

/// How a language speaks of what runs on, and of what would listen.
struct Words {
    runs: &'static str,
    lacks: &'static str,
    remedy: &'static str,
}

fn words(language: Language) -> Words {
    match language {
        Language::Python => Words { runs: "thread", lacks: "not `async`", remedy: "make it `async def`" },
        Language::Typescript => Words { runs: "call", lacks: "not `async`", remedy: "make it `async`" },
        Language::Go => Words {
            runs: "goroutine",
            lacks: "takes no `context.Context`",
            remedy: "give it a `context.Context` that it heeds",
        },
        Language::Rust => Words { runs: "thread", lacks: "not `async`", remedy: "make it `async fn`" },
    }
}
