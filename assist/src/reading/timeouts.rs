//! Time limits: of steps, and of the workflow as a whole.

use crate::items::{Item, PhraseWord};
use crate::words::{Mark, WORDS, words_of};

use super::settings::{Change, Found, Target};
use super::targets::{object, trailing};
use super::{Context, Read};

/// `everything within 8 hours` is said of all steps together, not of each.
fn is_together(context: &Context<'_>, items: &[Item]) -> bool {
    let said =
        items.last().filter(|item| item.is(Mark::All)).map(|item| context.said(std::slice::from_ref(item)));
    said.is_some_and(|said| ["everything", "all of it", "всё", "все"].contains(&said.to_lowercase().as_str()))
}

/// What says that all of a workflow is meant.
const WHOLES: [&str; 11] =
    ["whole", "entire", "complete", "full", "total", "process", "workflow", "flow", "run", "job", "pipeline"];

/// `the nightly run` is the workflow that is called so.
fn is_workflow(context: &Context<'_>, item: &Item) -> bool {
    let Item::Phrase(phrase) = item else { return false };
    let is_of = |id: &str, word: &PhraseWord| {
        words_of(id).iter().any(|own| context.names.are_same(&WORDS.stems.of(own), &word.stem))
    };
    context.maybe(phrase).is_none()
        && context.vocabulary.workflows.iter().any(|flow| {
            let mut named =
                phrase.words.iter().filter(|word| !WHOLES.contains(&word.text.as_str())).peekable();
            named.peek().is_some() && named.all(|word| is_of(&flow.id, word))
        })
}

/// `within 2 seconds`, `timeout of 500ms for X`, `wait at most two seconds for X`, `give X 2 seconds`.
pub(super) fn timeout(context: &Context<'_>, items: &[Item], at: usize) -> Read<Option<Found>> {
    if at > 0 && items[at - 1].is(Mark::Approval) {
        return Ok(None);
    }
    let is = |at: usize, marks: &[Mark]| items.get(at).is_some_and(|item| item.is_any(marks));
    if let [limit, whole, rest @ ..] = &items[at..]
        && limit.is_any(&[Mark::UpTo, Mark::Give])
        && whole.is(Mark::Whole)
        && let to = usize::from(rest.first().is_some_and(|item| item.is(Mark::To)))
        && let Some(Item::Time(ms, _)) = rest.get(to)
    {
        let changes = vec![Change::Deadline(*ms)];
        return Ok(Some(Found { range: at..at + 3 + to, named: Some(Target::Workflow), changes }));
    }
    if let Some(found) = given_up(context, items, at)? {
        return Ok(Some(found));
    }
    let Some((mut named, mut next)) = limit(context, items, at) else { return Ok(None) };
    let Some(Item::Time(ms, _)) = items.get(next) else { return Ok(None) };
    next += 1;
    // `within 2 days after B` bounds no step.
    if items[at].is(Mark::Within) && is(next, &[Mark::After, Mark::Before]) && named.is_none() {
        let said = context.said(&items[at..=next]);
        return context.ask(format!("is \"{said}\" a pause, or the longest time of a step?"));
    }
    next = behind_time(items, next);
    let start = items[..at].iter().rposition(|item| matches!(item, Item::Stop(_))).map_or(0, |at| at + 1);
    let together = is_together(context, &items[start..at]).then(|| at - 1);
    let before = items[start..at].iter().rposition(|item| item.is(Mark::Whole)).map(|whole| start + whole);
    let named_whole =
        items[start..at].iter().position(|item| is_workflow(context, item)).map(|at| start + at);
    let before = before.or(together).or(named_whole).or(items[at].is(Mark::Whole).then_some(at));
    let after = is(next, &[Mark::Whole]);
    if before.is_some() || after {
        let range = before.unwrap_or(at)..next + usize::from(after);
        return Ok(Some(Found {
            range,
            named: Some(Target::Workflow),
            changes: vec![Change::Deadline(*ms)],
        }));
    }
    // `wait at most two seconds when fetching the user`
    if let (None, true, Some(Item::Phrase(step))) =
        (&named, is(next, &[Mark::When, Mark::While]), items.get(next + 1))
        && step.begin().ends_with("ing")
        && let Ok(task) = context.present_task(step)
    {
        let range = at..next + 1 + usize::from(!context.present.is_empty());
        let changes = vec![Change::Timeout(*ms)];
        return Ok(Some(Found { range, named: Some(Target::Task(task)), changes }));
    }
    if named.is_none() {
        (named, next) = trailing(context, items, next)?;
    }
    if named.is_none() && items[start..at].iter().any(|item| item.is(Mark::Approval)) {
        let said = context.said(&items[at..next]);
        return context
            .ask(format!("is \"{said}\" the longest wait for the approval, or the time of a step?"));
    }
    Ok(Some(Found { range: at..next, named, changes: vec![Change::Timeout(*ms)] }))
}

/// What stands behind a time and says only of how many steps, or what happens then.
fn behind_time(items: &[Item], mut next: usize) -> usize {
    let is = |at: usize, marks: &[Mark]| items.get(at).is_some_and(|item| item.is_any(marks));
    // `3 seconds for each`
    let is_for_each = is(next, &[Mark::With]) && is(next + 1, &[Mark::EachOfThem, Mark::Each])
        || is(next, &[Mark::ForEach]);
    let is_listed =
        matches!(items.get(next + 1 + usize::from(is(next, &[Mark::With]))), Some(Item::Phrase(_)));
    next += usize::from(is_for_each && !is_listed && is(next, &[Mark::With]));
    next +=
        usize::from(is(next, &[Mark::Timeout, Mark::EachOfThem, Mark::Each]) || is_for_each && !is_listed);
    // `10 seconds per attempt`
    if is(next, &[Mark::ForEach, Mark::With]) && is(next + 1, &[Mark::Attempts, Mark::Retries]) {
        next += 2;
    }
    // `within a second, else give up`
    let comma = usize::from(matches!(items.get(next), Some(Item::Comma(_))));
    if is(next + comma, &[Mark::Else]) && is(next + comma + 1, &[Mark::GiveUp]) {
        next += comma + 2;
    }
    next
}

