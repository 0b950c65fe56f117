//! F002: retries that all come at the same moment
//!
//! It knows numbers, not how many callers there are.

use conductor_model::Retries;
use conductor_protocol::plan::Jitter;
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("F002", Family::Resilience, Severity::Advice, Confidence::High, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policies = subject.policies().into_iter();
    let found = policies.filter_map(|fields| {
        let jitter = fields.jitter.as_ref().filter(|jitter| jitter.value == Jitter::None)?;
        let many = match &fields.retries.as_ref()?.value {
            Retries::Times(times) => *times >= 3,
            Retries::Forever => true,
        };
        many.then(|| {
            subject
                .found(
                    &RULE,
                    "after an outage everybody tries again at the same moments",
                    jitter.span,
                    "every caller waits equally long",
                )
                .help("leave `jitter` out: by default each wait is drawn at random, up to the full delay")
        })
    });
    found.collect()
}
