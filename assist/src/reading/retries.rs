//! Retries: how often, and how long between them.
//!
//! It knows what is said of attempts, not which step they are.

use crate::items::Item;
use crate::words::Mark;

use super::settings::{Change, Found, Target};
use super::targets::{object, trailing};
use super::{Context, Read};

/// `retry X five times with backoff`, `with up to 3 retries`, `three attempts`.
pub(super) fn retry(context: &Context<'_>, items: &[Item], at: usize) -> Read<Option<Found>> {
    // `on failure two retries`
    let after_failure = items[at].is(Mark::OnFailure)
        && matches!(&items[at + 1..], [Item::Number(..), counts, ..] if counts.is(Mark::Retries));
    let mut next = at + usize::from(after_failure);
    let mut named = None;
    let mut changes = Vec::new();
    // `repeat X up to 4 times if it fails`
    let is_repeat = items[at].is(Mark::Loop)
        && !items[at..].iter().any(|item| item.is(Mark::Until))
        && items[at..].iter().any(|item| item.is(Mark::OnFailure));
    let starts_retry = items[at].is(Mark::Retry) && !items[at].is(Mark::Then) || is_repeat;
    let gives = items[at].is(Mark::Give)
        && items[at..].iter().take(5).any(|item| item.is_any(&[Mark::Retries, Mark::Attempts]));
    if let Some((said, behind)) = strategy_first(items, at) {
        (changes, next) = (said, behind);
    }
    if starts_retry || gives {
        next += 1;
        if let Some((used, target)) = object(context, items, next)? {
            next += used;
            named = target;
        }
    }
    let count_at = next
        + items[next..]
            .iter()
            .take_while(|item| {
                item.is_any(&[Mark::UpTo, Mark::With, Mark::Least, Mark::Within, Mark::To])
                    || (starts_retry || !changes.is_empty())
                        && (item.is(Mark::And) || matches!(item, Item::Comma(_)) && !changes.is_empty())
            })
            .count();
    if let Some((change, after)) = counted(context, items, (at, next, count_at), starts_retry) {
        changes.push(change);
        next = after;
    }
    // `every 5 seconds until C, at most 20 attempts` bounds the loop.
    if !starts_retry && items.iter().any(|item| item.is(Mark::Until)) {
        return Ok(None);
    }
    let attempts = tries(context, items, at)?;
    if changes.is_empty() && !starts_retry && attempts.is_some() {
        return Ok(attempts);
    }
    next = pauses(items, next, &mut changes);
    let is_counted = |changes: &[Change]| changes.iter().any(|change| matches!(change, Change::Retries(_)));
    if let (true, Some((retries, behind))) = (starts_retry && !is_counted(&changes), count_last(items, next))
    {
        changes.insert(0, Change::Retries(retries));
        next = behind;
    }
    if starts_retry && !is_counted(&changes) {
        let said = context.said(&items[at..next]);
        return context.ask(format!("how many times at most in \"{said}\"?"));
    }
    if !is_counted(&changes) {
        return Ok(None);
    }
    if named.is_none() && next > at {
        (named, next) = trailing(context, items, next)?;
        next = pauses(items, next, &mut changes);
    }
    Ok((next > at && !changes.is_empty()).then_some(Found { range: at..next, named, changes }))
}

/// `exponential backoff with 6 retries`: the strategy, and where the count stands behind it.
fn strategy_first(items: &[Item], at: usize) -> Option<(Vec<Change>, usize)> {
    if !items[at].is_any(&[Mark::Backoff, Mark::Linear, Mark::Constant]) {
        return None;
    }
    let mut said = Vec::new();
    let behind = pauses(items, at, &mut said);
    let small = |item: &&Item| {
        item.is_any(&[Mark::With, Mark::And, Mark::UpTo, Mark::Within]) || matches!(item, Item::Comma(_))
    };
    let count = behind + items[behind..].iter().take_while(small).count();
    let is_counted = matches!(&items[count..], [Item::Number(..), unit, ..]
        if unit.is_any(&[Mark::Retries, Mark::Attempts, Mark::Retry]));
    (count > behind && is_counted).then_some((said, behind))
}

