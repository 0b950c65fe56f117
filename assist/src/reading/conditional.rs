//! Steps under a condition, before it or behind it.
//!
//! It knows what hangs on a condition, not what the condition says.

use crate::flow::Flow;
use crate::items::Item;
use crate::words::Mark;

use super::conditions::{self, Condition, negated};
use super::cursor::{find, trimmed};
use super::sentences::{clause, sentence};
use super::{Context, Read, groups, relations, verbs};

/// `if C, A, otherwise B`.
pub(super) fn leading_condition(context: &Context<'_>, items: &[Item]) -> Read<Flow> {
    let (condition, rest) = conditions::prefix(context, &items[1..])?;
    let condition = if items[0].is(Mark::Unless) { opposite(context, condition)? } else { condition };
    consequence(context, condition, &rest)
}

pub(super) fn consequence(context: &Context<'_>, condition: Condition, items: &[Item]) -> Read<Flow> {
    if let Some((head, always)) = in_any_case(items) {
        let always = clause(context, always, true)?;
        let flow = consequence(context, condition, head)?;
        return Ok(if matches!(flow, Flow::When { .. }) {
            Flow::in_order([flow, always])
        } else {
            Flow::Try { body: Box::new(flow), handler: None, always: Some(Box::new(always)) }
        });
    }
    let (then, otherwise) = match find(items, &[Mark::Else]) {
        Some(at) => (trimmed(&items[..at]), Some(trimmed(&items[at + 1..]))),
        None => (trimmed(items), None),
    };
    if let Some(flow) = spared(context, &condition, then, otherwise)? {
        return Ok(flow);
    }
    if let Some(otherwise) = otherwise.filter(|otherwise| is_shortcut(context, then, otherwise)) {
        let said = context.said(otherwise);
        return context.ask(format!("does \"{said}\" follow \"{}\", too?", context.said(then)));
    }
    if then.is_empty() {
        return context.ask("what should be done under that condition?");
    }
    // `if C, wait for approval, then A`: A runs in any case, as nobody consents to nothing.
    if let (Condition::Holds(condition), Some(at), None) =
        (&condition, find(then, &[Mark::Then]).filter(|at| *at > 0), otherwise)
        && let Ok(wait @ Flow::Approval { .. }) = sentence(context, trimmed(&then[..at]))
    {
        let guarded = Flow::When { condition: condition.clone(), then: Box::new(wait), otherwise: None };
        return Ok(Flow::in_order([guarded, sentence(context, trimmed(&then[at..]))?]));
    }
    // `if C, A, then B`: whether B hangs on C, too, only its speaker knows.
    let is_step_behind = |two: &[Item]| matches!(two[0], Item::Comma(_)) && two[1].is(Mark::Then);
    if let (Some(at), None) = (then.windows(2).position(is_step_behind).filter(|at| *at > 0), otherwise)
        && !matches!(condition, Condition::Succeeded(_))
        && !then[..at].iter().any(|item| item.is(Mark::First) && !item.is(Mark::Approval))
    {
        let said = context.said(&then[at + 1..]);
        return context.ask(format!("does \"{said}\" depend on the condition, too?"));
    }
    let flow = sentence(context, then)?;
    if let (Condition::Holds(condition), None) = (&condition, otherwise)
        && let Some(flow) = approved(condition, then, &flow)
    {
        return Ok(flow);
    }
    is_clear(context, items, then, &flow)?;
    let otherwise = otherwise
        .filter(|nothing| !matches!(nothing, [nothing] if nothing.is_any(&[Mark::GoOn, Mark::Not])))
        .map(|items| sentence(context, items))
        .transpose()?;
    exclusive(context, items, &flow, otherwise.as_ref())?;
    match condition {
        Condition::Holds(condition) => {
            Ok(Flow::When { condition, then: Box::new(flow), otherwise: otherwise.map(Box::new) })
        }
        Condition::Failed(tasks) if otherwise.is_none() => {
            let body = Box::new(Flow::in_order(tasks.into_iter().map(Flow::Call)));
            Ok(Flow::Try { body, handler: Some(Box::new(flow)), always: None })
        }
        Condition::Succeeded(task) => match otherwise {
            None => Ok(Flow::in_order([Flow::Call(task), flow])),
            Some(_) => context.ask("what happens when the steps after a success fail, too? Say what is tried, and what follows its failure"),
        },
        Condition::Failed(_) => context.ask("what happens when nothing fails? Say it as a step of its own"),
    }
}

