//! `for each item of the order, pack it, at most 5 at a time`.

use crate::flow::Flow;
use crate::items::{Item, Phrase, PhraseWord};
use crate::names::LONGEST;
use crate::vocabulary::Field;
use crate::words::{Mark, WORDS, words_of};

use super::cursor::{find, trimmed};
use super::{Context, Read, operands, relations, sentences};

/// `each item is packed`, `A, and for each item B`.
pub(super) fn said(context: &Context<'_>, items: &[Item]) -> Read<Option<Flow>> {
    if let [each, Item::Phrase(_), ..] = items
        && each.is_any(&[Mark::Each, Mark::Every])
        && let Ok(flow) = self::each(context, &items[1..])
    {
        return Ok(Some(flow));
    }
    let Some(at) = find(items, &[Mark::ForEach]) else { return Ok(None) };
    let before = trimmed(&items[..at]);
    // `schedule a retake for every candidate`
    if let ([Item::Phrase(what)], Some(task)) = (
        before,
        before.first().and_then(|item| match item {
            Item::Phrase(what) => context.maybe(what),
            _ => None,
        }),
    ) {
        let mut list = items[at + 1..].to_vec();
        let limit = take_limit(&mut list);
        if let [Item::Phrase(list)] = trimmed(&list)
            && let Some((over, name)) = over(context, &list.words)?
        {
            if !takes(context, &task, &name) {
                let said = &context.text[what.at.clone()];
                return context.ask(format!("`{task}` takes no `{name}`: what is \"{said}\" done for?"));
            }
            return Ok(Some(Flow::Each { over, name, limit, body: Box::new(Flow::Call(task)) }));
        }
    }
    // `A, and issue a ticket for each passenger`
    if let [earlier @ .., joint, what @ Item::Phrase(phrase)] = before
        && (joint.is(Mark::And) || matches!(joint, Item::Comma(_)))
        && !earlier.is_empty()
        && context.maybe(phrase).is_some()
    {
        let last: Vec<Item> = std::iter::once(what.clone()).chain(items[at..].iter().cloned()).collect();
        if let Some(last) = said(context, &last)? {
            return Ok(Some(Flow::in_order([relations::part(context, earlier)?, last])));
        }
    }
    let each = self::each(context, &items[at + 1..])?;
    if before.is_empty() {
        return Ok(Some(each));
    }
    Ok(Some(Flow::in_order([relations::part(context, before)?, each])))
}

/// `pack each item`, as one step of a list.
pub(super) fn element(context: &Context<'_>, items: &[Item]) -> Read<Option<(Flow, usize)>> {
    // `каждую коробку упаковать`
    if let [each, Item::Phrase(_), rest @ ..] = items
        && each.is_any(&[Mark::Each, Mark::Every, Mark::EachOfThem])
        && let Ok(Flow::Each { over, name, body, .. }) = self::each(context, &items[1..2])
    {
        let mut rest = rest.to_vec();
        let before = rest.len();
        let limit =
            if rest.first().is_some_and(|item| item.is(Mark::UpTo)) { take_limit(&mut rest) } else { None };
        return Ok(Some((Flow::Each { over, name, limit, body }, 2 + before - rest.len())));
    }
    // `push the firmware to each of them`
    if let [step @ Item::Phrase(_), to, each, rest @ ..] = items
        && to.is_any(&[Mark::To, Mark::With])
        && each.is_any(&[Mark::Each, Mark::EachOfThem])
        && !matches!(rest.first(), Some(Item::Phrase(_)))
    {
        let without: Vec<Item> = [step, each].into_iter().chain(rest).cloned().collect();
        return Ok(element(context, &without)?.map(|(flow, used)| (flow, used + 1)));
    }
    // `review each of them`
    if let [Item::Phrase(verb), each, rest @ ..] = items
        && each.is_any(&[Mark::Each, Mark::EachOfThem, Mark::All])
        && (["of them", "them all"]
            .iter()
            .any(|them| context.said(std::slice::from_ref(each)).to_lowercase().ends_with(them))
            || each.is_any(&[Mark::Each, Mark::EachOfThem]))
        && !matches!(rest.first(), Some(Item::Phrase(_)))
        && let Some(task) = context.maybe(verb)
        && let Some((over, name)) = over_of(context, &task, &[])
    {
        let mut rest = rest.to_vec();
        let before = rest.len();
        let limit =
            if rest.first().is_some_and(|item| item.is(Mark::UpTo)) { take_limit(&mut rest) } else { None };
        let body = Box::new(Flow::Call(task));
        return Ok(Some((Flow::Each { over, name, limit, body }, 2 + before - rest.len())));
    }
    let [Item::Phrase(verb), each, Item::Phrase(list), rest @ ..] = items else { return Ok(None) };
    if !each.is_any(&[Mark::Each, Mark::ForEach, Mark::EachOfThem, Mark::Every]) && !is_all(context, each) {
        return Ok(None);
    }
    let (task, named) = each_named(context, verb, list)?;
    let Some((over, name)) = named else { return Ok(None) };
    let task = task?;
    if !takes(context, &task, &name) {
        return context.ask(format!("`{task}` takes no `{name}`: what is done for each?"));
    }
    let mut rest = rest.to_vec();
    let before = rest.len();
    let limit =
        if rest.first().is_some_and(|item| item.is(Mark::UpTo)) { take_limit(&mut rest) } else { None };
    let used = items.len() - before + (before - rest.len());
    Ok(Some((Flow::Each { over, name, limit, body: Box::new(Flow::Call(task)) }, used)))
}

