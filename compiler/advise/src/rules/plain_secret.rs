//! S001: an input whose name says that it is a secret, and that is shown like any other.
//!
//! It knows names, not values.

use conductor_source::{Diagnostic, Edit, Safety, Severity};
use conductor_syntax::Syntax;

use super::{Confidence, Family, Rule, rule};
use crate::facts::words;
use crate::subject::{Subject, is_true};

pub(crate) static RULE: Rule = rule("S001", Family::Security, Severity::Warning, Confidence::High, judge);

const WORDS: &[&str] = &["password", "passwd", "passphrase", "secret", "ssn", "cvv", "cvc", "iban", "pin"];
const PAIRS: &[(&str, &str)] = &[
    ("api", "key"),
    ("access", "token"),
    ("auth", "token"),
    ("refresh", "token"),
    ("bearer", "token"),
    ("private", "key"),
    ("card", "number"),
    ("credit", "card"),
    ("secret", "key"),
];

fn judge(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for workflow in &subject.manifest.workflows {
        for input in &workflow.inputs {
            if is_true(input.secret.as_ref()) || !is_secret(&input.name.value) {
                continue;
            }
            let text = format!(
                "the input `{}` of `{}` looks like a secret and is not marked as one",
                input.name.value, workflow.id.value
            );
            let finding = subject
                .found(&RULE, text, input.name.span, "shown in the journal, in `conductor show` and in logs")
                .note(
                    "its name says so; a secret input is kept encrypted in the journal and hidden in views",
                );
            let written = subject.text(input.ty.span).to_owned();
            let plain =
                subject.text(input.name.span.to(input.ty.span)).matches(['{', '\n', '#']).count() == 0;
            found.push(match subject.manifest.syntax {
                Syntax::Yaml
                    if plain
                        && input.default.is_none()
                        && !written.is_empty()
                        && !written.contains([',', '"', '\'']) =>
                {
                    let text = format!("{{type: \"{written}\", secret: true}}")
                        .replace(&format!("\"{written}\""), &quoted(&written));
                    finding.fix("mark it as secret", Safety::Safe, vec![Edit { span: input.ty.span, text }])
                }
                syntax => finding.help(format!("say `{}` of it", syntax.pair("secret", "true"))),
            });
        }
    }
    found
}

fn quoted(ty: &str) -> String {
    let harmless = ty.chars().all(|letter| letter.is_ascii_alphanumeric() || "_.<>".contains(letter));
    if harmless { ty.to_owned() } else { format!("\"{ty}\"") }
}

pub(super) fn is_secret(name: &str) -> bool {
    let words = words(name);
    // What says where a secret is kept is none.
    let last = words.last().map_or("", String::as_str);
    if matches!(last, "id" | "name" | "hash" | "hint" | "url" | "path" | "length" | "count" | "ref") {
        return false;
    }
    words.iter().any(|word| WORDS.contains(&word.as_str()))
        || words.windows(2).any(|pair| PAIRS.iter().any(|(one, other)| pair[0] == *one && pair[1] == *other))
}
