//! R001: a message beside what must not fail, in one parallel block.
//!
//! It knows what names, docstrings and bodies suggest, not what a business can do without.

use conductor_protocol::plan::Effect;
use conductor_resolve::{Step, StepKind, Workflow};
use conductor_source::{Diagnostic, Safety, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::edit::detached::detached;
use crate::subject::{Called, Subject};

pub(crate) static RULE: Rule = rule("R001", Family::Risk, Severity::Warning, Confidence::High, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (workflow, step) in subject.steps() {
        let StepKind::Parallel { branches, .. } = &step.kind else { continue };
        let critical = branches.iter().find_map(|branch| critical(subject, workflow, branch));
        let Some(critical) = critical else { continue };
        for branch in branches {
            let Some(notice) = subject.called(workflow, branch) else { continue };
            let Some(evidence) = &notice.facts.notice else { continue };
            if notice.step.id == critical.step.id || is_read(workflow, &branch.id) {
                continue;
            }
            found.push(finding(subject, &critical, &notice, evidence));
        }
    }
    found
}

/// The write in the branch that the block stands or falls with: one that moves money, else any that is no message.
fn critical<'s>(subject: &'s Subject<'_>, workflow: &'s Workflow, branch: &'s Step) -> Option<Called<'s>> {
    if !branch.critical {
        return None;
    }
    let calls = subject.calls_in(workflow, branch);
    let counts = |call: &&Called<'_>| {
        call.step.critical && call.task.effect == Effect::Write && call.facts.notice.is_none()
    };
    let money = calls.iter().find(|call| counts(call) && call.facts.money.is_some());
    money.or_else(|| calls.iter().find(counts)).copied()
}

/// Whether something reads the step's result.
pub(super) fn is_read(workflow: &Workflow, id: &str) -> bool {
    let names = |expr| {
        crate::subject::any_node(
            expr,
            &|node| matches!(node, conductor_protocol::expr::Node::Step(name) if name == id),
        )
    };
    let mut read = false;
    for step in &workflow.steps {
        step.each_expr(&mut |expr| read |= names(expr));
    }
    // An output that nobody wrote is the last step's result, whatever it holds.
    read || (workflow.output_span != workflow.id.span && names(&workflow.output))
}

fn finding(subject: &Subject<'_>, critical: &Called<'_>, notice: &Called<'_>, evidence: &str) -> Diagnostic {
    let (important, message) = (&critical.step.id, &notice.step.id);
    let text = if notice.step.critical {
        format!(
            "in this parallel block `{important}` is critical and `{message}` is not, yet a failure of `{message}` fails both"
        )
    } else {
        format!(
            "in this parallel block `{important}` is critical and `{message}` is not, yet the block waits for both, and \
             `{message}` may go out although `{important}` fails"
        )
    };
    let at = if notice.step.critical {
        "when it fails, the run fails"
    } else {
        "it may fail, but it is waited for"
    };
    let why = critical.facts.money.as_ref().map_or_else(
        || format!("`{important}` is a write without which the run fails"),
        |evidence| format!("`{important}` moves money: {evidence}"),
    );
    let mut finding = subject
        .found(&RULE, text, notice.step.keyword, at)
        .label(critical.step.keyword, "what must not fail because of it")
        .note(format!("`{message}` tells somebody something: {evidence}; {why}"))
        .help(format!(
            "move `{message}` into a workflow of its own that is started with `{}` (fire and forget), after `{important}` \
             if it may only be sent when that succeeded",
            subject.manifest.syntax.pair("detach", "true")
        ));
    if let Some((title, edits)) = detached(subject, notice) {
        finding = finding.fix(title, Safety::Unsafe, edits);
    }
    finding
}
