//! S002: a secret that stands in the manifest
//!
//! It knows names and the forms of URLs, not whether a value is still valid.

use conductor_source::{Diagnostic, Severity, Span};
use conductor_syntax::{Kind, Node};

use super::plain_secret::is_secret;
use super::{Confidence, Family, Rule, rule};
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("S002", Family::Security, Severity::Warning, Confidence::High, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for task in &subject.manifest.tasks {
        let pairs = task.with.iter().map(|(name, value)| (name.value.as_str(), value));
        pairs.for_each(|(name, value)| check(subject, name, value, &mut found));
    }
    for workflow in &subject.manifest.workflows {
        let mut pending: Vec<_> = workflow.steps.iter().collect();
        while let Some(step) = pending.pop() {
            step.with.iter().for_each(|(name, value)| check(subject, &name.value, value, &mut found));
            pending.extend(step.children());
        }
    }
    for resource in &subject.manifest.resources {
        if let Some(address) = &resource.address
            && let Some(text) = literal(address)
            && has_password(text)
        {
            found.push(finding(subject, &format!("the password of `{}`", resource.id.value), address.span));
        }
        for (name, value) in &resource.headers {
            let sent = matches!(
                name.value.to_lowercase().replace('_', "-").as_str(),
                "authorization" | "x-api-key" | "cookie"
            );
            if sent && literal(value).is_some() {
                found.push(finding(
                    subject,
                    &format!("the header `{}` of `{}`", name.value, resource.id.value),
                    value.span,
                ));
            }
        }
    }
    found
}

fn check(subject: &Subject<'_>, name: &str, value: &Node, found: &mut Vec<Diagnostic>) {
    match &value.kind {
        Kind::Map(entries) => {
            entries.iter().for_each(|entry| check(subject, &entry.key.text, &entry.value, found));
        }
        _ if literal(value).is_some_and(|text| text.len() >= 4) && is_secret(name) => {
            found.push(finding(subject, &format!("`{name}`"), value.span));
        }
        _ => {}
    }
}

/// A text that is written out.
fn literal(node: &Node) -> Option<&str> {
    match &node.kind {
        Kind::String(scalar) if !scalar.text.contains("${") && !scalar.text.is_empty() => Some(&scalar.text),
        _ => None,
    }
}

/// `postgres://user:password@host`.
fn has_password(address: &str) -> bool {
    let Some((_, rest)) = address.split_once("://") else { return false };
    let host = rest.split('/').next().unwrap_or_default();
    host.rsplit_once('@')
        .and_then(|(user, _)| user.split_once(':'))
        .is_some_and(|(_, password)| !password.is_empty())
}

fn finding(subject: &Subject<'_>, what: &str, span: Span) -> Diagnostic {
    subject
        .found(&RULE, format!("{what} stands in the manifest"), span, "whoever reads the repository has it")
        .help("take it from the environment where the process starts, `${env.NAME}` in a resource; change it, as it is in the history")
}
