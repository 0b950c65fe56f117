//! What runs have shown: how long calls took, how often they failed and what retries came to.
//!
//! It knows profiles as `conductor simulate` reads them, not where they come from.

use std::collections::BTreeMap;

use conductor_simulate::study::{Distribution, Profile};
use serde::Deserialize;

/// Between the 50th and the 95th, and the 50th and the 99th percentile of the standard normal distribution.
const P95: f64 = 1.644_853_626_951_472_2;
const P99: f64 = 2.326_347_874_040_841;

/// A profile, with what was counted besides.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    profile: Profile,
    counts: BTreeMap<String, Counts>,
    totals: Totals,
}

/// Of the calls of one task; only what was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Attempts whose duration is known.
    pub samples: u64,
    pub p99_ms: Option<f64>,
    /// Attempts that began.
    pub attempts: u64,
    /// Attempts that ended with the time-out.
    pub timeouts: u64,
    /// Steps with a second attempt.
    pub retried: u64,
    /// Those of them that succeeded in the end.
    pub recovered: u64,
    /// Steps that succeeded.
    pub succeeded: u64,
    /// Different results among them.
    pub distinct: Option<u64>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Totals {
    runs: u64,
    workflows: BTreeMap<String, Durations>,
    breakers: BTreeMap<String, Breaker>,
    pools: BTreeMap<String, Waits>,
}

/// Of the runs of one workflow that succeeded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Durations {
    pub samples: u64,
    pub p50_ms: f64,
    pub p95_ms: f64,
}

/// A circuit breaker over the time that was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Breaker {
    pub state: String,
    /// How often it has opened.
    pub opened: Option<u64>,
}

/// How long calls waited for a permit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Waits {
    pub samples: u64,
    pub p50_ms: f64,
    pub p95_ms: f64,
}

/// How long calls of a task take, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Times {
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    /// 0 where the profile does not say on how many calls it rests.
    pub samples: u64,
}

impl Measured {
    /// # Errors
    /// What of the profile's additions cannot be read.
    pub fn new(profile: Profile) -> Result<Measured, String> {
        let mut counts = BTreeMap::new();
        for (task, measured) in &profile.tasks {
            if let Some(json) = &measured.measured {
                let read =
                    Counts::deserialize(json).map_err(|error| format!("`measured` of `{task}`: {error}"))?;
                counts.insert(task.clone(), read);
            }
        }
        let totals = match &profile.measured {
            Some(json) => Totals::deserialize(json).map_err(|error| format!("`measured`: {error}"))?,
            None => Totals::default(),
        };
        Ok(Measured { profile, counts, totals })
    }

    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// How many runs it rests on; 0 where nobody says.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.totals.runs
    }

    /// Of the task; nothing where its duration is not measured.
    #[must_use]
    pub fn times(&self, task: &str) -> Option<Times> {
        let known = self.profile.tasks.get(task)?.duration?;
        let counts = self.counts(task);
        let (p50, p95, p99) = quantiles(known);
        Some(Times { p50, p95, p99: counts.p99_ms.unwrap_or(p99).max(p95), samples: counts.samples })
    }

    #[must_use]
    pub fn counts(&self, task: &str) -> Counts {
        self.counts.get(task).copied().unwrap_or_default()
    }

    /// The share of attempts that fail.
    #[must_use]
    pub fn failure_rate(&self, task: &str) -> Option<f64> {
        Some(self.profile.tasks.get(task)?.failure_rate)
    }

    #[must_use]
    pub fn workflow(&self, workflow: &str) -> Option<Durations> {
        self.totals.workflows.get(workflow).copied()
    }

    #[must_use]
    pub fn breaker(&self, id: &str) -> Option<&Breaker> {
        self.totals.breakers.get(id)
    }

    #[must_use]
    pub fn waits(&self, pool: &str) -> Option<Waits> {
        self.totals.pools.get(pool).copied()
    }
}

/// The 50th, 95th and 99th percentile.
fn quantiles(known: Distribution) -> (f64, f64, f64) {
    match known {
        Distribution::Constant { ms } => (ms, ms, ms),
        Distribution::Uniform { from, to } => {
            let at = |share: f64| from + (to - from) * share;
            (at(0.5), at(0.95), at(0.99))
        }
        Distribution::Exponential { mean } => {
            let at = |share: f64| -mean * (1.0 - share).ln();
            (at(0.5), at(0.95), at(0.99))
        }
        Distribution::Lognormal { p50, p95 } if p50 > 0.0 => {
            let spread = (p95.max(p50) / p50).ln() / P95;
            (p50, p95, p50 * (spread * P99).exp())
        }
        Distribution::Lognormal { p50, p95 } => (p50, p95, p95),
    }
}

/// `200 ms`, `1.5 s`, `3 min`, as people say it.
pub(crate) fn spoken(ms: f64) -> String {
    let short = |value: f64, unit: &str| {
        let text = if value >= 10.0 { format!("{value:.0}") } else { format!("{value:.1}") };
        format!("{} {unit}", text.trim_end_matches(".0"))
    };
    if ms < 1000.0 {
        short(ms, "ms")
    } else if ms < 120_000.0 {
        short(ms / 1000.0, "s")
    } else {
        short(ms / 60_000.0, "min")
    }
}

impl Times {
    /// What they rest on, in brackets: ` (1200 calls)`; nothing where nobody says.
    pub(crate) fn basis(&self) -> String {
        match self.samples {
            0 => String::new(),
            1 => ", 1 call".to_owned(),
            samples => format!(", {samples} calls"),
        }
    }

    /// `p50 200 ms, p95 250 ms, 1200 calls`.
    pub(crate) fn shown(&self) -> String {
        format!("p50 {}, p95 {}{}", spoken(self.p50), spoken(self.p95), self.basis())
    }
}
