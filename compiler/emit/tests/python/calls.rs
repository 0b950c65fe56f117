//! Breakers, hedges, caches, compensations, detached workflows and limited concurrency: how they are written, and what
//! they do.

use conductor_protocol::expr::Node;
use conductor_protocol::plan::{
    Cache, CircuitBreaker, Concurrency, Effect, Fallback, Hedge, Input, Plan, Policy, Step, StepKind,
    TaskCall, Trip, WorkflowCall,
};
use conductor_protocol::types::Type;

use crate::support::*;

const TASKS: &str = r#"
import asyncio
import threading
import time
from dataclasses import dataclass

log: list[str] = []
down = True
calls = 0


@dataclass
class Charge:
    id: str
    amount: int


async def ask(user_id: str) -> str:
    log.append(f"ask {user_id}")
    if down:
        raise ConnectionError("down")
    return f"answer {user_id}"


def look(user_id: str) -> list[str]:
    log.append(f"look {user_id}")
    return [user_id]


async def slow_once(n: int) -> int:
    global calls
    calls += 1
    mine = calls
    log.append(f"call {mine}")
    try:
        await asyncio.sleep(5 if mine == 1 else 0.01)
    except asyncio.CancelledError:
        log.append(f"cancelled {mine}")
        raise
    return mine * n


def slow_once_in_a_thread(n: int) -> int:
    global calls
    calls += 1
    mine = calls
    time.sleep(3 if mine == 1 else 0.01)
    return mine * n


async def always_broken(n: int) -> int:
    global calls
    calls += 1
    mine = calls
    await asyncio.sleep(2 if mine == 1 else 0.3)
    raise ValueError(f"broken {mine}")


async def charge(user_id: str, amount: int, idempotency_key: str) -> Charge:
    log.append(f"charge {user_id} {amount} {idempotency_key}")
    return Charge(f"c-{user_id}", amount)


def refund(charge_id: str, amount: int, idempotency_key: str) -> None:
    log.append(f"refund {charge_id} {amount} {idempotency_key}")


async def ship(user_id: str) -> str:
    log.append(f"ship {user_id}")
    return f"s-{user_id}"


async def unship(shipment: str) -> None:
    log.append(f"unship {shipment}")
    if shipment == "s-stuck":
        raise ValueError("lost")


async def hang_writing(user_id: str) -> str:
    log.append(f"hang {user_id}")
    await asyncio.sleep(30)
    return user_id


async def unhang(user_id: str) -> None:
    log.append(f"unhang {user_id}")


async def fail(user_id: str) -> str:
    log.append("fail")
    raise ConnectionError("no stock")


async def work(user_id: str) -> str:
    global calls
    calls += 1
    log.append(f"in {user_id} {calls}")
    await asyncio.sleep(0.05)
    calls -= 1
    return user_id
"#;

fn user_id() -> conductor_protocol::expr::Expr {
    input("user_id", Type::String)
}

fn inputs() -> Vec<Input> {
    vec![given("user_id", Type::String)]
}

fn variable(name: &str, ty: Type) -> conductor_protocol::expr::Expr {
    expr(ty, Node::Variable(name.to_owned()))
}

fn run(project: &Project, workflows: &[&str], body: &str) -> String {
    let names = workflows.join(", ");
    let mut indented = String::new();
    for line in body.lines() {
        indented.push_str(if line.is_empty() { "" } else { "    " });
        indented.push_str(line);
        indented.push('\n');
    }
    project.python_with_peer(&format!(
        "import asyncio\nimport logging\nimport sys\n\nimport conductor_gen\nimport tasks\n\
         from conductor_gen import WorkflowError, {names}\nfrom peer import Peer\n\n\
         logging.basicConfig(stream=sys.stdout, level=logging.CRITICAL)\npeer = Peer()\n\n\n\
         async def tried(work):\n    try:\n        print('gave', await work)\n    except Exception as error:\n        \
         cause = error.__cause__\n        print(type(error).__name__, getattr(error, 'step', None), getattr(error, 'attempts', None), \
         type(cause).__name__, cause or error)\n\n\n\
         async def main():\n{indented}\n\nasyncio.run(main())\n"
    ))
}

fn breaker(key: bool, half_open_calls: u32) -> CircuitBreaker {
    CircuitBreaker {
        trip: Trip::Failures(2),
        window_ms: 10_000,
        min_calls: 10,
        open_for_ms: 500,
        half_open_calls,
        key: key.then(|| variable("user_id", Type::String)),
    }
}

