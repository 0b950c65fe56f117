//! Calls of gRPC methods, against a server of grpcio.

use conductor_protocol::expr::Expr;
use conductor_protocol::plan::{Argument, Effect, Fallback, Plan, Policy, Step};
use conductor_protocol::types::Type;

use crate::auth::{descriptors, everything, method, of, with_schema};
use crate::support::*;

const SERVER: &str = include_str!("services/auth_server.py");

/// Sends everything, and a second time only what is in `few`: the rest has the defaults of the schema.
fn echo(durable: bool) -> Plan {
    let sent = |only: Option<&[&str]>| -> Vec<Argument> {
        let fields = everything().into_iter();
        let wanted = fields.filter(|(name, _)| only.is_none_or(|only| only.contains(name)));
        wanted.map(|(name, ty)| arg(name, input(name, ty))).collect()
    };
    let called =
        |args| call("echo", method("Echo", "Everything", "Everything", of("Everything")), args, Effect::Read);
    let few = Step { id: "few".to_owned(), ..task("few", called(sent(Some(&["text", "maybe"])))) };
    let touch = call("touch", method("Touch", "Empty", "Empty", Type::Null), vec![], Effect::Write);
    let inputs = everything().into_iter().map(|(name, ty)| given(name, ty)).collect();
    let both = [("echo", of("Everything")), ("few", of("Everything"))];
    let output = expr(
        record(&both),
        conductor_protocol::expr::Node::Record(
            both.iter().map(|(id, ty)| ((*id).to_owned(), result(id, ty.clone()))).collect(),
        ),
    );
    with_schema(plan(
        "echo",
        durable,
        inputs,
        vec![task("echo", called(sent(None))), few, task("touch", touch)],
        output,
    ))
}

/// Asks the server to fail so often with a code.
fn fail(durable: bool, policy: Policy, effect: Effect, fallback: Option<Expr>) -> Plan {
    let args = vec![
        arg("code", input("code", Type::String)),
        arg("times", input("times", Type::Int)),
        arg("seconds", input("seconds", Type::Float)),
    ];
    let mut asked = call("ask", method("Fail", "Fault", "Seen", of("Seen")), args, effect);
    asked.policy = policy;
    let ty = Type::optional(of("Seen"));
    let mut output = result("ask", of("Seen"));
    let mut step = task("ask", asked);
    if let Some(value) = fallback {
        let conductor_protocol::plan::StepKind::Task(call) = &mut step.kind else { unreachable!() };
        call.fallback = Some(Fallback::Value(value));
        step.ty = ty.clone();
        output = result("ask", ty);
    }
    let inputs = vec![given("code", Type::String), given("times", Type::Int), given("seconds", Type::Float)];
    with_schema(plan("fail", durable, inputs, vec![step], output))
}

fn project(plans: &[Plan]) -> Project {
    Project::new(&[("auth_server.py", SERVER), ("schema.b64", &descriptors())], plans)
}

fn run(project: &Project, body: &str) -> String {
    project.python_with_peer(&format!(
        "import asyncio\nimport datetime as dt\nimport logging\nimport os\nimport time\n\n\
         os.environ['GRPC_VERBOSITY'] = 'NONE'\nimport auth_server\nimport conductor_gen\n\
         from conductor_gen import WorkflowError\nfrom peer import Peer\n\npeer = Peer()\nlogging.disable()\n\n\n\
         async def main() -> None:\n    server, os.environ['AUTH_SERVICE'] = await auth_server.started()\n    try:\n\
         {body}\n    finally:\n        await server.stop(None)\n\n\nasyncio.run(main())\n"
    ))
}