/// `otherwise go straight to B`: B seems to follow in either case.
fn is_shortcut(context: &Context<'_>, then: &[Item], otherwise: &[Item]) -> bool {
    const STRAIGHT: [&str; 6] = ["straight to", "directly to", "right to", "on to", "ahead with", "сразу к"];
    let (Some(last), Some(next)) = (then.last(), otherwise.first()) else { return false };
    let between = context.text.get(last.at().end..next.at().start).unwrap_or_default().to_lowercase();
    let between = format!("{between} ");
    STRAIGHT.iter().any(|words| between.contains(&format!(" {words} ")))
}

/// What is not done under a condition: `if C skip A`, `if C do nothing, otherwise A`.
fn spared(
    context: &Context<'_>,
    condition: &Condition,
    then: &[Item],
    otherwise: Option<&[Item]>,
) -> Read<Option<Flow>> {
    let Condition::Holds(condition) = condition else { return Ok(None) };
    let not = |flow: Flow| {
        Some(Flow::When { condition: negated(condition), then: Box::new(flow), otherwise: None })
    };
    Ok(match (then, otherwise) {
        ([nothing], Some(otherwise)) if nothing.is(Mark::GoOn) => not(sentence(context, otherwise)?),
        // `if C, A is not needed`
        ([skip, Item::Phrase(phrase)] | [Item::Phrase(phrase), skip], None)
            if skip.is_any(&[Mark::Remove, Mark::Not, Mark::NotNeeded]) =>
        {
            not(Flow::Call(context.task(phrase, &[])?))
        }
        // `если C, карту не выпускать`
        ([Item::Phrase(thing), skip, Item::Phrase(verb)], None) if skip.is(Mark::Not) => {
            let mut whole = thing.clone();
            whole.words.extend(verb.words.iter().cloned());
            not(Flow::Call(context.task(&whole, &[])?))
        }
        _ => None,
    })
}

/// `if C, ask for approval before A`: A runs in any case.
fn approved(condition: &str, then: &[Item], flow: &Flow) -> Option<Flow> {
    let Flow::Sequence(steps) = flow else { return None };
    let [approval @ Flow::Approval { .. }, rest @ ..] = steps.as_slice() else { return None };
    let before = find(then, &[Mark::Before])?;
    // `before A ask for approval`
    let is_led = before == 0 && then.last().is_some_and(|item| item.is(Mark::Approval));
    (is_led || then[..before].iter().any(|item| item.is(Mark::Approval))).then(|| {
        let then = Box::new(approval.clone());
        let approval = Flow::When { condition: condition.to_owned(), then, otherwise: None };
        Flow::in_order(std::iter::once(approval).chain(rest.iter().cloned()))
    })
}

/// A question where only a part of what follows a condition may hang on it.
fn is_clear(context: &Context<'_>, items: &[Item], then: &[Item], flow: &Flow) -> Read<()> {
    let Flow::Sequence(steps) = flow else { return Ok(()) };
    if matches!(steps.first(), Some(Flow::Approval { .. })) {
        return context.ask(format!(
            "does what follows the approval in \"{}\" depend on the condition, too?",
            context.said(items)
        ));
    }
    let is_there =
        |step: &Flow| step.calls().iter().any(|task| context.present.iter().any(|there| there == task));
    let is_insertion = steps.iter().rev().enumerate().all(|(at, step)| is_there(step) == (at == 0));
    if !is_insertion && find(then, &[Mark::Before]).is_some_and(|at| at > 0) {
        return context.ask(format!("does all of \"{}\" depend on the condition?", context.said(then)));
    }
    Ok(())
}

/// `if A fails, B, and C in any case`: C hangs on no condition.
fn in_any_case(items: &[Item]) -> Option<(&[Item], &[Item])> {
    let at = find(items, &[Mark::Always])?;
    let is_joint = |item: &Item| matches!(item, Item::Comma(_)) || item.is_any(&[Mark::And, Mark::Then]);
    let start = items[..at].iter().rposition(is_joint)?;
    let rest: &[Item] = trimmed(&items[start..]);
    let rest = match rest {
        [always, rest @ ..] if always.is(Mark::Always) => trimmed(rest),
        [rest @ .., always] if always.is(Mark::Always) => trimmed(rest),
        _ => return None,
    };
    let is_step = matches!(rest, [Item::Phrase(_)])
        || matches!(rest, [Item::Phrase(_), it] if it.is_any(&[Mark::It, Mark::Them]));
    (is_step && !trimmed(&items[..start]).is_empty()).then(|| (trimmed(&items[..start]), rest))
}

