//! `_resources.ts`: what attempts take before they begin, breakers, caches, and the clients that calls are handed.
//!
//! It knows the runtime's classes for them. Each is one object in a process, whichever workflow uses it.

use conductor_protocol::plan::{
    ArgumentValue, CircuitBreaker, Hedge, Policy, Rate, Resource, ResourceKind, Scope, TaskCall, Trip,
};

use super::call::Place;
use super::expr::Translator;
use super::file::File;
use super::names::{Names, camel};
use super::package::Package;
use super::policy::number;
use super::tree::{Item, Module, Ts, Ty};
use super::workflow::Workflow;
use crate::EmitError;

type Result<T> = std::result::Result<T, EmitError>;

/// A constant of the module.
#[derive(Debug, Clone, PartialEq)]
pub struct Shared {
    class: &'static str,
    /// The runtime's module that has the class.
    part: &'static str,
    args: Vec<Ts>,
    /// The user's functions that open and close a client.
    open: Option<(String, String)>,
    close: Option<(String, String)>,
}

impl Shared {
    fn new(class: &'static str, part: &'static str, args: Vec<Ts>) -> Shared {
        Shared { class, part, args, open: None, close: None }
    }
}

/// `resources.name`.
fn constant(file: &mut File, name: &str) -> Ts {
    file.import_all("_resources", "resources");
    Ts::path(&format!("resources.{name}"))
}

fn rate(rate: Rate) -> Ts {
    Ts::object(vec![("permits", Ts::number(rate.permits)), ("perMs", number(rate.per_ms))])
}

/// `new Pool("id", { limit, rate, scope })`.
fn pool_args(id: &str, limit: Option<u32>, starts: Option<Rate>, scope: Scope) -> Vec<Ts> {
    let mut options = Vec::new();
    options.extend(limit.map(|limit| ("limit", Ts::number(limit))));
    options.extend(starts.map(|starts| ("rate", rate(starts))));
    if scope == Scope::Host {
        options.push(("scope", Ts::string("host")));
    }
    vec![Ts::string(id), Ts::object(options)]
}

pub fn hedge(hedge: Hedge) -> Ts {
    Ts::object(vec![("after", number(hedge.after_ms)), ("max", Ts::number(hedge.max))])
}

fn breaker_settings(breaker: &CircuitBreaker) -> Ts {
    let mut options = Vec::new();
    match breaker.trip {
        Trip::Failures(failures) => options.push(("failures", Ts::number(failures))),
        Trip::FailureRate(rate) => {
            options.push(("failureRate", Ts::number(super::literal::float(rate))));
            options.push(("minCalls", Ts::number(breaker.min_calls)));
        }
    }
    options.push(("window", number(breaker.window_ms)));
    options.push(("openFor", number(breaker.open_for_ms)));
    options.push(("halfOpenCalls", Ts::number(breaker.half_open_calls)));
    Ts::object(options)
}

impl Workflow<'_> {
    /// What an attempt takes: the task's own limits, then each resource in the Plan's order.
    pub fn takers(&mut self, call: &TaskCall) -> Result<Vec<Ts>> {
        let mut takers = Vec::new();
        let Policy { bulkhead, rate_limit, .. } = call.policy;
        if bulkhead.is_some() || rate_limit.is_some() {
            let args = pool_args(&format!("task:{}", call.task), bulkhead, rate_limit, Scope::Process);
            let name = self
                .file
                .package
                .share(&format!("{}Limits", camel(&call.task)), Shared::new("Pool", "permits", args));
            takers.push(constant(&mut self.file, &name));
        }
        let needed = call.callable.resource().into_iter().chain(call.arguments().filter_map(|argument| {
            match &argument.value {
                ArgumentValue::Resource(id) => Some(id.as_str()),
                _ => None,
            }
        }));
        let unlisted: Vec<&str> = needed.filter(|id| !call.uses.iter().any(|used| used == id)).collect();
        for id in call.uses.iter().map(String::as_str).chain(unlisted) {
            let resource = self.file.package.resource(id)?;
            let is_limited = resource.permits().is_some() || resource.rate_limit.is_some();
            if resource.kind == ResourceKind::Semaphore && !is_limited {
                continue;
            }
            takers.push(self.file.package.taker(&mut self.file, id)?);
        }
        Ok(takers)
    }

    /// The breaker of the call's task, or that of its key.
    pub fn breaker(&mut self, place: &Place<'_>, call: &TaskCall) -> Result<Option<Ts>> {
        let Some(breaker) = &call.policy.circuit_breaker else { return Ok(None) };
        let class = if breaker.key.is_some() { "Breakers" } else { "Breaker" };
        let args = vec![Ts::string(&call.task), breaker_settings(breaker)];
        let wanted = format!("{}{class}", camel(&call.task));
        let name = self.file.package.share(&wanted, Shared::new(class, "breaker", args));
        let constant = constant(&mut self.file, &name);
        let Some(key) = &breaker.key else { return Ok(Some(constant)) };
        let mut translator = Translator::new(&mut self.file, &self.scope, place.at);
        translator.locals.clone_from(&place.locals);
        let key = translator.value(key)?;
        Ok(Some(constant.member("of").called(vec![key])))
    }

    /// Where the call's results are kept, and under which key.
    pub fn cache(&mut self, place: &Place<'_>, call: &TaskCall) -> Result<Option<(Ts, Ts)>> {
        let Some(cache) = &call.cache else { return Ok(None) };
        let args = vec![number(cache.ttl_ms)];
        let wanted = format!("{}Cache", camel(&call.task));
        let name = self.file.package.share(&wanted, Shared::new("Cache", "cache", args));
        let constant = constant(&mut self.file, &name);
        let mut parts = Vec::new();
        match &cache.key {
            Some(key) => {
                let mut translator = Translator::new(&mut self.file, &self.scope, place.at);
                translator.locals.clone_from(&place.locals);
                let value = translator.value(key)?;
                parts.push(self.file.coded(super::codecs::Way::Encode, &key.ty, value));
            }
            None => {
                for argument in call.arguments() {
                    let ArgumentValue::Expr(expr) = &argument.value else { continue };
                    let mut translator = Translator::new(&mut self.file, &self.scope, place.at);
                    translator.locals.clone_from(&place.locals);
                    let value = translator.value(expr)?;
                    parts.push(self.file.coded(super::codecs::Way::Encode, &expr.ty, value));
                }
            }
        }
        let key = self.file.runtime("cache", "cacheKey").called(parts);
        Ok(Some((constant, key)))
    }
}

