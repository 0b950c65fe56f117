//! Why the journal did not take something, with the code that the protocol gives it.
//!
//! It knows no message: the daemon wraps a refusal as a response, a notification or an HTTP status.

use conductor_protocol::entry::UnixMillis;
use conductor_protocol::message::code;
use conductor_protocol::state::RunState;

use crate::keys::VARIABLE;
use crate::life;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no run {run}")]
    Unknown { run: String },
    #[error("run {run} exists with another {what}; use another run id, or the same {what}")]
    Mismatch { run: String, what: &'static str },
    #[error("run {run} is pinned to plan {pinned}; the caller has {given}")]
    PlanMismatch { run: String, pinned: String, given: String },
    #[error("stale epoch {given}: epoch {current} owns run {run}")]
    StaleEpoch { run: String, given: u64, current: u64 },
    #[error("epoch {epoch} of run {run} is not this session's")]
    NotOwner { run: String, epoch: u64 },
    #[error("record {given} of run {run} leaves a gap: {expected} is the next")]
    Gap { run: String, given: u64, expected: u64 },
    #[error("record {seq} of run {run} is taken by other content")]
    Conflict { run: String, seq: u64 },
    #[error("{event:?} may not follow: {reason}")]
    Transition { event: life::Event, reason: life::Refused },
    /// Of a wish: what an owner writes after the end is a [`Refusal::Transition`].
    #[error("run {run} has ended already ({})", state.as_str())]
    Ended { run: String, state: RunState },
    #[error(
        "run {run} ended ({}) and was purged on {}: neither its result nor its journal is kept; use another run id",
        state.as_str(), date(*purged_at)
    )]
    Purged { run: String, state: RunState, purged_at: UnixMillis },
    /// Of a purge: what it is to take is still needed.
    #[error("run {run} is not to be purged: {why}")]
    Needed { run: String, why: String },
    #[error("{0}")]
    Invalid(String),
    #[error("{what} has {size} bytes; the limit is {limit}")]
    TooLarge { what: String, size: u64, limit: u64 },
    #[error(
        "{workflow} has the secret {} {}, and there is no key to keep {} with: set {VARIABLE} where the sidecar runs, to 32 bytes in base64 as `openssl rand -base64 32` prints",
        if inputs.len() == 1 { "input" } else { "inputs" }, inputs.join(", "),
        if inputs.len() == 1 { "it" } else { "them" }
    )]
    NoKey { workflow: String, inputs: Vec<String> },
    #[error("the store refused: {0}; nothing is lost, resend later")]
    Store(String),
    /// Of a start: the run may have begun in a log that the store has not taken yet.
    #[error("the store has not taken yet what a process left in its log; ask again")]
    Unsettled,
    #[error("the sidecar is shutting down")]
    Closing,
}

impl Refusal {
    /// The protocol's code.
    #[must_use]
    pub fn code(&self) -> i32 {
        match self {
            Refusal::Unknown { .. } => code::RUN_UNKNOWN,
            Refusal::Mismatch { .. } => code::RUN_MISMATCH,
            Refusal::PlanMismatch { .. } => code::PLAN_MISMATCH,
            Refusal::StaleEpoch { .. } | Refusal::NotOwner { .. } => code::STALE_EPOCH,
            Refusal::Gap { .. } | Refusal::Conflict { .. } => code::SEQUENCE,
            Refusal::Transition { .. } | Refusal::Ended { .. } | Refusal::Needed { .. } => code::TRANSITION,
            Refusal::Purged { .. } => code::RUN_PURGED,
            Refusal::Invalid(_) => code::INVALID_PARAMS,
            Refusal::TooLarge { .. } => code::TOO_LARGE,
            Refusal::NoKey { .. } => code::NO_KEY,
            Refusal::Store(_) | Refusal::Unsettled => code::STORE,
            Refusal::Closing => code::CLOSING,
        }
    }

    /// One word of a closed set, for metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Refusal::Unknown { .. } => "unknown_run",
            Refusal::Mismatch { .. } => "mismatch",
            Refusal::PlanMismatch { .. } => "plan_mismatch",
            Refusal::StaleEpoch { .. } | Refusal::NotOwner { .. } => "stale_epoch",
            Refusal::Gap { .. } => "gap",
            Refusal::Conflict { .. } => "conflict",
            Refusal::Transition { .. } | Refusal::Ended { .. } | Refusal::Needed { .. } => "transition",
            Refusal::Purged { .. } => "purged",
            Refusal::Invalid(_) => "invalid",
            Refusal::TooLarge { .. } => "too_large",
            Refusal::NoKey { .. } => "no_key",
            Refusal::Store(_) | Refusal::Unsettled => "store",
            Refusal::Closing => "closing",
        }
    }
}

/// The day of a time, for people.
fn date(at: UnixMillis) -> String {
    jiff::Timestamp::from_millisecond(at)
        .map_or_else(|_| at.to_string(), |at| at.strftime("%Y-%m-%d").to_string())
}
