//! Whether a phrase is an order, as `charge the card` is, or names what is done, as `charging the card` and `the payment` do.
//!
//! It knows forms of words and verbs of tasks, not what a sentence means.

use crate::items::Phrase;
use crate::words::is_russian;

use super::Context;

/// Endings of words that name what is done.
const NOUNS: [&str; 9] = ["ing", "ed", "ment", "tion", "sion", "ance", "al", "ery", "s"];
const ARTICLES: [&str; 8] = ["the", "a", "an", "its", "his", "their", "our", "your"];

/// Whether the phrase begins with the plain form of its task's verb.
pub(super) fn is_order(context: &Context<'_>, phrase: &Phrase) -> bool {
    let Some(first) = phrase.words.first() else { return false };
    if is_russian(&first.text) {
        return is_verb(&first.text) && phrase.words.len() > 1 && context.names.has_verb(first);
    }
    let is_named = is_named(context, phrase);
    let is_noun = NOUNS.iter().any(|end| first.text.ends_with(end)) && !first.text.ends_with("ss");
    !is_named && !is_noun && context.maybe(phrase).is_some_and(|task| context.names.is_led_by(&task, first))
}

/// Whether a Russian word looks like an infinitive or an imperative; `проверки` is neither.
pub(super) fn is_verb(word: &str) -> bool {
    let is_noun = ["ки", "ии", "чи", "печати"].iter().any(|end| word.ends_with(end));
    is_infinitive(word)
        || !is_noun && ["и", "й", "ь", "йте", "ите", "ьте"].iter().any(|end| word.ends_with(end))
}

pub(super) fn is_infinitive(word: &str) -> bool {
    ["ть", "ти", "чь"].iter().any(|end| word.ends_with(end)) && !["печати", "печать"].contains(&word)
}

/// Whether an article stands before the phrase.
pub(super) fn is_named(context: &Context<'_>, phrase: &Phrase) -> bool {
    let Some(first) = phrase.words.first() else { return false };
    let before =
        context.text[..first.at.start].trim_end().rsplit(|letter: char| !letter.is_alphanumeric()).next();
    before.is_some_and(|before| ARTICLES.contains(&before.to_lowercase().as_str()))
}
