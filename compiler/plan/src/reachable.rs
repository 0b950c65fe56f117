//! The user's types that a value of one workflow can have, with the types of their fields.
//!
//! It knows no values: a type counts as soon as an input, argument, result or expression mentions it.

use std::collections::BTreeSet;

use conductor_protocol::expr::Expr;
use conductor_protocol::plan::{ArgumentValue, Delay, Fallback, Plan, Resource, Step, StepKind, TaskCall};
use conductor_protocol::types::{Type, TypeDef, TypeName, TypeTable};

pub(crate) fn types(plan: &Plan, known: &TypeTable) -> TypeTable {
    let mut found = BTreeSet::new();
    plan.inputs.iter().for_each(|input| of_type(&input.ty, &mut found));
    plan.concurrency.iter().flat_map(|limit| &limit.key).for_each(|key| of_expr(key, &mut found));
    plan.resources.iter().for_each(|resource| of_resource(resource, &mut found));
    plan.all_steps().for_each(|step| of_step(step, &mut found));
    of_expr(&plan.output, &mut found);
    let mut table = TypeTable::new();
    let mut pending: Vec<TypeName> = found.into_iter().collect();
    while let Some(name) = pending.pop() {
        let Some(definition) = known.get(&name) else { continue };
        if table.contains_key(&name) {
            continue;
        }
        if let TypeDef::Class { fields } | TypeDef::TypedDict { fields } = definition {
            let mut inner = BTreeSet::new();
            fields.iter().for_each(|field| of_type(&field.ty, &mut inner));
            pending.extend(inner);
        }
        table.insert(name, definition.clone());
    }
    table
}

fn of_resource(resource: &Resource, found: &mut BTreeSet<TypeName>) {
    for callable in [&resource.open, &resource.close].into_iter().flatten() {
        of_type(&callable.returns, found);
    }
}

fn of_step(step: &Step, found: &mut BTreeSet<TypeName>) {
    of_type(&step.ty, found);
    step.when.iter().for_each(|when| of_expr(when, found));
    match &step.kind {
        StepKind::Task(call) => of_call(call, found),
        StepKind::Workflow(call) => call.args.iter().for_each(|(_, expr)| of_expr(expr, found)),
        StepKind::Map(map) => {
            of_type(&map.item, found);
            of_expr(&map.over, found);
        }
        StepKind::Switch { cases } => {
            cases.iter().flat_map(|case| &case.when).for_each(|when| of_expr(when, found));
        }
        StepKind::Loop(repeat) => of_expr(&repeat.condition, found),
        StepKind::Sleep(Delay::Computed(expr)) => of_expr(expr, found),
        StepKind::WaitFor(wait) => of_type(&wait.data, found),
        StepKind::Emit(emit) => {
            emit.data.iter().chain(&emit.run).for_each(|expr| of_expr(expr, found));
        }
        StepKind::Set { values } => values.iter().for_each(|(_, value)| of_expr(value, found)),
        StepKind::Return { value } | StepKind::Fail { message: value, .. } => of_expr(value, found),
        StepKind::Sequence { .. }
        | StepKind::Parallel { .. }
        | StepKind::Graph { .. }
        | StepKind::Race { .. }
        | StepKind::Try(_)
        | StepKind::Hold(_)
        | StepKind::Sleep(Delay::Fixed { .. }) => {}
    }
}

fn of_call(call: &TaskCall, found: &mut BTreeSet<TypeName>) {
    of_type(&call.callable.returns, found);
    for argument in &call.args {
        of_type(&argument.ty, found);
        if let ArgumentValue::Expr(expr) = &argument.value {
            of_expr(expr, found);
        }
    }
    call.cache.iter().flat_map(|cache| &cache.key).for_each(|key| of_expr(key, found));
    call.policy.circuit_breaker.iter().flat_map(|breaker| &breaker.key).for_each(|key| of_expr(key, found));
    call.compensate.iter().for_each(|undo| of_call(undo, found));
    match &call.fallback {
        Some(Fallback::Task(other)) => of_call(other, found),
        Some(Fallback::Value(value)) => of_expr(value, found),
        None => {}
    }
}

fn of_expr(expr: &Expr, found: &mut BTreeSet<TypeName>) {
    of_type(&expr.ty, found);
    expr.for_each_child(|part| of_expr(part, found));
}

fn of_type(ty: &Type, found: &mut BTreeSet<TypeName>) {
    match ty {
        Type::List(inner) | Type::Map(inner) | Type::Optional(inner) => of_type(inner, found),
        Type::Record(fields) => fields.values().for_each(|field| of_type(field, found)),
        Type::Union(members) => members.iter().for_each(|member| of_type(member, found)),
        Type::Named(name) => {
            found.insert(name.clone());
        }
        _ => {}
    }
}
