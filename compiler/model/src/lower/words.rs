//! Words of the language that may stand for a value, and the nearest one to a misspelt word.
//!
//! It knows spellings only.

use conductor_protocol::plan::{
    Effect, InDoubt, Jitter, Language, Missed, OnExhausted, OnFailure, OnTimeout, ResourceKind, Scope,
    Strategy,
};
use conductor_source::{Diagnostic, Edit, Safety};
use conductor_syntax::{Entry, Kind};

use super::{Context, UNKNOWN_WORD, value};
use crate::Spanned;
use crate::resource::Protocol;

pub(crate) const EFFECTS: &[(&str, Effect)] =
    &[("none", Effect::None), ("read", Effect::Read), ("write", Effect::Write)];
pub(crate) const IN_DOUBT: &[(&str, InDoubt)] =
    &[("retry", InDoubt::Retry), ("fail", InDoubt::Fail), ("pause", InDoubt::Pause)];
pub(crate) const STRATEGIES: &[(&str, Strategy)] = &[
    ("constant", Strategy::Constant),
    ("linear", Strategy::Linear),
    ("exponential_backoff", Strategy::ExponentialBackoff),
];
pub(crate) const JITTERS: &[(&str, Jitter)] =
    &[("none", Jitter::None), ("full", Jitter::Full), ("equal", Jitter::Equal)];
pub(crate) const ON_FAILURE: &[(&str, OnFailure)] =
    &[("cancel", OnFailure::Cancel), ("wait", OnFailure::Wait)];
pub(crate) const ON_EXHAUSTED: &[(&str, OnExhausted)] =
    &[("fail", OnExhausted::Fail), ("continue", OnExhausted::Continue)];
pub(crate) const ON_TIMEOUT: &[(&str, OnTimeout)] = &[("fail", OnTimeout::Fail), ("null", OnTimeout::Null)];
pub(crate) const SCOPES: &[(&str, Scope)] = &[("process", Scope::Process), ("host", Scope::Host)];
pub(crate) const MISSED: &[(&str, Missed)] =
    &[("skip", Missed::Skip), ("once", Missed::Once), ("all", Missed::All)];
pub(crate) const RESOURCE_KINDS: &[(&str, ResourceKind)] = &[
    ("semaphore", ResourceKind::Semaphore),
    ("postgres", ResourceKind::Postgres),
    ("redis", ResourceKind::Redis),
    ("http", ResourceKind::Http),
    ("grpc", ResourceKind::Grpc),
    ("container", ResourceKind::Container),
    ("custom", ResourceKind::Custom),
];
pub(crate) const PROTOCOLS: &[(&str, Protocol)] = &[("http", Protocol::Http), ("grpc", Protocol::Grpc)];
pub(crate) const LANGUAGES: &[(&str, Language)] =
    &[("python", Language::Python), ("typescript", Language::Typescript), ("go", Language::Go)];

/// The words of a table.
pub(crate) fn names<T>(table: &[(&'static str, T)]) -> Vec<&'static str> {
    table.iter().map(|(word, _)| *word).collect()
}

/// One of some words; anything else is reported with the nearest of them.
pub(super) fn choice<T: Copy>(
    context: &mut Context,
    entry: &Entry,
    words: &[(&str, T)],
) -> Option<Spanned<T>> {
    let all = || words.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    // `null` is one of the words of some keys; nobody should have to quote it.
    if let (Kind::Null, Some((_, found))) =
        (&entry.value.kind, words.iter().find(|(word, _)| *word == "null"))
        && entry.value.span.start < entry.value.span.end
    {
        return Some(Spanned::new(*found, entry.value.span));
    }
    let Kind::String(scalar) = &entry.value.kind else {
        value::wrong_kind(context, &entry.value, entry.key.span, &format!("one of {}", all()));
        return None;
    };
    if let Some((_, found)) = words.iter().find(|(word, _)| *word == scalar.text) {
        return Some(Spanned::new(*found, scalar.span));
    }
    let message = format!("`{}` is no value of `{}`", scalar.text, entry.key.text);
    let mut diagnostic =
        Diagnostic::error(UNKNOWN_WORD, message, scalar.span, "").note(format!("allowed: {}", all()));
    if let Some(near) = nearest(&scalar.text, words.iter().map(|(word, _)| *word)) {
        let edit = Edit { span: scalar.span, text: context.syntax.word(near) };
        diagnostic = diagnostic.fix(format!("did you mean `{near}`?"), Safety::Safe, vec![edit]);
    }
    context.report(diagnostic);
    None
}

/// The word that was probably meant: the nearest, where it is near for its length, or the only one that it abbreviates.
pub(super) fn nearest<'a>(found: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let words: Vec<&str> = words.collect();
    misspelt(found, words.iter().copied()).or_else(|| abbreviated(found, words.into_iter()))
}

/// The nearest word, where it is near for its length.
pub(super) fn misspelt<'a>(found: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = plain(found);
    let near = words.map(|word| (strsim::damerau_levenshtein(&plain, word), word)).min();
    let is_near = |distance: usize, word: &str| {
        distance * 3 <= plain.chars().count().max(word.len()) || (distance == 1 && swapped(&plain, word))
    };
    near.filter(|(distance, word)| is_near(*distance, word)).map(|(_, word)| word)
}

/// Whether two words have the same letters: `di` is a misspelt `id`, short as it is.
fn swapped(one: &str, other: &str) -> bool {
    let sorted = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    sorted(one) == sorted(other)
}

/// The only word that it abbreviates.
pub(super) fn abbreviated<'a>(found: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = plain(found);
    // `retry` abbreviates `retries`, too.
    let stem = plain.strip_suffix('y').filter(|stem| stem.len() >= 3).unwrap_or(&plain);
    let mut longer =
        words.filter(|word| plain.len() >= 3 && (word.starts_with(stem) || plain.starts_with(*word)));
    longer.next().filter(|_| longer.next().is_none())
}

fn plain(found: &str) -> String {
    found.to_lowercase().replace(['-', ' '], "_")
}
