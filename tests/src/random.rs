//! A small seeded generator, so that a failing run of a random test can be repeated.
//!
//! It is not for secrets.

use std::time::{SystemTime, UNIX_EPOCH};

/// `SplitMix64` (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    #[must_use]
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound
    }
}

/// The seed from the environment variable, else one of the clock; printed, so that a failure can be repeated.
#[must_use]
pub fn seed(variable: &str) -> u64 {
    seed_or(variable, || {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |elapsed| u64::from(elapsed.subsec_nanos()))
    })
}

/// The seed from the environment variable, else the same each time: what a change broke shows with that change, and new
/// ground is for the command that draws.
#[must_use]
pub fn fixed_seed(variable: &str) -> u64 {
    seed_or(variable, || 2026)
}

fn seed_or(variable: &str, otherwise: impl FnOnce() -> u64) -> u64 {
    let given = std::env::var(variable).ok().and_then(|text| text.parse().ok());
    let seed = given.unwrap_or_else(otherwise);
    println!("{variable}={seed}");
    seed
}