/// `A if C`, `A only when B succeeded`.
pub(super) fn trailing_condition(context: &Context<'_>, items: &[Item], at: usize) -> Read<Flow> {
    let (head, tail) = (trimmed(&items[..at]), &items[at + 1..]);
    if let Some(flow) = asked_before(context, head, &items[at], tail)? {
        return Ok(flow);
    }
    let (tail, otherwise) = match find(tail, &[Mark::Else]) {
        // `A if C, otherwise do not`
        Some(at) if matches!(trimmed(&tail[at + 1..]), [not] if not.is_any(&[Mark::Not, Mark::GoOn])) => {
            (&tail[..at], None)
        }
        Some(at) => (&tail[..at], Some(trimmed(&tail[at + 1..]))),
        None => (tail, None),
    };
    if let Some(flow) = listed(context, items, at)? {
        return Ok(flow);
    }
    if let Some(comma) = head.iter().rposition(|item| matches!(item, Item::Comma(_)))
        && let Some(flow) = contrasted(context, items, comma, head.len())?
    {
        return Ok(flow);
    }
    if let Some(flow) = anchored(context, head, &items[at], tail)? {
        return Ok(flow);
    }
    let (before, flow) = conditioned(context, head, tail, relations::part(context, head)?);
    if let Some(flow) = of_each(context, items, head, tail, &flow)? {
        return Ok(flow);
    }
    let (before, flow) = match (before, flow) {
        (None, Flow::Sequence(mut steps)) if is_loose_list(head) => {
            let last = steps.pop().unwrap_or(Flow::Sequence(Vec::new()));
            (Some(Flow::in_order(steps)), last)
        }
        both => both,
    };
    if matches!(flow, Flow::Sequence(_)) && !are_new(context, head, &flow) {
        let said = context.said(&items[at..]);
        return context.ask(format!("does \"{said}\" hold for the last step alone, or for all before it?"));
    }
    let is_value = matches!(conditions::condition(context, tail), Ok(Condition::Holds(_)));
    let said = if is_value { tail.to_vec() } else { groups::passive(context, tail) };
    let single = match trimmed(&said) {
        [Item::Phrase(phrase)] if items[at].is(Mark::OnlyIf) && context.maybe(phrase).is_some() => {
            context.maybe(phrase).map(Condition::Succeeded)
        }
        _ => None,
    };
    let condition = match single {
        Some(condition) => condition,
        None => conditions::condition(context, tail)?,
    };
    let condition = if items[at].is(Mark::Unless) { opposite(context, condition)? } else { condition };
    let otherwise = otherwise.map(|items| sentence(context, items)).transpose()?.map(Box::new);
    exclusive(context, items, &flow, otherwise.as_deref())?;
    match condition {
        Condition::Holds(condition) => {
            let guarded = Flow::When { condition, then: Box::new(flow), otherwise };
            Ok(Flow::in_order(before.into_iter().chain([guarded])))
        }
        _ if before.is_some() => context.ask(format!("what does \"{}\" depend on?", context.said(items))),
        Condition::Succeeded(task) if otherwise.is_none() => Ok(Flow::in_order([Flow::Call(task), flow])),
        Condition::Failed(tasks) if otherwise.is_none() => {
            let body = Box::new(Flow::in_order(tasks.into_iter().map(Flow::Call)));
            Ok(Flow::Try { body, handler: Some(Box::new(flow)), always: None })
        }
        _ => context.ask(format!("what happens otherwise in \"{}\"?", context.said(items))),
    }
}

/// What comes before the step that hangs on a condition, and that step.
fn conditioned(context: &Context<'_>, head: &[Item], tail: &[Item], flow: Flow) -> (Option<Flow>, Flow) {
    let is_clause = head.first().is_some_and(|item| item.is_any(&[Mark::After, Mark::When]));
    match flow {
        Flow::Sequence(mut steps)
            if is_clause && steps.len() == 2 || asks_of_first(context, &steps, tail) =>
        {
            let last = steps.pop().unwrap_or(Flow::Sequence(Vec::new()));
            (Some(Flow::in_order(steps)), last)
        }
        flow => (None, flow),
    }
}

