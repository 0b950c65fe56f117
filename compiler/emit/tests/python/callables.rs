//! Methods of objects, and what stands in for a call that has failed.

use conductor_protocol::expr::{BinaryOp, Comprehension, Literal, Node};
use conductor_protocol::plan::{
    Argument, Callable, Effect, Fallback, Function, Passing, Plan, Policy, Receiver, Step,
};
use conductor_protocol::types::Type;

use crate::support::*;

pub const TASKS: &str = r#"
import threading
from typing import Any

log: list[str] = []


class Broken(Exception):
    status = 503


class Users:
    made = 0

    def __init__(self, prefix: str, *, width: int = 1) -> None:
        Users.made += 1
        self.prefix = prefix * width
        self.thread = threading.current_thread()

    def get(self, user_id: str) -> str:
        if Users.made < 3:
            raise Broken(f"made {Users.made}")
        is_main = self.thread is threading.main_thread()
        same = self.thread is threading.current_thread()
        return f"{self.prefix}{user_id} main={is_main} same={same}"

    async def find(self, user_id: str) -> str:
        is_main = self.thread is threading.main_thread()
        return f"found {self.prefix}{user_id} main={is_main}"

    def bare(self, user_id):
        return {"id": self.prefix + user_id}

    @staticmethod
    def plain(n: int) -> int:
        return n + 1

    @classmethod
    async def of(cls, n: int) -> int:
        return n * 2


class Plain:
    def __init__(self):
        self.name = "plain"

    async def tell(self) -> str:
        return self.name

    def loose(self, *words):
        return [self.name, *words]


async def charge(amount: int, order: list[int], idempotency_key: str) -> int:
    log.append(f"charge {amount} {order} {idempotency_key}")
    order.append(99)
    raise Broken("down")


def pay_later(order: list[int], idempotency_key: str, why: str) -> str:
    log.append(f"later {order} {idempotency_key} {why}")
    if why == "broken":
        raise ValueError("never")
    return f"later {order}"


async def ask_a_person(order: list[int]) -> str:
    log.append(f"ask {order}")
    return "asked"


async def nothing(amount: int) -> None:
    log.append(f"nothing {amount}")
    raise Broken("down")


async def also_nothing(amount: int) -> None:
    log.append(f"also nothing {amount}")
"#;

fn method(name: &str, is_async: bool, returns: Type, constructor: &str, args: Vec<Argument>) -> Callable {
    Callable::Function(Function {
        receiver: Some(Receiver::Constructed {
            constructor: constructor.to_owned(),
            args,
            returns_error: false,
        }),
        ..function_of(name, is_async, returns)
    })
}

fn function_of(name: &str, is_async: bool, returns: Type) -> Function {
    match function(&format!("tasks.{name}"), is_async, returns) {
        Callable::Function(made) => made,
        other => unreachable!("{other}"),
    }
}

/// A name with dots, which is what belongs to a class.
fn dotted(name: &str, is_async: bool, returns: Type) -> Callable {
    Callable::Function(Function { name: name.to_owned(), ..function_of("any", is_async, returns) })
}

