//! A run that is not durable and waits for a signal without an end is lost with its process.
//!
//! It does not know how long a process lives.

use conductor_resolve::StepKind;
use conductor_source::{Diagnostic, Severity};

use crate::{Context, codes};

pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for workflow in
        context.graph.workflows.iter().filter(|workflow| !workflow.durable && workflow.deadline.is_none())
    {
        for step in workflow.all_steps() {
            let StepKind::WaitFor(wait) = &step.kind else { continue };
            if wait.timeout_ms.is_some() {
                continue;
            }
            found.push(
                Diagnostic::new(
                    Severity::Advice,
                    codes::UNDURABLE_WAIT,
                    format!(
                        "`{}` waits for `{}` without an end, and is not durable",
                        workflow.id.value, wait.signal
                    ),
                    step.keyword,
                    "the wait is forgotten when the process ends",
                )
                .label(workflow.id.span, "says `durable: false`")
                .help("remove `durable: false`, or give the wait a `timeout`"),
            );
        }
    }
    found
}