fn asking(workflow: &str, durable: bool, policy: Policy, fallback: bool) -> Plan {
    let mut ask =
        call("ask", function("tasks.ask", true, Type::String), vec![arg("user_id", user_id())], Effect::Read);
    ask.policy = policy;
    ask.fallback = fallback.then(|| Fallback::Value(string("nobody")));
    plan(workflow, durable, inputs(), vec![task("ask", ask)], result("ask", Type::String))
}

#[test]
fn an_open_breaker_is_an_answer_in_itself() {
    let open = |retry_on: &[&str]| Policy {
        circuit_breaker: Some(breaker(false, 1)),
        retry_on: retry_on.iter().map(|name| (*name).to_owned()).collect(),
        initial_ms: 150,
        ..retries(2)
    };
    for durable in [true, false] {
        let plans = [
            asking("asking", durable, open(&[]), false),
            asking("patient", durable, open(&["CircuitOpen", "ConnectionError"]), false),
            asking("falling", durable, open(&[]), true),
        ];
        let project = Project::new(&[("tasks.py", TASKS)], &plans);
        project.check();
        let printed = run(
            &project,
            &["asking", "patient", "falling"],
            "await tried(asking(user_id='u', run_id='a'))\n\
             print(tasks.log)\n\
             await tried(asking(user_id='u', run_id='b'))\n\
             await tried(falling(user_id='u', run_id='c'))\n\
             print(tasks.log)\n\
             tasks.down = False\n\
             await asyncio.sleep(0.1)\n\
             await tried(patient(user_id='u', run_id='d'))\n\
             await tried(asking(user_id='u', run_id='e'))\n",
        );
        assert_eq!(
            printed,
            "WorkflowError ask 2 CircuitOpen the circuit breaker of `ask` is open\n\
             ['ask u', 'ask u']\n\
             WorkflowError ask 0 CircuitOpen the circuit breaker of `ask` is open\n\
             gave nobody\n\
             ['ask u', 'ask u']\n\
             gave answer u\n\
             gave answer u\n",
            "durable: {durable}"
        );
    }
}

#[test]
fn each_key_has_a_breaker_of_its_own() {
    let policy = Policy { circuit_breaker: Some(breaker(true, 1)), ..retries(2) };
    for durable in [true, false] {
        let project =
            Project::new(&[("tasks.py", TASKS)], &[asking("asking", durable, policy.clone(), false)]);
        project.check();
        let printed = run(
            &project,
            &["asking"],
            "await tried(asking(user_id='u'))\nawait tried(asking(user_id='v'))\nprint(tasks.log)\n",
        );
        assert_eq!(
            printed,
            "WorkflowError ask 2 CircuitOpen the circuit breaker of `ask \"u\"` is open\n\
             WorkflowError ask 2 CircuitOpen the circuit breaker of `ask \"v\"` is open\n\
             ['ask u', 'ask u', 'ask v', 'ask v']\n",
        );
    }
}

fn hedging(workflow: &str, durable: bool, path: &str, is_async: bool, max: u32) -> Plan {
    let mut slow = call("slow", function(path, is_async, Type::Int), vec![arg("n", int(10))], Effect::Read);
    slow.policy =
        Policy { hedge: Some(Hedge { after_ms: 300, max }), timeout_ms: Some(20_000), ..Policy::default() };
    plan(workflow, durable, vec![], vec![task("slow", slow)], result("slow", Type::Int))
}

#[test]
fn the_first_of_several_calls_counts() {
    for durable in [true, false] {
        let plans = [
            hedging("in_loop", durable, "tasks.slow_once", true, 1),
            hedging("in_thread", durable, "tasks.slow_once_in_a_thread", false, 2),
            hedging("broken", durable, "tasks.always_broken", true, 3),
        ];
        let project = Project::new(&[("tasks.py", TASKS)], &plans);
        project.check();
        let printed = run(
            &project,
            &["in_loop", "in_thread", "broken"],
            "await tried(in_loop())\nawait asyncio.sleep(0)\nprint(tasks.log)\ntasks.calls = 0\n\
             await tried(in_thread())\ntasks.calls = 0\nawait tried(broken())\n",
        );
        assert_eq!(
            printed,
            "gave 20\n['call 1', 'call 2', 'cancelled 1']\ngave 20\nWorkflowError slow 1 ValueError broken 1\n",
            "durable: {durable}"
        );
    }
}

