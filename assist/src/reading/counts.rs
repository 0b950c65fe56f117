//! How many there are: conditions that count things, and the units of what they compare.
//!
//! It knows fields that hold numbers, not what else a condition asks.

use crate::items::{Item, Phrase, alone};
use crate::words::{Mark, duration_unit};

use super::Context;
use super::conditions::comparison;
use super::cursor::find;
use super::operands::{list, operand};

pub(super) const UNITS: [&str; 45] = [
    "km",
    "kilometers",
    "kilometres",
    "miles",
    "degrees",
    "liters",
    "litres",
    "км",
    "градусов",
    "градуса",
    "литров",
    "баллов",
    "балла",
    "times",
    "years",
    "year",
    "лет",
    "года",
    "год",
    "kilograms",
    "kilos",
    "kg",
    "points",
    "items",
    "pieces",
    "meters",
    "bytes",
    "процентов",
    "штук",
    "dollars",
    "dollar",
    "usd",
    "eur",
    "euro",
    "euros",
    "рублей",
    "руб",
    "долларов",
    "евро",
    "rub",
    "gbp",
    "pounds",
    "cents",
    "units",
    "percent",
];
pub(super) const YEARS: [&str; 5] = ["years", "year", "лет", "года", "год"];

/// How many there are, where the result of the task has one whole number.
pub(super) fn counted(
    context: &Context<'_>,
    thing: &Phrase,
    verb: &Phrase,
    op: &Item,
    number: &Item,
) -> Option<String> {
    let mut whole = thing.clone();
    whole.words.extend(verb.words.iter().cloned());
    let task = context.maybe(&whole)?;
    let mut counts = context.vocabulary.task(&task)?.result.iter().filter(|field| field.kind == "int");
    let (count, None) = (counts.next()?, counts.next()) else { return None };
    let Item::Number(number, _) = number else { return None };
    Some(format!("{task}.{} {} {number}", count.name, comparison(op)?))
}

/// How many there are of a list, where its task counts them, too.
pub(super) fn counted_list(
    context: &Context<'_>,
    thing: &Phrase,
    op: &Item,
    number: &Item,
) -> Option<String> {
    let (list, _) = list(context, &thing.words).ok()??;
    let task = context.vocabulary.task(list.split('.').next()?)?;
    let mut counts = task
        .result
        .iter()
        .filter(|field| ["count", "total", "size", "number"].contains(&field.name.as_str()));
    let (count, None) = (counts.next().filter(|field| field.kind == "int")?, counts.next()) else {
        return None;
    };
    let Item::Number(number, _) = number else { return None };
    Some(format!("{}.{} {} {number}", task.id, count.name, comparison(op)?))
}

/// `more than 3 errors` counts them where a result has their number.
pub(super) fn of_failures(context: &Context<'_>, items: &[Item]) -> Option<Vec<Item>> {
    let at = find(items, &[Mark::Failures])?;
    let is_compared =
        |at: usize| items.get(at).is_some_and(|item| comparison(item).is_some() || item.whole().is_some());
    let phrase = alone(context.said(&items[at..=at]).to_lowercase(), items[at].at().clone());
    let is_value = (is_compared(at + 1) || at > 0 && is_compared(at - 1))
        && matches!(operand(context, &phrase.words), Ok(Some(_)));
    is_value.then(|| {
        let mut counted = items.to_vec();
        counted[at] = Item::Phrase(phrase);
        counted
    })
}

/// So much time in the unit that a field is called by.
pub(super) fn in_unit(ms: u64, own: &[String]) -> Option<String> {
    let unit = own.iter().find_map(|word| duration_unit(word)).map(|(unit, _)| unit)?;
    ms.is_multiple_of(unit).then(|| (ms / unit).to_string())
}
