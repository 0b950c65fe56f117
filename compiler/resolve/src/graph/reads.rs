//! What a step reads: every expression in it.
//!
//! It knows where expressions stand, not what they mean.

use std::collections::BTreeSet;

use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{Argument, ArgumentValue, Delay};

use super::{Fallback, Step, StepKind, TaskStep};

impl Step {
    /// The names of the steps whose results are read in the step or inside it.
    #[must_use]
    pub fn reads(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        self.each_expr(&mut |expr| in_expr(expr, &mut names));
        names
    }

    /// Calls `visit` for every expression of the step and of those inside it, outer ones first.
    pub fn each_expr<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        self.own_exprs(visit);
        self.children().for_each(|child| child.each_expr(visit));
    }

    /// Calls `visit` for every expression of the step itself.
    pub fn own_exprs<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        self.when.iter().for_each(&mut *visit);
        match &self.kind {
            StepKind::Task(call) => of_call(call, visit),
            StepKind::Workflow(call) => call.args.iter().for_each(|(_, value)| visit(value)),
            StepKind::Map(map) => visit(&map.over),
            StepKind::Switch(cases) => cases.iter().flat_map(|case| &case.when).for_each(visit),
            StepKind::Loop(repeat) => visit(&repeat.condition),
            StepKind::Sleep(Delay::Computed(value)) | StepKind::Return(value) => visit(value),
            StepKind::Emit(emit) => emit.data.iter().chain(&emit.run).for_each(visit),
            StepKind::Set(values) => values.iter().for_each(|(_, value)| visit(value)),
            StepKind::Fail { message, .. } => visit(message),
            StepKind::Sequence(_)
            | StepKind::Parallel { .. }
            | StepKind::Graph(_)
            | StepKind::Race(_)
            | StepKind::Try(_)
            | StepKind::Sleep(Delay::Fixed { .. })
            | StepKind::WaitFor(_)
            | StepKind::Hold(_) => {}
        }
    }
}

/// What stands by a call is over its own arguments; only the call's arguments and keys read the workflow.
fn of_call<'a>(call: &'a TaskStep, visit: &mut dyn FnMut(&'a Expr)) {
    of_args(&call.object, visit);
    of_args(&call.args, visit);
    call.cache.iter().flat_map(|cache| &cache.key).for_each(&mut *visit);
    call.policy.circuit_breaker.iter().flat_map(|breaker| &breaker.key).for_each(&mut *visit);
    match &call.fallback {
        Some(Fallback::Value(value)) => visit(value),
        Some(Fallback::Task(other)) => of_call(other, visit),
        None => {}
    }
    if let Some(undo) = &call.compensate {
        of_call(undo, visit);
    }
}

fn of_args<'a>(args: &'a [Argument], visit: &mut dyn FnMut(&'a Expr)) {
    for argument in args {
        if let ArgumentValue::Expr(value) = &argument.value {
            visit(value);
        }
    }
}

fn in_expr(expr: &Expr, names: &mut BTreeSet<String>) {
    if let Node::Step(name) = &expr.node {
        names.insert(name.clone());
    }
    expr.for_each_child(|part| in_expr(part, names));
}
