//! Sentences with their parts in another order: `A should be moved to the end`, `put a pause of 10 minutes before B`.
//!
//! It knows rows of items, not what they say of steps.

use crate::items::{Item, alone};
use crate::words::{Mark, is_russian};

const EDITS: [Mark; 4] = [Mark::Remove, Mark::Move, Mark::Add, Mark::Replace];
/// Participles without the ending of one.
const PARTICIPLES: [&str; 6] = ["put", "cut", "taken", "left", "thrown", "set"];

pub(crate) fn turned(mut items: Vec<Item>, text: &str) -> Vec<Item> {
    // `A, or if that fails B`
    for at in (1..items.len()).rev() {
        if items[at].is(Mark::OnFailure) && items[at - 1].is(Mark::Or) {
            items.remove(at - 1);
        } else if let [or, Item::Comma(_), failure, ..] = &items[at - 1..]
            && or.is(Mark::Or)
            && failure.is(Mark::OnFailure)
        {
            items.remove(at - 1);
        }
    }
    apart(limited(awaited(later(paused(passive(items, text)), text), text)))
}

fn is_edge(item: Option<&Item>) -> bool {
    item.is_none_or(|item| {
        matches!(item, Item::Stop(_) | Item::Comma(_))
            || item.is_any(&[Mark::And, Mark::Then]) && !item.is_any(&EDITS)
    })
}

/// `A should be moved behind B` is `move A behind B`.
fn passive(mut items: Vec<Item>, text: &str) -> Vec<Item> {
    for at in 0..items.len().saturating_sub(1) {
        let is_participle = |item: &Item| {
            let said = text[item.at().clone()].to_lowercase();
            let first = said.split_whitespace().next().unwrap_or_default();
            // `осмотр пропустить`
            let is_behind = is_russian(first) && item.is(Mark::Remove) && is_edge(items.get(at + 2));
            item.is_any(&EDITS) && (first.ends_with("ed") || PARTICIPLES.contains(&first) || is_behind)
        };
        let begins = at == 0 || is_edge(Some(&items[at - 1]));
        // `the receipt is skipped`
        let be = usize::from(items.get(at + 1).is_some_and(|item| item.is(Mark::Equals)));
        if begins && matches!(items[at], Item::Phrase(_)) && items.get(at + 1 + be).is_some_and(is_participle)
        {
            items.swap(at, at + 1 + be);
            if be == 1 {
                items.remove(at + 1);
            }
        }
    }
    items
}

/// `in 3 days B`, and `B 10 seconds later` behind a comma: a pause before B.
fn later(items: Vec<Item>, text: &str) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    let mut skipped = 0;
    for (at, item) in items.iter().enumerate() {
        if skipped > 0 {
            skipped -= 1;
            continue;
        }
        let begins = is_edge(at.checked_sub(1).and_then(|at| items.get(at)));
        match &items[at..] {
            // `and an hour later B`
            [time @ Item::Time(..), then, comma, ..]
                if begins
                    && at > 0
                    && then.is(Mark::Then)
                    && text[then.at().clone()].eq_ignore_ascii_case("later") =>
            {
                let place = time.at().start..time.at().start;
                found.extend([Item::Marks(vec![Mark::After], place), time.clone()]);
                skipped = 1 + usize::from(matches!(comma, Item::Comma(_)));
            }
            [small, Item::Time(..), Item::Phrase(_), ..]
                if begins && at > 0 && text[small.at().clone()].eq_ignore_ascii_case("in") =>
            {
                found.push(Item::Marks(vec![Mark::After], small.at().clone()));
            }
            [step @ Item::Phrase(_), it, time @ Item::Time(..), then, ..]
                if begins
                    && it.is(Mark::It)
                    && then.is(Mark::Then)
                    && text[then.at().clone()].eq_ignore_ascii_case("later") =>
            {
                found.extend(after_a_wait(step, time));
                skipped = 3;
            }
            // `schedule it for later` says when, and not what comes next.
            [small, then, ..]
                if small.is(Mark::With)
                    && then.is(Mark::Then)
                    && text[then.at().clone()].eq_ignore_ascii_case("later") =>
            {
                found.push(Item::Phrase(alone("later".to_owned(), then.at().clone())));
                skipped = 1;
            }
            [step @ Item::Phrase(_), time @ Item::Time(..), then, ..]
                if begins
                    && at > 0
                    && then.is(Mark::Then)
                    && text[then.at().clone()].eq_ignore_ascii_case("later") =>
            {
                found.extend(after_a_wait(step, time));
                skipped = 2;
            }
            _ => found.push(item.clone()),
        }
    }
    found
}

