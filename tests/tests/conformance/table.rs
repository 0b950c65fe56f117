//! The table of verdicts: a row a case, a column a language.
//!
//! It does not know why something differs or is missing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use conductor_protocol::plan::Language;

use crate::case::Job;
use crate::execute::Verdict;

pub struct Table {
    names: Vec<String>,
    columns: Vec<(Language, Vec<Verdict>)>,
}

impl Table {
    pub fn new(jobs: &[Job]) -> Table {
        Table { names: jobs.iter().map(|job| job.name.clone()).collect(), columns: Vec::new() }
    }

    pub fn add(&mut self, language: Language, verdicts: Vec<Verdict>) {
        self.columns.push((language, verdicts));
    }

    pub fn shown(&self) -> String {
        let mut text = format!("{:<32}", "case");
        for (language, _) in &self.columns {
            let _ = write!(text, " {:<11}", language.as_str());
        }
        for (row, name) in self.names.iter().enumerate() {
            let _ = write!(text, "\n{name:<32}");
            for (_, verdicts) in &self.columns {
                let word = match verdicts.get(row) {
                    Some(Verdict::Equal) => "equal",
                    Some(Verdict::Differs(_)) => "DIFFERS",
                    Some(Verdict::Missing(_)) | None => "missing",
                };
                let _ = write!(text, " {word:<11}");
            }
        }
        for (language, verdicts) in &self.columns {
            let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
            for verdict in verdicts {
                if let Verdict::Missing(reason) = verdict {
                    *reasons.entry(reason).or_default() += 1;
                }
            }
            for (reason, cases) in reasons {
                let _ = write!(text, "\n{}: {cases} missing: {reason}", language.as_str());
            }
            let count = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Equal)).count();
            let _ = write!(text, "\n{}: {count} of {} equal", language.as_str(), self.names.len());
        }
        text
    }

    /// What differs or is missing.
    pub fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (language, verdicts) in &self.columns {
            for (name, verdict) in self.names.iter().zip(verdicts) {
                let cell = format!("{} {name}", language.as_str());
                match verdict {
                    Verdict::Differs(lines) => {
                        wrong.push(format!("{cell}:\n    {}", lines.join("\n    ")));
                    }
                    Verdict::Missing(reason) => wrong.push(format!("{cell}: missing: {reason}")),
                    Verdict::Equal => {}
                }
            }
        }
        wrong
    }
}
