//! Workflows of each kind of block, exit, pause and signal, with what their calls do.
//!
//! It knows nothing of how they are run or judged.

use std::collections::BTreeMap;

use conductor_protocol::expr::{BinaryOp, Expr, Node};
use conductor_protocol::plan::{
    Emit, Hold, LoopTest, OnFailure, OnTimeout, Plan, Resource, ResourceKind, Scope, Step, StepKind, WaitFor,
};
use conductor_protocol::types::Type;
use serde_json::{Value, json};

use crate::steps::*;
use crate::support::*;

pub type Script = BTreeMap<&'static str, Value>;

/// One workflow, what its calls do, and its name.
pub struct Tried {
    pub plan: Plan,
    pub script: Script,
}

pub fn tried(name: &str, steps: Vec<Step>, output: Expr, script: &[(&'static str, Value)]) -> Tried {
    let script = script.iter().cloned().collect();
    Tried { plan: plan(name, true, vec![], steps, output), script }
}

pub fn choices() -> Vec<Tried> {
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

pub fn loops() -> Vec<Tried> {
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

pub fn tries() -> Vec<Tried> {
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

pub fn races() -> Vec<Tried> {
    let two = || vec![act("slow"), sequence("quick", vec![act("first"), act("second")])];
    let slow = ("slow", json!([200, 7]));
    let output = || result("fastest", Type::Int);
    let failing = [("slow", json!([40, "error", "Refused"])), ("first", json!([1, "error", "Broken"]))];
    let lost = vec![when(act("skipped"), truth(false)), tolerated(act("slow")), act("first")];
    let may_lose = race("fastest", lost);
    let both = sequence("pair", vec![parallel("both", vec![act("a"), act("b")])]);
    vec![
        tried("won", vec![race("fastest", two())], output(), std::slice::from_ref(&slow)),
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
            std::slice::from_ref(&slow),
        ),
        tried(
            "racing_blocks",
            vec![race("fastest", vec![both.clone(), act("slow")])],
            result("fastest", Type::union([both.ty.clone(), Type::Int])),
            &[slow],
        ),
    ]
}

pub fn graphs() -> Vec<Tried> {
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
        tried("wide", vec![block.clone()], output(), std::slice::from_ref(&odd)),
        tried(
            "broken_graph",
            vec![block.clone()],
            output(),
            &[odd, ("b", json!([20, "error", "Broken"])), ("after_odd", json!([300, 1]))],
        ),
    ]
}

pub fn maps() -> Vec<Tried> {
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

pub fn exits() -> Vec<Tried> {
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

pub fn signals() -> Vec<Tried> {
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

pub fn holds() -> Vec<Tried> {
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

pub fn all() -> Vec<Tried> {
    [choices(), loops(), tries(), races(), graphs(), maps(), exits(), signals(), holds()]
        .into_iter()
        .flatten()
        .collect()
}
