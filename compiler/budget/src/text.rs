//! Times as a manifest writes them.
//!
//! It knows no calendar: an hour is the largest unit.

use std::fmt;

use crate::worst::{Cause, Why};

/// `1h 30m`, `2m`, `1.5s` as `1s 500ms`; 0 is `0s`.
#[must_use]
pub fn duration(milliseconds: u64) -> String {
    if milliseconds == u64::MAX {
        return "longer than can be counted".to_owned();
    }
    let parts = [
        (milliseconds / 3_600_000, "h"),
        (milliseconds / 60_000 % 60, "m"),
        (milliseconds / 1000 % 60, "s"),
        (milliseconds % 1000, "ms"),
    ];
    let written: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if written.is_empty() { "0s".to_owned() } else { written.join(" ") }
}

/// Why there is no bound, as the end of a sentence.
impl fmt::Display for Cause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cause { step, .. } = self;
        match self.why {
            Why::NoTimeout => write!(f, "`{step}` has no timeout"),
            Why::RetriesForever => write!(f, "`{step}` is retried forever without a deadline"),
            Why::WaitsForever => write!(f, "`{step}` waits for a signal without a timeout"),
            Why::ComputedSleep => write!(f, "`{step}` sleeps as long as an expression says"),
            Why::Items { each_ms, width: Some(width) } => {
                write!(f, "`{step}` takes up to {} an item, {width} at a time", duration(each_ms))
            }
            Why::Items { each_ms, width: None } => {
                write!(f, "`{step}` takes up to {} an item", duration(each_ms))
            }
            Why::CallsItself => write!(f, "`{step}` leads back to its own workflow"),
        }
    }
}
