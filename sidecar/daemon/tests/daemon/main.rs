//! The daemon over real sockets, with real processes as its clients' owners.

mod bytes;
mod examples;
mod http;
mod ownership;
mod places;
mod runs;
mod signals;
mod support;
