//! One sentence: conditions, iterations, races and what runs in any case, around lists of steps.
//!
//! It knows nothing of what was said before.

use crate::flow::Flow;
use crate::items::Item;
use crate::words::Mark;

use super::conditional::{consequence, leading_condition, trailing_condition};
use super::conditions::{self, Condition, negated};
use super::cursor::{find, split, trimmed};
use super::followups::last_step;
use super::repeating::{race, repeated};
use super::{Context, Read, attributes, iteration, relations};

/// One sentence, its settings taken out.
pub(super) fn sentence(context: &Context<'_>, items: &[Item]) -> Read<Flow> {
    let items = without_all(context, trimmed(items));
    let Some(first) = items.first() else { return context.ask("what should be run?") };
    if first.is_any(&[Mark::If, Mark::Unless, Mark::OnlyIf]) {
        return leading_condition(context, items);
    }
    // `for active users process the payment`
    let said = context.said(std::slice::from_ref(first)).to_lowercase();
    if ["for", "with", "для"].contains(&said.as_str())
        && let Ok((condition @ Condition::Holds(_), rest)) = conditions::prefix(context, &items[1..])
        && !trimmed(&rest).is_empty()
    {
        return consequence(context, condition, &rest);
    }
    if first.is(Mark::ForEach) {
        return iteration::each(context, &items[1..]);
    }
    if first.is(Mark::When)
        && let Ok((condition, rest)) = conditions::prefix(context, &items[1..])
        && !matches!(condition, Condition::Succeeded(_))
    {
        return consequence(context, condition, &rest);
    }
    if let [failure, Item::Phrase(both), rest @ ..] = items
        && failure.is(Mark::OnFailure)
        && let Some((step, handler)) = relations::task_and_rest(context, both)
    {
        let handler: Vec<Item> = std::iter::once(Item::Phrase(handler)).chain(rest.iter().cloned()).collect();
        let (body, handler) = (Box::new(Flow::Call(step)), Some(Box::new(clause(context, &handler, true)?)));
        return Ok(Flow::Try { body, handler, always: None });
    }
    if let Some(flow) = whatever(context, items)? {
        return Ok(flow);
    }
    is_clear(context, items)?;
    if let Some(flow) = with_otherwise(context, items)? {
        return Ok(flow);
    }
    let items = &conditions_closed(context, items);
    let parts = split(items, |item| item.is(Mark::Then));
    is_first_clear(context, &parts)?;
    let mut flows = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let is_last = index + 1 == parts.len();
        // `A if C, then B in any case`: B does not depend on C.
        if let Some(at) = find(part, &[Mark::Always])
            && matches!(flows.last().map(last_step), Some(Flow::When { otherwise: None, .. }))
        {
            let mut plain = part.to_vec();
            plain.remove(at);
            flows.push(clause(context, &plain, is_last)?);
        } else if let Some(at) = find(part, &[Mark::Always]) {
            flows = vec![in_any_case(context, flows, part, at)?];
        } else {
            flows.push(clause(context, part, is_last)?);
        }
    }
    Ok(Flow::in_order(flows))
}

/// A question about `A, then B, but first C`: C may come before B, or before all.
fn is_first_clear(context: &Context<'_>, parts: &[&[Item]]) -> Read<()> {
    if let Some(part) =
        parts.iter().skip(1).find(|part| find(part, &[Mark::ButFirst]).is_some_and(|at| at > 0))
    {
        return context.ask(format!("before which step comes what is first in \"{}\"?", context.said(part)));
    }
    Ok(())
}

/// `A, if C, B and then D, otherwise E`: all between belongs to C.
fn with_otherwise(context: &Context<'_>, items: &[Item]) -> Read<Option<Flow>> {
    if let Some(at) = find(items, &[Mark::If, Mark::Unless]).filter(|at| *at > 0)
        && (matches!(items[at - 1], Item::Comma(_)) || items[at - 1].is(Mark::And))
        && let Some(otherwise) = find(&items[at..], &[Mark::Else])
        && items[at..at + otherwise].iter().any(|item| item.is(Mark::Then))
        && !items[..at].iter().any(|item| item.is(Mark::Else))
    {
        let before = sentence(context, &items[..at])?;
        let flow = Flow::in_order([before, leading_condition(context, &items[at..])?]);
        return Ok(Some(flow));
    }
    Ok(None)
}

