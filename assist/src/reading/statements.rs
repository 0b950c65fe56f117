//! Sentences in order, and how each joins what was said before it.

use crate::flow::Flow;
use crate::items::Item;
use crate::words::Mark;

use super::cursor::trimmed;
use super::{Context, Edit, Place, Read, Reading, Setting, Target, Understood, sentences, settings};

/// Reads the whole text.
pub(crate) fn read(context: &Context<'_>, items: &[Item]) -> Read<Reading> {
    let mut reading = Reading::default();
    for statement in items.split(|item| matches!(item, Item::Stop(_))) {
        if trimmed(statement).is_empty() || matches!(statement, [Item::Number(..)]) {
            continue;
        }
        one(context, statement, &mut reading)?;
    }
    Ok(reading)
}

fn one(context: &Context<'_>, statement: &[Item], reading: &mut Reading) -> Read<()> {
    if let Some(edits) = removals(context, trimmed(statement)) {
        note(reading, context.said(statement), "a change of the workflow");
        reading.edits.extend(edits);
        return Ok(());
    }
    let end = end_said(statement, reading.flow.is_none());
    if let Some(edit) = edit(context, trimmed(statement), end)? {
        note(reading, context.said(statement), "a change of the workflow");
        reading.edits.push(edit);
        return Ok(());
    }
    let mut items = statement.to_vec();
    let last = last_call(reading);
    let found = settings::extract(context, &mut items, last.as_deref())?;
    for setting in &found {
        let whom = match &setting.target {
            Target::Task(task) => format!("`{task}`: "),
            Target::All => "every step: ".to_owned(),
            Target::Workflow => "the workflow: ".to_owned(),
        };
        note(reading, &setting.said, &format!("{whom}{}", setting.change.described()));
    }
    let is_first = comes_first(&items);
    let mut rest = trimmed(&items);
    if let [first, after @ ..] = rest
        && first.is(Mark::ButFirst)
    {
        if matches!(&reading.flow, Some(Flow::Sequence(steps)) if steps.len() > 1) {
            return context.ask(format!("before which step comes \"{}\"?", context.said(rest)));
        }
        rest = trimmed(after);
    }
    if let Some(flow) = &reading.flow
        && let Some(whole) = sentences::of_what_was_said(context, flow, rest)?
    {
        reading.settings.extend(found);
        note(reading, context.said(rest), &whole.described());
        reading.flow = Some(whole);
        return Ok(());
    }
    let rest = match rest {
        [verb, named @ Item::Phrase(_)] if !found.is_empty() && verb.is_any(&[Mark::Add, Mark::Move]) => {
            std::slice::from_ref(named)
        }
        rest => rest,
    };
    let only_settings = sets_only(context, rest, &found, reading);
    reading.settings.extend(found);
    if only_settings {
        return Ok(());
    }
    if let Some(flow) = beside_last(context, reading, rest)? {
        note(reading, context.said(rest), &flow.described());
        reading.flow = Some(flow);
        return Ok(());
    }
    let flow = sentences::sentence(context, rest)?.with_handlers();
    note(reading, context.said(rest), &flow.described());
    place(context, rest, flow, is_first, reading)
}

/// Whether nothing is said but settings, and of what.
fn sets_only(context: &Context<'_>, rest: &[Item], found: &[Setting], reading: &Reading) -> bool {
    let names_only = rest.len() == 1
        && !found.is_empty()
        && matches!(&rest[0], Item::Phrase(phrase)
        if found.iter().all(|setting| context.maybe(phrase).is_some_and(|task| setting.target == Target::Task(task))));
    let is_present =
        |task: &str| context.present.iter().any(|present| present == task) || is_called(reading, task);
    rest.is_empty()
        || rest.iter().all(|item| {
            item.is_any(&[
                Mark::Add,
                Mark::Move,
                Mark::To,
                Mark::It,
                Mark::Them,
                Mark::EachOfThem,
                Mark::All,
                Mark::And,
            ]) || matches!(item, Item::Comma(_))
        })
        || names_only
            && matches!(&rest[0], Item::Phrase(phrase) if context.maybe(phrase).is_some_and(|task| is_present(&task)))
}