#[test]
fn a_kept_result_is_used_until_its_time_is_over() {
    let list = || Type::List(Box::new(Type::String));
    for durable in [true, false] {
        let mut look = call(
            "look",
            function("tasks.look", false, list()),
            vec![arg("user_id", user_id())],
            Effect::Read,
        );
        look.cache = Some(Cache { ttl_ms: 150, key: None });
        let mut by_key = look.clone();
        by_key.cache = Some(Cache {
            ttl_ms: 60_000,
            key: Some(expr(
                Type::Int,
                Node::Call { function: "size".to_owned(), args: vec![variable("user_id", Type::String)] },
            )),
        });
        by_key.task = "by_key".to_owned();
        let plans = [
            plan("looking", durable, inputs(), vec![task("look", look)], result("look", list())),
            plan("by_size", durable, inputs(), vec![task("by_key", by_key)], result("by_key", list())),
        ];
        let project = Project::new(&[("tasks.py", TASKS)], &plans);
        project.check();
        let printed = run(
            &project,
            &["looking", "by_size"],
            "(await looking(user_id='u', run_id='a')).append('changed')\n\
             await tried(looking(user_id='u', run_id='b'))\n\
             await tried(looking(user_id='v'))\n\
             await asyncio.sleep(0.2)\n\
             await tried(looking(user_id='u'))\n\
             await tried(by_size(user_id='one'))\n\
             await tried(by_size(user_id='two'))\n\
             print(tasks.log)\n\
             print(peer.kinds('b') if 'b' in peer.records else '')\n",
        );
        let recorded = if durable { "['step_succeeded look', 'run_succeeded']" } else { "" };
        assert_eq!(
            printed,
            format!(
                "gave ['u']\ngave ['v']\ngave ['u']\ngave ['one']\ngave ['one']\n\
                 ['look u', 'look v', 'look u', 'look one']\n{recorded}\n"
            ),
        );
    }
}

fn charging() -> TaskCall {
    let charge_type = named("tasks", "Charge");
    let mut charge = call(
        "charge",
        function("tasks.charge", true, charge_type.clone()),
        vec![arg("user_id", user_id()), arg("amount", int(5)), key()],
        Effect::Write,
    );
    let refunded = vec![
        arg("charge_id", get(variable("result", charge_type), "id", Type::String)),
        arg("amount", variable("amount", Type::Int)),
        key(),
    ];
    let refund = call("refund", function("tasks.refund", false, Type::Null), refunded, Effect::Write);
    charge.compensate = Some(Box::new(refund));
    charge
}

fn shipping() -> TaskCall {
    let mut ship = call(
        "ship",
        function("tasks.ship", true, Type::String),
        vec![arg("user_id", user_id())],
        Effect::Write,
    );
    let undone = vec![arg("shipment", variable("result", Type::String))];
    ship.compensate =
        Some(Box::new(call("unship", function("tasks.unship", true, Type::Null), undone, Effect::Write)));
    ship
}

fn failing() -> Step {
    task(
        "fail",
        call(
            "fail",
            function("tasks.fail", true, Type::String),
            vec![arg("user_id", user_id())],
            Effect::Read,
        ),
    )
}

fn ordering(workflow: &str, durable: bool, steps: Vec<Step>) -> Plan {
    let mut plan = plan(workflow, durable, inputs(), steps, null());
    plan.types.extend([class("tasks", "Charge", &[("id", Type::String), ("amount", Type::Int)])]);
    plan
}

fn child(id: &str, workflow: &str, durable: bool, detach: bool) -> Step {
    let call = WorkflowCall {
        workflow: workflow.to_owned(),
        durable,
        args: vec![("user_id".to_owned(), user_id())],
        barrier: durable,
        detach,
    };
    step(id, Type::Null, StepKind::Workflow(call))
}