fn methods(durable: bool) -> Plan {
    let prefix = || Argument { passing: Passing::Positional, ..arg("prefix", input("prefix", Type::String)) };
    let users = |name: &str, is_async: bool, returns: Type| {
        let mut made = method(name, is_async, returns, "Users", vec![prefix(), arg("width", int(2))]);
        if let Callable::Function(function) = &mut made {
            function.name = format!("Users.{name}");
        }
        made
    };
    let id = || vec![arg("user_id", input("prefix", Type::String))];
    let mut get = call("get", users("get", false, Type::String), id(), Effect::Read);
    get.policy = retries(5);
    let find = call("find", users("find", true, Type::String), id(), Effect::Read);
    let mut bare = users("bare", false, Type::Any);
    let mut loose = method("Plain.loose", false, Type::Any, "Plain", vec![]);
    for callable in [&mut bare, &mut loose] {
        if let Callable::Function(function) = callable {
            function.annotated = false;
        }
    }
    let bare = call("bare", bare, id(), Effect::Read);
    let word = Argument { passing: Passing::Positional, ..arg("words", string("w")) };
    let loose = call("loose", named_as(loose, "Plain.loose"), vec![word], Effect::Read);
    let tell = named_as(method("Plain.tell", true, Type::String, "Plain", vec![]), "Plain.tell");
    let tell = call("tell", tell, vec![], Effect::Read);
    let plain = call("plain", dotted("Users.plain", false, Type::Int), vec![arg("n", int(1))], Effect::Read);
    let of = call("of", dotted("Users.of", true, Type::Int), vec![arg("n", int(4))], Effect::Read);
    let steps: Vec<Step> =
        [get, find, bare, loose, tell, plain, of].map(|call| task(&call.task.clone(), call)).into();
    let fields: Vec<(&str, Type)> = steps.iter().map(|step| (step.id.as_str(), step.ty.clone())).collect();
    let values = fields.iter().map(|(id, ty)| ((*id).to_owned(), result(id, ty.clone()))).collect();
    let output = expr(record(&fields), Node::Record(values));
    plan("methods", durable, vec![given("prefix", Type::String)], steps, output)
}

fn named_as(callable: Callable, name: &str) -> Callable {
    match callable {
        Callable::Function(function) => {
            Callable::Function(Function { module: "tasks".to_owned(), name: name.to_owned(), ..function })
        }
        other => other,
    }
}

fn ints() -> Type {
    Type::List(Box::new(Type::Int))
}

fn variable(name: &str, ty: Type) -> conductor_protocol::expr::Expr {
    expr(ty, Node::Variable(name.to_owned()))
}

/// `order.map(o, o + amount)` over the arguments of the call that failed, where `o` hides nothing of theirs.
fn shifted() -> conductor_protocol::expr::Expr {
    let sum = binary(Type::Int, BinaryOp::Add, variable("amount", Type::Int), variable("order", Type::Int));
    expr(
        ints(),
        Node::Comprehension {
            kind: Comprehension::Map,
            over: Box::new(variable("order", ints())),
            variables: vec!["order".to_owned()],
            filter: None,
            body: Box::new(sum),
        },
    )
}

/// A charge that always fails, then `pay_later`, then `ask_a_person`.
pub fn falling(durable: bool, why: &str, last: bool, deadline: bool) -> Plan {
    let mut later = call(
        "pay_later",
        function("tasks.pay_later", false, Type::String),
        vec![arg("order", shifted()), key(), arg("why", string(why))],
        Effect::Write,
    );
    later.policy = retries(1);
    if last {
        let asked = call(
            "ask_a_person",
            function("tasks.ask_a_person", true, Type::String),
            vec![arg("order", variable("order", ints()))],
            Effect::Read,
        );
        later.fallback = Some(Fallback::Task(Box::new(asked)));
    }
    let mut charge = call(
        "charge",
        function("tasks.charge", true, Type::Int),
        vec![arg("amount", int(5)), arg("order", input("order", ints())), key()],
        Effect::Write,
    );
    charge.policy = Policy { deadline_ms: deadline.then_some(5000), ..retries(1) };
    charge.fallback = Some(Fallback::Task(Box::new(later)));
    let ty = Type::union([Type::Int, Type::String]);
    let step = Step { ty: ty.clone(), ..task("charge", charge) };
    plan("falling", durable, vec![given("order", ints())], vec![step], result("charge", ty))
}

