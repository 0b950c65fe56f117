//! F008: runs of a schedule that may overlap
//!
//! It knows how often it fires, not how long a run takes.

use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("F008", Family::Resilience, Severity::Advice, Confidence::Medium, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for workflow in &subject.manifest.workflows {
        let Some(schedule) = &workflow.schedule else { continue };
        let often = schedule.cron.value.starts_with('*');
        if workflow.concurrency.is_some() || workflow.deadline.is_some() || !often {
            continue;
        }
        found.push(
            subject
                .found(
                    &RULE,
                    format!("a run of `{}` may begin while the one before still goes on", workflow.id.value),
                    schedule.cron.span,
                    "fires several times an hour",
                )
                .help(format!(
                    "say `{}`, so that one waits for the other, or give it a `deadline`",
                    subject.manifest.syntax.pair("concurrency", "1").replace('"', "")
                )),
        );
    }
    found
}
