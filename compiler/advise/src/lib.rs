//! Advice of an experienced engineer on a manifest that is right: risks, time that could be saved, clarity.
//!
//! It knows neither disk nor clock, and nothing that is an error: that is the checker's.

mod baseline;
mod edit;
mod facts;
mod ignore;
mod measured;
mod rules;
mod select;
mod subject;

pub use baseline::Baseline;
pub use measured::Measured;
pub use rules::{Confidence, Family, RULES, Rule};
pub use select::Selection;

use conductor_check::Verified;
use conductor_model::Manifest;
use conductor_source::{Code, Diagnostic, Severity, Sources};

use crate::subject::Subject;

/// What is judged, and how.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub manifest: &'a Manifest,
    pub verified: &'a Verified,
    /// The manifest and the code: what functions say of themselves is evidence.
    pub sources: &'a Sources,
    /// What runs have shown, where it is known.
    pub measured: Option<&'a Measured>,
    pub selection: &'a Selection,
}

/// Every piece of advice, by place.
#[must_use]
pub fn advise(request: Request<'_>) -> Vec<Diagnostic> {
    let subject = Subject::new(&request);
    let wanted: Vec<&Rule> =
        RULES.iter().copied().filter(|rule| request.selection.takes(rule.code.0)).collect();
    let workflows = subject.graph.workflows.len();
    let judged = conductor_parallel::map(workflows, &wanted, |rule| (rule.judge)(&subject));
    let mut found = ignore::apply(&subject, request.selection, judged.into_iter().flatten().collect());
    found.sort_by_cached_key(|finding| (finding.span(), finding.code, finding.message.clone()));
    found.dedup();
    found
}

/// The rule of a code.
#[must_use]
pub fn rule(code: Code) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.code == code)
}

/// As `--format json` and the pages name what a rule is worth.
#[must_use]
pub fn described(rule: &Rule) -> String {
    let severity = if rule.severity == Severity::Warning { "warning" } else { "advice" };
    format!(
        "Family: {}. Severity: {severity}. Confidence: {}.",
        rule.family.as_str(),
        rule.confidence.as_str()
    )
}
