//! The pauses that a policy makes between attempts: how long they can be, and how long they must be.
//!
//! It knows strategies and jitter as `docs/manifest/policies.md` states them, and rolls no dice.

use conductor_protocol::plan::{Jitter, Policy, Strategy};

/// Retries whose pauses are added one by one; beyond, each counts as the longest.
const COUNTED: u64 = 100_000;

/// The longest that the pauses before the first `retries` retries can be together, in milliseconds.
#[must_use]
pub fn longest_pauses(policy: &Policy, retries: u64) -> u64 {
    let (first, longest) = (policy.initial_ms, policy.max_delay_ms);
    match policy.strategy {
        Strategy::Constant => first.min(longest).saturating_mul(retries),
        Strategy::Linear => {
            // As many as stay under the longest: 1 + 2 + ... + growing.
            let growing = longest.checked_div(first).unwrap_or(retries).min(retries);
            let triangle = u128::from(growing) * (u128::from(growing) + 1) / 2;
            let grown = u64::try_from(triangle.saturating_mul(u128::from(first))).unwrap_or(u64::MAX);
            grown.saturating_add(longest.saturating_mul(retries - growing))
        }
        Strategy::ExponentialBackoff => {
            let mut total: u64 = 0;
            for retry in 1..=retries.min(COUNTED) {
                let pause = nth(policy, retry);
                total = total.saturating_add(pause);
                if pause == longest {
                    return total.saturating_add(longest.saturating_mul(retries - retry));
                }
                if policy.multiplier <= 1.0 {
                    return total.saturating_add(pause.saturating_mul(retries - retry));
                }
            }
            total.saturating_add(longest.saturating_mul(retries.saturating_sub(COUNTED)))
        }
    }
}

/// The shortest that the pause before retry number `retry`, from 1, can be, in milliseconds.
#[must_use]
pub fn shortest_pause(policy: &Policy, retry: u64) -> u64 {
    let pause = nth(policy, retry);
    match policy.jitter {
        Jitter::None => pause,
        Jitter::Equal => pause / 2,
        Jitter::Full => 0,
    }
}

/// The pause before retry number `retry` without jitter, rounded up.
fn nth(policy: &Policy, retry: u64) -> u64 {
    let pause = match policy.strategy {
        Strategy::Constant => policy.initial_ms,
        Strategy::Linear => policy.initial_ms.saturating_mul(retry),
        Strategy::ExponentialBackoff => grown(policy.initial_ms, policy.multiplier, retry - 1),
    };
    pause.min(policy.max_delay_ms)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast to an integer saturates, and a pause is rounded up to a millisecond"
)]
fn grown(first: u64, multiplier: f64, times: u64) -> u64 {
    let times = i32::try_from(times).unwrap_or(i32::MAX);
    (first as f64 * multiplier.powi(times)).ceil() as u64
}
