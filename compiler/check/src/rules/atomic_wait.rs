//! A wait for a signal inside of a block that is one step to the journal: nobody records that the signal was taken.
//!
//! It does not know whether the signal ever comes.

use conductor_resolve::{Step, StepKind};
use conductor_source::Diagnostic;

use crate::{Context, codes};

pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for workflow in context.graph.workflows.iter().filter(|workflow| workflow.durable) {
        for step in workflow.all_steps() {
            if matches!(&step.kind, StepKind::Hold(hold) if hold.atomic) {
                waits_inside(step, &mut found);
            }
        }
    }
    found
}

fn waits_inside(block: &Step, found: &mut Vec<Diagnostic>) {
    let mut pending: Vec<&Step> = block.children().collect();
    while let Some(step) = pending.pop() {
        // Where blocks stand in each other, the outermost has told of it.
        let is_told = found.iter().any(|finding| finding.span() == step.keyword);
        if let StepKind::WaitFor(wait) = &step.kind
            && !is_told
        {
            let message =
                format!("`{}` is one step to the journal and cannot wait for `{}`", block.id, wait.signal);
            found.push(
                Diagnostic::error(
                    codes::ATOMIC_WAIT,
                    message,
                    step.keyword,
                    "nothing would record that the signal was taken",
                )
                .label(block.keyword, "says `atomic: true`")
                .help("wait before the block or after it, or leave out `atomic`"),
            );
        }
        pending.extend(step.children());
    }
}
