//! The visible parts of a policy: the test for another attempt and the wait before it.
//!
//! It knows numbers and the functions of the runtime's `policy` module.

use conductor_protocol::plan::{Jitter, Policy, Strategy};

use super::file::File;
use super::limits::rate;
use super::literal;
use super::names::camel;
use super::resources::{Shared, constant};
use super::tree::{Operator, Stmt, Ts};

/// A number of milliseconds.
pub fn number(milliseconds: u64) -> Ts {
    Ts::number(literal::grouped(milliseconds))
}

/// `isRetryable(error, { retryOn: [...], abortOn: [...] })`.
fn is_retryable(file: &mut File, policy: &Policy) -> Ts {
    let callee = file.runtime("policy", "isRetryable");
    let list = |names: &[String]| Ts::Array(names.iter().map(Ts::string).collect());
    let mut options = Vec::new();
    if !policy.retry_on.is_empty() {
        options.push(("retryOn", list(&policy.retry_on)));
    }
    if !policy.abort_on.is_empty() {
        options.push(("abortOn", list(&policy.abort_on)));
    }
    let mut args = vec![Ts::name("error")];
    if !options.is_empty() {
        args.push(Ts::object(options));
    }
    callee.called(args)
}

/// The policy of the process whose numbers people may change, where it has a name.
pub fn live(file: &mut File, policy: &Policy) -> Option<Ts> {
    let id = policy.id.as_deref()?;
    let made = Shared::new("LivePolicy", "livePolicy", vec![Ts::string(id), built(policy)]);
    let name = file.package.share(&format!("{}Policy", camel(id)), made);
    Some(constant(file, &name))
}

/// A number of the policy as it is now, else what was built.
fn number_of(file: &mut File, policy: &Policy, name: &str, built: Ts) -> Ts {
    live(file, policy).map_or(built, |policy| policy.member(name))
}

/// Of one attempt.
pub fn timeout(file: &mut File, policy: &Policy) -> Option<Ts> {
    policy.timeout_ms.map(|milliseconds| number_of(file, policy, "timeout", number(milliseconds)))
}

/// Of all attempts.
pub fn deadline(file: &mut File, policy: &Policy) -> Option<Ts> {
    policy.deadline_ms.map(|milliseconds| number_of(file, policy, "deadline", number(milliseconds)))
}

/// Looks for who tells the numbers, once, before a step reads them. A breaker does so by itself.
pub fn hear(file: &mut File, policy: &Policy) -> Option<Stmt> {
    if policy.id.is_none() || policy.circuit_breaker.is_some() {
        return None;
    }
    let is_heard = file.runtime("livePolicy", "isHeard").called(Vec::new());
    let hear = file.runtime("livePolicy", "hear").called(Vec::new());
    Some(Stmt::If { test: is_heard.negated(), body: vec![Stmt::Expr(hear.awaited())], otherwise: Vec::new() })
}

fn built(policy: &Policy) -> Ts {
    let retries = policy.retries.map_or_else(|| Ts::name("Infinity"), Ts::number);
    let mut numbers = vec![
        ("retries", retries),
        ("initial", number(policy.initial_ms)),
        ("maxDelay", number(policy.max_delay_ms)),
    ];
    if policy.strategy == Strategy::ExponentialBackoff {
        numbers.push(("multiplier", Ts::number(literal::float(policy.multiplier))));
    }
    numbers.extend(policy.timeout_ms.map(|milliseconds| ("timeout", number(milliseconds))));
    numbers.extend(policy.deadline_ms.map(|milliseconds| ("deadline", number(milliseconds))));
    numbers.extend(policy.rate_limit.map(|limit| ("rateLimit", rate(limit))));
    numbers.extend(policy.bulkhead.map(|width| ("bulkhead", Ts::number(width))));
    Ts::object(numbers)
}

/// Whether no attempt follows after so many failures.
pub fn is_over(file: &mut File, policy: &Policy, failures: Ts, spent: Operator) -> Ts {
    let refused = is_retryable(file, policy).negated();
    let live = live(file, policy).map(|policy| policy.member("retries"));
    match live.or(policy.retries.map(Ts::number)) {
        None => refused,
        Some(retries) => Ts::binary(Operator::Or, Ts::binary(spent, failures, retries), refused),
    }
}

/// Milliseconds before the retry after so many failures.
pub fn delay(file: &mut File, policy: &Policy, failures: Ts) -> Ts {
    let (name, mut args) = match policy.strategy {
        Strategy::Constant => ("constant", vec![]),
        Strategy::Linear => ("linear", vec![failures]),
        Strategy::ExponentialBackoff => ("exponential", vec![failures]),
    };
    let mut options = vec![("initial", number_of(file, policy, "initial", number(policy.initial_ms)))];
    if policy.strategy == Strategy::ExponentialBackoff {
        let multiplier = Ts::number(literal::float(policy.multiplier));
        options.push(("multiplier", number_of(file, policy, "multiplier", multiplier)));
    }
    options.push(("maxDelay", number_of(file, policy, "maxDelay", number(policy.max_delay_ms))));
    options.push((
        "jitter",
        Ts::string(match policy.jitter {
            Jitter::None => "none",
            Jitter::Full => "full",
            Jitter::Equal => "equal",
        }),
    ));
    args.push(Ts::object(options));
    file.runtime("policy", name).called(args)
}

/// `if (over) { end }`.
pub fn unless_over(over: Ts, end: Vec<Stmt>) -> Stmt {
    Stmt::If { test: over, body: end, otherwise: Vec::new() }
}
