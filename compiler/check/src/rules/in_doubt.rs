//! A write that timed out may have happened: whether to try again is for a person to say.
//!
//! It knows what the manifest and the signature say of a task, not what the function does.

use std::collections::BTreeSet;

use conductor_protocol::plan::Policy;
use conductor_source::Diagnostic;

use super::{calls, may_happen_twice};
use crate::{Context, codes};

/// One warning a task, at its first call that can retry after a time-out.
pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for call in calls(context) {
        let task = &context.graph.tasks[call.task];
        let said = may_happen_twice(call, task) || task.in_doubt.is_some();
        if said || !retries_timeouts(&call.policy) || !seen.insert(call.task) {
            continue;
        }
        let mut warning = Diagnostic::warning(
            codes::IN_DOUBT_UNSAID,
            format!("`{}` may happen twice: it is a write, and is retried after a time-out", task.id.value),
            task.id.span,
            "an attempt that timed out may still have done its work",
        );
        if let Some(policy) = call.policy_span {
            warning = warning.label(policy, "this policy has a `timeout` and retries");
        }
        let pair = |key, value| context.manifest.syntax.pair(key, value);
        found.push(warning.help(format!(
            "say `{}` if it changes nothing, `{}` if twice is as good as once, else `{}`, `fail` or `pause`; or give the \
             function a parameter `idempotency_key`",
            pair("effect", "read"),
            pair("idempotent", "true"),
            pair("in_doubt", "retry"),
        )));
    }
    found
}

/// Whether another attempt follows one that timed out.
pub(super) fn retries_timeouts(policy: &Policy) -> bool {
    let any = |errors: &[String]| errors.iter().any(|error| names_timeout(error));
    policy.timeout_ms.is_some()
        && policy.retries != Some(0)
        && !any(&policy.abort_on)
        && (policy.retry_on.is_empty() || any(&policy.retry_on))
}

/// Whether a time-out is such an error.
pub(super) fn names_timeout(error: &str) -> bool {
    matches!(error.rsplit('.').next(), Some("TimeoutError" | "Exception"))
}
