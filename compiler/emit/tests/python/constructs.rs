//! Each construct of a Plan, durable and not.

use conductor_protocol::expr::{BinaryOp, Node, UnaryOp};
use conductor_protocol::plan::{
    Effect, InDoubt, Input, Jitter, OnFailure, Plan, Policy, Step, StepKind, Strategy, WorkflowCall,
};
use conductor_protocol::types::Type;

use crate::support::*;

const TASKS: &str = r#"
import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Cart:
    owner: str
    items: list[str] = field(default_factory=list)


@dataclass
class Parcel:
    weight: int


async def find(x: int) -> Cart | Parcel | None:
    return None if x == 0 else Parcel(x)


def words() -> Sequence[Sequence[tuple[list[int], ...]]]:
    return [[([1],)]]


def weigh(thing: Cart | Parcel) -> int:
    return thing.weight if isinstance(thing, Parcel) else 0


log: list[str] = []
running = 0
most = 0


async def load(owner: str) -> Cart:
    return Cart(owner, ["a"])


def spoil(cart: Cart) -> Cart:
    cart.items.append("spoilt")
    return cart


async def slow(name: str, seconds: float) -> str:
    global running, most
    running += 1
    most = max(most, running)
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        log.append(f"{name} cancelled")
        raise
    finally:
        running -= 1
    log.append(f"{name} done")
    return name


def blocking(seconds: float) -> str:
    time.sleep(seconds)
    log.append("blocking done")
    return "late"


class Broken(Exception):
    code = 503


async def fail(message: str) -> None:
    raise Broken(message)


attempts = 0


async def flaky(times: int) -> int:
    global attempts
    attempts += 1
    if attempts <= times:
        raise Broken(f"attempt {attempts}")
    return attempts


def untyped(x, y=1):
    return {"x": x, "y": y}


def nothing(x: int) -> None:
    log.append(f"nothing {x}")
"#;

fn cart() -> Type {
    named("tasks", "Cart")
}

fn built(
    name: &str,
    durable: bool,
    inputs: Vec<Input>,
    steps: Vec<Step>,
    output: conductor_protocol::expr::Expr,
) -> Plan {
    let mut plan = plan(name, durable, inputs, steps, output);
    let (name, def) = class("tasks", "Cart", &[("owner", Type::String)]);
    let conductor_protocol::types::TypeDef::Class { mut fields } = def else { unreachable!() };
    fields.push(field("items", Type::List(Box::new(Type::String)), false));
    plan.types.insert(name, conductor_protocol::types::TypeDef::Class { fields });
    plan.types.extend([class("tasks", "Parcel", &[("weight", Type::Int)])]);
    plan
}

fn slow(id: &str, seconds: f64) -> Step {
    let seconds = expr(
        Type::Float,
        conductor_protocol::expr::Node::Literal(conductor_protocol::expr::Literal::Float(seconds)),
    );
    let args = vec![arg("name", string(id)), arg("seconds", seconds)];
    task(id, call("slow", function("tasks.slow", true, Type::String), args, Effect::Read))
}

fn failing(id: &str) -> Step {
    let args = vec![arg("message", string(id))];
    task(id, call("fail", function("tasks.fail", true, Type::Null), args, Effect::Read))
}

fn sequence(id: &str, steps: Vec<Step>) -> Step {
    let ty = steps.last().map_or(Type::Null, |step| step.ty.clone());
    step(id, ty, StepKind::Sequence { steps })
}

/// Values are shared by nobody; a branch may be a block; names inside blocks stay visible.
fn sharing(durable: bool) -> Plan {
    let load = task(
        "load",
        call(
            "load",
            function("tasks.load", true, cart()),
            vec![arg("owner", input("owner", Type::String))],
            Effect::Read,
        ),
    );
    let spoil = |id: &str| {
        let args = vec![arg("cart", result("load", cart()))];
        task(id, call("spoil", function("tasks.spoil", false, cart()), args, Effect::Write))
    };
    let inner = sequence("inner", vec![slow("first", 0.0), spoil("second")]);
    let block = parallel("both", vec![spoil("one"), inner]);
    let output = expr(
        record(&[("load", cart()), ("both", block.ty.clone()), ("first", Type::String)]),
        conductor_protocol::expr::Node::Record(vec![
            ("load".to_owned(), result("load", cart())),
            ("both".to_owned(), result("both", block.ty.clone())),
            ("first".to_owned(), result("first", Type::String)),
        ]),
    );
    built("sharing", durable, vec![given("owner", Type::String)], vec![load, block], output)
}

