//! Which results are read, and the type that holds each wherever it is read.
//!
//! It knows the steps of one Plan; it writes nothing.

use std::collections::BTreeMap;

use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{Argument, ArgumentValue, Delay, Fallback, Plan, Step, StepKind, TaskCall};
use conductor_protocol::types::Type;

use super::package::all_steps;

/// The types by id: of steps that make the result, and as those see it who read it.
pub fn read(plan: &Plan) -> BTreeMap<String, Type> {
    let mut seen: BTreeMap<String, Vec<Type>> = BTreeMap::new();
    for expr in expressions(plan) {
        collect(expr, &mut seen);
    }
    let steps = all_steps(&plan.steps);
    // What an atomic block comes to is recorded, whoever reads it.
    for step in &steps {
        if matches!(&step.kind, StepKind::Hold(hold) if hold.atomic && plan.durable) {
            seen.entry(step.id.clone()).or_default();
        }
    }
    // Blocks stand before what is inside of them.
    for step in &steps {
        if !seen.contains_key(&step.id) {
            continue;
        }
        for inner in sources(step) {
            seen.entry(inner.id.clone()).or_default().push(inner.ty.clone());
        }
    }
    for step in &steps {
        if let Some(types) = seen.get_mut(&step.id) {
            types.push(step.ty.clone());
        }
        if let StepKind::Set { values } = &step.kind {
            for (name, value) in values {
                if let Some(types) = seen.get_mut(name) {
                    types.push(value.ty.clone());
                }
            }
        }
    }
    let merged = seen.into_iter().map(|(id, types)| (id, Type::union(types)));
    merged.filter(|(_, ty)| *ty != Type::Null).collect()
}

/// What a run comes to: its output, or what a `return` gives in its place.
pub fn output(plan: &Plan) -> Type {
    let returned = all_steps(&plan.steps).into_iter().filter_map(|step| match &step.kind {
        StepKind::Return { value } => Some(value.ty.clone()),
        _ => None,
    });
    Type::union(returned.chain([plan.output.ty.clone()]))
}

/// The steps whose results a block's result is made of.
fn sources(step: &Step) -> Vec<&Step> {
    match &step.kind {
        StepKind::Parallel { branches, .. } | StepKind::Graph { steps: branches } => {
            let Type::Record(fields) = step.ty.non_null() else { return Vec::new() };
            branches.iter().filter(|branch| fields.contains_key(&branch.id)).collect()
        }
        StepKind::Race { branches } => branches.iter().collect(),
        StepKind::Try(block) => {
            let bodies = std::iter::once(&block.steps).chain(block.catches.iter().map(|catch| &catch.steps));
            bodies.filter_map(|steps| steps.last()).collect()
        }
        kind => kind.bodies().into_iter().filter_map(<[Step]>::last).collect(),
    }
}

/// The result of a block that is made of those of its steps; the others keep theirs where it comes about.
pub fn made_of(step: &Step) -> Option<Expr> {
    match &step.kind {
        StepKind::Sequence { steps } => steps.last().map(reading),
        StepKind::Hold(hold) => hold.steps.last().map(reading),
        StepKind::Parallel { .. } | StepKind::Graph { .. } => {
            let ty = step.ty.non_null().clone();
            let Type::Record(fields) = &ty else { return None };
            let read = |(name, ty): (&String, &Type)| {
                (name.clone(), Expr { ty: ty.clone(), node: Node::Step(name.clone()) })
            };
            let node = Node::Record(fields.iter().map(read).collect());
            Some(Expr { ty, node })
        }
        _ => None,
    }
}

fn collect(expr: &Expr, seen: &mut BTreeMap<String, Vec<Type>>) {
    let mut pending = vec![expr];
    while let Some(expr) = pending.pop() {
        if let Node::Step(id) = &expr.node {
            seen.entry(id.clone()).or_default().push(expr.ty.clone());
        }
        expr.for_each_child(|child| pending.push(child));
    }
}

/// Every expression of the Plan.
pub fn expressions(plan: &Plan) -> Vec<&Expr> {
    let mut found = vec![&plan.output];
    if let Some(key) = plan.concurrency.as_ref().and_then(|limit| limit.key.as_ref()) {
        found.push(key);
    }
    found.extend(of_steps(&plan.steps));
    found
}

/// Every expression of the steps and of those inside of them.
pub fn of_steps(steps: &[Step]) -> Vec<&Expr> {
    let mut found = Vec::new();
    for step in all_steps(steps) {
        found.extend(&step.when);
        match &step.kind {
            StepKind::Task(call) => of_call(call, &mut found),
            StepKind::Workflow(call) => found.extend(call.args.iter().map(|(_, value)| value)),
            StepKind::Map(map) => found.push(&map.over),
            StepKind::Switch { cases } => found.extend(cases.iter().filter_map(|case| case.when.as_ref())),
            StepKind::Loop(repeat) => found.push(&repeat.condition),
            StepKind::Sleep(Delay::Computed(value)) | StepKind::Return { value } => found.push(value),
            StepKind::Fail { message, .. } => found.push(message),
            StepKind::Emit(emit) => found.extend(emit.data.iter().chain(&emit.run)),
            StepKind::Set { values } => found.extend(values.iter().map(|(_, value)| value)),
            StepKind::Sequence { .. }
            | StepKind::Parallel { .. }
            | StepKind::Graph { .. }
            | StepKind::Race { .. }
            | StepKind::Try(_)
            | StepKind::Hold(_)
            | StepKind::WaitFor(_)
            | StepKind::Sleep(Delay::Fixed { .. }) => {}
        }
    }
    found
}

pub fn of_call<'c>(call: &'c TaskCall, found: &mut Vec<&'c Expr>) {
    let value = |argument: &'c Argument| match &argument.value {
        ArgumentValue::Expr(value) => Some(value),
        _ => None,
    };
    found.extend(call.arguments().filter_map(value));
    found.extend(call.cache.as_ref().and_then(|cache| cache.key.as_ref()));
    found.extend(call.policy.circuit_breaker.as_ref().and_then(|breaker| breaker.key.as_ref()));
    match &call.fallback {
        Some(Fallback::Value(value)) => found.push(value),
        Some(Fallback::Task(other)) => of_call(other, found),
        None => {}
    }
    if let Some(undo) = &call.compensate {
        of_call(undo, found);
    }
}

/// How often each step's result is read.
pub fn count(exprs: &[&Expr], found: &mut BTreeMap<String, usize>) {
    let mut pending = exprs.to_vec();
    while let Some(expr) = pending.pop() {
        if let Node::Step(id) = &expr.node {
            *found.entry(id.clone()).or_default() += 1;
        }
        expr.for_each_child(|child| pending.push(child));
    }
}

/// An expression that reads the result of a step.
pub fn reading(step: &Step) -> Expr {
    Expr { ty: step.ty.clone(), node: Node::Step(step.id.clone()) }
}
