//! Sentences about what was said before: `If that fails, B`, `Whatever happens, C`, `Otherwise, D`.
//!
//! It knows flows and rows of items, not the workflow that is there.

use crate::flow::Flow;
use crate::items::Item;
use crate::words::Mark;

use super::cursor::trimmed;
use super::sentences::{caught, clause, in_any_case, sentence};
use super::{Context, Read};

/// `If that fails, B` and `Whatever happens, C`, as sentences of their own.
pub(super) fn of_what_was_said(context: &Context<'_>, before: &Flow, items: &[Item]) -> Read<Option<Flow>> {
    let Some((first, rest)) = items.split_first() else { return Ok(None) };
    // `A and B. Those can run in parallel.`
    if items.iter().all(|item| item.is_any(&[Mark::Parallel, Mark::It, Mark::Them, Mark::Both, Mark::All]))
        && items.iter().any(|item| item.is(Mark::Parallel))
    {
        return Ok(last_two(before));
    }
    if trimmed(rest).is_empty() {
        return Ok(None);
    }
    // `A and B. C only if both succeeded`
    if let [step @ .., only, both, succeeded] = items
        && !step.is_empty()
        && only.is_any(&[Mark::OnlyIf, Mark::If, Mark::When, Mark::After])
        && both.is_any(&[Mark::Both, Mark::All, Mark::Them])
        && succeeded.is_any(&[Mark::Succeeds, Mark::Done])
    {
        return Ok(Some(Flow::in_order([before.clone(), clause(context, step, true)?])));
    }
    // `Only if that works, B`
    let outcome = rest.iter().position(|item| item.is(Mark::Succeeds));
    if let Some(at) = outcome.filter(|_| first.is(Mark::OnlyIf))
        && rest[..at].iter().all(|item| item.is_any(&[Mark::It, Mark::Them, Mark::Both, Mark::All]))
        && matches!(rest.get(at + 1), Some(Item::Comma(_)))
    {
        return Ok(Some(Flow::in_order([before.clone(), clause(context, &rest[at + 2..], true)?])));
    }
    if first.is(Mark::Else) && !first.is(Mark::OnFailure) {
        return otherwise(context, before, rest);
    }
    // `If C, A. Either way, B`
    let said = context.said(std::slice::from_ref(first)).to_lowercase();
    if ["either way", "in either case"].contains(&said.as_str())
        && matches!(last_step(before), Flow::When { .. })
    {
        return Ok(Some(Flow::in_order([before.clone(), clause(context, rest, true)?])));
    }
    if first.is(Mark::Always) {
        return in_any_case(context, vec![before.clone()], items, 0).map(Some);
    }
    if let [step @ .., always] = items
        && always.is(Mark::Always)
        && !first.is_any(&[Mark::If, Mark::Unless, Mark::When])
        && !step.iter().any(|item| item.is_any(&[Mark::After, Mark::EvenIf]))
    {
        // `If C, A; B either way`
        return if matches!(last_step(before), Flow::When { .. }) {
            Ok(Some(Flow::in_order([before.clone(), clause(context, step, true)?])))
        } else {
            in_any_case(context, vec![before.clone()], items, items.len() - 1).map(Some)
        };
    }
    if let [Item::Phrase(_), last] = items
        && last.is(Mark::OnFailure)
    {
        return caught(before.clone(), || sentence(context, &items[..1]));
    }
    if first.is(Mark::OnFailure) { caught(before.clone(), || sentence(context, rest)) } else { Ok(None) }
}

/// The last two steps at the same time.
fn last_two(before: &Flow) -> Option<Flow> {
    let Flow::Sequence(steps) = before else { return None };
    let (first, last) = steps.split_at(steps.len().checked_sub(2)?);
    let is_call = |flow: &Flow| matches!(flow, Flow::Call(_));
    let both = Flow::at_once(last.iter().cloned());
    last.iter().all(is_call).then(|| Flow::in_order(first.iter().cloned().chain([both])))
}

pub(super) fn last_step(flow: &Flow) -> &Flow {
    match flow {
        Flow::Sequence(steps) => steps.last().unwrap_or(flow),
        flow => flow,
    }
}

/// `If C, A. Otherwise, B.`
fn otherwise(context: &Context<'_>, before: &Flow, rest: &[Item]) -> Read<Option<Flow>> {
    let mut steps = match before.clone() {
        Flow::Sequence(steps) => steps,
        flow => vec![flow],
    };
    let Some(Flow::When { condition, then, otherwise: None }) = steps.pop() else { return Ok(None) };
    // `in all other cases do nothing`
    if matches!(trimmed(rest), [nothing] if nothing.is(Mark::GoOn)) {
        return Ok(Some(before.clone()));
    }
    let otherwise = Some(Box::new(sentence(context, rest)?));
    steps.push(Flow::When { condition, then, otherwise });
    Ok(Some(Flow::in_order(steps)))
}