/// Skipped steps and blocks, tolerated blocks, deadlines of blocks.
fn guarded(durable: bool) -> Plan {
    let over = |limit: i64| binary(Type::Bool, BinaryOp::Greater, input("n", Type::Int), int(limit));
    let mut skipped = slow("skipped", 0.0);
    skipped.when = Some(over(10));
    skipped.ty = Type::optional(Type::String);
    let mut inner_two = slow("inner_two", 0.0);
    let StepKind::Task(call) = &mut inner_two.kind else { unreachable!() };
    // Inside of the block its result is not null.
    call.args[0] = arg("name", result("inner_one", Type::String));
    let mut block = sequence("block", vec![slow("inner_one", 0.0), inner_two]);
    block.when = Some(over(5));
    block.ty = Type::optional(Type::String);
    let mut tolerated = parallel("tolerated", vec![slow("fine", 0.0), failing("bad")]);
    tolerated.critical = false;
    tolerated.ty = Type::optional(tolerated.ty);
    let mut late = sequence("late", vec![slow("too_slow", 30.0)]);
    late.critical = false;
    late.deadline_ms = Some(50);
    late.ty = Type::optional(Type::String);
    let fields = [
        ("skipped", skipped.ty.clone()),
        ("block", block.ty.clone()),
        ("tolerated", tolerated.ty.clone()),
        ("late", late.ty.clone()),
    ];
    let output = expr(
        record(&fields),
        conductor_protocol::expr::Node::Record(
            fields.iter().map(|(name, ty)| ((*name).to_owned(), result(name, ty.clone()))).collect(),
        ),
    );
    built("guarded", durable, vec![given("n", Type::Int)], vec![skipped, block, tolerated, late], output)
}

/// A union that may be null, read as a field of its block, and a step that runs where it is not; deadlines around it.
fn found(durable: bool) -> Plan {
    let thing = Type::union([cart(), named("tasks", "Parcel")]);
    let maybe = Type::optional(thing.clone());
    let find = function("tasks.find", true, maybe.clone());
    let find = task("find", call("find", find, vec![arg("x", input("x", Type::Int))], Effect::Read));
    let mut pair = parallel("pair", vec![find, slow("other", 0.0)]);
    pair.deadline_ms = Some(5000);
    let found = get(result("pair", pair.ty.clone()), "find", maybe);
    let test = binary(Type::Bool, BinaryOp::NotEqual, found.clone(), null());
    let sure = expr(thing, conductor_protocol::expr::Node::Convert(Box::new(found)));
    let weigh = function("tasks.weigh", false, Type::Int);
    let mut weigh = task("weigh", call("weigh", weigh, vec![arg("thing", sure)], Effect::Read));
    weigh.when = Some(test);
    weigh.ty = Type::optional(Type::Int);
    let output = result("weigh", weigh.ty.clone());
    let list = |item| Type::List(Box::new(item));
    let words = function("tasks.words", false, list(list(list(list(Type::Int)))));
    let mut words = task("words", call("words", words, vec![], Effect::Read));
    let calm = Box::new(input("calm", Type::Bool));
    words.when = Some(expr(Type::Bool, Node::Unary { op: UnaryOp::Not, operand: calm }));
    words.ty = Type::optional(words.ty);
    let inputs = vec![given("x", Type::Int), given("calm", Type::Bool)];
    let mut plan = built("found", durable, inputs, vec![pair, weigh, words], output);
    plan.deadline_ms = Some(10_000);
    plan
}

/// A failing branch cancels, or waits for, its siblings; so many at once.
fn branches(durable: bool, on_failure: OnFailure) -> Plan {
    let mut block = parallel("block", vec![slow("long", 0.05), failing("bad"), slow("other", 0.05)]);
    if let StepKind::Parallel { on_failure: how, max_concurrency, .. } = &mut block.kind {
        *how = on_failure;
        *max_concurrency = Some(2);
    }
    let name = if on_failure == OnFailure::Wait { "waiting" } else { "cancelling" };
    built(name, durable, vec![], vec![block], null())
}

