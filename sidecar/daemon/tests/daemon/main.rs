//! The daemon over real sockets, with real processes as its clients' owners.

#![expect(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests fail by panicking")]

mod ahead;
mod begun;
mod besieged;
mod breakers;
mod browser;
mod bytes;
mod examples;
mod fleet;
mod hostile;
mod hosts;
mod http;
mod invocations;
mod manifests;
mod neighbours;
mod openapi;
mod ownership;
mod pages;
mod permits;
mod places;
mod plans;
mod policies;
mod remote;
mod retention;
mod roles;
mod run_signals;
mod runs;
mod schedules;
mod searching;
mod secrets;
mod signals;
mod store;
mod support;
mod tls;
mod unreadable;
