//! The metrics of circuit breakers: the state of each, and how often it changed.
//!
//! It knows no process: states are those of the host.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::Names;

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Labels {
    breaker: String,
    state: &'static str,
}

#[derive(Default)]
pub(crate) struct Breakers {
    names: Names,
    state: Family<Labels, Gauge>,
    changes: Family<Labels, Counter>,
    alone: Gauge,
}

impl Breakers {
    pub(crate) fn register(&self, to: &mut Registry) {
        to.register("breaker_state", "Circuit breakers of the host in each state", self.state.clone());
        to.register("breaker_changes", "Changes of circuit breakers to a state", self.changes.clone());
        let alone =
            "1 while the other hosts of the store cannot be reached, so that breakers are this host's";
        to.register("breakers_alone", alone, self.alone.clone());
    }

    /// Each breaker that is known, with its state now.
    pub(crate) fn are<'a>(&self, all: impl Iterator<Item = (&'a str, &'static str)>) {
        self.state.clear();
        for (id, state) in all {
            self.state.get_or_create(&Labels { breaker: self.names.bounded(id), state }).inc();
        }
    }

    /// Whether breakers are this host's although there are others.
    pub(crate) fn alone(&self, is_alone: bool) {
        self.alone.set(i64::from(is_alone));
    }

    pub(crate) fn changed(&self, id: &str, state: &'static str) {
        self.changes.get_or_create(&Labels { breaker: self.names.bounded(id), state }).inc();
    }
}
