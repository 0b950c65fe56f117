//! Fallbacks, compensations and the keys of breakers and caches see the arguments of their call as variables: here each
//! variable gives way to its argument.
//!
//! It knows Plans and no target language. Expressions have no effects, so that one may stand in two places.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{
    Argument, ArgumentValue, Callable, Fallback, Plan, Receiver, Step, StepKind, TaskCall,
};
use conductor_protocol::types::Type;

use crate::flow::never_complete;

/// Expressions by the variable that stands for them.
type Values = BTreeMap<String, Expr>;

/// What the variable `result` of a compensation is called here: no variable of a manifest can have this name.
pub const RESULT: &str = "result of the step";

/// The Plan with fallbacks that need no variables. Its digest is another, so it is not to be asked for one.
pub fn inlined(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    let mut pending: Vec<&mut Step> = plan.steps.iter_mut().collect();
    while let Some(step) = pending.pop() {
        match &mut step.kind {
            StepKind::Task(call) => fallbacks(call),
            StepKind::Sequence { steps } | StepKind::Graph { steps } => pending.extend(steps),
            StepKind::Parallel { branches, .. } | StepKind::Race { branches } => pending.extend(branches),
            StepKind::Map(map) => pending.extend(&mut map.steps),
            StepKind::Switch { cases } => pending.extend(cases.iter_mut().flat_map(|case| &mut case.steps)),
            StepKind::Loop(repeat) => pending.extend(&mut repeat.steps),
            StepKind::Try(block) => {
                pending.extend(&mut block.steps);
                pending.extend(block.catches.iter_mut().flat_map(|catch| &mut catch.steps));
                pending.extend(&mut block.finally);
            }
            StepKind::Hold(hold) => pending.extend(&mut hold.steps),
            StepKind::Workflow(_)
            | StepKind::Sleep(_)
            | StepKind::WaitFor(_)
            | StepKind::Emit(_)
            | StepKind::Set { .. }
            | StepKind::Return { .. }
            | StepKind::Fail { .. } => {}
        }
    }
    plan
}

/// The Plan with an output of the type that it has whichever way the workflow ends.
pub fn with_returns(mut plan: Plan) -> Plan {
    let returned: Vec<Type> = plan
        .all_steps()
        .filter_map(|step| match &step.kind {
            StepKind::Return { value } => Some(value.ty.clone()),
            _ => None,
        })
        .collect();
    let at_the_end = (!never_complete(&plan.steps)).then(|| plan.output.ty.clone());
    let ty = Type::union(returned.into_iter().chain(at_the_end));
    if ty != plan.output.ty && ty != Type::Null {
        plan.output = Expr { ty, node: Node::Convert(Box::new(plan.output)) };
    }
    plan
}

/// Puts the call's arguments in the place of the variables that stand for them.
pub fn fallbacks(call: &mut TaskCall) {
    let mut values = Values::new();
    for argument in call.arguments() {
        if let ArgumentValue::Expr(value) = &argument.value {
            values.insert(argument.parameter.clone(), value.clone());
            values.insert(snake(&argument.parameter), value.clone());
        }
    }
    let breaker = call.policy.circuit_breaker.as_mut().and_then(|breaker| breaker.key.as_mut());
    let cache = call.cache.as_mut().and_then(|cache| cache.key.as_mut());
    for key in breaker.into_iter().chain(cache) {
        *key = substituted(key, &values);
    }
    match &mut call.fallback {
        None => {}
        Some(Fallback::Value(value)) => *value = substituted(value, &values),
        Some(Fallback::Task(other)) => {
            all_arguments(other, &values);
            fallbacks(other);
        }
    }
    if let Some(undo) = &mut call.compensate {
        let ty = call.callable.returns().clone();
        values.insert("result".to_owned(), Expr { ty, node: Node::Variable(RESULT.to_owned()) });
        all_arguments(undo, &values);
        each_argument(undo, &mut may_be_unknown);
    }
}

/// What takes null gets the result as it is, which is null where nobody knows it.
fn may_be_unknown(argument: &mut Argument) {
    if let ArgumentValue::Expr(Expr { ty, node: Node::Variable(name) }) = &mut argument.value
        && name == RESULT
        && argument.ty.is_nullable()
    {
        *ty = Type::optional(ty.clone());
    }
}

fn all_arguments(call: &mut TaskCall, values: &Values) {
    each_argument(call, &mut |argument| arguments(std::slice::from_mut(argument), values));
}

/// Calls `change` with each argument, after those that make the object that the call is made on.
pub fn each_argument(call: &mut TaskCall, change: &mut dyn FnMut(&mut Argument)) {
    if let Callable::Function(function) = &mut call.callable
        && let Some(Receiver::Constructed { args, .. }) = &mut function.receiver
    {
        args.iter_mut().for_each(&mut *change);
    }
    call.args.iter_mut().for_each(change);
}

