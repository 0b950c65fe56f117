//! The reference interpreter: what a Plan means, executed in virtual time with given outcomes, failures and crashes.
//!
//! It knows no manifest, no target language and no real clock. Generated code is held to its traces
//! (`docs/semantics.md`).
//!
//! - [`run`] plays a [`Scenario`]: every duration, outcome, signal and crash is given; the answer is a [`Trace`].
//! - [`explore`] tries every interleaving of a few runs; the answer is every outcome that can be reached, and every
//!   deadlock with the interleaving that leads to it.
//! - [`study::study`] plays many runs with drawn durations and failures; the answer is a [`study::Report`].
//!
//! # How it is built
//! One file per construct in `steps/`, written as the orchestrator that a careful engineer would write: small
//! asynchronous functions, cancellation as an explicit token. They run on an executor of our own (`executor.rs`), which
//! has one thread and a virtual clock. Whatever is not computed from the Plan and the inputs is asked of an
//! [`Oracle`]: so the same functions serve a scripted scenario, random draws and exhaustive search.

mod call;
mod cancel;
mod clock;
mod compensate;
mod context;
mod death;
mod error;
mod executor;
mod explore;
mod expressions;
mod journal;
mod oracle;
mod permits;
mod promise;
mod random;
mod run;
mod scenario;
mod scope;
mod signals;
mod steps;
pub mod study;
mod trace;
mod values;
mod world;

pub use clock::Micros;
pub use error::names as errors;
pub use explore::{Deadlock, Exploration, Limits, Moved, Outcome, Start, Stuck, explore};
pub use oracle::{Action, Answered, Attempt, Attempted, Oracle, Waited};
pub use random::Random;
pub use scenario::{Cancel, Crash, Scenario, Scripted, Sent, run};
pub use trace::{CanonicalRun, Event, RunEnd, Sink, StepEnd, Stopped, Trace, What};
pub use values::{Lengths, synthesise};
