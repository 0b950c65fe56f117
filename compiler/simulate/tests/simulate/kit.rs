//! Small Plans, built by hand, and traces as short texts.

use std::fmt::Write as _;

use conductor_protocol::error::ErrorForm;
use conductor_protocol::expr::{BinaryOp, Expr, Literal, Node};
use conductor_protocol::plan::*;
use conductor_protocol::types::{Type, TypeTable};
use conductor_simulate::{Scenario, Scripted, Start, Trace, What};
use serde_json::Value as Json;

pub fn expr(ty: Type, node: Node) -> Expr {
    Expr { ty, node }
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

pub fn boolean(value: bool) -> Expr {
    expr(Type::Bool, Node::Literal(Literal::Bool(value)))
}

pub fn list(items: Vec<Expr>) -> Expr {
    expr(Type::List(Box::new(Type::Int)), Node::List(items))
}

/// The result of a step, or a value that was set.
pub fn of(id: &str) -> Expr {
    expr(Type::Any, Node::Step(id.to_owned()))
}

pub fn variable(name: &str) -> Expr {
    expr(Type::Any, Node::Variable(name.to_owned()))
}

pub fn input(name: &str) -> Expr {
    expr(Type::Any, Node::Input(name.to_owned()))
}

pub fn field(of: Expr, name: &str) -> Expr {
    expr(Type::Any, Node::Field { of: Box::new(of), name: name.to_owned() })
}

pub fn binary(op: BinaryOp, left: Expr, right: Expr, ty: Type) -> Expr {
    expr(ty, Node::Binary { op, left: Box::new(left), right: Box::new(right) })
}

pub fn equal(left: Expr, right: Expr) -> Expr {
    binary(BinaryOp::Equal, left, right, Type::Bool)
}

pub fn record(fields: Vec<(&str, Expr)>) -> Expr {
    let fields: Vec<(String, Expr)> =
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let ty = Type::Record(fields.iter().map(|(name, value)| (name.clone(), value.ty.clone())).collect());
    expr(ty, Node::Record(fields))
}

pub fn step(id: &str, kind: StepKind) -> Step {
    Step {
        id: id.to_owned(),
        anonymous: false,
        when: None,
        critical: true,
        deadline_ms: None,
        needs: Vec::new(),
        ty: Type::Any,
        kind,
    }
}

/// An anonymous block.
pub fn block(kind: StepKind) -> Step {
    Step { anonymous: true, ..step("block_1", kind) }
}

pub fn call(task: &str) -> TaskCall {
    TaskCall {
        task: task.to_owned(),
        callable: Callable::Function(Function {
            language: Language::Python,
            module: "shop".to_owned(),
            name: task.to_owned(),
            is_async: true,
            returns: Type::Any,
            annotated: true,
            receiver: None,
            returns_error: false,
            native_returns: None,
            package: None,
        }),
        args: Vec::new(),
        policy: Policy { jitter: Jitter::None, ..Policy::default() },
        effect: Effect::Write,
        idempotent: false,
        in_doubt: InDoubt::Retry,
        barrier: true,
        uses: Vec::new(),
        cache: None,
        fallback: None,
        compensate: None,
    }
}

/// A write.
pub fn task(id: &str) -> Step {
    step(id, StepKind::Task(Box::new(call(id))))
}

/// A read.
pub fn read(id: &str) -> Step {
    with_call(task(id), |call| {
        call.effect = Effect::Read;
        call.barrier = false;
    })
}

pub fn with_call(mut step: Step, change: impl FnOnce(&mut TaskCall)) -> Step {
    if let StepKind::Task(call) = &mut step.kind {
        change(call);
    }
    step
}

pub fn with_policy(step: Step, change: impl FnOnce(&mut Policy)) -> Step {
    with_call(step, |call| change(&mut call.policy))
}

/// A write that `undo_ID` undoes.
pub fn undoable(id: &str) -> Step {
    with_call(task(id), |made| {
        let mut undo = call(&format!("undo_{id}"));
        undo.args = vec![argument("result", variable("result"))];
        made.compensate = Some(Box::new(undo));
    })
}

pub fn argument(name: &str, value: Expr) -> Argument {
    Argument {
        parameter: name.to_owned(),
        ty: Type::Any,
        passing: Passing::Keyword,
        value: ArgumentValue::Expr(value),
        native: None,
    }
}

pub fn sequence(steps: Vec<Step>) -> Step {
    block(StepKind::Sequence { steps })
}

pub fn parallel(id: &str, branches: Vec<Step>, on_failure: OnFailure) -> Step {
    step(id, StepKind::Parallel { branches, max_concurrency: None, on_failure })
}

pub fn race(id: &str, branches: Vec<Step>) -> Step {
    step(id, StepKind::Race { branches })
}

pub fn fail(id: &str, error: &str) -> Step {
    step(id, StepKind::Fail { error: error.to_owned(), message: text("on purpose") })
}

pub fn sleep(id: &str, ms: u64) -> Step {
    step(id, StepKind::Sleep(Delay::Fixed { ms }))
}

pub fn wait_for(id: &str, signal: &str, timeout_ms: Option<u64>, on_timeout: OnTimeout) -> Step {
    let wait = WaitFor { signal: signal.to_owned(), data: Type::Any, timeout_ms, on_timeout };
    step(id, StepKind::WaitFor(wait))
}

pub fn emit(id: &str, signal: &str, data: Option<Expr>, run: Option<Expr>) -> Step {
    let emit = Emit { signal: signal.to_owned(), data, run, barrier: true };
    step(id, StepKind::Emit(Box::new(emit)))
}

pub fn child(id: &str, workflow: &str, detach: bool) -> Step {
    let call = WorkflowCall {
        workflow: workflow.to_owned(),
        durable: true,
        args: Vec::new(),
        barrier: true,
        detach,
    };
    step(id, StepKind::Workflow(call))
}

pub fn hold(resource: &str, steps: Vec<Step>) -> Step {
    let hold = Hold { resource: resource.to_owned(), atomic: false, steps };
    step(&format!("hold_{resource}"), StepKind::Hold(hold))
}

pub fn map(id: &str, over: Expr, width: Option<u32>, steps: Vec<Step>) -> Step {
    let map = Map { over, variable: "item".to_owned(), item: Type::Int, max_concurrency: width, steps };
    step(id, StepKind::Map(Box::new(map)))
}

pub fn repeat(id: &str, test: LoopTest, condition: Expr, max: u32, steps: Vec<Step>) -> Step {
    let repeat =
        Loop { test, condition, max_iterations: max, every_ms: None, on_exhausted: OnExhausted::Fail, steps };
    step(id, StepKind::Loop(Box::new(repeat)))
}

pub fn attempt(steps: Vec<Step>, catches: Vec<(&[&str], Vec<Step>)>, finally: Vec<Step>) -> Step {
    let catches = catches.into_iter().map(|(errors, steps)| Catch {
        errors: errors.iter().map(|error| (*error).to_owned()).collect(),
        variable: "error".to_owned(),
        steps,
    });
    step("attempt", StepKind::Try(Box::new(Try { steps, catches: catches.collect(), finally })))
}

pub fn called(call: &mut TaskCall) -> &mut Function {
    match &mut call.callable {
        Callable::Function(function) => function,
        other => unreachable!("not a function: {other}"),
    }
}

pub fn semaphore(id: &str, permits: u32) -> Resource {
    Resource { max_concurrency: Some(permits), ..Resource::new(id, ResourceKind::Semaphore, Scope::Process) }
}

pub fn plan(workflow: &str, steps: Vec<Step>) -> Plan {
    let output = steps.last().map_or_else(null, |last| of(&last.id));
    Plan {
        format: 1,
        workflow: workflow.to_owned(),
        language: Language::Python,
        entrypoint: true,
        durable: true,
        deadline_ms: None,
        concurrency: None,
        schedule: None,
        inputs: Vec::new(),
        resources: Vec::new(),
        steps,
        output,
        types: TypeTable::new(),
    }
}

pub fn returns(after_ms: f64, value: impl Into<Json>) -> Scripted {
    Scripted { after_ms: Some(after_ms), returns: Some(value.into()), ..Scripted::default() }
}

pub fn fails(after_ms: f64, error: &str) -> Scripted {
    Scripted { after_ms: Some(after_ms), fails: Some(form(error)), ..Scripted::default() }
}

pub fn form(error: &str) -> ErrorForm {
    ErrorForm { types: vec![error.to_owned()], message: "it did not work".to_owned(), ..ErrorForm::default() }
}

/// One run `r` of the workflow `w`, whose calls end as given; the others succeed with null after 10 ms.
pub fn scenario(calls: &[(&str, Vec<Scripted>)]) -> Scenario {
    Scenario {
        starts: vec![Start::new("w", "r")],
        calls: calls.iter().map(|(key, all)| ((*key).to_owned(), all.clone())).collect(),
        commit_ms: 0.0,
        ..Scenario::default()
    }
}

pub fn play(plan: Plan, scenario: &Scenario) -> Trace {
    conductor_simulate::run(&[plan], scenario)
}

/// The trace as one line an event, with milliseconds; permits and waits for the disk only where asked for.
pub fn shown(trace: &Trace) -> String {
    let mut text = String::new();
    for event in &trace.events {
        let Some(what) = what(&event.what) else { continue };
        let run = if &*event.run == "r" { String::new() } else { format!("{}: ", event.run) };
        let _ = writeln!(text, "{:<5} {run}{what}", event.at_us / 1000);
    }
    match &trace.stopped {
        conductor_simulate::Stopped::Ended => {}
        conductor_simulate::Stopped::Stuck(stuck) => {
            stuck.iter().for_each(|stuck| {
                let _ = writeln!(text, "stuck: {stuck}");
            });
        }
        conductor_simulate::Stopped::Budget => text.push_str("out of budget\n"),
    }
    text
}

fn what(what: &What) -> Option<String> {
    let name = |error: &ErrorForm| error.types.first().cloned().unwrap_or_default();
    Some(match what {
        What::RunStarted { .. } | What::StepStarted { .. } | What::PermitReleased { .. } => return None,
        What::DurableWait { .. } => return None,
        What::RunResumed { epoch } => format!("resumed in epoch {epoch}"),
        What::RunEnded(end) => {
            let output = end.output.as_ref().map(|output| format!(" {output}")).unwrap_or_default();
            let error = end.error.as_ref().map(|error| format!(" {}", name(error))).unwrap_or_default();
            let step = end.step.as_ref().map(|step| format!(" at {step}")).unwrap_or_default();
            format!("{}{output}{error}{step}", end.state.as_str())
        }
        What::AttemptStarted { key, attempt, .. } => format!("{key} #{attempt} begins"),
        What::Hedged { key, attempt, call } => format!("{key} #{attempt} hedge {call}"),
        What::AttemptFailed { key, attempt, error, retry_at_us } => {
            let again = retry_at_us.map(|at| format!(", again at {}", at / 1000)).unwrap_or_default();
            format!("{key} #{attempt} fails: {}{again}", name(error))
        }
        What::Refused { key, .. } => format!("{key} refused"),
        What::CacheHit { key } => format!("{key} cached"),
        What::StepSucceeded { key, output, .. } => format!("{key} = {output}"),
        What::StepFailed { key, error, tolerated, .. } => {
            format!("{key} {}: {}", if *tolerated { "tolerated" } else { "failed" }, name(error))
        }
        What::StepSkipped { key } => format!("{key} skipped"),
        What::StepCancelled { key, unknown } => {
            format!("{key} cancelled{}", if *unknown { ", unknown" } else { "" })
        }
        What::StepInDoubt { key, .. } => format!("{key} in doubt"),
        What::StepCompensated { key } => format!("{key} undone"),
        What::Chosen { key, value } => format!("{key} decided: {value}"),
        What::SignalSent { signal, to, .. } => format!("{signal} -> {to}"),
        What::SignalReceived { key, signal, .. } => format!("{key} gets {signal}"),
        What::PermitWaiting { key, pool } => format!("{key} waits for {pool}"),
        What::PermitAcquired { key, pool } => format!("{key} has {pool}"),
        What::Crashed { entries } => format!("crash, {entries} entries left"),
    })
}
