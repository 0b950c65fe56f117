//! What undoes a step, where a later one fails.

use crate::items::{Item, Phrase};
use crate::names::Meant;
use crate::words::Mark;

use super::settings::{Change, Found, Target};
use super::{Context, Read};

/// `undo X with Y`, `if anything fails later, undo X with Y`.
pub(super) fn undo(context: &Context<'_>, items: &[Item], at: usize) -> Read<Option<Found>> {
    if let [using, Item::Phrase(by), to, Item::Phrase(done), ..] = &items[at..]
        && context.said(std::slice::from_ref(using)).eq_ignore_ascii_case("use")
        && to.is(Mark::Undo)
    {
        let changes = vec![Change::Undo(context.task(by, &[])?)];
        let reason = items[at + 4..].iter().take_while(|item| is_reason(item)).count();
        let named = Some(Target::Task(context.task(done, &[])?));
        return Ok(Some(Found { range: at..at + 4 + reason, named, changes }));
    }
    if let Some(found) = undone_later(context, items, at) {
        return Ok(Some(found));
    }
    let start = at;
    let mut at = at;
    let mut after = None;
    if items[at].is_any(&[Mark::If, Mark::When])
        && items.get(at + 1).is_some_and(|item| item.is(Mark::Anything))
    {
        let reason = later_reason(&items[at..]);
        after = after_step(context, &items[at..at + reason]);
        at += reason;
        at +=
            items[at..].iter().take_while(|item| item.is(Mark::Of) || matches!(item, Item::Comma(_))).count();
        if !items.get(at).is_some_and(|item| item.is(Mark::Undo)) {
            return Ok(None);
        }
    }
    if !items[at].is(Mark::Undo) {
        return Ok(None);
    }
    // `undo it with X`; the pronoun may be a part of the phrase before
    let it = usize::from(items.get(at + 1).is_some_and(|item| item.is(Mark::It)));
    if let [by, Item::Phrase(phrase), ..] = &items[at + 1 + it..]
        && by.is_any(&[Mark::ByMeans, Mark::With])
    {
        let changes = vec![Change::Undo(context.task(phrase, &[])?)];
        let end = behind_reason(items, at + 3 + it);
        return Ok(Some(Found { range: start..end, named: after.map(Target::Task), changes }));
    }
    // `undo A by deleting it`
    if let [Item::Phrase(done), by, Item::Phrase(phrase), ..] = &items[at + 1..]
        && by.is_any(&[Mark::ByMeans, Mark::With])
    {
        let changes = vec![Change::Undo(context.task(phrase, &[])?)];
        let end = behind_reason(items, at + 4);
        let named = Some(Target::Task(context.present_task(done)?));
        return Ok(Some(Found { range: start..end, named, changes }));
    }
    let Some(Item::Phrase(phrase)) = items.get(at + 1) else { return Ok(None) };
    let split = phrase
        .glue
        .iter()
        .find(|(_, marks)| marks.iter().any(|mark| matches!(mark, Mark::ByMeans | Mark::With)));
    let Some((split, _)) = split else { return Ok(None) };
    let (done, by) = phrase.words.split_at(*split);
    let by = context.words(by, &[])?;
    // `undo the deposit with release_deposit`
    let done = match context.names.meant(done, &[]) {
        Meant::Several(tasks) => tasks.into_iter().filter(|task| *task != by).collect::<Vec<_>>(),
        _ => vec![context.words(done, &[])?],
    };
    let [done] = done.as_slice() else { return context.ask("which step should be undone?") };
    let target = Target::Task(done.clone());
    let end = behind_reason(items, at + 2);
    Ok(Some(Found { range: start..end, named: Some(target), changes: vec![Change::Undo(by)] }))
}

/// Where `if anything fails later` ends that may follow.
fn behind_reason(items: &[Item], at: usize) -> usize {
    let reason = items[at..].iter().take_while(|item| is_reason(item)).count();
    at + if items[at..at + reason].iter().any(is_any_failure) { reason } else { 0 }
}

