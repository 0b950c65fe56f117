//! `_resources.ts`: clients of resources and what else all workflows of a process share.
//!
//! It knows which package a parameter's type asks for; how a client is opened and closed stands in the runtime.

use conductor_protocol::expr::Expr;
use conductor_protocol::plan::{
    Argument, ArgumentValue, Callable, Function, Health, Language, Receiver, Resource, ResourceKind, TaskCall,
};
use conductor_protocol::types::Type;

use super::expr::Translator;
use super::file::File;
use super::limits::pool_args;
use super::names::{Names, camel};
use super::package::Package;
use super::policy::number;
use super::scope::Scope;
use super::tree::{Item, Module, Ts, Ty};
use crate::EmitError;
use crate::flow::At;

type Result<T> = std::result::Result<T, EmitError>;

/// Connections of a pool whose size nobody gave.
const CONNECTIONS: u32 = 10;
/// How long a new connection, or a free one of the pool, is waited for, in milliseconds.
const CONNECT_MS: u64 = 10_000;

/// A constant of the module.
#[derive(Debug, Clone, PartialEq)]
pub struct Shared {
    class: &'static str,
    /// The runtime's module that has the class.
    part: &'static str,
    args: Vec<Ts>,
    /// The resource and which of its clients it is.
    client: Option<(String, Form)>,
    /// The policy whose numbers it has, where people may change those.
    policy: Option<Ts>,
}

impl Shared {
    pub fn new(class: &'static str, part: &'static str, args: Vec<Ts>) -> Shared {
        Shared { class, part, args, client: None, policy: None }
    }

    /// With the numbers of the policy, where people may change them.
    pub fn under(self, policy: Option<Ts>) -> Shared {
        Shared { policy, ..self }
    }
}

/// A client that the runtime can open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// A semaphore has none.
    None,
    Custom,
    Http,
    /// `pg`.
    Postgres,
    /// `redis`.
    Redis,
    /// `ioredis`.
    Ioredis,
    /// `@grpc/grpc-js`.
    Grpc,
}

/// What an argument that is a resource comes to.
pub enum Handed {
    /// An expression for the client, which every call shares.
    Client(Ts),
    /// A client that lends a connection for the time of the call, and its name there.
    Connection(Ts, String),
}

impl Form {
    /// The one that a parameter of the type asks for.
    pub fn wanted(resource: &Resource, ty: &Type) -> Form {
        match resource.kind {
            ResourceKind::Semaphore => Form::None,
            ResourceKind::Custom => Form::Custom,
            ResourceKind::Http => Form::Http,
            ResourceKind::Postgres => Form::Postgres,
            ResourceKind::Redis if module_of(ty).is_some_and(|module| module.contains("ioredis")) => {
                Form::Ioredis
            }
            ResourceKind::Redis => Form::Redis,
            ResourceKind::Grpc => Form::Grpc,
            ResourceKind::Container if resource.descriptors.is_some() => Form::Grpc,
            ResourceKind::Container => Form::Http,
        }
    }

    /// The runtime's class and its module.
    fn class(self) -> (&'static str, &'static str) {
        match self {
            Form::None => ("Pool", "permits"),
            Form::Custom => ("Custom", "resources"),
            Form::Http => ("Http", "httpClient"),
            Form::Postgres => ("Postgres", "postgres"),
            Form::Redis | Form::Ioredis => ("Redis", "redis"),
            Form::Grpc => ("Grpc", "grpcClient"),
        }
    }

    /// What the constant's name ends with.
    fn ending(self) -> &'static str {
        match self {
            Form::None => "Permits",
            Form::Ioredis => "Ioredis",
            _ => "Client",
        }
    }
}

fn module_of(ty: &Type) -> Option<&str> {
    match ty.non_null() {
        Type::Named(name) => Some(&name.module),
        _ => None,
    }
}

/// Whether the parameter wants a connection of a pool rather than the pool.
fn is_connection(form: Form, ty: &Type) -> bool {
    let Type::Named(name) = ty.non_null() else { return false };
    form == Form::Postgres && matches!(name.name.as_str(), "PoolClient" | "ClientBase" | "Client")
}

/// `resources.name`.
pub fn constant(file: &mut File, name: &str) -> Ts {
    file.import_all("_resources", "resources");
    Ts::path(&format!("resources.{name}"))
}

