//! Generated TypeScript: as prettier leaves it, without a complaint of strict tools, and as the interpreter means it.

#![expect(clippy::unwrap_used, reason = "a test fails where something unexpected happens")]
#![expect(
    clippy::disallowed_methods,
    reason = "emitted files are written and run; the crate itself stays pure"
)]

#[path = "../services/auth.rs"]
mod auth;
mod cases;
mod constructs;
mod grpc;
mod hostile;
mod http;
mod kit;
mod layouts;
mod module_kinds;
mod policies;
mod project;
mod shared;
mod shop;
mod typescript;
mod undoing;