/// `to the end` and `first`, as the last words.
fn end_said(statement: &[Item], is_alone: bool) -> Option<Place> {
    if is_alone && statement.first().is_some_and(|item| item.is(Mark::Then)) {
        return Some(Place::Last);
    }
    match statement.last() {
        Some(item) if item.is(Mark::Then) => Some(Place::Last),
        Some(item) if item.is(Mark::First) => Some(Place::First),
        _ => None,
    }
}

/// Whether what is said comes before everything: `ask for approval first`.
fn comes_first(items: &[Item]) -> bool {
    items.iter().skip(1).any(|item| item.is(Mark::First)) || items.iter().any(|item| item.is(Mark::ButFirst))
}

/// The step that was named last, where that is one alone.
fn last_call(reading: &Reading) -> Option<String> {
    let last = match reading.flow.as_ref()? {
        Flow::Sequence(steps) => steps.last()?,
        flow => flow,
    };
    if let Flow::Call(task) = last { Some(task.clone()) } else { None }
}

fn note(reading: &mut Reading, text: &str, read_as: &str) {
    reading.understood.push(Understood { text: text.to_owned(), read_as: read_as.to_owned() });
}

fn is_called(reading: &Reading, task: &str) -> bool {
    reading.flow.as_ref().is_some_and(|flow| flow.calls().contains(&task))
}

/// `A. At the same time, B.`
fn beside_last(context: &Context<'_>, reading: &Reading, items: &[Item]) -> Read<Option<Flow>> {
    let (Some(flow), [mark, rest @ ..]) = (&reading.flow, items) else { return Ok(None) };
    let [Item::Phrase(phrase)] = trimmed(rest) else { return Ok(None) };
    if !mark.is_any(&[Mark::Parallel, Mark::Alongside]) {
        return Ok(None);
    }
    let new = Flow::Call(context.task(phrase, &[])?);
    let mut steps = match flow.clone() {
        Flow::Sequence(steps) => steps,
        flow => vec![flow],
    };
    let Some(last) = steps.pop() else { return Ok(None) };
    steps.push(Flow::at_once([last, new]));
    Ok(Some(Flow::in_order(steps)))
}

/// Joins a sentence with those before it, or makes it a change of the workflow that is there.
fn place(
    context: &Context<'_>,
    items: &[Item],
    flow: Flow,
    is_first: bool,
    reading: &mut Reading,
) -> Read<()> {
    let calls: Vec<String> = flow.calls().into_iter().map(str::to_owned).collect();
    let present = |task: &String| context.present.contains(task);
    let is_order = matches!(flow, Flow::Sequence(_));
    let is_relation = items.iter().any(|item| item.is_any(&RELATIONS) || item.is(Mark::Sequential));
    // Beside steps that call no task a relation is a change, but for a wait that is there already.
    let waits = crate::edits::others(&flow.steps());
    let is_there = !waits.is_empty() && waits.iter().all(|word| context.others.contains(word));
    let is_all_said = context.others.is_empty() || !is_relation || is_there;
    let is_whole = is_all_said && context.present.iter().all(|task| calls.contains(task));
    let is_step = matches!(flow, Flow::When { .. } | Flow::Approval { .. } | Flow::Sleep(_));
    let is_change = reading.flow.is_none()
        && !context.present.is_empty()
        && !is_whole
        && (calls.iter().any(present) && (!is_order || is_relation || calls.iter().all(present)) || is_step);
    if is_change {
        reading.edits.push(change(context, items, flow, &calls, is_first)?);
        return Ok(());
    }
    if let Some(task) = calls.iter().find(|task| is_called(reading, task))
        && let Some(before) = reading.flow.take()
    {
        reading.flow = Some(merged(context, before, flow, task)?);
        return Ok(());
    }
    if let Some(task) = flow.called_twice() {
        return context.ask(format!("should `{task}` run twice?"));
    }
    reading.flow = Some(match reading.flow.take() {
        Some(before) if is_first => Flow::in_order([flow, before]),
        Some(before) => Flow::in_order([before, flow]),
        None => flow,
    });
    Ok(())
}