/// `with a delay of 2 seconds, at most 4 times`: how often, and what comes after it.
fn count_last(items: &[Item], next: usize) -> Option<(u64, usize)> {
    let small =
        |item: &&Item| item.is_any(&[Mark::UpTo, Mark::And, Mark::Within]) || matches!(item, Item::Comma(_));
    let count = next + items[next..].iter().take_while(small).count();
    let [number @ Item::Number(..), times @ ..] = &items[count..] else { return None };
    let is_unit = times.first().is_some_and(|times| times.is_any(&[Mark::Times, Mark::Retries]));
    let is_bound = count > next && items[count - 1].is(Mark::UpTo);
    (is_unit || is_bound).then_some(())?;
    Some((number.whole()?, count + 1 + usize::from(is_unit)))
}

/// How often: the setting, and what comes after it.
fn counted(
    context: &Context<'_>,
    items: &[Item],
    (at, next, count_at): (usize, usize, usize),
    starts_retry: bool,
) -> Option<(Change, usize)> {
    let Some(count) = items.get(count_at).and_then(Item::whole) else {
        let once = |item: &Item| item.is(Mark::OnceMore) || is_once(context, item);
        return (starts_retry && items.get(next).is_some_and(once)).then_some((Change::Retries(1), next + 1));
    };
    let attempts = Change::Retries(count.saturating_sub(1));
    match items.get(count_at + 1) {
        Some(item) if item.is(Mark::Retries) || item.is(Mark::Retry) => {
            Some((Change::Retries(count), count_at + 2))
        }
        Some(item) if item.is(Mark::Attempts) => Some((attempts, count_at + 2)),
        Some(item) if starts_retry && item.is(Mark::Times) => Some((Change::Retries(count), count_at + 2)),
        Some(item) if items[at].is(Mark::Attempts) && item.is(Mark::Times) => Some((attempts, count_at + 2)),
        _ => starts_retry.then_some((Change::Retries(count), count_at + 1)),
    }
}

/// `limit X to 2 retries`.
pub(super) fn limited(context: &Context<'_>, items: &[Item], at: usize) -> Read<Option<Found>> {
    let [limit, Item::Phrase(phrase), to, number @ Item::Number(..), retries, ..] = &items[at..] else {
        return Ok(None);
    };
    if !limit.is_any(&[Mark::UpTo, Mark::Give, Mark::Move])
        || !to.is(Mark::To)
        || !retries.is_any(&[Mark::Retries, Mark::Attempts])
    {
        return Ok(None);
    }
    let count = number.whole().unwrap_or_default();
    let count = if retries.is(Mark::Retries) { count } else { count.saturating_sub(1) };
    let named = Some(Target::Task(context.present_task(phrase)?));
    Ok(Some(Found { range: at..at + 5, named, changes: vec![Change::Retries(count)] }))
}

/// `if X fails, try again 3 times`.
pub(super) fn retried_failure(context: &Context<'_>, items: &[Item], at: usize) -> Read<Option<Found>> {
    let [condition, Item::Phrase(phrase), fails, rest @ ..] = &items[at..] else { return Ok(None) };
    let joint = usize::from(matches!(rest.first(), Some(Item::Comma(_))));
    let is_retried = rest.get(joint).is_some_and(|item| item.is(Mark::Retry) && !item.is(Mark::Then));
    if !condition.is_any(&[Mark::If, Mark::When]) || !fails.is(Mark::Fails) || !is_retried {
        return Ok(None);
    }
    let named = Target::Task(context.present_task(phrase)?);
    let found = retry(context, items, at + 3 + joint)?.filter(|found| found.named.is_none());
    Ok(found.map(|found| Found { range: at..found.range.end, named: Some(named), changes: found.changes }))
}

/// `no retries for X`.
pub(super) fn no_retries(context: &Context<'_>, items: &[Item], at: usize) -> Read<Option<Found>> {
    match &items[at..] {
        [not, retry, ..] if not.is(Mark::Not) && retry.is_any(&[Mark::Retry, Mark::Retries]) => {
            let (used, named) = object(context, items, at + 2)?.unwrap_or_default();
            Ok(Some(Found { range: at..at + 2 + used, named, changes: vec![Change::Retries(0)] }))
        }
        _ => Ok(None),
    }
}

/// `try X at most 3 times`.
fn tries(context: &Context<'_>, items: &[Item], at: usize) -> Read<Option<Found>> {
    if !items[at].is(Mark::Attempts) {
        return Ok(None);
    }
    // `the payment is attempted at most 3 times`
    let (used, named) = object(context, items, at + 1)?.unwrap_or_default();
    if used == 0 && (at == 0 || !matches!(items[at - 1], Item::Phrase(_))) {
        return Ok(None);
    }
    let mut next = at + 1 + used;
    next += items[next..].iter().take_while(|item| item.is(Mark::UpTo)).count();
    let Some(count) = items.get(next).and_then(Item::whole) else { return Ok(None) };
    if !items.get(next + 1).is_some_and(|item| item.is(Mark::Times)) {
        return Ok(None);
    }
    let mut changes = vec![Change::Retries(count.saturating_sub(1))];
    next = pauses(items, next + 2, &mut changes);
    Ok(Some(Found { range: at..next, named, changes }))
}

