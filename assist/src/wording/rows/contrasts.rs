//! What is set against something else: `A, but B first`, `after A, not alongside it`, `in parallel instead of one by one`.

use super::{Place, Turn, ends, mark, turn};
use crate::items::Item;
use crate::words::Mark;

const RELATIONS: [Mark; 5] = [Mark::Alongside, Mark::While, Mark::Parallel, Mark::Before, Mark::After];

pub(super) fn turn_of(place: &Place<'_>) -> Option<Turn> {
    but_first(place)
        .or_else(|| before_all(place))
        .or_else(|| not_otherwise(place))
        .or_else(|| instead_of_relation(place))
}

/// `A, but B first`, `A, but before it B`: B comes before A. `A, after it B`: behind it.
fn but_first(place: &Place<'_>) -> Option<Turn> {
    let item = place.item;
    if !matches!(item, Item::Comma(_)) && !item.is(Mark::So) {
        return None;
    }
    if let [order, it, step @ Item::Phrase(phrase), ..] = place.rest
        && it.is(Mark::It)
        && order.is_any(&[Mark::Before, Mark::After])
        && place.is_task(phrase)
    {
        let order = if order.is(Mark::Before) { Mark::ButFirst } else { Mark::Then };
        return turn(vec![item.clone(), mark(order, it), step.clone()], 3);
    }
    let sentence = place.sentence();
    let clause = sentence.iter().position(|item| item.is(Mark::First))?;
    let is_end = ends(sentence.get(clause + 1));
    let is_list = sentence[..clause].iter().all(|item| {
        matches!(item, Item::Phrase(_) | Item::Comma(_))
            || item.is_any(&[Mark::And, Mark::Equals, Mark::Exists])
    });
    let first @ Item::Phrase(_) = place.rest.first()? else { return None };
    // `A unless it is late, B first`, `A and C, B first`
    let is_last = clause + 1 == sentence.len();
    let so_far = || place.found.iter().rev().take_while(|item| !matches!(item, Item::Stop(_)));
    let is_ordered = || so_far().any(|item| item.is_any(&[Mark::First, Mark::Not]));
    let is_plain = || is_last && matches!(so_far().last(), Some(Item::Phrase(_))) && !is_ordered();
    if !is_end || !is_list || !place.is_but(item, first) && !is_plain() {
        return None;
    }
    let steps = sentence[..clause].iter().cloned();
    turn(std::iter::once(mark(Mark::ButFirst, item)).chain(steps).collect(), clause + 1)
}

/// `A after B, and C before everything else`: C is a sentence of its own.
fn before_all(place: &Place<'_>) -> Option<Turn> {
    if !matches!(place.item, Item::Comma(_)) && !place.item.is(Mark::And) {
        return None;
    }
    let sentence = place.sentence();
    let (first, clause) = sentence.split_last()?;
    let is_all = first.is(Mark::First) && place.said(first).starts_with("before ");
    let and = usize::from(clause.first().is_some_and(|item| item.is(Mark::And)));
    let clause = &clause[and..];
    let is_clause = matches!(clause.first(), Some(Item::Phrase(_)))
        && clause
            .iter()
            .all(|item| matches!(item, Item::Phrase(_)) || item.is_any(&[Mark::Equals, Mark::Exists]));
    let before = place.found.iter().rev().take_while(|item| !matches!(item, Item::Stop(_))).count();
    if !is_all || !is_clause || before == 0 {
        return None;
    }
    let stop = Item::Stop(place.item.at().clone());
    let main = &place.found[place.found.len() - before..];
    let items = main.iter().chain([&stop]).chain(clause).chain([first]).cloned().collect();
    Some(Turn { dropped: before, items, used: sentence.len() })
}

/// `B after A, not alongside it`, `one by one instead of in parallel`: what is not meant says nothing more.
fn not_otherwise(place: &Place<'_>) -> Option<Turn> {
    let item = place.item;
    let comma = usize::from(matches!(place.rest.first(), Some(Item::Comma(_))));
    let rest = &place.rest[comma..];
    let modes = [Mark::Sequential, Mark::Parallel];
    let is_mode = |item: &Item| item.is_any(&modes) && !item.is(Mark::Times);
    if is_mode(item) && !item.is_any(&[Mark::All, Mark::Alongside]) {
        let not = usize::from(rest.first().is_some_and(|next| next.is_any(&[Mark::Instead, Mark::Not])));
        let other = rest.get(not).filter(|other| is_mode(other))?;
        let is_same = item.is(Mark::Sequential) == other.is(Mark::Sequential);
        let is_clear = if not == 1 { !is_same } else { is_same && item.is(Mark::Sequential) };
        return if is_clear && ends(rest.get(not + 1)) {
            turn(vec![item.clone()], comma + not + 1)
        } else {
            None
        };
    }
    let is_behind = place.found.last().is_some_and(|last| last.is_any(&RELATIONS));
    // `B after A instead of at the same time`
    if let ([mode, rest @ ..], true) = (rest, is_behind && matches!(item, Item::Phrase(_)))
        && mode.is(Mark::Sequential)
        && ["instead", "rather", "not", "а не"].iter().any(|not| place.said(mode).starts_with(not))
        && ends(rest.first())
    {
        return turn(vec![item.clone()], comma + 1);
    }
    let [not, relation, rest @ ..] = rest else { return None };
    // The stem of `ней` is that of `не`.
    let is_it = |next: &Item| next.is_any(&[Mark::It, Mark::Them]) || place.said(next) == "ней";
    let it = usize::from(rest.first().is_some_and(is_it));
    let is_contrast = matches!(item, Item::Phrase(_))
        && is_behind
        && not.is_any(&[Mark::Not, Mark::Instead])
        && relation.is_any(&RELATIONS)
        && ends(rest.get(it));
    if is_contrast { turn(vec![item.clone()], comma + 2 + it) } else { None }
}

/// `instead of running A in parallel with B, run it after B`: what is there now says only what `it` is.
fn instead_of_relation(place: &Place<'_>) -> Option<Turn> {
    let sentence = place.sentence();
    let comma = sentence.iter().position(|item| matches!(item, Item::Comma(_)))?;
    let [topic @ Item::Phrase(phrase), relation, Item::Phrase(_)] = &sentence[..comma] else { return None };
    if !place.is_first()
        || !place.item.is(Mark::Instead)
        || !relation.is_any(&RELATIONS)
        || !place.is_task(phrase)
    {
        return None;
    }
    let behind = &sentence[comma + 1..];
    let it = behind.iter().position(|item| item.is_any(&[Mark::It, Mark::Them]))?;
    // `only send it`, where the verb is the topic's own
    let verb = usize::from(it > 0 && matches!(&behind[it - 1], Item::Phrase(verb) if verb.words.len() == 1));
    let is_only = place.between(&sentence[comma], &behind[it - verb]).contains("only");
    let condition = |item: &Item| {
        if is_only && item.is(Mark::If) { mark(Mark::OnlyIf, item) } else { item.clone() }
    };
    let items = behind[..it - verb].iter().chain([topic]).chain(&behind[it + 1..]).map(condition);
    turn(items.collect(), sentence.len())
}
