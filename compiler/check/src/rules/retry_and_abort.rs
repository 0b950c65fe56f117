//! An error is retried or ends the step, not both.
//!
//! It compares names as they are written: which types are subclasses of which, only the code knows.

use std::collections::BTreeMap;

use conductor_source::{Diagnostic, Span};

use super::policies;
use crate::{Context, codes};

pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for policy in policies(context) {
        let retried: BTreeMap<&str, Span> =
            policy.retry_on.iter().map(|error| (error.value.as_str(), error.span)).collect();
        for error in &policy.abort_on {
            if let Some(also) = retried.get(error.value.as_str()) {
                found.push(
                    Diagnostic::error(
                        codes::RETRY_AND_ABORT,
                        format!("`{}` is to be retried and to end the step", error.value),
                        error.span,
                        "ends the step",
                    )
                    .label(*also, "is retried")
                    .help("remove one of the two"),
                );
            }
        }
    }
    found
}
