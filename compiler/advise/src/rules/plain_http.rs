//! S003: a service that is called without encryption
//!
//! It knows the address, not the network it goes through.

use conductor_source::{Diagnostic, Severity};
use conductor_syntax::Kind;

use super::{Confidence, Family, Rule, rule};
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("S003", Family::Security, Severity::Warning, Confidence::Medium, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for resource in &subject.manifest.resources {
        let Some(address) = &resource.address else { continue };
        let Kind::String(scalar) = &address.kind else { continue };
        let Some(rest) = scalar.text.strip_prefix("http://") else { continue };
        let host = rest.split(['/', ':', '?']).next().unwrap_or_default();
        // A name without a dot, and these endings, are of one's own network.
        let own = !host.contains('.')
            || host.contains("${")
            || [".local", ".internal", ".svc", ".localhost", ".test"].iter().any(|end| host.ends_with(end))
            || host.split('.').all(|part| part.bytes().all(|digit| digit.is_ascii_digit()));
        if own {
            continue;
        }
        found.push(
            subject
                .found(
                    &RULE,
                    format!("`{}` is called without encryption", resource.id.value),
                    address.span,
                    "whoever is on the way reads and changes what is sent",
                )
                .help("use `https://`"),
        );
    }
    found
}
