//! Every construct, with a journal and without: compiled, without a complaint of Go's tools, and run.

use conductor_protocol::expr::{BinaryOp, Expr, Node};
use conductor_protocol::plan::{
    Cache, Case, Catch, CircuitBreaker, Delay, Effect, Emit, Fallback, Hedge, Hold, Loop, LoopTest, Map,
    OnExhausted, OnTimeout, Plan, Policy, Rate, Resource, ResourceKind, Scope, Step, StepKind, Trip, Try,
    WaitFor, WorkflowCall,
};
use conductor_protocol::types::Type;

use crate::build::*;
use crate::project::Project;

pub const TASKS_GO: &str = r#"// Package tasks is the user's.
package tasks

import (
	"context"
	"errors"
	"strings"
)

// ErrBroken is an error with a name.
var ErrBroken = errors.New("broken")

// Declined is an error with a type.
type Declined struct{ Why string }

func (e *Declined) Error() string { return e.Why }

// Code is what policies may name.
func (e *Declined) Code() string { return "402" }

func Say(ctx context.Context, text string) (string, error) { return text, ctx.Err() }

func Fail(ctx context.Context, message string) (string, error) {
	return "", &Declined{Why: message}
}

func Count(ctx context.Context, text string) (int64, error) { return int64(len(text)), nil }

func Note(ctx context.Context, text string) error {
	if strings.Contains(text, "boom") {
		return ErrBroken
	}
	return nil
}
"#;

fn when(step: Step, test: Expr) -> Step {
    nullable(Step { when: Some(test), ..step })
}

fn uncritical(step: Step) -> Step {
    nullable(Step { critical: false, ..step })
}

fn is_long() -> Expr {
    let size =
        expr(Type::Int, Node::Call { function: "size".to_owned(), args: vec![input("text", Type::String)] });
    binary(Type::Bool, BinaryOp::Greater, size, int(3))
}

fn text() -> Expr {
    input("text", Type::String)
}

fn with(step: Step, change: impl FnOnce(&mut conductor_protocol::plan::TaskCall)) -> Step {
    let mut step = step;
    if let StepKind::Task(call) = &mut step.kind {
        change(call);
    }
    step
}

/// A step with every policy at once.
fn guarded(id: &str) -> Step {
    with(say(id, text()), |call| {
        call.policy = Policy {
            timeout_ms: Some(500),
            deadline_ms: Some(2000),
            circuit_breaker: Some(CircuitBreaker {
                trip: Trip::Failures(5),
                window_ms: 30_000,
                min_calls: 10,
                open_for_ms: 30_000,
                half_open_calls: 1,
                key: Some(variable("text", Type::String)),
            }),
            rate_limit: Some(Rate { permits: 100, per_ms: 1000 }),
            bulkhead: Some(10),
            hedge: Some(Hedge { after_ms: 100, max: 1 }),
            retry_on: vec!["Busy".to_owned()],
            abort_on: vec!["Declined".to_owned(), "402".to_owned()],
            ..retries(3)
        };
        call.cache = Some(Cache { ttl_ms: 1000, key: None });
        call.fallback = Some(Fallback::Value(string("nothing")));
    })
}

fn repeated(id: &str, test: LoopTest, inner: &str) -> Step {
    let steps = vec![say(inner, text())];
    let condition = match test {
        LoopTest::Until => binary(Type::Bool, BinaryOp::Equal, result(inner, Type::String), text()),
        LoopTest::While => {
            let last = result(id, Type::optional(Type::String));
            binary(Type::Bool, BinaryOp::Equal, last, null())
        }
    };
    let repeat = Loop {
        test,
        condition,
        max_iterations: 3,
        every_ms: Some(1),
        on_exhausted: if test == LoopTest::While { OnExhausted::Continue } else { OnExhausted::Fail },
        steps,
    };
    step(id, Type::optional(Type::String), StepKind::Loop(Box::new(repeat)))
}

fn mapped() -> Step {
    let items = list(Type::String, vec![string("a"), string("b"), text()]);
    let mapped = Map {
        over: items,
        variable: "item".to_owned(),
        item: Type::String,
        max_concurrency: Some(2),
        steps: vec![
            say("shout", variable("item", Type::String)),
            say("again", result("shout", Type::String)),
        ],
    };
    step("each", Type::List(Box::new(Type::String)), StepKind::Map(Box::new(mapped)))
}

fn tried() -> Step {
    let caught = variable("error", Type::Any);
    let caught = Expr { ty: Type::Record(caught_fields()), ..caught };
    let message = get(caught, "message", Type::String);
    let tried = Try {
        steps: vec![fail("declined", "no")],
        catches: vec![
            Catch {
                errors: vec!["Nothing".to_owned()],
                variable: "error".to_owned(),
                steps: vec![say("other", string("x"))],
            },
            Catch {
                errors: vec!["Declined".to_owned()],
                variable: "error".to_owned(),
                steps: vec![say("handled", message)],
            },
        ],
        finally: vec![say("cleanup", string("clean"))],
    };
    step("guard", Type::String, StepKind::Try(Box::new(tried)))
}

