//! Calls of HTTP operations, against a server of Python's own library.

use conductor_protocol::expr::Node;
use conductor_protocol::plan::{
    Argument, BodyForm, Callable, Effect, HttpError, HttpOperation, HttpParameter, Place, Plan, Policy,
    Resource, ResourceKind, Scope, Step,
};
use conductor_protocol::types::{Type, TypeDef, TypeName};

use crate::support::*;

const API: &str = include_str!("services/api.py");

/// The API, whose port is known when the server has started.
fn user_api() -> Resource {
    let address = Some(expr(Type::String, Node::Env("USER_API".to_owned())));
    Resource { address, ..Resource::new("user_api", ResourceKind::Http, Scope::Process) }
}

fn list(ty: Type) -> Type {
    Type::List(Box::new(ty))
}

fn parameter(argument: &str, name: &str, place: Place) -> HttpParameter {
    HttpParameter {
        argument: argument.to_owned(),
        name: name.to_owned(),
        place,
        explode: false,
        omit_null: false,
    }
}

fn operation(method: &str, path: &str, parameters: Vec<HttpParameter>, returns: Type) -> HttpOperation {
    HttpOperation {
        resource: "user_api".to_owned(),
        method: method.to_owned(),
        path: path.to_owned(),
        parameters,
        body: None,
        errors: vec![
            HttpError { status: "404".to_owned(), name: "NoSuchUser".to_owned() },
            HttpError { status: "4xx".to_owned(), name: "Refusal".to_owned() },
        ],
        returns,
    }
}

fn asked(http: HttpOperation, args: Vec<Argument>) -> conductor_protocol::plan::TaskCall {
    call("ask", Callable::Http { http }, args, Effect::Read)
}

/// What the server tells of a request.
fn told() -> Type {
    Type::Map(Box::new(Type::String))
}

fn inputs(types: &[(&str, Type)]) -> Vec<conductor_protocol::plan::Input> {
    types.iter().map(|(name, ty)| given(name, ty.clone())).collect()
}

fn args(types: &[(&str, Type)]) -> Vec<Argument> {
    types.iter().map(|(name, ty)| arg(name, input(name, ty.clone()))).collect()
}

fn one(workflow: &str, durable: bool, http: HttpOperation, types: &[(&str, Type)], policy: Policy) -> Plan {
    let mut call = asked(http, args(types));
    call.policy = policy;
    let step = task("ask", call);
    let output = result("ask", step.ty.clone());
    let mut plan = plan(workflow, durable, inputs(types), vec![step], output);
    plan.resources = vec![user_api()];
    plan
}

/// Every place that a value can go to.
fn places(durable: bool) -> Plan {
    let exploded = |argument: &str, name: &str, place| HttpParameter {
        explode: true,
        ..parameter(argument, name, place)
    };
    let http = operation(
        "GET",
        "/us\u{e9}rs/{userId}/{at}",
        vec![
            parameter("user_id", "userId", Place::Path),
            parameter("at", "at", Place::Path),
            parameter("verbose", "verbose", Place::Query),
            exploded("tags", "tag[]", Place::Query),
            parameter("ids", "ids", Place::Query),
            parameter("missing", "missing", Place::Query),
            parameter("x_tag", "X-Tag", Place::Header),
            parameter("session", "session", Place::Cookie),
        ],
        told(),
    );
    let types = [
        ("user_id", Type::String),
        ("at", Type::Timestamp),
        ("verbose", Type::Bool),
        ("tags", list(Type::String)),
        ("ids", list(Type::Int)),
        ("missing", Type::optional(Type::Float)),
        ("x_tag", Type::String),
        ("session", Type::String),
    ];
    one("places", durable, http, &types, Policy::default())
}

fn schema(name: &str) -> TypeName {
    TypeName { module: "http:user_api".to_owned(), name: name.to_owned() }
}

