//! Named policies, whose numbers people may change while a process runs: a constant of `_resources.py`, read where a number
//! is needed.
//!
//! It knows how they are spelled; where the numbers come from is the runtime's business.

use conductor_protocol::plan::{Policy, TaskCall};

use super::file::File;
use super::literal::{float, seconds};
use super::tree::{Py, Stmt};

/// No resource's constant can be equal: it ends with what it is.
pub fn constant_name(id: &str) -> String {
    format!("{}_POLICY", id.to_uppercase())
}

/// The policy of the process, where it has a name.
pub fn policy(file: &mut File, policy: &Policy) -> Option<Py> {
    let id = policy.id.as_deref()?;
    file.package.want_policy(id, policy);
    file.import_from(".", "_resources");
    Some(Py::atom(format!("_resources.{}", constant_name(id))))
}

/// A number of the policy as it is now, else what was built.
pub fn number(file: &mut File, of: &Policy, name: &str, built: String) -> Py {
    policy(file, of).map_or_else(|| Py::atom(built), |policy| policy.attr(name))
}

/// Looks for who tells the numbers, once, before a step reads them. A breaker does so by itself.
pub fn hear(file: &mut File, call: &TaskCall) -> Option<Stmt> {
    let of = &call.policy;
    if of.id.is_none() || of.circuit_breaker.is_some() {
        return None;
    }
    let is_heard = file.import_from("._conductor.live", "is_heard");
    let hear = file.import_from("._conductor.live", "hear");
    let body = vec![Stmt::Expr(Py::call(hear, Vec::new()).awaited())];
    Some(Stmt::If { test: Py::call(is_heard, Vec::new()).not(), body, otherwise: Vec::new() })
}

/// `LivePolicy("provider", retries=3, ...)`.
pub fn made(file: &mut File, id: &str, policy: &Policy) -> Py {
    let class = file.import_from("._conductor.live", "LivePolicy");
    let retries = policy.retries.map_or_else(|| float(f64::INFINITY), |retries| retries.to_string());
    let mut made = Py::call(class, vec![Py::string(id)])
        .with("retries", Py::atom(retries))
        .with("initial", Py::atom(seconds(policy.initial_ms)))
        .with("max_delay", Py::atom(seconds(policy.max_delay_ms)));
    if policy.strategy == conductor_protocol::plan::Strategy::ExponentialBackoff {
        made = made.with("multiplier", Py::atom(float(policy.multiplier)));
    }
    for (name, limit) in [("timeout", policy.timeout_ms), ("deadline", policy.deadline_ms)] {
        if let Some(milliseconds) = limit {
            made = made.with(name, Py::atom(seconds(milliseconds)));
        }
    }
    if let Some(rate) = policy.rate_limit {
        made = made.with("rate_limit", super::resources::rate(file, rate));
    }
    if let Some(width) = policy.bulkhead {
        made = made.with("bulkhead", Py::atom(width.to_string()));
    }
    made
}
