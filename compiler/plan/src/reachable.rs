//! The user's types that a value of one workflow can have, with the types of their fields.
//!
//! It knows no values: a type counts as soon as an input, argument, result or expression mentions it.

use std::collections::BTreeSet;

use conductor_protocol::expr::Expr;
use conductor_protocol::plan::{ArgumentValue, Delay, Fallback, Plan, Resource, Step, StepKind, TaskCall};
use conductor_protocol::types::{Field, Type, TypeDef, TypeName, TypeTable};

type Visit<'v> = &'v mut dyn FnMut(&Type);

/// The definitions of the types that the Plan mentions, and of those in their fields.
pub(crate) fn types(plan: &Plan, known: &TypeTable) -> TypeTable {
    let mut found = BTreeSet::new();
    each_type(plan, &mut |ty| names(ty, &mut found));
    let mut table = TypeTable::new();
    let mut pending: Vec<TypeName> = found.into_iter().collect();
    while let Some(name) = pending.pop() {
        let Some(definition) = known.get(&name) else { continue };
        if table.contains_key(&name) {
            continue;
        }
        let mut inner = BTreeSet::new();
        fields(definition).iter().for_each(|field| names(&field.ty, &mut inner));
        pending.extend(inner);
        table.insert(name, definition.clone());
    }
    table
}

/// Whether the Plan mentions a union, or a class whose inside is not known: what no target can always write.
#[must_use]
pub fn has_open_types(plan: &Plan) -> bool {
    let mut found = false;
    each_type(plan, &mut |ty| found |= has_union(ty));
    let is_open = |definition: &TypeDef| {
        matches!(definition, TypeDef::Opaque) || fields(definition).iter().any(|field| has_union(&field.ty))
    };
    found || plan.types.values().any(is_open)
}

fn fields(definition: &TypeDef) -> &[Field] {
    match definition {
        TypeDef::Class { fields } | TypeDef::TypedDict { fields } => fields,
        TypeDef::Enum { .. } | TypeDef::Opaque => &[],
    }
}

/// Calls `visit` for the type of every input, result, argument and expression.
fn each_type(plan: &Plan, visit: Visit<'_>) {
    plan.inputs.iter().for_each(|input| visit(&input.ty));
    plan.concurrency.iter().flat_map(|limit| &limit.key).for_each(|key| of_expr(key, visit));
    plan.resources.iter().for_each(|resource| of_resource(resource, visit));
    plan.all_steps().for_each(|step| of_step(step, visit));
    of_expr(&plan.output, visit);
}

fn of_resource(resource: &Resource, visit: Visit<'_>) {
    for function in [&resource.open, &resource.close].into_iter().flatten() {
        visit(&function.returns);
    }
}

fn of_step(step: &Step, visit: Visit<'_>) {
    visit(&step.ty);
    step.when.iter().for_each(|when| of_expr(when, visit));
    match &step.kind {
        StepKind::Task(call) => of_call(call, visit),
        StepKind::Workflow(call) => call.args.iter().for_each(|(_, expr)| of_expr(expr, visit)),
        StepKind::Map(map) => {
            visit(&map.item);
            of_expr(&map.over, visit);
        }
        StepKind::Switch { cases } => {
            cases.iter().flat_map(|case| &case.when).for_each(|when| of_expr(when, visit));
        }
        StepKind::Loop(repeat) => of_expr(&repeat.condition, visit),
        StepKind::Sleep(Delay::Computed(expr)) => of_expr(expr, visit),
        StepKind::WaitFor(wait) => visit(&wait.data),
        StepKind::Emit(emit) => {
            emit.data.iter().chain(&emit.run).for_each(|expr| of_expr(expr, visit));
        }
        StepKind::Set { values } => values.iter().for_each(|(_, value)| of_expr(value, visit)),
        StepKind::Return { value } | StepKind::Fail { message: value, .. } => of_expr(value, visit),
        StepKind::Sequence { .. }
        | StepKind::Parallel { .. }
        | StepKind::Graph { .. }
        | StepKind::Race { .. }
        | StepKind::Try(_)
        | StepKind::Hold(_)
        | StepKind::Sleep(Delay::Fixed { .. }) => {}
    }
}

fn of_call(call: &TaskCall, visit: Visit<'_>) {
    visit(call.callable.returns());
    for argument in call.arguments() {
        visit(&argument.ty);
        if let ArgumentValue::Expr(expr) = &argument.value {
            of_expr(expr, visit);
        }
    }
    call.cache.iter().flat_map(|cache| &cache.key).for_each(|key| of_expr(key, visit));
    call.policy.circuit_breaker.iter().flat_map(|breaker| &breaker.key).for_each(|key| of_expr(key, visit));
    call.compensate.iter().for_each(|undo| of_call(undo, visit));
    match &call.fallback {
        Some(Fallback::Task(other)) => of_call(other, visit),
        Some(Fallback::Value(value)) => of_expr(value, visit),
        None => {}
    }
}

fn of_expr(expr: &Expr, visit: Visit<'_>) {
    visit(&expr.ty);
    expr.for_each_child(|part| of_expr(part, visit));
}

/// The user's types in a type.
fn names(ty: &Type, found: &mut BTreeSet<TypeName>) {
    match ty {
        Type::List(inner) | Type::Map(inner) | Type::Optional(inner) => names(inner, found),
        Type::Record(fields) => fields.values().for_each(|field| names(field, found)),
        Type::Union(members) => members.iter().for_each(|member| names(member, found)),
        Type::Named(name) => {
            found.insert(name.clone());
        }
        _ => {}
    }
}

fn has_union(ty: &Type) -> bool {
    match ty {
        Type::Union(_) => true,
        Type::List(inner) | Type::Map(inner) | Type::Optional(inner) => has_union(inner),
        Type::Record(fields) => fields.values().any(has_union),
        _ => false,
    }
}
