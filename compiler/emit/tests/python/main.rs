//! What is emitted for Python, judged by Python's own tools and by running it.

#![expect(clippy::unwrap_used, reason = "a test fails where something unexpected happens")]
#![expect(
    clippy::disallowed_methods,
    reason = "emitted files are written and run; the crate itself stays pure"
)]

mod agreement;
#[path = "../services/auth.rs"]
mod auth;
mod big;
mod blocks;
mod callables;
mod calls;
mod constructs;
mod elsewhere;
mod expressions;
#[path = "../../../cel/tests/forms/mod.rs"]
mod forms;
mod grpc;
mod http;
mod libraries;
mod replay;
mod resources;
mod shop;
mod steps;
mod strict;
mod structure;
mod support;
mod traces;
mod values;