/// `Charge. Before that, check.`: one of the two is there already.
fn merged(context: &Context<'_>, before: Flow, flow: Flow, task: &str) -> Read<Flow> {
    let again =
        |context: &Context<'_>| context.ask(format!("`{task}` was named before: should it run twice?"));
    if matches!(flow, Flow::Try { .. }) {
        let joined = Flow::in_order([before, flow]).with_handlers();
        return match joined.called_twice() {
            None => Ok(joined),
            Some(_) => again(context),
        };
    }
    let Flow::Sequence(steps) = before else {
        let Flow::Sequence(new) = &flow else { return again(context) };
        return match new.as_slice() {
            [first, rest @ ..] if *first == before => {
                Ok(Flow::in_order(std::iter::once(before).chain(rest.iter().cloned())))
            }
            [rest @ .., last] if *last == before => Ok(Flow::in_order(rest.iter().cloned().chain([before]))),
            _ => again(context),
        };
    };
    let new = match flow {
        Flow::Sequence(new) => new,
        Flow::Parallel { branches, limit: None } => {
            let known: Vec<&Flow> = branches.iter().filter(|flow| steps.contains(flow)).collect();
            let [known] = known.as_slice() else { return again(context) };
            let joined = Flow::at_once(branches.clone());
            return Ok(Flow::in_order(
                steps.iter().map(|step| if step == *known { joined.clone() } else { step.clone() }),
            ));
        }
        _ => return again(context),
    };
    let anchors: Vec<usize> = (0..new.len()).filter(|at| steps.contains(&new[*at])).collect();
    let [anchor] = anchors.as_slice() else { return again(context) };
    let mut all = Vec::new();
    for step in steps {
        if step == new[*anchor] {
            all.extend(new.iter().cloned());
        } else {
            all.push(step);
        }
    }
    Ok(Flow::in_order(all))
}

/// What a sentence about some of the steps changes.
fn change(context: &Context<'_>, items: &[Item], flow: Flow, calls: &[String], is_first: bool) -> Read<Edit> {
    let present = |task: &str| context.present.iter().any(|there| there == task);
    match &flow {
        Flow::Parallel { branches, limit: None }
            if branches.iter().all(|flow| matches!(flow, Flow::Call(task) if present(task))) =>
        {
            return Ok(Edit::Together(calls.to_vec()));
        }
        Flow::Sequence(steps) => {
            if let Some(edit) = reordered(context, items, steps, calls) {
                return Ok(edit);
            }
        }
        Flow::When { condition, then, otherwise: None } if matches!(**then, Flow::Sequence(_)) => {
            if let Flow::Sequence(steps) = &**then
                && let Some(Edit::Add { flow, place }) = reordered(context, items, steps, calls)
            {
                let flow = Flow::When { condition: condition.clone(), then: Box::new(flow), otherwise: None };
                return Ok(Edit::Add { flow, place });
            }
        }
        Flow::When { condition, then, otherwise: None } => {
            if let Flow::Call(task) = &**then
                && present(task)
            {
                return Ok(Edit::Guard { task: task.clone(), condition: condition.clone() });
            }
            if !then.calls().iter().any(|task| present(task)) {
                if !is_first {
                    return context
                        .ask(format!("where does \"{}\" stand among the steps?", context.said(items)));
                }
                return Ok(Edit::Add { flow, place: Place::First });
            }
        }
        Flow::Try { body, handler: Some(handler), always: None } => {
            if let Flow::Call(of) = &**body
                && present(of)
            {
                return Ok(Edit::OnFailure { of: of.clone(), handler: (**handler).clone() });
            }
        }
        _ if is_first && !calls.iter().any(|task| present(task)) => {
            return Ok(Edit::Add { flow, place: Place::First });
        }
        _ => {}
    }
    context.ask(format!(
        "is \"{}\" a new workflow, or what should change in the one that is there?",
        context.said(items)
    ))
}

