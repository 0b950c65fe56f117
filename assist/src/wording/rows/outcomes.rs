//! What becomes of a step: `only on success of A`, `the failure of A should not fail the order`.

use super::{Place, Turn, ends, mark, turn};
use crate::items::Item;
use crate::words::Mark;

const STOPS: [&str; 6] = ["stop", "break", "cancel", "abort", "ruin", "kill"];

/// `remove`, and `take out` without what is taken.
fn is_removal(item: &Item) -> bool {
    item.is(Mark::Remove)
        || matches!(item, Item::Phrase(phrase) if phrase.words.len() == 2 && phrase.begin() == "take" && phrase.words[1].text == "out")
}

/// `take A out` is `remove A`.
fn taken_out(item: &Item) -> Option<Vec<Item>> {
    let Item::Phrase(phrase) = item else { return None };
    let last = phrase.words.len().checked_sub(1).filter(|last| *last > 1)?;
    if !["take", "leave"].contains(&phrase.begin()) || phrase.words[last].text != "out" {
        return None;
    }
    let verb = Item::Marks(vec![Mark::Remove], phrase.words[0].at.clone());
    Some(vec![verb, Item::Phrase(phrase.split(last).0.split(1).1)])
}

/// One step, and words of the end around it.
fn is_one_step(items: &[Item]) -> bool {
    items.iter().filter(|item| matches!(item, Item::Phrase(_))).count() == 1
        && items.iter().all(|item| matches!(item, Item::Phrase(_) | Item::Comma(_)) || item.is(Mark::Then))
}

pub(super) fn turn_of(place: &Place<'_>) -> Option<Turn> {
    tolerated(place)
        .or_else(|| failed(place))
        .or_else(|| guarded(place))
        .or_else(|| removed(place))
        .or_else(|| passed_over(place))
}

/// What must not fail because a step does.
fn tolerated(place: &Place<'_>) -> Option<Turn> {
    let item = place.item;
    match place.rest {
        // `only on success of A`
        [of, step @ Item::Phrase(_), ..]
            if item.is(Mark::Then) && place.said(item).ends_with("success") && of.is(Mark::Of) =>
        {
            turn(vec![mark(Mark::OnlyIf, item), step.clone(), mark(Mark::Succeeds, of)], 2)
        }
        // `a failed receipt must not fail the order`
        [Item::Phrase(what), rest @ ..]
            if item.is(Mark::Critical)
                && place.said(item).ends_with("fail")
                && !place.is_task(what)
                && ends(rest.first()) =>
        {
            turn(vec![mark(Mark::MayFail, item)], 1)
        }
        [fails, Item::Phrase(what), rest @ ..]
            if item.is(Mark::Not)
                && fails.is(Mark::Fails)
                && !place.found.is_empty()
                && !place.is_task(what)
                && ends(rest.first()) =>
        {
            turn(vec![mark(Mark::MayFail, item)], 2)
        }
        // `the receipt should not block the order`
        [Item::Phrase(what), rest @ ..]
            if item.is(Mark::Not)
                && place.found.last().is_some_and(|last| {
                    matches!(last, Item::Phrase(_)) || last.is_any(&[Mark::Failures, Mark::Fails])
                })
                && what.words.len() > 1
                && STOPS.contains(&what.begin())
                && !place.is_task(&what.split(1).1)
                && ends(rest.first()) =>
        {
            turn(vec![mark(Mark::MayFail, item)], 1)
        }
        _ => None,
    }
}

/// How a step has ended, said by a pronoun or twice.
fn failed(place: &Place<'_>) -> Option<Turn> {
    let item = place.item;
    match place.rest {
        // `если он упал с ошибкой`
        [it, fails, ..]
            if item.is_any(&[Mark::If, Mark::When])
                && it.is_any(&[Mark::It, Mark::Them])
                && fails.is(Mark::Fails) =>
        {
            let again = usize::from(place.rest.get(2).is_some_and(|next| next.is(Mark::Fails)));
            turn(vec![mark(Mark::OnFailure, fails)], 2 + again)
        }
        // `повторять до 3 раз, если упала`
        [fails, rest @ ..]
            if item.is_any(&[Mark::If, Mark::When])
                && fails.is(Mark::Fails)
                && rest.first().is_none_or(|next| matches!(next, Item::Stop(_))) =>
        {
            turn(vec![mark(Mark::OnFailure, fails)], 1)
        }
        // `in the background, nobody waits for it`
        [Item::Comma(_), detach, ..] if item.is(Mark::Detach) && detach.is(Mark::Detach) => {
            turn(vec![item.clone()], 2)
        }
        // `whichever finishes first wins`
        [Item::Phrase(wins), ..]
            if item.is(Mark::Race) && ["wins", "counts"].contains(&wins.begin()) && wins.words.len() == 1 =>
        {
            turn(vec![item.clone()], 1)
        }
        [again, ..] if item.is(Mark::Fails) && again.is(Mark::Fails) => turn(vec![item.clone()], 1),
        // `при сбое повторяй A`
        [retry, ..]
            if item.is(Mark::OnFailure)
                && place.begins()
                && retry.is(Mark::Retry)
                && !retry.is(Mark::Then) =>
        {
            turn(Vec::new(), 0)
        }
        // `it may fail, don't stop because of it`
        [Item::Comma(_), not, Item::Phrase(stop), rest @ ..]
            if item.is(Mark::MayFail)
                && not.is(Mark::Not)
                && STOPS.contains(&stop.begin())
                && stop.words.len() == 1
                && rest
                    .first()
                    .is_none_or(|next| matches!(next, Item::Stop(_)) || next.is(Mark::Because)) =>
        {
            let end = rest.iter().position(|item| matches!(item, Item::Stop(_))).unwrap_or(rest.len());
            turn(vec![item.clone()], 3 + end)
        }
        _ => None,
    }
}