/// What is done for each, and of which list: `pack each item`, `send each guest an invitation`.
#[expect(clippy::type_complexity, reason = "a task and a list, either of which may lack")]
fn each_named(
    context: &Context<'_>,
    verb: &Phrase,
    list: &Phrase,
) -> Read<(Read<String>, Option<(String, String)>)> {
    let words: Vec<PhraseWord> = verb.words.iter().chain(list.words.first()).cloned().collect();
    let task = context.words(&verb.words, &[]).or_else(|_| context.words(&words, &[]));
    let named = over(context, &list.words)?.or_else(|| over_of(context, task.as_ref().ok()?, &list.words));
    Ok(match (named, list.words.split_first()) {
        (None, Some((one, what))) if !what.is_empty() => {
            let words: Vec<PhraseWord> = verb.words.iter().chain(what).cloned().collect();
            (context.words(&words, &[]), over(context, std::slice::from_ref(one))?)
        }
        (named, _) => (task, named),
    })
}

/// `все коробки`
fn is_all(context: &Context<'_>, item: &Item) -> bool {
    item.is(Mark::All)
        && ["все", "всех"].contains(&context.said(std::slice::from_ref(item)).to_lowercase().as_str())
}

/// What stands after `for each`.
pub(super) fn each(context: &Context<'_>, items: &[Item]) -> Read<Flow> {
    let mut items = items.to_vec();
    let limit = take_limit(&mut items);
    let Some(Item::Phrase(head)) = items.first().cloned() else {
        return context.ask(format!("for each of what in \"{}\"?", context.said(&items)));
    };
    if let Some(at) = items.iter().position(|item| matches!(item, Item::Colon(_))) {
        let words: Vec<PhraseWord> = items[..at].iter().flat_map(words).collect();
        let Some((over, name)) = over(context, &words)? else { return unknown(context, &head) };
        let body = sentences::sentence(context, &without_it(&items[at + 1..]))?;
        return Ok(Flow::Each { over, name, limit, body: Box::new(body) });
    }
    let rest = trimmed(&items[1..]);
    let rest: Vec<Item> =
        rest.iter().filter(|item| !item.is(Mark::Parallel) || limit.is_some()).cloned().collect();
    if !rest.is_empty() {
        let Some((over, name)) = over(context, &head.words)? else {
            return with_inner_step(context, &head, &rest, limit);
        };
        let body = relations::part(context, &without_it(&rest))?;
        return Ok(Flow::Each { over, name, limit, body: Box::new(body) });
    }
    // Without a comma the list and the task stand in one phrase.
    for split in (1..head.words.len()).rev() {
        let (list, call) = head.words.split_at(split);
        let all: Vec<PhraseWord> = call.iter().chain(list).cloned().collect();
        let task = || context.words(call, &[]).or_else(|_| context.words(&all, &[]));
        if let (Ok(Some((over, name))), Ok(task)) = (over(context, list), task()) {
            return Ok(Flow::Each { over, name, limit, body: Box::new(Flow::Call(task)) });
        }
    }
    // `take the list, and for each check it`: of what the task takes
    if let Some(task) = context.maybe(&head)
        && let Some((over, name)) = over_of(context, &task, &[])
        && takes_one(context, &task, &name)
    {
        return Ok(Flow::Each { over, name, limit, body: Box::new(Flow::Call(task)) });
    }
    unknown(context, &head)
}

