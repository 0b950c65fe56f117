//! Tasks, policies, resources and workflows that nothing leads to.
//!
//! It does not know who calls a workflow from outside: only with an `entrypoint` is another one unused.

use std::collections::BTreeSet;

use conductor_model::Id;
use conductor_resolve::StepKind;
use conductor_source::{Code, Diagnostic, Severity};

use super::calls;
use crate::{Context, codes};

pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    // A step that could not be read or bound may be the one that uses it.
    if !context.sound {
        return Vec::new();
    }
    let called: BTreeSet<usize> = calls(context).map(|call| call.task).collect();
    let tasks = context.graph.tasks.iter().enumerate().filter(|(position, _)| !called.contains(position));
    let tasks = tasks.map(|(_, task)| advice(codes::UNUSED_TASK, "task", "no workflow calls it", &task.id));
    let used: BTreeSet<&str> = context.graph.used_policies.iter().map(String::as_str).collect();
    let policies =
        context.manifest.policies.iter().filter(|policy| !used.contains(policy.id.value.as_str())).map(
            |policy| advice(codes::UNUSED_POLICY, "policy", "neither a task nor a step has it", &policy.id),
        );
    tasks.chain(policies).chain(resources(context)).chain(workflows(context)).collect()
}

fn resources(context: Context<'_>) -> Vec<Diagnostic> {
    let mut used: BTreeSet<usize> = calls(context).flat_map(|call| call.uses.iter().copied()).collect();
    for step in context.graph.workflows.iter().flat_map(conductor_resolve::Workflow::all_steps) {
        if let StepKind::Hold(hold) = &step.kind {
            used.insert(hold.resource);
        }
    }
    let resources = context.graph.resources.iter().enumerate();
    resources
        .filter(|(position, _)| !used.contains(position))
        .map(|(_, resource)| {
            let label = "no task uses it, and no step holds it";
            advice(codes::UNUSED_RESOURCE, "resource", label, &resource.id)
        })
        .collect()
}

fn workflows(context: Context<'_>) -> Vec<Diagnostic> {
    let all = &context.graph.workflows;
    if !all.iter().any(|workflow| workflow.entrypoint) {
        return Vec::new();
    }
    let called: BTreeSet<usize> = all
        .iter()
        .flat_map(conductor_resolve::Workflow::all_steps)
        .filter_map(|step| match &step.kind {
            StepKind::Workflow(call) => Some(call.workflow),
            _ => None,
        })
        .collect();
    all.iter()
        .enumerate()
        .filter(|(position, workflow)| {
            !workflow.entrypoint && workflow.schedule.is_none() && !called.contains(position)
        })
        .map(|(_, workflow)| {
            let label = "no workflow calls it, and it is neither `entrypoint` nor on a `schedule`";
            advice(codes::UNUSED_WORKFLOW, "workflow", label, &workflow.id)
        })
        .collect()
}

fn advice(code: Code, what: &str, label: &str, id: &Id) -> Diagnostic {
    let message = format!("the {what} `{}` is not used", id.value);
    Diagnostic::new(Severity::Advice, code, message, id.span, label)
}