/// Policies of every kind.
fn policies(durable: bool) -> Plan {
    let times = || vec![arg("times", input("times", Type::Int))];
    let flaky = |id: &str, policy: Policy| {
        let mut flaky = call("flaky", function("tasks.flaky", true, Type::Int), times(), Effect::Write);
        flaky.policy = policy;
        flaky.idempotent = true;
        task(id, flaky)
    };
    let forever = Policy {
        retries: None,
        strategy: Strategy::Constant,
        initial_ms: 1,
        jitter: Jitter::Equal,
        retry_on: vec!["503".to_owned(), "tasks.Broken".to_owned()],
        ..Policy::default()
    };
    let limited = Policy { retries: Some(2), deadline_ms: Some(5000), timeout_ms: Some(1500), ..retries(2) };
    let seconds = expr(
        Type::Float,
        conductor_protocol::expr::Node::Literal(conductor_protocol::expr::Literal::Float(0.15)),
    );
    let mut blocking = call(
        "blocking",
        function("tasks.blocking", false, Type::String),
        vec![arg("seconds", seconds)],
        Effect::Write,
    );
    blocking.in_doubt = InDoubt::Fail;
    blocking.policy.timeout_ms = Some(50);
    let steps = vec![flaky("first", forever), flaky("second", limited), task("blocking", blocking)];
    built("policies", durable, vec![given("times", Type::Int)], steps, result("blocking", Type::String))
}

/// Functions without annotations, without results, and workflows in workflows.
fn calls(durable: bool, inner_durable: bool) -> Vec<Plan> {
    let untyped = unannotated(function("tasks.untyped", false, Type::Any));
    let untyped =
        task("untyped", call("untyped", untyped, vec![arg("x", input("n", Type::Int))], Effect::Read));
    let nothing = function("tasks.nothing", false, Type::Null);
    let nothing =
        task("nothing", call("nothing", nothing, vec![arg("x", input("n", Type::Int))], Effect::Write));
    let inner = built(
        "inner",
        inner_durable,
        vec![given("n", Type::Int)],
        vec![untyped, nothing],
        result("untyped", Type::Any),
    );
    let child = WorkflowCall {
        workflow: "inner".to_owned(),
        durable: inner_durable,
        args: vec![("n".to_owned(), int(7))],
        barrier: true,
        detach: false,
    };
    let child = step("child", Type::Any, StepKind::Workflow(child));
    let outer = built("outer", durable, vec![], vec![child], result("child", Type::Any));
    vec![inner, outer]
}

/// Names that are keywords, builtins, ours, or a module's.
fn hostile(durable: bool) -> Plan {
    let ids = [
        "run", "step", "list", "class", "tasks", "codecs", "body", "error", "asyncio", "str", "self", "call",
    ];
    let steps: Vec<Step> = ids.iter().map(|id| slow(id, 0.0)).collect();
    let fields: Vec<(&str, Type)> = ids.iter().map(|id| (*id, Type::String)).collect();
    let output = expr(
        record(&fields),
        conductor_protocol::expr::Node::Record(
            ids.iter().map(|id| ((*id).to_owned(), result(id, Type::String))).collect(),
        ),
    );
    let names = ["import", "dict", "len", "step_", "run_id", "date", "failure", "_codecs"];
    let mut inputs: Vec<Input> = names.iter().map(|name| given(name, Type::Int)).collect();
    inputs[5].ty = Type::Date;
    let mut steps = steps;
    let used = names.iter().map(|name| {
        let ty = if *name == "date" { Type::Date } else { Type::Int };
        arg("x", input(name, ty))
    });
    for (at, argument) in used.enumerate().filter(|(at, _)| *at != 5) {
        let nothing = function("tasks.nothing", false, Type::Null);
        steps.push(task(&format!("use_{at}"), call("nothing", nothing, vec![argument], Effect::Read)));
    }
    built("serve", durable, inputs, steps, output)
}

fn project(plans: &[Plan]) -> Project {
    Project::new(&[("tasks.py", TASKS)], plans)
}

const SHARING: &str = r"
    result = await sharing(owner='ann')
    print(result['load'].items, result['both']['one'].items, result['both']['inner'].items, result['first'])
";

#[test]
fn a_durable_value_is_shared_by_nobody() {
    let project = project(&[sharing(true)]);
    project.check();
    assert_eq!(run(&project, true, "sharing", SHARING), "['a'] ['a', 'spoilt'] ['a', 'spoilt'] first\n");
}

