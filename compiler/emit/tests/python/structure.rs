//! Blocks, exits, pauses and signals: generated code does what the reference interpreter does, is as strict tools want
//! it, and comes to the same end from every prefix of its journal.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::error::ErrorForm;
use conductor_protocol::expr::{BinaryOp, Expr, Literal, Node};
use conductor_protocol::plan::{
    Case, Catch, Delay, Effect, Emit, Hold, Loop, LoopTest, Map, OnExhausted, OnFailure, OnTimeout, Plan,
    Resource, ResourceKind, Scope, Step, StepKind, Try, WaitFor,
};
use conductor_protocol::types::Type;
use conductor_simulate::{Scenario, Scripted, Start, Trace, What};
use serde_json::{Value, json};

use crate::support::*;

/// Each call does what `SCRIPT` says of its key: `[milliseconds, value]` or `[milliseconds, "error", type]`.
pub const TASKS: &str = r#"
import asyncio
import json
import pathlib
from dataclasses import dataclass

SCRIPT = json.loads(pathlib.Path("script.json").read_text())
log: list[str] = []


@dataclass
class Part:
    number: int


class Broken(Exception):
    code = 503


class Refused(Exception):
    pass


async def act(idempotency_key: str, given: object = None) -> int:
    run, _, key = idempotency_key.partition("/")
    milliseconds, *outcome = SCRIPT.get(key, [1, 1])
    try:
        await asyncio.sleep(milliseconds / 1000)
    except asyncio.CancelledError:
        log.append(f"cancelled {key}")
        raise
    log.append(key)
    if outcome[0] == "error":
        raise {"Broken": Broken, "Refused": Refused}[outcome[1]](f"at {key}")
    return outcome[0]


async def part(number: int) -> Part:
    return Part(number)


def spoil(part: Part | None) -> Part:
    assert part is not None
    part.number += 100
    return part
"#;

type Script = BTreeMap<&'static str, Value>;

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

