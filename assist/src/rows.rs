//! Short rows of items that say the same as others: `within a second or fail` is `within a second`.
//!
//! It knows rows of items, not what they say of steps.

use crate::items::Item;
use crate::words::Mark;

/// What stands before a row, its first item, and what follows that.
struct Place<'a> {
    found: &'a [Item],
    item: &'a Item,
    rest: &'a [Item],
    text: &'a str,
    is_conditional: bool,
    is_repeated: bool,
}

/// What a row is turned to: how many items before it go, what comes instead of it, and how many items behind its first it takes.
struct Turn {
    dropped: usize,
    items: Vec<Item>,
    used: usize,
}

pub(crate) fn turned(items: &[Item], text: &str) -> Vec<Item> {
    let is_conditional =
        items.iter().any(|item| item.is_any(&[Mark::If, Mark::Unless, Mark::When, Mark::OnlyIf]));
    let is_repeated = items.iter().any(|item| item.is(Mark::Until));
    let mut found: Vec<Item> = Vec::new();
    let mut items = items;
    while let Some((item, rest)) = items.split_first() {
        items = rest;
        let place = Place { found: &found, item, rest, text, is_conditional, is_repeated };
        let turn = retries(&place)
            .or_else(|| limits(&place))
            .or_else(|| outcomes(&place))
            .or_else(|| orders(&place));
        match turn {
            Some(turn) => {
                found.truncate(found.len() - turn.dropped);
                found.extend(turn.items);
                items = &rest[turn.used..];
            }
            None => found.push(item.clone()),
        }
    }
    found
}

fn mark(mark: Mark, item: &Item) -> Item {
    Item::Marks(vec![mark], item.at().clone())
}

fn ends(item: Option<&Item>) -> bool {
    item.is_none_or(|next| matches!(next, Item::Stop(_) | Item::Comma(_)))
}

fn turn(items: Vec<Item>, used: usize) -> Option<Turn> {
    Some(Turn { dropped: 0, items, used })
}

impl Place<'_> {
    fn said(&self, item: &Item) -> String {
        self.text[item.at().clone()].to_lowercase()
    }
}

fn retries(place: &Place<'_>) -> Option<Turn> {
    const STOPS: [&str; 7] = ["stop", "disable", "avoid", "forbid", "отключи", "выключи", "запрети"];
    let item = place.item;
    let is_stop = matches!(item, Item::Phrase(stop) if stop.words.len() == 1 && STOPS.contains(&stop.words[0].text.as_str()));
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

fn limits(place: &Place<'_>) -> Option<Turn> {
    let item = place.item;
    match place.rest {
        // `5 seconds instead of 100 ms`
        [instead, Item::Time(..), ..] if matches!(item, Item::Time(..)) && instead.is(Mark::Instead) => {
            turn(vec![item.clone()], 2)
        }
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

fn outcomes(place: &Place<'_>) -> Option<Turn> {
    let item = place.item;
    match place.rest {
        // `only on success of A`
        [of, step @ Item::Phrase(_), ..]
            if item.is(Mark::Then) && place.said(item).ends_with("success") && of.is(Mark::Of) =>
        {
            turn(vec![mark(Mark::OnlyIf, item), step.clone(), mark(Mark::Succeeds, of)], 2)
        }
        // `whether it works or not`
        [or, not, rest @ ..]
            if item.is_any(&[Mark::Succeeds, Mark::Fails])
                && or.is(Mark::Or)
                && not.is(Mark::Not)
                && ends(rest.first()) =>
        {
            turn(vec![item.clone()], 2)
        }
        // `A, otherwise do nothing`
        [nothing, rest @ ..]
            if item.is(Mark::Else)
                && nothing.is_any(&[Mark::GoOn, Mark::Not])
                && ends(rest.first())
                && matches!(place.found.last(), Some(Item::Comma(_))) =>
        {
            Some(Turn { dropped: 1, items: Vec::new(), used: 1 })
        }
        _ => None,
    }
}

fn orders(place: &Place<'_>) -> Option<Turn> {
    let item = place.item;
    let is_order = |item: &Item| item.is_any(&[Mark::Before, Mark::After]);
    match place.rest {
        // `A before B instead of after it`
        [instead, rest @ ..]
            if matches!(item, Item::Phrase(_))
                && instead.is(Mark::Instead)
                && place.found.last().is_some_and(is_order)
                && !rest.is_empty()
                && rest
                    .iter()
                    .take(2)
                    .all(|item| is_order(item) || item.is_any(&[Mark::Then, Mark::ButFirst, Mark::It])) =>
        {
            turn(vec![item.clone()], place.rest.len().min(3))
        }
        // `let A wait for B`
        [wait, Item::Phrase(_), ..]
            if matches!(item, Item::Phrase(_))
                && wait.is(Mark::WaitFor)
                && ["wait for", "waits for"].contains(&place.said(wait).as_str()) =>
        {
            turn(vec![item.clone(), mark(Mark::After, wait)], 1)
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
