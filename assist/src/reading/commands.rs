//! What an order to change something changes: `remove X`, `add X after Y`, `swap X and Y`, `X between A and B`.
//!
//! It knows which steps there are, not where they stand.

use crate::flow::Flow;
use crate::items::{Item, Phrase};
use crate::words::Mark;

use super::{Context, Edit, Place, Read, attributes, groups};

/// `drop A and B`.
pub(super) fn removals(context: &Context<'_>, items: &[Item]) -> Option<Vec<Edit>> {
    let (first, rest) =
        items.split_first().filter(|(first, rest)| first.is(Mark::Remove) && rest.len() > 1)?;
    let _ = first;
    let mut edits = Vec::new();
    for item in rest {
        match item {
            Item::Phrase(phrase) => {
                edits
                    .push(Edit::Remove(context.maybe(phrase).filter(|task| context.present.contains(task))?));
            }
            item if item.is(Mark::And) || matches!(item, Item::Comma(_)) => {}
            _ => return None,
        }
    }
    (edits.len() > 1).then_some(edits)
}

/// `remove X`, `add X after Y`, `move X before Y`, `replace X with Y`.
pub(super) fn edit(context: &Context<'_>, items: &[Item], end: Option<Place>) -> Read<Option<Edit>> {
    if context.present.is_empty() {
        return Ok(None);
    }
    if let ([Item::Phrase(phrase)], Some(place)) = (items, &end)
        && let Some(task) = context.maybe(phrase)
    {
        let place = place.clone();
        return Ok(Some(if context.present.contains(&task) {
            Edit::Move { task, place }
        } else {
            Edit::Add { flow: Flow::Call(task), place }
        }));
    }
    if let Some(edit) = together(context, items).or_else(|| delayed(context, items)) {
        return Ok(Some(edit));
    }
    if let Some(edit) = exchanged(context, items)? {
        return Ok(Some(edit));
    }
    if let [rest @ .., mark, Item::Phrase(first), and, Item::Phrase(last)] = items
        && mark.is(Mark::Between)
        && and.is(Mark::And)
        && let Some((flow, used)) = groups::waiting(rest)
        && used == rest.len()
        && let (first, last) = (context.present_task(first)?, context.present_task(last)?)
        && !context.at_once.iter().any(|block| block.contains(&first) && block.contains(&last))
    {
        return following(context, first, &last, flow).map(Some);
    }
    if let [Item::Phrase(phrase), rest @ ..] = items
        && let Some(edit) = between(context, phrase, rest)?
    {
        return Ok(Some(edit));
    }
    // `skip A for express orders`
    if let [_, Item::Phrase(phrase)] = items
        && context.maybe(phrase).is_none()
        && attributes::guarded(context, phrase).is_some()
    {
        return Ok(None);
    }
    // `the map does not need to be uploaded any more`
    if let [Item::Phrase(thing), not, Item::Phrase(verb), gone] = items
        && not.is_any(&[Mark::Not, Mark::NotNeeded])
        && gone.is(Mark::NotNeeded)
    {
        let mut whole = thing.clone();
        whole.words.extend(verb.words.iter().cloned());
        return Ok(context.maybe(&whole).map(Edit::Remove));
    }
    if let Some(phrase) = superfluous(context, items) {
        return Ok(Some(Edit::Remove(context.task(phrase, &[])?)));
    }
    ordered(context, items, end)
}

/// `everything in sequence`
fn together(context: &Context<'_>, items: &[Item]) -> Option<Edit> {
    let ([all, how] | [how @ all]) = items else { return None };
    let is_all = all.is(Mark::All) || all.is(Mark::Sequential) && items.len() == 1;
    let steps = context.present.clone();
    match how {
        _ if !is_all || steps.len() < 2 => None,
        how if how.is(Mark::Sequential) => Some(Edit::Apart(steps)),
        how if how.is(Mark::Parallel) => Some(Edit::Together(steps, None)),
        _ => None,
    }
}

/// `send the receipt after 15 minutes`, `delay the receipt by 15 minutes`
fn delayed(context: &Context<'_>, items: &[Item]) -> Option<Edit> {
    let (phrase, ms) = match items {
        [Item::Phrase(phrase), after, Item::Time(ms, _)] if after.is(Mark::After) => (phrase, ms),
        [wait, Item::Phrase(phrase), by, Item::Time(ms, _)]
            if wait.is(Mark::Wait) && by.is_any(&[Mark::ByMeans, Mark::With]) =>
        {
            (phrase, ms)
        }
        _ => return None,
    };
    let task = context.present_task(phrase).ok().filter(|task| context.present.contains(task))?;
    Some(Edit::Add { flow: Flow::Sleep(*ms), place: Place::Before(task) })
}

