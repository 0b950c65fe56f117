//! The places of what the generator of the target does not write yet.
//!
//! It does not know why: that is decided by the emitter.

use conductor_emit::Unsupported;
use conductor_protocol::plan::Plan;
use conductor_resolve::{Graph, Step};
use conductor_source::{Code, Diagnostic, FileId, Span};

pub const NOT_GENERATED: Code = Code("E162");

pub(crate) fn findings(graph: &Graph, plans: &[Plan]) -> Vec<Diagnostic> {
    plans.iter().flat_map(conductor_emit::unsupported).map(|one| finding(graph, &one)).collect()
}

/// What was found while code was written, of which only the manifest is known.
pub(crate) fn somewhere(graph: &Graph, what: &str) -> Diagnostic {
    let first = graph.workflows.first().map_or(Span::new(FileId(0), 0, 0), |workflow| workflow.id.span);
    diagnostic(what, first)
}

fn finding(graph: &Graph, found: &Unsupported) -> Diagnostic {
    let Some(workflow) = graph.workflows.iter().find(|workflow| workflow.id.value == found.workflow) else {
        return somewhere(graph, &found.what);
    };
    let is_it = |step: &&Step| Some(&step.id) == found.step.as_ref();
    let step = workflow.all_steps().find(is_it);
    diagnostic(&found.what, step.map_or(workflow.id.span, |step| step.keyword))
}

fn diagnostic(what: &str, span: Span) -> Diagnostic {
    let message = format!("generated Python cannot do {what} yet");
    Diagnostic::error(
        NOT_GENERATED,
        message,
        span,
        "the manifest is right, but it cannot be built by this version",
    )
    .help("`conductor check`, `plan` and `simulate` work with it")
}
