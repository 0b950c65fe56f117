//! Writes `policies.go`: what all runs of a process share, as breakers, limits and caches of tasks, permits and clients of
//! resources.
//!
//! It knows their numbers; where they are used is decided elsewhere.

use std::collections::BTreeMap;

use conductor_protocol::plan::{Cache, CircuitBreaker, Policy, Rate, Strategy, Trip};

use super::file::File;
use super::literal;
use super::names::unexported;
use super::package::Package;
use super::policy::number;
use super::tree::{Decl, Go};

/// What was asked for, by its kind, its task and its settings.
#[derive(Default)]
pub struct Shared {
    known: BTreeMap<(String, String), (String, Decl)>,
}

impl Shared {
    pub fn decls(&self) -> Vec<Decl> {
        let mut decls: Vec<(&String, &Decl)> = self.known.values().map(|(name, decl)| (name, decl)).collect();
        decls.sort_by_key(|(name, _)| *name);
        decls.into_iter().map(|(_, decl)| decl.clone()).collect()
    }
}

/// The name of a variable of the package, declared once for equal values.
pub fn var(package: &Package, wanted: &str, doc: &str, value: Go) -> String {
    let key = (wanted.to_owned(), format!("{value:?}"));
    if let Some((name, _)) = package.state.borrow().shared.known.get(&key) {
        return name.clone();
    }
    let name = package.fresh(wanted);
    let doc = vec![format!("{name} {doc}.")];
    let decl = Decl::Var { doc, name: name.clone(), ty: String::new(), value };
    package.state.borrow_mut().shared.known.insert(key, (name.clone(), decl));
    name
}

/// What the values of variables were written with is imported where they are declared.
pub fn import(file: File) {
    file.package.state.borrow_mut().shared_imports.extend(file.into_imports());
}

/// The duration in the file of these, which imports time whenever it has something.
pub fn duration(milliseconds: u64) -> Go {
    let text = literal::duration(milliseconds);
    match text.split_once(" * ") {
        Some((count, unit)) => Go::binary(super::tree::Operator::Multiply, Go::atom(count), Go::atom(unit)),
        None => Go::atom(text),
    }
}

pub fn breaker(package: &Package, task: &str, breaker: &CircuitBreaker, policy: &Policy) -> String {
    let trip = match breaker.trip {
        Trip::Failures(count) => ("Failures".to_owned(), Go::atom(count.to_string())),
        Trip::FailureRate(rate) => ("FailureRate".to_owned(), Go::atom(rate.to_string())),
    };
    let mut fields = vec![
        trip,
        ("Window".to_owned(), duration(breaker.window_ms)),
        ("MinCalls".to_owned(), Go::atom(breaker.min_calls.to_string())),
        ("OpenFor".to_owned(), duration(breaker.open_for_ms)),
        ("HalfOpenCalls".to_owned(), Go::atom(breaker.half_open_calls.to_string())),
    ];
    let patterns = [("Retry", &policy.retry_on), ("Abort", &policy.abort_on)];
    let on = patterns.into_iter().filter(|(_, patterns)| !patterns.is_empty());
    let on: Vec<_> =
        on.map(|(name, patterns)| (name.to_owned(), Go::atom(literal::strings(patterns)))).collect();
    if !on.is_empty() {
        fields.push(("On".to_owned(), Go::Struct { ty: "runtime.On".to_owned(), fields: on, spread: false }));
    }
    let options = Go::Struct { ty: "runtime.BreakerOptions".to_owned(), fields, spread: true };
    let value = Go::call("runtime.NewBreaker", vec![Go::string(task), options]);
    let name = format!("{}Breaker", unexported(task));
    var(package, &name, &format!("refuses calls of `{task}` while it fails"), value)
}

/// The policy whose numbers people may change, where it has a name.
pub fn live(package: &Package, policy: &Policy) -> Option<String> {
    let id = policy.id.as_deref()?;
    let retries = policy.retries.map_or_else(|| "runtime.Forever".to_owned(), |retries| retries.to_string());
    let mut fields = vec![
        ("Retries".to_owned(), Go::atom(retries)),
        ("Initial".to_owned(), duration(policy.initial_ms)),
        ("MaxDelay".to_owned(), duration(policy.max_delay_ms)),
    ];
    if policy.strategy == Strategy::ExponentialBackoff {
        fields.push(("Multiplier".to_owned(), Go::atom(number(policy.multiplier))));
    }
    for (name, time) in [("Timeout", policy.timeout_ms), ("Deadline", policy.deadline_ms)] {
        fields.extend(time.map(|milliseconds| (name.to_owned(), duration(milliseconds))));
    }
    if let Some(rate) = policy.rate_limit {
        fields.push(("RateLimit".to_owned(), Go::atom(rate.permits.to_string())));
        fields.push(("RatePer".to_owned(), duration(rate.per_ms)));
    }
    fields.extend(policy.bulkhead.map(|width| ("Bulkhead".to_owned(), Go::atom(width.to_string()))));
    let numbers = Go::Struct { ty: "runtime.Numbers".to_owned(), fields, spread: true };
    let value = Go::call("runtime.NewLivePolicy", vec![Go::string(id), numbers]);
    let name = format!("{}Policy", unexported(id));
    Some(var(package, &name, &format!("has the numbers of `{id}`, which people may change"), value))
}

/// The limit with the policy's numbers, also where people change those.
fn limiting(package: &Package, policy: &Policy, method: &str, limit: Go) -> Go {
    match live(package, policy) {
        Some(policy) => Go::atom(policy).method(method, vec![limit]),
        None => limit,
    }
}

pub fn rate_limit(package: &Package, task: &str, rate: Rate, policy: &Policy) -> String {
    let args = vec![Go::string(task), Go::atom(rate.permits.to_string()), duration(rate.per_ms)];
    let made = limiting(package, policy, "RateLimit", Go::call("runtime.NewRateLimit", args));
    let name = format!("{}RateLimit", unexported(task));
    var(package, &name, &format!("bounds how many attempts of `{task}` begin in a time"), made)
}

pub fn bulkhead(package: &Package, task: &str, limit: u32, policy: &Policy) -> String {
    let args = vec![Go::string(task), Go::atom(limit.to_string())];
    let made = limiting(package, policy, "Bulkhead", Go::call("runtime.NewBulkhead", args));
    let name = format!("{}Bulkhead", unexported(task));
    var(package, &name, &format!("bounds how many attempts of `{task}` run at a time"), made)
}

pub fn cache(package: &Package, task: &str, cache: &Cache) -> String {
    let args = vec![Go::string(task), duration(cache.ttl_ms)];
    let name = format!("{}Cache", unexported(task));
    var(package, &name, &format!("keeps results of `{task}`"), Go::call("runtime.NewCache", args))
}

/// The declarations of the file, with what they import.
pub fn decls(file: &mut File) -> Vec<Decl> {
    let decls = file.package.state.borrow().shared.decls();
    if decls.is_empty() {
        return decls;
    }
    file.own("runtime");
    let imports = file.package.state.borrow().shared_imports.clone();
    file.import_all(imports);
    let text = format!("{decls:?}");
    for package in ["time", "context"] {
        if text.contains(&format!("\"{package}.")) {
            file.std(package);
        }
    }
    decls
}
