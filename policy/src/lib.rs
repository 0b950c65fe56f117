//! Pure decisions of fault tolerance: backoff, which errors are retried, breaker, rate limit, bulkhead, and when a schedule fires.
//!
//! It knows no clock, no call and no manifest: a state, an event and the time go in, a decision and the next state come
//! out. Times are [`std::time::Duration`]s since any fixed moment; those of one state must not go back.

pub mod backoff;
pub mod breaker;
pub mod errors;
pub mod hosts;
pub mod permits;
pub mod rate;
pub mod schedule;
pub mod shared;