/// A value that stands in: the sum of an argument, which may overflow.
fn valued(durable: bool, critical: bool) -> Plan {
    let mut charge = call(
        "charge",
        function("tasks.charge", true, Type::Int),
        vec![arg("amount", input("amount", Type::Int)), arg("order", input("order", ints())), key()],
        Effect::Read,
    );
    let max = expr(Type::Int, Node::Literal(Literal::Int(i64::MAX)));
    let value = binary(Type::Int, BinaryOp::Add, variable("amount", Type::Int), max);
    charge.fallback = Some(Fallback::Value(value));
    let ty = if critical { Type::Int } else { Type::optional(Type::Int) };
    let step = Step { ty: ty.clone(), critical, ..task("charge", charge) };
    let mut nothing = call(
        "nothing",
        function("tasks.nothing", true, Type::Null),
        vec![arg("amount", input("amount", Type::Int))],
        Effect::Read,
    );
    let also = function("tasks.also_nothing", true, Type::Null);
    let also = call("also_nothing", also, vec![arg("amount", variable("amount", Type::Int))], Effect::Read);
    nothing.fallback = Some(Fallback::Task(Box::new(also)));
    let mut quiet = nothing.clone();
    quiet.fallback = Some(Fallback::Value(null()));
    let quiet = Step { id: "quiet".to_owned(), ..task("nothing", quiet) };
    let inputs = vec![given("amount", Type::Int), given("order", ints())];
    plan("valued", durable, inputs, vec![step, task("nothing", nothing), quiet], result("charge", ty))
}

pub fn run(project: &Project, name: &str, body: &str) -> String {
    project.python_with_peer(&format!(
        "import asyncio\nimport logging\n\nimport tasks\nfrom conductor_gen import WorkflowError, {name}\n\
         from peer import Peer\n\npeer = Peer()\nlogging.disable()\n\n\nasync def main() -> None:\n{body}\n\nasyncio.run(main())\n"
    ))
}

#[test]
fn an_object_is_made_for_each_attempt_where_its_method_runs() {
    for durable in [true, false] {
        let project = Project::new(&[("tasks.py", TASKS)], &[methods(durable)]);
        project.check();
        let printed = run(
            &project,
            "methods",
            "    print(sorted((await methods(prefix='u')).items()), tasks.Users.made)",
        );
        assert_eq!(
            printed,
            "[('bare', {'id': 'uuu'}), ('find', 'found uuu main=True'), \
             ('get', 'uuu main=False same=True'), ('loose', ['plain', 'w']), ('of', 8), ('plain', 2), \
             ('tell', 'plain')] 5\n"
        );
    }
}

const FALL: &str = "
    try:
        print(await falling(order=[1, 2], run_id='r'))
    except WorkflowError as error:
        print(error.step, error.attempts, repr(error.__cause__))
    print(*tasks.log, sep='\\n')";

#[test]
fn a_fallback_takes_the_arguments_of_the_call_and_its_own_key() {
    for durable in [true, false] {
        for deadline in [true, false] {
            let project = Project::new(&[("tasks.py", TASKS)], &[falling(durable, "late", false, deadline)]);
            project.check();
            assert_eq!(
                run(&project, "falling", FALL),
                if durable {
                    "later [6, 7]\ncharge 5 [1, 2] r/charge\ncharge 5 [1, 2] r/charge\n\
                     later [6, 7] r/charge.fallback late\n"
                } else {
                    // Without durability values are passed as Python passes them.
                    "later [6, 7, 104, 104]\ncharge 5 [1, 2] r/charge\ncharge 5 [1, 2, 99] r/charge\n\
                     later [6, 7, 104, 104] r/charge.fallback late\n"
                }
            );
        }
    }
}

#[test]
fn a_fallback_that_fails_gives_its_error_to_the_step() {
    for durable in [true, false] {
        let project = Project::new(&[("tasks.py", TASKS)], &[falling(durable, "broken", false, false)]);
        project.check();
        let printed = run(&project, "falling", FALL);
        assert!(printed.starts_with("charge 2 ValueError('never')\n"), "{printed}");
        assert_eq!(printed.matches("later").count(), 2, "{printed}");
    }
}

