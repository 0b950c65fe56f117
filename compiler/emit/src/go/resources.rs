//! Resources: permits that calls hold, and clients of custom resources that functions are handed.
//!
//! It knows how they are declared; who takes them and when is the runtime's business.

use conductor_protocol::expr::Expr;
use conductor_protocol::plan::{Function, Language, Resource, ResourceKind, Scope, TaskCall};

use super::expr::{Result, Translator, unsupported};
use super::file::File;
use super::literal;
use super::names::unexported;
use super::scope;
use super::shared::{self, var};
use super::spelling::Spelling;
use super::tree::{Go, Operator, Stmt};
use super::workflow::Workflow;
use crate::served;

pub fn resource<'a>(workflow: &Workflow<'a>, id: &str) -> Result<&'a Resource> {
    let found = workflow.plan.resources.iter().find(|resource| resource.id == id);
    found.ok_or_else(|| unsupported(&format!("the resource `{id}`")))
}

/// What a call holds permits of, in the order in which they are taken.
pub fn pools(workflow: &mut Workflow, call: &TaskCall) -> Vec<Go> {
    pools_of(workflow, &served::uses_here(call, Language::Go))
}

/// The permits of those of the resources that are limited.
pub fn pools_of(workflow: &mut Workflow, ids: &[&str]) -> Vec<Go> {
    let mut found = Vec::new();
    for id in ids {
        let is_limited = resource(workflow, id)
            .is_ok_and(|resource| resource.permits().is_some() || resource.rate_limit.is_some());
        if let (true, Ok(name)) = (is_limited, pool(workflow, id)) {
            found.push(Go::atom(name));
        }
    }
    found
}

/// The variable of a resource's permits.
pub fn pool(workflow: &mut Workflow, id: &str) -> Result<String> {
    let resource = resource(workflow, id)?;
    let mut fields = Vec::new();
    if let Some(permits) = resource.permits() {
        fields.push(("Permits".to_owned(), Go::atom(permits.to_string())));
    }
    if let Some(rate) = resource.rate_limit {
        fields.push(("Rate".to_owned(), Go::atom(rate.permits.to_string())));
        let text = literal::duration(rate.per_ms);
        let per = match text.split_once(" * ") {
            Some((count, unit)) => Go::binary(Operator::Multiply, Go::atom(count), Go::atom(unit)),
            None => Go::atom(text),
        };
        fields.push(("Per".to_owned(), per));
    }
    if resource.scope == Scope::Host {
        fields.push(("Host".to_owned(), Go::atom("true")));
    }
    let options = Go::Struct { ty: "runtime.PoolOptions".to_owned(), fields, spread: false };
    let value = Go::call("runtime.NewPool", vec![Go::string(id), options]);
    let name = format!("{}Pool", unexported(id));
    Ok(var(workflow.file.package, &name, &format!("are the permits of `{id}`"), value))
}

/// The variable of a resource's client.
pub fn client(workflow: &mut Workflow, id: &str) -> Result<Go> {
    let resource = resource(workflow, id)?;
    match resource.spoken() {
        ResourceKind::Http => return super::http::client(workflow, resource),
        ResourceKind::Grpc => return super::grpc::client(workflow, resource),
        _ => {}
    }
    let (ResourceKind::Custom, Some(open)) = (resource.kind, &resource.open) else {
        return Err(unsupported(&format!("what a function wants of the resource `{id}`")));
    };
    // These are declared in a file of their own, which has its own imports: so has this text.
    let mut file = File::new(workflow.file.package, "Resource");
    let ty = spelled(&mut file, open)?;
    let context = "context.Context".to_owned();
    let mut before = Vec::new();
    let address = match &resource.address {
        Some(address) => vec![addressed(&mut file, id, address, &ty, &mut before)?],
        None => Vec::new(),
    };
    let module = file.module(&open.module);
    let mut args = Vec::new();
    if open.is_async {
        args.push(Go::atom("ctx"));
    }
    args.extend(address);
    let opened = Go::call(format!("{module}.{}", open.name), args);
    let mut body = before;
    body.push(if open.returns_error {
        Stmt::Return(vec![opened])
    } else {
        Stmt::Return(vec![opened, Go::atom("nil")])
    });
    let name = if open.is_async { "ctx" } else { "_" };
    let open = Go::Func { params: vec![(name.to_owned(), context)], results: format!("({ty}, error)"), body };
    let close = match &resource.close {
        None => Go::atom("nil"),
        Some(close) => {
            let module = file.module(&close.module);
            let closed = Go::call(format!("{module}.{}", close.name), vec![Go::atom("client")]);
            let body = if close.returns_error {
                vec![Stmt::Return(vec![closed])]
            } else {
                vec![Stmt::Expr(closed), Stmt::Return(vec![Go::atom("nil")])]
            };
            Go::Func { params: vec![("client".to_owned(), ty)], results: "error".to_owned(), body }
        }
    };
    shared::import(file);
    let pool = Go::atom(pool(workflow, id)?);
    let value = Go::call("runtime.NewClient", vec![Go::string(id), pool, open, close]);
    let name = format!("{}Client", unexported(id));
    Ok(Go::atom(var(workflow.file.package, &name, &format!("is the client of `{id}`"), value)))
}

/// The address, which may be read from the environment, as `open` takes it.
fn addressed(file: &mut File, id: &str, address: &Expr, client: &str, before: &mut Vec<Stmt>) -> Result<Go> {
    let names = scope::Scope { sees_env: true, ..scope::Scope::empty() };
    let value = Translator::new(file, &names).root(address, &address.ty)?;
    if !value.fails {
        return Ok(value.go);
    }
    let ty = file.ty(&address.ty);
    if format!("{:?}", value.go).contains("\"env.") {
        before.push(Stmt::define("env", file.call_runtime("EnvOf", vec![Go::string(id)])));
    }
    let computed = file.call_runtime("FromEnvironment", vec![Go::lambda(&[], &ty, value.go)]);
    before.push(Stmt::Define(vec!["address".to_owned(), "err".to_owned()], computed));
    let none = Stmt::Var("none".to_owned(), client.to_owned());
    before.push(Stmt::if_err(vec![none, Stmt::Return(vec![Go::atom("none"), Go::atom("err")])]));
    Ok(Go::atom("address"))
}

fn spelled(file: &mut File, open: &Function) -> Result<String> {
    let spelling = match &open.native_returns {
        Some(text) => Spelling::read(text).ok_or_else(|| unsupported(&format!("the client `{text}`")))?,
        None => file.spelling(&open.returns),
    };
    Ok(file.spell(&spelling))
}
