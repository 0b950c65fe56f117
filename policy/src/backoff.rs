//! How long to wait before the next attempt.
//!
//! It does not know whether there will be one.

use std::time::Duration;

/// How the pause grows with each failure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Growth {
    Constant,
    /// By `initial` each time.
    Linear,
    /// By this factor each time.
    Exponential(f64),
}

/// How a pause is spread, so that many callers do not come back at the same moment.
///
/// The names and formulas are those of "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jitter {
    None,
    /// Anything from nothing to the whole pause.
    Full,
    /// Anything from half of the pause to the whole.
    Equal,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    pub growth: Growth,
    pub initial: Duration,
    pub max: Duration,
    pub jitter: Jitter,
}

impl Backoff {
    /// The pause after `failures` failed attempts (at least 1). `random` is in `0.0..1.0`.
    #[must_use]
    pub fn pause(&self, failures: u32, random: f64) -> Duration {
        let initial = self.initial.as_secs_f64();
        let steps = failures.saturating_sub(1);
        let whole = match self.growth {
            Growth::Constant => initial,
            Growth::Linear => initial * f64::from(failures.max(1)),
            Growth::Exponential(factor) => initial * factor.powf(f64::from(steps)),
        };
        let max = self.max.as_secs_f64();
        // Not a number where nothing is multiplied by infinity; the cap is right there too.
        let capped = if whole.is_nan() || whole > max { max } else { whole.max(0.0) };
        let spread = match self.jitter {
            Jitter::None => capped,
            Jitter::Full => capped * random,
            Jitter::Equal => capped / 2.0 + capped / 2.0 * random,
        };
        // Whole microseconds, as clocks and journals have them.
        let rounded = (spread * 1e6).round() / 1e6;
        Duration::try_from_secs_f64(rounded).unwrap_or(self.max).min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Backoff, Growth, Jitter};

    fn pauses(growth: Growth, jitter: Jitter, random: f64) -> Vec<u128> {
        let backoff =
            Backoff { growth, initial: Duration::from_millis(100), max: Duration::from_secs(1), jitter };
        [1, 2, 3, 5, 40, u32::MAX].map(|failures| backoff.pause(failures, random).as_millis()).to_vec()
    }

    #[test]
    fn each_growth_stops_at_the_longest_pause() {
        assert_eq!(pauses(Growth::Constant, Jitter::None, 0.5), [100, 100, 100, 100, 100, 100]);
        assert_eq!(pauses(Growth::Linear, Jitter::None, 0.5), [100, 200, 300, 500, 1000, 1000]);
        assert_eq!(pauses(Growth::Exponential(2.0), Jitter::None, 0.5), [100, 200, 400, 1000, 1000, 1000]);
    }

    #[test]
    fn jitter_spreads_what_is_left() {
        assert_eq!(pauses(Growth::Exponential(2.0), Jitter::Full, 0.0)[..3], [0, 0, 0]);
        assert_eq!(pauses(Growth::Exponential(2.0), Jitter::Full, 0.5)[..3], [50, 100, 200]);
        assert_eq!(pauses(Growth::Exponential(2.0), Jitter::Equal, 0.0)[..3], [50, 100, 200]);
        assert_eq!(pauses(Growth::Exponential(2.0), Jitter::Equal, 0.5)[..3], [75, 150, 300]);
    }

    #[test]
    fn nothing_grows_to_nothing() {
        let backoff = Backoff {
            growth: Growth::Exponential(f64::MAX),
            initial: Duration::ZERO,
            max: Duration::from_secs(3),
            jitter: Jitter::None,
        };
        assert_eq!(backoff.pause(1, 0.0), Duration::ZERO);
        assert_eq!(backoff.pause(9, 0.0), Duration::from_secs(3));
    }
}
