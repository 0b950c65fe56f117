//! Calls of functions in other languages, and functions that are served to them: both sides are generated, the broker is
//! the peer of the tests.

use conductor_protocol::plan::{Callable, Effect, Language, Plan, Policy, TaskCall};
use conductor_protocol::types::{Type, TypeDef, TypeName};

use crate::support::*;

/// What the Go process would serve, and what Python serves.
const TASKS: &str = r#"
import asyncio
from dataclasses import dataclass
from decimal import Decimal

log: list[str] = []


@dataclass
class User:
    id: str
    balance: Decimal


class CardDeclined(Exception):
    code = 402


async def charge(user: User, amount: Decimal, idempotency_key: str) -> User:
    import conductor_gen

    log.append(f"charge {user} {amount} {idempotency_key} {conductor_gen.current_step()}")
    if amount > user.balance:
        raise CardDeclined("too much")
    return User(user.id, user.balance - amount)


def stamp(text: str) -> None:
    log.append(f"stamp {text}")


async def hang() -> int:
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        log.append("hang was cancelled")
        raise
    return 1
"#;

fn class_of(module: &str) -> (TypeName, TypeDef) {
    class(module, "User", &[("id", Type::String), ("balance", Type::Decimal)])
}

fn elsewhere(language: Language, module: &str, name: &str, is_async: bool, returns: Type) -> Callable {
    match function(&format!("m.{name}"), is_async, returns) {
        Callable::Function(function) => Callable::Function(conductor_protocol::plan::Function {
            language,
            module: module.to_owned(),
            ..function
        }),
        other => other,
    }
}

fn charging(language: Language, module: &str) -> TaskCall {
    let user = named(module, "User");
    let callable = elsewhere(language, module, "charge", true, user.clone());
    let args = vec![arg("user", input("user", user)), arg("amount", input("amount", Type::Decimal)), key()];
    call("charge", callable, args, Effect::Write)
}

/// A workflow of Python that calls Go.
fn calling(durable: bool) -> Vec<Plan> {
    const MODULE: &str = "example.com/shop";
    let user = named(MODULE, "User");
    let mut charge = charging(Language::Go, MODULE);
    charge.policy = Policy { timeout_ms: Some(300), ..Policy::default() };
    let mut calling = plan(
        "calling",
        durable,
        vec![given("user", user.clone()), given("amount", Type::Decimal)],
        vec![task("charge", charge)],
        get(result("charge", user), "balance", Type::Decimal),
    );
    calling.types.extend([class_of(MODULE)]);
    vec![calling]
}

