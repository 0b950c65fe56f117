//! The conversation with introspection: it asks for paths until it knows every ref and type of the manifest.
//!
//! It knows no disk: whoever compiles answers.

use std::collections::BTreeSet;

use conductor_introspect::{Answer, Introspector, Need};
use conductor_model::{Findings, Manifest, Step, StepKind, TypeExpr, TypeExprKind};
use conductor_protocol::plan::Language;
use conductor_resolve::python_ref;
use conductor_source::Sources;

/// Looks everything up that the manifest names in the code.
pub(crate) fn introspect(
    manifest: &Manifest,
    root: &str,
    sources: &mut Sources,
    fetch: &mut dyn FnMut(&Need) -> Answer,
) -> Findings {
    let of_resources = manifest.resources.iter().flat_map(|resource| [&resource.open, &resource.close]);
    let written = manifest.tasks.iter().map(|task| &task.reference).chain(of_resources.flatten());
    let refs = written.filter_map(|reference| python_ref(&reference.value).ok());
    let mut names = BTreeSet::new();
    let inputs = manifest.workflows.iter().flat_map(|workflow| &workflow.inputs);
    inputs.for_each(|input| type_names(&input.ty, &mut names));
    manifest.workflows.iter().for_each(|workflow| of_steps(&workflow.steps, &mut names));
    let mut introspector = Introspector::new(Language::Python, root, refs, names);
    loop {
        let needs = introspector.needs();
        if needs.is_empty() {
            return introspector.finish(sources);
        }
        for need in needs {
            let answer = fetch(&need);
            introspector.supply(&need, answer);
        }
    }
}

/// The types of the data that signals bring.
fn of_steps<'a>(steps: &'a [Step], names: &mut BTreeSet<&'a str>) {
    for step in steps {
        if let StepKind::WaitFor(wait) = &step.kind {
            wait.data.iter().for_each(|ty| type_names(ty, names));
        }
        step.kind.bodies().into_iter().for_each(|inside| of_steps(inside, names));
    }
}

fn type_names<'a>(written: &'a TypeExpr, names: &mut BTreeSet<&'a str>) {
    match &written.kind {
        TypeExprKind::Name(name) => {
            names.insert(name);
        }
        TypeExprKind::List(inner) | TypeExprKind::Map(inner) | TypeExprKind::Optional(inner) => {
            type_names(inner, names);
        }
        TypeExprKind::Record(fields) => fields.iter().for_each(|(_, field)| type_names(field, names)),
        TypeExprKind::Union(members) => members.iter().for_each(|member| type_names(member, names)),
        TypeExprKind::Builtin(_) | TypeExprKind::Broken => {}
    }
}
