//! R002: a message whose failure fails a run that has done its work
//!
//! It knows what names, docstrings and bodies suggest, not what a business can do without.

use conductor_protocol::plan::Effect;
use conductor_resolve::{Step, StepKind, Workflow};
use conductor_source::{Diagnostic, Safety, Severity};

use super::critical_beside_notice::is_read;
use super::{Confidence, Family, Rule, rule};
use crate::edit::Text;
use crate::subject::{Called, Subject};

pub(crate) static RULE: Rule = rule("R002", Family::Risk, Severity::Advice, Confidence::Medium, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for workflow in &subject.graph.workflows {
        let mut written = None;
        visit(subject, workflow, &workflow.steps, &mut written, &mut found);
    }
    found
}

/// Goes through steps in order; who is tried, or is a branch, has its failure thought of.
fn visit<'s>(
    subject: &'s Subject<'_>,
    workflow: &'s Workflow,
    steps: &'s [Step],
    written: &mut Option<&'s str>,
    found: &mut Vec<Diagnostic>,
) {
    for step in steps {
        if let Some(call) = subject.called(workflow, step) {
            match (&call.facts.notice, *written) {
                (Some(evidence), Some(earlier)) if step.critical && !is_read(workflow, &step.id) => {
                    found.push(finding(subject, &call, earlier, evidence));
                }
                (None, None) if step.critical && call.task.effect == Effect::Write => {
                    *written = Some(&step.id)
                }
                _ => {}
            }
        }
        match &step.kind {
            StepKind::Sequence(inner) => visit(subject, workflow, inner, written, found),
            StepKind::Switch(cases) => {
                for case in cases {
                    visit(subject, workflow, &case.steps, &mut written.clone(), found);
                }
            }
            _ => {}
        }
    }
}

fn finding(subject: &Subject<'_>, call: &Called<'_>, earlier: &str, evidence: &str) -> Diagnostic {
    let id = &call.step.id;
    let finding = subject
        .found(
            &RULE,
            format!("`{id}` is a message, yet its failure fails a run that has done its work"),
            call.step.keyword,
            format!("`{earlier}` has happened by then"),
        )
        .note(format!("`{id}` tells somebody something: {evidence}"));
    let pair = subject.manifest.syntax.pair("critical", "false");
    let edit = subject.written(call.step).and_then(|step| {
        let conductor_model::StepKind::Task(called) = &step.kind else { return None };
        Text::of(subject).with_pair(step.span, called.span.end(), "critical", "false")
    });
    match edit {
        Some(edit) => finding.fix(format!("say `{pair}` of `{id}`"), Safety::Unsafe, vec![edit]),
        None => finding.help(format!("say `{pair}`, or start it in a workflow of its own with `detach`")),
    }
}
