//! What the introspector finds in sources, in one test binary; Python unless a module says otherwise.

#![cfg(test)]

mod agreement;
mod broken;
mod comments;
mod go;
mod grpc;
mod libraries;
mod methods;
mod mutations;
mod refs;
mod rust;
mod support;
mod types;
mod typescript;