/// `A, B if C, D`: a list of which one step has a condition.
fn listed(context: &Context<'_>, items: &[Item], at: usize) -> Read<Option<Flow>> {
    let (head, tail) = (&items[..at], &items[at + 1..]);
    let Some(comma) = tail.iter().position(|item| matches!(item, Item::Comma(_))).filter(|at| *at > 0) else {
        return Ok(None);
    };
    let rest = &tail[comma + 1..];
    let is_list = head.iter().any(|item| matches!(item, Item::Comma(_))) && is_loose_list(head);
    let is_order = matches!(rest.first(), Some(Item::Phrase(phrase)) if verbs::is_order(context, phrase));
    let is_end = rest.iter().all(|item| matches!(item, Item::Phrase(_) | Item::Comma(_)));
    if !is_list || !is_order || !is_end || conditions::condition(context, &tail[..comma]).is_err() {
        return Ok(None);
    }
    let first = trailing_condition(context, &items[..=at + comma], at)?;
    Ok(Some(Flow::in_order([first, relations::part(context, rest)?])))
}

/// `A, B, C if D`, without an `and` that would make one of them: D is said of C.
fn is_loose_list(head: &[Item]) -> bool {
    head.iter().all(|item| {
        matches!(item, Item::Phrase(_) | Item::Comma(_)) || item.is_any(&[Mark::WaitFor, Mark::Approval])
    }) && head.iter().any(|item| matches!(item, Item::Comma(_)))
}

/// `run A and B only if C`, where nouns alone name A and B, which are there: C is said of both.
fn of_each(
    context: &Context<'_>,
    items: &[Item],
    head: &[Item],
    tail: &[Item],
    flow: &Flow,
) -> Read<Option<Flow>> {
    let Flow::Sequence(steps) = flow else { return Ok(None) };
    let is_noun = |item: &Item| match item {
        Item::Phrase(phrase) => !verbs::is_order(context, phrase),
        Item::Comma(_) => true,
        item => item.is(Mark::And),
    };
    let is_there =
        |step: &Flow| matches!(step, Flow::Call(task) if context.present.iter().any(|there| there == task));
    let mark = items[head.len()..].iter().find(|item| !matches!(item, Item::Comma(_)));
    let is_plain = mark.is_some_and(|mark| mark.is_any(&[Mark::OnlyIf, Mark::If, Mark::When, Mark::Unless]));
    if !is_plain || !head.iter().all(is_noun) || !steps.iter().all(is_there) || steps.len() > 2 {
        return Ok(None);
    }
    let Condition::Holds(condition) = conditions::condition(context, tail)? else { return Ok(None) };
    let is_unless = mark.is_some_and(|mark| mark.is(Mark::Unless));
    let condition = if is_unless { negated(&condition) } else { condition };
    let each = steps.iter().map(|step| Flow::When {
        condition: condition.clone(),
        then: Box::new(step.clone()),
        otherwise: None,
    });
    Ok(Some(Flow::in_order(each)))
}

/// `wait for approval if C, otherwise A`: whether A follows the wait, too, is not said.
fn exclusive(context: &Context<'_>, items: &[Item], then: &Flow, otherwise: Option<&Flow>) -> Read<()> {
    let is_wait = |flow: &Flow| matches!(flow, Flow::Approval { .. } | Flow::Sleep(_));
    match otherwise {
        Some(otherwise) if is_wait(then) != is_wait(otherwise) => {
            context.ask(format!("what follows the wait in \"{}\"?", context.said(items)))
        }
        _ => Ok(()),
    }
}

/// `A and B if C`, beside steps that are there: without C neither would have a place.
fn are_new(context: &Context<'_>, head: &[Item], flow: &Flow) -> bool {
    !context.present.is_empty()
        && head.iter().all(|item| matches!(item, Item::Phrase(_)) || item.is(Mark::And))
        && !flow.calls().iter().any(|task| context.present.iter().any(|there| there == task))
}

