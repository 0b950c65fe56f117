//! A word among the errors of a policy or a `catch` that is nearly a status code of gRPC, and none.
//!
//! It looks only where a gRPC method is called: elsewhere such a word may be anything.

use conductor_model::names::nearest;
use conductor_model::{Callee, Spanned, Step, StepKind};
use conductor_source::{Diagnostic, Edit, Safety};

use super::policies;
use crate::{Context, codes};

const STATUSES: [&str; 16] = [
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    let is_grpc = |callee: &Callee| matches!(callee, Callee::Grpc(_));
    let mut signatures = context.graph.tasks.iter().filter_map(|task| task.signature.as_ref());
    if !signatures.any(|signature| is_grpc(&signature.callee)) {
        return Vec::new();
    }
    let mut words: Vec<&Spanned<String>> = Vec::new();
    for policy in policies(context) {
        words.extend(policy.retry_on.iter().chain(&policy.abort_on));
    }
    for workflow in &context.manifest.workflows {
        caught(&workflow.steps, &mut words);
    }
    words.into_iter().filter_map(|word| finding(context, word)).collect()
}

fn caught<'a>(steps: &'a [Step], words: &mut Vec<&'a Spanned<String>>) {
    for step in steps {
        if let StepKind::Try(block) = &step.kind {
            words.extend(block.catches.iter().flat_map(|catch| &catch.errors));
        }
        step.kind.bodies().into_iter().for_each(|inside| caught(inside, words));
    }
}

fn finding(context: Context<'_>, word: &Spanned<String>) -> Option<Diagnostic> {
    let written = word.value.as_str();
    // Capitals in the middle of a word are those of a class, and classes are what they are called.
    let one_case = !written.chars().any(char::is_lowercase) || !written.chars().any(char::is_uppercase);
    let plain = written.chars().all(|letter| letter.is_ascii_alphabetic() || matches!(letter, '_' | '-'));
    if !one_case || !plain || STATUSES.contains(&written) {
        return None;
    }
    let near = nearest(&written.to_uppercase().replace('-', "_"), STATUSES)?;
    let message = format!("`{written}` is no status code of gRPC");
    let edit = Edit { span: word.span, text: context.manifest.syntax.word(near) };
    let finding = Diagnostic::warning(codes::MISSPELT_STATUS, message, word.span, "no call answers with it");
    let finding = finding.help(format!("did you mean `{near}`?"));
    Some(finding.fix(format!("replace it by `{near}`"), Safety::Unsafe, vec![edit]))
}
