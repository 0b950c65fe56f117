//! What the introspector finds in Python sources, in one test binary.

#![cfg(test)]

mod agreement;
mod broken;
mod comments;
mod grpc;
mod mutations;
mod refs;
mod support;
mod types;