/// A question about `A in parallel, one after the other`, and about `A while B and then C`: C may follow B alone.
fn is_clear(context: &Context<'_>, items: &[Item]) -> Read<()> {
    let is_mode =
        |two: &[Item]| two[0].is(Mark::Parallel) && two[1].is(Mark::Sequential) && !two[1].is(Mark::Then);
    let plain: Vec<Item> = items.iter().filter(|item| !matches!(item, Item::Comma(_))).cloned().collect();
    if plain.windows(2).any(is_mode) {
        return context
            .ask(format!("at the same time, or one after another, in \"{}\"?", context.said(items)));
    }
    let Some(at) = find(items, &[Mark::While]).filter(|at| *at > 0) else { return Ok(()) };
    let clause = items[at..].iter().take_while(|item| !matches!(item, Item::Comma(_))).collect::<Vec<_>>();
    let is_inner = clause.iter().any(|item| {
        item.is(Mark::Then)
            && context.said(std::slice::from_ref(*item)).to_lowercase().starts_with("and then")
    });
    if is_inner {
        return context.ask(format!("what comes at the same time in \"{}\"?", context.said(items)));
    }
    Ok(())
}

/// What comes before the main clause, though it is said behind or in front of it.
fn led(context: &Context<'_>, items: &[Item]) -> Read<Option<Flow>> {
    // `A only if C, but first B`
    if let Some(at) = find(items, &[Mark::ButFirst]).filter(|at| *at > 0)
        && items[..at].iter().any(|item| item.is_any(&[Mark::If, Mark::OnlyIf, Mark::Unless, Mark::When]))
    {
        let (main, first) =
            (clause(context, &items[..at], true)?, relations::part(context, &items[at + 1..])?);
        return match main {
            Flow::Sequence(_) => {
                context.ask(format!("before which step comes \"{}\"?", context.said(&items[at..])))
            }
            main => Ok(Some(Flow::in_order([first, main]))),
        };
    }
    // `before A, repeat B until C`, `after A, B for each of them`
    if items.first().is_some_and(|item| item.is_any(&[Mark::After, Mark::Before]) && !item.is(Mark::ButFirst))
        && !items.iter().any(|item| item.is_any(&[Mark::If, Mark::Unless, Mark::OnlyIf, Mark::OnFailure]))
        && items.iter().any(|item| {
            item.is_any(&[Mark::Loop, Mark::ForEach, Mark::Each, Mark::EachOfThem]) && !item.is(Mark::Retry)
        })
        && let Ok(flow) = relations::part(context, items)
    {
        return Ok(Some(flow));
    }
    Ok(None)
}

/// `A and B if it fails`, `A, on failure B`.
fn failing(context: &Context<'_>, items: &[Item]) -> Read<Option<Flow>> {
    if let [before @ .., last] = items
        && last.is(Mark::OnFailure)
        && let Some(flow) = handled(context, before)?
    {
        return Ok(Some(flow));
    }
    if let Some(at) = find(items, &[Mark::OnFailure]).filter(|at| *at > 0 && *at + 1 < items.len()) {
        return on_failure(context, items, at).map(Some);
    }
    Ok(None)
}

/// `all payments must be checked before`, `every payment ...`: the task is meant.
fn without_all<'a>(context: &Context<'_>, items: &'a [Item]) -> &'a [Item] {
    let items = match items {
        [all, rest @ ..] if all.is(Mark::All) && matches!(rest.first(), Some(Item::Phrase(_))) => rest,
        items => items,
    };
    match items {
        [every, Item::Phrase(phrase), rest @ ..]
            if every.is_any(&[Mark::Every, Mark::Each])
                && !rest.is_empty()
                && context.maybe(phrase).is_some()
                && iteration::each(context, &items[1..]).is_err() =>
        {
            &items[1..]
        }
        items => items,
    }
}

/// Whether `when` leads a condition, up to a `before`.
fn is_condition(context: &Context<'_>, items: &[Item]) -> bool {
    let end = items.iter().position(|item| item.is(Mark::Before)).unwrap_or(items.len());
    let said = conditions::condition(context, trimmed(&items[..end]));
    end > 0 && matches!(said, Ok(Condition::Holds(_) | Condition::Failed(_)))
}

