//! What is emitted for Go: laid out as gofmt does, compiled, vetted and run.

#![expect(clippy::unwrap_used, reason = "a test fails where something unexpected happens")]
#![expect(
    clippy::disallowed_methods,
    reason = "emitted files are written and run; the crate itself stays pure"
)]

#[path = "../services/auth.rs"]
mod auth;
mod blocks;
mod build;
mod clients;
mod edges;
mod embedded;
mod grpc;
mod http;
mod project;
