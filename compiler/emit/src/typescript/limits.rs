//! What attempts take before they begin, breakers and caches.
//!
//! It knows the runtime's classes for them. Each is one object in a process, whichever workflow uses it.

use conductor_protocol::plan::{
    ArgumentValue, CircuitBreaker, Hedge, Policy, Rate, ResourceKind, Scope, TaskCall, Trip,
};

use super::call::Place;
use super::expr::Translator;
use super::names::camel;
use super::policy::{self, number};
use super::resources::{Shared, constant, forms_of};
use super::tree::Ts;
use super::workflow::Workflow;
use crate::EmitError;
use crate::served;

type Result<T> = std::result::Result<T, EmitError>;

pub fn rate(rate: Rate) -> Ts {
    Ts::object(vec![("permits", Ts::number(rate.permits)), ("perMs", number(rate.per_ms))])
}

/// `new Pool("id", { limit, rate, scope })`.
pub fn pool_args(id: &str, limit: Option<u32>, starts: Option<Rate>, scope: Scope) -> Vec<Ts> {
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

fn breaker_settings(breaker: &CircuitBreaker, policy: &Policy) -> Ts {
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
    for (name, patterns) in [("retryOn", &policy.retry_on), ("abortOn", &policy.abort_on)] {
        if !patterns.is_empty() {
            options.push((name, Ts::Array(patterns.iter().map(Ts::string).collect())));
        }
    }
    Ts::object(options)
}

impl Workflow<'_> {
    /// What an attempt takes: the task's own limits, then each resource in the Plan's order.
    pub fn takers(&mut self, call: &TaskCall) -> Result<Vec<Ts>> {
        let mut takers = Vec::new();
        let Policy { bulkhead, rate_limit, .. } = call.policy;
        if bulkhead.is_some() || rate_limit.is_some() {
            let args = pool_args(&format!("task:{}", call.task), bulkhead, rate_limit, Scope::Process);
            let live = policy::live(&mut self.file, &call.policy);
            let made = Shared::new("Pool", "permits", args).under(live);
            let name = self.file.package.share(&format!("{}Limits", camel(&call.task)), made);
            takers.push(constant(&mut self.file, &name));
        }
        for id in served::uses_here(call, self.plan.language) {
            let resource = self.file.package.resource(id)?;
            let is_limited = resource.permits().is_some() || resource.rate_limit.is_some();
            if resource.kind == ResourceKind::Semaphore && !is_limited {
                continue;
            }
            for form in forms_of(resource, call) {
                takers.push(self.file.package.shared_client(&mut self.file, resource, form));
            }
        }
        Ok(takers)
    }

    /// The breaker of the call's task, or that of its key.
    pub fn breaker(&mut self, place: &Place<'_>, call: &TaskCall) -> Result<Option<Ts>> {
        let Some(breaker) = &call.policy.circuit_breaker else { return Ok(None) };
        let class = if breaker.key.is_some() { "Breakers" } else { "Breaker" };
        let args = vec![Ts::string(&call.task), breaker_settings(breaker, &call.policy)];
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
