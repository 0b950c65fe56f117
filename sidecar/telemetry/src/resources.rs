//! The metrics of resources: permits held and waited for, summed over the processes that report theirs.
//!
//! It knows no session: which processes are still there it is told.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use conductor_protocol::permit::ResourceUse;
use conductor_protocol::plan::Scope;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::Names;

/// A process that reports: its pid and start time.
pub type Process = (u32, u64);

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Labels {
    resource: String,
}

/// What one process last said of one pool.
#[derive(Debug, Clone, Copy)]
struct Share {
    scope: Scope,
    limit: Option<u32>,
    in_use: u32,
    waiting: u32,
}

/// Waits that are kept of one pool; the oldest go first.
const RECENT: usize = 10_000;

/// How long permits of one pool were waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// Permits that were asked for, those of which nobody had to wait included.
    pub samples: u64,
    /// Of the last 10,000 waits, by nearest rank.
    pub p50_ms: u64,
    pub p95_ms: u64,
}

pub(crate) struct Resources {
    names: Names,
    /// By pool: how many waits there were, and the last of them in milliseconds.
    recent: Mutex<BTreeMap<String, (u64, VecDeque<u64>)>>,
    shares: Mutex<BTreeMap<Process, BTreeMap<String, Share>>>,
    in_use: Family<Labels, Gauge>,
    limit: Family<Labels, Gauge>,
    waiting: Family<Labels, Gauge>,
    opened: Family<Labels, Counter>,
    open_failures: Family<Labels, Counter>,
    wait_seconds: Family<Labels, Histogram, fn() -> Histogram>,
}

impl Resources {
    pub(crate) fn new() -> Resources {
        Resources {
            names: Names::default(),
            recent: Mutex::default(),
            shares: Mutex::default(),
            in_use: Family::default(),
            limit: Family::default(),
            waiting: Family::default(),
            opened: Family::default(),
            open_failures: Family::default(),
            wait_seconds: Family::new_with_constructor(wait_buckets),
        }
    }

    pub(crate) fn register(&self, to: &mut Registry) {
        to.register("resource_in_use", "Permits of resources held now", self.in_use.clone());
        to.register("resource_limit", "Permits of resources that there are", self.limit.clone());
        to.register("resource_waiting", "Attempts that wait for a permit now", self.waiting.clone());
        to.register("resource_opened", "Clients of resources opened", self.opened.clone());
        to.register(
            "resource_open_failures",
            "Openings of clients of resources that failed",
            self.open_failures.clone(),
        );
        to.register(
            "resource_wait_duration_seconds",
            "From asking for a permit to holding it",
            self.wait_seconds.clone(),
        );
    }

    pub(crate) fn report(&self, process: Process, pools: &[ResourceUse]) {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        let own = shares.entry(process).or_default();
        for pool in pools {
            let resource = self.names.bounded(&pool.id);
            let ResourceUse { scope, limit, in_use, waiting, .. } = *pool;
            own.insert(resource.clone(), Share { scope, limit, in_use, waiting });
            self.remember(&resource, &pool.waited_ms);
            let labels = Labels { resource };
            self.opened.get_or_create(&labels).inc_by(u64::from(pool.opened));
            self.open_failures.get_or_create(&labels).inc_by(u64::from(pool.failed));
            let waits = self.wait_seconds.get_or_create(&labels);
            for (milliseconds, count) in &pool.waited_ms {
                #[expect(clippy::cast_precision_loss, reason = "no wait has 2^52 milliseconds")]
                let seconds = *milliseconds as f64 / 1000.0;
                for _ in 0..*count {
                    waits.observe(seconds);
                }
            }
        }
    }

    fn remember(&self, resource: &str, waited_ms: &[(u64, u32)]) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let (samples, last) = recent.entry(resource.to_owned()).or_default();
        for (milliseconds, count) in waited_ms {
            *samples += u64::from(*count);
            let kept = usize::try_from(*count).unwrap_or(RECENT).min(RECENT);
            last.extend(std::iter::repeat_n(*milliseconds, kept));
            last.drain(..last.len().saturating_sub(RECENT));
        }
    }

    pub(crate) fn waits(&self) -> BTreeMap<String, Waits> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let told = recent.iter().filter(|(_, (samples, _))| *samples > 0);
        let waits = |(pool, (samples, last)): (&String, &(u64, VecDeque<u64>))| {
            let mut sorted: Vec<u64> = last.iter().copied().collect();
            sorted.sort_unstable();
            let rank = |percent: usize| {
                sorted.get((sorted.len() * percent).div_ceil(100).saturating_sub(1)).copied().unwrap_or(0)
            };
            (pool.clone(), Waits { samples: *samples, p50_ms: rank(50), p95_ms: rank(95) })
        };
        told.map(waits).collect()
    }

    pub(crate) fn only_of(&self, processes: &BTreeSet<Process>) {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        shares.retain(|process, _| processes.contains(process));
    }

    /// Sets the gauges to the sums over the processes. What all of a host share is there once, however many know of it;
    /// where they were built with different limits the smallest holds.
    pub(crate) fn add_up(&self) {
        let mut sums: BTreeMap<String, Share> = BTreeMap::new();
        let shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        for (resource, share) in shares.values().flatten() {
            let Some(sum) = sums.get_mut(resource) else {
                sums.insert(resource.clone(), *share);
                continue;
            };
            sum.in_use = sum.in_use.saturating_add(share.in_use);
            sum.waiting = sum.waiting.saturating_add(share.waiting);
            sum.limit = match (sum.limit, share.limit, share.scope) {
                (Some(sum), Some(limit), Scope::Process) => Some(sum.saturating_add(limit)),
                (Some(sum), Some(limit), Scope::Host) => Some(sum.min(limit)),
                (sum, limit, _) => sum.or(limit),
            };
        }
        drop(shares);
        for family in [&self.in_use, &self.limit, &self.waiting] {
            family.clear();
        }
        for (resource, sum) in sums {
            let labels = Labels { resource };
            self.in_use.get_or_create(&labels).set(i64::from(sum.in_use));
            self.waiting.get_or_create(&labels).set(i64::from(sum.waiting));
            if let Some(limit) = sum.limit {
                self.limit.get_or_create(&labels).set(i64::from(limit));
            }
        }
    }
}

/// A permit that nobody had to wait for falls into the first.
fn wait_buckets() -> Histogram {
    Histogram::new([0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0])
}
