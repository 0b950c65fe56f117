//! Who is asked and how long: `wait up to 2 days for approval`, `ask an editor for approval`.

use super::{Place, Turn, mark, turn};
use crate::items::{Item, Phrase};
use crate::names::Meant;
use crate::words::Mark;

pub(super) fn turn_of(place: &Place<'_>) -> Option<Turn> {
    asked(place).or_else(|| waited(place))
}

/// Who is asked, however he is called.
fn asked(place: &Place<'_>) -> Option<Turn> {
    let item = place.item;
    let is_small = |item: &Item| item.is_any(&[Mark::With, Mark::To, Mark::Of]);
    match place.rest {
        // `wait up to 2 days for approval`
        [limit, time @ Item::Time(..), small, approval, ..]
            if item.is_any(&[Mark::Wait, Mark::WaitFor])
                && limit.is_any(&[Mark::UpTo, Mark::Within])
                && small.is(Mark::With)
                && approval.is(Mark::Approval) =>
        {
            turn(
                vec![mark(Mark::WaitFor, item), approval.clone(), mark(Mark::Within, limit), time.clone()],
                4,
            )
        }
        // `ask an editor for approval`
        [small, approval, ..]
            if matches!(item, Item::Phrase(who) if who.words.len() > 1 && ASKS.contains(&who.begin()) && is_unknown(place, &who.split(1).1))
                && is_small(small)
                && approval.is(Mark::Approval) =>
        {
            turn(vec![mark(Mark::WaitFor, item), approval.clone()], 2)
        }
        // `ask for approval from an editor`, `согласование у менеджера`
        [small, Item::Phrase(who), ..]
            if item.is(Mark::Approval)
                && is_small(small)
                && who.words.len() == 1
                && is_unknown(place, who) =>
        {
            turn(vec![item.clone()], 2)
        }
        // `the head of department has to approve it within 3 days`
        [approval, rest @ ..]
            if matches!(item, Item::Phrase(who) if is_unknown(place, who))
                && place.begins()
                && approval.is(Mark::Approval) =>
        {
            let it = usize::from(rest.first().is_some_and(|next| next.is_any(&[Mark::It, Mark::Them])));
            turn(vec![approval.clone()], 1 + it)
        }
        _ => None,
    }
}

/// How long somebody is asked for an approval, and what waits for it.
fn waited(place: &Place<'_>) -> Option<Turn> {
    let item = place.item;
    match place.rest {
        // `an approval, wait for it 2 days at most`
        [it, limit, time @ Item::Time(..), ..]
            if item.is_any(&[Mark::Wait, Mark::WaitFor])
                && it.is(Mark::It)
                && limit.is_any(&[Mark::UpTo, Mark::Within])
                && place.found.iter().any(|item| item.is(Mark::Approval)) =>
        {
            turn(vec![mark(Mark::Wait, item), mark(Mark::UpTo, limit), time.clone()], 3)
        }
        [it, time @ Item::Time(..), limit, ..]
            if item.is_any(&[Mark::Wait, Mark::WaitFor])
                && it.is(Mark::It)
                && limit.is(Mark::UpTo)
                && place.found.iter().any(|item| item.is(Mark::Approval)) =>
        {
            turn(vec![mark(Mark::Wait, item), mark(Mark::UpTo, limit), time.clone()], 3)
        }
        // `let A wait for approval when it is more than 1000`
        [wait, approval, condition, it, compared, number @ Item::Number(..), ..]
            if matches!(item, Item::Phrase(step) if place.is_task(step))
                && place.begins()
                && wait.is_any(&[Mark::Wait, Mark::WaitFor])
                && approval.is(Mark::Approval)
                && condition.is_any(&[Mark::If, Mark::When])
                && it.is(Mark::It)
                && compared.is_any(&[Mark::Above, Mark::Below, Mark::AtLeast, Mark::AtMost]) =>
        {
            let order = [approval.clone(), mark(Mark::Before, wait), item.clone(), mark(Mark::If, condition)];
            turn(order.into_iter().chain([item, compared, number].map(Item::clone)).collect(), 6)
        }
        // `let A wait for approval`
        [wait, approval, ..]
            if matches!(item, Item::Phrase(step) if place.is_task(step))
                && place.begins()
                && ["wait for", "waits for", "has to wait for"].contains(&place.said(wait).as_str())
                && approval.is(Mark::Approval) =>
        {
            turn(vec![approval.clone(), mark(Mark::Before, wait), item.clone()], 2)
        }
        // `give her approval`
        [it, approval, ..] if item.is(Mark::Give) && it.is(Mark::It) && approval.is(Mark::Approval) => {
            turn(vec![approval.clone()], 2)
        }
        _ => None,
    }
}

const ASKS: [&str; 8] = ["ask", "get", "request", "wait", "попроси", "запроси", "спроси", "получи"];

/// Whether nothing of the manifest is called so.
fn is_unknown(place: &Place<'_>, who: &Phrase) -> bool {
    place.names.meant(&who.words, &[]) == Meant::Nothing
        && who.words.iter().all(|word| !place.names.owns(&word.stem))
}