fn arguments(args: &mut [Argument], values: &Values) {
    for argument in args {
        if let ArgumentValue::Expr(value) = &mut argument.value {
            *value = substituted(value, values);
        }
    }
}

/// As expressions name parameters.
fn snake(name: &str) -> String {
    crate::python::snake(name)
}

fn substituted(expr: &Expr, values: &Values) -> Expr {
    let inner = |expr: &Expr| Box::new(substituted(expr, values));
    let all = |parts: &[Expr]| parts.iter().map(|part| substituted(part, values)).collect::<Vec<_>>();
    let node = match &expr.node {
        Node::Variable(name) => match values.get(name) {
            Some(value) => return value.clone(),
            None => expr.node.clone(),
        },
        Node::Literal(_) | Node::Input(_) | Node::Step(_) | Node::RunId | Node::Env(_) => expr.node.clone(),
        Node::Field { of, name } => Node::Field { of: inner(of), name: name.clone() },
        Node::Has { of, name } => Node::Has { of: inner(of), name: name.clone() },
        Node::Index { of, index } => Node::Index { of: inner(of), index: inner(index) },
        Node::List(parts) => Node::List(all(parts)),
        Node::Interpolate(parts) => Node::Interpolate(all(parts)),
        Node::Call { function, args } => Node::Call { function: function.clone(), args: all(args) },
        Node::Record(fields) => {
            Node::Record(fields.iter().map(|(name, part)| (name.clone(), *inner(part))).collect())
        }
        Node::Entries(entries) => {
            Node::Entries(entries.iter().map(|(key, part)| (*inner(key), *inner(part))).collect())
        }
        Node::Unary { op, operand } => Node::Unary { op: *op, operand: inner(operand) },
        Node::Binary { op, left, right } => Node::Binary { op: *op, left: inner(left), right: inner(right) },
        Node::Conditional { test, then, otherwise } => {
            Node::Conditional { test: inner(test), then: inner(then), otherwise: inner(otherwise) }
        }
        Node::Convert(of) => Node::Convert(inner(of)),
        Node::Bind { name, value, body } => {
            let (names, values) = bound(std::slice::from_ref(name), &[body], values);
            let body = Box::new(substituted(body, &values));
            Node::Bind { name: names.concat(), value: inner(value), body }
        }
        Node::Comprehension { kind, over, variables, filter, body } => {
            let mut parts: Vec<&Expr> = vec![body];
            parts.extend(filter.as_deref());
            let (variables, values) = bound(variables, &parts, values);
            Node::Comprehension {
                kind: *kind,
                over: inner(over),
                variables,
                filter: filter.as_ref().map(|filter| Box::new(substituted(filter, &values))),
                body: Box::new(substituted(body, &values)),
            }
        }
    };
    Expr { ty: expr.ty.clone(), node }
}

/// New names of variables that `parts` bind, and what is to be put in there: the variables hide outer ones of their
/// names, and must not catch a variable of what is put in.
fn bound(variables: &[String], parts: &[&Expr], values: &Values) -> (Vec<String>, Values) {
    let mut inside: Values = values
        .iter()
        .filter(|(name, _)| !variables.contains(name))
        .map(|(n, v)| (n.clone(), v.clone()))
        .collect();
    let mut taken = BTreeSet::new();
    inside.values().for_each(|value| mentioned(value, &mut taken));
    let mut names = Vec::new();
    for variable in variables {
        let mut name = variable.clone();
        if taken.contains(variable) {
            parts.iter().for_each(|part| mentioned(part, &mut taken));
            while taken.contains(&name) {
                name.push('_');
            }
            let ty = parts.iter().find_map(|part| type_of(variable, part));
            if let Some(ty) = ty {
                inside.insert(variable.clone(), Expr { ty, node: Node::Variable(name.clone()) });
            }
            taken.insert(name.clone());
        }
        names.push(name);
    }
    (names, inside)
}

/// The names of all variables in the expression.
fn mentioned(expr: &Expr, names: &mut BTreeSet<String>) {
    if let Node::Variable(name) = &expr.node {
        names.insert(name.clone());
    }
    expr.for_each_child(|part| mentioned(part, names));
}

fn type_of(variable: &str, expr: &Expr) -> Option<Type> {
    if matches!(&expr.node, Node::Variable(name) if name == variable) {
        return Some(expr.ty.clone());
    }
    let mut found = None;
    expr.for_each_child(|part| found = found.take().or_else(|| type_of(variable, part)));
    found
}
