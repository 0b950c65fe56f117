//! The real binary, as users and programs call it: exit codes, output, and what is left on disk.

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod breaker;
mod build;
mod calls;
#[cfg(test)]
mod convert;
#[cfg(test)]
mod draft;
#[cfg(test)]
mod editor;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod fix;
#[cfg(test)]
mod fmt;
#[cfg(test)]
mod following;
#[cfg(test)]
mod formats;
#[cfg(test)]
mod graph;
#[cfg(test)]
mod grpc;
#[cfg(test)]
mod hcl;
#[cfg(test)]
mod init;
#[cfg(test)]
mod init_update;
#[cfg(test)]
mod interrupts;
mod lint;
#[cfg(test)]
mod mcp;
#[cfg(test)]
mod model;
#[cfg(test)]
mod pin;
#[cfg(test)]
mod places;
#[cfg(test)]
mod plan;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod runs;
#[cfg(test)]
mod sidecar;
#[cfg(test)]
mod simulate;
#[cfg(test)]
mod support;
#[cfg(test)]
mod terminal;
#[cfg(test)]
mod top;
#[cfg(test)]
mod usage;
