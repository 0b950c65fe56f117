//! Calls of gRPC methods, against a server of Go's own library.

use conductor_emit::{emit, unsupported};
use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{Argument, Effect, Fallback, Health, Plan, Policy, Step, StepKind, TaskCall};
use conductor_protocol::types::Type;

use crate::auth::{descriptors, everything, method, of, with_schema};
use crate::build::*;
use crate::project::{HEADER, Project, target};

const MAIN_GO: &str = include_str!("services/grpc_main.go");

/// A step that calls a method; services take no context as an argument.
fn asked(
    id: &str,
    callable: conductor_protocol::plan::Callable,
    args: Vec<Argument>,
    effect: Effect,
) -> Step {
    let made = call(id, function("Ask", Type::Null), Vec::new(), effect);
    task(id, TaskCall { callable, args, ..made })
}

/// Sends everything, and a second time only two fields: the rest has the defaults of the schema.
fn echo(name: &str, durable: bool) -> Plan {
    let sent = |only: Option<&[&str]>| -> Vec<Argument> {
        let fields = everything().into_iter();
        let wanted = fields.filter(|(name, _)| only.is_none_or(|only| only.contains(name)));
        wanted.map(|(name, ty)| arg(name, input(name, ty))).collect()
    };
    let echoed = || method("Echo", "Everything", "Everything", of("Everything"));
    let steps = vec![
        asked("echo", echoed(), sent(None), Effect::Read),
        asked("few", echoed(), sent(Some(&["text", "maybe"])), Effect::Read),
        asked("touch", method("Touch", "Empty", "Empty", Type::Null), Vec::new(), Effect::Write),
    ];
    let inputs = everything().into_iter().map(|(name, ty)| given(name, ty)).collect();
    let both = [("echo", of("Everything")), ("few", of("Everything"))];
    let fields = both.iter().map(|(id, ty)| ((*id).to_owned(), result(id, ty.clone()))).collect();
    with_schema(plan(name, durable, inputs, steps, expr(record(&both), Node::Record(fields))))
}

/// Asks the server to fail so often with a code, each time after a while.
fn fail(name: &str, durable: bool, policy: Policy, fallback: Option<Expr>) -> Plan {
    let inputs = [("code", Type::String), ("times", Type::Int), ("seconds", Type::Float)];
    let args = inputs.iter().map(|(name, ty)| arg(name, input(name, ty.clone()))).collect();
    let mut step = asked("ask", method("Fail", "Fault", "Seen", of("Seen")), args, Effect::Write);
    let StepKind::Task(call) = &mut step.kind else { unreachable!() };
    call.policy = policy;
    if let Some(value) = fallback {
        call.fallback = Some(Fallback::Value(value));
        step = nullable(step);
    }
    let output = result("ask", step.ty.clone());
    let inputs = inputs.into_iter().map(|(name, ty)| given(name, ty)).collect();
    with_schema(plan(name, durable, inputs, vec![step], output))
}

fn plans() -> Vec<Plan> {
    let limited = Policy { timeout_ms: Some(300), ..retries(1) };
    let mut around = fail("around", false, Policy { timeout_ms: Some(50_000), ..retries(0) }, None);
    around.deadline_ms = Some(700);
    let mut waiting = fail("waiting", false, retries(0), None);
    waiting.resources[0].ready_ms = Some(1_000);
    waiting.resources[0].health = Some(Health::Grpc);
    vec![
        echo("echo", false),
        echo("recorded", true),
        fail("fail", false, retries(2), None),
        fail("journaled", true, retries(2), None),
        fail("limited", false, limited, None),
        fail("lenient", false, retries(1), Some(null())),
        around,
        waiting,
    ]
}

#[test]
fn methods_are_called() {
    let plans = plans();
    assert!(plans.iter().all(|plan| unsupported(plan).is_empty()));
    let project = Project::with_grpc(&[("main.go", MAIN_GO), ("schema.b64", &descriptors())], &plans);
    project.check();
    expect_test::expect![[r#"
        true true
        workflow echo failed at step echo after 1 attempt (run c): expected a number of the field shop.auth.v1.Everything.small, got -1
        workflow echo failed at step echo after 1 attempt (run c): expected text in UTF-8, got "\xff"
        workflow echo failed at step echo after 1 attempt (run c): the message shop.auth.v1.Everything has left or right, not both
        workflow echo failed at step echo after 1 attempt (run c): expected a value of the enum shop.common.Role, got "OTHER"
        [touch]
        r%C3%A9%20%251/ask ADMIN <nil> <nil> false OK
        [UNAVAILABLE r%C3%A9%20%251/ask UNAVAILABLE r%C3%A9%20%251/ask UNAVAILABLE r%C3%A9%20%251/ask]
          <nil> workflow fail failed at step ask after 3 attempts (run u): UNAVAILABLE: failure 3 true Unavailable
        [UNAVAILABLE u/ask UNAVAILABLE u/ask UNAVAILABLE u/ask]
          <nil> workflow fail failed at step ask after 1 attempt (run n): NOT_FOUND: failure 1 true NotFound
        [NOT_FOUND n/ask]
        d/ask ADMIN <nil> <nil> false OK
        [DEADLINE_EXCEEDED d/ask DEADLINE_EXCEEDED d/ask]
          <nil> workflow fail failed at step ask after 1 attempt (run role): the field shop.auth.v1.Seen.role has the number 7, which the enum shop.common.Role did not have when this was built false Unknown
        [ROLE role/ask]
        workflow limited failed at step ask after 2 attempts (run l): no answer within 300 ms [ l/ask cancelled  l/ask cancelled]
        true
        true
        ADMIN <nil>
        true 2
        <nil> <nil>
        true
    "#]]
    .assert_eq(&project.go());
}

#[test]
fn a_package_without_services_needs_no_library() {
    let plain = plan("plain", false, vec![given("n", Type::Int)], vec![], input("n", Type::Int));
    for (name, text) in &emit(&[plain], &target(), &HEADER).unwrap() {
        assert!(!text.contains("google.golang.org") && !name.contains("rpc/"), "{name}");
    }
}
