//! An attempt may not be allowed longer than all attempts together.
//!
//! It does not add up attempts and pauses: that is the worst case, which nobody has to reach.

use conductor_source::Diagnostic;

use super::policies;
use crate::{Context, codes};

pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    policies(context)
        .into_iter()
        .filter_map(|policy| {
            let (timeout, deadline) = (policy.timeout.as_ref()?, policy.deadline.as_ref()?);
            (timeout.value > deadline.value).then(|| {
                Diagnostic::error(
                    codes::TIMEOUT_OVER_DEADLINE,
                    "one attempt may take longer than all attempts together",
                    timeout.span,
                    format!("one attempt: {} ms", timeout.value),
                )
                .label(deadline.span, format!("all attempts: {} ms", deadline.value))
                .help("make `timeout` shorter than `deadline`")
            })
        })
        .collect()
}
