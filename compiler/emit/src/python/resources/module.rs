//! The text of `_resources.py`, as far as the workflows' modules ask for it.
//!
//! It knows the runtime's classes and their parameters, not who uses what they make.

use std::collections::BTreeSet;

use conductor_protocol::expr::Expr;
use conductor_protocol::plan::{Function, Health, Rate, Resource, Scope as Sharing};

use super::forms::Form;
use super::{Limits, limits_constant, permits_constant};
use crate::EmitError;
use crate::flow::At;
use crate::python::expr::Translator;
use crate::python::file::File;
use crate::python::literal::seconds;
use crate::python::live;
use crate::python::names::Names;
use crate::python::package::Package;
use crate::python::scope::Scope;
use crate::python::tree::{Item, Module, Py, Stmt};

/// Connections of a pool whose size nobody gave.
const CONNECTIONS: u32 = 10;

/// `_resources.py`, where anything is taken.
pub fn module(package: &Package) -> Result<Option<Module>, EmitError> {
    let (permits, clients) = package.wanted_resources();
    let mut file = File::new(package, "", Names::default());
    let mut items = Vec::new();
    for (id, policy) in package.wanted_policies() {
        items.push(assign(live::constant_name(&id), live::made(&mut file, &id, &policy)));
    }
    for (task, all) in &package.resources.limits {
        for (index, limits) in all.iter().enumerate() {
            items.push(assign(limits_constant(task, index), task_pool(&mut file, task, limits)));
        }
    }
    let with_client: BTreeSet<&String> = clients.iter().map(|(id, _)| id).collect();
    for id in permits.iter().chain(with_client).collect::<BTreeSet<_>>() {
        let Some(resource) = package.resources.known.get(id.as_str()) else { continue };
        items.push(assign(permits_constant(id), pool(&mut file, resource)));
        for (_, form) in clients.iter().filter(|(of, _)| of == id) {
            let (annotation, value) = client(&mut file, resource, *form)?;
            items.push(Item::Statement(Stmt::Assign { target: form.constant(id), annotation, value }));
        }
    }
    if items.is_empty() {
        return Ok(None);
    }
    Ok(Some(Module {
        header: package.header.clone(),
        doc: vec!["What attempts take before they begin, and the clients that they are handed.".to_owned()],
        imports: file.imports.into_iter().collect(),
        items,
        all: Vec::new(),
    }))
}

fn assign(target: String, value: Py) -> Item {
    Item::Statement(Stmt::Assign { target, annotation: None, value })
}

/// No resource can have the id of a task's limits: it has no colon.
fn task_pool(file: &mut File, task: &str, limits: &Limits) -> Py {
    let pool = limited(file, &format!("task:{task}"), limits.bulkhead, limits.rate);
    match &limits.policy {
        Some(id) => Py::atom(live::constant_name(id)).attr("limiting").called(vec![pool]),
        None => pool,
    }
}

fn pool(file: &mut File, resource: &Resource) -> Py {
    let made = limited(file, &resource.id, resource.permits(), resource.rate_limit);
    match resource.scope {
        Sharing::Process => made,
        Sharing::Host => made.with("scope", Py::string("host")),
    }
}

fn limited(file: &mut File, id: &str, limit: Option<u32>, rate: Option<Rate>) -> Py {
    file.import_from("._conductor.permits", "Pool");
    let mut made = Py::call("Pool", vec![Py::string(id)]);
    if let Some(limit) = limit {
        made = made.with("limit", Py::atom(limit.to_string()));
    }
    if let Some(rate) = rate {
        made = made.with("rate", self::rate(file, rate));
    }
    made
}

/// `Rate(50, 1.0)`.
pub fn rate(file: &mut File, rate: Rate) -> Py {
    let class = file.import_from("._conductor.rates", "Rate");
    Py::call(class, vec![Py::atom(rate.permits.to_string()), Py::atom(seconds(rate.per_ms))])
}

