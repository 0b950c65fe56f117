//! The place of what an emitter cannot write: the function or input whose type has no form in the target's language.
//!
//! It does not know why an emitter refuses: that is said by its error.

use conductor_emit::EmitError;
use conductor_protocol::types::Type;
use conductor_resolve::{Graph, StepKind};
use conductor_source::{Code, Diagnostic, FileId, Span};

pub const UNWRITABLE: Code = Code("E161");

pub(crate) fn finding(graph: &Graph, error: &EmitError) -> Diagnostic {
    let (span, label) = match error {
        EmitError::Union { one, other } => place(graph, |ty| is_union_of(ty, one, other)),
        EmitError::Opaque { class } => place(
            graph,
            |ty| matches!(ty, Type::Named(name) if name.name == *class || name.to_string() == *class),
        ),
        _ => None,
    }
    .unwrap_or_else(|| {
        let first = graph.workflows.first();
        (first.map_or(Span::new(FileId(0), 0, 0), |workflow| workflow.id.span), "in this manifest")
    });
    Diagnostic::error(UNWRITABLE, error.to_string(), span, label)
}

/// The first result or input whose type holds one that `wanted` picks.
fn place(graph: &Graph, wanted: impl Fn(&Type) -> bool) -> Option<(Span, &'static str)> {
    let holds = |ty: &Type| ty.inside(&graph.types).any(&wanted);
    for workflow in &graph.workflows {
        for step in workflow.all_steps() {
            let StepKind::Task(call) = &step.kind else { continue };
            let Some(signature) = &graph.tasks[call.task].signature else { continue };
            if holds(&signature.returns) {
                return Some((
                    signature.returns_span.unwrap_or(signature.span),
                    "the result of this function",
                ));
            }
        }
        for input in &workflow.inputs {
            if holds(&input.ty) {
                return Some((*workflow.input_spans.get(&input.name)?, "becomes an input of a workflow"));
            }
        }
    }
    None
}

fn is_union_of(ty: &Type, one: &str, other: &str) -> bool {
    let Type::Union(members) = ty else { return false };
    let has = |name: &str| members.iter().any(|member| member.to_string() == name);
    has(one) && has(other)
}
