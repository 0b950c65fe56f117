//! Resources: what attempts take before they begin, and what their functions are handed.

use conductor_emit::unsupported;
use conductor_protocol::expr::Node;
use conductor_protocol::plan::{
    Argument, ArgumentValue, Callable, Effect, Function, Health, Passing, Plan, Policy, Pool, Rate, Receiver,
    Resource, ResourceKind, Scope, Step, StepKind, TaskCall,
};
use conductor_protocol::types::{Type, TypeName};

use crate::support::*;

/// The functions of the end-to-end tests, which run against real servers there.
const WAREHOUSE: &str = include_str!("../../../../tests/projects/resources/warehouse.py");

fn class(path: &str) -> Type {
    let (module, name) = path.rsplit_once('.').unwrap();
    Type::Named(TypeName { module: module.to_owned(), name: name.to_owned() })
}

fn handed(resource: &str, ty: Type) -> Argument {
    Argument {
        parameter: resource.to_owned(),
        ty,
        passing: Passing::Keyword,
        value: ArgumentValue::Resource(resource.to_owned()),
        native: None,
    }
}

fn resources() -> Vec<Resource> {
    let of = |id: &str, kind| Resource {
        address: Some(expr(Type::String, Node::Env(format!("{}_URL", id.to_uppercase())))),
        ..Resource::new(id, kind, Scope::Process)
    };
    let opening = |name: &str, is_async, returns| match function(name, is_async, returns) {
        Callable::Function(function) => function,
        _ => unreachable!(),
    };
    let pool = Some(Pool { min: 1, max: 3 });
    vec![
        Resource {
            open: Some(opening("warehouse.open_archive", false, Type::List(Box::new(Type::String)))),
            close: Some(opening("warehouse.close_archive", false, Type::Null)),
            ..Resource::new("archive", ResourceKind::Custom, Scope::Process)
        },
        Resource {
            pool,
            ready_ms: Some(2000),
            health: Some(Health::Tcp),
            ..of("cache", ResourceKind::Redis)
        },
        Resource { pool, ..of("db", ResourceKind::Postgres) },
        Resource {
            max_concurrency: Some(50),
            rate_limit: Some(Rate { permits: 10, per_ms: 1000 }),
            ..Resource::new("gate", ResourceKind::Semaphore, Scope::Process)
        },
        Resource {
            open: Some(opening("warehouse.open_ledger", true, class("warehouse.Ledger"))),
            close: Some(opening("warehouse.close_ledger", true, Type::Null)),
            max_concurrency: Some(5),
            ..Resource::new("ledger", ResourceKind::Custom, Scope::Process)
        },
        Resource {
            max_concurrency: Some(1),
            ..Resource::new("printer", ResourceKind::Semaphore, Scope::Host)
        },
    ]
}

fn calling(name: &str, is_async: bool, returns: Type, args: Vec<Argument>, uses: &[&str]) -> Step {
    let callable = function(&format!("warehouse.{name}"), is_async, returns);
    let uses = uses.iter().map(|id| (*id).to_owned()).collect();
    task(name, TaskCall { uses, ..call(name, callable, args, Effect::Read) })
}

/// One step for each thing that a function can be handed.
fn everything(durable: bool) -> Plan {
    let db = |ty: &str| vec![handed("db", class(ty))];
    let text = || arg("text", string("x"));
    let mut limited = calling("limited", true, Type::Float, vec![], &[]);
    if let StepKind::Task(call) = &mut limited.kind {
        let rate_limit = Some(Rate { permits: 100, per_ms: 1000 });
        call.policy = Policy { bulkhead: Some(2), rate_limit, timeout_ms: Some(500), ..retries(2) };
    }
    let steps = vec![
        calling("count", true, Type::Int, db("psycopg.AsyncConnection"), &["db"]),
        calling("count_blocking", false, Type::Int, db("psycopg.Connection"), &["db"]),
        calling("count_pool", true, Type::Int, db("psycopg_pool.AsyncConnectionPool"), &["db"]),
        calling("count_asyncpg", true, Type::Int, db("asyncpg.Pool"), &["db"]),
        calling("count_lent", true, Type::Int, db("asyncpg.Connection"), &["db"]),
        calling("count_any", false, Type::Int, vec![handed("db", Type::Any)], &["db"]),
        calling(
            "hit",
            true,
            Type::Int,
            vec![arg("key", string("k")), handed("cache", class("redis.asyncio.Redis"))],
            &["cache", "gate"],
        ),
        calling(
            "hit_blocking",
            false,
            Type::Int,
            vec![arg("key", string("k")), handed("cache", class("redis.Redis"))],
            &["cache", "printer"],
        ),
        calling(
            "note",
            true,
            Type::Int,
            vec![text(), handed("ledger", class("warehouse.Ledger"))],
            &["ledger"],
        ),
        calling("note_blocking", false, Type::Int, vec![text(), handed("archive", Type::Any)], &[]),
        limited,
    ];
    let name = if durable { "everything" } else { "everything_at_once" };
    Plan { resources: resources(), ..plan(name, durable, vec![], steps, null()) }
}

