//! D003: a cached answer that goes stale quickly
//!
//! It knows names, not how often a value changes.

use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("D003", Family::Data, Severity::Advice, Confidence::Medium, judge);

/// Up to here a stale answer is mostly accepted, in milliseconds.
const SHORT: u64 = 30_000;

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (task, facts) in subject.graph.tasks.iter().zip(&subject.facts) {
        let cache = subject.task(&task.id.value).and_then(|written| written.cache.as_ref());
        let (Some(cache), Some(evidence)) = (cache, &facts.volatile) else { continue };
        if cache.ttl.value <= SHORT {
            continue;
        }
        found.push(
            subject
                .found(
                    &RULE,
                    format!(
                        "a change of what `{}` tells is not seen for {} s",
                        task.id.value,
                        cache.ttl.value / 1000
                    ),
                    cache.ttl.span,
                    "as old may the answer be",
                )
                .note(format!("it tells what changes quickly: {evidence}"))
                .help("shorten the `ttl`, or take the answer anew where something is decided by it"),
        );
    }
    found
}
