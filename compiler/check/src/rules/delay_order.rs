//! The first pause between attempts may not be longer than the longest.
//!
//! It knows no strategy: with each of them the longest pause is a bound.

use conductor_protocol::plan::Policy;
use conductor_source::Diagnostic;

use super::policies;
use crate::{Context, codes};

pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    let default = Policy::default();
    policies(context)
        .into_iter()
        .filter_map(|policy| {
            let first = policy.initial.as_ref().map_or(default.initial_ms, |initial| initial.value);
            let longest = policy.max_delay.as_ref().map_or(default.max_delay_ms, |longest| longest.value);
            if first <= longest {
                return None;
            }
            let finding = |span, label: String| {
                let message = "the first pause is longer than the longest";
                Diagnostic::error(codes::DELAY_ORDER, message, span, label)
                    .help("make `initial` at most `max_delay`")
            };
            Some(match (&policy.max_delay, &policy.initial) {
                (Some(longest), Some(first)) => {
                    finding(longest.span, format!("the longest pause: {} ms", longest.value))
                        .label(first.span, format!("the first pause: {} ms", first.value))
                }
                (Some(longest), None) => finding(
                    longest.span,
                    format!("{} ms, but `initial` is {first} ms by default", longest.value),
                ),
                (None, Some(first)) => finding(
                    first.span,
                    format!("{} ms, but `max_delay` is {longest} ms by default", first.value),
                ),
                (None, None) => return None,
            })
        })
        .collect()
}
