//! Steps of each kind of block, as tests of generated Python put them together.
//!
//! It knows Plans and nothing of what is emitted for them.

use std::collections::BTreeMap;

use conductor_protocol::expr::{BinaryOp, Expr, Literal, Node};
use conductor_protocol::plan::{
    Case, Catch, Delay, Effect, Loop, LoopTest, Map, OnExhausted, Step, StepKind, Try,
};
use conductor_protocol::types::Type;

use crate::support::*;

pub fn act(id: &str) -> Step {
    task(id, call("act", function("tasks.act", true, Type::Int), vec![key()], Effect::Read))
}

pub fn acting(id: &str, given: Expr) -> Step {
    let mut act = act(id);
    if let StepKind::Task(call) = &mut act.kind {
        let ty = Type::Any;
        call.args.push(conductor_protocol::plan::Argument { ty, ..arg("given", given) });
    }
    act
}

pub fn last_type(steps: &[Step]) -> Type {
    steps.last().map_or(Type::Null, |step| step.ty.clone())
}

pub fn sequence(id: &str, steps: Vec<Step>) -> Step {
    step(id, last_type(&steps), StepKind::Sequence { steps })
}

pub fn race(id: &str, branches: Vec<Step>) -> Step {
    let ty = Type::union(branches.iter().map(|branch| branch.ty.clone()));
    step(id, ty, StepKind::Race { branches })
}

pub fn graph(id: &str, steps: Vec<(Step, &[&str])>) -> Step {
    let with = |(step, needs): (Step, &[&str])| Step {
        needs: needs.iter().map(|id| (*id).to_owned()).collect(),
        ..step
    };
    let steps: Vec<Step> = steps.into_iter().map(with).collect();
    let fields = steps.iter().map(|step| (step.id.clone(), step.ty.clone())).collect();
    step(id, Type::Record(fields), StepKind::Graph { steps })
}

pub fn map(id: &str, over: Expr, variable: &str, width: Option<u32>, steps: Vec<Step>) -> Step {
    let Type::List(item) = over.ty.clone() else { unreachable!() };
    let ty = Type::List(Box::new(last_type(&steps)));
    let map = Map { over, variable: variable.to_owned(), item: *item, max_concurrency: width, steps };
    step(id, ty, StepKind::Map(Box::new(map)))
}

pub fn switch(id: &str, cases: Vec<(Option<Expr>, Vec<Step>)>) -> Step {
    let complete = cases.last().is_some_and(|(when, _)| when.is_none());
    let ty = Type::union(cases.iter().map(|(_, steps)| last_type(steps)));
    let cases = cases.into_iter().map(|(when, steps)| Case { when, steps }).collect();
    step(id, if complete { ty } else { Type::optional(ty) }, StepKind::Switch { cases })
}

pub fn repeat(id: &str, test: LoopTest, condition: Expr, every_ms: Option<u64>, steps: Vec<Step>) -> Step {
    let ty = last_type(&steps);
    let ty = if test == LoopTest::While { Type::optional(ty) } else { ty };
    let on_exhausted = OnExhausted::Fail;
    let repeat = Loop { test, condition, max_iterations: 3, every_ms, on_exhausted, steps };
    step(id, ty, StepKind::Loop(Box::new(repeat)))
}

pub fn attempt(id: &str, steps: Vec<Step>, catches: Vec<(&[&str], Vec<Step>)>, finally: Vec<Step>) -> Step {
    let ty = Type::union(
        std::iter::once(last_type(&steps)).chain(catches.iter().map(|(_, steps)| last_type(steps))),
    );
    let catches = catches
        .into_iter()
        .map(|(errors, steps)| Catch {
            errors: errors.iter().map(|error| (*error).to_owned()).collect(),
            variable: "error".to_owned(),
            steps,
        })
        .collect();
    step(id, ty, StepKind::Try(Box::new(Try { steps, catches, finally })))
}

pub fn set(id: &str, values: Vec<(&str, Expr)>) -> Step {
    let values: Vec<(String, Expr)> =
        values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let ty = Type::Record(values.iter().map(|(name, value)| (name.clone(), value.ty.clone())).collect());
    Step { anonymous: true, ..step(id, ty, StepKind::Set { values }) }
}

pub fn finish(id: &str, value: Expr) -> Step {
    step(id, Type::Null, StepKind::Return { value })
}

pub fn fail(id: &str, error: &str, message: Expr) -> Step {
    step(id, Type::Null, StepKind::Fail { error: error.to_owned(), message })
}

pub fn pause(id: &str, ms: u64) -> Step {
    step(id, Type::Null, StepKind::Sleep(Delay::Fixed { ms }))
}

pub fn variable(name: &str, ty: Type) -> Expr {
    expr(ty, Node::Variable(name.to_owned()))
}

pub fn truth(value: bool) -> Expr {
    expr(Type::Bool, Node::Literal(Literal::Bool(value)))
}

pub fn ints(values: &[i64]) -> Expr {
    expr(Type::List(Box::new(Type::Int)), Node::List(values.iter().map(|value| int(*value)).collect()))
}

pub fn is(left: Expr, right: i64) -> Expr {
    binary(Type::Bool, BinaryOp::Equal, left, int(right))
}

pub fn record_of(fields: Vec<(&str, Expr)>) -> Expr {
    let ty =
        Type::Record(fields.iter().map(|(name, value)| ((*name).to_owned(), value.ty.clone())).collect());
    expr(ty, Node::Record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()))
}

pub fn when(mut step: Step, condition: Expr) -> Step {
    step.when = Some(condition);
    step.ty = Type::optional(step.ty);
    step
}

pub fn tolerated(mut step: Step) -> Step {
    step.critical = false;
    step.ty = Type::optional(step.ty);
    step
}

pub fn optional(ty: Type) -> Type {
    Type::optional(ty)
}

pub fn caught() -> BTreeMap<String, Type> {
    let fields = [
        ("type", Type::String),
        ("message", Type::String),
        ("step", Type::String),
        ("attempts", Type::Int),
        ("status", optional(Type::Int)),
    ];
    fields.into_iter().map(|(name, ty)| (name.to_owned(), ty)).collect()
}
