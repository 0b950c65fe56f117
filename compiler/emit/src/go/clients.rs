//! Clients of databases, caches and HTTP services as functions of the user's take them: which, the parameter's type says.
//!
//! It knows how the clients of usual packages are made; the packages are the project's own dependencies.

use conductor_protocol::plan::{Argument, Resource, ResourceKind};
use conductor_protocol::types::Type;

use super::expr::{Result, unsupported};
use super::file::File;
use super::http::from_environment;
use super::names::unexported;
use super::resources;
use super::shared::{self, var};
use super::spelling::Spelling;
use super::tree::{Go, Stmt};
use super::workflow::Workflow;

/// A client that functions can be handed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    Http,
    Sql,
    Pgx,
    Redis,
    Grpc,
}

/// What of a client a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    Client,
    /// A connection of the pool for the time of an attempt.
    Connection,
    /// One without what the pool adds to it.
    BareConnection,
    /// A transaction, committed when the function succeeds.
    Transaction,
}

/// The types of parameters, and what each is handed.
const TYPES: [(ResourceKind, &str, Known, Share); 10] = [
    (ResourceKind::Http, "*net/http.Client", Known::Http, Share::Client),
    (ResourceKind::Postgres, SQL, Known::Sql, Share::Client),
    (ResourceKind::Postgres, "*database/sql.Conn", Known::Sql, Share::Connection),
    (ResourceKind::Postgres, "*database/sql.Tx", Known::Sql, Share::Transaction),
    (ResourceKind::Postgres, PGX, Known::Pgx, Share::Client),
    (ResourceKind::Postgres, "*github.com/jackc/pgx/v5/pgxpool.Conn", Known::Pgx, Share::Connection),
    (ResourceKind::Postgres, "*github.com/jackc/pgx/v5.Conn", Known::Pgx, Share::BareConnection),
    (ResourceKind::Postgres, "github.com/jackc/pgx/v5.Tx", Known::Pgx, Share::Transaction),
    (ResourceKind::Redis, REDIS, Known::Redis, Share::Client),
    (ResourceKind::Grpc, "*google.golang.org/grpc.ClientConn", Known::Grpc, Share::Client),
];

const SQL: &str = "*database/sql.DB";
const PGX: &str = "*github.com/jackc/pgx/v5/pgxpool.Pool";
const REDIS: &str = "*github.com/redis/go-redis/v9.Client";

/// What a parameter of the type is handed of the resource; `None` where nothing is known that would fit.
pub fn known(resource: &Resource, argument: &Argument) -> Option<(Known, Share)> {
    let spelled = spelled(argument)?;
    let mut fitting = TYPES.iter().filter(|(kind, ..)| *kind == resource.spoken());
    fitting.find(|(_, ty, ..)| *ty == spelled).map(|(.., known, share)| (*known, *share))
}

/// The parameter's type as Go writes it, with the path of its package.
fn spelled(argument: &Argument) -> Option<String> {
    match (&argument.native, &argument.ty) {
        (Some(native), _) => Some(native.clone()),
        (None, Type::Optional(inner)) => match &**inner {
            Type::Named(name) => Some(format!("*{name}")),
            _ => None,
        },
        (None, Type::Named(name)) => Some(name.to_string()),
        _ => None,
    }
}

/// The types of which there are clients.
pub fn wanted(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::Postgres => {
            "`*sql.DB`, `*sql.Conn`, `*sql.Tx`, and of pgx/v5 `*pgxpool.Pool`, `*pgxpool.Conn`, `*pgx.Conn`, `pgx.Tx`"
        }
        ResourceKind::Redis => "`*redis.Client` of go-redis/v9",
        ResourceKind::Http | ResourceKind::Container => "`*http.Client`",
        ResourceKind::Grpc => "`*grpc.ClientConn`",
        ResourceKind::Semaphore | ResourceKind::Custom => "that of `open`",
    }
}

/// The variable of a client.
pub fn client(workflow: &mut Workflow, resource: &Resource, known: Known) -> Result<Go> {
    let id = &resource.id;
    let spelled = match known {
        Known::Http | Known::Grpc => return resources::client(workflow, id),
        Known::Sql => SQL,
        Known::Pgx => PGX,
        Known::Redis => REDIS,
    };
    let Some(address) = &resource.address else {
        return Err(unsupported(&format!("the resource `{id}` without an address")));
    };
    // These are declared in a file of their own, which has its own imports: so has this text.
    let mut file = File::new(workflow.file.package, "Resource");
    let ty = Spelling::read(spelled).map_or_else(|| "any".to_owned(), |spelling| file.spell(&spelling));
    let address =
        from_environment(&mut file, "string", |translator| translator.as_type(address, &Type::String))?;
    let (idle, most) = resource.pool.map_or((0, 0), |pool| (pool.min, pool.max));
    let opened = match known {
        Known::Sql => {
            let args = vec![
                Go::atom("ctx"),
                Go::atom("address"),
                Go::atom(idle.to_string()),
                Go::atom(most.to_string()),
            ];
            vec![Stmt::Return(vec![Go::call(format!("{}.Open", file.own("database")), args)])]
        }
        Known::Pgx => {
            let package = file.module("github.com/jackc/pgx/v5/pgxpool");
            let parsed = Go::call(format!("{package}.ParseConfig"), vec![Go::atom("address")]);
            let made =
                Go::call(format!("{package}.NewWithConfig"), vec![Go::atom("ctx"), Go::atom("config")]);
            configured(parsed, [("MinConns", idle), ("MaxConns", most)], vec![made])
        }
        Known::Redis | Known::Http | Known::Grpc => {
            let package = file.module("github.com/redis/go-redis/v9");
            let parsed = Go::call(format!("{package}.ParseURL"), vec![Go::atom("address")]);
            let made = Go::call(format!("{package}.NewClient"), vec![Go::atom("config")]);
            configured(parsed, [("MinIdleConns", idle), ("PoolSize", most)], vec![made, Go::atom("nil")])
        }
    };
    let context = if known == Known::Redis { "_" } else { "ctx" };
    let open = Go::Func {
        params: vec![
            (context.to_owned(), "context.Context".to_owned()),
            ("address".to_owned(), "string".to_owned()),
        ],
        results: format!("({ty}, error)"),
        body: opened,
    };
    let close = if known == Known::Pgx {
        let body =
            vec![Stmt::Expr(Go::call("client.Close", Vec::new())), Stmt::Return(vec![Go::atom("nil")])];
        Go::Func { params: vec![("client".to_owned(), ty)], results: "error".to_owned(), body }
    } else {
        Go::atom(format!("({ty}).Close"))
    };
    shared::import(file);
    let pool = Go::atom(resources::pool(workflow, id)?);
    let value = Go::call("runtime.NewAddressed", vec![Go::string(id), pool, address, open, close]);
    let name = format!("{}Client", unexported(id));
    let doc = format!("is the client of `{id}`");
    Ok(Go::atom(var(workflow.file.package, &name, &doc, value)))
}

/// `config, err := parsed`, its bounds, and what is made of it.
fn configured(parsed: Go, bounds: [(&str, u32); 2], made: Vec<Go>) -> Vec<Stmt> {
    let mut body = vec![
        Stmt::Define(vec!["config".to_owned(), "err".to_owned()], parsed),
        Stmt::unless_ok(vec![Go::atom("nil")]),
    ];
    for (name, bound) in bounds.into_iter().filter(|(_, bound)| *bound > 0) {
        body.push(Stmt::assign(Go::atom("config").field(name.to_owned()), Go::atom(bound.to_string())));
    }
    body.push(Stmt::Return(made));
    body
}