const ECHO: &str = r"
        # The application has a module for a file of this name, with other messages in it.
        from google.protobuf import descriptor_pb2, descriptor_pool
        mine = descriptor_pb2.FileDescriptorProto(name='shop/auth.proto', package='shop.auth.v1')
        mine.message_type.add(name='Everything')
        descriptor_pool.Default().Add(mine)
        Role = conductor_gen.Role
        inner = dict(
            text='in', big=0, small=0, ratio=0.0, raw=b'', flag=False, role=Role.ROLE_UNSPECIFIED, tags=[],
            items=[], anything=None, huge=0, counts={}, named={}, roles={}, **{'class': ''},
        )
        given = dict(
            text='\u20ac', big=-2**63, small=2**32 - 1, ratio=0.1, raw=b'\x00\xff', flag=True, role=Role.ADMIN,
            at=dt.datetime(2026, 1, 31, 12, 0, 0, 250001, tzinfo=dt.UTC), span=dt.timedelta(seconds=-1.5),
            note='', maybe=0, tags=['a', ''], inner=inner, items=[inner, inner], left='', right=None,
            extra={'a': [1, None, {'b': 'c'}], 'd': 2.5}, anything=[True, 'x'], class_='k', huge=2**63 - 1,
            nothing=None, counts={'one': 1}, named={'n': inner}, roles={'r': Role.READER},
        )
        result = await conductor_gen.echo(**given)
        got, few = result['echo'], result['few']
        given['class'] = given.pop('class_')
        filled = {**dict.fromkeys(('at', 'span', 'note', 'maybe', 'inner', 'left', 'right', 'extra', 'nothing')), **inner}
        given.update(inner=filled, items=[filled, filled], named={'n': filled})
        print({name for name in given if got[name] != given[name]}, got.keys() == given.keys())
        print(type(got['role']), got['at'].tzinfo)
        print({name: value for name, value in few.items() if value != filled[name]})
        print(auth_server.log)
        for name, value in (('small', -1), ('big', 2**63), ('at', 'x'), ('role', 'ADMIN'), ('right', 1)):
            try:
                await conductor_gen.echo(**{**given, 'class_': 'k', name: value} if not given.pop('class', None) else {**given, 'class_': 'k', name: value})
            except (WorkflowError, TypeError) as error:
                print(name, type(error.__cause__ or error).__name__)
";

#[test]
fn values_of_all_types_go_there_and_back() {
    for durable in [true, false] {
        let project = project(&[echo(durable)]);
        project.check();
        let printed = run(&project, ECHO);
        assert_eq!(
            printed,
            "set() True\n<enum 'Role'> UTC\n{'text': '\u{20ac}', 'maybe': 0}\n['touch']\n\
             small ResultError\nbig ResultError\nat ResultError\nrole ResultError\nright ResultError\n"
        );
    }
}

const FAILING: &str = "
        async def ask(code, times, seconds=0.0, run_id=None):
            auth_server.log.clear()
            auth_server.failed.clear()
            begun = time.monotonic()
            try:
                print(await conductor_gen.fail(code=code, times=times, seconds=seconds, run_id=run_id))
            except WorkflowError as error:
                cause = error.__cause__
                print(error.attempts, type(cause).__name__, getattr(cause, 'code', None), cause)
            print(len(auth_server.log), 'calls', 'quick' if time.monotonic() - begun < 2.5 else 'slow')
";

