//! The messages about circuit breakers that the processes of a host share.
//!
//! What becomes of a breaker is decided in `conductor_policy::shared`; here is only what is said.

use serde::{Deserialize, Serialize};

/// What a process has to say of a breaker. Answered with `{}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerReport {
    /// The task's id, or `TASK:KEY`.
    pub breaker: String,
    pub event: BreakerEvent,
    /// Of a probe's end: the number with which it was granted, or the generation of the suspicion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
    /// With `opened`: for how long the process's own breaker refuses from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_ms: Option<u64>,
    /// The numbers of its policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_for_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_open_calls: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerEvent {
    /// The process has a breaker of this id.
    Used,
    /// Its own breaker has opened.
    Opened,
    /// It has closed.
    Closed,
    /// Ends of a probe.
    Succeeded,
    Failed,
    /// Cancelled, or an error of the domain.
    Abandoned,
}

/// Asks for leave to try a call while the breaker is open for all and its time is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerProbe {
    pub breaker: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerProbeResult {
    pub granted: bool,
    /// What the end of the call is reported with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
    /// Where it is not granted: when it may be asked for again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_ms: Option<u64>,
}

/// From the sidecar to every session: what a breaker is for all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerChanged {
    pub breaker: String,
    pub state: BreakerState,
    pub generation: u64,
    /// A person's decision.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forced: bool,
    /// Where it is open: after this time a process may ask whether it may try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    Closed,
    /// A process's own breaker has opened; the next call of another is the probe.
    Suspect,
    Open,
    /// Only in views: what may try asks.
    HalfOpen,
}

impl BreakerState {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            BreakerState::Closed => "closed",
            BreakerState::Suspect => "suspect",
            BreakerState::Open => "open",
            BreakerState::HalfOpen => "half_open",
        }
    }
}
