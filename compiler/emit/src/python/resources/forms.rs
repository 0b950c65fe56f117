//! Which client of a resource a function is handed: decided by its parameter's annotation, else by whether it blocks.
//!
//! It knows the classes of the drivers by name.

use conductor_protocol::plan::{ArgumentValue, Plan, Resource, ResourceKind, TaskCall};
use conductor_protocol::types::Type;

/// A client that the runtime can open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    AsyncPostgres,
    BlockingPostgres,
    Asyncpg,
    AsyncRedis,
    BlockingRedis,
    AsyncHttp,
    BlockingHttp,
    AsyncGrpc,
    BlockingGrpc,
    Custom,
    BlockingCustom,
}

/// Whether all calls share what they are handed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    Client,
    /// One for the time of a call.
    Connection,
}

/// Annotations, the kinds for which they mean something, and what they ask for.
const CLASSES: [(&str, ResourceKind, Form, Share); 20] = [
    ("psycopg.AsyncConnection", ResourceKind::Postgres, Form::AsyncPostgres, Share::Connection),
    (
        "psycopg.connection_async.AsyncConnection",
        ResourceKind::Postgres,
        Form::AsyncPostgres,
        Share::Connection,
    ),
    ("psycopg_pool.AsyncConnectionPool", ResourceKind::Postgres, Form::AsyncPostgres, Share::Client),
    ("psycopg.Connection", ResourceKind::Postgres, Form::BlockingPostgres, Share::Connection),
    ("psycopg.connection.Connection", ResourceKind::Postgres, Form::BlockingPostgres, Share::Connection),
    ("psycopg_pool.ConnectionPool", ResourceKind::Postgres, Form::BlockingPostgres, Share::Client),
    ("asyncpg.Pool", ResourceKind::Postgres, Form::Asyncpg, Share::Client),
    ("asyncpg.pool.Pool", ResourceKind::Postgres, Form::Asyncpg, Share::Client),
    ("asyncpg.Connection", ResourceKind::Postgres, Form::Asyncpg, Share::Connection),
    ("asyncpg.connection.Connection", ResourceKind::Postgres, Form::Asyncpg, Share::Connection),
    ("asyncpg.pool.PoolConnectionProxy", ResourceKind::Postgres, Form::Asyncpg, Share::Connection),
    ("redis.asyncio.Redis", ResourceKind::Redis, Form::AsyncRedis, Share::Client),
    ("redis.asyncio.client.Redis", ResourceKind::Redis, Form::AsyncRedis, Share::Client),
    ("redis.Redis", ResourceKind::Redis, Form::BlockingRedis, Share::Client),
    ("redis.client.Redis", ResourceKind::Redis, Form::BlockingRedis, Share::Client),
    ("httpx.AsyncClient", ResourceKind::Http, Form::AsyncHttp, Share::Client),
    ("httpx.Client", ResourceKind::Http, Form::BlockingHttp, Share::Client),
    ("grpc.aio.Channel", ResourceKind::Grpc, Form::AsyncGrpc, Share::Client),
    ("grpc.Channel", ResourceKind::Grpc, Form::BlockingGrpc, Share::Client),
    ("grpc.aio._base_channel.Channel", ResourceKind::Grpc, Form::AsyncGrpc, Share::Client),
];

/// What a parameter of the type is handed; `None` where no client of the resource is of that type, or where a
/// blocking function asks for what only an event loop can use.
pub fn wanted(resource: &Resource, ty: &Type, is_async: bool) -> Option<(Form, Share)> {
    let kind = resource.spoken();
    let found = match ty.non_null() {
        Type::Any => (Form::default_of(kind, resource, is_async), Share::Client),
        _ if kind == ResourceKind::Custom => (Form::default_of(kind, resource, is_async), Share::Client),
        Type::Named(name) => {
            let written = name.to_string();
            let row = CLASSES.iter().find(|(class, of, ..)| *class == written && *of == kind)?;
            (row.2, row.3)
        }
        _ => return None,
    };
    (is_async || !found.0.is_async()).then_some(found)
}