fn last_type(steps: &[Step]) -> Type {
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

fn optional(ty: Type) -> Type {
    Type::optional(ty)
}

/// One workflow, what its calls do, and its name.
struct Tried {
    plan: Plan,
    script: Script,
}

fn tried(name: &str, steps: Vec<Step>, output: Expr, script: &[(&'static str, Value)]) -> Tried {
    let script = script.iter().cloned().collect();
    Tried { plan: plan(name, true, vec![], steps, output), script }
}

fn choices() -> Vec<Tried> {
    let both = || Type::Int;
    let cases = |first: i64| {
        vec![
            (
                Some(is(result("ask", Type::Int), first)),
                vec![act("found"), acting("used", result("found", both()))],
            ),
            (Some(is(result("ask", Type::Int), 2)), vec![act("other")]),
            (None, vec![sequence("inner", vec![act("found")])]),
        ]
    };
    let open = vec![(Some(is(result("ask", Type::Int), 9)), vec![act("never"), act("last")])];
    let mut all = Vec::new();
    for (name, first) in [("switch_first", 1), ("switch_last", 7)] {
        let steps = vec![act("ask"), switch("choice", cases(first)), switch("open", open.clone())];
        let output = record_of(vec![
            ("choice", result("choice", Type::Int)),
            ("found", result("found", optional(Type::Int))),
            ("open", result("open", optional(Type::Int))),
            ("never", result("never", optional(Type::Int))),
        ]);
        all.push(tried(name, steps, output, &[]));
    }
    all
}

fn loops() -> Vec<Tried> {
    let last = result("poll", optional(Type::Int));
    let until = is(result("ask", Type::Int), 3);
    let body = || vec![acting("ask", last.clone())];
    let script = |third: Value| {
        vec![("poll[0].ask", json!([1, 1])), ("poll[1].ask", json!([1, 2])), ("poll[2].ask", third)]
    };
    let poll = |until: Expr, every| repeat("poll", LoopTest::Until, until, every, body());
    let not_three = binary(Type::Bool, BinaryOp::NotEqual, last.clone(), int(3));
    let looping = repeat("poll", LoopTest::While, not_three, Some(5), body());
    let nested = repeat(
        "poll",
        LoopTest::Until,
        truth(true),
        None,
        vec![map(
            "each",
            ints(&[1, 2]),
            "n",
            None,
            vec![repeat("again", LoopTest::Until, truth(true), None, vec![act("ask")])],
        )],
    );
    let output = || result("poll", Type::Int);
    vec![
        tried("until", vec![poll(until.clone(), Some(10))], output(), &script(json!([1, 3]))),
        tried("exhausted", vec![poll(until.clone(), None)], output(), &script(json!([1, 9]))),
        tried(
            "own_until",
            vec![poll(is(result("poll", Type::Int), 2), None)],
            output(),
            &script(json!([1, 9])),
        ),
        tried("looping", vec![looping], result("poll", optional(Type::Int)), &script(json!([1, 3]))),
        tried(
            "nested_loops",
            vec![nested.clone()],
            result("poll", nested.ty),
            &[("poll[0].each[1].again[0].ask", json!([2, 5]))],
        ),
    ]
}

fn tries() -> Vec<Tried> {
    let error = || variable("error", Type::Record(caught()));
    let caught_type = get(error(), "type", Type::String);
    let status = get(error(), "status", optional(Type::Int));
    let handler = || vec![acting("told", caught_type.clone()), acting("coded", status.clone())];
    let block = |catch: &[&str]| {
        attempt(
            "block",
            vec![act("one"), act("two")],
            vec![(catch, handler())],
            vec![acting("last", result("one", optional(Type::Int)))],
        )
    };
    let output = || {
        record_of(vec![
            ("block", result("block", Type::Int)),
            ("one", result("one", optional(Type::Int))),
            ("last", result("last", Type::Int)),
        ])
    };
    let broken = [("two", json!([1, "error", "Broken"]))];
    let in_branch = parallel(
        "all",
        vec![
            attempt("block", vec![act("one")], vec![], vec![act("last")]),
            sequence("bad", vec![act("first"), act("two")]),
        ],
    );
    let slow = [("one", json!([500, 1])), ("two", json!([20, "error", "Broken"]))];
    let both = parallel("both", vec![act("one"), act("two")]);
    let told = vec![acting("told", result("one", optional(Type::Int)))];
    let beside = attempt("block", vec![both], vec![(&[], told)], vec![]);
    let mixed = vec![act("one"), when(finish("end", string("early")), is(result("one", Type::Int), 1))];
    let one = record_of(vec![("one", result("one", optional(Type::Int)))]);
    let mut late = attempt("block", vec![act("one")], vec![], vec![act("last")]);
    late.deadline_ms = Some(30);
    vec![
        tried("beside", vec![beside], one, &[("two", json!([30, "error", "Broken"]))]),
        tried("mixed", mixed, result("one", Type::Int), &[]),
        tried("calm", vec![block(&["tasks.Broken"])], output(), &[]),
        tried("handled", vec![block(&["Refused", "503"])], output(), &broken),
        tried("unhandled", vec![block(&["Refused"])], output(), &broken),
        tried("cleaned", vec![in_branch], null(), &slow),
        tried("late", vec![tolerated(late)], result("block", optional(Type::Int)), &slow),
        tried(
            "failing_handler",
            vec![attempt(
                "block",
                vec![act("two")],
                vec![(&[], vec![fail("no", "OutOfStock", get(error(), "message", Type::String))])],
                vec![act("last")],
            )],
            null(),
            &broken,
        ),
        tried(
            "failing_end",
            vec![attempt("block", vec![act("one")], vec![], vec![act("two")])],
            null(),
            &broken,
        ),
    ]
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

fn races() -> Vec<Tried> {
    let two = || vec![act("slow"), sequence("quick", vec![act("first"), act("second")])];
    let slow = ("slow", json!([200, 7]));
    let output = || result("fastest", Type::Int);
    let failing = [("slow", json!([40, "error", "Refused"])), ("first", json!([1, "error", "Broken"]))];
    let lost = vec![when(act("skipped"), truth(false)), tolerated(act("slow")), act("first")];
    let may_lose = race("fastest", lost);
    let both = sequence("pair", vec![parallel("both", vec![act("a"), act("b")])]);
    vec![
        tried("won", vec![race("fastest", two())], output(), &[slow.clone()]),
        tried("none_won", vec![race("fastest", two())], output(), &failing),
        tried(
            "lost",
            vec![may_lose.clone()],
            result("fastest", may_lose.ty.clone()),
            &[("slow", json!([1, "error", "Broken"])), ("first", json!([30, 5]))],
        ),
        tried(
            "all_lost",
            vec![race("fastest", vec![when(act("skipped"), truth(false)), tolerated(act("slow"))])],
            result("fastest", optional(Type::Int)),
            &[("slow", json!([1, "error", "Broken"]))],
        ),
        tried(
            "returning",
            vec![race(
                "fastest",
                vec![sequence("a", vec![act("first"), finish("end", int(3))]), act("slow")],
            )],
            output(),
            &[slow.clone()],
        ),
        tried(
            "racing_blocks",
            vec![race("fastest", vec![both.clone(), act("slow")])],
            result("fastest", Type::union([both.ty.clone(), Type::Int])),
            &[slow],
        ),
    ]
}

fn graphs() -> Vec<Tried> {
    let sum = || record_of(vec![("a", result("a", Type::Int)), ("b", result("b", Type::Int))]);
    let block = graph(
        "all",
        vec![
            (acting("last", sum()), &["a", "b"]),
            (act("a"), &[]),
            (acting("b", result("a", Type::Int)), &["a"]),
            (tolerated(act("odd")), &[]),
            (act("after_odd"), &["odd"]),
        ],
    );
    let output =
        || record_of(vec![("last", result("last", Type::Int)), ("all", result("all", block.ty.clone()))]);
    let odd = ("odd", json!([5, "error", "Broken"]));
    vec![
        tried("wide", vec![block.clone()], output(), &[odd.clone()]),
        tried(
            "broken_graph",
            vec![block.clone()],
            output(),
            &[odd, ("b", json!([20, "error", "Broken"])), ("after_odd", json!([300, 1]))],
        ),
    ]
}

fn maps() -> Vec<Tried> {
    let n = || variable("n", Type::Int);
    let each = |width| {
        let inner = vec![
            acting("one", n()),
            set("set_1", vec![("kept", n())]),
            acting("two", result("kept", Type::Int)),
        ];
        map("each", ints(&[4, 5, 6]), "n", width, inner)
    };
    let list = Type::List(Box::new(Type::Int));
    let output = || result("each", list.clone());
    let values = [
        ("each[0].two", json!([30, 10])),
        ("each[1].two", json!([10, 20])),
        ("each[2].two", json!([20, 30])),
    ];
    let failing = [
        ("each[0].one", json!([300, 10])),
        ("each[1].one", json!([10, "error", "Broken"])),
        ("each[2].one", json!([200, 30])),
    ];
    let exits = when(finish("end", ints(&[1])), is(n(), 5));
    vec![
        tried("mapped", vec![each(None)], output(), &values),
        tried("narrow", vec![each(Some(2))], output(), &values),
        tried("failing_map", vec![each(None)], output(), &failing),
        tried("narrow_failing", vec![each(Some(2))], output(), &failing),
        tried(
            "early",
            vec![map("each", ints(&[4, 5]), "n", None, vec![act("one"), exits, act("two")])],
            output(),
            &[("each[0].one", json!([200, 1]))],
        ),
        tried("empty", vec![map("each", ints(&[]), "n", Some(1), vec![act("one")])], output(), &[]),
    ]
}

fn exits() -> Vec<Tried> {
    let ask = || act("ask");
    let stop = |id: &str| when(finish(id, int(5)), is(result("ask", Type::Int), 1));
    let waiting = |branches: Vec<Step>| {
        let mut block = parallel("all", branches);
        if let StepKind::Parallel { on_failure, max_concurrency, .. } = &mut block.kind {
            *on_failure = OnFailure::Wait;
            *max_concurrency = Some(2);
        }
        block
    };
    let guarded = attempt(
        "block",
        vec![ask(), stop("end"), act("never")],
        vec![(&[], vec![act("no")])],
        vec![act("last")],
    );
    let message = expr(Type::String, Node::Interpolate(vec![string("no "), result("ask", Type::Int)]));
    vec![
        tried("returned", vec![ask(), stop("end"), act("never")], result("never", Type::Int), &[]),
        tried("returned_from_try", vec![guarded], int(1), &[]),
        tried(
            "returned_from_branch",
            vec![waiting(vec![sequence("a", vec![ask(), finish("end", int(5))]), act("slow"), act("third")])],
            int(1),
            &[("slow", json!([200, 1]))],
        ),
        tried("refused", vec![ask(), fail("no", "OutOfStock", message)], null(), &[]),
        tried(
            "tolerated_block",
            vec![
                tolerated(sequence("all", vec![ask(), fail("no", "OutOfStock", string("no"))])),
                act("last"),
            ],
            result("all", Type::Null),
            &[],
        ),
        tried(
            "slept",
            vec![pause("short", 15), when(pause("long", 5), truth(false)), act("last")],
            result("last", Type::Int),
            &[],
        ),
        tried(
            "slept_beside",
            vec![parallel("all", vec![pause("short", 400), act("ask")])],
            null(),
            &[("ask", json!([20, "error", "Broken"]))],
        ),
    ]
}

fn signals() -> Vec<Tried> {
    let wait = |id: &str, data: Type, timeout_ms, on_timeout| {
        let ty = if on_timeout == OnTimeout::Null { optional(data.clone()) } else { data.clone() };
        step(
            id,
            ty,
            StepKind::WaitFor(WaitFor { signal: "approved".to_owned(), data, timeout_ms, on_timeout }),
        )
    };
    let send = |id: &str, data: Expr| {
        let emit = Emit { signal: "approved".to_owned(), data: Some(data), run: None, barrier: true };
        step(id, Type::Null, StepKind::Emit(Box::new(emit)))
    };
    let list = Type::List(Box::new(Type::Int));
    let output = || record_of(vec![("one", result("one", Type::Int)), ("two", result("two", Type::Int))]);
    let both = vec![
        send("first", int(1)),
        send("second", int(2)),
        wait("one", Type::Int, None, OnTimeout::Fail),
        wait("two", Type::Int, Some(1000), OnTimeout::Fail),
    ];
    let elsewhere =
        Emit { signal: "approved".to_owned(), data: None, run: Some(string("nobody")), barrier: true };
    let elsewhere = step("refused", Type::Null, StepKind::Emit(Box::new(elsewhere)));
    vec![
        tried("signalled", both, output(), &[]),
        tried(
            "in_vain",
            vec![wait("one", list.clone(), Some(20), OnTimeout::Null)],
            result("one", optional(list.clone())),
            &[],
        ),
        tried(
            "too_late",
            vec![wait("one", list.clone(), Some(20), OnTimeout::Fail)],
            result("one", list),
            &[],
        ),
        tried(
            "nobody",
            vec![tolerated(elsewhere.clone()), Step { id: "again".to_owned(), ..elsewhere }],
            null(),
            &[],
        ),
    ]
}

fn holds() -> Vec<Tried> {
    let hold = |id: &str, steps: Vec<Step>| {
        let ty = last_type(&steps);
        step(id, ty, StepKind::Hold(Hold { resource: "door".to_owned(), atomic: false, steps }))
    };
    let door = |mut tried: Tried| {
        let door = Resource::new("door", ResourceKind::Semaphore, Scope::Process);
        tried.plan.resources = vec![Resource { max_concurrency: Some(1), ..door }];
        tried
    };
    let both =
        parallel("both", vec![hold("one", vec![act("a"), act("b")]), hold("two", vec![act("c"), act("d")])]);
    let broken = attempt(
        "block",
        vec![hold("one", vec![act("a")])],
        vec![(&[], vec![hold("two", vec![act("b")])])],
        vec![],
    );
    vec![
        door(tried("held", vec![both.clone()], result("both", both.ty.clone()), &[])),
        door(tried(
            "held_again",
            vec![broken],
            result("block", Type::Int),
            &[("a", json!([1, "error", "Broken"]))],
        )),
    ]
}

fn all() -> Vec<Tried> {
    [choices(), loops(), tries(), races(), graphs(), maps(), exits(), signals(), holds()]
        .into_iter()
        .flatten()
        .collect()
}

fn scripted(value: &Value) -> Vec<Scripted> {
    let parts = value.as_array().unwrap();
    let after = parts[0].as_f64().unwrap();
    let fails = (parts[1] == "error").then(|| ErrorForm {
        types: vec![format!("tasks.{}", parts[2].as_str().unwrap())],
        code: (parts[2] == "Broken").then(|| "503".to_owned()),
        ..ErrorForm::default()
    });
    let returns = fails.is_none().then(|| parts[1].clone());
    vec![Scripted { after_ms: Some(after), returns, fails, ..Scripted::default() }]
}

fn interpreted(tried: &Tried) -> Trace {
    let mut calls: BTreeMap<String, Vec<Scripted>> =
        tried.script.iter().map(|(key, value)| ((*key).to_owned(), scripted(value))).collect();
    calls.insert("act".to_owned(), scripted(&json!([1, 1])));
    let scenario =
        Scenario { starts: vec![Start::new(&tried.plan.workflow, "r")], calls, ..Scenario::default() };
    conductor_simulate::run(std::slice::from_ref(&tried.plan), &scenario)
}

/// What each key came to, one line an event.
fn lines(trace: &Trace) -> BTreeSet<String> {
    let last = |types: &[String]| types[0].rsplit('.').next().unwrap_or_default().to_owned();
    let line = |what: &What| match what {
        What::StepSucceeded { key, attempt, output } => Some(format!("succeeded {key} {attempt} {output}")),
        What::StepFailed { key, attempt, error, tolerated } => {
            Some(format!("failed {key} {attempt} {} {tolerated}", last(&error.types)))
        }
        What::StepSkipped { key } => Some(format!("skipped {key}")),
        What::StepCancelled { key, .. } => Some(format!("cancelled {key}")),
        What::Chosen { key, value } => Some(format!("chosen {key} {}", value.as_str().unwrap_or_default())),
        What::RunEnded(end) => {
            let error = end.error.as_ref().map_or_else(String::new, |error| last(&error.types));
            let output = end.output.as_ref().map_or_else(String::new, |output| output.to_string());
            let step = end.step.as_deref().unwrap_or_default();
            Some(format!("ended {} {step} {error} {output}", end.state.as_str()))
        }
        _ => None,
    };
    trace.events.iter().filter_map(|event| line(&event.what)).collect()
}

/// Runs each workflow from its beginning and then again from every prefix of what was recorded.
const REPLAYED: &str = r#"
import asyncio
import json
import logging
import sys

import conductor_gen
import tasks
from conductor_gen import WorkflowError
from peer import Peer

logging.disable()
peer = Peer()
signals: dict[str, list[dict]] = {}
answer = peer._answer


def answering(method, params):
    if method == "signal.list":
        return {"signals": signals.get(params["run"], [])}
    if method == "signal.send":
        if params["run"] not in peer.records:
            return {"error": {"code": -32011, "message": "no such run"}}
        known = signals.setdefault(params["run"], [])
        if all(one["id"] != params["id"] for one in known):
            known.append({"ordinal": len(known), **params})
        return {}
    return answer(method, params)


talk = peer._answer = answering


def lines(run):
    found = set()
    for kind, entry in peer.entries(run):
        key = entry.get("key")
        error = entry.get("error", {}).get("types", ["."])[0].rpartition(".")[2]
        compact = lambda value: json.dumps(value, separators=(",", ":"))
        if kind == "step_succeeded":
            found.add(f"succeeded {key} {entry['attempt'] and 1} {compact(entry['output'])}")
        elif kind == "step_failed":
            tolerated = str(entry["tolerated"]).lower()
            found.add(f"failed {key} {entry['attempt'] and 1} {error} {tolerated}")
        elif kind in ("step_skipped", "step_cancelled"):
            found.add(f"{kind[5:]} {key}")
        elif kind == "chosen" and not str(key).endswith(".deadline"):
            is_over = key.endswith(".expired")
            found.add(f"chosen {key.removesuffix('.expired')}.deadline expired" if is_over else f"chosen {key} {entry['value']}")
        elif kind == "run_succeeded":
            found.add(f"ended succeeded   {compact(entry['output'])}")
        elif kind == "run_failed":
            found.add(f"ended failed {entry['step'] or ''} {error} ")
    return found


async def execute(name, run, recorded):
    peer.records[run] = [dict(record) for record in recorded]
    try:
        await asyncio.wait_for(getattr(conductor_gen, name)(run_id=run), 20)
    except WorkflowError:
        pass


async def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else NAME
    await execute(name, "r", [])
    first = lines("r")
    whole = peer.records["r"]
    print(*sorted(first), sep="\n")
    for count in range(1, len(whole)):
        run = f"r{count}"
        signals[run] = [dict(one) for one in signals.get("r", [])]
        await execute(name, run, whole[:count])
        again = lines(run)
        if again != first:
            print("from", count, whole[:count])
            print("missing", sorted(first - again), "more", sorted(again - first))


asyncio.run(main())
"#;

#[test]
fn every_block_is_what_strict_tools_want() {
    for durable in [true, false] {
        let mut plans: Vec<Plan> = all().into_iter().map(|tried| tried.plan).collect();
        plans.iter_mut().for_each(|plan| plan.durable = durable);
        plans.retain(|plan| conductor_emit::unsupported(plan).is_empty());
        Project::new(&[("tasks.py", TASKS)], &plans).check();
    }
}

fn held_to_the_interpreter(all: Vec<Tried>) {
    let mut wrong = Vec::new();
    for tried in all {
        let name = tried.plan.workflow.clone();
        let mut plan = tried.plan.clone();
        plan.output.ty = tried.plan.output.ty.clone();
        let project = Project::new(&[("tasks.py", TASKS)], std::slice::from_ref(&plan));
        project.write("script.json", &serde_json::to_string(&tried.script).unwrap());
        let printed = project.python_with_peer(&REPLAYED.replace("NAME", &format!("{name:?}")));
        let wanted: BTreeSet<String> =
            lines(&interpreted(&tried)).into_iter().map(|line| line.replace("attempt", "")).collect();
        let got: BTreeSet<String> = printed.lines().map(str::to_owned).collect();
        if wanted != got {
            wrong.push(format!("{name}\n  wanted {wanted:#?}\n  got {got:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn choices_and_values() {
    held_to_the_interpreter(choices());
}

#[test]
fn loops_and_their_bounds() {
    held_to_the_interpreter(loops());
}

#[test]
fn failures_are_caught_and_cleaned_up_after() {
    held_to_the_interpreter(tries());
}

#[test]
fn the_first_success_wins() {
    held_to_the_interpreter(races());
}

#[test]
fn steps_start_when_what_they_need_has_ended() {
    held_to_the_interpreter(graphs());
}

#[test]
fn each_item_has_its_steps() {
    held_to_the_interpreter(maps());
}

#[test]
fn ways_out_and_pauses() {
    held_to_the_interpreter(exits());
}

#[test]
fn a_permit_is_kept_over_steps() {
    let project = Project::new(&[("tasks.py", TASKS)], &[holds().remove(0).plan]);
    project.write("script.json", "{}");
    let printed = project.python_with_peer(
        "import asyncio\n\nimport tasks\nfrom conductor_gen import held\nfrom peer import Peer\n\npeer = Peer()\n\
         asyncio.run(held(run_id='r'))\nprint(tasks.log)\n",
    );
    assert_eq!(printed, "['a', 'b', 'c', 'd']\n");
    held_to_the_interpreter(holds());
}

#[test]
fn signals_are_taken_once() {
    held_to_the_interpreter(signals());
}