/// `for each file check it and send it`: the list and its first step stand in one phrase.
fn with_inner_step(context: &Context<'_>, head: &Phrase, rest: &[Item], limit: Option<u64>) -> Read<Flow> {
    for split in 1..head.words.len().min(LONGEST) {
        let (list, call) = head.split(split);
        if let (Ok(Some((over, name))), Ok(_)) = (over(context, &list.words), context.words(&call.words, &[]))
        {
            let steps: Vec<Item> = std::iter::once(Item::Phrase(call)).chain(rest.iter().cloned()).collect();
            let is_plain = steps.iter().all(|item| {
                matches!(item, Item::Phrase(_)) || item.is_any(&[Mark::And, Mark::It, Mark::Them])
            });
            if !is_plain {
                break;
            }
            let body = relations::part(context, &without_it(&steps))?;
            return Ok(Flow::Each { over, name, limit, body: Box::new(body) });
        }
    }
    unknown(context, head)
}

/// `pack the items`: a task that takes one item, of a list whose name is said.
pub(super) fn of_many(context: &Context<'_>, phrase: &Phrase, task: &str) -> Option<Flow> {
    if context.present.iter().any(|present| present == task) {
        return None;
    }
    let list = |word: &PhraseWord| {
        let (over, name) = over(context, std::slice::from_ref(word)).ok()??;
        let is_said = over.rsplit('.').next() == Some(word.text.as_str());
        (is_said && name != word.text && takes_one(context, task, &name)).then_some((over, name))
    };
    let (over, name) = phrase.words.iter().find_map(list)?;
    Some(Flow::Each { over, name, limit: None, body: Box::new(Flow::Call(task.to_owned())) })
}

/// The list that `take the photos` may be done for, where the task takes one of it and the text names several things.
pub(super) fn is_of_many(context: &Context<'_>, phrase: &Phrase, task: &str) -> Option<String> {
    let last = phrase.words.last()?;
    let one = singular(&last.text);
    let is_many = one != "item" && context.names.is_word_of(task, &one);
    let is_new = !context.present.iter().any(|present| present == task);
    let gives = |over: &str| over.split('.').next() == Some(task);
    let list = over_of(context, task, &[]).filter(|(over, _)| is_many && is_new && !gives(over));
    list.map(|(over, _)| over)
}

/// `pack all items of the order`
pub(super) fn of_all(context: &Context<'_>, phrase: &Phrase) -> Option<Flow> {
    let at = phrase
        .words
        .iter()
        .position(|word| word.text == "all")
        .filter(|at| *at > 0 && phrase.words.len() <= LONGEST)?;
    let (verb, all) = phrase.split(at);
    let list = all.split(1).1;
    let (over, name) = over(context, &list.words).ok()??;
    let words: Vec<PhraseWord> = verb.words.iter().chain(list.words.first()).cloned().collect();
    let task = context.words(&verb.words, &[]).or_else(|_| context.words(&words, &[])).ok()?;
    let body = Box::new(Flow::Call(task.clone()));
    takes(context, &task, &name).then_some(Flow::Each { over, name, limit: None, body })
}

/// Whether a parameter of the task is called like the item.
fn takes_one(context: &Context<'_>, task: &str, name: &str) -> bool {
    context.vocabulary.task(task).is_some_and(|task| task.parameters.iter().any(|one| one.name == name))
}

fn words(item: &Item) -> Vec<PhraseWord> {
    if let Item::Phrase(phrase) = item { phrase.words.clone() } else { Vec::new() }
}

/// `pack each line of the order`.
pub(super) fn mentioned(context: &Context<'_>, items: &[Item]) -> Read<Option<Flow>> {
    let is_each = |item: &Item| {
        item.is_any(&[Mark::Each, Mark::ForEach, Mark::EachOfThem, Mark::Every]) && !item.is(Mark::All)
    };
    let is_leading = |item: &Item| item.is_any(&[Mark::After, Mark::Before, Mark::When]);
    if items.first().is_none_or(|first| is_each(first) || is_leading(first)) {
        return Ok(None);
    }
    let mut items = items.to_vec();
    let limit = take_limit(&mut items);
    let Some(at) = items.iter().position(is_each).filter(|at| *at > 0) else { return Ok(None) };
    let (before, after) = items.split_at(at);
    let after: Vec<Item> = after[1..].iter().filter(|item| !item.is(Mark::Parallel)).cloned().collect();
    let end = after.iter().position(|item| matches!(item, Item::Comma(_)) || item.is(Mark::And));
    let (after, later) = after.split_at(end.unwrap_or(after.len()));
    let later = trimmed(later);
    // `label every row, 50 at a time, before B`
    if later.first().is_some_and(|item| item.is_any(&[Mark::Before, Mark::After])) {
        return Ok(None);
    }
    let after = match trimmed(after) {
        [list @ .., of, it] if of.is(Mark::Of) && it.is(Mark::It) => list,
        after => after,
    };
    let (Some(Item::Phrase(verb)), [Item::Phrase(list)]) = (before.last(), after) else {
        return Ok(None);
    };
    let (task, named) = each_named(context, verb, list)?;
    let Some((over, name)) = named else { return unknown(context, list) };
    let task = task?;
    if !takes(context, &task, &name) {
        return context.ask(format!("`{task}` takes no `{name}`: what is done for each?"));
    }
    let each = Flow::Each { over, name, limit, body: Box::new(Flow::Call(task)) };
    let earlier = trimmed(&before[..before.len() - 1]);
    let part =
        |items: &[Item]| if items.is_empty() { Ok(None) } else { relations::part(context, items).map(Some) };
    let (earlier, later) = (part(earlier)?, part(later)?);
    Ok(Some(Flow::in_order(earlier.into_iter().chain([each]).chain(later))))
}

