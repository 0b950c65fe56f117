//! What a sentence changes in the workflow that is there.
//!
//! It knows which of its steps there are, not where they stand.

use crate::flow::Flow;
use crate::items::Item;
use crate::words::Mark;

use super::{Context, Edit, Place, Read};

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