/// `A before B if C`, where B is there and A is not: only A hangs on C.
fn anchored(context: &Context<'_>, head: &[Item], mark: &Item, tail: &[Item]) -> Read<Option<Flow>> {
    let [Item::Phrase(new), order, Item::Phrase(anchor)] = head else { return Ok(None) };
    let (Some(new), Ok(anchor)) = (context.maybe(new), context.present_task(anchor)) else { return Ok(None) };
    let is_there = |task: &String| context.present.contains(task);
    if !order.is_any(&[Mark::Before, Mark::After]) || !is_there(&anchor) || is_there(&new) {
        return Ok(None);
    }
    let Ok(Condition::Holds(condition)) = conditions::condition(context, tail) else { return Ok(None) };
    let condition = if mark.is(Mark::Unless) { negated(&condition) } else { condition };
    let guarded = Flow::When { condition, then: Box::new(Flow::Call(new)), otherwise: None };
    let steps = [guarded, Flow::Call(anchor)];
    Ok(Some(Flow::in_order(if order.is(Mark::After) {
        steps.into_iter().rev().collect::<Vec<_>>()
    } else {
        steps.into()
    })))
}

/// `ask for approval if C, before A`: A runs in any case.
fn asked_before(context: &Context<'_>, head: &[Item], mark: &Item, tail: &[Item]) -> Read<Option<Flow>> {
    // `ask for approval before A if C`
    if let Some(at) = find(head, &[Mark::Before]).filter(|at| *at > 0 && mark.is_any(&[Mark::If, Mark::When]))
        && head[..at].iter().any(|item| item.is(Mark::Approval))
        && let Ok(Condition::Holds(condition)) = conditions::condition(context, tail)
    {
        let then = Box::new(relations::part(context, &head[..at])?);
        let next = relations::ended(context, &head[at + 1..])?;
        return Ok(Some(Flow::in_order([Flow::When { condition, then, otherwise: None }, next])));
    }
    let before = tail.iter().position(|item| item.is(Mark::Before)).filter(|at| *at > 0);
    let (true, Some(at)) =
        (mark.is_any(&[Mark::If, Mark::When]) && head.iter().any(|item| item.is(Mark::Approval)), before)
    else {
        return Ok(None);
    };
    let Condition::Holds(condition) = conditions::condition(context, trimmed(&tail[..at]))? else {
        return Ok(None);
    };
    let then = Box::new(relations::part(context, head)?);
    let next = relations::ended(context, &tail[at + 1..])?;
    Ok(Some(Flow::in_order([Flow::When { condition, then, otherwise: None }, next])))
}

/// `A, but B if C fails`: what stands before the `but` does not hang on C.
fn contrasted(context: &Context<'_>, items: &[Item], comma: usize, end: usize) -> Read<Option<Flow>> {
    let Some(next) = items.get(comma + 1).filter(|_| comma > 0 && comma + 1 < end) else { return Ok(None) };
    let between = context.text[items[comma].at().end..next.at().start].trim().to_lowercase();
    if !["but", "но", "а"].contains(&between.as_str()) && !next.is(Mark::ButFirst) {
        return Ok(None);
    }
    let first = relations::part(context, &items[..comma])?;
    // `A, but before that B if C`
    if next.is(Mark::ButFirst) && matches!(first, Flow::Call(_)) {
        let second = clause(context, &items[comma + 2..], true)?;
        return Ok(Some(Flow::in_order([second, first])));
    }
    let second = clause(context, &items[comma + 1..], true)?;
    Ok(Some(Flow::in_order([first, second])))
}

/// Whether the condition is about a result of the step before the last: it holds for the last alone.
fn asks_of_first(context: &Context<'_>, steps: &[Flow], condition: &[Item]) -> bool {
    let Some((_, before)) = steps.split_last() else { return false };
    let is_wait = |flow: &&Flow| matches!(flow, Flow::Sleep(_) | Flow::Approval { .. });
    let Some(Flow::Call(task)) = before.iter().rev().find(|flow| !is_wait(flow)) else { return false };
    match conditions::condition(context, condition) {
        Ok(Condition::Holds(text)) => text.trim_start_matches('!').starts_with(&format!("{task}.")),
        _ => false,
    }
}

fn opposite(context: &Context<'_>, condition: Condition) -> Read<Condition> {
    match condition {
        Condition::Holds(expression) => Ok(Condition::Holds(negated(&expression))),
        Condition::Failed(tasks) if tasks.len() > 1 => {
            context.ask(format!("does all of {} have to succeed?", tasks.join(", ")))
        }
        Condition::Failed(tasks) => Ok(Condition::Succeeded(tasks.concat())),
        Condition::Succeeded(task) => {
            context.ask(format!("what happens when `{task}` succeeds, and what when it fails?"))
        }
    }
}