/// Whether a parameter of the task is called like the item, or has its type.
fn takes(context: &Context<'_>, task: &str, name: &str) -> bool {
    let Some(task) = context.vocabulary.task(task) else { return false };
    let is_it = |text: &str| {
        words_of(text).iter().any(|word| context.names.are_same(&WORDS.stems.of(word), &WORDS.stems.of(name)))
    };
    task.parameters.is_empty() || task.parameters.iter().any(|one| is_it(&one.name) || is_it(&one.kind))
}

fn take_limit(items: &mut Vec<Item>) -> Option<u64> {
    let at = items.windows(3).position(|three| {
        three[0].is(Mark::UpTo)
            && three[1].whole().is_some()
            && three[2].is_any(&[Mark::Parallel, Mark::AtATime])
    });
    let at =
        at.or_else(|| items.windows(2).position(|two| two[0].is(Mark::UpTo) && two[1].whole().is_some()))?;
    let limit = items[at + 1].whole();
    let end = at
        + 2
        + usize::from(items.get(at + 2).is_some_and(|item| item.is_any(&[Mark::Parallel, Mark::AtATime])));
    items.drain(at..end);
    limit
}

/// The list and the name of one of its items.
fn over(context: &Context<'_>, words: &[PhraseWord]) -> Read<Option<(String, String)>> {
    let Some((list, _)) = operands::list(context, words)? else { return Ok(None) };
    let field = list.rsplit('.').next().unwrap_or_default();
    let name = singular(field);
    Ok(Some((list, name)))
}

/// `зарезервируй каждое лекарство`: the only list of what the task takes, where its docstring names that.
fn over_of(context: &Context<'_>, task: &str, words: &[PhraseWord]) -> Option<(String, String)> {
    let is_told = |word: &PhraseWord| context.names.is_told(task, word) || context.names.is_part(task, word);
    let parameters = context.vocabulary.task(task)?.parameters.as_slice();
    // Of several parameters the one that is an item of a list is meant; texts and numbers by their names alone.
    let takes = |field: &Field| {
        parameters.iter().any(|parameter| {
            field.kind == format!("list<{}>", parameter.kind)
                && (parameters.len() == 1
                    || !operands::is_scalar(&parameter.kind)
                    || singular(&field.name) == parameter.name)
        })
    };
    let lists =
        context.vocabulary.tasks.iter().flat_map(|task| task.result.iter().map(move |field| (task, field)));
    let mut lists = lists.filter(|(_, field)| takes(field) && words.iter().all(is_told));
    let (giver, field) = lists.next().filter(|_| lists.next().is_none())?;
    Some((format!("{}.{}", giver.id, field.name), singular(&field.name)))
}

fn singular(name: &str) -> String {
    let made = if let Some(stem) = name.strip_suffix("ies") {
        format!("{stem}y")
    } else if let Some(stem) = name
        .strip_suffix("es")
        .filter(|stem| ["ss", "x", "ch", "sh"].iter().any(|ending| stem.ends_with(ending)))
    {
        stem.to_owned()
    } else {
        name.strip_suffix('s').unwrap_or(name).to_owned()
    };
    if made == name || made.is_empty() { "item".to_owned() } else { made }
}

/// `resize it` is `resize`.
fn without_it(items: &[Item]) -> Vec<Item> {
    items.iter().filter(|item| !item.is_any(&[Mark::It, Mark::Them])).cloned().collect()
}

fn unknown<T>(context: &Context<'_>, phrase: &Phrase) -> Read<T> {
    let said = &context.text[phrase.at.clone()];
    context.ask(format!("which list is \"{said}\"? No input and no result that is a list has that name"))
}