/// Words that set one step against another, as `then` does not.
const RELATIONS: [Mark; 6] =
    [Mark::Before, Mark::After, Mark::When, Mark::ButFirst, Mark::OnlyIf, Mark::Succeeds];

/// `B after A`, where at least one of them is there.
fn reordered(context: &Context<'_>, items: &[Item], steps: &[Flow], calls: &[String]) -> Option<Edit> {
    let present = |task: &str| context.present.iter().any(|there| there == task);
    let has = |marks: &[Mark]| items.iter().any(|item| item.is_any(marks));
    let all_there = calls.iter().all(|task| present(task));
    if all_there && has(&[Mark::Sequential]) {
        return Some(Edit::Apart(calls.to_vec()));
    }
    if !has(&RELATIONS) {
        return None;
    }
    let is_new = |flows: &[Flow]| !flows.iter().flat_map(Flow::calls).any(present);
    Some(match steps {
        [Flow::Call(first), Flow::Call(second)] if all_there && has(&[Mark::OnlyIf, Mark::Succeeds]) => {
            Edit::OnSuccess { task: second.clone(), of: first.clone() }
        }
        [Flow::Call(first), Flow::Call(second)] if all_there && has(&[Mark::After, Mark::When]) => {
            Edit::Move { task: second.clone(), place: Place::After(first.clone()) }
        }
        [Flow::Call(first), Flow::Call(second)] if all_there => {
            Edit::Move { task: first.clone(), place: Place::Before(second.clone()) }
        }
        [Flow::Call(first), rest @ ..] if present(first) && is_new(rest) => {
            Edit::Add { flow: Flow::in_order(rest.to_vec()), place: Place::After(first.clone()) }
        }
        [rest @ .., Flow::Call(last)] if present(last) && is_new(rest) => {
            Edit::Add { flow: Flow::in_order(rest.to_vec()), place: Place::Before(last.clone()) }
        }
        _ => return None,
    })
}

/// `drop A and B`.
fn removals(context: &Context<'_>, items: &[Item]) -> Option<Vec<Edit>> {
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
fn edit(context: &Context<'_>, items: &[Item], end: Option<Place>) -> Read<Option<Edit>> {
    if context.present.is_empty() {
        return Ok(None);
    }
    if let [Item::Phrase(phrase), gone] = items
        && gone.is(Mark::NotNeeded)
    {
        return Ok(Some(Edit::Remove(context.task(phrase, &[])?)));
    }
    if let ([Item::Phrase(phrase)], Some(place)) = (items, &end)
        && let Some(task) = context.maybe(phrase).filter(|task| !context.present.contains(task))
    {
        return Ok(Some(Edit::Add { flow: Flow::Call(task), place: place.clone() }));
    }
    let [first, Item::Phrase(phrase), rest @ ..] = items else { return Ok(None) };
    let not_needed =
        first.is(Mark::NotNeeded) && (rest.is_empty() || matches!(rest, [mark] if mark.is(Mark::NotNeeded)));
    if (first.is(Mark::Remove) && rest.is_empty()) || not_needed {
        return Ok(Some(Edit::Remove(context.task(phrase, &[])?)));
    }
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
    if let Some(between) = phrase.glue.iter().find(|(_, marks)| marks.contains(&Mark::Between)) {
        let (task, anchor) = phrase.split(between.0);
        let [and, Item::Phrase(last)] = rest else { return context.ask("between which steps?") };
        let (first, last) = (context.task(&anchor, &[])?, context.task(last, &[])?);
        let flow = Flow::Call(context.task(&task, &[])?);
        let follow = context.present.windows(2).any(|pair| pair[0] == first && pair[1] == last);
        if !and.is(Mark::And) || !follow {
            return context
                .ask(format!("`{first}` and `{last}` do not follow each other: where does it go?"));
        }
        return Ok(Some(Edit::Add { flow, place: Place::After(first) }));
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
    Ok(Some(if first.is(Mark::Move) {
        Edit::Move { task, place }
    } else {
        Edit::Add { flow: Flow::Call(task), place }
    }))
}