/// Types whose names and fields no class can have, or that others have too.
fn hostile() -> Vec<(TypeName, TypeDef)> {
    let typed = |name: &str, fields: &[(&str, Type, bool)]| {
        let fields = fields.iter().map(|(name, ty, required)| field(name, ty.clone(), *required)).collect();
        (schema(name), TypeDef::TypedDict { fields })
    };
    let named = |name: &str| Type::Named(schema(name));
    vec![
        typed(
            "new-user",
            &[
                ("full name", Type::String, true),
                ("nick", Type::String, false),
                ("kind", named("kind"), true),
            ],
        ),
        typed(
            "NewUser",
            &[("OrderItem", Type::optional(named("order.item")), true), ("x", named("OrderItem"), false)],
        ),
        typed(
            "order.item",
            &[
                ("class", Type::Int, true),
                ("__proto__", Type::Int, true),
                ("\u{540d}\u{524d}", Type::Int, true),
            ],
        ),
        typed(
            "OrderItem",
            &[("Any", Type::Any, true), ("Decimal", Type::Decimal, true), ("int", Type::Int, true)],
        ),
        typed("None", &[("next", Type::optional(named("None")), false)]),
        typed("Exception", &[]),
        typed("\u{7528}\u{6237}", &[("id", Type::Int, true)]),
        typed("\"\"\"); import os #", &[("\"", Type::Int, true)]),
        typed("Run", &[("id", Type::Int, true)]),
        enumeration(
            "http:user_api",
            "kind",
            &[
                ("in progress", "in progress"),
                ("In-Progress", "In-Progress"),
                ("", ""),
                ("1", "1"),
                ("mro", "mro"),
                ("name", "name"),
            ],
        ),
    ]
}

/// A body of fields, sent and received as types of the API's own.
fn bodies(durable: bool) -> Plan {
    let names = [
        "new-user",
        "NewUser",
        "order.item",
        "OrderItem",
        "None",
        "Exception",
        "\u{7528}\u{6237}",
        "\"\"\"); import os #",
        "Run",
    ];
    let mut parameters = vec![
        parameter("user", "user", Place::Field),
        parameter("note", "note", Place::Field),
        HttpParameter { omit_null: true, ..parameter("nick", "nick", Place::Field) },
    ];
    let mut types = vec![
        ("user", Type::Named(schema("new-user"))),
        ("note", Type::optional(Type::String)),
        ("nick", Type::optional(Type::String)),
    ];
    let others: Vec<String> = (1..names.len()).map(|at| format!("other_{at}")).collect();
    for (at, name) in others.iter().enumerate() {
        parameters.push(HttpParameter { omit_null: true, ..parameter(name, name, Place::Field) });
        types.push((name.as_str(), Type::optional(Type::Named(schema(names[at + 1])))));
    }
    let http =
        HttpOperation { body: Some(BodyForm::Json), ..operation("POST", "/users", parameters, told()) };
    let mut plan = one("bodies", durable, http, &types, Policy::default());
    plan.types.extend(hostile());
    plan
}

fn whole(durable: bool, form: BodyForm) -> Plan {
    let place = if form == BodyForm::Json { Place::Body } else { Place::Field };
    let tags = HttpParameter { explode: true, ..parameter("tags", "tag", place) };
    let mut parameters = vec![tags];
    let mut types = vec![("tags", list(Type::String))];
    if form == BodyForm::Form {
        parameters.push(parameter("note", "a note", place));
        types.push(("note", Type::optional(Type::String)));
    }
    let http = HttpOperation { body: Some(form), ..operation("PUT", "/tags", parameters, told()) };
    one("whole", durable, http, &types, Policy::default())
}

fn getting(durable: bool, path: &str, returns: Type, policy: Policy) -> Plan {
    one("getting", durable, operation("GET", path, vec![], returns), &[], policy)
}

fn project(plan: Plan) -> Project {
    Project::new(&[("api.py", API)], &[plan])
}

fn run(project: &Project, body: &str) -> String {
    project.python_with_peer(&format!(
        "import asyncio\nimport datetime as dt\nimport logging\nimport os\nimport sys\nimport types\n\nimport api\nimport conductor_gen\n\
         from conductor_gen import WorkflowError\nfrom peer import Peer\n\npeer = Peer()\nlogging.disable()\nos.environ['USER_API'] = api.url\n\n\n\
         async def main() -> None:\n    try:\n{body}\n    finally:\n        api.server.shutdown()\n        api.server.server_close()\n\n\n\
         asyncio.run(main())\n"
    ))
}

const PLACES: &str = r"
        at = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
        given = dict(at=at, verbose=True, tags=['a b', 'c&d=e', '\u20ac'], ids=[1, -2], missing=None)
        got = await conductor_gen.places(user_id='../a?b#c%2f\u20ac', x_tag='t \u20ac', session='s; t=1', run_id='r', **given)
        print(got['method'], got['path'])
        print(got['cookie'], got['x-tag'].encode('latin-1').decode(), got['idempotency-key'], 'traceparent' in got)
        for user, tag in (('', 't'), ('..', 't'), ('.', 't'), ('u', 'a\r\nX: y')):
            try:
                await conductor_gen.places(user_id=user, x_tag=tag, session='', **given)
            except WorkflowError as error:
                print(error.attempts, error.__cause__)
        print(len(api.seen), len(api.connections))
        propagate = types.ModuleType('opentelemetry.propagate')
        propagate.inject = lambda carrier: carrier.update(traceparent='00-1-2-01')
        sys.modules.update({'opentelemetry': types.ModuleType('opentelemetry'), 'opentelemetry.propagate': propagate})
        got = await conductor_gen.places(user_id='u', x_tag='t', session='s', **given)
        print(got['traceparent'])