/// The client, and its annotation where its maker has none.
fn client(file: &mut File, resource: &Resource, form: Form) -> Result<(Option<String>, Py), EmitError> {
    let (module, class) = form.class();
    file.import_from(&format!("._conductor.{module}"), class);
    let mut made = Py::call(class, vec![Py::atom(permits_constant(&resource.id))]);
    if matches!(form, Form::Custom | Form::BlockingCustom) {
        return Ok(custom(file, resource, made, class));
    }
    if let Some(address) = &resource.address {
        made = made.with("address", from_environment(file, address)?);
    }
    match form {
        Form::AsyncPostgres | Form::BlockingPostgres | Form::Asyncpg => {
            let min = resource.pool.map_or(0, |pool| pool.min);
            made = made.with("min_size", Py::atom(min.to_string())).with("max_size", size(resource));
        }
        Form::AsyncRedis | Form::BlockingRedis => made = made.with("max_size", size(resource)),
        Form::AsyncHttp | Form::BlockingHttp => {
            if !resource.headers.is_empty() {
                made = made.with("headers", headers(file, &resource.headers)?);
            }
            if let Some(pool) = resource.pool {
                made = made.with("max_size", Py::atom(pool.max.to_string()));
            }
        }
        Form::AsyncGrpc | Form::BlockingGrpc => {
            if let Some(ca) = &resource.ca {
                made = made.with("ca", Py::string(ca));
            }
        }
        Form::Custom | Form::BlockingCustom => {}
    }
    if let Some(ready) = ready(file, resource) {
        made = made.with("ready", ready);
    }
    Ok((None, made))
}

fn size(resource: &Resource) -> Py {
    let size = resource.pool.map(|pool| pool.max).or(resource.max_concurrency).unwrap_or(CONNECTIONS);
    Py::atom(size.to_string())
}

/// The functions are looked up when they are called: their module may still be in the midst of being imported.
fn custom(file: &mut File, resource: &Resource, made: Py, class: &str) -> (Option<String>, Py) {
    let mut call = |function: &Function, params: &[&str]| {
        let module = file.user_module(&function.module);
        let args = params.iter().map(|param| Py::atom(*param)).collect();
        let call = Py::call(format!("{module}.{}", function.name), args);
        Py::function(params.iter().map(|param| (*param).to_owned()).collect(), call)
    };
    let mut made = made;
    if let Some(open) = &resource.open {
        made = made.with("open", call(open, &[]));
    }
    if let Some(close) = &resource.close {
        made = made.with("close", call(close, &["client"]));
    }
    let annotated = resource.open.as_ref().is_some_and(|open| open.annotated);
    let annotation = (!annotated).then(|| {
        let any = file.import_from("typing", "Any");
        format!("{class}[{any}]")
    });
    (annotation, made)
}

/// `lambda env: ...`, evaluated when the client is opened.
fn from_environment(file: &mut File, value: &Expr) -> Result<Py, EmitError> {
    let body = translated(file, value)?;
    Ok(Py::function(vec!["env".to_owned()], body))
}

fn headers(file: &mut File, headers: &[(String, Expr)]) -> Result<Py, EmitError> {
    let mut pairs = Vec::new();
    for (name, value) in headers {
        pairs.push((Py::string(name), translated(file, value)?));
    }
    Ok(Py::function(vec!["env".to_owned()], Py::Dict(pairs)))
}

/// No step and no input is in sight of a resource, so that any Plan's scope will do.
fn translated(file: &mut File, value: &Expr) -> Result<Py, EmitError> {
    let package = file.package;
    let Some(plan) = package.plans.first() else {
        return Err(EmitError::Unsupported { what: "a resource without a workflow".to_owned() });
    };
    let scope = Scope::new(plan, &package.types, &mut Names::default());
    let mut translator = Translator::new(file, &scope, At::End);
    translator.sees_env = true;
    translator.expr(value)
}

fn ready(file: &mut File, resource: &Resource) -> Option<Py> {
    let limit = Py::atom(seconds(resource.ready_ms?));
    let check = match resource.health.as_ref().unwrap_or(&Health::Tcp) {
        Health::Tcp => Py::atom(file.import_from("._conductor.health", "tcp")),
        Health::Http(path) => {
            file.import_from("._conductor.health", "Http");
            Py::call("Http", vec![Py::string(path)])
        }
        Health::Grpc => {
            file.import_from("._conductor.resources_grpc", "Health");
            let check = Py::call("Health", Vec::new());
            match &resource.ca {
                Some(ca) => check.with("ca", Py::string(ca)),
                None => check,
            }
        }
    };
    file.import_from("._conductor.health", "Ready");
    Some(Py::call("Ready", vec![limit, check]))
}
