//! Retries, timeouts and failures: what is said about how a step is done, taken out of what says when.
//!
//! Each setting belongs to the step that it names, else to the one before it.

use crate::items::Item;
use crate::words::Mark;

use super::cursor::cut;
use super::timeouts::timeout;
use super::undoing::undo;
use super::{Context, Read, failures, relations};

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
const EACH: [Mark; 3] = [Mark::Both, Mark::EachOfThem, Mark::Each];

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
        // `with a timeout of 2s, A`
        let is_with = |item: &Item| {
            item.is(Mark::With) && context.said(std::slice::from_ref(item)).eq_ignore_ascii_case("with")
        };
        if at == 1 && items[0].is(Mark::With) || at > 1 && is_with(&items[at - 1]) {
            range.start = at - 1;
            at -= 1;
        }
        let step = tried_step(context, &items[range.clone()]);
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

/// `try A three times, then B` runs A where nothing else says so.
fn tried_step(context: &Context<'_>, said: &[Item]) -> Option<Item> {
    let [tries, step @ Item::Phrase(phrase), ..] = said else { return None };
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
    let change = match (items.get(at), last.map(|last| &last.change)) {
        (Some(Item::Number(..)), Some(Change::Retries(_))) => items[at].whole().map(Change::Retries),
        (Some(Item::Time(ms, _)), Some(Change::Timeout(_))) => Some(Change::Timeout(*ms)),
        _ => None,
    };
    let is_for = items.get(at + 1).is_some_and(|item| item.is_any(&[Mark::With, Mark::Of, Mark::To]));
    let Some(change) = change.filter(|_| is_for) else { return Ok(None) };
    let Some((used, named)) = object(context, items, at + 1)? else { return Ok(None) };
    Ok(Some(Found { range: at..at + 1 + used, named, changes: vec![change] }))
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

/// The step that a setting without a name is about: the last one before it in its sentence, else the next.
fn nearest(
    context: &Context<'_>,
    items: &[Item],
    range: &std::ops::Range<usize>,
    said_before: Option<&str>,
) -> Read<Target> {
    let start =
        items[..range.start].iter().rposition(|item| matches!(item, Item::Stop(_))).map_or(0, |at| at + 1);
    let before = &items[start..range.start];
    let is_each = before.last().is_some_and(|item| item.is(Mark::Each));
    let mut near = before.iter().rev().take(2);
    if is_each || near.any(|item| item.is_any(&[Mark::EachOfThem, Mark::Both, Mark::All, Mark::Them])) {
        return each_of(context, before);
    }
    // `then, best effort, B` is said of what follows.
    let then = before.iter().rposition(|item| item.is(Mark::Then)).map_or(0, |at| at + 1);
    let is_aside = matches!(before, [.., and, Item::Comma(_)] if and.is(Mark::And))
        && matches!(items.get(range.end), Some(Item::Comma(_)));
    let is_ahead = is_aside || then > 0 && !before[then..].iter().any(|item| matches!(item, Item::Phrase(_)));
    let follows = items[range.end..].iter().any(|item| matches!(item, Item::Phrase(_)));
    let before = if is_ahead && follows { &[] } else { before };
    let last = before.iter().rposition(|item| matches!(item, Item::Phrase(_)));
    // `A between B and C, with 2 retries`
    let is_between = |item: &&Item| matches!(item, Item::Phrase(phrase) if phrase.glue.iter().any(|(_, marks)| marks.contains(&Mark::Between)));
    if let Some(Item::Phrase(phrase)) = before.iter().find(is_between) {
        let at =
            phrase.glue.iter().find(|(_, marks)| marks.contains(&Mark::Between)).map_or(0, |(at, _)| *at);
        return Ok(Target::Task(context.task(&phrase.split(at).0, &[])?));
    }
    if let Some(mark) = unclear_clause(before) {
        let said = context.said(&items[range.clone()]);
        return context.ask(format!(
            "is \"{said}\" said of the step before \"{}\" or of the one behind it?",
            context.said(std::slice::from_ref(mark))
        ));
    }
    if let Some(Item::Phrase(main)) = main_clause(before) {
        return Ok(Target::Task(context.present_task(main)?));
    }
    if let Some(at) = last {
        let Item::Phrase(phrase) = &before[at] else { return context.ask("") };
        let joined = before[..at].last().is_some_and(|item| item.is_any(&[Mark::And, Mark::Or]))
            && !before[at + 1..].iter().any(|item| item.is(Mark::And));
        let is_last = before[at + 1..].iter().all(|item| matches!(item, Item::Comma(_)));
        let grouped = before.iter().any(|item| item.is_any(&[Mark::Parallel, Mark::Both, Mark::Alongside]));
        let said = context.said(&items[range.clone()]);
        let is_of_one = said.split_whitespace().any(|word| matches!(word, "it" | "его" | "её"));
        let mut each = items[range.clone()].last().into_iter().chain(items.get(range.end));
        if joined
            && (each.any(|item| item.is_any(&EACH))
                || said.starts_with("по ")
                || before.first().is_some_and(|item| item.is(Mark::Both)))
            && let Some(tasks) = row(context, &before[..=at])
        {
            return Ok(Target::Several(tasks));
        }
        if joined && !is_of_one && (grouped || is_last) && phrase.at.end > 0 {
            let said_last = &context.text[phrase.at.clone()];
            return context
                .ask(format!("is \"{said}\" said of \"{said_last}\" alone, or of all steps before it?"));
        }
        let begins = before.first().is_some_and(|item| item.is_any(&[Mark::After, Mark::Before, Mark::When]));
        return match context.present_task(phrase) {
            Err(question) if begins => match relations::two_tasks(context, phrase) {
                Some((_, second)) => Ok(Target::Task(second)),
                None => Err(question),
            },
            task => Ok(Target::Task(task?)),
        };
    }
    let next = items[range.end..].iter().find_map(|item| match item {
        Item::Phrase(phrase) => Some(phrase),
        _ => None,
    });
    match (next, said_before) {
        (Some(phrase), _) => Ok(Target::Task(context.task(phrase, &[])?)),
        (None, Some(task)) => Ok(Target::Task(task.to_owned())),
        (None, None) => {
            context.ask(format!("which step is \"{}\" said of?", context.said(&items[range.clone()])))
        }
    }
}

/// `A and B, both with 2 retries`: the steps of the list, where that is all that is there or all that the sentence names.
fn each_of(context: &Context<'_>, before: &[Item]) -> Read<Target> {
    let marks = [Mark::EachOfThem, Mark::Both, Mark::Them, Mark::Each];
    let is_all =
        before.iter().any(|item| item.is(Mark::All)) || !before.iter().any(|item| item.is_any(&marks));
    let end = before.iter().rposition(|item| matches!(item, Item::Phrase(_))).map_or(0, |at| at + 1);
    let Some(tasks) = row(context, &before[..end]).filter(|_| !is_all) else { return Ok(Target::All) };
    let named = before.iter().filter(|item| matches!(item, Item::Phrase(_))).count();
    let is_pair = before[end..].iter().any(|item| item.is(Mark::Both)) && tasks.len() == 2;
    if named == tasks.len() || is_pair {
        return Ok(Target::Several(tasks));
    }
    context.ask(format!("is that said of {}, or of all steps before it, too?", tasks.join(" and ")))
}

/// The steps of the list at the end of the items.
fn row(context: &Context<'_>, items: &[Item]) -> Option<Vec<String>> {
    let is_joint = |item: &Item| item.is(Mark::And) || matches!(item, Item::Comma(_));
    let list = items.iter().rev().take_while(|item| is_joint(item) || matches!(item, Item::Phrase(_)));
    let mut tasks = Vec::new();
    for item in list {
        if let Item::Phrase(phrase) = item {
            tasks.insert(0, context.present_task(phrase).ok()?);
        }
    }
    (tasks.len() > 1).then_some(tasks)
}

/// `A after B with 2 retries`: either may be meant.
fn unclear_clause(before: &[Item]) -> Option<&Item> {
    let start = before
        .iter()
        .rposition(|item| matches!(item, Item::Comma(_)) || item.is(Mark::Then))
        .map_or(0, |at| at + 1);
    match &before[start..] {
        [Item::Phrase(_), mark, Item::Phrase(_), it @ ..]
            if it.iter().all(|item| item.is_any(&[Mark::It, Mark::Them]))
                && mark.is_any(&[Mark::After, Mark::Before]) =>
        {
            Some(mark)
        }
        _ => None,
    }
}

/// `A after B, it may fail` is said of A.
fn main_clause(before: &[Item]) -> Option<&Item> {
    let is_phrase = |item: &Item| matches!(item, Item::Phrase(_));
    let comma = before.iter().rposition(|item| matches!(item, Item::Comma(_)))?;
    if before[comma..].iter().any(is_phrase) {
        return None;
    }
    let start =
        before[..comma].iter().rposition(|item| matches!(item, Item::Comma(_))).map_or(0, |at| at + 1);
    let sentence = &before[start..comma];
    let mark = sentence
        .iter()
        .position(|item| item.is_any(&[Mark::After, Mark::When, Mark::Before, Mark::While]))?;
    let is_behind = sentence[mark..].iter().any(is_phrase);
    sentence[..mark].iter().rfind(|item| is_phrase(item)).filter(|_| is_behind)
}

fn pattern(context: &Context<'_>, items: &[Item], at: usize) -> Read<Option<Found>> {
    let found = no_retries(context, items, at)?;
    let found = if found.is_none() { retried_failure(context, items, at)? } else { found };
    let found = if found.is_none() { retry(context, items, at)? } else { found };
    let found = if found.is_none() { timeout(context, items, at)? } else { found };
    let found = if found.is_none() { failures::failure(context, items, at)? } else { found };
    Ok(if found.is_none() { undo(context, items, at)? } else { found })
}

/// Whom the item at a place names, with the items that it takes.
pub(super) fn object(
    context: &Context<'_>,
    items: &[Item],
    at: usize,
) -> Read<Option<(usize, Option<Target>)>> {
    let skipped = usize::from(items.get(at).is_some_and(|item| {
        item.is_any(&[Mark::Of, Mark::With, Mark::To]) && !item.is_any(&[Mark::It, Mark::Them, Mark::All])
    }));
    let Some(item) = items.get(at + skipped) else { return Ok(None) };
    let used = skipped + 1;
    if let Some((more, tasks)) = several(context, &items[at + skipped..]) {
        return Ok(Some((skipped + more, Some(Target::Several(tasks)))));
    }
    if item.is(Mark::Both)
        && let Some(tasks) = last_pair(context, &items[..at])
    {
        return Ok(Some((used, Some(Target::Several(tasks)))));
    }
    Ok(match item {
        Item::Phrase(phrase) => Some((used, Some(Target::Task(context.present_task(phrase)?)))),
        item if item.is_any(&[Mark::All, Mark::Them, Mark::EachOfThem]) => Some((used, Some(Target::All))),
        item if item.is(Mark::It) => Some((used, None)),
        _ => None,
    })
}

/// The only two steps of the sentence so far: `A and B in parallel, and give both 5 seconds`.
fn last_pair(context: &Context<'_>, before: &[Item]) -> Option<Vec<String>> {
    let start = before.iter().rposition(|item| matches!(item, Item::Stop(_))).map_or(0, |at| at + 1);
    let phrases: Vec<&Item> = before[start..].iter().filter(|item| matches!(item, Item::Phrase(_))).collect();
    let task = |item: &&Item| match item {
        Item::Phrase(phrase) => context.present_task(phrase).ok(),
        _ => None,
    };
    phrases.iter().map(task).collect::<Option<Vec<_>>>().filter(|tasks| tasks.len() == 2)
}

/// `A and B two seconds each`, `A, B and C at most three times`: several steps before what is set of them.
fn several(context: &Context<'_>, items: &[Item]) -> Option<(usize, Vec<String>)> {
    let is_joint = |item: &Item| item.is(Mark::And) || matches!(item, Item::Comma(_));
    let is_value = |item: &Item| {
        matches!(item, Item::Number(..) | Item::Time(..))
            || item.is_any(&[Mark::UpTo, Mark::Within, Mark::Timeout])
    };
    let mut at = usize::from(items.first().is_some_and(|item| item.is(Mark::Both)));
    let mut tasks = Vec::new();
    loop {
        let Item::Phrase(phrase) = items.get(at)? else { return None };
        tasks.push(context.present_task(phrase).ok()?);
        at += 1;
        if items.get(at).is_some_and(is_value) {
            break;
        }
        let joints = items[at..].iter().take_while(|item| is_joint(item)).count();
        if joints == 0 {
            return None;
        }
        at += joints;
    }
    (tasks.len() > 1).then_some((at, tasks))
}

/// `retry X five times with backoff`, `with up to 3 retries`, `three attempts`.
fn retry(context: &Context<'_>, items: &[Item], at: usize) -> Read<Option<Found>> {
    let mut next = at;
    let mut named = None;
    let mut changes = Vec::new();
    // `repeat X up to 4 times if it fails`
    let is_repeat = items[at].is(Mark::Loop)
        && !items[at..].iter().any(|item| item.is(Mark::Until))
        && items[at..].iter().any(|item| item.is(Mark::OnFailure));
    let starts_retry = items[at].is(Mark::Retry) && !items[at].is(Mark::Then) || is_repeat;
    let gives = items[at].is(Mark::Give)
        && items[at..].iter().take(5).any(|item| item.is_any(&[Mark::Retries, Mark::Attempts]));
    let is_strategy = |item: &Item| item.is_any(&[Mark::Backoff, Mark::Linear, Mark::Constant]);
    // `exponential backoff with 6 retries`
    if is_strategy(&items[at])
        && items.get(at + 1).is_some_and(|item| item.is_any(&[Mark::With, Mark::And]))
        && matches!(items.get(at + 2), Some(Item::Number(..)))
    {
        next = pauses(items, at, &mut changes);
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
                    || starts_retry && item.is(Mark::And)
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
    if starts_retry && changes.is_empty() {
        let said = context.said(&items[at..next]);
        return context.ask(format!("how many times at most in \"{said}\"?"));
    }
    if starts_retry && !changes.iter().any(|change| matches!(change, Change::Retries(_))) {
        let said = context.said(&items[at..next]);
        return context.ask(format!("how many times at most in \"{said}\"?"));
    }
    if !changes.iter().any(|change| matches!(change, Change::Retries(_))) {
        return Ok(None);
    }
    if named.is_none() && next > at {
        (named, next) = trailing(context, items, next)?;
        next = pauses(items, next, &mut changes);
    }
    Ok((next > at && !changes.is_empty()).then_some(Found { range: at..next, named, changes }))
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

/// `if X fails, try again 3 times`.
fn retried_failure(context: &Context<'_>, items: &[Item], at: usize) -> Read<Option<Found>> {
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
fn no_retries(context: &Context<'_>, items: &[Item], at: usize) -> Read<Option<Found>> {
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

/// `… for the payment`, `… on the payment`.
pub(super) fn trailing(context: &Context<'_>, items: &[Item], at: usize) -> Read<(Option<Target>, usize)> {
    if items.get(at).is_some_and(|item| item.is_any(&[Mark::With, Mark::Of, Mark::To]))
        && let Some((used, target)) = object(context, items, at)?
    {
        // `3 retries for A and B`
        if let (Some(Target::Task(first)), [and, Item::Phrase(second), rest @ ..]) =
            (&target, &items[at + used..])
            && and.is(Mark::And)
            && rest.first().is_none_or(|next| matches!(next, Item::Stop(_) | Item::Comma(_)))
            && let Ok(task) = context.present_task(second)
            && (second.words[0].text.ends_with("ing") || context.names.is_noun_of(&task, &second.words))
        {
            return Ok((Some(Target::Several(vec![first.clone(), task])), at + used + 2));
        }
        return Ok((target, at + used));
    }
    Ok((None, at))
}

fn is_once(context: &Context<'_>, item: &Item) -> bool {
    matches!(context.text[item.at().clone()].to_lowercase().as_str(), "once" | "один раз" | "раз")
}

/// `with exponential backoff`, `waiting 2 seconds between attempts`, `every 5 seconds`.
fn pauses(items: &[Item], mut next: usize, changes: &mut Vec<Change>) -> usize {
    loop {
        let here = next
            + usize::from(
                items.get(next).is_some_and(|item| {
                    item.is_any(&[Mark::And, Mark::With]) || matches!(item, Item::Comma(_))
                }),
            );
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
        // `with a 10 second pause between attempts`
        if let (Item::Time(ms, _), [wait, between, ..]) = (item, &items[here + 1..])
            && wait.is(Mark::Wait)
            && between.is(Mark::BetweenAttempts)
        {
            changes.extend([Change::Strategy("constant"), Change::Initial(*ms)]);
            next = here + 3;
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
        // `пауза между попытками 10 секунд`
        if let (true, [between, Item::Time(ms, _), ..]) = (item.is(Mark::Wait), &items[here + 1..])
            && between.is(Mark::BetweenAttempts)
        {
            changes.extend([Change::Strategy("constant"), Change::Initial(*ms)]);
            next = here + 3;
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
