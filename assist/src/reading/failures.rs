//! Failures that are tolerated, and steps that nobody waits for.

use crate::items::Item;
use crate::words::{Mark, WORDS};

use super::settings::{Change, Found, Target};
use super::targets::object;
use super::{Context, Read};

/// Whether the sentence says of its step that it runs whatever happens.
fn is_always(before: &[Item]) -> bool {
    let sentence = before.iter().rev().take_while(|item| !matches!(item, Item::Stop(_)));
    sentence.into_iter().any(|item| item.is(Mark::Always))
}

/// `if X fails, carry on`, `if that fails, never mind`.
fn forgiven(context: &Context<'_>, items: &[Item], at: usize) -> Read<Option<Found>> {
    if let [condition, Item::Phrase(phrase), fails, rest @ ..] = &items[at..]
        && condition.is_any(&[Mark::If, Mark::When])
        && fails.is(Mark::Fails)
    {
        let joint =
            rest.iter().take_while(|item| item.is(Mark::Then) || matches!(item, Item::Comma(_))).count();
        let ignored = ignored(&rest[joint..]);
        if ignored > 0 {
            let named = Some(Target::Task(context.task(phrase, &[])?));
            let range = at..at + 3 + joint + ignored;
            return Ok(Some(Found { range, named, changes: vec![Change::Tolerated] }));
        }
    }
    // `ignore it if X fails`
    if let [ignore, it, condition, Item::Phrase(phrase), fails, ..] = &items[at..]
        && ignore.is_any(&[Mark::Ignore, Mark::GoOn])
        && it.is(Mark::It)
        && condition.is_any(&[Mark::If, Mark::When])
        && fails.is(Mark::Fails)
    {
        let named = Some(Target::Task(context.present_task(phrase)?));
        return Ok(Some(Found { range: at..at + 5, named, changes: vec![Change::Tolerated] }));
    }
    // `if that fails, never mind`
    let joint = usize::from(matches!(items.get(at + 1), Some(Item::Comma(_))));
    let ignored = items.get(at + 1 + joint..).map_or(0, ignored);
    let end = at + 1 + joint + ignored;
    if items[at].is(Mark::OnFailure) && ignored > 0 && !matches!(items.get(end), Some(Item::Phrase(_))) {
        return Ok(Some(Found { range: at..end, named: None, changes: vec![Change::Tolerated] }));
    }
    Ok(None)
}

/// How many items say that a failure does not matter: `never mind`, `ignore the error`, `не страшно, ошибку игнорируем`.
fn ignored(items: &[Item]) -> usize {
    const WHAT: [Mark; 4] = [Mark::It, Mark::Them, Mark::Failures, Mark::Fails];
    let is_ignored = |item: Option<&Item>| item.is_some_and(|item| item.is_any(&[Mark::Ignore, Mark::GoOn]));
    let what = |at: usize| usize::from(items.get(at).is_some_and(|item| item.is_any(&WHAT)));
    let one = |at: usize| {
        let before = what(at);
        if is_ignored(items.get(at + before)) { before + 1 + what(at + before + 1) } else { 0 }
    };
    let first = one(0);
    let joint = usize::from(
        items
            .get(first)
            .is_some_and(|item| matches!(item, Item::Comma(_)) || item.is_any(&[Mark::And, Mark::So])),
    );
    let second = if first > 0 { one(first + joint) } else { 0 };
    first + if second > 0 { joint + second } else { 0 }
}

