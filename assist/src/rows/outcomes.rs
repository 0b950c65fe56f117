//! What becomes of a step: `only on success of A`, `the failure of A should not fail the order`.

use super::{Place, Turn, ends, mark, turn};
use crate::items::Item;
use crate::words::Mark;

const STOPS: [&str; 9] = ["stop", "break", "block", "cancel", "abort", "hold", "ruin", "interrupt", "kill"];

/// One step, and words of the end around it.
fn is_one_step(items: &[Item]) -> bool {
    items.iter().filter(|item| matches!(item, Item::Phrase(_))).count() == 1
        && items.iter().all(|item| matches!(item, Item::Phrase(_) | Item::Comma(_)) || item.is(Mark::Then))
}

pub(super) fn turn_of(place: &Place<'_>) -> Option<Turn> {
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
                && matches!(place.found.last(), Some(Item::Comma(_))) =>
        {
            Some(Turn { dropped: 1, items: Vec::new(), used: 1 })
        }
        _ => None,
    }
}
