//! `workflow`: by which `serve` and parents know the module of a durable workflow.
//!
//! It knows the runtime's `Workflow`, not what becomes of a run.

use conductor_protocol::plan::{Concurrency, Effect, Fallback, StepKind, TaskCall};

use super::policy;
use super::tree::{Item, Property, Ts, Ty};
use super::workflow::{Workflow, child_alias};
use crate::EmitError;
use crate::flow::{At, Var};

type Result<T> = std::result::Result<T, EmitError>;

pub fn item(workflow: &mut Workflow<'_>) -> Result<Item> {
    let plan = workflow.plan;
    let digest = workflow.file.package.digest(&plan.workflow)?.to_owned();
    let mut options = vec![("plan", Ts::string(digest)), ("body", Ts::name("body"))];
    options.extend(plan.deadline_ms.map(|milliseconds| ("deadline", policy::number(milliseconds))));
    let mut writes = Vec::new();
    for step in plan.all_steps() {
        if let StepKind::Task(call) = &step.kind {
            writes.extend(keys_of_writes(&step.id, call));
        }
    }
    writes.sort();
    writes.dedup();
    if !writes.is_empty() {
        options.push(("writes", Ts::Array(writes.iter().map(Ts::string).collect())));
    }
    if let Some(turn) = &plan.concurrency {
        options.push(("concurrency", concurrency(workflow, turn)?));
    }
    if let Some(schedule) = &plan.schedule {
        let described = Ts::object(vec![
            ("cron", Ts::string(&schedule.cron)),
            ("timeZone", Ts::string(&schedule.time_zone)),
            ("missed", Ts::string(schedule.missed.as_str())),
        ]);
        options.push(("schedule", described));
    }
    let secret: Vec<Ts> = plan.secret().map(Ts::string).collect();
    if !secret.is_empty() {
        options.push(("secret", Ts::Array(secret)));
    }
    let undoing = std::mem::take(&mut workflow.compensations);
    if !undoing.is_empty() {
        let pairs =
            undoing.into_iter().map(|(id, function)| Property::Value(id, Ts::name(function))).collect();
        options.push(("compensations", Ts::Object(pairs)));
    }
    let children = children(workflow)?;
    if !children.is_empty() {
        options.push(("children", Ts::arrow(&[], Ts::Object(children))));
    }
    workflow.file.import_as("_plans", "plans", "plans");
    options.push(("plans", Ts::name("plans")));
    workflow.file.runtime("workflow", "Workflow");
    let value = Ts::made("Workflow", vec![Ts::string(&plan.workflow), Ts::object(options)]);
    Ok(Item::Const {
        exported: true,
        name: "workflow".to_owned(),
        ty: Some(Ty::name("Workflow")),
        value,
        doc: "By which `serve` and other workflows know this one.".to_owned(),
    })
}

/// The workflows that are awaited as steps: what they did is undone with what their parent did.
fn children(workflow: &mut Workflow<'_>) -> Result<Vec<Property>> {
    let mut children = Vec::new();
    for step in workflow.plan.all_steps() {
        let StepKind::Workflow(call) = &step.kind else { continue };
        let target = workflow.file.package.plan(&call.workflow)?;
        if target.durable
            && !call.detach
            && !children.iter().any(|known| matches!(known, Property::Value(id, _) if *id == step.id))
        {
            let alias = child_alias(&target.workflow);
            // Nothing else names it where the step cannot be reached.
            workflow.file.import_as(&target.workflow, "workflow", &alias);
            children.push(Property::Value(step.id.clone(), Ts::name(alias)));
        }
    }
    Ok(children)
}

/// `{ limit: 5, key: (input) => ... }`.
pub fn concurrency(workflow: &mut Workflow<'_>, turn: &Concurrency) -> Result<Ts> {
    let mut options = vec![("limit", Ts::number(turn.limit))];
    if let Some(key) = &turn.key {
        let held = workflow.scope.held.clone();
        if workflow.plan.durable {
            for input in &workflow.plan.inputs {
                let raw = super::codecs::entry(Ts::name("input"), &input.name);
                let value = workflow.file.coded(super::codecs::Way::Decode, &input.ty, raw);
                let var = Var::Input(input.name.clone());
                let value = if workflow.scope.is_recorded(&var) {
                    Ts::object(vec![("value", Ts::arrow(&[], value))])
                } else {
                    value
                };
                workflow.scope.held.insert(var, value);
            }
        }
        let value = workflow.value(key, At::End)?;
        workflow.scope.held = held;
        let key = if workflow.plan.durable { Ts::arrow(&["input"], value) } else { value };
        options.push(("key", key));
    }
    Ok(Ts::object(options))
}

/// The keys of a call and its fallbacks that write.
fn keys_of_writes(id: &str, call: &TaskCall) -> Vec<String> {
    let mut keys = Vec::new();
    let (mut key, mut call) = (id.to_owned(), call);
    loop {
        if call.effect == Effect::Write {
            keys.push(key.clone());
        }
        let Some(Fallback::Task(other)) = &call.fallback else { return keys };
        key.push_str(".fallback");
        call = other;
    }
}
