//! P008: a read that is mostly told what it was told before
//!
//! It knows measured results, not for how long they hold.

use conductor_protocol::plan::Effect;
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("P008", Family::Performance, Severity::Advice, Confidence::Low, judge);

const ENOUGH: u64 = 50;

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut seen = std::collections::BTreeSet::new();
    let mut found = Vec::new();
    for call in subject.calls() {
        let Some(measured) = subject.measured else { continue };
        let id = &call.task.id.value;
        let counts = measured.counts(id);
        let (Some(distinct), Some(times)) = (counts.distinct, measured.times(id)) else { continue };
        let repeats = counts.succeeded >= ENOUGH && distinct * 5 <= counts.succeeded && times.p50 >= 5.0;
        let may =
            call.task.effect != Effect::Write && call.call.cache.is_none() && call.facts.volatile.is_none();
        if !repeats || !may || !seen.insert(call.call.task) {
            continue;
        }
        found.push(
            subject
                .found(
                    &RULE,
                    format!("{} calls of `{id}` had {distinct} different results; a cache would answer most of them", counts.succeeded),
                    call.task.id.span,
                    "a read without `cache`",
                )
                .note(format!("measured: a call takes {}", times.shown()))
                .help("give the task a `cache` with the `ttl` for which its result may be old"),
        );
    }
    found
}