#[test]
fn whatever_is_handed_over_is_typed_and_laid_out() {
    let plans = [everything(true), everything(false)];
    for plan in &plans {
        assert_eq!(unsupported(plan), []);
    }
    let project = Project::new(&[("warehouse.py", WAREHOUSE)], &plans);
    project.check();
    let files = emitted(&plans);
    assert!(
        files.contains_key("_conductor/resources_psycopg.py") && files.contains_key("_conductor/health.py")
    );
    assert!(!files.contains_key("_conductor/resources_grpc.py"));
}

#[test]
fn what_no_driver_makes_is_refused_by_name() {
    let step = calling("count", true, Type::Int, vec![handed("db", class("sqlalchemy.Engine"))], &["db"]);
    let plan = Plan { resources: resources(), ..plan("w", true, vec![], vec![step], null()) };
    let found = unsupported(&plan);
    assert_eq!(found.len(), 1);
    for part in ["sqlalchemy.Engine", "`db`", "psycopg.AsyncConnection", "asyncpg.Pool"] {
        assert!(found[0].what.contains(part), "{}", found[0].what);
    }
    let step = calling("count", false, Type::Int, vec![handed("db", class("asyncpg.Pool"))], &["db"]);
    let blocking = Plan { steps: vec![step], ..plan };
    assert_eq!(unsupported(&blocking).len(), 1, "a blocking function cannot use a client of an event loop");
}

/// Opened once by many at a time, by both kinds of function, and closed with what was opened.
#[test]
fn clients_of_the_user_s_own_are_shared_and_closed() {
    let steps = |durable: bool| {
        let note = calling(
            "note",
            true,
            Type::Int,
            vec![arg("text", string("x")), handed("ledger", class("warehouse.Ledger"))],
            &["ledger"],
        );
        let args = vec![arg("text", string("x")), handed("archive", Type::Any)];
        let blocking = calling("note_blocking", false, Type::Int, args, &[]);
        let name = if durable { "durably" } else { "directly" };
        Plan { resources: resources(), ..plan(name, durable, vec![], vec![note, blocking], null()) }
    };
    let project = Project::new(&[("warehouse.py", WAREHOUSE)], &[steps(true), steps(false)]);
    let told = project.python_with_peer(
        "import asyncio\nimport json\n\nimport conductor_gen\nfrom peer import Peer\n\npeer = Peer()\n\n\n\
         async def main() -> None:\n    \
             both = (conductor_gen.durably, conductor_gen.directly)\n    \
             await asyncio.gather(*(run() for run in both * 4))\n    \
             await conductor_gen.close()\n    await conductor_gen.directly()\n\n\n\
         asyncio.run(main())\n\
         with open('warehouse.log') as log:\n    \
             for entry in map(json.loads, log):\n        print(entry['event'], entry.get('lines', ''))\n",
    );
    let mut told: Vec<&str> = told.lines().map(str::trim).collect();
    told.sort_unstable();
    let once = ["archive closed 8", "archive opened", "archive opened", "ledger closed 1", "ledger closed 8"];
    assert_eq!(told, [&once[..], &["ledger opened", "ledger opened"]].concat());
}

/// An object that is made of a connection is made and used inside of the loan.
#[test]
fn an_object_can_be_made_of_what_is_lent() {
    let method = |name: &str, is_async, ty: &str| {
        let receiver = Receiver::Constructed {
            constructor: "Shelf".to_owned(),
            args: vec![handed("db", class(ty))],
            returns_error: false,
        };
        let function = Function {
            receiver: Some(receiver),
            name: format!("Shelf.{name}"),
            ..match function(&format!("shelf.{name}"), is_async, Type::Int) {
                Callable::Function(function) => function,
                _ => unreachable!(),
            }
        };
        let args = vec![arg("n", string("1"))];
        let call = call(name, Callable::Function(function), args, Effect::Read);
        task(name, TaskCall { uses: vec!["db".to_owned()], ..call })
    };
    let shelf = "import psycopg\n\n\nclass Shelf:\n    \
                 def __init__(self, db: psycopg.Connection | psycopg.AsyncConnection) -> None:\n        self.db = db\n\n    \
                 def take(self, n: str) -> int:\n        return int(n)\n\n    \
                 async def put(self, n: str) -> int:\n        return int(n)\n";
    let plans = [true, false].map(|durable| {
        let steps =
            vec![method("take", false, "psycopg.Connection"), method("put", true, "psycopg.AsyncConnection")];
        let name = if durable { "shelving" } else { "shelving_at_once" };
        Plan { resources: resources(), ..plan(name, durable, vec![], steps, null()) }
    });
    Project::new(&[("shelf.py", shelf)], &plans).check();
}