#[test]
fn a_fallback_may_have_one_of_its_own() {
    for durable in [true, false] {
        let project = Project::new(&[("tasks.py", TASKS)], &[falling(durable, "broken", true, true)]);
        project.check();
        let printed = run(&project, "falling", FALL);
        assert!(printed.starts_with("asked\n"), "{printed}");
        assert!(printed.contains("\nask ["), "{printed}");
    }
}

#[test]
fn what_is_recorded_of_a_fallback() {
    let project = Project::new(&[("tasks.py", TASKS)], &[falling(true, "late", false, false)]);
    let script = "    await falling(order=[1], run_id='r')\n    print(*peer.kinds('r'), sep='\\n')\n    \
                  print([entry['retry_at'] > 0 if 'retry_at' in entry else None for kind, entry in peer.entries('r') if kind == 'attempt_failed'])";
    expect_test::expect![[r#"
        step_started charge
        attempt_failed charge
        step_started charge
        attempt_failed charge
        step_started charge.fallback
        step_succeeded charge.fallback
        step_succeeded charge
        run_succeeded
        [True, None]
    "#]]
    .assert_eq(&run(&project, "falling", script));
}

/// What was recorded before a crash, and what is done after it.
const RESUMED: &str = r"
    error = {'types': ['tasks.Broken'], 'code': '503', 'message': 'down'}
    past = [
        {'step_started': {'key': 'charge', 'task': 'charge', 'attempt': 2, 'at': 1}},
        {'attempt_failed': {'key': 'charge', 'attempt': 2, 'error': error, 'at': 1}},
        {'step_started': {'key': 'charge.fallback', 'task': 'pay_later', 'attempt': 1, 'at': 1}},
        {'step_succeeded': {'key': 'charge.fallback', 'attempt': 1, 'output': 'paid', 'at': 1}},
        {'step_succeeded': {'key': 'charge', 'attempt': 2, 'output': 'paid', 'at': 1}},
    ]
    for count in range(2, 6):
        run = f'r{count}'
        peer.records[run] = [{'seq': at + 1, 'entries': [entry]} for at, entry in enumerate(past[:count])]
        tasks.log.clear()
        print(await falling(order=[1], run_id=run), tasks.log, peer.kinds(run)[count:])
";

#[test]
fn a_resumed_run_takes_what_is_recorded_of_the_fallback() {
    let project = Project::new(&[("tasks.py", TASKS)], &[falling(true, "late", false, false)]);
    expect_test::expect![[r#"
        later [6] ['later [6] r2/charge.fallback late'] ['step_started charge.fallback', 'step_succeeded charge.fallback', 'step_succeeded charge', 'run_succeeded']
        later [6] ['later [6] r3/charge.fallback late'] ['step_started charge.fallback', 'step_succeeded charge.fallback', 'step_succeeded charge', 'run_succeeded']
        paid [] ['step_succeeded charge', 'run_succeeded']
        paid [] ['run_succeeded']
    "#]]
    .assert_eq(&run(&project, "falling", RESUMED));
}

const VALUED: &str = "
    for amount in (-1, 1):
        try:
            print(await valued(amount=amount, order=[1], run_id=f'r{amount}'))
        except WorkflowError as error:
            print(error.step, error.attempts, type(error.__cause__).__name__)
    print(*tasks.log, sep='\\n')";

#[test]
fn a_value_that_stands_in_may_fail_as_any_expression() {
    for durable in [true, false] {
        for critical in [true, false] {
            let project = Project::new(&[("tasks.py", TASKS)], &[valued(durable, critical)]);
            project.check();
            let printed = run(&project, "valued", VALUED);
            let last = if critical { "charge 1 ExpressionError" } else { "None" };
            assert!(printed.starts_with(&format!("9223372036854775806\n{last}\n")), "{printed}");
            let also = if critical { 1 } else { 2 };
            assert_eq!(printed.matches("also nothing").count(), also, "{printed}");
        }
    }
}
