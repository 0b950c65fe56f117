//! The neck between the compiler and the sidecar: Plan, journal entries, messages and the error form.
//!
//! It deliberately knows neither a manifest's syntax nor a store nor a socket.

pub mod access;
pub mod breaker;
pub mod definition;
pub mod digest;
pub mod entry;
pub mod error;
pub mod expr;
pub mod live;
pub mod message;
pub mod names;
pub mod numbers;
pub mod permit;
pub mod plan;
pub mod spell;
pub mod state;
pub mod trace;
pub mod types;

/// Version of the sidecar protocol spoken by this build, agreed in `hello`.
pub const PROTOCOL_VERSION: u32 = 1;

/// Version written into every journal record and Plan made by this build.
pub const FORMAT_VERSION: u32 = 1;
