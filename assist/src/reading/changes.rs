//! What a sentence changes in the workflow that is there.
//!
//! It knows which of its steps there are, not where they stand.

use crate::flow::Flow;
use crate::items::{Item, Phrase};
use crate::words::Mark;

use super::{Context, Edit, Place, Read, attributes, groups};

/// What a sentence about some of the steps changes.
pub(super) fn change(
    context: &Context<'_>,
    items: &[Item],
    flow: Flow,
    calls: &[String],
    is_first: bool,
) -> Read<Vec<Edit>> {
    if let Flow::Sequence(steps) = &flow
        && let Some(edits) = steps.iter().map(|step| guard(context, step)).collect::<Option<Vec<_>>>()
    {
        return Ok(edits);
    }
    if let Some(edit) = single(context, items, &flow, calls, is_first)? {
        return Ok(vec![edit]);
    }
    if let Flow::Sequence(steps) = &flow
        && let Some(edit) = around(context, items, steps)
    {
        return Ok(vec![edit]);
    }
    if let Flow::Sequence(steps) = &flow
        && let Some(edits) = woven(context, items, steps)
    {
        return Ok(edits);
    }
    context.ask(format!(
        "is \"{}\" a new workflow, or what should change in the one that is there?",
        context.said(items)
    ))
}

fn single(
    context: &Context<'_>,
    items: &[Item],
    flow: &Flow,
    calls: &[String],
    is_first: bool,
) -> Read<Option<Edit>> {
    let present = |task: &str| context.present.iter().any(|there| there == task);
    Ok(match flow {
        Flow::Parallel { branches, limit }
            if branches.iter().all(|flow| matches!(flow, Flow::Call(task) if present(task))) =>
        {
            if !are_neighbours(context, calls) {
                return context.ask(format!(
                    "there are steps between those of \"{}\": where do they run?",
                    context.said(items)
                ));
            }
            Some(Edit::Together(calls.to_vec(), *limit))
        }
        Flow::Parallel { branches, limit: None } => beside(context, branches),
        Flow::Sequence(steps) => reordered(context, items, steps, calls),
        Flow::When { condition, then, otherwise: None } => {
            guarded(context, items, condition, then, is_first)?
        }
        Flow::When { condition, then, otherwise: Some(otherwise) } => match (&**then, &**otherwise) {
            (Flow::Call(then), Flow::Call(otherwise))
                if present(then) && present(otherwise) && are_neighbours(context, calls) =>
            {
                Some(Edit::Either {
                    condition: condition.clone(),
                    then: then.clone(),
                    otherwise: otherwise.clone(),
                })
            }
            _ => None,
        },
        Flow::Try { body, handler: Some(handler), always: None } => match &**body {
            // `A only if B fails`
            Flow::Call(of)
                if present(of)
                    && items.iter().any(|item| item.is(Mark::OnlyIf))
                    && matches!(&**handler, Flow::Call(task) if present(task)) =>
            {
                Some(Edit::OnlyOnFailure { of: of.clone(), task: handler.calls().concat() })
            }
            Flow::Call(of) if present(of) => {
                Some(Edit::OnFailure { of: of.clone(), handler: (**handler).clone() })
            }
            _ => None,
        },
        Flow::Repeat { body, .. } if matches!(&**body, Flow::Call(task) if present(task)) => {
            Some(Edit::Repeat { task: calls.concat(), flow: flow.clone() })
        }
        _ if is_first && !calls.iter().any(|task| present(task)) => {
            Some(Edit::Add { flow: flow.clone(), place: Place::First })
        }
        _ => None,
    })
}

/// Steps under a condition: those that are there get it, new ones stand behind the step whose result is asked about.
fn guarded(
    context: &Context<'_>,
    items: &[Item],
    condition: &str,
    then: &Flow,
    is_first: bool,
) -> Read<Option<Edit>> {
    let present = |task: &str| context.present.iter().any(|there| there == task);
    let under =
        |flow: Flow| Flow::When { condition: condition.to_owned(), then: Box::new(flow), otherwise: None };
    if let Flow::Sequence(steps) = then
        && let calls = then.calls().into_iter().map(str::to_owned).collect::<Vec<_>>()
        && let Some(Edit::Add { flow, place }) = reordered(context, items, steps, &calls)
    {
        return Ok(Some(Edit::Add { flow: under(flow), place }));
    }
    if let Flow::Call(task) = then
        && present(task)
    {
        return Ok(Some(Edit::Guard { task: task.clone(), condition: condition.to_owned() }));
    }
    if then.calls().iter().any(|task| present(task)) {
        return Ok(None);
    }
    let asked = condition.trim_start_matches('!').split('.').next().filter(|task| present(task));
    let place = match asked {
        _ if is_first => Place::First,
        Some(task) if !condition.contains("&&") && !condition.contains("||") => Place::After(task.to_owned()),
        _ => return context.ask(format!("where does \"{}\" stand among the steps?", context.said(items))),
    };
    Ok(Some(Edit::Add { flow: under(then.clone()), place }))
}