/// `A, and if C then B`: behind a condition `then` says what a comma does.
fn conditions_closed(context: &Context<'_>, items: &[Item]) -> Vec<Item> {
    let mut closed = items.to_vec();
    let mut start = None;
    for (at, item) in items.iter().enumerate() {
        if item.is_any(&[Mark::If, Mark::Unless]) {
            start = Some(at + 1);
        } else if matches!(item, Item::Comma(_)) {
            start = None;
        } else if let Some(start) = start.take_if(|_| item.is(Mark::Then))
            && start < at
            && conditions::condition(context, &items[start..at]).is_ok()
        {
            closed[at] = Item::Comma(item.at().clone());
        }
    }
    closed
}

/// A part between two `then`s.
pub(super) fn clause(context: &Context<'_>, items: &[Item], is_last: bool) -> Read<Flow> {
    let items = attributes::conditional_clauses(context, trimmed(items));
    let items = items.as_slice();
    if let Some(flow) = unless(context, items)? {
        return Ok(flow);
    }
    if let Some(flow) = led(context, items)? {
        return Ok(flow);
    }
    if let Some(flow) = attributes::said_of_a_thing(context, items)? {
        return Ok(flow);
    }
    if let Some(flow) = failing(context, items)? {
        return Ok(flow);
    }
    if let Some(at) =
        find(items, &[Mark::When]).filter(|at| *at > 0 && is_condition(context, &items[at + 1..]))
    {
        return trailing_condition(context, items, at);
    }
    if let Some(flow) = only_after(context, items)? {
        return Ok(flow);
    }
    if let Some(at) = find(items, &[Mark::If, Mark::Unless, Mark::OnlyIf]) {
        if at == 0
            || (matches!(items[at - 1], Item::Comma(_)) || items[at - 1].is(Mark::And))
                && conditions::prefix(context, &items[at + 1..])
                    .is_ok_and(|(_, rest)| trimmed(&rest).first().is_some_and(|first| !first.is(Mark::Else)))
        {
            let before = trimmed(&items[..at]);
            let inner = leading_condition(context, &items[at..])?;
            if !is_last
                && !matches!(&inner, Flow::When { then, .. } if matches!(**then, Flow::Approval { .. }))
            {
                return context.ask(format!(
                    "does what follows \"{}\" depend on its condition, too?",
                    context.said(&items[at..])
                ));
            }
            return if before.is_empty() {
                Ok(inner)
            } else if let [after, done @ ..] = before
                && after.is_any(&[Mark::After, Mark::When])
                && !done.iter().any(|item| matches!(item, Item::Comma(_)))
            {
                Ok(Flow::in_order([relations::ended(context, done)?, inner]))
            } else {
                Ok(Flow::in_order([relations::part(context, before)?, inner]))
            };
        }
        return trailing_condition(context, items, at);
    }
    if let Some(flow) = iteration::said(context, items)? {
        return Ok(flow);
    }
    if let Some(at) = find(items, &[Mark::Until]).filter(|at| *at > 0) {
        return repeated(context, items, at);
    }
    if let Some(flow) = iteration::mentioned(context, items)? {
        return Ok(flow);
    }
    if let Some(at) = find(items, &[Mark::Race]) {
        return race(context, items, at);
    }
    relations::part(context, items)
}

