//! How long something may take: `within a second or fail`, `allow two seconds for A`.

use super::{Place, Turn, ends, mark, turn};
use crate::items::{Item, Phrase};
use crate::words::Mark;

const HAS: [&str; 6] = ["gets", "get", "has", "have", "receives", "получает"];

fn is_has(item: &Item) -> bool {
    matches!(item, Item::Phrase(verb) if verb.words.len() == 1 && HAS.contains(&verb.begin()))
}

/// The step of `the analysis gets`.
fn owner(item: &Item) -> Option<Item> {
    let Item::Phrase(phrase) = item else { return None };
    let (head, verb) = phrase.split(phrase.words.len().checked_sub(1).filter(|at| *at > 0)?);
    HAS.contains(&verb.begin()).then_some(Item::Phrase(head))
}

/// How many items say that somebody loses patience: `it times out`, `giving up`.
fn gives_up(rest: &[Item]) -> usize {
    let small = rest.iter().take_while(|item| item.is_any(&[Mark::It, Mark::Them])).count();
    let is_end = rest.get(small).is_some_and(|item| item.is_any(&[Mark::Timeout, Mark::GiveUp, Mark::Fails]));
    if is_end && ends(rest.get(small + 1)) { small + 1 } else { 0 }
}

/// Whether things of this kind were named in the sentence: `per room`, behind the rooms.
fn is_listed(place: &Place<'_>, one: &Phrase) -> bool {
    let sentence = place.found.iter().rev().take_while(|item| !matches!(item, Item::Stop(_)));
    let is_one = |item: &Item| matches!(item, Item::Phrase(many) if one.words.len() == 1 && many.words.iter().any(|word| word.stem == one.words[0].stem && word.text != one.words[0].text));
    sentence.into_iter().any(is_one)
}

pub(super) fn turn_of(place: &Place<'_>) -> Option<Turn> {
    granted(place).or_else(|| bounded(place)).or_else(|| counted(place)).or_else(|| given_up(place))
}

/// What a step is given: `allow two seconds for A`.
fn granted(place: &Place<'_>) -> Option<Turn> {
    let item = place.item;
    match place.rest {
        // `5 seconds instead of 100 ms`
        [instead, Item::Time(..), ..] if matches!(item, Item::Time(..)) && instead.is(Mark::Instead) => {
            turn(vec![item.clone()], 2)
        }
        // `allow two seconds for A`, `give up to two seconds to A`
        [time @ Item::Time(..), small, step @ Item::Phrase(_), ..]
            if item.is(Mark::Give) && small.is_any(&[Mark::With, Mark::To]) =>
        {
            turn(vec![mark(Mark::Timeout, item), time.clone(), mark(Mark::With, small), step.clone()], 3)
        }
        [limit, time @ Item::Time(..), small, step @ Item::Phrase(_), ..]
            if item.is(Mark::Give) && limit.is(Mark::UpTo) && small.is_any(&[Mark::With, Mark::To]) =>
        {
            turn(vec![mark(Mark::Timeout, item), time.clone(), mark(Mark::With, small), step.clone()], 4)
        }
        // `the payment gets three retries`, `and gets 3 tries`
        [number @ Item::Number(..), unit, ..]
            if owner(item).is_some() && place.begins() && unit.is_any(&[Mark::Retries, Mark::Attempts]) =>
        {
            turn(vec![owner(item)?, mark(Mark::With, number), number.clone(), unit.clone()], 2)
        }
        [Item::Number(..), unit, ..]
            if is_has(item) && place.begins() && unit.is_any(&[Mark::Retries, Mark::Attempts]) =>
        {
            turn(Vec::new(), 0)
        }
        // `3 retries and ten seconds`
        [and, time @ Item::Time(..), rest @ ..]
            if item.is_any(&[Mark::Retries, Mark::Attempts]) && and.is(Mark::And) && ends(rest.first()) =>
        {
            turn(vec![item.clone(), and.clone(), mark(Mark::Within, and), time.clone()], 2)
        }
        _ => None,
    }
}

/// How long a step may take, in the order that the reading knows.
fn bounded(place: &Place<'_>) -> Option<Turn> {
    let item = place.item;
    match place.rest {
        // `do not let A take more than 5 seconds`
        [step @ Item::Phrase(_), limit, time @ Item::Time(..), ..]
            if item.is(Mark::Not)
                && place.begins()
                && limit.is(Mark::Within)
                && ["more", "longer"].iter().any(|more| place.said(limit).contains(more)) =>
        {
            turn(vec![step.clone(), limit.clone(), time.clone()], 3)
        }
        // `within 24 hours at most`
        [limit, time @ Item::Time(..), ..]
            if item.is_any(&[Mark::Within, Mark::UpTo]) && limit.is_any(&[Mark::UpTo, Mark::Within]) =>
        {
            turn(vec![mark(Mark::Within, item), time.clone()], 2)
        }
        // `для A поставь таймаут 2 секунды`
        [step @ Item::Phrase(_), set, timeout, time @ Item::Time(..), ..]
            if place.begins()
                && item.is_any(&[Mark::Of, Mark::To, Mark::With])
                && set.is_any(&[Mark::Move, Mark::Add, Mark::Give])
                && timeout.is(Mark::Timeout) =>
        {
            turn(vec![timeout.clone(), time.clone(), mark(Mark::With, item), step.clone()], 4)
        }
        // `на весь процесс даём минуту`
        [whole, give, time @ Item::Time(..), ..]
            if item.is_any(&[Mark::To, Mark::With]) && whole.is(Mark::Whole) && give.is(Mark::Give) =>
        {
            turn(vec![mark(Mark::Give, give), whole.clone(), time.clone()], 3)
        }
        // `three seconds before it times out`, `before giving up`
        [before, rest @ ..]
            if matches!(item, Item::Time(..)) && before.is(Mark::Before) && gives_up(rest) > 0 =>
        {
            turn(vec![item.clone()], 1 + gives_up(rest))
        }
        _ => None,
    }
}

