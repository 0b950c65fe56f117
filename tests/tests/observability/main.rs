//! What a sidecar tells of its runs, asked of the programs that it is told to: a Prometheus and an OpenTelemetry Collector.
//!
//! Each test has servers of its own, so that all may run at once.

mod export;
mod fleet;
mod metrics;
mod shop;
mod traces;
mod unwilling;
