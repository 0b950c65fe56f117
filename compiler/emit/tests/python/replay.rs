//! What is recorded, and what a run does with a past.

use conductor_protocol::plan::{Effect, InDoubt, Plan, Step};
use conductor_protocol::types::Type;

use crate::support::*;

const TASKS: &str = r#"
import asyncio
import time

log: list[str] = []


def pay(idempotency_key: str) -> str:
    log.append(f"pay {idempotency_key}")
    time.sleep(0.1)
    log.append("paid")
    return "paid"


async def look() -> int:
    log.append("look")
    return 1


async def fail_beside_pay() -> int:
    while not log:
        await asyncio.sleep(0.001)
    raise ConnectionError("down")


async def leave() -> int:
    raise [SystemExit, GeneratorExit][log.count("leave")](3)


async def fail() -> int:
    log.append("fail")
    raise ConnectionError("down")
"#;

fn pay(in_doubt: InDoubt) -> Step {
    let mut pay = call("pay", function("tasks.pay", false, Type::String), vec![key()], Effect::Write);
    pay.in_doubt = in_doubt;
    task("pay", pay)
}

fn look(id: &str) -> Step {
    task(id, call("look", function("tasks.look", true, Type::Int), vec![], Effect::Read))
}

fn fail() -> Step {
    let fail = call("fail", function("tasks.fail", true, Type::Int), vec![], Effect::Read);
    task("fail", fail)
}

fn paying(name: &str, in_doubt: InDoubt) -> Plan {
    let steps = vec![look("one"), look("two"), pay(in_doubt)];
    plan(name, true, vec![], steps, result("pay", Type::String))
}

fn forked() -> Plan {
    plan(
        "forked",
        true,
        vec![],
        vec![parallel("block", vec![look("quick"), fail(), pay(InDoubt::Retry)])],
        null(),
    )
}

fn run(plan: Plan, body: &str) -> String {
    let name = plan.workflow.clone();
    let project = Project::new(&[("tasks.py", TASKS)], &[plan]);
    project.python_with_peer(&format!(
        "import asyncio\n\nimport conductor_gen\nimport tasks\nfrom conductor_gen import WorkflowError, {name}\n\
         from peer import Peer\n\npeer = Peer()\n{body}"
    ))
}

