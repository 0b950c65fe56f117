//! Plans to a Python package.
//!
//! It knows Python and the runtime beside the generated code; it knows neither manifests nor where files are written.

mod attempt;
mod blocks;
mod breaker;
mod cache;
mod call;
mod calls;
mod children;
mod codecs;
mod compensate;
mod comprehensions;
mod concurrency;
mod concurrent;
mod defaults;
mod direct;
mod durable;
mod elsewhere;
mod expr;
mod fallback;
mod file;
mod flat;
mod grpc;
mod hedge;
mod hold;
mod http;
mod imports;
mod lambdas;
mod leaf;
mod left;
mod literal;
mod live;
mod looping;
mod mapping;
mod names;
mod operations;
mod package;
mod policy;
mod resources;
mod runtime;
mod scope;
mod switch;
mod tidy;
mod timed;
mod tree;
mod type_module;
mod types;
mod union;
mod values;
mod worker;
mod workflow;
mod writer;

pub use names::snake;
pub use package::files;
pub use resources::unsupported;