/// How long, or how many at once, of several things.
fn counted(place: &Place<'_>) -> Option<Turn> {
    let item = place.item;
    match place.rest {
        // `the analysis gets 5 minutes`
        [time @ Item::Time(..), ..] if owner(item).is_some() && place.begins() => {
            turn(vec![owner(item)?, mark(Mark::Within, time), time.clone()], 1)
        }
        [limit, time @ Item::Time(..), ..]
            if owner(item).is_some() && place.begins() && limit.is_any(&[Mark::UpTo, Mark::Within]) =>
        {
            turn(vec![owner(item)?, mark(Mark::Within, time), time.clone()], 2)
        }
        // `clean the rooms, 10 minutes per room`
        [each, Item::Phrase(one), ..]
            if matches!(item, Item::Time(..))
                && each.is_any(&[Mark::ForEach, Mark::With])
                && is_listed(place, one) =>
        {
            turn(vec![item.clone()], 2)
        }
        // `three at a time at most`, `two of them at a time`
        [many, limit, ..]
            if matches!(item, Item::Number(..))
                && many.is_any(&[Mark::AtATime, Mark::Parallel])
                && limit.is(Mark::UpTo) =>
        {
            turn(vec![mark(Mark::UpTo, limit), item.clone(), many.clone()], 2)
        }
        [of, them, many, ..]
            if matches!(item, Item::Number(..))
                && of.is(Mark::Of)
                && them.is_any(&[Mark::Them, Mark::All])
                && many.is_any(&[Mark::AtATime, Mark::Parallel]) =>
        {
            turn(vec![item.clone(), many.clone()], 3)
        }
        _ => None,
    }
}

/// What happens when the time is over.
fn given_up(place: &Place<'_>) -> Option<Turn> {
    let item = place.item;
    match place.rest {
        // `fail if A takes more than 2 seconds`
        [condition, step @ Item::Phrase(_), longer, time @ Item::Time(..), rest @ ..]
            if item.is_any(&[Mark::Fails, Mark::GiveUp])
                && ends(place.found.last())
                && condition.is_any(&[Mark::If, Mark::When])
                && longer.is(Mark::Within)
                && ends(rest.first()) =>
        {
            let comma = Item::Comma(item.at().clone());
            let items = [condition, step, longer, time].map(Item::clone).into_iter();
            turn(items.chain([comma, mark(Mark::GiveUp, item)]).collect(), 4)
        }
        // `make A fail after one second`
        [fails, after, time @ Item::Time(..), rest @ ..]
            if matches!(item, Item::Phrase(_))
                && place.begins()
                && fails.is_any(&[Mark::Fails, Mark::GiveUp])
                && after.is(Mark::After)
                && ends(rest.first()) =>
        {
            turn(vec![item.clone(), mark(Mark::Within, after), time.clone()], 3)
        }
        // `within a second or fail`
        [or, fail, rest @ ..]
            if matches!(item, Item::Time(..))
                && or.is(Mark::Or)
                && fail.is_any(&[Mark::Fails, Mark::GiveUp])
                && ends(rest.first()) =>
        {
            turn(vec![item.clone()], 2)
        }
        // `A within 2 minutes, or else B`
        [otherwise, Item::Phrase(_), ..] | [Item::Comma(_), otherwise, Item::Phrase(_), ..]
            if matches!(item, Item::Time(..))
                && !place.is_conditional
                && ["or else", "otherwise", "else", "иначе"].contains(&place.said(otherwise).as_str()) =>
        {
            let comma = Item::Comma(otherwise.at().clone());
            let used = if matches!(place.rest[0], Item::Comma(_)) { 2 } else { 1 };
            turn(vec![item.clone(), comma, mark(Mark::OnFailure, otherwise)], used)
        }
        // `orders of 1000 or more`
        [number @ Item::Number(..), bound, ..]
            if item.is(Mark::Of) && bound.is_any(&[Mark::AtLeast, Mark::AtMost]) =>
        {
            turn(vec![bound.clone(), number.clone()], 2)
        }
        _ => None,
    }
}