/// `ignore failures of X`, `X may fail`, `even if X fails`, `X in the background`.
pub(super) fn failure(context: &Context<'_>, items: &[Item], at: usize) -> Read<Option<Found>> {
    let is = |at: usize, mark: Mark| items.get(at).is_some_and(|item| item.is(mark));
    // `a failing X should not break the workflow`, `lint errors should not break the build`
    let failing = match &items[at..] {
        [failing, Item::Phrase(phrase), may, ..] if failing.is(Mark::Fails) => Some((phrase, may)),
        [Item::Phrase(phrase), failures, may, ..] if failures.is(Mark::Failures) => Some((phrase, may)),
        _ => None,
    };
    if let Some((phrase, _)) = failing.filter(|(_, may)| may.is_any(&[Mark::MayFail, Mark::Ignore])) {
        let named = Some(Target::Task(context.present_task(phrase)?));
        return Ok(Some(Found { range: at..at + 3, named, changes: vec![Change::Tolerated] }));
    }
    let of = at + 1 + usize::from(is(at + 1, Mark::Of) || is(at + 1, Mark::When) || is(at + 1, Mark::While));
    if let (true, [Item::Phrase(phrase), may, ..]) =
        (items[at].is(Mark::Failures), &items[of.min(items.len())..])
        && may.is_any(&[Mark::MayFail, Mark::Ignore])
    {
        let named = Some(Target::Task(context.present_task(phrase)?));
        return Ok(Some(Found { range: at..of + 2, named, changes: vec![Change::Tolerated] }));
    }
    if let Some(found) = forgiven(context, items, at)? {
        return Ok(Some(found));
    }
    if items[at].is(Mark::Ignore) {
        let mut next = at + 1;
        next += usize::from(is(next, Mark::Failures) || is(next, Mark::Fails));
        next += usize::from(is(next, Mark::When) || is(next, Mark::While));
        let (named, next) = match object(context, items, next)? {
            Some((used, target)) => (target, next + used),
            None => (None, next),
        };
        let next = next + usize::from(is(next, Mark::Failures) || is(next, Mark::Fails));
        return Ok(Some(Found { range: at..next, named, changes: vec![Change::Tolerated] }));
    }
    if items[at].is(Mark::EvenIf) && !is_always(&items[..at]) {
        return Ok(match object(context, items, at + 1)? {
            Some((used, target)) if is(at + 1 + used, Mark::Fails) => {
                Some(Found { range: at..at + 2 + used, named: target, changes: vec![Change::Tolerated] })
            }
            _ => None,
        });
    }
    let change = match &items[at] {
        item if item.is(Mark::MayFail) => {
            let said = context.said(std::slice::from_ref(item)).to_lowercase();
            if ["block", "hold", "delay"].iter().any(|verb| said.contains(verb)) && !said.contains("without")
            {
                return context.ask(format!(
                    "does \"{said}\" mean that nothing waits for the step, or that it may fail?"
                ));
            }
            Change::Tolerated
        }
        item if item.is(Mark::Critical) => Change::Critical,
        item if item.is(Mark::Detach) => Change::Detached,
        _ => return Ok(None),
    };
    Ok(Some(Found { range: at..at + 1, named: None, changes: vec![change] }))
}

/// A question about `A in the background, then B when it is done`: nobody waits for A.
pub(super) fn waited_for(context: &Context<'_>, statement: &[Item]) -> Read<()> {
    let Some(at) = statement.iter().position(|item| item.is(Mark::Detach)) else { return Ok(()) };
    let said = |item: &Item| context.said(std::slice::from_ref(item)).to_lowercase();
    let is_end = |item: &&Item| {
        let said = said(item);
        item.is(Mark::Then) && ["done", "finish", "complet"].iter().any(|end| said.contains(end))
    };
    match statement[at..].iter().find(is_end) {
        Some(end) => {
            context.ask(format!("nothing waits for what runs in the background: what is \"{}\"?", said(end)))
        }
        None => Ok(()),
    }
}

/// `if it did not pass` is a condition where a result says whether it `passed`.
pub(super) fn told(context: &Context<'_>, items: &[Item]) -> Vec<Item> {
    let fields = || {
        let is_near = |id: &String| context.mentioned.contains(id) || context.present.contains(id);
        let tasks = context.vocabulary.tasks.iter().filter(move |task| is_near(&task.id));
        tasks.flat_map(|task| &task.result).filter(|field| field.kind == "bool")
    };
    let is_told = |item: &Item| {
        let said = context.said(std::slice::from_ref(item)).to_lowercase();
        let is_negative =
            said.split_whitespace().any(|word| word == "not" || word.ends_with("n't") || word == "не");
        let last = said.rsplit(' ').next().map(|word| WORDS.stems.of(word));
        let same = || fields().filter(|field| Some(WORDS.stems.of(&field.name)) == last).count();
        item.is(Mark::OnFailure) && is_negative && same() == 1
    };
    let mut found = Vec::new();
    for item in items {
        if is_told(item) {
            found.push(Item::Marks(vec![Mark::If], item.at().start..item.at().start));
            found.push(Item::Marks(vec![Mark::Fails], item.at().clone()));
        } else {
            found.push(item.clone());
        }
    }
    found
}
