//! Hand-made Plans of TypeScript.

use conductor_protocol::expr::{BinaryOp, Expr, Literal, Node};
use conductor_protocol::plan::{
    Argument, ArgumentValue, Callable, Effect, Function, InDoubt, Input, Jitter, Language, OnFailure,
    Passing, Plan, Policy, Step, StepKind, TaskCall,
};
use conductor_protocol::types::{EnumBase, EnumMember, Field, Type, TypeDef, TypeName, TypeTable};

pub fn named(module: &str, name: &str) -> Type {
    Type::Named(TypeName { module: module.to_owned(), name: name.to_owned() })
}

pub fn field(name: &str, ty: Type, required: bool) -> Field {
    Field { name: name.to_owned(), attribute: None, keyword: None, ty, required, init: true, native: None }
}

pub fn interface(module: &str, name: &str, fields: Vec<Field>) -> (TypeName, TypeDef) {
    (TypeName { module: module.to_owned(), name: name.to_owned() }, TypeDef::TypedDict { fields })
}

pub fn class(module: &str, name: &str, fields: Vec<Field>) -> (TypeName, TypeDef) {
    (TypeName { module: module.to_owned(), name: name.to_owned() }, TypeDef::Class { fields })
}

pub fn enumeration(module: &str, name: &str, members: &[(&str, &str)]) -> (TypeName, TypeDef) {
    let members = members
        .iter()
        .map(|(name, value)| EnumMember { name: (*name).to_owned(), value: serde_json::Value::from(*value) })
        .collect();
    let name = TypeName { module: module.to_owned(), name: name.to_owned() };
    (name, TypeDef::Enum { base: EnumBase::String, members })
}

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

pub fn text(value: &str) -> Expr {
    expr(Type::String, Node::Literal(Literal::String(value.to_owned())))
}

pub fn null() -> Expr {
    expr(Type::Null, Node::Literal(Literal::Null))
}

pub fn binary(ty: Type, op: BinaryOp, left: Expr, right: Expr) -> Expr {
    expr(ty, Node::Binary { op, left: Box::new(left), right: Box::new(right) })
}

pub fn call_of(ty: Type, function: &str, args: Vec<Expr>) -> Expr {
    expr(ty, Node::Call { function: function.to_owned(), args })
}

pub fn optional(ty: Type) -> Type {
    Type::optional(ty)
}

pub fn list(ty: Type) -> Type {
    Type::List(Box::new(ty))
}

pub fn record(fields: &[(&str, Type)]) -> Type {
    Type::Record(fields.iter().map(|(name, ty)| ((*name).to_owned(), ty.clone())).collect())
}

pub fn function(path: &str, is_async: bool, returns: Type) -> Function {
    let (module, name) = path.split_once('.').unwrap();
    Function {
        language: Language::Typescript,
        module: module.to_owned(),
        name: name.to_owned(),
        is_async,
        annotated: true,
        returns,
        receiver: None,
        returns_error: false,
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

pub fn special(name: &str, ty: Type, value: ArgumentValue) -> Argument {
    Argument { parameter: name.to_owned(), ty, passing: Passing::Positional, value, native: None }
}

pub fn call(task: &str, callable: Function, args: Vec<Argument>, effect: Effect) -> TaskCall {
    TaskCall {
        task: task.to_owned(),
        callable: Callable::Function(callable),
        args,
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

/// A step that calls `src/tasks.NAME`, an asynchronous read.
pub fn read(id: &str, name: &str, returns: Type, args: Vec<Argument>) -> Step {
    task(id, call(id, function(&format!("src/tasks.{name}"), true, returns), args, Effect::Read))
}

pub fn parallel(id: &str, branches: Vec<Step>) -> Step {
    let ty = Type::Record(branches.iter().map(|branch| (branch.id.clone(), branch.ty.clone())).collect());
    step(id, ty, StepKind::Parallel { branches, max_concurrency: None, on_failure: OnFailure::Cancel })
}

pub fn sequence(id: &str, steps: Vec<Step>) -> Step {
    let ty = steps.last().map_or(Type::Null, |last| last.ty.clone());
    step(id, ty, StepKind::Sequence { steps })
}

pub fn retries(retries: u32) -> Policy {
    Policy { retries: Some(retries), initial_ms: 10, jitter: Jitter::None, ..Policy::default() }
}

pub fn given(name: &str, ty: Type) -> Input {
    Input { name: name.to_owned(), ty, default: None, secret: false }
}

pub fn plan(workflow: &str, durable: bool, inputs: Vec<Input>, steps: Vec<Step>, output: Expr) -> Plan {
    Plan {
        format: conductor_protocol::FORMAT_VERSION,
        workflow: workflow.to_owned(),
        language: Language::Typescript,
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
