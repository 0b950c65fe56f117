//! Without annotations nothing can be checked, and nothing binds by type.
//!
//! It looks at functions that a workflow calls only.

use std::collections::BTreeSet;

use conductor_model::ParameterKind;
use conductor_protocol::types::Type;
use conductor_source::{Diagnostic, Severity};

use super::calls;
use crate::{Context, codes};

/// One piece of advice a function, with what is missing.
pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for call in calls(context) {
        let Some(signature) = &context.graph.tasks[call.task].signature else { continue };
        if !seen.insert(signature.span) {
            continue;
        }
        let mut missing: Vec<String> = signature
            .parameters
            .iter()
            .filter(|parameter| !parameter.annotated)
            .filter(|parameter| {
                !matches!(
                    parameter.kind,
                    ParameterKind::VarPositional | ParameterKind::VarKeyword | ParameterKind::Cancellation
                )
            })
            .map(|parameter| format!("`{}`", parameter.name))
            .collect();
        if signature.returns_span.is_none() && signature.returns == Type::Any {
            missing.push("what it returns".to_owned());
        }
        if missing.is_empty() {
            continue;
        }
        found.push(Diagnostic::new(
            Severity::Advice,
            codes::UNANNOTATED,
            format!("`{}` does not say the type of {}", signature.name(), missing.join(", ")),
            signature.span,
            "so it is `any`: not checked, and not bound by type",
        ));
    }
    found
}
