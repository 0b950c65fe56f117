//! What comes when: `let A wait for B`, `A before B instead of after it`.

use super::{Place, Turn, ends, mark, turn};
use crate::items::Item;
use crate::words::{Mark, is_russian};

/// Whether a Russian word tells somebody to do something.
fn is_order(word: &str) -> bool {
    is_russian(word) && ["и", "й", "ь", "ите", "ьте", "йте", "ти"].iter().any(|end| word.ends_with(end))
}

pub(super) fn turn_of(place: &Place<'_>) -> Option<Turn> {
    placed(place).or_else(|| waited(place)).or_else(|| joined(place))
}

/// Where a step stands, said twice or by an adverb.
fn placed(place: &Place<'_>) -> Option<Turn> {
    let item = place.item;
    let is_relation = |item: &Item| item.is_any(&[Mark::Before, Mark::After]);
    match place.rest {
        // `A before B instead of after it`
        [instead, rest @ ..]
            if matches!(item, Item::Phrase(_))
                && instead.is(Mark::Instead)
                && place.found.last().is_some_and(is_relation)
                && !rest.is_empty()
                && rest.iter().take(2).all(|item| {
                    is_relation(item) || item.is_any(&[Mark::Then, Mark::ButFirst, Mark::It])
                }) =>
        {
            turn(vec![item.clone()], place.rest.len().min(3))
        }
        // `перед оплатой обязательно проверьте права`
        [Item::Phrase(step), ..]
            if item.is(Mark::Critical) && place.said(item) == "обязательно" && is_order(step.begin()) =>
        {
            let comma = Item::Comma(item.at().clone());
            turn(
                place
                    .found
                    .last()
                    .filter(|last| matches!(last, Item::Phrase(_)))
                    .map(|_| comma)
                    .into_iter()
                    .collect(),
                0,
            )
        }
        // `а после оплаты — отправить чек`
        [Item::Phrase(noun), Item::Comma(_), Item::Phrase(_), ..]
            if item.is(Mark::Then) && place.said(item).ends_with(" после") && !is_order(noun.begin()) =>
        {
            turn(vec![mark(Mark::After, item)], 0)
        }
        _ => None,
    }
}

/// What is waited for, and for which of several things.
fn waited(place: &Place<'_>) -> Option<Turn> {
    let item = place.item;
    match place.rest {
        // `wait five minutes after A before B`
        [time @ Item::Time(..), after, first @ Item::Phrase(_), before, last @ Item::Phrase(_), ..]
            if item.is_any(&[Mark::Wait, Mark::WaitFor])
                && after.is(Mark::After)
                && before.is(Mark::Before) =>
        {
            let items = vec![
                item.clone(),
                time.clone(),
                mark(Mark::Between, after),
                first.clone(),
                mark(Mark::And, before),
                last.clone(),
            ];
            turn(items, 5)
        }
        // `publish to each of them`
        [each, rest @ ..]
            if item.is_any(&[Mark::To, Mark::Of, Mark::With])
                && each.is_any(&[Mark::Each, Mark::EachOfThem])
                && matches!(place.found.last(), Some(Item::Phrase(_)))
                && (ends(rest.first()) || rest[0].is(Mark::UpTo))
                && !place.found.iter().any(|item| {
                    item.is_any(&[Mark::Retry, Mark::Timeout])
                        || matches!(item, Item::Time(..) | Item::Number(..))
                }) =>
        {
            turn(vec![each.clone()], 1)
        }
        // `hold for ten seconds before going on`
        [before, on, rest @ ..]
            if matches!(item, Item::Time(..))
                && before.is(Mark::Before)
                && on.is(Mark::GoOn)
                && ends(rest.first()) =>
        {
            turn(vec![item.clone()], 2)
        }
        // `go on with whichever finishes first`
        [then, race, rest @ ..]
            if item.is(Mark::And) && then.is(Mark::Then) && race.is(Mark::Race) && ends(rest.first()) =>
        {
            turn(vec![race.clone()], 2)
        }
        // `deliver a parcel to each stop`
        [each, Item::Phrase(_), ..]
            if item.is_any(&[Mark::To, Mark::Of, Mark::With])
                && each.is_any(&[Mark::Each, Mark::EachOfThem])
                && !each.is(Mark::Every)
                && matches!(place.found.last(), Some(Item::Phrase(step)) if place.is_task(step) || step.words.len() > 1)
                && !place.found.iter().any(|item| item.is_any(&[Mark::Retry, Mark::Timeout])) =>
        {
            turn(vec![mark(Mark::ForEach, each)], 1)
        }
        _ => None,
    }
}

/// Steps that are joined by other words than `and`.
fn joined(place: &Place<'_>) -> Option<Turn> {
    let item = place.item;
    match place.rest {
        // `race A against B`
        [Item::Phrase(both), ..] if item.is(Mark::Race) => {
            let at = both.words.iter().position(|word| word.text == "against").filter(|at| *at > 0)?;
            let (one, other) = both.split(at);
            let and = mark(Mark::And, &Item::Phrase(other.split(1).0));
            turn(vec![item.clone(), Item::Phrase(one), and, Item::Phrase(other.split(1).1)], 1)
        }
        // `if the guest is also a member`
        [also, Item::Phrase(_), ..]
            if item.is(Mark::Equals) && ["also", "также"].contains(&place.said(also).as_str()) =>
        {
            turn(vec![item.clone()], 1)
        }
        // `let A wait for B`
        [wait, Item::Phrase(_), ..]
            if matches!(item, Item::Phrase(_))
                && wait.is(Mark::WaitFor)
                && ["wait for", "waits for"].contains(&place.said(wait).as_str()) =>
        {
            turn(vec![item.clone(), mark(Mark::After, wait)], 1)
        }
        // `let A wait until B is done`
        [wait, until, Item::Phrase(_), ..]
            if matches!(item, Item::Phrase(_))
                && place.begins()
                && wait.is_any(&[Mark::Wait, Mark::WaitFor])
                && !wait.is(Mark::Approval)
                && until.is(Mark::Until)
                && place.sentence().last().is_some_and(|last| last.is_any(&[Mark::Done, Mark::Succeeds])) =>
        {
            turn(vec![item.clone(), mark(Mark::After, until)], 2)
        }
        // `after a delay of 15 minutes`
        [pause, Item::Time(..), ..]
            if item.is(Mark::After) && pause.is_any(&[Mark::PauseBetween, Mark::Wait]) =>
        {
            turn(vec![item.clone()], 1)
        }
        // `A and B are independent, so run them in parallel`
        [rest @ .., parallel] if item.is(Mark::Parallel) && parallel.is(Mark::Parallel) => {
            let rest = if matches!(rest.first(), Some(Item::Comma(_))) { &rest[1..] } else { rest };
            let is_them = rest.iter().all(|item| item.is_any(&[Mark::It, Mark::Them, Mark::Both, Mark::So]));
            (rest.len() < 3 && is_them).then(|| Turn {
                dropped: 0,
                items: vec![item.clone()],
                used: place.rest.len(),
            })
        }
        _ => None,
    }
}
