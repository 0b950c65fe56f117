//! The opening of a review in the words of a language model, held to the findings and figures of the review.
//!
//! Each claim names what it rests on, and no number or name may be in it that is not there.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use conductor_source::{Diagnostic, Severity};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::markdown;
use crate::exit::Failure;
use crate::model::{Model, Question};

const GUIDE: &str = include_str!("guide.md");
/// The name of the table of times among what claims rest on.
const TIMES: &str = "times";
const MOST_CLAIMS: usize = 6;
/// Of a claim, in characters.
const LONGEST: usize = 500;
const NUMBERS: [&str; 16] = [
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "dozen", "hundred", "thousand",
    "twice", "half", "double", "triple",
];

/// What there is to say: all that the model is told.
#[derive(Serialize)]
pub(super) struct Facts<'a> {
    findings: Vec<Fact<'a>>,
    times: &'a str,
}

#[derive(Serialize)]
struct Fact<'a> {
    code: &'a str,
    severity: &'static str,
    message: &'a str,
    help: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    claims: Vec<Claim>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claim {
    text: String,
    rests_on: Vec<String>,
}

impl<'a> Facts<'a> {
    pub fn of(found: &[&'a Diagnostic], times: &'a str) -> Facts<'a> {
        let fact = |finding: &&'a Diagnostic| Fact {
            code: finding.code.0,
            severity: match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Advice => "advice",
            },
            message: &finding.message,
            help: finding.help.as_deref(),
        };
        Facts { findings: found.iter().map(fact).collect(), times }
    }

    fn is_empty(&self) -> bool {
        self.findings.is_empty() && self.times.is_empty()
    }

    /// What claims may rest on.
    fn names(&self) -> BTreeSet<&str> {
        let times = (!self.times.is_empty()).then_some(TIMES);
        self.findings.iter().map(|fact| fact.code).chain(times).collect()
    }

    /// All that is said under a name.
    fn text(&self, name: &str) -> String {
        if name == TIMES {
            return self.times.to_owned();
        }
        let facts = self.findings.iter().filter(|fact| fact.code == name);
        facts.map(|fact| format!("{name} {} {}\n", fact.message, fact.help.unwrap_or_default())).collect()
    }

    fn question(&self) -> Question {
        let claim = json!({
            "type": "object",
            "properties": {
                "text": {"type": "string", "maxLength": LONGEST},
                "rests_on": {"type": "array", "minItems": 1, "items": {"enum": self.names()}},
            },
            "required": ["text", "rests_on"],
            "additionalProperties": false,
        });
        let schema = json!({
            "type": "object",
            "properties": {"claims": {"type": "array", "minItems": 1, "maxItems": MOST_CLAIMS, "items": claim}},
            "required": ["claims"],
            "additionalProperties": false,
        });
        Question {
            system: GUIDE.to_owned(),
            turns: vec![serde_json::to_string(self).unwrap_or_default()],
            schema,
        }
    }

    /// The claims as Markdown, or what is wrong with them.
    fn claims(&self, answer: &str) -> Result<String, String> {
        let answer: Answer = serde_json::from_str(answer)
            .map_err(|error| format!("the answer is not of the schema: {error}"))?;
        if answer.claims.is_empty() || answer.claims.len() > MOST_CLAIMS {
            return Err(format!(
                "there are {} claims: from 1 to {MOST_CLAIMS} are wanted",
                answer.claims.len()
            ));
        }
        let mut text = String::new();
        for claim in &answer.claims {
            self.judge(claim)?;
            let links: Vec<String> =
                claim.rests_on.iter().map(|name| format!("[{name}](#{})", name.to_lowercase())).collect();
            let _infallible = writeln!(text, "- {} ({})", markdown(claim.text.trim()), links.join(", "));
        }
        Ok(text)
    }

    fn judge(&self, claim: &Claim) -> Result<(), String> {
        let wrong = |what: String| {
            Err(format!("the claim {:?} {what}", claim.text.chars().take(60).collect::<String>()))
        };
        let names = self.names();
        if claim.text.trim().is_empty() || claim.text.chars().count() > LONGEST {
            return wrong(format!("is empty, or longer than {LONGEST} characters"));
        }
        if claim.rests_on.is_empty() {
            return wrong("rests on nothing".to_owned());
        }
        if let Some(name) = claim.rests_on.iter().find(|name| !names.contains(name.as_str())) {
            return wrong(format!("rests on `{name}`, which is not there"));
        }
        let basis: String = claim.rests_on.iter().map(|name| self.text(name)).collect();
        let known: BTreeSet<&str> = numbers(&basis).collect();
        if let Some(number) = numbers(&claim.text).find(|number| !known.contains(number)) {
            return wrong(format!("has the number {number}, which is not in what it rests on"));
        }
        match claim.text.split('`').skip(1).step_by(2).find(|name| !basis.contains(*name)) {
            Some(name) => wrong(format!("names `{name}`, which is not in what it rests on")),
            None => Ok(()),
        }
    }
}

/// Numbers as they are written: in digits with their decimals, and in words.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    let runs = text.split(|letter: char| !letter.is_ascii_digit() && letter != '.');
    let words =
        text.split(|letter: char| !letter.is_ascii_alphabetic()).filter(|word| NUMBERS.contains(word));
    runs.map(|run| run.trim_matches('.')).filter(|run| !run.is_empty()).chain(words)
}

/// Shows what would be sent; false where nothing would be.
pub(super) fn show(model: &Model, facts: &Facts<'_>) -> bool {
    if !facts.is_empty() {
        model.show(&facts.question());
    }
    !facts.is_empty()
}

/// The opening, empty where there is nothing to say.
///
/// # Errors
/// The model cannot be asked, or says again and again what it may not.
pub(super) fn written(model: &Model, facts: &Facts<'_>) -> Result<String, Failure> {
    if facts.is_empty() {
        return Ok(String::new());
    }
    let mut question = facts.question();
    let mut last = String::new();
    for _ in 0..=model.repairs {
        let answer = model.ask(&question)?;
        match facts.claims(&answer) {
            Ok(claims) => {
                let name = markdown(&model.name);
                return Ok(format!(
                    "\n## In short\n\n{claims}\nWritten by the model {name} from what stands below: each claim links to it.\n"
                ));
            }
            Err(why) => {
                question.turns.push(answer);
                question.turns.push(format!("That cannot be printed. Answer again, with this mended: {why}"));
                last = why;
            }
        }
    }
    Err(Failure::environment(format!("what the model says is left out: {last}")))
}
