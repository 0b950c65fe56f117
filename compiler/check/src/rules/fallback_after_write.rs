//! A write that timed out may have happened; a fallback that writes then does it a second time in another way.
//!
//! It knows what the manifest says of both tasks, not what the functions do.

use std::collections::BTreeSet;

use conductor_protocol::plan::Effect;
use conductor_resolve::Fallback;
use conductor_source::Diagnostic;

use super::{calls, may_happen_twice};
use crate::{Context, codes};

/// One warning a task whose outcome may be unknown when its fallback begins.
pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for call in calls(context) {
        let Some(Fallback::Task(fallback)) = &call.fallback else { continue };
        let (task, second) = (&context.graph.tasks[call.task], &context.graph.tasks[fallback.task]);
        let cut_off = call.policy.timeout_ms.is_some() || call.policy.deadline_ms.is_some();
        let harmless =
            may_happen_twice(call, task) || second.effect != Effect::Write || task.in_doubt.is_some();
        if !cut_off || harmless || !seen.insert(call.task) {
            continue;
        }
        let warning = Diagnostic::warning(
            codes::FALLBACK_AFTER_WRITE,
            format!("both `{}` and its fallback `{}` may happen", task.id.value, second.id.value),
            task.id.span,
            "a write that timed out may still have done its work",
        )
        .label(second.id.span, "is called then, and writes as well");
        let warning = match call.policy_span {
            Some(policy) => warning.label(policy, "this policy cuts it off, and has the fallback"),
            None => warning,
        };
        let pair = |key, value| context.manifest.syntax.pair(key, value);
        found.push(warning.help(format!(
            "say `{}` if twice is as good as once, else what to do: `{}`, `pause` or `retry`",
            pair("idempotent", "true"),
            pair("in_doubt", "fail"),
        )));
    }
    found
}