/// What is done whether a step fails, or instead of it.
fn guarded(place: &Place<'_>) -> Option<Turn> {
    let item = place.item;
    match place.rest {
        // `do not fail the workflow if A fails`
        [condition, step @ Item::Phrase(_), fails, ..]
            if item.is(Mark::MayFail)
                && place.begins()
                && condition.is_any(&[Mark::If, Mark::When])
                && fails.is(Mark::Fails) =>
        {
            turn(vec![mark(Mark::EvenIf, item), step.clone(), fails.clone()], 3)
        }
        // `we do not want the workflow to fail when A fails`
        [fails, condition, step @ Item::Phrase(_), again, ..]
            if item.is(Mark::Not)
                && place.begins()
                && fails.is(Mark::Fails)
                && condition.is_any(&[Mark::If, Mark::When])
                && again.is(Mark::Fails) =>
        {
            turn(vec![mark(Mark::EvenIf, item), step.clone(), again.clone()], 4)
        }
        // `in any case, even if something fails`
        [Item::Comma(_), again, ..] if [item, again].iter().all(|item| item.is(Mark::Always)) => {
            turn(vec![item.clone()], 2)
        }
        [again, ..] if [item, again].iter().all(|item| item.is(Mark::Always)) => turn(vec![item.clone()], 1),
        // `A is undone by B`
        [undo, by, ..]
            if matches!(item, Item::Phrase(_))
                && undo.is(Mark::Undo)
                && by.is_any(&[Mark::ByMeans, Mark::With])
                && ["is ", "are ", "gets ", "be "].iter().any(|be| place.said(undo).starts_with(be)) =>
        {
            turn(vec![undo.clone(), item.clone()], 1)
        }
        // `if more than 500 liters are requested, ...`
        [requested, Item::Comma(_), ..]
            if item.is(Mark::Equals) && requested.is(Mark::WaitFor) && place.is_conditional =>
        {
            turn(Vec::new(), 1)
        }
        _ => None,
    }
}

/// What is not done any more.
fn removed(place: &Place<'_>) -> Option<Turn> {
    let item = place.item;
    match place.rest {
        // `no retries for A any more`
        [gone, rest @ ..]
            if matches!(item, Item::Phrase(_))
                && gone.is(Mark::NotNeeded)
                && ["any more", "anymore", "any longer", "больше"].contains(&place.said(gone).as_str())
                && ends(rest.first())
                && place.found.iter().any(|item| item.is_any(&[Mark::Retries, Mark::Timeout])) =>
        {
            turn(vec![item.clone()], 1)
        }
        // `we do not need A any more, remove it`
        [remove, rest @ ..]
            if matches!(item, Item::Comma(_))
                && is_removal(remove)
                && place.found.iter().any(|item| item.is(Mark::NotNeeded)) =>
        {
            let it = usize::from(rest.first().is_some_and(|next| next.is_any(&[Mark::It, Mark::Them])));
            ends(rest.get(it)).then(|| Turn { dropped: 0, items: Vec::new(), used: 1 + it })
        }
        // `take A out of the workflow`
        [of, whole, ..] if of.is(Mark::Of) && whole.is(Mark::Whole) && taken_out(item).is_some() => {
            turn(taken_out(item)?, 2)
        }
        rest if ends(rest.first()) && place.begins() && taken_out(item).is_some() => {
            turn(taken_out(item)?, 0)
        }
        _ => None,
    }
}

/// What does not matter.
fn passed_over(place: &Place<'_>) -> Option<Turn> {
    let item = place.item;
    match place.rest {
        // `ignore it if the call fails`
        [it, failure, ..]
            if item.is_any(&[Mark::Ignore, Mark::GoOn]) && it.is(Mark::It) && failure.is(Mark::OnFailure) =>
        {
            turn(vec![failure.clone(), Item::Comma(it.at().clone()), item.clone()], 2)
        }
        // `always do A at the end, even if something fails`
        [rest @ .., always] if item.is(Mark::Always) && always.is(Mark::Always) && is_one_step(rest) => turn(
            rest.iter().filter(|item| matches!(item, Item::Phrase(_))).chain([always]).cloned().collect(),
            place.rest.len(),
        ),
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
                && matches!(place.found.last(), Some(Item::Comma(_)))
                && !place.found.iter().any(|item| item.is(Mark::Then)) =>
        {
            Some(Turn { dropped: 1, items: Vec::new(), used: 1 })
        }
        _ => None,
    }
}
