//! O003: a detached workflow whose failure nobody hears of
//!
//! It knows what the manifest says, not what is watched from outside.

use conductor_protocol::plan::Effect;
use conductor_resolve::StepKind;
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::Subject;

pub(crate) static RULE: Rule =
    rule("O003", Family::Observability, Severity::Advice, Confidence::Medium, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut seen = std::collections::BTreeSet::new();
    let mut found = Vec::new();
    for (_, step) in subject.steps() {
        let StepKind::Workflow(start) = &step.kind else { continue };
        let Some(child) = subject.graph.workflows.get(start.workflow).filter(|_| start.detach) else {
            continue;
        };
        let handles = child.all_steps().any(|inner| matches!(inner.kind, StepKind::Try(_)));
        let once = child.all_steps().filter_map(|inner| subject.called(child, inner)).find(|call| {
            call.step.critical
                && call.task.effect == Effect::Write
                && call.call.policy.retries == Some(0)
                && call.call.fallback.is_none()
        });
        let Some(call) = once.filter(|_| !handles && seen.insert(start.workflow)) else { continue };
        found.push(
            subject
                .found(
                    &RULE,
                    format!("when `{}` fails, nobody hears of it", call.step.id),
                    call.step.keyword,
                    "tried once",
                )
                .label(step.keyword, format!("`{}` is started here and not awaited", child.id.value))
                .help("give it retries, and a `try` whose handler tells somebody"),
        );
    }
    found
}
