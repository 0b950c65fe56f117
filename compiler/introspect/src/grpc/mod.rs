//! gRPC: descriptors, or the `.proto` files they are made of, to signatures.
//!
//! It asks no server and opens no file: bytes and texts are given to it.

mod changes;
mod edition;
mod message;
mod method;
mod outline;
mod places;
mod protos;
mod prune;
mod readable;
mod schema;
mod service;
mod tidy;

pub use changes::{Change, changes};
pub use protos::ProtoFiles;
pub use readable::{Method, Readable, readable};
pub use schema::{Problem, Schema, files_of_set};
pub use service::GrpcService;