/// `A 5 minutes later` as `wait 5 minutes, A`.
fn after_a_wait(step: &Item, time: &Item) -> [Item; 4] {
    let place = step.at().start..step.at().start;
    [Item::Marks(vec![Mark::Wait], place.clone()), time.clone(), Item::Comma(place), step.clone()]
}

/// `wait for A before B` is `A before B`, and `put an approval before B` puts it there.
fn awaited(items: Vec<Item>, text: &str) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let begins = is_edge(at.checked_sub(1).and_then(|at| items.get(at)));
        let said = text[item.at().clone()].to_lowercase();
        let is_wait = ["wait for", "await", "дождись", "дождаться"].contains(&said.as_str())
            && matches!(&items[at + 1..], [Item::Phrase(_), before, ..] if before.is(Mark::Before));
        let is_put = item.is_any(&[Mark::Add, Mark::Move])
            && items.get(at + 1).is_some_and(|next| next.is(Mark::Approval));
        // `add B in case A fails`
        let is_guarded = item.is(Mark::Add)
            && matches!(&items[at + 1..], [Item::Phrase(_), when, ..] if when.is_any(&[Mark::If, Mark::OnFailure]));
        if !(begins && (is_wait || is_put || is_guarded)) {
            found.push(item.clone());
        }
    }
    found
}

/// `do not run A and B in parallel` is `run A and B one after another`.
fn apart(items: Vec<Item>) -> Vec<Item> {
    let mut all: Vec<Item> = Vec::new();
    for statement in items.split_inclusive(|item| matches!(item, Item::Stop(_))) {
        let end = statement.len() - usize::from(matches!(statement.last(), Some(Item::Stop(_))));
        if let Some(turned) = apart_in_order(&statement[..end]) {
            all.extend(turned);
            all.extend(statement[end..].iter().cloned());
            continue;
        }
        match &statement[..end] {
            [not, steps @ .., parallel]
                if not.is(Mark::Not)
                    && parallel.is(Mark::Parallel)
                    && !steps.iter().any(|item| item.is(Mark::Not)) =>
            {
                all.extend(steps.iter().cloned());
                all.push(Item::Marks(vec![Mark::Sequential], parallel.at().clone()));
                all.extend(statement[end..].iter().cloned());
            }
            _ => all.extend(statement.iter().cloned()),
        }
    }
    all
}

/// `do not run A and B in parallel, A goes first`: which of them does.
fn apart_in_order(statement: &[Item]) -> Option<Vec<Item>> {
    let comma = statement.iter().position(|item| matches!(item, Item::Comma(_)))?;
    let ([not, one @ Item::Phrase(first), and, other @ Item::Phrase(last), parallel]
    | [one @ Item::Phrase(first), and, other @ Item::Phrase(last), not, parallel]) = &statement[..comma]
    else {
        return None;
    };
    if !not.is(Mark::Not) || !and.is(Mark::And) || !parallel.is(Mark::Parallel) {
        return None;
    }
    let rest = &statement[comma + 1..];
    match rest {
        [Item::Phrase(said), order] if order.is(Mark::First) => {
            let has = |step: &crate::items::Phrase| {
                said.words.iter().all(|word| step.words.iter().any(|own| own.stem == word.stem))
            };
            let (early, late) = match (has(first), has(last)) {
                (true, false) => (one, other),
                (false, true) => (other, one),
                _ => return None,
            };
            Some(vec![early.clone(), Item::Marks(vec![Mark::Before], order.at().clone()), late.clone()])
        }
        [Item::Phrase(_) | Item::Marks(..), .., Item::Phrase(_)]
            if rest.iter().any(|item| item.is_any(&[Mark::First, Mark::Before, Mark::After])) =>
        {
            // `A first and then B`
            Some(match rest {
                [order, early, Item::Comma(_), then, late]
                    if order.is(Mark::First) && then.is(Mark::Then) =>
                {
                    vec![early.clone(), Item::Marks(vec![Mark::Before], order.at().clone()), late.clone()]
                }
                [early, order, then, late] if order.is(Mark::First) && then.is(Mark::Then) => {
                    vec![early.clone(), Item::Marks(vec![Mark::Before], order.at().clone()), late.clone()]
                }
                rest => rest.to_vec(),
            })
        }
        _ => None,
    }
}