/// The clients of the resource that the call needs, each once.
pub fn forms_of(resource: &Resource, call: &TaskCall) -> Vec<Form> {
    let of_argument = |argument: &Argument| match &argument.value {
        ArgumentValue::Resource(id) if *id == resource.id => Some(Form::wanted(resource, &argument.ty)),
        _ => None,
    };
    let called_on = match &call.callable {
        Callable::Function(function) => {
            matches!(&function.receiver, Some(Receiver::Resource(id)) if *id == resource.id)
        }
        remote => remote.resource() == Some(&resource.id),
    };
    let own = called_on.then(|| Form::wanted(resource, &Type::Any));
    let mut forms: Vec<Form> = own.into_iter().chain(call.arguments().filter_map(of_argument)).collect();
    if forms.is_empty() {
        forms.push(Form::wanted(resource, &Type::Any));
    }
    forms.sort_unstable();
    forms.dedup();
    forms
}

impl<'a> Package<'a> {
    pub fn resource(&self, id: &str) -> Result<&'a Resource> {
        let served = self.served.of_language(Language::Typescript).map(|(_, served)| served.plan);
        let mut resources = self.plans.iter().chain(served).flat_map(|plan| &plan.resources);
        let found = resources.find(|resource| resource.id == id);
        found.ok_or_else(|| EmitError::Unsupported { what: format!("the resource `{id}`") })
    }

    /// What is taken of a resource, with the client that most want.
    pub fn taker(&self, file: &mut File, id: &str) -> Result<Ts> {
        let resource = self.resource(id)?;
        Ok(self.shared_client(file, resource, Form::wanted(resource, &Type::Any)))
    }

    pub fn shared_client(&self, file: &mut File, resource: &Resource, form: Form) -> Ts {
        let id = &resource.id;
        let pool = pool_args(id, resource.permits(), resource.rate_limit, resource.scope);
        let (class, part) = form.class();
        let mut shared = Shared::new(class, part, pool);
        shared.client = (form != Form::None).then(|| (id.clone(), form));
        let name = self.share(&format!("{}{}", camel(id), form.ending()), shared);
        constant(file, &name)
    }

    /// The client of a resource, as its own operations and methods have it.
    pub fn client(&self, file: &mut File, id: &str) -> Result<Ts> {
        Ok(self.taker(file, id)?.member("client").called(Vec::new()))
    }

    /// What a parameter of the type is handed.
    pub fn handed(&self, file: &mut File, id: &str, ty: &Type) -> Result<Handed> {
        let resource = self.resource(id)?;
        let form = Form::wanted(resource, ty);
        let client = self.shared_client(file, resource, form);
        Ok(if is_connection(form, ty) {
            let name = file.names.fresh(&camel(id));
            Handed::Connection(client, name)
        } else {
            Handed::Client(client.member("client").called(Vec::new()))
        })
    }
}

/// The module, or `None` where nothing is limited.
pub fn module(package: &Package) -> Result<Option<Module>> {
    let shared = package.shared();
    if shared.is_empty() {
        return Ok(None);
    }
    let mut names = Names::reserving(&[
        "LivePolicy",
        "Pool",
        "Breaker",
        "Breakers",
        "Cache",
        "Custom",
        "Http",
        "Postgres",
        "Redis",
        "Grpc",
        "pg",
        "redis",
        "ioredis",
        "grpc",
        "health",
        "env",
        "address",
        "cel",
        "celText",
    ]);
    shared.iter().for_each(|(name, _)| names.reserve(name));
    let mut file = File::new(package, "", names);
    let mut items = Vec::new();
    // A constant that others are made with stands before them.
    let (policies, others): (Vec<_>, Vec<_>) =
        shared.into_iter().partition(|(_, one)| one.class == "LivePolicy");
    for (name, one) in policies.into_iter().chain(others) {
        file.runtime(one.part, one.class);
        let (value, ty) = match &one.client {
            None => {
                let made = Ts::made(one.class, one.args);
                let policy = one.policy.map(|policy| own(policy).member("limiting"));
                let value = match policy {
                    Some(limiting) => limiting.called(vec![made]),
                    None => made,
                };
                (value, Ty::name(one.class))
            }
            Some((id, form)) => {
                file.runtime("permits", "Pool");
                let pool = Ts::made("Pool", one.args.clone());
                let (options, ty) = client(&mut file, package.resource(id)?, *form, one.class)?;
                (Ts::made(one.class, vec![pool, Ts::object(options)]), ty)
            }
        };
        items.push(Item::Const { exported: true, name, ty: Some(ty), value, doc: String::new() });
    }
    Ok(Some(file.module(items)))
}

/// `resources.name` in the module of the resources itself.
fn own(constant: Ts) -> Ts {
    match constant {
        Ts::Member(_, name) => Ts::name(name),
        other => other,
    }
}