/// `skip A when C`, `do not A until B`.
fn unless(context: &Context<'_>, items: &[Item]) -> Read<Option<Flow>> {
    // `A, and skip B when C`
    let skip = |two: &[Item]| {
        (matches!(two[0], Item::Comma(_)) || two[0].is(Mark::And))
            && two[1].is_any(&[Mark::Remove, Mark::Not])
    };
    if let Some(at) = items.windows(2).position(skip).filter(|at| *at > 0)
        && let Some(flow) = unless(context, &items[at + 1..])?
    {
        return Ok(Some(relations::part(context, &items[..at])?.followed(flow)));
    }
    match items {
        // `do not charge inactive users`
        [not, Item::Phrase(phrase)] if not.is_any(&[Mark::Not, Mark::Remove, Mark::NotNeeded]) => {
            let Some(Flow::When { condition, then, otherwise }) = attributes::guarded(context, phrase) else {
                return Ok(None);
            };
            Ok(Some(Flow::When { condition: negated(&condition), then, otherwise }))
        }
        [skip, Item::Phrase(phrase), Item::Comma(_), mark, rest @ ..]
        | [skip, Item::Phrase(phrase), mark, rest @ ..]
            if skip.is_any(&[Mark::Remove, Mark::Not]) && mark.is_any(&[Mark::When, Mark::If]) =>
        {
            let Condition::Holds(condition) = conditions::condition(context, rest)? else { return Ok(None) };
            let then = Box::new(Flow::Call(context.task(phrase, &[])?));
            Ok(Some(Flow::When { condition: negated(&condition), then, otherwise: None }))
        }
        [not, Item::Phrase(late), Item::Comma(_), until, rest @ ..]
        | [not, Item::Phrase(late), until, rest @ ..]
            if not.is(Mark::Not) && until.is_any(&[Mark::Until, Mark::Before]) =>
        {
            let (late, early) = (Flow::Call(context.task(late, &[])?), relations::ended(context, rest)?);
            // `until A and B`, where A takes what B gives, names them and not their order.
            if let [.., first, last] = early.calls()[..]
                && super::dependence::feeds(context, last, first)
            {
                return context.ask(format!("does `{first}` come before `{last}`?"));
            }
            Ok(Some(Flow::in_order([early, late])))
        }
        // `do not bind files with fewer than 20 pages`
        [not, rest @ ..]
            if not.is_any(&[Mark::Not, Mark::Remove]) && attributes::ordered(context, rest).is_some() =>
        {
            Ok(attributes::ordered(context, rest).map(|flow| match flow {
                Flow::When { condition, then, otherwise } => {
                    Flow::When { condition: negated(&condition), then, otherwise }
                }
                flow => flow,
            }))
        }
        // `A is not needed for amounts below 10`
        [Item::Phrase(phrase), not, with, rest @ ..] if not.is(Mark::NotNeeded) && with.is(Mark::With) => {
            let Condition::Holds(condition) = conditions::condition(context, rest)? else { return Ok(None) };
            let then = Box::new(Flow::Call(context.present_task(phrase)?));
            Ok(Some(Flow::When { condition: negated(&condition), then, otherwise: None }))
        }
        _ => Ok(None),
    }
}

/// `A only after B and C`.
fn only_after(context: &Context<'_>, items: &[Item]) -> Read<Option<Flow>> {
    let Some(at) = find(items, &[Mark::OnlyIf]).filter(|at| *at > 0) else { return Ok(None) };
    let said = context.said(&items[at..=at]).to_lowercase();
    let is_order = ["after", "once", "после"].iter().any(|word| said.ends_with(word));
    let is_list = items[at + 1..].iter().filter(|item| matches!(item, Item::Phrase(_))).count() > 1
        || items[at + 1..].iter().any(|item| item.is(Mark::Approval));
    if !is_order || !is_list || conditions::condition(context, &items[at + 1..]).is_ok() {
        return Ok(None);
    }
    let mut items = items.to_vec();
    items[at] = Item::Marks(vec![Mark::After], items[at].at().clone());
    relations::part(context, &items).map(Some)
}

/// `A and B if it fails`: what may fail is A.
fn handled(context: &Context<'_>, items: &[Item]) -> Read<Option<Flow>> {
    let [.., and, Item::Phrase(_)] = trimmed(items) else { return Ok(None) };
    let Flow::Sequence(mut steps) = relations::part(context, items)? else { return Ok(None) };
    match steps.pop() {
        Some(handler @ Flow::Call(_)) if and.is(Mark::And) => caught(Flow::Sequence(steps), || Ok(handler)),
        _ => Ok(None),
    }
}

/// The steps, the failure of the last of which is handled; `None` where that is no single call.
pub(super) fn caught(steps: Flow, handler: impl FnOnce() -> Read<Flow>) -> Read<Option<Flow>> {
    let mut steps = match steps {
        Flow::Sequence(steps) => steps,
        flow => vec![flow],
    };
    let Some(body @ Flow::Call(_)) = steps.pop() else { return Ok(None) };
    steps.push(Flow::Try { body: Box::new(body), handler: Some(Box::new(handler()?)), always: None });
    Ok(Some(Flow::in_order(steps)))
}

