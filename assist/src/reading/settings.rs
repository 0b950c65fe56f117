//! Retries, timeouts and failures: what is said about how a step is done, taken out of what says when.
//!
//! Each setting belongs to the step that it names, else to the one before it.

use crate::items::Item;
use crate::words::{Mark, duration_unit};

use super::cursor::cut;
use super::retries::{is_once, limited, no_retries, pauses, retried_failure, retry};
use super::targets::{nearest, object};
use super::timeouts::timeout;
use super::undoing::undo;
use super::{Context, Read, failures};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Setting {
    pub target: Target,
    pub change: Change,
    pub said: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Task(String),
    /// `A and B`, each of them.
    Several(Vec<String>),
    /// Every step of the text, or of the workflow.
    All,
    Workflow,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Retries(u64),
    Strategy(&'static str),
    /// Milliseconds.
    Initial(u64),
    Timeout(u64),
    Deadline(u64),
    Tolerated,
    Critical,
    Detached,
    Undo(String),
}

impl Change {
    /// As people say it.
    pub fn described(&self) -> String {
        use crate::flow::duration;
        match self {
            Change::Retries(retries) => format!("retries: {retries}"),
            Change::Strategy(strategy) => format!("strategy: {strategy}"),
            Change::Initial(ms) => format!("initial: {}", duration(*ms)),
            Change::Timeout(ms) => format!("timeout: {}", duration(*ms)),
            Change::Deadline(ms) => format!("deadline: {}", duration(*ms)),
            Change::Tolerated => "critical: false".to_owned(),
            Change::Critical => "critical: true".to_owned(),
            Change::Detached => "not awaited".to_owned(),
            Change::Undo(task) => format!("compensate: {task}"),
        }
    }
}

/// What a pattern found: the items it takes, whom it names, and what it sets.
pub(super) struct Found {
    pub range: std::ops::Range<usize>,
    pub named: Option<Target>,
    pub changes: Vec<Change>,
}

/// What says only that several steps are meant.
pub(super) const EACH: [Mark; 3] = [Mark::Both, Mark::EachOfThem, Mark::Each];

/// Takes every setting out of the items.
pub(super) fn extract(
    context: &Context<'_>,
    items: &mut Vec<Item>,
    before: Option<&str>,
) -> Read<Vec<Setting>> {
    let mut settings: Vec<Setting> = Vec::new();
    let mut at = 0;
    while at < items.len() {
        let found = match pattern(context, items, at)? {
            None => elliptical(context, items, at, settings.last())?,
            found => found,
        };
        let Some(found) = found else {
            at += 1;
            continue;
        };
        let said = context.said(&items[found.range.clone()]).to_owned();
        let follows =
            |items: &[Item]| !items[..found.range.start].iter().any(|item| matches!(item, Item::Phrase(_)));
        let target = match (found.named, settings.last()) {
            (Some(target), _) => target,
            (None, Some(last)) if follows(items) => last.target.clone(),
            (None, _) => nearest(context, items, &found.range, before)?,
        };
        let target_is_workflow = target == Target::Workflow;
        let targets: Vec<Target> = match target {
            Target::Several(tasks) => tasks.into_iter().map(Target::Task).collect(),
            target => vec![target],
        };
        let is_of_several = targets.len() > 1;
        for change in found.changes {
            let each = targets.iter().map(|target| Setting {
                target: target.clone(),
                change: change.clone(),
                said: said.clone(),
            });
            settings.extend(each);
        }
        at = found.range.start;
        let mut range = found.range;
        let led = led_by(context, items, at, target_is_workflow);
        range.start -= led;
        at -= led;
        let step = tried_step(context, &items[range.clone()]);
        if step.is_some() {
            is_plain_try(context, items, &range)?;
        }
        cut(items, range);
        if let Some(step) = step {
            items.insert(at, step);
            at += 1;
        }
        if is_of_several {
            let before = at;
            at -= items[..before].iter().filter(|item| item.is_any(&EACH)).count();
            let mut place = 0..;
            items.retain(|item| place.next().is_some_and(|place| place > before) || !item.is_any(&EACH));
        }
        tidy(items, at);
    }
    if settings.iter().any(|setting| setting.target == Target::All) {
        items.retain(|item| !item.is_any(&[Mark::All, Mark::EachOfThem]));
        if items.last().is_some_and(|item| item.is(Mark::Each)) {
            items.pop();
        }
    }
    Ok(settings)
}

/// How many small words before a setting belong to it: `with a timeout of 2s, A`, `both within 5 seconds in total`.
fn led_by(context: &Context<'_>, items: &[Item], at: usize, is_of_all: bool) -> usize {
    let is_with = |item: &Item| {
        item.is(Mark::With) && context.said(std::slice::from_ref(item)).eq_ignore_ascii_case("with")
    };
    let with = usize::from(at == 1 && items[0].is(Mark::With) || at > 1 && is_with(&items[at - 1]));
    with + usize::from(is_of_all && at > with && items[at - with - 1].is_any(&EACH))
}

/// A question about `try to deliver it three times, then return it`.
fn is_plain_try(context: &Context<'_>, items: &[Item], range: &std::ops::Range<usize>) -> Read<()> {
    let goes_on = items[range.end..].iter().find(|item| !matches!(item, Item::Comma(_)));
    let said = context.said(&items[range.clone()]).to_lowercase();
    if said.starts_with("try to") && goes_on.is_some_and(|item| item.is(Mark::Then)) {
        return context.ask("does what comes then follow when all attempts failed, or in either case?");
    }
    Ok(())
}

/// `try A three times, then B` runs A where nothing else says so.
fn tried_step(context: &Context<'_>, said: &[Item]) -> Option<Item> {
    let (tries, rest) = said.split_first()?;
    let small = rest.iter().take_while(|item| item.is_any(&[Mark::To, Mark::Of])).count();
    let [step @ Item::Phrase(phrase), ..] = &rest[small..] else { return None };
    let task = context.maybe(phrase)?;
    let is_only = context.mentioned.iter().filter(|mentioned| **mentioned == task).count() == 1;
    let is_new = context.present.is_empty() && is_only && tries.is_any(&[Mark::Attempts, Mark::Retry]);
    is_new.then(|| step.clone())
}

/// `two retries for X, three for Y`: the second says what it sets by the first.
fn elliptical(
    context: &Context<'_>,
    items: &[Item],
    at: usize,
    last: Option<&Setting>,
) -> Read<Option<Found>> {
    if let Some(found) = after_its_step(context, items, at, last)? {
        return Ok(Some(found));
    }
    // `A with at most 2 retries and B with at most 4`
    let ends = |item: Option<&Item>| {
        item.is_none_or(|item| {
            matches!(item, Item::Comma(_) | Item::Stop(_)) || item.is_any(&[Mark::And, Mark::Then])
        })
    };
    if let [bound, number @ Item::Number(..), next @ ..] = &items[at..]
        && bound.is(Mark::UpTo)
        && matches!(last.map(|last| &last.change), Some(Change::Retries(_)))
        && ends(next.first())
        && let Some(retries) = number.whole()
    {
        return Ok(Some(Found { range: at..at + 2, named: None, changes: vec![Change::Retries(retries)] }));
    }
    let change = match (items.get(at), last.map(|last| &last.change)) {
        (Some(Item::Number(..)), Some(Change::Retries(_))) => items[at].whole().map(Change::Retries),
        (Some(Item::Time(ms, _)), Some(Change::Timeout(_))) => Some(Change::Timeout(*ms)),
        // `two seconds for X, one for Y`
        (Some(Item::Number(..)), Some(Change::Timeout(_))) => {
            let unit = last.and_then(|last| last.said.split_whitespace().find_map(duration_unit));
            unit.zip(items[at].whole())
                .and_then(|((unit, _), count)| count.checked_mul(unit))
                .map(Change::Timeout)
        }
        _ => None,
    };
    let is_for = items.get(at + 1).is_some_and(|item| item.is_any(&[Mark::With, Mark::Of, Mark::To]));
    let Some(change) = change.filter(|_| is_for) else { return Ok(None) };
    let Some((used, named)) = object(context, items, at + 1)? else { return Ok(None) };
    Ok(Some(Found { range: at..at + 1 + used, named, changes: vec![change] }))
}

/// `retry A 3 times and B 5 times`, `limit A to 10 minutes and B to 2 minutes`.
fn after_its_step(
    context: &Context<'_>,
    items: &[Item],
    at: usize,
    last: Option<&Setting>,
) -> Read<Option<Found>> {
    let is_joint = |item: &Item| item.is(Mark::And) || matches!(item, Item::Comma(_));
    let (Some(last), true) = (last, at > 0 && is_joint(&items[at - 1])) else { return Ok(None) };
    let [Item::Phrase(phrase), rest @ ..] = &items[at..] else { return Ok(None) };
    let to = usize::from(rest.first().is_some_and(|item| item.is_any(&[Mark::To, Mark::UpTo])));
    let is_retried = matches!(last.change, Change::Retries(_) | Change::Strategy(_) | Change::Initial(_));
    let kind = if is_retried { &Change::Retries(0) } else { &last.change };
    let (change, used) = match (kind, &rest[to..]) {
        (Change::Timeout(_), [Item::Time(ms, _), ..]) => (Change::Timeout(*ms), 1),
        (Change::Retries(_), [number @ Item::Number(..), times, ..])
            if times.is_any(&[Mark::Times, Mark::Retries]) =>
        {
            (Change::Retries(number.whole().unwrap_or_default()), 2)
        }
        (Change::Retries(_), [number @ Item::Number(..), next @ ..]) if next.first().is_none_or(is_joint) => {
            (Change::Retries(number.whole().unwrap_or_default()), 1)
        }
        (Change::Retries(_), [once, ..]) if is_once(context, once) => (Change::Retries(1), 1),
        _ => return Ok(None),
    };
    let mut changes = vec![change];
    let used = match &changes[0] {
        Change::Retries(_) => pauses(rest, to + used, &mut changes) - to,
        _ => used,
    };
    let ends = rest.get(to + used).is_none_or(|next| is_joint(next) || matches!(next, Item::Stop(_)));
    let (true, Ok(task)) = (ends, context.present_task(phrase)) else { return Ok(None) };
    if !context.present.contains(&task) {
        return Ok(None);
    }
    Ok(Some(Found { range: at..at + 1 + to + used, named: Some(Target::Task(task)), changes }))
}

/// A comma or an `and` that stood between a setting and its step separates nothing any more.
fn tidy(items: &mut Vec<Item>, at: usize) {
    let is_joint = |item: &Item| matches!(item, Item::Comma(_)) || item.is_any(&[Mark::And, Mark::With]);
    let ends = |item: Option<&Item>| match item {
        None => true,
        Some(item) => matches!(item, Item::Comma(_) | Item::Stop(_)) || item.is_any(&[Mark::And, Mark::Then]),
    };
    // `A with 3 retries, and B`: the `and` stays.
    let goes_on = |item: &Item| item.is(Mark::And) || matches!(item, Item::Comma(_));
    let ends = ends(items.get(at)) && !items.get(at).is_some_and(goes_on);
    if at > 0 && at <= items.len() && is_joint(&items[at - 1]) && ends {
        items.remove(at - 1);
    }
}

fn pattern(context: &Context<'_>, items: &[Item], at: usize) -> Read<Option<Found>> {
    let found = no_retries(context, items, at)?;
    let found = if found.is_none() { limited(context, items, at)? } else { found };
    let found = if found.is_none() { retried_failure(context, items, at)? } else { found };
    let found = if found.is_none() { retry(context, items, at)? } else { found };
    let found = if found.is_none() { timeout(context, items, at)? } else { found };
    let found = if found.is_none() { failures::failure(context, items, at)? } else { found };
    Ok(if found.is_none() { undo(context, items, at)? } else { found })
}
