//! Clauses that say in other words what the reading knows: `hold A until B` is `do not A until B`.
//!
//! It knows rows of items, not what they say of steps.

use crate::items::Item;
use crate::names::{Meant, Names};
use crate::words::Mark;

const COMPARES: [Mark; 4] = [Mark::Above, Mark::Below, Mark::AtLeast, Mark::AtMost];

pub(crate) fn restated(items: Vec<Item>, names: &Names<'_>, text: &str) -> Vec<Item> {
    undone(consent(allowed(held(without(least(subsequent(items)), text))), names, text), text)
}

/// `A and B then go out simultaneously`: behind its steps `then` says what comes before them all.
fn subsequent(items: Vec<Item>) -> Vec<Item> {
    let is_end = |item: Option<&Item>| item.is_none_or(|item| matches!(item, Item::Stop(_)));
    let is_inner = |at: usize| {
        at > 2
            && items[at].is(Mark::Then)
            && items.get(at + 1).is_some_and(|next| next.is_any(&[Mark::Parallel, Mark::Sequential]))
            && is_end(items.get(at + 2))
            && matches!(&items[at - 3..at], [Item::Phrase(_), and, Item::Phrase(_)] if and.is(Mark::And))
    };
    (0..items.len()).filter(|at| !is_inner(*at)).map(|at| items[at].clone()).collect()
}

/// `at least 80` compares where it says how much of something there is.
fn least(mut items: Vec<Item>) -> Vec<Item> {
    for at in 0..items.len() {
        let is_amount = matches!(items.get(at + 1..at + 3), Some([Item::Number(..), Item::Phrase(_)]));
        if items[at].is(Mark::Least)
            && is_amount
            && at > 0
            && items[at - 1].is_any(&[Mark::With, Mark::Exists])
        {
            items[at] = Item::Marks(vec![Mark::AtLeast], items[at].at().clone());
        }
    }
    items
}

/// `do not A without B first`: A has to wait for B.
fn without(items: Vec<Item>, text: &str) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    let mut items = items.as_slice();
    while let Some((item, rest)) = items.split_first() {
        items = rest;
        if let [Item::Phrase(_), without, Item::Phrase(other), behind @ ..] = rest
            && item.is(Mark::Not)
            && text[without.at().clone()].eq_ignore_ascii_case("without")
            && other.words[0].text.ends_with("ing")
        {
            let until = Item::Marks(vec![Mark::Until], without.at().clone());
            found.extend([item.clone(), rest[0].clone(), until, rest[2].clone()]);
            let is_first = behind.first().is_some_and(|next| next.is_any(&[Mark::First, Mark::ButFirst]));
            items = &behind[usize::from(is_first)..];
            continue;
        }
        found.push(item.clone());
    }
    found
}

/// `hold A until B`, `postpone A until B`: A has to wait.
fn held(items: Vec<Item>) -> Vec<Item> {
    const HOLDS: [&str; 8] =
        ["hold", "postpone", "defer", "suspend", "withhold", "отложи", "отложить", "придержи"];
    let mut found: Vec<Item> = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let Item::Phrase(phrase) = item else {
            found.push(item.clone());
            continue;
        };
        let is_until = items.get(at + 1).is_some_and(|next| next.is(Mark::Until));
        let small =
            phrase.words.iter().take_while(|word| ["off", "back", "on"].contains(&word.text.as_str()));
        let is_waiting = found.last().is_some_and(|last| last.is(Mark::Wait));
        let verb = if is_waiting {
            small.count()
        } else {
            let behind = phrase.words.iter().skip(1);
            1 + behind.take_while(|word| ["off", "back", "on"].contains(&word.text.as_str())).count()
        };
        let is_hold = is_waiting || HOLDS.contains(&phrase.words[0].text.as_str());
        if !is_until || !is_hold || verb >= phrase.words.len() {
            found.push(item.clone());
            continue;
        }
        if is_waiting {
            found.pop();
        }
        let start = phrase.at.start;
        found.extend([Item::Marks(vec![Mark::Not], start..start), Item::Phrase(phrase.split(verb).1)]);
    }
    found
}

