//! Hand-made Plans.

use conductor_protocol::expr::{BinaryOp, Expr, Literal, Node};
use conductor_protocol::plan::{
    Argument, ArgumentValue, Callable, Effect, Function, InDoubt, Input, Jitter, Language, OnFailure,
    Passing, Plan, Policy, Step, StepKind, TaskCall,
};
use conductor_protocol::types::{Type, TypeTable};

pub const TASKS: &str = "example.com/app/tasks";

pub fn expr(ty: Type, node: Node) -> Expr {
    Expr { ty, node }
}

pub fn input(name: &str, ty: Type) -> Expr {
    expr(ty, Node::Input(name.to_owned()))
}

pub fn result(id: &str, ty: Type) -> Expr {
    expr(ty, Node::Step(id.to_owned()))
}

pub fn variable(name: &str, ty: Type) -> Expr {
    expr(ty, Node::Variable(name.to_owned()))
}

pub fn get(of: Expr, name: &str, ty: Type) -> Expr {
    expr(ty, Node::Field { of: Box::new(of), name: name.to_owned() })
}

pub fn int(value: i64) -> Expr {
    expr(Type::Int, Node::Literal(Literal::Int(value)))
}

pub fn string(value: &str) -> Expr {
    expr(Type::String, Node::Literal(Literal::String(value.to_owned())))
}

pub fn list(ty: Type, items: Vec<Expr>) -> Expr {
    expr(Type::List(Box::new(ty)), Node::List(items))
}

pub fn binary(ty: Type, op: BinaryOp, left: Expr, right: Expr) -> Expr {
    expr(ty, Node::Binary { op, left: Box::new(left), right: Box::new(right) })
}

pub fn null() -> Expr {
    expr(Type::Null, Node::Literal(Literal::Null))
}

/// A function of the package of tasks that takes a context and returns an error too.
pub fn function(name: &str, returns: Type) -> Function {
    Function {
        language: Language::Go,
        module: TASKS.to_owned(),
        name: name.to_owned(),
        is_async: true,
        annotated: true,
        returns,
        receiver: None,
        returns_error: true,
        native_returns: None,
        package: None,
    }
}

pub fn arg(name: &str, value: Expr) -> Argument {
    Argument {
        parameter: name.to_owned(),
        ty: value.ty.clone(),
        passing: Passing::Positional,
        value: ArgumentValue::Expr(value),
        native: None,
    }
}

pub fn context() -> Argument {
    Argument { value: ArgumentValue::Cancellation, ty: Type::Any, ..arg("ctx", null()) }
}

pub fn call(task: &str, function: Function, args: Vec<Argument>, effect: Effect) -> TaskCall {
    TaskCall {
        task: task.to_owned(),
        callable: Callable::Function(function),
        args: std::iter::once(context()).chain(args).collect(),
        policy: Policy::default(),
        effect,
        idempotent: false,
        in_doubt: InDoubt::Retry,
        barrier: effect == Effect::Write,
        uses: Vec::new(),
        cache: None,
        fallback: None,
        compensate: None,
    }
}

pub fn step(id: &str, ty: Type, kind: StepKind) -> Step {
    Step {
        id: id.to_owned(),
        anonymous: false,
        when: None,
        critical: true,
        deadline_ms: None,
        needs: Vec::new(),
        ty,
        kind,
    }
}

pub fn task(id: &str, call: TaskCall) -> Step {
    step(id, call.callable.returns().clone(), StepKind::Task(Box::new(call)))
}

/// A read that gives back its text.
pub fn say(id: &str, text: Expr) -> Step {
    task(id, call(id, function("Say", Type::String), vec![arg("text", text)], Effect::Read))
}

/// A write that fails with this error.
pub fn fail(id: &str, message: &str) -> Step {
    task(id, call(id, function("Fail", Type::String), vec![arg("message", string(message))], Effect::Read))
}

/// The step where nothing may be: skipped or tolerated.
pub fn nullable(step: Step) -> Step {
    Step { ty: Type::optional(step.ty.clone()), ..step }
}

pub fn record(fields: &[(&str, Type)]) -> Type {
    Type::Record(fields.iter().map(|(name, ty)| ((*name).to_owned(), ty.clone())).collect())
}

pub fn parallel(id: &str, branches: Vec<Step>) -> Step {
    let ty = Type::Record(branches.iter().map(|branch| (branch.id.clone(), branch.ty.clone())).collect());
    step(id, ty, StepKind::Parallel { branches, max_concurrency: None, on_failure: OnFailure::Cancel })
}

pub fn retries(retries: u32) -> Policy {
    Policy { retries: Some(retries), initial_ms: 10, jitter: Jitter::None, ..Policy::default() }
}

pub fn plan(workflow: &str, durable: bool, inputs: Vec<Input>, steps: Vec<Step>, output: Expr) -> Plan {
    Plan {
        format: conductor_protocol::FORMAT_VERSION,
        workflow: workflow.to_owned(),
        language: Language::Go,
        entrypoint: true,
        durable,
        deadline_ms: None,
        concurrency: None,
        schedule: None,
        resources: Vec::new(),
        inputs,
        steps,
        output,
        types: TypeTable::new(),
    }
}

pub fn given(name: &str, ty: Type) -> Input {
    Input { name: name.to_owned(), ty, default: None, secret: false }
}
