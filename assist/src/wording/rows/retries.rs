//! How often something is tried: `disable retries for A`, `5 times instead of 3`.

use super::{Place, Turn, mark, turn};
use crate::items::Item;
use crate::words::Mark;

const AMOUNTS: [&str; 6] = ["number", "count", "amount", "количество", "число", "кол-во"];
const STOPS: [&str; 7] = ["stop", "disable", "avoid", "forbid", "отключи", "выключи", "запрети"];
const UNITS: [Mark; 3] = [Mark::Times, Mark::Retries, Mark::Attempts];

/// Whether what is tried is tried once, and what follows its failure is said.
fn is_handled(place: &Place<'_>) -> bool {
    let sentence = place.sentence();
    let counts = sentence
        .iter()
        .any(|item| matches!(item, Item::Number(..)) || item.is_any(&[Mark::Times, Mark::Until]));
    let says = |item: &Item| item.is_any(&[Mark::OnFailure, Mark::Fails, Mark::Always, Mark::Else]);
    !counts && (sentence.iter().any(says) || place.rest.get(sentence.len() + 1).is_some_and(says))
}

pub(super) fn turn_of(place: &Place<'_>) -> Option<Turn> {
    counted(place).or_else(|| changed(place)).or_else(|| attempted(place))
}

/// How many times, in the order that the reading knows.
fn counted(place: &Place<'_>) -> Option<Turn> {
    let item = place.item;
    match place.rest {
        // `retries = 3`
        [equals, number @ Item::Number(..), ..] if item.is(Mark::Retries) && equals.is(Mark::Equals) => {
            turn(vec![number.clone(), item.clone()], 2)
        }
        // `payment retries: 5`
        [number @ Item::Number(..), rest @ ..]
            if item.is(Mark::Retries)
                && !rest.first().is_some_and(|next| next.is(Mark::Times))
                && place.text[item.at().end..number.at().start].contains(':') =>
        {
            turn(vec![number.clone(), item.clone()], 1)
        }
        // `timeout = 5s`
        [equals, time @ Item::Time(..), ..] if item.is(Mark::Timeout) && equals.is(Mark::Equals) => {
            turn(vec![item.clone(), time.clone()], 2)
        }
        // `5 times instead of 3`, `5 times rather than 3 times`
        [unit, not, Item::Number(..), rest @ ..]
            if matches!(item, Item::Number(..))
                && unit.is_any(&UNITS)
                && not.is_any(&[Mark::Instead, Mark::Not]) =>
        {
            let again = usize::from(rest.first().is_some_and(|next| next.is_any(&UNITS)));
            turn(vec![item.clone(), unit.clone()], 3 + again)
        }
        // `5 instead of 3 times`
        [not, Item::Number(..), unit, ..]
            if matches!(item, Item::Number(..)) && not.is(Mark::Instead) && unit.is_any(&UNITS) =>
        {
            turn(vec![item.clone(), unit.clone()], 3)
        }
        _ => None,
    }
}

/// How many times more, or instead.
fn changed(place: &Place<'_>) -> Option<Turn> {
    let item = place.item;
    match place.rest {
        // `if A fails, try it up to 4 more times`
        [it, rest @ ..]
            if item.is(Mark::Attempts)
                && it.is(Mark::It)
                && rest.iter().take(3).any(|item| item.is(Mark::Times))
                && place
                    .found
                    .iter()
                    .rev()
                    .take(2)
                    .any(|item| item.is_any(&[Mark::Fails, Mark::OnFailure])) =>
        {
            turn(vec![mark(Mark::Retry, item), it.clone()], 1)
        }
        // `time out after 5s and be tried 3 times in total`
        [number @ Item::Number(..), times, ..]
            if item.is(Mark::Attempts)
                && times.is(Mark::Times)
                && place.found.last().is_some_and(|last| last.is(Mark::And))
                && ["tried", "attempted"].iter().any(|verb| place.said(item).ends_with(verb)) =>
        {
            turn(vec![number.clone(), mark(Mark::Attempts, times)], 2)
        }
        // `reduce the number of retries of A to 1`
        [Item::Phrase(amount), rest @ ..]
            if item.is(Mark::Move) && AMOUNTS.contains(&amount.begin()) && amount.words.len() == 1 =>
        {
            let of = usize::from(rest.first().is_some_and(|next| next.is(Mark::Of)));
            match &rest[of..] {
                [retries, step @ Item::Phrase(_), to, number @ Item::Number(..), ..]
                    if retries.is_any(&[Mark::Retries, Mark::Attempts])
                        && to.is_any(&[Mark::To, Mark::UpTo]) =>
                {
                    turn(
                        vec![number.clone(), retries.clone(), mark(Mark::With, retries), step.clone()],
                        of + 5,
                    )
                }
                [retries, small, step @ Item::Phrase(_), to, number @ Item::Number(..), ..]
                    if retries.is_any(&[Mark::Retries, Mark::Attempts])
                        && small.is_any(&[Mark::Of, Mark::With])
                        && to.is_any(&[Mark::To, Mark::UpTo]) =>
                {
                    turn(vec![number.clone(), retries.clone(), mark(Mark::With, small), step.clone()], of + 6)
                }
                _ => None,
            }
        }
        // `allow 3 retries for A`
        [number @ Item::Number(..), retries, small, ..]
            if item.is(Mark::Give)
                && retries.is_any(&[Mark::Retries, Mark::Attempts])
                && small.is_any(&[Mark::With, Mark::To]) =>
        {
            turn(vec![number.clone(), retries.clone()], 2)
        }
        _ => None,
    }
}

/// Attempts without a number, and those that are given up.
fn attempted(place: &Place<'_>) -> Option<Turn> {
    let item = place.item;
    let is_stop = matches!(item, Item::Phrase(stop) if stop.words.len() == 1 && STOPS.contains(&stop.words[0].text.as_str()));
    match place.rest {
        // `try to do A, and if that fails, B`
        [to, Item::Phrase(_), ..]
            if item.is(Mark::Attempts) && place.begins() && to.is(Mark::To) && is_handled(place) =>
        {
            turn(Vec::new(), 1)
        }
        [Item::Phrase(_), ..] if item.is(Mark::Attempts) && place.begins() && is_handled(place) => {
            turn(Vec::new(), 0)
        }
        // `disable retries for A`
        [retries, ..] if is_stop && retries.is_any(&[Mark::Retry, Mark::Retries]) => {
            turn(vec![mark(Mark::Not, item)], 0)
        }
        // `giving up after 3 attempts`
        [number @ Item::Number(..), tries, ..]
            if item.is(Mark::GiveUp)
                && tries.is_any(&[Mark::Attempts, Mark::Times])
                && !place.is_repeated =>
        {
            turn(vec![mark(Mark::UpTo, item), number.clone(), mark(Mark::Attempts, tries)], 2)
        }
        // `linear backoff for A with 4 retries`
        [of, step @ Item::Phrase(_), with, number @ Item::Number(..), retries, ..]
            if item.is_any(&[Mark::Backoff, Mark::Linear, Mark::Constant])
                && of.is(Mark::With)
                && with.is(Mark::With)
                && retries.is(Mark::Retries) =>
        {
            let dropped = usize::from(place.found.last().is_some_and(|last| last.is(Mark::ByMeans)));
            let items = [number, retries, with, item, of, step].map(Item::clone).into();
            Some(Turn { dropped, items, used: 5 })
        }
        _ => None,
    }
}
