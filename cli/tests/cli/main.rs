//! The real binary, as users and programs call it: exit codes, output, and what is left on disk.

mod bad_input;
mod build;
mod fix;
mod interrupts;
mod places;
mod sidecar;
mod support;
mod usage;