/// `a pause of 10 minutes`, `a 10 minute pause` is `wait 10 minutes`, whoever puts it there.
fn paused(items: Vec<Item>) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    let mut items = items.as_slice();
    while let Some((item, rest)) = items.split_first() {
        items = rest;
        let (wait, time, used) = match (item, rest) {
            (time @ Item::Time(..), [wait, ..]) if wait.is(Mark::Wait) => (wait, time, 1),
            (wait, [of, time @ Item::Time(..), ..]) if wait.is(Mark::Wait) && of.is(Mark::Of) => {
                (wait, time, 2)
            }
            // `добавь паузу 5 секунд`
            (wait, [time @ Item::Time(..), ..])
                if wait.is(Mark::Wait)
                    && found.last().is_some_and(|last| last.is_any(&[Mark::Add, Mark::Move])) =>
            {
                (wait, time, 1)
            }
            _ => {
                found.push(item.clone());
                continue;
            }
        };
        let is_between_tries = rest.get(used).is_some_and(|item| item.is(Mark::BetweenAttempts));
        let before = found.last();
        let start = found.iter().rposition(|item| matches!(item, Item::Stop(_))).map_or(0, |at| at + 1);
        let is_retried =
            found[start..].iter().any(|item| item.is_any(&[Mark::Retry, Mark::Retries, Mark::Times]));
        // `retry A 3 times with a 10 second pause`
        if !is_between_tries && is_retried && used == 1 && before.is_some_and(|item| item.is(Mark::With)) {
            items = &rest[used..];
            found.extend([time.clone(), Item::Marks(vec![Mark::BetweenAttempts], wait.at().clone())]);
            continue;
        }
        if is_between_tries || before.is_some_and(|item| item.is_any(&[Mark::With, Mark::Retry])) {
            found.push(item.clone());
            continue;
        }
        items = &rest[used..];
        // `A after a pause of 10 minutes`
        if before.is_some_and(|item| item.is(Mark::After)) {
            found.push(time.clone());
            continue;
        }
        if before.is_some_and(|item| item.is_any(&[Mark::Add, Mark::Move])) {
            found.pop();
        }
        found.extend([wait.clone(), time.clone()]);
    }
    found
}

/// `pack each item before B, one by one`: at most one at a time.
fn one_by_one(statement: &[Item]) -> Vec<Item> {
    let each = [Mark::Each, Mark::ForEach, Mark::EachOfThem];
    let end = statement.len() - usize::from(matches!(statement.last(), Some(Item::Stop(_))));
    match &statement[..end] {
        [head @ .., comma @ Item::Comma(_), mark]
            if mark.is(Mark::Sequential) && head.iter().any(|item| item.is_any(&each)) =>
        {
            let at = mark.at().clone();
            let bound = [
                Item::Marks(vec![Mark::UpTo], at.clone()),
                Item::Number("1".to_owned(), at.clone()),
                Item::Marks(vec![Mark::AtATime], at),
            ];
            head.iter().chain([comma]).chain(&bound).chain(&statement[end..]).cloned().collect()
        }
        _ => statement.to_vec(),
    }
}

/// `pack each item before B, at most 4 at a time`: the bound stands beside what it bounds.
fn limited(items: Vec<Item>) -> Vec<Item> {
    let mut all: Vec<Item> = Vec::new();
    for statement in items.split_inclusive(|item| matches!(item, Item::Stop(_))) {
        let mut statement = one_by_one(statement);
        let each = statement.windows(2).position(|two| {
            two[0].is_any(&[Mark::Each, Mark::ForEach, Mark::EachOfThem]) && matches!(two[1], Item::Phrase(_))
        });
        let limit = statement.windows(3).position(|three| {
            three[0].is(Mark::UpTo)
                && three[1].whole().is_some()
                && three[2].is_any(&[Mark::Parallel, Mark::AtATime])
        });
        if let (Some(each), Some(limit)) = (each, limit)
            && limit > each + 3
            && matches!(statement[limit - 1], Item::Comma(_))
            && is_edge(statement.get(limit + 3))
        {
            let bound: Vec<Item> = statement.drain(limit - 1..limit + 3).skip(1).collect();
            statement.splice(each + 2..each + 2, bound);
        }
        all.extend(statement);
    }
    all
}
