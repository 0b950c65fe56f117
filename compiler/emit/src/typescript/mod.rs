//! Plans to a folder of TypeScript modules, or of JavaScript with declarations beside it.
//!
//! It knows TypeScript and the runtime beside the generated code; it knows neither manifests nor where files are written.

mod blocks;
mod call;
mod calls;
mod children;
mod codecs;
mod comprehensions;
mod concurrent;
mod defaults;
mod descriptor;
mod direct;
mod doc;
mod durable;
mod equality;
mod expr;
mod file;
mod flat;
mod grpc;
mod http;
mod index;
mod kept;
mod layout;
mod layout_call;
mod layout_item;
mod layout_rules;
mod layout_types;
mod leaf;
mod limits;
mod literal;
mod mentions;
mod names;
mod operations;
mod package;
mod policy;
mod repeat;
mod resources;
mod runtime;
mod scope;
mod shared;
mod tasks;
mod tidy;
mod together;
mod tree;
mod type_module;
mod types;
mod undoing;
mod union;
mod workflow;

pub use package::files;