/// A condition of a step that is there.
fn guard(context: &Context<'_>, step: &Flow) -> Option<Edit> {
    let Flow::When { condition, then, otherwise: None } = step else { return None };
    match &**then {
        Flow::Call(task) if context.present.contains(task) => {
            Some(Edit::Guard { task: task.clone(), condition: condition.clone() })
        }
        _ => None,
    }
}

/// `A before B and C`, `A after B and C`, where A is new: B and C stay as they are.
fn around(context: &Context<'_>, items: &[Item], steps: &[Flow]) -> Option<Edit> {
    let is_there = |step: &Flow| matches!(step, Flow::Call(task) if context.present.contains(task));
    let is_new =
        |step: &Flow| !step.calls().iter().any(|task| context.present.iter().any(|there| there == task));
    let tasks = |steps: &[Flow]| steps.iter().flat_map(Flow::calls).map(str::to_owned).collect::<Vec<_>>();
    let orders: Vec<&Item> =
        items.iter().filter(|item| item.is_any(&[Mark::Before, Mark::After, Mark::When])).collect();
    let [order] = orders.as_slice() else { return None };
    let there = steps.iter().filter(|step| is_there(step)).count();
    if there < 2 || items.iter().any(|item| item.is_any(&[Mark::Then, Mark::OnlyIf])) {
        return None;
    }
    let (flow, place) = if order.is(Mark::Before) {
        let (new, anchors) = steps.split_at(steps.len() - there);
        (new, Place::BeforeAll(tasks(anchors)))
    } else {
        let (anchors, new) = steps.split_at(there);
        (new, Place::AfterAll(tasks(anchors)))
    };
    let others = steps.len() - there;
    (others > 0 && flow.iter().all(is_new)).then(|| Edit::Add { flow: Flow::in_order(flow.to_vec()), place })
}

/// New steps among some that are there, in the order in which those are there: each behind the one before it.
fn woven(context: &Context<'_>, items: &[Item], steps: &[Flow]) -> Option<Vec<Edit>> {
    // `B before A and C`: whether C comes before A, too, only its speaker knows.
    let is_before = items.iter().skip(1).any(|item| item.is(Mark::Before));
    let place_of = |task: &str| context.present.iter().position(|there| there == task);
    let (mut edits, mut last, mut waiting) = (Vec::new(), None::<usize>, Vec::new());
    for step in steps {
        let there: Vec<usize> = step.calls().into_iter().filter_map(place_of).collect();
        let anchor = match (there.as_slice(), step) {
            ([], _) => {
                waiting.push(step.clone());
                continue;
            }
            ([place], Flow::Call(_)) => *place,
            ([place], Flow::Parallel { branches, limit: None }) => {
                edits.push(beside(context, branches)?);
                *place
            }
            _ => return None,
        };
        if last.is_some_and(|last| last >= anchor) {
            return None;
        }
        // One behind the other, though they may run at the same time.
        if let (Some(last), Flow::Call(task)) = (last, step) {
            let of = context.present[last].clone();
            edits.push(Edit::OnSuccess { task: task.clone(), of });
        }
        if !waiting.is_empty() {
            let place = last.map_or(Place::Before(context.present[anchor].clone()), |last: usize| {
                Place::After(context.present[last].clone())
            });
            edits.push(Edit::Add { flow: Flow::in_order(std::mem::take(&mut waiting)), place });
        }
        last = Some(anchor);
    }
    let last = context.present[last?].clone();
    if !waiting.is_empty() && is_before {
        return None;
    }
    if !waiting.is_empty() {
        edits.push(Edit::Add { flow: Flow::in_order(waiting), place: Place::After(last) });
    }
    edits.iter().any(|edit| !matches!(edit, Edit::OnSuccess { .. })).then_some(edits)
}

