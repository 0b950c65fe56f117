//! What is known already: findings that an old code base has and that are not told again.
//!
//! It knows findings by what they say of a line, not by the line's number.

use std::collections::BTreeMap;

use conductor_source::{Diagnostic, Sources};
use serde::{Deserialize, Serialize};

/// Form 1 of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    version: u32,
    findings: Vec<Known>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    #[serde(flatten)]
    finding: Print,
    /// How many there are.
    count: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Print {
    code: String,
    file: String,
    message: String,
    /// The line that is pointed at, without its indentation.
    line: String,
}

const VERSION: u32 = 1;

impl Print {
    fn of(finding: &Diagnostic, sources: &Sources) -> Print {
        let span = finding.span();
        let text = sources.text(span.file);
        let start = text.get(..span.start()).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let line = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        Print {
            code: finding.code.0.to_owned(),
            file: sources.path(span.file).to_owned(),
            message: without_numbers(&finding.message),
            line: line.trim().to_owned(),
        }
    }
}

/// Measured figures differ from day to day.
fn without_numbers(message: &str) -> String {
    let mut text = String::new();
    for letter in message.chars() {
        match letter {
            '0'..='9' if text.ends_with('#') => {}
            '0'..='9' => text.push('#'),
            other => text.push(other),
        }
    }
    text
}

impl Baseline {
    /// Of these findings.
    #[must_use]
    pub fn of(findings: &[Diagnostic], sources: &Sources) -> Baseline {
        let mut counts: BTreeMap<Print, u32> = BTreeMap::new();
        for finding in findings {
            *counts.entry(Print::of(finding, sources)).or_default() += 1;
        }
        let findings = counts.into_iter().map(|(finding, count)| Known { finding, count }).collect();
        Baseline { version: VERSION, findings }
    }

    /// # Errors
    /// What is wrong with the text.
    pub fn read(text: &str) -> Result<Baseline, String> {
        let read: Baseline = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if read.version == VERSION { Ok(read) } else { Err(format!("it has version {}", read.version)) }
    }

    /// Takes the findings out that are known, each as often as it was counted.
    pub fn pass(&self, findings: Vec<Diagnostic>, sources: &Sources) -> Vec<Diagnostic> {
        let known = self.findings.iter().map(|known| (known.finding.clone(), known.count));
        let mut left: BTreeMap<Print, u32> = known.collect();
        let mut is_new = |finding: &Diagnostic| match left.get_mut(&Print::of(finding, sources)) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        };
        findings.into_iter().filter(|finding| is_new(finding)).collect()
    }
}