pub(super) fn is_once(context: &Context<'_>, item: &Item) -> bool {
    matches!(context.text[item.at().clone()].to_lowercase().as_str(), "once" | "один раз" | "раз")
}

/// `with exponential backoff`, `waiting 2 seconds between attempts`, `every 5 seconds`.
pub(super) fn pauses(items: &[Item], mut next: usize, changes: &mut Vec<Change>) -> usize {
    loop {
        let comma = usize::from(
            matches!(items.get(next), Some(Item::Comma(_)))
                && items.get(next + 1).is_some_and(|item| item.is_any(&[Mark::And, Mark::With])),
        );
        let here =
            next + comma
                + usize::from(items.get(next + comma).is_some_and(|item| {
                    item.is_any(&[Mark::And, Mark::With]) || matches!(item, Item::Comma(_))
                }));
        let Some(item) = items.get(here) else { return next };
        let ends = !matches!(items.get(here + 1), Some(Item::Phrase(_)));
        if item.is(Mark::OnFailure) && !changes.is_empty() && ends {
            next = here + 1;
            continue;
        }
        if let (true, Some(Item::Time(ms, _))) = (item.is(Mark::StartingAt), items.get(here + 1))
            && !changes.is_empty()
        {
            changes.push(Change::Initial(*ms));
            next = here + 2;
            continue;
        }
        if let Some((ms, used)) = named_pause(&items[here..], !changes.is_empty()) {
            changes.extend([Change::Strategy("constant"), Change::Initial(ms)]);
            next = here + used;
            continue;
        }
        if item.is_any(&[Mark::Backoff, Mark::Linear, Mark::Constant]) {
            let strategy = match item {
                item if item.is(Mark::Linear) => "linear",
                item if item.is(Mark::Constant) => "constant",
                _ => "exponential_backoff",
            };
            changes.push(Change::Strategy(strategy));
            next = here + 1;
            next += usize::from(items.get(next).is_some_and(|item| item.is(Mark::BetweenAttempts)));
            if let Some(Item::Time(ms, _)) = items.get(next)
                && strategy != "exponential_backoff"
            {
                changes.push(Change::Initial(*ms));
                next += 1;
            }
            continue;
        }
        let waits = item.is_any(&[Mark::PauseBetween, Mark::Every, Mark::Each]);
        if let Some(Item::Time(ms, _)) = items.get(here + usize::from(waits))
            && (waits || items.get(here + 1).is_some_and(|item| item.is(Mark::BetweenAttempts)))
        {
            changes.extend([Change::Strategy("constant"), Change::Initial(*ms)]);
            next = here + 1 + usize::from(waits);
            next += usize::from(items.get(next).is_some_and(|item| item.is(Mark::BetweenAttempts)));
            continue;
        }
        return next;
    }
}

/// A pause that is called so, and how many items say it.
fn named_pause(items: &[Item], is_behind: bool) -> Option<(u64, usize)> {
    match items {
        // `a 10 second pause between attempts`
        [Item::Time(ms, _), wait, between, ..]
            if wait.is(Mark::Wait) && between.is(Mark::BetweenAttempts) =>
        {
            Some((*ms, 3))
        }
        // `3 times with a 10 second pause`
        [Item::Time(ms, _), wait, rest @ ..]
            if is_behind
                && wait.is_any(&[Mark::Wait, Mark::PauseBetween])
                && rest.first().is_none_or(|next| {
                    matches!(next, Item::Comma(_) | Item::Stop(_)) || next.is(Mark::Then)
                }) =>
        {
            Some((*ms, 2))
        }
        // `пауза между попытками 10 секунд`
        [wait, between, Item::Time(ms, _), ..]
            if wait.is(Mark::Wait) && between.is(Mark::BetweenAttempts) =>
        {
            Some((*ms, 3))
        }
        // `once after 30 seconds`
        [after, Item::Time(ms, _), ..] if after.is_any(&[Mark::After, Mark::ByMeans]) && is_behind => {
            Some((*ms, 2))
        }
        _ => None,
    }
}
