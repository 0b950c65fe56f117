//! A workflow for each policy, with what it gives.

use conductor_protocol::expr::Node;
use conductor_protocol::plan::{
    Argument, Cache, Callable, CircuitBreaker, Effect, Fallback, Hedge, Policy, Rate, Step, StepKind,
    TaskCall, Trip,
};
use conductor_protocol::types::Type;

use crate::cases::{Case, failing, named_input, order, word};
use crate::kit::*;

fn with(mut step: Step, change: impl FnOnce(&mut TaskCall)) -> Step {
    if let StepKind::Task(call) = &mut step.kind {
        change(call);
    }
    step
}

pub fn attempts() -> Vec<Case> {
    let sometimes = |id: &str, times: i64| {
        read(id, "sometimes", Type::String, vec![arg("name", named_input()), arg("times", int(times))])
    };
    let retried = with(sometimes("retried", 2), |call| {
        call.policy = Policy { deadline_ms: Some(5_000), timeout_ms: Some(1_000), ..retries(2) }
    });
    let other = call(
        "later",
        function("src/tasks.order", true, order()),
        vec![arg("id", text("other"))],
        Effect::Read,
    );
    let mut fallen =
        with(failing("fallen", "x"), |call| call.fallback = Some(Fallback::Task(Box::new(other))));
    fallen.ty = Type::union([Type::String, order()]);
    let valued = with(failing("valued", "x"), |call| call.fallback = Some(Fallback::Value(text("instead"))));
    let plain = read("plain", "sync", Type::String, vec![arg("of", named_input())]);
    let plain = with(plain, |call| {
        if let Callable::Function(function) = &mut call.callable {
            function.is_async = false
        }
    });
    let maybe = read("maybe", "maybe", optional(Type::String), vec![arg("of", text(""))]);
    vec![
        ("retried", vec![retried], result("retried", Type::String), r#""ada 3""#),
        (
            "fallback",
            vec![fallen],
            result("fallen", Type::union([Type::String, order()])),
            r#"{"id":"other","items":["other1","other22"]}"#,
        ),
        ("fallback_value", vec![valued], result("valued", Type::String), r#""instead""#),
        (
            "plain",
            vec![plain, maybe],
            expr(
                list(Type::Any),
                Node::List(vec![result("plain", Type::String), result("maybe", optional(Type::String))]),
            ),
            r#"["ADA",null]"#,
        ),
    ]
}

pub fn limits() -> Vec<Case> {
    let stop = step("stop", Type::Null, StepKind::Fail { error: "Stop".to_owned(), message: text("stop") });
    let breaker = CircuitBreaker {
        trip: Trip::Failures(5),
        window_ms: 30_000,
        min_calls: 10,
        open_for_ms: 30_000,
        half_open_calls: 1,
        key: None,
    };
    let guarded = with(word("guarded", named_input()), |call| {
        call.policy.circuit_breaker = Some(breaker.clone());
        call.policy.rate_limit = Some(Rate { permits: 100, per_ms: 1_000 });
        call.policy.bulkhead = Some(10);
        call.policy.hedge = Some(Hedge { after_ms: 500, max: 1 });
        call.uses = vec!["slots".to_owned()];
    });
    let keyed = with(word("keyed", named_input()), |call| {
        let key = variable("of", Type::String);
        call.policy.circuit_breaker = Some(CircuitBreaker { key: Some(key.clone()), ..breaker });
        call.cache = Some(Cache { ttl_ms: 60_000, key: Some(key) });
    });
    let cached = with(read("cached", "poll", Type::Float, vec![]), |call| {
        call.cache = Some(Cache { ttl_ms: 60_000, key: None })
    });
    let undo = call(
        "undo",
        function("src/tasks.undo", true, Type::Null),
        vec![arg(
            "what",
            expr(Type::String, Node::Interpolate(vec![variable("of", Type::String), text("!")])),
        )],
        Effect::Write,
    );
    let undone = with(word("undone", named_input()), |call| {
        call.effect = Effect::Write;
        call.barrier = true;
        call.compensate = Some(Box::new(undo));
    });
    vec![
        ("limits", vec![guarded], result("guarded", Type::String), r#""ada""#),
        ("keyed", vec![keyed, cached], result("keyed", Type::String), r#""ada""#),
        ("undoing", vec![undone, stop], result("undone", Type::String), "undone ada!\nStop: stop"),
    ]
}

/// What TypeScript says of a type and a manifest cannot.
pub fn natives() -> Vec<Case> {
    let native = |mut argument: Argument, native: &str| {
        argument.native = Some(native.to_owned());
        argument
    };
    let nothing = || expr(optional(Type::String), Node::Literal(conductor_protocol::expr::Literal::Null));
    let picky = vec![
        native(arg("tier", named_input()), "literal"),
        native(arg("note", expr(Type::Null, nothing().node)), "undefined"),
        native(arg("more", result("maybe", optional(Type::String))), "undefined"),
    ];
    let maybe = read("maybe", "maybe", optional(Type::String), vec![arg("of", text(""))]);
    let picky = read("picky", "picky", Type::String, picky);
    let mut bigger = function("src/tasks.bigger", true, Type::Int);
    bigger.native_returns = Some("bigint".to_owned());
    let large = native(arg("of", int(9_007_199_254_740_993)), "bigint");
    let bigger = |id: &str, of: Argument| task(id, call(id, bigger.clone(), vec![of], Effect::Read));
    let again = bigger("again", native(arg("of", result("bigger", Type::Int)), "bigint"));
    let shown = call_of(Type::String, "string", vec![result("again", Type::Int)]);
    vec![
        ("picky", vec![maybe, picky], result("picky", Type::String), r#""ada undefined undefined""#),
        ("bigints", vec![bigger("bigger", large), again], shown, r#""9007199254740995""#),
    ]
}
