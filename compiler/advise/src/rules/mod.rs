//! One file a rule: its code, what it is worth, and one function that looks at the whole.
//!
//! No rule knows another: a finding never depends on whether a second one is made.

mod critical_beside_notice;
mod independent_neighbours;
mod plain_secret;
mod read_as_write;
mod remote_without_timeout;

use conductor_source::{Code, Diagnostic, Severity};

use crate::subject::Subject;

/// What a piece of advice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    Risk,
    Performance,
    Resilience,
    Data,
    Security,
    Observability,
    Cost,
    Clarity,
}

/// How likely it is that an expert would agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    Low,
    Medium,
    High,
}

pub struct Rule {
    /// `R001`: its page is `docs/rules/R001.md`.
    pub code: Code,
    pub family: Family,
    pub severity: Severity,
    pub confidence: Confidence,
    pub(crate) judge: fn(&Subject<'_>) -> Vec<Diagnostic>,
}

/// A comment that leaves nothing out; what there is to leave out is known only after all others.
pub(crate) static UNUSED_IGNORE: Rule = Rule {
    code: Code("N001"),
    family: Family::Clarity,
    severity: Severity::Advice,
    confidence: Confidence::High,
    judge: |_| Vec::new(),
};

/// Every rule, by code.
pub static RULES: &[&Rule] = &[
    &remote_without_timeout::RULE,
    &UNUSED_IGNORE,
    &independent_neighbours::RULE,
    &read_as_write::RULE,
    &critical_beside_notice::RULE,
    &plain_secret::RULE,
];

impl Family {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Family::Risk => "risk",
            Family::Performance => "performance",
            Family::Resilience => "resilience",
            Family::Data => "data",
            Family::Security => "security",
            Family::Observability => "observability",
            Family::Cost => "cost",
            Family::Clarity => "clarity",
        }
    }
}

impl Confidence {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}