#[test]
fn what_was_done_is_undone_in_reverse_order() {
    for (durable, inner) in [(true, true), (false, false), (true, false)] {
        let hang = || {
            let hung = function("tasks.hang_writing", true, Type::String);
            let mut hang = call("hang", hung, vec![arg("user_id", user_id())], Effect::Write);
            hang.policy.timeout_ms = Some(50);
            let undone = vec![arg("user_id", variable("user_id", Type::String))];
            let unhang = call("unhang", function("tasks.unhang", true, Type::Null), undone, Effect::Write);
            hang.compensate = Some(Box::new(unhang));
            task("hang", hang)
        };
        let plans = [
            ordering("inner", inner, vec![task("ship", shipping()), task("charge", charging())]),
            ordering(
                "ordering",
                durable,
                vec![task("charge", charging()), child("inner", "inner", inner, false), failing()],
            ),
            ordering("unknown", durable, vec![task("ship", shipping()), hang()]),
            ordering("fine", durable, vec![task("charge", charging())]),
        ];
        let project = Project::new(&[("tasks.py", TASKS)], &plans);
        project.check();
        let printed = run(
            &project,
            &["ordering", "unknown", "fine"],
            "await tried(ordering(user_id='u', run_id='a'))\nprint(*tasks.log, sep='\\n')\ntasks.log.clear()\n\
             await tried(unknown(user_id='u', run_id='b'))\nprint(*tasks.log, sep='\\n')\ntasks.log.clear()\n\
             await tried(ordering(user_id='stuck', run_id='c'))\nprint(*tasks.log, sep='\\n')\ntasks.log.clear()\n\
             await tried(fine(user_id='u', run_id='d'))\nprint(*tasks.log, sep='\\n')\n",
        );
        expect_test::expect![[r#"
            WorkflowError fail 1 ConnectionError no stock
            charge u 5 a/charge
            ship u
            charge u 5 a/inner/charge
            fail
            refund c-u 5 a/inner/charge.compensate
            unship s-u
            refund c-u 5 a/charge.compensate
            WorkflowError hang 1 TimeoutError no answer within 50 ms
            ship u
            hang u
            unhang u
            unship s-u
            RunPaused None 0 ValueError lost
            charge stuck 5 c/charge
            ship stuck
            charge stuck 5 c/inner/charge
            fail
            refund c-stuck 5 c/inner/charge.compensate
            unship s-stuck
            gave None
            charge u 5 d/charge
        "#]]
        .assert_eq(&printed);
    }
}

#[test]
fn runs_wait_for_their_turn() {
    for durable in [true, false] {
        let work = call(
            "work",
            function("tasks.work", true, Type::String),
            vec![arg("user_id", user_id())],
            Effect::Read,
        );
        let mut working =
            plan("working", durable, inputs(), vec![task("work", work)], result("work", Type::String));
        working.concurrency = Some(Concurrency { limit: 1, key: Some(user_id()) });
        let mut plain = working.clone();
        plain.workflow = "plain".to_owned();
        plain.concurrency = Some(Concurrency { limit: 2, key: None });
        let project = Project::new(&[("tasks.py", TASKS)], &[working, plain]);
        project.check();
        let printed = run(
            &project,
            &["working", "plain"],
            "await asyncio.gather(*(working(user_id=user) for user in 'uuu'))\nprint(tasks.log)\ntasks.log.clear()\n\
             await asyncio.gather(working(user_id='u'), working(user_id='v'))\nprint(sorted(tasks.log))\ntasks.log.clear()\n\
             await asyncio.gather(*(plain(user_id=user) for user in 'uvwx'))\nprint(max(line.split()[2] for line in tasks.log))\n",
        );
        assert_eq!(
            printed, "['in u 1', 'in u 1', 'in u 1']\n['in u 1', 'in v 2']\n2\n",
            "durable: {durable}"
        );
    }
}

#[test]
fn a_detached_workflow_goes_on_by_itself() {
    for durable in [true, false] {
        let work = call(
            "work",
            function("tasks.work", true, Type::String),
            vec![arg("user_id", user_id())],
            Effect::Read,
        );
        let plans = [
            plan("side", durable, inputs(), vec![task("work", work)], null()),
            plan("front", durable, inputs(), vec![child("side", "side", durable, true)], null()),
        ];
        let project = Project::new(&[("tasks.py", TASKS)], &plans);
        project.check();
        let printed = run(
            &project,
            &["front"],
            "await tried(front(user_id='u', run_id='r'))\nawait asyncio.sleep(0.01)\nprint(tasks.log, tasks.calls)\n\
             await conductor_gen.close()\nprint(tasks.log, tasks.calls)\n\
             print(peer.kinds('r') if 'r' in peer.records else '')\n",
        );
        let recorded =
            if durable { "['step_started side', 'step_succeeded side', 'run_succeeded']" } else { "" };
        let expected = format!("gave None\n['in u 1'] 1\n['in u 1'] 0\n{recorded}\n");
        assert_eq!(printed, expected, "durable: {durable}");
    }
}
