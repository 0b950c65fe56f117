//! Plans to a Go package.
//!
//! It knows Go and the runtime beside the generated code; it knows neither manifests nor where files are written.

mod blocks;
mod call;
mod calls;
mod catch;
mod children;
mod clients;
mod codecs;
mod coerce;
mod comprehensions;
mod convert;
mod declared;
mod direct;
mod durable;
mod ends;
mod expr;
mod file;
mod files;
mod grpc;
mod hold;
mod http;
mod literal;
mod logic;
mod names;
mod package;
mod plain;
mod policy;
mod public;
mod repeat;
mod resources;
mod results;
mod runtime;
mod scope;
mod shared;
mod spelling;
mod supported;
mod tree;
mod types;
mod undo;
mod union;
mod waits;
mod worker;
mod workflow;
mod writer;

pub use files::files;
pub use supported::unsupported;
