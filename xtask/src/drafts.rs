//! `cargo xtask drafts`: how many instructions of the corpus are read rightly, offline and with each model.
//!
//! It does not know what is right: that stands in `assist/tests/corpus` and `cli/tests/drafts`.

use anyhow::{Context, Result, bail};

use crate::suite::cargo;

const USAGE: &str = "usage: cargo xtask drafts [--count N] [--model NAME --endpoint URL]...";

/// Prints the figures; false where those of the offline reading are below what is promised.
pub fn run(arguments: &[String]) -> Result<bool> {
    let mut command = cargo(&["test", "--workspace", "--test", "drafts", "--", "--nocapture"]);
    let mut models: Vec<String> = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let value = words.next().with_context(|| format!("`{word}` needs a value; {USAGE}"))?;
        match (word.as_str(), models.last_mut()) {
            ("--count", _) => {
                value.parse::<usize>().context("--count takes a whole number")?;
                command.env("DRAFTS_COUNT", value);
            }
            ("--model", _) => models.push(value.clone()),
            ("--endpoint", Some(model)) if !model.contains(' ') => {
                model.push(' ');
                model.push_str(value);
            }
            _ => bail!("{USAGE}"),
        }
    }
    if models.iter().any(|model| !model.contains(' ')) {
        bail!("each model has an endpoint; {USAGE}");
    }
    command.env("DRAFTS_MODELS", models.join("\n"));
    Ok(command.status().context("failed to start cargo")?.success())
}