#[test]
fn what_may_be_mended_is_tried_again_with_one_key() {
    for durable in [true, false] {
        let project = project(&[fail(durable, retries(2), Effect::Read, None)]);
        let body = format!(
            "{FAILING}
        await ask('UNAVAILABLE', 2, run_id='r\u{e9} %1')
        print(auth_server.log)
        await ask('UNAVAILABLE', 9)
        await ask('NOT_FOUND', 9)
        await ask('DEADLINE_EXCEEDED', 1, run_id='d')
        await ask('ROLE', 0)"
        );
        expect_test::expect![[r#"
            {'key': 'r%C3%A9%20%251/ask', 'trace': '', 'role': <Role.ADMIN: 'ADMIN'>, 'seconds': None}
            3 calls quick
            ['UNAVAILABLE r%C3%A9%20%251/ask', 'UNAVAILABLE r%C3%A9%20%251/ask', 'UNAVAILABLE r%C3%A9%20%251/ask']
            3 GrpcError UNAVAILABLE UNAVAILABLE: failure 3
            3 calls quick
            1 GrpcError NOT_FOUND NOT_FOUND: failure 1
            1 calls quick
            {'key': 'd/ask', 'trace': '', 'role': <Role.ADMIN: 'ADMIN'>, 'seconds': None}
            2 calls quick
            1 ResultError None the field shop.auth.v1.Seen.role has the number 7, which the enum shop.common.Role did not have when this was built
            1 calls quick
        "#]]
        .assert_eq(&run(&project, &body));
    }
}

#[test]
fn a_time_limit_is_the_deadline_of_the_call_and_cancels_it() {
    for durable in [true, false] {
        for effect in [Effect::Read, Effect::Write] {
            let policy = Policy { timeout_ms: Some(300), deadline_ms: Some(2000), ..retries(1) };
            let mut limited = fail(durable, policy, effect, None);
            limited.deadline_ms = Some(60_000);
            let project = project(&[limited]);
            let body = format!(
                "{FAILING}
        await ask('UNAVAILABLE', 0, 5.0)
        for _ in range(100):
            if auth_server.log.count('cancelled') == 2:
                break
            await asyncio.sleep(0.05)
        print(auth_server.log.count('cancelled'))
        seen = await conductor_gen.fail(code='', times=0, seconds=0.0)
        print(0 < seen['seconds'] < 1)"
            );
            let printed = run(&project, &body);
            assert!(
                printed.starts_with("2 TimeoutError None no answer within 300 ms\n")
                    && printed.ends_with("calls quick\n2\nTrue\n"),
                "{printed}"
            );
        }
    }
}

#[test]
fn the_nearest_of_the_limits_around_a_call_counts() {
    for durable in [true, false] {
        let policy = Policy { timeout_ms: Some(50_000), ..retries(0) };
        let mut limited = fail(durable, policy, Effect::Read, None);
        limited.deadline_ms = Some(700);
        let project = project(&[limited]);
        let body = "
        seen = await conductor_gen.fail(code='', times=0, seconds=0.0)
        print(0.1 < seen['seconds'] <= 0.7)";
        assert_eq!(run(&project, body), "True\n");
    }
}

#[test]
fn where_no_server_is_the_fallback_stands_in() {
    for durable in [true, false] {
        let project = project(&[fail(durable, retries(1), Effect::Read, Some(null()))]);
        let body = "
        await server.stop(None)
        print(await conductor_gen.fail(code='', times=0, seconds=0.0, run_id='r'))
        for kind, entry in peer.entries('r') if peer.records else []:
            error = entry.get('error', {})
            print(kind, error.get('types'), error.get('code'), 'retry_at' in entry)";
        let printed = run(&project, body);
        if durable {
            expect_test::expect![[r#"
                None
                step_started None None False
                attempt_failed ['GrpcError'] UNAVAILABLE True
                step_started None None False
                attempt_failed ['GrpcError'] UNAVAILABLE False
                step_succeeded None None False
                run_succeeded None None False
            "#]]
            .assert_eq(&printed);
        } else {
            assert_eq!(printed, "None\n");
        }
    }
}

#[test]
fn cancelling_the_caller_cancels_the_call() {
    let project = project(&[fail(false, retries(3), Effect::Read, None)]);
    let body = "
        task = asyncio.create_task(conductor_gen.fail(code='X', times=0, seconds=30.0))
        while not auth_server.log:
            await asyncio.sleep(0.01)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            print('cancelled here')
        await asyncio.sleep(0.2)
        print(auth_server.log[1:])";
    assert_eq!(run(&project, body), "cancelled here\n['cancelled']\n");
}

#[test]
fn certificates_that_are_trusted_mean_tls() {
    let project = Project::new(&[("ca.pem", "")], &[fail(false, retries(0), Effect::Read, None)]);
    let printed = project.python(
        "from conductor_gen._conductor.resources_grpc import _credentials\n\
         print([_credentials(address, ca) is not None for address, ca in (('h:1', None), ('h:1', 'ca.pem'), ('https://h:1', None))])\n",
    );
    assert_eq!(printed, "[False, True, True]\n");
}

#[test]
fn a_package_without_services_needs_no_library() {
    let plan = plan("plain", false, vec![given("n", Type::Int)], vec![], input("n", Type::Int));
    let files = emitted(&[plan]);
    for (name, text) in &files {
        assert!(!text.contains("grpc.aio") && !text.contains("httpx"), "{name}");
    }
    assert!(!files.contains_key("_conductor/grpc_calls.py") && !files.contains_key("_schemas.py"));
}
