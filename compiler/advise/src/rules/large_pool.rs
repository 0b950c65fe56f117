//! C003: more connections than a database serves well
//!
//! It knows numbers, not how many processes there are.

use conductor_protocol::plan::ResourceKind;
use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("C003", Family::Cost, Severity::Advice, Confidence::Medium, judge);

/// PostgreSQL takes so many connections by default, of all processes together.
const DEFAULT: u32 = 100;

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for resource in &subject.manifest.resources {
        let Some(pool) = &resource.pool else { continue };
        if resource.kind.value != ResourceKind::Postgres || pool.value.max < DEFAULT {
            continue;
        }
        found.push(
            subject
                .found(
                    &RULE,
                    format!("each process may open {} connections to `{}`", pool.value.max, resource.id.value),
                    pool.span,
                    "PostgreSQL takes 100 of all processes together, by default",
                )
                .help("a few for each core of the server are most; let calls wait for a permit instead, or put a pooler between"),
        );
    }
    found
}