/// `replace A with B`, `add A after B`, `move A to the end`.
fn ordered(context: &Context<'_>, items: &[Item], end: Option<Place>) -> Read<Option<Edit>> {
    let [first, Item::Phrase(phrase), rest @ ..] = items else { return Ok(None) };
    if first.is(Mark::Replace) {
        let split = phrase.glue.iter().find(|(_, marks)| {
            marks.iter().any(|mark| matches!(mark, Mark::With | Mark::ByMeans | Mark::To))
        });
        let Some((split, _)) = split.filter(|_| rest.is_empty()) else {
            return context.ask("replaced with which task?");
        };
        let (old, new) = phrase.words.split_at(*split);
        return Ok(Some(Edit::Replace { old: context.words(old, &[])?, new: context.words(new, &[])? }));
    }
    let is_setting =
        |item: &Item| item.is_any(&[Mark::Timeout, Mark::Retries]) || matches!(item, Item::Time(..));
    if !first.is_any(&[Mark::Add, Mark::Move]) || rest.iter().any(is_setting) {
        return Ok(None);
    }
    if let Some(edit) = between(context, phrase, rest)? {
        return Ok(Some(edit));
    }
    let task = context.task(phrase, &[])?;
    let place = match rest {
        [mark, Item::Phrase(anchor)] if mark.is(Mark::Before) => Place::Before(context.task(anchor, &[])?),
        [mark, Item::Phrase(anchor)] if mark.is(Mark::After) => Place::After(context.task(anchor, &[])?),
        [] => match end {
            Some(place) => place,
            None => return context.ask("to which place? \"before\" or \"after\" a step would say"),
        },
        _ => return context.ask("to which place? \"before\" or \"after\" a step would say"),
    };
    // To put somewhere what is not there yet is to add it.
    let said = context.said(std::slice::from_ref(first)).to_lowercase();
    let is_put = ["put", "place", "поставь"].contains(&said.as_str()) && !context.present.contains(&task);
    Ok(Some(if first.is(Mark::Move) && !is_put {
        Edit::Move { task, place }
    } else {
        Edit::Add { flow: Flow::Call(task), place }
    }))
}

/// `remove X`, `X is no longer needed`, `no X any more`.
fn superfluous<'a>(context: &Context<'_>, items: &'a [Item]) -> Option<&'a Phrase> {
    // `no X`, but not `do not X`: that may be said of one case alone.
    let is_no = |item: &Item| {
        item.is(Mark::Not) && context.said(std::slice::from_ref(item)).eq_ignore_ascii_case("no")
    };
    // `drop X, nobody needs it`, `X is not needed any more, remove it`
    if let Some(comma) = items.iter().rposition(|item| matches!(item, Item::Comma(_))) {
        let is_gone = |item: &Item| item.is_any(&[Mark::NotNeeded, Mark::Remove]);
        let again = &items[comma + 1..];
        let says_no_more = again.first().is_some_and(is_gone)
            && again[1..]
                .iter()
                .all(|item| item.is_any(&[Mark::It, Mark::Them, Mark::Filler, Mark::NotNeeded]));
        return superfluous(context, &items[..comma]).filter(|_| says_no_more);
    }
    let (phrase, is_gone) = match items {
        [Item::Phrase(phrase), gone] => (phrase, gone.is(Mark::NotNeeded)),
        [first, Item::Phrase(phrase)] => {
            (phrase, first.is_any(&[Mark::Remove, Mark::NotNeeded]) || is_no(first))
        }
        [first, Item::Phrase(phrase), gone] => {
            (phrase, first.is_any(&[Mark::Not, Mark::NotNeeded]) && gone.is(Mark::NotNeeded))
        }
        _ => return None,
    };
    is_gone.then_some(phrase)
}

/// `X between A and B`.
fn between(context: &Context<'_>, phrase: &Phrase, rest: &[Item]) -> Read<Option<Edit>> {
    let Some(between) = phrase.glue.iter().find(|(_, marks)| marks.contains(&Mark::Between)) else {
        return Ok(None);
    };
    let (task, anchor) = phrase.split(between.0);
    let [and, Item::Phrase(last)] = rest else { return Ok(None) };
    let (first, last) = (context.task(&anchor, &[])?, context.task(last, &[])?);
    let flow = Flow::Call(context.task(&task, &[])?);
    if !and.is(Mark::And) {
        return context.ask("between which steps?");
    }
    following(context, first, &last, flow).map(Some)
}

/// Something new between two steps that follow each other.
fn following(context: &Context<'_>, first: String, last: &str, flow: Flow) -> Read<Edit> {
    if !context.present.windows(2).any(|pair| pair[0] == first && pair[1] == last) {
        return context.ask(format!("`{first}` and `{last}` do not follow each other: where does it go?"));
    }
    Ok(Edit::Add { flow, place: Place::Before(last.to_owned()) })
}

/// `X instead of A`, `swap A and B`.
fn exchanged(context: &Context<'_>, items: &[Item]) -> Read<Option<Edit>> {
    let items = match items {
        [add, rest @ ..] if add.is(Mark::Add) => rest,
        items => items,
    };
    let (new, old) = match items {
        [Item::Phrase(new), instead, Item::Phrase(old), rest @ ..]
            if instead.is(Mark::Instead) && rest.iter().all(|item| item.is_any(&[Mark::It, Mark::Them])) =>
        {
            (new, old)
        }
        [instead, Item::Phrase(old), Item::Comma(_), Item::Phrase(new)] if instead.is(Mark::Instead) => {
            (new, old)
        }
        [swap, Item::Phrase(one), and, Item::Phrase(other)]
        | [Item::Phrase(one), and, Item::Phrase(other), swap]
            if swap.is(Mark::Replace) && and.is(Mark::And) =>
        {
            let (one, other) = (context.task(one, &[])?, context.task(other, &[])?);
            return Ok(Some(Edit::Swap(one, other)));
        }
        [instead, Item::Phrase(both)] if instead.is(Mark::Instead) => {
            let split = (1..both.words.len()).map(|at| both.split(at)).find(|(old, new)| {
                let old = context.maybe(old).filter(|old| context.present.contains(old));
                old.is_some() && context.maybe(new).is_some_and(|new| !context.present.contains(&new))
            });
            let Some((old, new)) = split else { return Ok(None) };
            let (old, new) = (context.task(&old, &[])?, context.task(&new, &[])?);
            return Ok(Some(Edit::Replace { old, new }));
        }
        _ => return Ok(None),
    };
    Ok(Some(Edit::Replace { old: context.present_task(old)?, new: context.task(new, &[])? }))
}
