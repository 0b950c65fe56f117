//! The visible parts of a policy: the test for another attempt and the wait before it.
//!
//! It knows numbers and the functions of the runtime's `policy` module.

use conductor_protocol::plan::{Jitter, Policy, Strategy};

use super::file::File;
use super::literal::{float, seconds, strings};
use super::live;
use super::tree::Py;

/// `is_retryable(error, retry_on=(...), abort_on=(...))`.
pub fn is_retryable(file: &mut File, policy: &Policy) -> Py {
    file.import_from("._conductor.policy", "is_retryable");
    let mut call = Py::call("is_retryable", vec![Py::atom("error")]);
    if !policy.retry_on.is_empty() {
        call = call.with("retry_on", strings(&policy.retry_on));
    }
    if !policy.abort_on.is_empty() {
        call = call.with("abort_on", strings(&policy.abort_on));
    }
    call
}

/// How many retries there may be; `None` where that is not to be asked.
pub fn retries(file: &mut File, policy: &Policy) -> Option<Py> {
    match policy.retries {
        Some(retries) => Some(live::number(file, policy, "retries", retries.to_string())),
        None => live::policy(file, policy).map(|policy| policy.attr("retries")),
    }
}

/// Seconds before retry number `retry`.
pub fn delay(file: &mut File, policy: &Policy, retry: Py) -> Py {
    let initial = live::number(file, policy, "initial", seconds(policy.initial_ms));
    let max_delay = live::number(file, policy, "max_delay", seconds(policy.max_delay_ms));
    let (name, args) = match policy.strategy {
        Strategy::Constant => ("constant", vec![]),
        Strategy::Linear => ("linear", vec![retry]),
        Strategy::ExponentialBackoff => ("exponential", vec![retry]),
    };
    file.import_from("._conductor.policy", name);
    let mut call = Py::call(name, args).with("initial", initial);
    if policy.strategy == Strategy::ExponentialBackoff {
        call = call.with("multiplier", live::number(file, policy, "multiplier", float(policy.multiplier)));
    }
    let jitter = match policy.jitter {
        Jitter::None => "none",
        Jitter::Full => "full",
        Jitter::Equal => "equal",
    };
    call.with("max_delay", max_delay).with("jitter", Py::string(jitter))
}