impl<'a> Package<'a> {
    pub fn resource(&self, id: &str) -> Result<&'a Resource> {
        let resources = || self.plans.iter().flat_map(|plan| &plan.resources);
        let found = resources().find(|resource| resource.id == id);
        found.ok_or_else(|| EmitError::Unsupported { what: format!("the resource `{id}`") })
    }

    /// What is taken of a resource.
    pub fn taker(&self, file: &mut File, id: &str) -> Result<Ts> {
        let resource = self.resource(id)?;
        let pool = pool_args(id, resource.permits(), resource.rate_limit, resource.scope);
        let mut shared = Shared::new("Pool", "permits", pool);
        match resource.kind {
            ResourceKind::Semaphore => {}
            ResourceKind::Custom => {
                shared.class = "Custom";
                shared.part = "resources";
                let named = |function: &conductor_protocol::plan::Function| {
                    (function.module.clone(), function.name.clone())
                };
                shared.open = resource.open.as_ref().map(named);
                shared.close = resource.close.as_ref().map(named);
            }
            _ => return Err(EmitError::Unsupported { what: format!("the client of `{id}`") }),
        }
        let suffix = if resource.kind == ResourceKind::Semaphore { "Permits" } else { "Client" };
        let name = self.share(&format!("{}{suffix}", camel(id)), shared);
        Ok(constant(file, &name))
    }

    /// The client of a resource, as a call is handed it.
    pub fn client(&self, file: &mut File, id: &str) -> Result<Ts> {
        Ok(self.taker(file, id)?.member("client").called(Vec::new()))
    }
}

/// The module, or `None` where nothing is limited.
pub fn module(package: &Package) -> Option<Module> {
    let shared = package.shared();
    if shared.is_empty() {
        return None;
    }
    let mut names = Names::reserving(&["Pool", "Breaker", "Breakers", "Cache", "Custom"]);
    shared.iter().for_each(|(name, _)| names.reserve(name));
    let mut file = File::new(package, "", names);
    let mut items = Vec::new();
    for (name, one) in shared {
        file.runtime(one.part, one.class);
        let mut args = one.args;
        if let Some((module, function)) = &one.open {
            file.runtime("permits", "Pool");
            let opened = file.user(module, function).called(Vec::new());
            let mut functions = vec![("open", Ts::arrow(&[], opened))];
            if let Some((module, function)) = &one.close {
                functions.push(("close", file.user(module, function)));
            }
            args = vec![Ts::made("Pool", args), Ts::object(functions)];
        }
        let value = Ts::made(one.class, args);
        let ty = match &one.open {
            // Its client is what the user's function gives.
            Some((module, function)) => {
                let opening = file.user(module, function);
                Ty::Generic(one.class.to_owned(), vec![Ty::given_by(opening)])
            }
            None => Ty::name(one.class),
        };
        items.push(Item::Const { exported: true, name, ty: Some(ty), value, doc: String::new() });
    }
    // The types are plain from the values; only declarations need them.
    Some(file.module(items))
}
