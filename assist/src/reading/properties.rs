//! What is there or is not, and what is true or false of a thing, or is said by its opposite.
//!
//! It knows fields by their types, not what hangs on a condition.

use crate::items::{Item, PhraseWord};
use crate::words::{Mark, WORDS};

use super::conditions::Condition;
use super::operands::operand;
use super::{Context, Read};

/// Words for what something is not, where its name says the opposite.
const ANTONYMS: [(&str, &str); 24] = [
    ("offline", "online"),
    ("dirty", "clean"),
    ("closed", "open"),
    ("shut", "open"),
    ("disabled", "enabled"),
    ("sick", "healthy"),
    ("ill", "healthy"),
    ("wrong", "correct"),
    ("false", "true"),
    ("absent", "present"),
    ("busy", "free"),
    ("occupied", "free"),
    ("taken", "free"),
    ("dead", "alive"),
    ("broken", "intact"),
    ("dangerous", "safe"),
    ("illegal", "legal"),
    ("missing", "present"),
    ("грязный", "clean"),
    ("грязная", "clean"),
    ("грязно", "clean"),
    ("занят", "free"),
    ("занята", "free"),
    ("занято", "free"),
];

pub(super) fn presence(context: &Context<'_>, words: &[PhraseWord], op: &Item) -> Read<Condition> {
    let said = words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
    // `the video has audio`, where `has_audio` says whether it does
    if let Some(at) = words.first().map(|word| word.at.clone())
        && let Some(has) = with_has(context, words, at)
    {
        return Ok(Condition::Holds(if op.is(Mark::Missing) { format!("!{has}") } else { has }));
    }
    let Some(operand) = operand(context, words)? else {
        return context.ask(format!("what is \"{said}\"? Neither an input nor a result has that name"));
    };
    let is_missing = op.is(Mark::Missing);
    let expression = operand.expression;
    Ok(Condition::Holds(match operand.kind.as_str() {
        // `there are no pages`
        "int" | "decimal" => format!("{expression} {} 0", if is_missing { "==" } else { ">" }),
        "bool" if is_missing => format!("!{expression}"),
        "bool" => expression,
        kind if kind.starts_with("list") => {
            return context.ask(format!("how many of `{expression}` are meant by \"{said}\"?"));
        }
        _ => format!("{expression} {} null", if is_missing { "==" } else { "!=" }),
    }))
}

/// The field that is called by `has` and what there is.
fn with_has(context: &Context<'_>, words: &[PhraseWord], at: std::ops::Range<usize>) -> Option<String> {
    let mut all = words.to_vec();
    all.insert(0, PhraseWord::new("has".to_owned(), WORDS.stems.of("has"), at));
    let operand = operand(context, &all).ok()??;
    let is_it = operand.kind.starts_with("bool") && operand.own.contains(&WORDS.stems.of("has"));
    is_it.then_some(operand.expression)
}

/// `the user is active`: a field that is true or false.
pub(super) fn truth(
    context: &Context<'_>,
    owner: &[PhraseWord],
    field: &[PhraseWord],
    wanted: bool,
) -> Read<Condition> {
    let words: Vec<PhraseWord> =
        if owner == field { owner.to_vec() } else { owner.iter().chain(field).cloned().collect() };
    let positive = positive(&words).filter(|_| !matches!(operand(context, &words), Ok(Some(_))));
    let (words, wanted) = positive.map_or((words, wanted), |words| (words, !wanted));
    match operand(context, &words)? {
        Some(operand) if operand.kind.starts_with("bool") => {
            Ok(Condition::Holds(if wanted { operand.expression } else { format!("!{}", operand.expression) }))
        }
        _ => context.ask("no field of that name is true or false"),
    }
}

/// `the passport invalid` without what makes it the opposite.
fn positive(words: &[PhraseWord]) -> Option<Vec<PhraseWord>> {
    let (last, rest) = words.split_last()?;
    if let Some((_, opposite)) = ANTONYMS.iter().find(|(word, _)| *word == last.text) {
        let text = (*opposite).to_owned();
        let word = PhraseWord { stem: WORDS.stems.of(&text), text, ..last.clone() };
        return Some(rest.iter().cloned().chain([word]).collect());
    }
    let text = ["in", "un", "im", "non", "не"]
        .iter()
        .find_map(|prefix| last.text.strip_prefix(prefix))
        .filter(|text| text.chars().count() >= 4)?;
    let word = PhraseWord { text: text.to_owned(), stem: WORDS.stems.of(text), ..last.clone() };
    Some(rest.iter().cloned().chain([word]).collect())
}