/// `B whether or not A succeeds`, `B in any case, even if A fails`.
fn whatever(context: &Context<'_>, items: &[Item]) -> Read<Option<Flow>> {
    // `no matter how A ends, B`
    if let [even, phrase, rest @ ..] = items
        && even.is(Mark::EvenIf)
        && matches!(phrase, Item::Phrase(_))
        && let Some(comma) = rest.iter().position(|item| matches!(item, Item::Comma(_))).filter(|at| *at < 2)
        && !trimmed(&rest[comma..]).is_empty()
    {
        let turned: Vec<Item> = trimmed(&rest[comma..]).iter().chain(&items[..comma + 2]).cloned().collect();
        return whatever(context, &turned);
    }
    let (before, even, phrase, outcome) = match items {
        [before @ .., even, Item::Phrase(phrase), outcome] => (before, even, phrase, Some(outcome)),
        [before @ .., even, Item::Phrase(phrase)] => (before, even, phrase, None),
        _ => return Ok(None),
    };
    let (before, is_always) = match trimmed(before) {
        [before @ .., always] if always.is(Mark::Always) => (trimmed(before), true),
        [always, before @ ..] if always.is(Mark::Always) => (trimmed(before), true),
        before => (before, false),
    };
    let said = context.said(std::slice::from_ref(even)).to_lowercase();
    let is_outcome = match outcome {
        Some(outcome) => outcome.is(Mark::Succeeds) || is_always && outcome.is(Mark::Fails),
        None => said.contains("what") || said.contains("how"),
    };
    if !even.is(Mark::EvenIf) || !is_outcome || before.is_empty() {
        return Ok(None);
    }
    let body = Box::new(Flow::Call(context.task(phrase, &[])?));
    let always = Some(Box::new(relations::part(context, before)?));
    Ok(Some(Flow::Try { body, handler: None, always }))
}

/// `A, and if that fails B`.
fn on_failure(context: &Context<'_>, items: &[Item], at: usize) -> Read<Flow> {
    let rest = &items[at + 1..];
    // `A, on failure of A B`
    let of_step = match rest.first() {
        Some(Item::Phrase(both)) if context.maybe(both).is_none() => relations::task_and_rest(context, both),
        _ => None,
    };
    let mut rest = rest.to_vec();
    if let Some((step, handler)) = of_step {
        let before = relations::part(context, &items[..at])?;
        if before.calls().last() != Some(&step.as_str()) {
            return context.ask(format!("where does `{step}` run in \"{}\"?", context.said(items)));
        }
        rest[0] = Item::Phrase(handler);
    }
    let handler = clause(context, &rest, true)?;
    match caught(relations::part(context, &items[..at])?, || Ok(handler))? {
        Some(flow) => Ok(flow),
        None => context.ask(format!("the failure of which step is meant in \"{}\"?", context.said(items))),
    }
}

/// `A, then B, and in any case C`.
pub(super) fn in_any_case(context: &Context<'_>, before: Vec<Flow>, items: &[Item], at: usize) -> Read<Flow> {
    let (left, right) = (trimmed(&items[..at]), trimmed(&items[at + 1..]));
    // `B in any case after A`
    if let ([Item::Phrase(_)], [after, done @ ..], true) = (left, right, before.is_empty())
        && after.is(Mark::After)
    {
        let (body, always) = (relations::ended(context, done)?, clause(context, left, true)?);
        return Ok(Flow::Try { body: Box::new(body), handler: None, always: Some(Box::new(always)) });
    }
    let (body, always) = match (left.is_empty(), right.is_empty()) {
        (true, false) => (before, right),
        // `A, and B in any case`
        (false, true) if before.is_empty() && last_part(left).is_some() => {
            let comma = last_part(left).unwrap_or_default();
            (vec![relations::part(context, &left[..comma])?], trimmed(&left[comma..]))
        }
        (false, true) => (before, left),
        (false, false) => {
            let mut body = before;
            body.push(clause(context, left, true)?);
            (body, right)
        }
        (true, true) => (Vec::new(), left),
    };
    let always = clause(context, always, true)?;
    let (body, always) = match always {
        // `in any case B after A`
        Flow::Sequence(mut steps) if body.is_empty() && items.iter().any(|item| item.is(Mark::After)) => {
            let last = steps.pop();
            (steps, last.unwrap_or(Flow::Sequence(Vec::new())))
        }
        always => (body, always),
    };
    if body.is_empty() {
        return context.ask(format!("after which steps is \"{}\" done in any case?", context.said(items)));
    }
    Ok(Flow::Try { body: Box::new(Flow::in_order(body)), handler: None, always: Some(Box::new(always)) })
}

/// Where the last step of a list begins.
fn last_part(items: &[Item]) -> Option<usize> {
    let is_joint = |item: &Item| matches!(item, Item::Comma(_)) || item.is(Mark::And);
    let at = items.iter().rposition(is_joint).filter(|at| *at > 0)?;
    matches!(trimmed(&items[at..]), [Item::Phrase(_)]).then_some(at)
}