/// `if anything fails`, `in case of a later failure`.
fn is_any_failure(item: &Item) -> bool {
    item.is_any(&[Mark::Anything, Mark::OnFailure])
}

/// Of `if anything fails later`.
fn is_reason(item: &Item) -> bool {
    item.is_any(&[Mark::If, Mark::When, Mark::Anything, Mark::Fails, Mark::Then, Mark::OnFailure])
}

/// `cancel the room if anything fails later`: what undoes the only step about the same thing.
fn undone_later(context: &Context<'_>, items: &[Item], at: usize) -> Option<Found> {
    let it = usize::from(items.get(at + 1).is_some_and(|item| item.is(Mark::It)));
    let (phrase, reason, end) = match &items[at..] {
        [Item::Phrase(phrase), rest @ ..] if rest.len() > it => {
            let reason = later_reason(&rest[it..]);
            (phrase, &rest[it..it + reason], at + 1 + it + reason)
        }
        [condition, rest @ ..] if condition.is_any(&[Mark::If, Mark::When]) => {
            let reason = later_reason(&items[at..]);
            let comma = usize::from(matches!(rest.get(reason - 1), Some(Item::Comma(_))));
            let Some(Item::Phrase(phrase)) = items.get(at + reason + comma) else { return None };
            let end = at + reason + comma + 1;
            let it = usize::from(items.get(end).is_some_and(|item| item.is(Mark::It)));
            (phrase, &items[at..at + reason], end + it)
        }
        _ => return None,
    };
    const LATER: [&str; 8] =
        ["later", "afterwards", "subsequent", "following", "further", "потом", "позже", "дальше"];
    let said = context.said(reason).to_lowercase();
    let after = after_step(context, reason);
    let is_later = after.is_some()
        || reason.iter().any(|item| item.is(Mark::After))
        || LATER.iter().any(|word| said.contains(word));
    let fails =
        reason.iter().any(|item| item.is(Mark::Anything)) && reason.iter().any(|item| item.is(Mark::Fails));
    let ends = items
        .get(end)
        .is_none_or(|next| matches!(next, Item::Comma(_) | Item::Stop(_)) || next.is(Mark::Then));
    if !is_later || !fails || !ends {
        return None;
    }
    // `release the room again`
    let last = phrase.words.len() - 1;
    let again = last > 0 && ["again", "снова", "обратно"].contains(&phrase.words[last].text.as_str());
    let phrase = &if again { phrase.split(last).0 } else { phrase.clone() };
    let by = context.maybe(phrase)?;
    let near: Vec<String> = after.map_or_else(
        || context.mentioned.iter().chain(&context.present).cloned().collect(),
        |task| vec![task],
    );
    let done = context.names.undone_by(&by, near.iter())?;
    let changes = vec![Change::Undo(by)];
    Some(Found { range: at..end, named: Some(Target::Task(done)), changes })
}

/// How many items say that something fails, and after what: `if anything fails after A`, `after it was reserved`.
fn later_reason(items: &[Item]) -> usize {
    let reason = items.iter().take_while(|item| is_reason(item)).count();
    let [after, thing, rest @ ..] = &items[reason..] else { return reason };
    let is_thing = matches!(thing, Item::Phrase(_)) || thing.is_any(&[Mark::It, Mark::Them]);
    if reason == 0 || !after.is(Mark::After) || !is_thing {
        return reason;
    }
    let is_done = matches!(rest, [be, Item::Phrase(_), ..] if be.is_any(&[Mark::Equals, Mark::Exists]));
    reason + 2 + if is_done { 2 } else { 0 }
}

/// The step after which something fails.
fn after_step(context: &Context<'_>, reason: &[Item]) -> Option<String> {
    let mut whole: Option<Phrase> = None;
    for item in reason {
        if let Item::Phrase(phrase) = item {
            match &mut whole {
                Some(whole) => whole.words.extend(phrase.words.iter().cloned()),
                None => whole = Some(phrase.clone()),
            }
        }
    }
    context.present_task(&whole?).ok()
}