/// Arguments of the call for which there is no client, as people call them.
pub fn unsupported(plan: &Plan, call: &TaskCall) -> Vec<String> {
    let mut found = Vec::new();
    for argument in call.arguments() {
        let ArgumentValue::Resource(id) = &argument.value else { continue };
        let Some(resource) = plan.resources.iter().find(|resource| resource.id == *id) else { continue };
        if wanted(resource, &argument.ty, call.callable.listens()).is_none() {
            let kind = resource.spoken();
            let fits: Vec<&str> = CLASSES
                .iter()
                .filter(|(_, of, form, _)| *of == kind && (call.callable.listens() || !form.is_async()))
                .map(|(class, ..)| *class)
                .filter(|class| class.matches('.').count() == 1 || class.starts_with("redis.asyncio.R"))
                .collect();
            let written = match argument.ty.non_null() {
                Type::Named(name) => name.to_string(),
                ty => ty.to_string(),
            };
            found.push(format!(
                "a parameter of type `{written}` for the resource `{id}` (it can be {})",
                fits.join(", ")
            ));
        }
    }
    found
}

impl Form {
    fn default_of(kind: ResourceKind, resource: &Resource, is_async: bool) -> Form {
        let opened_async = resource.open.as_ref().is_some_and(|open| open.is_async);
        match (kind, is_async) {
            (ResourceKind::Postgres, true) => Form::AsyncPostgres,
            (ResourceKind::Postgres, false) => Form::BlockingPostgres,
            (ResourceKind::Redis, true) => Form::AsyncRedis,
            (ResourceKind::Redis, false) => Form::BlockingRedis,
            (ResourceKind::Grpc, true) => Form::AsyncGrpc,
            (ResourceKind::Grpc, false) => Form::BlockingGrpc,
            (ResourceKind::Http | ResourceKind::Container, true) => Form::AsyncHttp,
            (ResourceKind::Http | ResourceKind::Container, false) => Form::BlockingHttp,
            (ResourceKind::Custom | ResourceKind::Semaphore, _) if opened_async => Form::Custom,
            (ResourceKind::Custom | ResourceKind::Semaphore, _) => Form::BlockingCustom,
        }
    }

    /// The client through which the resource's own operations go.
    pub fn of_operations(resource: &Resource) -> Form {
        Form::default_of(resource.spoken(), resource, true)
    }

    /// Whether it lives in one event loop, where blocking functions cannot use it. What a user's own function made
    /// asynchronously may still be used by both.
    fn is_async(self) -> bool {
        matches!(
            self,
            Form::AsyncPostgres | Form::Asyncpg | Form::AsyncRedis | Form::AsyncHttp | Form::AsyncGrpc
        )
    }

    /// The name of the client in `_resources.py`.
    pub fn constant(self, id: &str) -> String {
        let ending = match self {
            Form::AsyncPostgres | Form::AsyncRedis | Form::AsyncHttp | Form::AsyncGrpc => "ASYNC",
            Form::BlockingPostgres | Form::BlockingRedis | Form::BlockingHttp | Form::BlockingGrpc => {
                "BLOCKING"
            }
            Form::Asyncpg => "ASYNCPG",
            Form::Custom | Form::BlockingCustom => "CLIENT",
        };
        format!("{}_{ending}", id.to_uppercase())
    }

    /// The runtime's module and class.
    pub fn class(self) -> (&'static str, &'static str) {
        match self {
            Form::AsyncPostgres => ("resources_psycopg", "AsyncPostgres"),
            Form::BlockingPostgres => ("resources_psycopg", "BlockingPostgres"),
            Form::Asyncpg => ("resources_asyncpg", "AsyncpgPostgres"),
            Form::AsyncRedis => ("resources_redis", "AsyncRedis"),
            Form::BlockingRedis => ("resources_redis", "BlockingRedis"),
            Form::AsyncHttp => ("resources_httpx", "AsyncHttp"),
            Form::BlockingHttp => ("resources_httpx", "BlockingHttp"),
            Form::AsyncGrpc => ("resources_grpc", "AsyncGrpc"),
            Form::BlockingGrpc => ("resources_grpc", "BlockingGrpc"),
            Form::Custom => ("resources", "Custom"),
            Form::BlockingCustom => ("resources", "BlockingCustom"),
        }
    }
}