";

#[test]
fn every_value_goes_to_its_place_and_none_can_leave_it() {
    for durable in [true, false] {
        let project = project(places(durable));
        project.check();
        expect_test::expect![[r#"
            GET /v1/us%C3%A9rs/..%2Fa%3Fb%23c%252f%E2%82%AC/2026-01-31T12%3A00%3A00%2B00%3A00?verbose=true&tag%5B%5D=a%20b&tag%5B%5D=c%26d%3De&tag%5B%5D=%E2%82%AC&ids=1,-2
            session=s%3B%20t%3D1 t € r/ask False
            1 the path parameter userId cannot be ''
            1 the path parameter userId cannot be '..'
            1 the path parameter userId cannot be '.'
            1 the header X-Tag has control characters: 'a\r\nX: y'
            1 1
            00-1-2-01
        "#]]
        .assert_eq(&run(&project, PLACES));
    }
}

const BODIES: &str = r"
        kind = conductor_gen.Kind
        print([(member.name, member.value) for member in kind])
        user = {'full name': '\u20ac', 'kind': kind('in progress')}
        got = await conductor_gen.bodies(user=user, note=None, nick=None, other_2={'class': 1, '__proto__': 2, '\u540d\u524d': 3}, **{f'other_{at}': None for at in (1, 3, 4, 5, 6, 7, 8)})
        print(got['content-type'], got['body'])
        print(sorted(name for name in conductor_gen.__all__ if name[0].isupper() and not name.endswith(('Error', 'Cancelled', 'Paused', 'Refused', 'Unknown', 'Unavailable', 'CircuitOpen', 'CurrentStep', 'DeadlineExceeded'))))
";

#[test]
fn types_of_a_schema_have_classes_whatever_they_are_called() {
    for durable in [true, false] {
        let project = project(bodies(durable));
        project.check();
        expect_test::expect![[r#"
            [('IN_PROGRESS', 'in progress'), ('IN_PROGRESS_', 'In-Progress'), ('VALUE', ''), ('VALUE_1', '1'), ('MRO_', 'mro'), ('NAME', 'name')]
            application/json {"user": {"full name": "€", "kind": "in progress"}, "note": null, "other_2": {"class": 1, "__proto__": 2, "名前": 3}}
            ['HttpUserApiException', 'HttpUserApiNewUser', 'HttpUserApiOrderItem', 'HttpUserApiRun', 'ImportOs', 'Kind', 'NewUser', 'None_', 'OrderItem', 'Unnamed']
        "#]]
        .assert_eq(&run(&project, BODIES));
    }
}

#[test]
fn a_body_is_a_value_or_a_form() {
    let json = project(whole(true, BodyForm::Json));
    json.check();
    let body = "
        got = await conductor_gen.whole(tags=['a', '\u{20ac}'])
        print(got['method'], got['content-type'], got['body'])";
    assert_eq!(run(&json, body), "PUT application/json [\"a\", \"\u{20ac}\"]\n");
    let form = project(whole(false, BodyForm::Form));
    form.check();
    let body = "
        got = await conductor_gen.whole(tags=['a&b', 'c d'], note=None)
        print(got['content-type'], got['body'])
        got = await conductor_gen.whole(tags=[], note='n')
        print(got['body'])";
    assert_eq!(run(&form, body), "application/x-www-form-urlencoded tag=a%26b&tag=c%20d\na%20note=n\n");
}

const FAILING: &str = r#"
        async def ask(*failures):
            api.failures[:] = failures
            api.seen.clear()
            try:
                print(await conductor_gen.getting(), len(api.seen))
            except WorkflowError as error:
                cause = error.__cause__
                print(error.attempts, getattr(cause, 'types', type(cause).__name__), getattr(cause, 'code', None), cause, getattr(cause, 'fields', None))
        json = 'application/json'
"#;

#[test]
fn a_status_is_an_error_with_a_code_and_a_name() {
    for durable in [true, false] {
        let project = project(getting(durable, "/", Type::optional(Type::Int), retries(1)));
        let body = format!(
            "{FAILING}
        await ask((200, json, b'7'))
        await ask((204, '', b''))
        await ask((503, json, b'{{\"detail\": \"busy\"}}'), (200, json, b'8'))
        await ask((503, 'text/plain', b'busy'), (502, 'text/html', b'<html>'))
        await ask((404, json, b'{{\"message\": \"no such user\", \"id\": 3}}'))
        await ask((409, json, b'[1]'))
        await ask((429, '', b''), (200, json, b'9'))
        await ask((302, '', b''), (302, '', b''))
        await ask((200, json, b'seven'))
        await ask((200, json, b'\"7\"'))
        await ask((500, json, b'[' * 100000), (500, json, b'x' * 200000))"
        );
        expect_test::expect![[r#"
            7 1
            None 1
            8 2
            2 ('HttpError',) 502 502: Bad Gateway {}
            1 ('NoSuchUser', 'HttpError') 404 404: no such user {'message': 'no such user', 'id': 3}
            1 ('Refusal', 'HttpError') 409 409: Conflict {}
            9 2
            2 ('HttpError',) 302 302: Found {}
            1 ResultError None the reply says it is application/json and is not: Expecting value: line 1 column 1 (char 0) None
            1 ResultError None expected an integer, got str '7' None
            2 ('HttpError',) 500 500: Internal Server Error {}
        "#]]
        .assert_eq(&run(&project, &body));
    }
}

#[test]
fn replies_that_are_not_json() {
    for (returns, kind, reply, wanted) in [
        (Type::String, "text/plain; charset=latin-1", r"b'\xe9'", "'\u{e9}' 1"),
        (Type::Bytes, "application/octet-stream", r"b'\x00\xff'", r"b'\x00\xff' 1"),
        (Type::Null, "text/html", "b'<html>'", "None 1"),
        (Type::Any, "application/problem+json", "b'{\"a\": [1]}'", "{'a': [1]} 1"),
    ] {
        let project = project(getting(true, "/", returns, Policy::default()));
        project.check();
        let body = format!("{FAILING}\n        await ask((200, '{kind}', {reply}))");
        let printed = run(
            &project,
            &body.replace(
                "print(await conductor_gen.getting(),",
                "print(repr(await conductor_gen.getting()),",
            ),
        );
        assert_eq!(printed.trim_end(), wanted);
    }
}

#[test]
fn a_slow_or_absent_service_fails_the_attempt() {
    for durable in [true, false] {
        let slow =
            project(getting(durable, "/slow", Type::Any, Policy { timeout_ms: Some(200), ..retries(1) }));
        let printed = run(&slow, &format!("{FAILING}\n        await ask()"));
        assert!(printed.starts_with("2 TimeoutError None no answer within 200 ms"), "{printed}");
        let absent = project(getting(durable, "/", Type::Any, retries(1)));
        let body =
            format!("{FAILING}\n        os.environ['USER_API'] = 'http://127.0.0.1:1/'\n        await ask()");
        let printed = run(&absent, &body);
        assert!(
            printed.starts_with("2 ('httpx.ConnectError', 'HttpError') None ConnectError: "),
            "{printed}"
        );
    }
}

#[test]
fn a_reply_may_be_a_record_without_a_name() {
    for durable in [true, false] {
        let person = record(&[("id", Type::Int), ("tags", list(record(&[("name", Type::String)])))]);
        let project = project(getting(durable, "/", Type::optional(person), Policy::default()));
        project.check();
        let body = format!(
            "{FAILING}
        await ask((200, json, b'{{\"id\": 7, \"tags\": [{{\"name\": \"a\", \"more\": 1}}], \"more\": 2}}'))
        await ask((200, json, b'{{\"id\": 7}}'))"
        );
        let printed = run(&project, &body);
        assert!(printed.starts_with("{'id': 7, 'tags': [{'name': 'a'}]} 1\n1 ResultError"), "{printed}");
    }
}

#[test]
fn two_calls_of_one_operation_share_its_function() {
    let types = [("a", Type::Int), ("b", Type::Int)];
    let parameters = || vec![parameter("a", "a", Place::Query), parameter("b", "b", Place::Query)];
    let ask = |only: &[(&str, Type)]| asked(operation("GET", "/", parameters(), told()), args(only));
    let first = Step { id: "first".to_owned(), ..task("first", ask(&types[..1])) };
    let second = Step { id: "second".to_owned(), ..task("second", ask(&types)) };
    let output = result("second", told());
    let mut shared = plan("getting", false, inputs(&types), vec![first, second], output);
    shared.resources = vec![user_api()];
    let files = emitted(std::slice::from_ref(&shared));
    assert_eq!(files["_operations.py"].matches("async def").count(), 1);
    let project = project(shared);
    project.check();
    let body = "
        await conductor_gen.getting(a=1, b=2)
        print([one['path'] for one in api.seen])";
    assert_eq!(run(&project, body), "['/v1/?a=1', '/v1/?a=1&b=2']\n");
}
