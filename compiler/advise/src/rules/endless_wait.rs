//! F004: a wait for a signal that may never come
//!
//! It knows what the manifest limits, not who sends the signal.

use conductor_resolve::{Step, StepKind, Workflow};
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("F004", Family::Resilience, Severity::Advice, Confidence::High, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for workflow in subject.graph.workflows.iter().filter(|workflow| workflow.deadline.is_none()) {
        visit(subject, workflow, &workflow.steps, &mut found);
    }
    found
}

/// What has a deadline around it, or races with something, ends.
fn visit(subject: &Subject<'_>, workflow: &Workflow, steps: &[Step], found: &mut Vec<Diagnostic>) {
    for step in steps.iter().filter(|step| step.deadline.is_none()) {
        match &step.kind {
            StepKind::WaitFor(wait) if wait.timeout_ms.is_none() => found.push(
                subject
                    .found(
                        &RULE,
                        format!(
                            "`{}` waits for ever when the signal `{}` never comes",
                            workflow.id.value, wait.signal
                        ),
                        step.keyword,
                        "without a `timeout`",
                    )
                    .help(format!(
                        "give it a `timeout`, and say with `on_timeout` what becomes of the run then: `{}`",
                        subject.manifest.syntax.pair("timeout", "72h")
                    )),
            ),
            StepKind::Race(_) => {}
            other => other.bodies().into_iter().for_each(|inner| visit(subject, workflow, inner, found)),
        }
    }
}
