//! R008: several writes in a run that a crash forgets
//!
//! It knows what the manifest says, not whether the writes belong together.

use conductor_protocol::plan::Effect;
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::{Called, Subject};

pub(crate) static RULE: Rule = rule("R008", Family::Risk, Severity::Warning, Confidence::Medium, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for workflow in subject.graph.workflows.iter().filter(|workflow| !workflow.durable) {
        let writes: Vec<Called<'_>> = workflow
            .all_steps()
            .filter_map(|step| subject.called(workflow, step))
            .filter(|call| {
                call.task.effect == Effect::Write && call.facts.notice.is_none() && call.facts.read.is_none()
            })
            .collect();
        let [first, second, ..] = writes.as_slice() else { continue };
        let place = subject.workflow(workflow).and_then(|written| written.durable.as_ref());
        let Some(place) = place else { continue };
        found.push(
            subject
                .found(
                    &RULE,
                    format!(
                        "a crash between `{}` and `{}` leaves one write without the other",
                        first.step.id, second.step.id
                    ),
                    place.span,
                    "nothing of a run is kept",
                )
                .label(first.step.keyword, "a write")
                .label(second.step.keyword, "another")
                .help("leave `durable` out, so that a run goes on where it stopped"),
        );
    }
    found
}