/// New steps at the same time as one that is there.
fn beside(context: &Context<'_>, branches: &[Flow]) -> Option<Edit> {
    let is_there = |flow: &&Flow| matches!(flow, Flow::Call(task) if context.present.contains(task));
    let (there, new): (Vec<&Flow>, Vec<&Flow>) = branches.iter().partition(is_there);
    let [Flow::Call(task)] = there.as_slice() else { return None };
    let is_new =
        |flow: &&Flow| !flow.calls().iter().any(|task| context.present.iter().any(|there| there == task));
    let flow = Flow::at_once(new.iter().filter(|flow| is_new(flow)).map(|flow| (*flow).clone()));
    (new.iter().all(is_new)).then(|| Edit::Beside { flow, task: task.clone() })
}

/// Words that set one step against another, as `then` does not.
pub(super) const RELATIONS: [Mark; 7] =
    [Mark::Before, Mark::After, Mark::When, Mark::ButFirst, Mark::OnlyIf, Mark::Succeeds, Mark::Until];

/// `B after A`, where at least one of them is there.
fn reordered(context: &Context<'_>, items: &[Item], steps: &[Flow], calls: &[String]) -> Option<Edit> {
    let present = |task: &str| context.present.iter().any(|there| there == task);
    let has = |marks: &[Mark]| items.iter().any(|item| item.is_any(marks));
    let all_there = calls.iter().all(|task| present(task));
    if all_there && has(&[Mark::Sequential]) {
        return Some(Edit::Apart(calls.to_vec()));
    }
    let is_first = all_there && calls.len() == 2 && has(&[Mark::First]);
    if !has(&RELATIONS) && !is_first {
        return None;
    }
    let is_new = |flows: &[Flow]| !flows.iter().flat_map(Flow::calls).any(present);
    Some(match steps {
        [Flow::Call(first), Flow::Call(second)]
            if all_there && has(&[Mark::OnlyIf, Mark::Succeeds, Mark::Until]) =>
        {
            Edit::OnSuccess { task: second.clone(), of: first.clone() }
        }
        [Flow::Call(first), Flow::Call(second)] if all_there && has(&[Mark::After, Mark::When]) => {
            Edit::Move { task: second.clone(), place: Place::After(first.clone()) }
        }
        [Flow::Call(first), Flow::Call(second)] if all_there => {
            Edit::Move { task: first.clone(), place: Place::Before(second.clone()) }
        }
        // `B after A and before C`
        [Flow::Call(first), Flow::Call(middle), Flow::Call(last)]
            if all_there && has(&[Mark::Before]) && has(&[Mark::After]) =>
        {
            let place = |task: &String| context.present.iter().position(|there| there == task);
            if place(first) > place(last) {
                return None;
            }
            Edit::Move { task: middle.clone(), place: Place::After(first.clone()) }
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

/// Whether no other step stands between those of the workflow.
fn are_neighbours(context: &Context<'_>, calls: &[String]) -> bool {
    let places = calls.iter().filter_map(|task| context.present.iter().position(|there| there == task));
    let places: Vec<usize> = places.collect();
    let (first, last) = (places.iter().min(), places.iter().max());
    first.zip(last).is_none_or(|(first, last)| last - first + 1 == places.len())
}

/// `A before B, and B before A`.
pub(super) fn are_contrary(edits: &[Edit]) -> bool {
    let moved = |edit: &Edit| match edit {
        Edit::Move { task, place: Place::Before(other) } | Edit::OnSuccess { task: other, of: task } => {
            Some((task.clone(), other.clone()))
        }
        Edit::Move { task, place: Place::After(other) } => Some((other.clone(), task.clone())),
        _ => None,
    };
    let pairs: Vec<(String, String)> = edits.iter().filter_map(moved).collect();
    pairs.iter().any(|(first, second)| pairs.contains(&(second.clone(), first.clone())))
}

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
    {
        let (first, last) = (context.present_task(first)?, context.present_task(last)?);
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
            && again[1..].iter().all(|item| item.is_any(&[Mark::It, Mark::Them, Mark::Filler]));
        return superfluous(context, &items[..comma]).filter(|_| says_no_more);
    }
    let (phrase, is_gone) = match items {
        [Item::Phrase(phrase), gone] => (phrase, gone.is(Mark::NotNeeded)),
        // `take X out of the workflow`
        [remove, Item::Phrase(_), out @ ..]
            if remove.is(Mark::Remove)
                && !out.is_empty()
                && out.iter().all(|item| item.is_any(&[Mark::Of, Mark::Whole, Mark::Filler])) =>
        {
            return superfluous(context, &items[..2]);
        }
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
