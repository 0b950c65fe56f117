//! P007: a read with a long tail that a second call would cut
//!
//! It knows measured times.

use conductor_protocol::plan::Effect;
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::measured::spoken;
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("P007", Family::Performance, Severity::Advice, Confidence::Medium, judge);

/// Fewer calls say nothing of the slowest in twenty.
const ENOUGH: u64 = 100;

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut seen = std::collections::BTreeSet::new();
    let mut found = Vec::new();
    for call in subject.calls() {
        let times = subject.measured.and_then(|measured| measured.times(&call.task.id.value));
        let Some(times) = times.filter(|times| times.samples >= ENOUGH) else { continue };
        let has_tail = times.p95 >= 3.0 * times.p50 && times.p95 - times.p50 >= 20.0;
        let may = call.task.effect != Effect::Write
            && call.call.policy.hedge.is_none()
            && call.facts.billed.is_none();
        if !has_tail || !may || !seen.insert(call.call.task) {
            continue;
        }
        // With a second call after the 95th percentile, one call in twenty is made twice.
        let after = times.p95;
        let hedged = (after + times.p50).min(times.p99);
        found.push(
            subject
                .found(
                    &RULE,
                    format!(
                        "one call of `{}` in a hundred takes {} or more; a second call beside it would bring that to about {}",
                        call.task.id.value,
                        spoken(times.p99),
                        spoken(hedged)
                    ),
                    call.task.id.span,
                    "a read with a long tail",
                )
                .note(format!("measured: {}, p99 {}", times.shown(), spoken(times.p99)))
                .help(format!("give its policy `hedge: {{after: {after:.0}ms}}`; about one call in twenty is then made twice")),
        );
    }
    found
}