#[test]
fn without_durability_values_are_python_s_own() {
    let project = project(&[sharing(false)]);
    project.check();
    let printed = run(&project, false, "sharing", SHARING);
    assert_eq!(
        printed,
        "['a', 'spoilt', 'spoilt'] ['a', 'spoilt', 'spoilt'] ['a', 'spoilt', 'spoilt'] first\n"
    );
}

const GUARDED: &str = r"
    for n in (1, 20):
        result = await guarded(n=n)
        print({name: result[name] for name in ('skipped', 'block', 'tolerated', 'late')})
";

#[test]
fn what_is_skipped_or_tolerated_is_null() {
    let expected = "{'skipped': None, 'block': None, 'tolerated': None, 'late': None}\n\
        {'skipped': 'skipped', 'block': 'inner_one', 'tolerated': None, 'late': None}\n";
    for durable in [true, false] {
        let project = project(&[guarded(durable)]);
        project.check();
        assert_eq!(run(&project, durable, "guarded", GUARDED), expected);
    }
}

#[test]
fn a_union_is_told_from_null() {
    for durable in [true, false] {
        let project = project(&[found(durable)]);
        project.check();
        let script = "\n    print(await found(x=0, calm=True), await found(x=3, calm=False))\n";
        assert_eq!(run(&project, durable, "found", script), "None 3\n");
    }
}

#[test]
fn siblings_are_cancelled_or_waited_for() {
    for durable in [true, false] {
        for (how, name, log) in [
            (OnFailure::Cancel, "cancelling", "['long cancelled'] 1"),
            (OnFailure::Wait, "waiting", "['long done', 'other done'] 2"),
        ] {
            let project = project(&[branches(durable, how)]);
            project.check();
            let script = format!(
                "
    try:
        await {name}(run_id='r')
    except WorkflowError as error:
        print(error.step, error.attempts, repr(error.__cause__), tasks.log, tasks.most)
"
            );
            let printed = run(&project, durable, name, &script);
            assert_eq!(printed, format!("bad 1 Broken('bad') {log}\n"));
        }
    }
}

#[test]
fn policies_are_loops_with_their_numbers() {
    for durable in [true, false] {
        let project = project(&[policies(durable)]);
        project.check();
        let printed = run(
            &project,
            durable,
            "policies",
            "\n    print(await policies(times=3), tasks.attempts, tasks.log)\n",
        );
        assert_eq!(printed, "late 5 ['blocking done']\n");
    }
}

#[test]
fn workflows_call_workflows() {
    for (outer, inner) in [(true, true), (true, false), (false, true), (false, false)] {
        let project = project(&calls(outer, inner));
        project.check();
        let script = "\n    print(await outer(run_id='r'), tasks.log)\n";
        assert_eq!(run(&project, outer || inner, "outer", script), "{'x': 7, 'y': 1} ['nothing 7']\n");
    }
}

#[test]
fn hostile_names_are_kept_apart() {
    for durable in [true, false] {
        let project = project(&[hostile(durable)]);
        project.check();
        let script = "
    import datetime
    kwargs = {'import_': 1, 'dict': 2, 'len': 3, 'step_': 4, 'run_id_': 5, 'failure': 6, '_codecs_': 7}
    print(await serve_(date=datetime.date(2026, 1, 2), **kwargs))
    print(tasks.log[-7:])
";
        let printed = run(&project, durable, "serve_", script);
        assert!(printed.contains("'class': 'class'") && printed.contains("'self': 'self'"), "{printed}");
        assert!(
            printed.ends_with(
                "['nothing 1', 'nothing 2', 'nothing 3', 'nothing 4', 'nothing 5', 'nothing 6', 'nothing 7']\n"
            ),
            "{printed}"
        );
    }
}

#[test]
fn a_build_is_deterministic() {
    let plans = [sharing(true), guarded(true), policies(false), hostile(true)];
    let first = emitted(&plans);
    for _ in 0..20 {
        assert_eq!(emitted(&plans), first);
    }
}

/// Runs `body` in an event loop; logging is off, as what is tolerated is logged.
fn run(project: &Project, with_peer: bool, name: &str, body: &str) -> String {
    let peer = if with_peer { "from peer import Peer\npeer = Peer()\n" } else { "" };
    let script = format!(
        "import asyncio\nimport logging\n\nimport tasks\nfrom conductor_gen import WorkflowError, {name}\n{peer}\n\
         logging.disable()\n\n\nasync def main() -> None:{body}\n\nasyncio.run(main())\n"
    );
    project.python_with_peer(&script)
}