/// `after 5 seconds give up on X`, `if X takes longer than 5 seconds, give up`.
fn given_up(context: &Context<'_>, items: &[Item], at: usize) -> Read<Option<Found>> {
    let is = |at: usize, marks: &[Mark]| items.get(at).is_some_and(|item| item.is_any(marks));
    if let [after, Item::Time(ms, _), give_up, ..] = &items[at..]
        && after.is(Mark::After)
        && give_up.is(Mark::GiveUp)
    {
        let (used, named) = object(context, items, at + 3)?.unwrap_or_default();
        return Ok(Some(Found { range: at..at + 3 + used, named, changes: vec![Change::Timeout(*ms)] }));
    }
    // `if that does not work within 5 seconds, give up`
    if let [failure, within, Item::Time(ms, _), rest @ ..] = &items[at..]
        && failure.is(Mark::OnFailure)
        && within.is(Mark::Within)
        && let joint = usize::from(matches!(rest.first(), Some(Item::Comma(_))))
        && rest.get(joint).is_some_and(|item| item.is(Mark::GiveUp))
    {
        let range = at..at + 4 + joint;
        return Ok(Some(Found { range, named: None, changes: vec![Change::Timeout(*ms)] }));
    }
    // `if X takes longer than 5 seconds, give up`
    if let [when, Item::Phrase(phrase), longer, Item::Time(ms, _), Item::Comma(_), give_up, ..] = &items[at..]
        && when.is_any(&[Mark::If, Mark::When])
        && longer.is(Mark::Within)
        && give_up.is(Mark::GiveUp)
    {
        let named = Some(Target::Task(context.present_task(phrase)?));
        let it = usize::from(is(at + 6, &[Mark::It]));
        return Ok(Some(Found { range: at..at + 6 + it, named, changes: vec![Change::Timeout(*ms)] }));
    }
    // `if it takes longer than 5 seconds, give up`
    if let [when, it, longer, Item::Time(ms, _), Item::Comma(_), give_up, ..] = &items[at..]
        && when.is_any(&[Mark::If, Mark::When])
        && it.is(Mark::It)
        && longer.is(Mark::Within)
        && give_up.is(Mark::GiveUp)
    {
        return Ok(Some(Found { range: at..at + 6, named: None, changes: vec![Change::Timeout(*ms)] }));
    }
    Ok(None)
}

/// What stands before the time of a limit: whom it names, and where the time must stand.
fn limit(context: &Context<'_>, items: &[Item], at: usize) -> Option<(Option<Target>, usize)> {
    let is = |at: usize, marks: &[Mark]| items.get(at).is_some_and(|item| item.is_any(marks));
    let skip = |from: usize, marks: &[Mark]| {
        from + items[from..].iter().take_while(|item| item.is_any(marks)).count()
    };
    let is_time = |at: usize| matches!(items.get(at), Some(Item::Time(..)));
    if is(at, &[Mark::Wait, Mark::PauseBetween]) && is(at + 1, &[Mark::UpTo])
        || is(at, &[Mark::Wait, Mark::WaitFor]) && is(at + 1, &[Mark::Within, Mark::UpTo])
    {
        return Some((None, at + 2));
    }
    let is_phrase = |at: usize| matches!(items.get(at), Some(Item::Phrase(_)));
    let of = is(at + 1, &[Mark::After, Mark::Of]);
    let names = is(at, &[Mark::WaitFor, Mark::Give])
        || is(at, &[Mark::GiveUp]) && is_phrase(at + 1)
        || is(at, &[Mark::Timeout])
            && !is_time(at + 1)
            && !(is(at + 1, &[Mark::To]) && is_time(at + 2))
            && (!of || is_phrase(at + 2))
        || is(at, &[Mark::UpTo]) && is_phrase(at + 1);
    if names {
        let (used, named) = object(context, items, at + 1).ok()??;
        let next =
            skip(at + 1 + used, &[Mark::UpTo, Mark::After, Mark::Within, Mark::Of, Mark::Timeout, Mark::To]);
        // `таймаут на A — 2 секунды`
        let is_behind = matches!(items.get(next), Some(Item::Comma(_))) && is_time(next + 1);
        let next = next + usize::from(is_behind && is(at, &[Mark::Timeout]));
        let is_limit =
            is(at, &[Mark::Give, Mark::Timeout]) && !is(at, &[Mark::GiveUp]) || next > at + 1 + used;
        return is_limit.then_some((named, next));
    }
    let opening = [Mark::Timeout, Mark::Within, Mark::UpTo, Mark::GiveUp];
    if is(at, &opening) {
        return Some((
            None,
            skip(
                skip(at, &opening),
                &[Mark::After, Mark::Of, Mark::With, Mark::UpTo, Mark::Within, Mark::To],
            ),
        ));
    }
    // `3 attempts, 5 seconds each`
    let is_each = at > 0 && is(at + 1, &[Mark::EachOfThem, Mark::Each]) && !is_phrase(at + 2);
    (is_time(at) && (is(at + 1, &[Mark::Timeout]) || is_each)).then_some((None, at))
}