fn steps() -> Vec<Step> {
    let switch = StepKind::Switch {
        cases: vec![
            Case { when: Some(is_long()), steps: vec![say("long", text())] },
            Case { when: None, steps: vec![say("short", string("short"))] },
        ],
    };
    let number =
        task("number", call("count", function("Count", Type::Int), vec![arg("text", text())], Effect::Read));
    vec![
        say("first", text()),
        when(say("maybe", string("maybe")), is_long()),
        uncritical(fail("tolerated", "never mind")),
        guarded("guarded"),
        with(fail("replaced", "why"), |call| {
            let StepKind::Task(other) = say("stand_in", string("instead")).kind else { unreachable!() };
            call.fallback = Some(Fallback::Task(other));
        }),
        parallel("both", vec![say("left", string("l")), when(say("right", string("r")), is_long()), number]),
        step("fastest", Type::String, StepKind::Race { branches: vec![say("hare", string("hare"))] }),
        Step {
            ty: record(&[("one", Type::String), ("two", Type::String)]),
            ..step(
                "dag",
                Type::Null,
                StepKind::Graph {
                    steps: vec![
                        say("one", string("1")),
                        Step { needs: vec!["one".to_owned()], ..say("two", result("one", Type::String)) },
                    ],
                },
            )
        },
        mapped(),
        step("choice", Type::String, switch),
        repeated("poll", LoopTest::Until, "ask"),
        repeated("go_on", LoopTest::While, "ask_again"),
        tried(),
        step("nap", Type::Null, StepKind::Sleep(Delay::Fixed { ms: 1 })),
        step(
            "values",
            record(&[("word", Type::String)]),
            StepKind::Set {
                values: vec![("word".to_owned(), binary(Type::String, BinaryOp::Add, text(), string("!")))],
            },
        ),
        Step {
            deadline_ms: Some(5000),
            critical: false,
            ..step(
                "block",
                Type::optional(Type::String),
                StepKind::Sequence { steps: vec![say("inside", text())] },
            )
        },
    ]
}

fn caught_fields() -> std::collections::BTreeMap<String, Type> {
    [
        ("attempts", Type::Int),
        ("message", Type::String),
        ("status", Type::optional(Type::Int)),
        ("step", Type::String),
        ("type", Type::String),
    ]
    .into_iter()
    .map(|(name, ty)| (name.to_owned(), ty))
    .collect()
}

fn output() -> Expr {
    let fields = [
        ("first", Type::String),
        ("maybe", Type::optional(Type::String)),
        ("tolerated", Type::optional(Type::String)),
        ("guarded", Type::String),
        ("replaced", Type::String),
        ("both", Type::Any),
        ("fastest", Type::String),
        ("dag", record(&[("one", Type::String), ("two", Type::String)])),
        ("each", Type::List(Box::new(Type::String))),
        ("choice", Type::String),
        ("poll", Type::optional(Type::String)),
        ("go_on", Type::optional(Type::String)),
        ("guard", Type::String),
        ("word", Type::String),
        ("block", Type::optional(Type::String)),
    ];
    let both =
        record(&[("left", Type::String), ("number", Type::Int), ("right", Type::optional(Type::String))]);
    let typed = |name: &str, ty: &Type| if name == "both" { both.clone() } else { ty.clone() };
    let ty = Type::Record(fields.iter().map(|(name, ty)| ((*name).to_owned(), typed(name, ty))).collect());
    let node = Node::Record(
        fields.iter().map(|(name, ty)| ((*name).to_owned(), result(name, typed(name, ty)))).collect(),
    );
    expr(ty, node)
}

pub fn everything(workflow: &str, durable: bool) -> Plan {
    plan(workflow, durable, vec![given("text", Type::String)], steps(), output())
}

/// Steps that only a journal can keep.
fn durable_only() -> Vec<Step> {
    let child = WorkflowCall {
        workflow: "everything_kept".to_owned(),
        durable: true,
        args: vec![("text".to_owned(), text())],
        barrier: true,
        detach: false,
    };
    let wait = WaitFor {
        signal: "approved".to_owned(),
        data: Type::Bool,
        timeout_ms: Some(1000),
        on_timeout: OnTimeout::Null,
    };
    let emit =
        Emit { signal: "done".to_owned(), data: Some(text()), run: Some(string("other")), barrier: true };
    let undone = with(
        task("paid", call("pay", function("Count", Type::Int), vec![arg("text", text())], Effect::Write)),
        |pay| {
            let mut undo = call(
                "refund",
                function("Note", Type::Null),
                vec![arg("text", variable("text", Type::String))],
                Effect::Write,
            );
            undo.policy = retries(2);
            pay.compensate = Some(Box::new(undo));
        },
    );
    vec![
        undone,
        step("child", output().ty, StepKind::Workflow(child.clone())),
        step("later", Type::Null, StepKind::Workflow(WorkflowCall { detach: true, ..child })),
        step("approval", Type::optional(Type::Bool), StepKind::WaitFor(wait)),
        step("tell", Type::Null, StepKind::Emit(Box::new(emit))),
        when(step("leave", Type::Null, StepKind::Return { value: string("left") }), is_long()),
        step("refuse", Type::Null, StepKind::Fail { error: "Refused".to_owned(), message: text() }),
    ]
}

/// All of it as one step of a durable run.
fn at_once() -> Plan {
    let held = Hold { resource: "lock".to_owned(), atomic: true, steps: steps() };
    let held = step("held", Type::optional(Type::String), StepKind::Hold(held));
    let inputs = vec![given("text", Type::String)];
    let mut plan = plan("at_once", true, inputs, vec![held], output());
    let lock = Resource::new("lock", ResourceKind::Semaphore, Scope::Process);
    plan.resources = vec![Resource { max_concurrency: Some(1), ..lock }];
    plan
}

#[test]
fn every_construct_is_written_as_gofmt_does_and_compiles() {
    let plans = [
        everything("everything_kept", true),
        everything("everything_linux", false),
        plan("signals", true, vec![given("text", Type::String)], durable_only(), string("done")),
        at_once(),
    ];
    let project = Project::new(&[("tasks/tasks.go", TASKS_GO)], &plans);
    project.check();
}