#[test]
fn a_function_of_another_language_is_called_through_the_broker() {
    for durable in [true, false] {
        let project = Project::new(&[], &calling(durable));
        project.check();
        let printed = project.python_with_peer(
            "import asyncio\nimport conductor_gen\nfrom conductor_gen._conductor import serve, worker\n\
             from decimal import Decimal\nfrom conductor_gen import User, calling\nfrom peer import Peer\n\n\
             peer = Peer()\n\n\n\
             async def charge(call):\n    print(call.args, call.key)\n    user = call.args['user']\n    \
             if user['id'] == 'broke':\n        raise LookupError('no money')\n    \
             return {**user, 'balance': '1.50'}\n\n\n\
             async def tried(user):\n    try:\n        print(await calling(user=User(id=user, balance=Decimal(2)), amount=Decimal('0.5'), run_id=user))\n    \
             except conductor_gen.WorkflowError as error:\n        print(error.step, error.attempts, error.__cause__)\n\n\n\
             async def main():\n    await tried('alone')\n    \
             task = worker.Task('go:example.com/shop.charge', peer.invoked[0]['signature'], charge)\n    \
             server = asyncio.create_task(serve.serve((), (task,)))\n    await asyncio.sleep(0.3)\n    \
             await tried('ann')\n    await tried('broke')\n    server.cancel()\n    \
             await asyncio.wait((server,))\n    print({key: peer.invoked[1][key] for key in ('workflow', 'run', 'step', 'attempt')})\n\n\n\
             asyncio.run(main())\n",
        );
        expect_test::expect![[r#"
            charge 1 conductor.NoWorker: no worker serves go:example.com/shop.charge
            {'user': {'id': 'ann', 'balance': '2'}, 'amount': '0.5'} ann/charge
            1.50
            {'user': {'id': 'broke', 'balance': '2'}, 'amount': '0.5'} broke/charge
            charge 1 builtins.LookupError: no money
            {'workflow': 'calling', 'run': 'ann', 'step': 'charge', 'attempt': 1}
        "#]]
        .assert_eq(&printed);
    }
}

/// A workflow of Go that calls Python, as Python sees it.
fn served() -> Vec<Plan> {
    let mut charging = plan(
        "charging",
        true,
        vec![given("user", named("tasks", "User")), given("amount", Type::Decimal)],
        vec![
            task("charge", charging(Language::Python, "tasks")),
            task(
                "stamp",
                call(
                    "stamp",
                    elsewhere(Language::Python, "tasks", "stamp", false, Type::Null),
                    vec![arg("text", string("x"))],
                    Effect::Write,
                ),
            ),
            task(
                "hang",
                call(
                    "hang",
                    elsewhere(Language::Python, "tasks", "hang", true, Type::Int),
                    vec![],
                    Effect::Read,
                ),
            ),
        ],
        null(),
    );
    charging.language = Language::Go;
    charging.types.extend([class_of("tasks")]);
    vec![charging]
}

#[test]
fn functions_are_served_to_other_languages() {
    let project = Project::new(&[("tasks.py", TASKS)], &served());
    project.check();
    let printed = project.python_with_peer(
        "import asyncio\nimport conductor_gen\nimport tasks\nfrom conductor_gen._conductor import sessions\n\
         from peer import Peer\n\npeer = Peer()\n\n\n\
         async def ask(session, call, name, **args):\n    params = {'call': call, 'function': f'py:tasks.{name}', 'signature': '', \
         'args': args, 'key': f'r/{name}', 'run': 'r', 'workflow': 'w', 'step': name, 'attempt': 1}\n    \
         return await session.request('task.invoke', params)\n\n\n\
         async def main():\n    server = asyncio.create_task(conductor_gen.serve())\n    await asyncio.sleep(0.3)\n    \
         session = await sessions.for_this_loop('', '')\n    \
         print(sorted(task['function'] for task in peer.hello.get('tasks', ())) or sorted(peer.workers))\n    \
         user = {'id': 'ann', 'balance': '2'}\n    \
         print(await ask(session, 1, 'charge', user=user, amount='0.5'))\n    \
         answer = await ask(session, 2, 'charge', user=user, amount='5')\n    \
         error = answer['error']\n    print(error['types'][0], error['code'], error['message'])\n    \
         print(await ask(session, 3, 'stamp', text='t'))\n    \
         hanging = asyncio.create_task(ask(session, 4, 'hang'))\n    await asyncio.sleep(0.1)\n    \
         session.notify('task.cancel', {'call': 4})\n    print(await hanging)\n    \
         answer = await ask(session, 5, 'charge', user=user, amount=7)\n    print(answer['error']['types'][0])\n    \
         print(*tasks.log, sep='\\n')\n    server.cancel()\n    await asyncio.wait((server,))\n\n\n\
         asyncio.run(main())\n",
    );
    expect_test::expect![[r#"
        ['py:tasks.charge', 'py:tasks.hang', 'py:tasks.stamp']
        {'output': {'id': 'ann', 'balance': '1.5'}}
        tasks.CardDeclined 402 too much
        {'output': None}
        {'error': {'types': ['conductor.Cancelled'], 'message': 'it was cancelled'}}
        tasks.CardDeclined
        charge User(id='ann', balance=Decimal('2')) 0.5 r/charge CurrentStep(workflow='w', run='r', key='charge', attempt=1)
        charge User(id='ann', balance=Decimal('2')) 5 r/charge CurrentStep(workflow='w', run='r', key='charge', attempt=1)
        stamp t
        hang was cancelled
        charge User(id='ann', balance=Decimal('2')) 7 r/charge CurrentStep(workflow='w', run='r', key='charge', attempt=1)
    "#]].assert_eq(&printed);
}
