//! P009: calls that wait for a pool
//!
//! It knows measured waits.

use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::measured::spoken;
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("P009", Family::Performance, Severity::Advice, Confidence::Medium, judge);

/// Below this a wait is noise, in milliseconds.
const WORTH: f64 = 20.0;

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for resource in &subject.graph.resources {
        let waits = subject.measured.and_then(|measured| measured.waits(&resource.id.value));
        let Some(waits) = waits.filter(|waits| waits.p95_ms >= WORTH) else { continue };
        let Some(permits) = resource.plan.permits() else { continue };
        found.push(
            subject
                .found(
                    &RULE,
                    format!(
                        "calls wait {} for one of the {permits} permits of `{}` (p95)",
                        spoken(waits.p95_ms),
                        resource.id.value
                    ),
                    resource.id.span,
                    "the calls are more than it lets through",
                )
                .note(format!(
                    "measured: p50 {}, p95 {}, {} waits",
                    spoken(waits.p50_ms),
                    spoken(waits.p95_ms),
                    waits.samples
                ))
                .help("raise its limit if the peer can bear it, shorten what holds it, or call it less"),
        );
    }
    found
}
