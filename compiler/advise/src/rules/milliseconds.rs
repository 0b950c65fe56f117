//! N006: a long time in milliseconds
//!
//! It knows how a number reads.

use conductor_model::Spanned;
use conductor_source::{Diagnostic, Safety, Severity};

use super::{Confidence, Family, Rule, rule};
use crate::edit::Text;
use crate::subject::Subject;

pub(crate) static RULE: Rule = rule("N006", Family::Clarity, Severity::Advice, Confidence::Medium, judge);

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for fields in subject.policies() {
        let times = [
            ("initial", &fields.initial),
            ("max_delay", &fields.max_delay),
            ("timeout", &fields.timeout),
            ("deadline", &fields.deadline),
        ];
        for (key, time) in times {
            found.extend(time.as_ref().and_then(|time| finding(subject, key, time)));
        }
    }
    for workflow in &subject.manifest.workflows {
        found.extend(workflow.deadline.as_ref().and_then(|time| finding(subject, "deadline", time)));
    }
    found
}

fn finding(subject: &Subject<'_>, key: &str, time: &Spanned<u64>) -> Option<Diagnostic> {
    let written = subject.text(time.span);
    if written != time.value.to_string() || time.value < 10_000 || !time.value.is_multiple_of(1000) {
        return None;
    }
    let text = Text::of(subject);
    let start = text.key_of(time.span)?;
    if text.text.get(start..time.span.start()).is_none_or(|before| !before.starts_with(&format!("{key}_ms")))
    {
        return None;
    }
    let seconds = time.value / 1000;
    let short = match seconds {
        _ if seconds.is_multiple_of(3600) => format!("{}h", seconds / 3600),
        _ if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    };
    let pair = subject.manifest.syntax.pair(key, &short);
    let found =
        subject.found(&RULE, format!("{} milliseconds are {short}", time.value), time.span, "hard to read");
    Some(found.fix(format!("write `{pair}`"), Safety::Safe, vec![text.replace(start, time.span.end(), pair)]))
}
