//! N003: two policies that say the same
//!
//! It knows fields, not whether they are meant to part one day.

use conductor_source::{Diagnostic, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("N003", Family::Clarity, Severity::Advice, Confidence::Medium, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let policies = &subject.manifest.policies;
    let shape = |policy: &conductor_model::PolicyDef| {
        let text = subject.text(policy.span);
        let mut lines: Vec<String> = text
            .lines()
            .map(|line| line.split(" #").next().unwrap_or_default().split_whitespace().collect::<String>())
            .filter(|line| {
                !line.is_empty()
                    && !line.starts_with(['#', '/', '}'])
                    && !line.starts_with("id:")
                    && !line.starts_with("policy")
            })
            .collect();
        lines.sort();
        lines
    };
    let mut seen = std::collections::BTreeMap::new();
    let mut found = Vec::new();
    for policy in policies {
        let lines = shape(policy);
        if lines.len() < 2 {
            continue;
        }
        match seen.get(&lines) {
            None => {
                seen.insert(lines, policy);
            }
            Some(first) => found.push(
                subject
                    .found(
                        &RULE,
                        format!("the policies `{}` and `{}` say the same", first.id.value, policy.id.value),
                        policy.id.span,
                        "a change of one is easily forgotten in the other",
                    )
                    .label(first.id.span, "the same numbers")
                    .help("keep one, named for what it means"),
            ),
        }
    }
    found
}
