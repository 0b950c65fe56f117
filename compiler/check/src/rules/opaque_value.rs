//! A durable workflow journals inputs and results, so their inside must be known.
//!
//! It knows definitions of types, not values: `any` is judged when it runs.

use std::collections::BTreeSet;

use conductor_protocol::types::{Type, TypeDef, TypeName, TypeTable};
use conductor_resolve::{Step, StepKind, Workflow};
use conductor_source::{Diagnostic, Span};

use crate::{Context, codes};

/// One error a function whose result, or an input whose value, cannot be written down.
pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for workflow in context.graph.workflows.iter().filter(|workflow| workflow.durable) {
        found.extend(inputs(context, workflow, &mut seen));
        found.extend(workflow.all_steps().filter_map(|step| result(context, workflow, step, &mut seen)));
    }
    found
}

fn inputs(context: Context<'_>, workflow: &Workflow, seen: &mut BTreeSet<Span>) -> Vec<Diagnostic> {
    let opaque = workflow.inputs.iter().filter_map(|input| {
        let class = opaque(&input.ty, &context.graph.types)?;
        let span = *workflow.input_spans.get(&input.name)?;
        seen.insert(span).then(|| {
            let what = format!("the input `{}` of the durable workflow `{}`", input.name, workflow.id.value);
            finding(context, &what, &class, span, workflow)
        })
    });
    opaque.collect()
}

fn result(
    context: Context<'_>,
    workflow: &Workflow,
    step: &Step,
    seen: &mut BTreeSet<Span>,
) -> Option<Diagnostic> {
    let StepKind::Task(call) = &step.kind else { return None };
    let signature = context.graph.tasks[call.task].signature.as_ref()?;
    let class = opaque(&signature.returns, &context.graph.types)?;
    let span = signature.returns_span.unwrap_or(signature.span);
    seen.insert(span).then(|| {
        let what = format!("the result of `{}`", signature.name());
        finding(context, &what, &class, span, workflow).label(step.keyword, "called here")
    })
}

fn finding(
    context: Context<'_>,
    what: &str,
    class: &TypeName,
    span: Span,
    workflow: &Workflow,
) -> Diagnostic {
    let finding = Diagnostic::error(
        codes::OPAQUE_VALUE,
        format!("{what} cannot be journaled: the inside of `{class}` is not known"),
        span,
        format!("holds a `{}`", class.name),
    );
    let finding = match context.graph.type_spans.get(class) {
        Some(defined) => finding.label(*defined, "defined here"),
        None => finding,
    };
    finding.help(format!("{}; or say `durable: false` in `{}`", instead(class), workflow.id.value))
}

/// What to write in place of the class.
fn instead(class: &TypeName) -> &'static str {
    match class.to_string().as_str() {
        "builtins.set"
        | "builtins.frozenset"
        | "typing.Set"
        | "typing.FrozenSet"
        | "typing.AbstractSet"
        | "collections.abc.Set"
        | "collections.abc.MutableSet"
        | "typing.MutableSet" => "use a list",
        "builtins.tuple" | "typing.Tuple" => {
            "use a list, or a dataclass where each place means something else"
        }
        _ => "make it a dataclass, a TypedDict or an enum, or return its id instead",
    }
}

/// The first class in the type whose values cannot be written down.
fn opaque(ty: &Type, types: &TypeTable) -> Option<TypeName> {
    ty.inside(types).find_map(|inside| match inside {
        Type::Named(name) if matches!(types.get(name), Some(TypeDef::Opaque) | None) => Some(name.clone()),
        _ => None,
    })
}