/// `на поиск курьера не больше 10 минут`, `for the report at most a minute`: so much is given to a step.
fn allowed(items: Vec<Item>) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let begins =
            at == 0 || matches!(items[at - 1], Item::Stop(_) | Item::Comma(_)) || items[at - 1].is(Mark::And);
        if let [to, Item::Phrase(_), limit, Item::Time(..), ..] = &items[at..]
            && begins
            && to.is_any(&[Mark::To, Mark::With])
            && limit.is_any(&[Mark::Within, Mark::UpTo])
        {
            found.push(Item::Marks(vec![Mark::Give], to.at().start..to.at().start));
        }
        found.push(item.clone());
    }
    found
}

/// `approval for payments over 5000` comes before the payments, and only of those.
fn consent(items: Vec<Item>, names: &Names<'_>, text: &str) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    let mut items = items.as_slice();
    while let Some((item, rest)) = items.split_first() {
        // `payments above 2000 need approval`
        if let (Item::Phrase(thing), [compared, number @ Item::Number(..), approval, behind @ ..]) =
            (item, rest)
            && compared.is_any(&COMPARES)
            && approval.is(Mark::Approval)
            && matches!(names.meant_by(thing, &[]), Meant::Task(_))
            && behind.first().is_none_or(|next| matches!(next, Item::Stop(_)))
        {
            let place = compared.at().start..compared.at().start;
            found.extend([approval.clone(), Item::Marks(vec![Mark::Before], place.clone()), item.clone()]);
            found.extend([
                Item::Marks(vec![Mark::If], place),
                item.clone(),
                compared.clone(),
                number.clone(),
            ]);
            items = behind;
            continue;
        }
        found.push(item.clone());
        items = rest;
        let [small, Item::Phrase(thing), behind @ ..] = rest else { continue };
        let is_for = ["for", "on", "для", "на"].contains(&text[small.at().clone()].to_lowercase().as_str());
        let is_task = matches!(names.meant_by(thing, &[]), Meant::Task(_));
        if !item.is(Mark::Approval) || !is_for || !is_task {
            continue;
        }
        found.push(Item::Marks(vec![Mark::Before], small.at().clone()));
        found.push(Item::Phrase(thing.clone()));
        if behind.first().is_some_and(|first| first.is_any(&COMPARES)) {
            found.push(Item::Marks(vec![Mark::If], small.at().clone()));
            found.push(Item::Phrase(thing.clone()));
        }
        items = behind;
    }
    found
}

/// `A with a rollback to B` is `A, undo it with B`.
fn undone(items: Vec<Item>, text: &str) -> Vec<Item> {
    let mut found: Vec<Item> = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let is_with = text[item.at().clone()].eq_ignore_ascii_case("with");
        match &items[at + 1..] {
            [undo, by, Item::Phrase(_), ..]
                if is_with
                    && at > 0
                    && undo.is(Mark::Undo)
                    && by.is_any(&[Mark::To, Mark::ByMeans, Mark::With, Mark::Of]) =>
            {
                found.push(Item::Comma(item.at().clone()));
            }
            [by, Item::Phrase(_), ..]
                if item.is(Mark::Undo)
                    && matches!(found.last(), Some(Item::Comma(comma)) if text[comma.clone()].eq_ignore_ascii_case("with"))
                    && by.is_any(&[Mark::To, Mark::ByMeans, Mark::With, Mark::Of]) =>
            {
                let place = item.at().end..item.at().end;
                found.extend([item.clone(), Item::Marks(vec![Mark::It], place)]);
            }
            _ => found.push(item.clone()),
        }
        // `to B` says by which means.
        if let [.., undo, it, to] = found.as_mut_slice()
            && undo.is(Mark::Undo)
            && it.is(Mark::It)
            && to.is_any(&[Mark::To, Mark::Of])
        {
            *to = Item::Marks(vec![Mark::ByMeans], to.at().clone());
        }
    }
    found
}
