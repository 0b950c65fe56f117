//! The visible parts of a policy: the test for another attempt and the wait before it.
//!
//! It knows numbers and the functions of the runtime's `policy` module.

use conductor_protocol::plan::{Jitter, Policy, Strategy};

use super::file::File;
use super::literal::{float, seconds, strings};
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

/// Seconds before retry number `retry`.
pub fn delay(file: &mut File, policy: &Policy, retry: Py) -> Py {
    let initial = Py::atom(seconds(policy.initial_ms));
    let max_delay = Py::atom(seconds(policy.max_delay_ms));
    let (name, args) = match policy.strategy {
        Strategy::Constant => ("constant", vec![]),
        Strategy::Linear => ("linear", vec![retry]),
        Strategy::ExponentialBackoff => ("exponential", vec![retry]),
    };
    file.import_from("._conductor.policy", name);
    let mut call = Py::call(name, args).with("initial", initial);
    if policy.strategy == Strategy::ExponentialBackoff {
        call = call.with("multiplier", Py::atom(float(policy.multiplier)));
    }
    let jitter = match policy.jitter {
        Jitter::None => "none",
        Jitter::Full => "full",
        Jitter::Equal => "equal",
    };
    call.with("max_delay", max_delay).with("jitter", Py::string(jitter))
}