type Options = Vec<(&'static str, Ts)>;

/// How the client is opened and closed, and the type of what has it.
fn client(file: &mut File, resource: &Resource, form: Form, class: &'static str) -> Result<(Options, Ty)> {
    if form == Form::Custom {
        return Ok(custom(file, resource, class));
    }
    let mut options = Vec::new();
    if let Some(address) = &resource.address {
        let address = translated(file, address)?;
        options.push(("address", from_environment(address)));
    }
    let of =
        |types: &[&str]| Ty::Generic(class.to_owned(), types.iter().map(|name| Ty::name(*name)).collect());
    let ty = match form {
        Form::Postgres => {
            file.import_package("pg", "pg");
            options.push(("open", postgres(resource)));
            of(&["pg.Pool", "pg.PoolClient"])
        }
        Form::Redis => {
            file.import_package("redis", "redis");
            let given = Ts::object(vec![("url", Ts::name("address"))]);
            options.push(("open", Ts::arrow(&["address"], Ts::call("redis.createClient", vec![given]))));
            of(&["redis.RedisClientType"])
        }
        Form::Ioredis => {
            file.import_package("ioredis", "ioredis");
            let given = Ts::object(vec![("lazyConnect", Ts::bool(true))]);
            let made = Ts::made("ioredis.Redis", vec![Ts::name("address"), given]);
            options.push(("open", Ts::arrow(&["address"], made)));
            of(&["ioredis.Redis"])
        }
        Form::Grpc => {
            file.import_package("@grpc/grpc-js", "grpc");
            options.push(("library", Ts::name("grpc")));
            options.extend(resource.ca.iter().map(|ca| ("ca", Ts::string(ca))));
            of(&["grpc.Client"])
        }
        _ => {
            if !resource.headers.is_empty() {
                options.push(("headers", headers(file, resource)?));
            }
            Ty::name(class)
        }
    };
    options.extend(ready(file, resource).map(|ready| ("ready", ready)));
    Ok((options, ty))
}

fn postgres(resource: &Resource) -> Ts {
    let size = resource.pool.map(|pool| pool.max).or(resource.max_concurrency).unwrap_or(CONNECTIONS);
    let mut given = vec![("connectionString", Ts::name("address"))];
    given.extend(resource.pool.filter(|pool| pool.min > 0).map(|pool| ("min", Ts::number(pool.min))));
    given.push(("max", Ts::number(size)));
    given.push(("connectionTimeoutMillis", number(CONNECT_MS)));
    Ts::arrow(&["address"], Ts::made("pg.Pool", vec![Ts::object(given)]))
}

/// The user's own functions, which are looked up when they are called.
fn custom(file: &mut File, resource: &Resource, class: &'static str) -> (Options, Ty) {
    let mut user = |function: &Function| file.user(&function.module, &function.name);
    let mut options = Vec::new();
    let mut ty = Ty::Generic(class.to_owned(), vec![Ty::name("unknown")]);
    if let Some(open) = &resource.open {
        let opening = user(open);
        options.push(("open", Ts::arrow(&[], opening.clone().called(Vec::new()))));
        // Its client is what the user's function gives.
        ty = Ty::Generic(class.to_owned(), vec![Ty::given_by(opening)]);
    }
    options.extend(resource.close.as_ref().map(|close| ("close", user(close))));
    (options, ty)
}

/// `(env) => ...`, evaluated when the client is opened.
fn from_environment(value: Ts) -> Ts {
    let params: &[&str] = if super::mentions::in_value(&value, "env") { &["env"] } else { &[] };
    Ts::arrow(params, value)
}

fn headers(file: &mut File, resource: &Resource) -> Result<Ts> {
    let mut pairs = Vec::new();
    for (name, value) in &resource.headers {
        pairs.push(super::tree::Property::Value(name.clone(), translated(file, value)?));
    }
    Ok(from_environment(Ts::Object(pairs)))
}

/// No step and no input is in sight of a resource, so that any Plan's scope will do.
fn translated(file: &mut File, value: &Expr) -> Result<Ts> {
    let package = file.package;
    let Some(plan) = package.plans.first() else {
        return Err(EmitError::Unsupported { what: "a resource without a workflow".to_owned() });
    };
    let scope = Scope::new(plan, &package.types, &mut Names::default());
    let mut translator = Translator::new(file, &scope, At::End);
    translator.sees_env = true;
    translator.value(value)
}

/// `health.ready(30_000, health.tcp)`.
fn ready(file: &mut File, resource: &Resource) -> Option<Ts> {
    let limit = number(resource.ready_ms?);
    let check = match resource.health.as_ref().unwrap_or(&Health::Tcp) {
        Health::Tcp => Ts::path("health.tcp"),
        Health::Http(path) => Ts::call("health.http", vec![Ts::string(path)]),
        Health::Grpc => {
            let mut args = vec![Ts::name("grpc")];
            args.extend(resource.ca.iter().map(Ts::string));
            file.import_package("@grpc/grpc-js", "grpc");
            file.runtime("grpcClient", "serving").called(args)
        }
    };
    file.import_all("_conductor/health", "health");
    Some(Ts::call("health.ready", vec![limit, check]))
}
