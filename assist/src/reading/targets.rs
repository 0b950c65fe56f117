//! Which steps a setting is said of: those that it names, else the one before it.
//!
//! It knows where phrases stand, not what is set.

use crate::items::Item;
use crate::words::Mark;

use super::settings::{EACH, Target};
use super::{Context, Read, relations};

/// The step that a setting without a name is about: the last one before it in its sentence, else the next.
pub(super) fn nearest(
    context: &Context<'_>,
    items: &[Item],
    range: &std::ops::Range<usize>,
    said_before: Option<&str>,
) -> Read<Target> {
    let start =
        items[..range.start].iter().rposition(|item| matches!(item, Item::Stop(_))).map_or(0, |at| at + 1);
    let before = &items[start..range.start];
    let is_each = before.last().is_some_and(|item| item.is(Mark::Each));
    // `charge them with 3 retries` is said of what is charged.
    let is_object = matches!(before, [.., Item::Phrase(_), them] if them.is(Mark::Them) && !them.is(Mark::Both))
        || matches!(before, [.., Item::Phrase(_), them, _] if them.is(Mark::Them) && !them.is(Mark::Both));
    let mut near = before.iter().rev().take(if is_object { 0 } else { 2 });
    if is_each || near.any(|item| item.is_any(&[Mark::EachOfThem, Mark::Both, Mark::All, Mark::Them])) {
        return each_of(context, before);
    }
    let is_ahead = is_ahead(context, items, range, before);
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
    let is_of_it = items[range.clone()].iter().any(|item| item.is(Mark::It));
    if let Some(Item::Phrase(main)) = main_clause(before, is_of_it) {
        return Ok(Target::Task(context.present_task(main)?));
    }
    if let Some(at) = last {
        return last_of(context, items, range, before, at);
    }
    if let Some(tasks) = both_behind(context, &items[range.end..]) {
        return Ok(Target::Several(tasks));
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
    let before = behind_clause(before);
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

/// Without the clause that the sentence begins with: `after A, ...`.
fn behind_clause(before: &[Item]) -> &[Item] {
    let is_led = before.first().is_some_and(|item| item.is_any(&[Mark::After, Mark::Before, Mark::When]));
    let comma = before.iter().position(|item| matches!(item, Item::Comma(_))).filter(|_| is_led);
    let goes_on = |at: &usize| before[*at..].iter().any(|item| matches!(item, Item::Phrase(_)));
    comma.filter(goes_on).map_or(before, |at| &before[at + 1..])
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

/// The last step before a setting, or those that it is joined with.
fn last_of(
    context: &Context<'_>,
    items: &[Item],
    range: &std::ops::Range<usize>,
    before: &[Item],
    at: usize,
) -> Read<Target> {
    let Item::Phrase(phrase) = &before[at] else { return context.ask("which step is meant?") };
    // `A and B in parallel and C` joins C with none of them.
    let is_apart = matches!(&before[..at], [.., apart, and]
        if and.is(Mark::And) && (matches!(apart, Item::Comma(_)) || apart.is(Mark::Parallel)));
    let joined = !is_apart
        && before[..at].last().is_some_and(|item| item.is_any(&[Mark::And, Mark::Or]))
        && !before[at + 1..].iter().any(|item| item.is(Mark::And));
    let is_last = before[at + 1..].iter().all(|item| matches!(item, Item::Comma(_)));
    let grouped = before.iter().any(|item| item.is_any(&[Mark::Parallel, Mark::Both, Mark::Alongside]));
    let said = context.said(&items[range.clone()]);
    let is_of_one = said.split_whitespace().any(|word| matches!(word, "it" | "его" | "её"));
    let mut each = items[range.clone()].last().into_iter().chain(items.get(range.end));
    if joined
        && (each.any(|item| item.is_any(&EACH) || item.is(Mark::ForEach))
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
    match context.present_task(phrase) {
        Err(question) if begins => match relations::two_tasks(context, phrase) {
            Some((_, second)) => Ok(Target::Task(second)),
            None => Err(question),
        },
        task => Ok(Target::Task(task?)),
    }
}

/// Whether a setting is said of what follows it.
fn is_ahead(context: &Context<'_>, items: &[Item], range: &std::ops::Range<usize>, before: &[Item]) -> bool {
    // `then, best effort, B` is said of what follows.
    let then = before.iter().rposition(|item| item.is(Mark::Then)).map_or(0, |at| at + 1);
    let is_aside = matches!(before, [.., and, Item::Comma(_)] if and.is(Mark::And))
        && matches!(items.get(range.end), Some(Item::Comma(_)));
    // `A and in the background B`
    let is_led = before.last().is_some_and(|item| item.is(Mark::And) || matches!(item, Item::Comma(_)))
        && matches!(items.get(range.end), Some(Item::Phrase(_)))
        && is_adverb(context, &items[range.clone()]);
    is_aside || is_led || then > 0 && !before[then..].iter().any(|item| matches!(item, Item::Phrase(_)))
}

/// `in the background`, which stands before its step as well as behind it.
fn is_adverb(context: &Context<'_>, setting: &[Item]) -> bool {
    let said = context.said(setting).to_lowercase();
    setting.len() == 1
        && setting[0].is(Mark::Detach)
        && ["in", "в", "фоном", "async", "asynchronously", "асинхронно"]
            .iter()
            .any(|word| said.split_whitespace().next() == Some(word))
}

/// `in the background, notify both A and B`
fn both_behind(context: &Context<'_>, items: &[Item]) -> Option<Vec<String>> {
    let start = items.iter().position(|item| item.is(Mark::Both))?;
    let is_small = |item: &Item| matches!(item, Item::Comma(_)) || item.is(Mark::And);
    if !items[..start].iter().all(is_small) {
        return None;
    }
    let [Item::Phrase(one), and, Item::Phrase(other), ..] = &items[start + 1..] else { return None };
    let one_task = context.present_task(one).ok()?;
    let other_task = match context.meant(other, &one.words[..1]) {
        crate::names::Meant::Task(task) => task,
        _ => return None,
    };
    and.is(Mark::And).then(|| vec![one_task, other_task])
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
                && mark.is_any(&[Mark::After, Mark::Before, Mark::Alongside]) =>
        {
            Some(mark)
        }
        _ => None,
    }
}

/// `A after B, it may fail`, `move A before B and give it two seconds` are said of A.
fn main_clause(before: &[Item], is_of_it: bool) -> Option<&Item> {
    let is_phrase = |item: &Item| matches!(item, Item::Phrase(_));
    let is_joint = |item: &Item| matches!(item, Item::Comma(_)) || is_of_it && item.is(Mark::And);
    let comma = before.iter().rposition(is_joint)?;
    if before[comma..].iter().any(is_phrase) {
        return None;
    }
    let start =
        before[..comma].iter().rposition(|item| matches!(item, Item::Comma(_))).map_or(0, |at| at + 1);
    let sentence = &before[start..comma];
    let mark = sentence.iter().position(|item| {
        item.is_any(&[Mark::After, Mark::When, Mark::Before, Mark::While, Mark::Alongside])
    })?;
    let is_behind = sentence[mark..].iter().any(is_phrase);
    sentence[..mark].iter().rfind(|item| is_phrase(item)).filter(|_| is_behind)
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

/// `… for the payment`, `… on the payment`.
pub(super) fn trailing(context: &Context<'_>, items: &[Item], at: usize) -> Read<(Option<Target>, usize)> {
    // `… to both A and B`
    if let [to, both, Item::Phrase(one), and, Item::Phrase(other), ..] = &items[at.min(items.len())..]
        && to.is_any(&[Mark::With, Mark::Of, Mark::To])
        && both.is(Mark::Both)
        && and.is(Mark::And)
    {
        let tasks = vec![context.present_task(one)?, context.present_task(other)?];
        return Ok((Some(Target::Several(tasks)), at + 5));
    }
    if items.get(at).is_some_and(|item| item.is_any(&[Mark::With, Mark::Of, Mark::To]))
        && let Some((used, target)) = object(context, items, at)?
    {
        // `3 retries for A and B`
        if let (Some(Target::Task(first)), [and, Item::Phrase(second), rest @ ..]) =
            (&target, &items[at + used..])
            && and.is(Mark::And)
            && rest.first().is_none_or(|next| matches!(next, Item::Stop(_) | Item::Comma(_)))
            && let Ok(task) = context.present_task(second)
            && (second.begin().ends_with("ing") || context.names.is_noun_of(&task, &second.words))
        {
            return Ok((Some(Target::Several(vec![first.clone(), task])), at + used + 2));
        }
        return Ok((target, at + used));
    }
    Ok((None, at))
}
