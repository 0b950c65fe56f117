//! How the steps of a sentence join those before it, or the workflow that is there.
//!
//! It knows flows, not what a sentence means.

use crate::flow::Flow;
use crate::items::Item;
use crate::words::Mark;

use super::changes::{RELATIONS, change};
use super::cursor::trimmed;
use super::{Context, Read, Reading, groups};

/// `in any case B`, of the workflow that is there.
pub(super) fn in_any_case(context: &Context<'_>, items: &[Item], reading: &Reading) -> Read<Option<Flow>> {
    let is_always = items.iter().any(|item| item.is(Mark::Always));
    // `B in any case, even if A fails`
    let items = match items {
        [rest @ .., even, Item::Phrase(_), fails]
            if is_always && even.is(Mark::EvenIf) && fails.is(Mark::Fails) =>
        {
            trimmed(rest)
        }
        items => items,
    };
    let step = match items {
        [always, step @ ..] if always.is(Mark::Always) => trimmed(step),
        [step @ .., always] if always.is(Mark::Always) => trimmed(step),
        _ => return Ok(None),
    };
    if reading.flow.is_some() || context.present.is_empty() {
        return Ok(None);
    }
    let step = groups::passive(context, step);
    let [Item::Phrase(phrase)] = step.as_slice() else { return Ok(None) };
    Ok(Some(Flow::Call(context.task(phrase, &[])?)))
}

/// `A. At the same time, B.`
pub(super) fn beside_last(context: &Context<'_>, reading: &Reading, items: &[Item]) -> Read<Option<Flow>> {
    let (Some(flow), Some(first), Some(last)) = (&reading.flow, items.first(), items.last()) else {
        return Ok(None);
    };
    let is_last = matches!(items, [Item::Phrase(_), _]);
    let (mark, rest) = if is_last { (last, &items[..1]) } else { (first, &items[1..]) };
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
pub(super) fn place(
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
        reading.edits.extend(change(context, items, flow, &calls, is_first)?);
        return Ok(());
    }
    if let Some(before) = reading.flow.as_ref().filter(|_| !reading.settings.is_empty() && !is_relation)
        && is_plain_again(before, &flow)
    {
        reading.flow = Some(flow);
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

/// `A within 2 hours, B within 10 minutes. A first, B second.`: steps of which only something was set are now put in order.
fn is_plain_again(before: &Flow, flow: &Flow) -> bool {
    let calls = |flow: &Flow| match flow {
        Flow::Sequence(steps) if steps.iter().all(|step| matches!(step, Flow::Call(_))) => {
            let mut calls: Vec<String> = flow.calls().into_iter().map(str::to_owned).collect();
            calls.sort();
            Some(calls)
        }
        _ => None,
    };
    calls(before).is_some_and(|known| calls(flow) == Some(known))
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

pub(super) fn is_called(reading: &Reading, task: &str) -> bool {
    reading.flow.as_ref().is_some_and(|flow| flow.calls().contains(&task))
}