#[test]
fn what_becomes_known_together_is_one_record() {
    let printed = run(
        paying("paying", InDoubt::Retry),
        // A busy machine may take longer between two steps than a journal waits.
        "from conductor_gen._conductor import journal\n\njournal.LINGER_SECONDS = 30\nasyncio.run(paying(run_id='r'))\n\
         for record in peer.records['r']:\n    print(*(kind for entry in record['entries'] for kind in entry))\n",
    );
    expect_test::expect![[r#"
        step_started step_succeeded step_started step_succeeded step_started
        step_succeeded run_succeeded
    "#]]
    .assert_eq(&printed);
}

/// The run's past is a write that was started, and then a crash.
const CUT_OFF: &str = r"
peer.records['r'] = [
    {'seq': 1, 'entries': [{'step_succeeded': {'key': 'one', 'attempt': 1, 'output': 1, 'at': 1}}]},
    {'seq': 2, 'entries': [{'step_started': {'key': 'pay', 'task': 'pay', 'attempt': 1, 'at': 1}}]},
]
try:
    print(asyncio.run(paying(run_id='r')))
except WorkflowError as error:
    print(type(error).__name__, type(error.__cause__).__name__, error.attempts)
print(tasks.log)
print(*peer.kinds('r')[2:], sep=', ')
";

#[test]
fn in_doubt_decides_on_a_write_that_a_crash_cut_off() {
    let mut printed = String::new();
    for in_doubt in [InDoubt::Retry, InDoubt::Fail, InDoubt::Pause] {
        printed.push_str(&run(paying("paying", in_doubt), CUT_OFF));
    }
    expect_test::expect![[r#"
        paid
        ['look', 'pay r/pay', 'paid']
        step_started two, step_succeeded two, step_started pay, step_succeeded pay, run_succeeded
        WorkflowError OutcomeUnknown 1
        ['look']
        step_started two, step_succeeded two, step_failed pay, run_failed
        RunPaused NoneType 0
        ['look']
        step_started two, step_succeeded two, step_in_doubt pay, run_paused
    "#]]
    .assert_eq(&printed);
}

#[test]
fn a_started_write_is_settled_before_its_siblings_failure_ends_the_run() {
    let printed = run(
        forked(),
        "try:\n    asyncio.run(forked(run_id='r'))\nexcept WorkflowError as error:\n    print(error.step)\n\
         print(tasks.log)\nprint(*peer.kinds('r'), sep=', ')\n",
    );
    expect_test::expect![[r#"
        fail
        ['look', 'fail']
        step_started quick, step_started fail, step_started pay, step_succeeded quick, step_failed fail, chosen block, step_cancelled pay, run_failed
    "#]]
    .assert_eq(&printed);
}

/// A second wish to cancel, of whatever cause, must not cut the wait for the write short.
#[test]
fn a_started_write_is_settled_however_often_its_run_is_cancelled() {
    let beside = call("fail", function("tasks.fail_beside_pay", true, Type::Int), vec![], Effect::Read);
    let block = parallel("block", vec![pay(InDoubt::Retry), task("fail", beside)]);
    let printed = run(
        plan("forked", true, vec![], vec![block], null()),
        r"
from conductor_gen import WorkflowCancelled
from conductor_gen._conductor import sessions


async def main() -> None:
    call = asyncio.ensure_future(forked(run_id='r'))
    while 'r' not in peer.records or 'step_failed fail' not in peer.kinds('r'):
        await asyncio.sleep(0.001)
    session = await sessions.for_this_loop('forked', 'r')
    session._notified('run.cancelling', {'run': 'r', 'epoch': 1, 'reason': 'no more'})
    try:
        await call
    except WorkflowCancelled:
        print(tasks.log)


asyncio.run(main())
print(*peer.kinds('r')[-2:], sep=', ')
",
    );
    expect_test::expect![[r#"
        ['pay r/pay', 'paid']
        step_succeeded pay, run_cancelled
    "#]]
    .assert_eq(&printed);
}

#[test]
fn a_first_failure_is_read_and_not_decided_again() {
    let printed = run(
        forked(),
        r"
form = {'types': ['builtins.ConnectionError', 'builtins.Exception'], 'message': 'down'}
peer.records['r'] = [
    {'seq': 1, 'entries': [
        {'step_started': {'key': 'fail', 'task': 'fail', 'attempt': 1, 'at': 1}},
        {'step_failed': {'key': 'fail', 'attempt': 1, 'error': form, 'tolerated': False, 'at': 1}},
        {'chosen': {'key': 'block', 'value': 'fail', 'at': 1}},
    ]},
]
try:
    asyncio.run(forked(run_id='r'))
except WorkflowError as error:
    print(error.step, error.attempts, repr(error.__cause__))
print(tasks.log)
print(*peer.kinds('r')[3:], sep=', ')
",
    );
    expect_test::expect![[r#"
        fail 1 RecordedError('builtins.ConnectionError: down')
        []
        run_failed
    "#]]
    .assert_eq(&printed);
}

#[test]
fn a_cancelled_caller_leaves_at_once_and_the_write_is_settled_behind_it() {
    let printed = run(
        paying("paying", InDoubt::Retry),
        r"
async def main() -> None:
    call = asyncio.ensure_future(paying(run_id='r'))
    while len(tasks.log) < 3:
        await asyncio.sleep(0.001)
    call.cancel()
    try:
        await call
    except asyncio.CancelledError:
        print('cancelled', tasks.log)
    while peer.kinds('r')[-1] != 'step_succeeded pay':
        await asyncio.sleep(0.001)


asyncio.run(main())
print(tasks.log)
print(*peer.kinds('r')[4:], sep=', ')
",
    );
    expect_test::expect![[r#"
        cancelled ['look', 'look', 'pay r/pay']
        ['look', 'look', 'pay r/pay', 'paid']
        step_started pay, step_succeeded pay
    "#]]
    .assert_eq(&printed);
}

#[test]
fn a_loop_that_is_shut_down_settles_what_was_started_and_does_not_complain() {
    let printed = run(
        paying("paying", InDoubt::Retry),
        "async def main() -> None:\n    asyncio.ensure_future(paying(run_id='r'))\n    while len(tasks.log) < 3:\n        await asyncio.sleep(0.001)\n\n\n\
         asyncio.run(main())\nimport time\n\nwhile peer.kinds('r')[-1] == 'step_started pay':\n    time.sleep(0.01)\n\
         print(tasks.log)\nprint(peer.kinds('r')[-1])\n",
    );
    assert_eq!(printed, "['look', 'look', 'pay r/pay', 'paid']\nstep_succeeded pay\n");
}

#[test]
fn the_client_says_the_version_of_its_compiler() {
    let printed = run(
        paying("paying", InDoubt::Retry),
        "asyncio.run(paying(run_id='r'))\nprint(peer.hello['client']['version'])\n",
    );
    assert_eq!(printed.trim_end(), env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_call_that_no_message_holds_is_refused_and_the_next_one_is_not() {
    let steps = vec![look("one")];
    let inputs = vec![given("text", Type::String)];
    let printed = run(
        plan("looking", true, inputs, steps, result("one", Type::Int)),
        "async def main() -> None:\n    \
             asyncio.get_running_loop().slow_callback_duration = 60\n    \
             for text in ('x' * (17 << 20), 'x'):\n        \
                 try:\n            print(await asyncio.wait_for(looking(text=text), 5))\n        \
                 except WorkflowError as error:\n            print(type(error).__name__)\n\n\n\
         asyncio.run(main())\n",
    );
    assert_eq!(printed, "RunRefused\n1\n");
}

/// The peer refuses records with `code` while `trouble` says so, and counts starts.
const REFUSING: &str = r"
import time

answer, starts, released = peer._answer, [], []
began = time.monotonic()


def refusing(method, params):
    if method == 'run.start':
        starts.append(params['run'])
    if method == 'run.release':
        released.append(params['run'])
    if method == 'step.record' and time.monotonic() - began < trouble:
        refused = {'run': params['run'], 'epoch': 1, 'seq': seq, 'code': code, 'message': 'the reason'}
        return {'method': 'run.refused', 'params': refused}
    return answer(method, params)


peer._answer = refusing


async def main() -> None:
    try:
        print(await asyncio.wait_for(paying(run_id='r'), 10))
    except WorkflowError as error:
        print(type(error).__name__, error)
        await asyncio.sleep(0.1)


asyncio.run(main())
";

#[test]
fn a_refused_record_is_the_callers_error_and_not_tried_without_end() {
    let printed = run(
        paying("paying", InDoubt::Retry),
        &format!("code, seq, trouble = -32602, 1, 60\n{REFUSING}\nprint(starts, released)\n"),
    );
    assert_eq!(printed, "RunRefused run r: the reason\n['r'] ['r']\n");
}

#[test]
fn a_start_that_the_disk_refuses_is_tried_again_with_pauses() {
    let printed = run(
        paying("paying", InDoubt::Retry),
        &format!("code, seq, trouble = -32017, 0, 1\n{REFUSING}\nprint(2 < len(starts) < 8)\n"),
    );
    assert_eq!(printed, "paid\nTrue\n");
}

#[test]
fn an_exit_inside_an_asynchronous_step_is_a_failure_of_the_attempt() {
    let leave = call("leave", function("tasks.leave", true, Type::Int), vec![], Effect::Read);
    let printed = run(
        plan("leaving", true, vec![], vec![task("leave", leave)], result("leave", Type::Int)),
        r"
for run in 'sg':
    try:
        asyncio.run(leaving(run_id=run))
    except WorkflowError as error:
        print(repr(error.__cause__))
    print(*peer.kinds(run), sep=', ')
    tasks.log.append('leave')
",
    );
    expect_test::expect![[r#"
        RuntimeError('the function raised SystemExit(3)')
        step_started leave, step_failed leave, run_failed
        RuntimeError('the function raised GeneratorExit(3)')
        step_started leave, step_failed leave, run_failed
    "#]]
    .assert_eq(&printed);
}
