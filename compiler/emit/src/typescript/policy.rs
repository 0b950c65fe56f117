//! The visible parts of a policy: the test for another attempt and the wait before it.
//!
//! It knows numbers and the functions of the runtime's `policy` module.

use conductor_protocol::plan::{Jitter, Policy, Strategy};

use super::file::File;
use super::literal;
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

/// Whether no attempt follows after so many failures.
pub fn is_over(file: &mut File, policy: &Policy, failures: Ts, spent: Operator) -> Ts {
    let refused = is_retryable(file, policy).negated();
    match policy.retries {
        None => refused,
        Some(retries) => {
            let spent = Ts::binary(spent, failures, Ts::number(retries));
            Ts::binary(Operator::Or, spent, refused)
        }
    }
}

/// Milliseconds before the retry after so many failures.
pub fn delay(file: &mut File, policy: &Policy, failures: Ts) -> Ts {
    let (name, mut args) = match policy.strategy {
        Strategy::Constant => ("constant", vec![]),
        Strategy::Linear => ("linear", vec![failures]),
        Strategy::ExponentialBackoff => ("exponential", vec![failures]),
    };
    let mut options = vec![("initial", number(policy.initial_ms))];
    if policy.strategy == Strategy::ExponentialBackoff {
        options.push(("multiplier", Ts::number(literal::float(policy.multiplier))));
    }
    options.push(("maxDelay", number(policy.max_delay_ms)));
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
