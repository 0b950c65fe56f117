//! Stories of users, end to end, with real processes.
//!
//! Each starts its own sidecar in its own folder, so that all may run at once.

mod advice;
mod ahead;
mod alone;
mod applications;
mod breakers;
mod build;
mod coast;
mod commits;
mod crossing;
mod dependency;
mod drawings;
mod failures;
mod go_services;
mod http_services;
mod interrupts;
mod languages;
mod owners;
mod parents;
mod permits;
mod policies;
mod remote;
mod reopen;
mod resources;
mod restart;
mod resume;
mod schedules;
mod seed;
mod served;
mod services;
mod shared_permits;
mod shared_starts;
mod shop_grpc;
mod shop_web;
mod speech;
mod starting;
mod taken_files;
