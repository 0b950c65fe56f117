//! Policies with every default filled in.
//!
//! It knows numbers, not how a runtime keeps them.

use serde::{Deserialize, Serialize};

use crate::expr::Expr;

/// Retries, backoff and limits of a call. The order, outermost first: fallback, deadline, retry, breaker, rate limit,
/// bulkhead, hedge, attempt timeout, call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Of one that the manifest names: its numbers may be changed while processes run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Retries after the first attempt; `None` is `forever`.
    pub retries: Option<u32>,
    pub strategy: Strategy,
    pub initial_ms: u64,
    pub max_delay_ms: u64,
    pub multiplier: f64,
    pub jitter: Jitter,
    /// Error types or codes; empty is the default: all but programming errors.
    pub retry_on: Vec<String>,
    pub abort_on: Vec<String>,
    /// Of one attempt.
    pub timeout_ms: Option<u64>,
    /// Of all attempts and the waits between them.
    pub deadline_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circuit_breaker: Option<CircuitBreaker>,
    /// Attempts of the task that may begin in a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<Rate>,
    /// Attempts of the task that may run at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bulkhead: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hedge: Option<Hedge>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    Constant,
    Linear,
    ExponentialBackoff,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Jitter {
    None,
    Full,
    Equal,
}

/// Refuses calls of a task while it fails: closed, open, half open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CircuitBreaker {
    pub trip: Trip,
    pub window_ms: u64,
    /// Calls in the window before a failure rate counts.
    pub min_calls: u32,
    pub open_for_ms: u64,
    pub half_open_calls: u32,
    /// Which breaker of the task; one for all of its calls where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Expr>,
}

/// What opens a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trip {
    /// Failures in the window.
    Failures(u32),
    /// The share of failures in the window, above 0 and at most 1.
    FailureRate(f64),
}

/// `permits` in each `per_ms` milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    pub permits: u32,
    pub per_ms: u64,
}

/// A second call beside one that takes long; the first success counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hedge {
    pub after_ms: u64,
    /// Further calls beside the first.
    pub max: u32,
}

impl Policy {
    /// Whether there is one attempt, whatever people change while processes run.
    #[must_use]
    pub fn is_once(&self) -> bool {
        self.id.is_none() && self.retries == Some(0)
    }
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            id: None,
            retries: Some(0),
            strategy: Strategy::ExponentialBackoff,
            initial_ms: 100,
            max_delay_ms: 30_000,
            multiplier: 2.0,
            jitter: Jitter::Full,
            retry_on: Vec::new(),
            abort_on: Vec::new(),
            timeout_ms: None,
            deadline_ms: None,
            circuit_breaker: None,
            rate_limit: None,
            bulkhead: None,
            hedge: None,
        }
    }
}
