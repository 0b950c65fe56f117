//! The places of what the generator of the target does not write yet.
//!
//! It does not know why: that is decided by the emitter.

use conductor_emit::Unsupported;
use conductor_protocol::plan::{Language, Plan};
use conductor_resolve::{Graph, Step};
use conductor_source::{Code, Diagnostic, FileId, Span};

pub const NOT_GENERATED: Code = Code("E162");

pub(crate) fn findings(graph: &Graph, plans: &[Plan]) -> Vec<Diagnostic> {
    let of = |plan: &Plan| {
        let found = conductor_emit::unsupported(plan);
        found.into_iter().map(|one| finding(graph, one.language, &one)).collect::<Vec<_>>()
    };
    conductor_parallel::map(plans.len(), plans, of).into_iter().flatten().collect()
}

/// What was found while code was written, of which only the manifest is known.
pub(crate) fn somewhere(graph: &Graph, language: Language, what: &str) -> Diagnostic {
    let first = graph.workflows.first().map_or(Span::new(FileId(0), 0, 0), |workflow| workflow.id.span);
    diagnostic(language, what, first)
}

fn finding(graph: &Graph, language: Language, found: &Unsupported) -> Diagnostic {
    let Some(workflow) = graph.workflows.iter().find(|workflow| workflow.id.value == found.workflow) else {
        return somewhere(graph, language, &found.what);
    };
    let is_it = |step: &&Step| Some(&step.id) == found.step.as_ref();
    let step = workflow.all_steps().find(is_it);
    diagnostic(language, &found.what, step.map_or(workflow.id.span, |step| step.keyword))
}

fn diagnostic(language: Language, what: &str, span: Span) -> Diagnostic {
    let message = format!("generated {} cannot do {what} yet", language.name());
    Diagnostic::error(
        NOT_GENERATED,
        message,
        span,
        "the manifest is right, but it cannot be built by this version",
    )
    .help("`conductor check`, `plan` and `simulate` work with it")
}
