//! Sentences in order, and how each joins what was said before it.

use crate::flow::Flow;
use crate::items::{Item, Phrase};
use crate::words::Mark;

use super::changes;
use super::commands::{edit, removals};
use super::cursor::trimmed;
use super::joining::{beside_last, in_any_case, is_called, place};
use super::{
    Change, Context, Edit, Place, Read, Reading, Setting, Target, Understood, failures, followups, relaxed,
    remarks, sentences, settings,
};

/// Reads the whole text.
pub(crate) fn read(context: &Context<'_>, items: &[Item]) -> Read<Reading> {
    let mut reading = Reading::default();
    let items = &failures::told(context, &remarks::without_remarks(context, items));
    for statement in items.split(|item| matches!(item, Item::Stop(_))) {
        let waits = [Mark::WaitFor, Mark::Both, Mark::Them, Mark::All, Mark::It, Mark::Done];
        let is_wait = statement.len() > 1
            && statement[0].is(Mark::WaitFor)
            && reading.flow.is_some()
            && statement.iter().all(|item| item.is_any(&waits) && !item.is(Mark::Approval));
        if trimmed(statement).is_empty() || matches!(statement, [Item::Number(..)]) || is_wait {
            continue;
        }
        for relation in relations(statement) {
            let before = reading.clone();
            if let Err(question) = one(context, relation, &mut reading) {
                let again = |items: &[Item], reading: &mut Reading| one(context, items, reading);
                reading = relaxed::second_look(context, relation, &before, again).ok_or(question)?;
            }
        }
    }
    let is_set = |task: &str| {
        let is_of = |setting: &Setting| match &setting.target {
            Target::Task(of) => of == task,
            Target::Several(several) => several.iter().any(|of| of == task),
            Target::All => {
                setting.said.split_whitespace().any(|word| ["it", "them", "его", "её", "их"].contains(&word))
            }
            Target::Workflow => false,
        };
        reading.settings.iter().any(is_of)
    };
    let removed = reading.edits.iter().find_map(|edit| match edit {
        Edit::Remove(task) if is_set(task) => Some(task),
        _ => None,
    });
    if let Some(task) = removed {
        return context
            .ask(format!("`{task}` is removed, and set to something else: which of the two is meant?"));
    }
    if changes::are_contrary(&reading.edits) {
        return context.ask("which of the two comes first? Both are said");
    }
    Ok(reading)
}

/// `B after A, C after B` says two things.
fn relations(statement: &[Item]) -> Vec<&[Item]> {
    let is_joint = |item: &Item| matches!(item, Item::Comma(_)) || item.is(Mark::And);
    let parts: Vec<&[Item]> =
        statement.split(is_joint).map(trimmed).filter(|part| !part.is_empty()).collect();
    let is_relation = |part: &&[Item]| match part {
        [Item::Phrase(_), mark, Item::Phrase(_)] => mark.is_any(&[Mark::Before, Mark::After]),
        [not, Item::Phrase(_), mark, Item::Phrase(_)] => {
            not.is(Mark::Not) && mark.is_any(&[Mark::Before, Mark::Until])
        }
        _ => false,
    };
    if parts.len() > 1 && parts.iter().all(is_relation) { parts } else { vec![statement] }
}

fn one(context: &Context<'_>, statement: &[Item], reading: &mut Reading) -> Read<()> {
    if let Some(edits) = removals(context, trimmed(statement)) {
        note(reading, context.said(statement), "a change of the workflow");
        reading.edits.extend(edits);
        return Ok(());
    }
    if contradicts_itself(statement) {
        return context.ask(format!(
            "do the steps in \"{}\" run at the same time, or one after another?",
            context.said(statement)
        ));
    }
    let edge = statement.first().into_iter().chain(statement.last());
    // `A before B, and C after that`: behind A, and not at the end.
    let is_behind = |item: &Item| item.is(Mark::Then) && !is_end(context, item);
    if !reading.edits.is_empty() && edge.clone().any(is_behind) {
        return context.ask(format!("behind which step comes \"{}\"?", context.said(statement)));
    }
    // `if it works A, and if it fails B`
    failures::waited_for(context, statement)?;
    if statement.iter().any(|item| is_outcome(context, item))
        && statement.iter().any(|item| item.is(Mark::OnFailure))
    {
        return context
            .ask(format!("the failure of which step is meant in \"{}\"?", context.said(statement)));
    }
    let end = end_said(context, statement, reading.flow.is_none());
    if let Some(edit) = edit(context, trimmed(statement), end)? {
        note(reading, context.said(statement), "a change of the workflow");
        reading.edits.push(edit);
        return Ok(());
    }
    let is_one = statement.iter().filter(|item| matches!(item, Item::Phrase(_))).count() == 1;
    if reading.flow.is_none() && is_one && edge.into_iter().any(|item| is_outcome(context, item)) {
        return context
            .ask(format!("the success of which step is meant in \"{}\"?", context.said(statement)));
    }
    settled(context, statement, reading)
}

/// `in parallel, one after the other`
fn contradicts_itself(statement: &[Item]) -> bool {
    let is_mode = |item: &Item| item.is_any(&[Mark::Parallel, Mark::Sequential]);
    let is_joint = |item: &&Item| matches!(item, Item::Comma(_)) || item.is(Mark::And);
    let modes: Vec<&Item> = statement.iter().rev().filter(|item| !is_joint(item)).take(2).collect();
    matches!(modes[..], [last, before] if is_mode(last) && is_mode(before)
        && last.is(Mark::Parallel) != before.is(Mark::Parallel))
}

/// A sentence that is no change by itself: its settings taken out, and then its steps.
fn settled(context: &Context<'_>, statement: &[Item], reading: &mut Reading) -> Read<()> {
    let mut items = statement.to_vec();
    let last = last_call(reading).or_else(|| last_set(reading));
    let found = settings::extract(context, &mut items, last.as_deref())?;
    note_settings(&found, reading);
    items = before_it(items, reading);
    let mut rest = trimmed(&items);
    if let [first, after @ ..] = rest
        && first.is(Mark::ButFirst)
    {
        if matches!(&reading.flow, Some(Flow::Sequence(steps)) if steps.len() > 1) {
            return context.ask(format!("before which step comes \"{}\"?", context.said(rest)));
        }
        rest = trimmed(after);
    }
    let edited = if found.is_empty() { None } else { edit(context, rest, None).unwrap_or_default() };
    let edited = if edited.is_none() { placed(context, &items, rest, &found)? } else { edited };
    if let Some(edit) = edited {
        note(reading, context.said(statement), "a change of the workflow");
        reading.settings.extend(found);
        reading.edits.push(edit);
        return Ok(());
    }
    if let Some(flow) = &reading.flow
        && let Some(whole) = followups::of_what_was_said(context, flow, rest)?
    {
        reading.settings.extend(found);
        note(reading, context.said(rest), &whole.described());
        reading.flow = Some(whole);
        return Ok(());
    }
    if let Some(edit) = on_failure(context, rest, &found, reading)? {
        note(reading, context.said(rest), "what runs where it fails");
        reading.edits.push(edit);
        reading.settings.extend(found);
        return Ok(());
    }
    let rest = without_exception(context, rest, &found);
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
    if let Some(flow) = in_any_case(context, rest, reading)? {
        note(reading, context.said(rest), "a step after all others, whatever becomes of them");
        reading.edits.push(Edit::Always(flow));
        return Ok(());
    }
    stepped(context, statement, &items, rest, reading)
}

/// The steps of a sentence, behind those before it or in the workflow that is there.
fn stepped(
    context: &Context<'_>,
    statement: &[Item],
    items: &[Item],
    rest: &[Item],
    reading: &mut Reading,
) -> Read<()> {
    // `B at the end if C`
    if let Some((place, without)) = place_said(context, rest)
        && let Ok(flow @ Flow::When { .. }) = sentences::sentence(context, &without)
        && !context.present.is_empty()
        && reading.flow.is_none()
        && !flow.calls().iter().any(|task| context.present.iter().any(|there| there == task))
    {
        note(reading, context.said(rest), &flow.described());
        reading.edits.push(Edit::Add { flow, place });
        return Ok(());
    }
    // `A first thing, and B last`: each has its place.
    let is_place = |at: &usize| {
        (statement[*at].is(Mark::First) || statement[*at].is(Mark::Then) && is_end(context, &statement[*at]))
            && statement.get(at + 1).is_none_or(|next| matches!(next, Item::Comma(_)) || next.is(Mark::And))
    };
    if reading.flow.is_none()
        && !context.present.is_empty()
        && (1..statement.len()).filter(is_place).count() > 1
    {
        return context.ask(format!("where does each of \"{}\" stand?", context.said(statement)));
    }
    // `B after A and C at the end`: the end is C's.
    if end_said(context, end_trimmed(items), false).is_some()
        && !context.present.is_empty()
        && rest.iter().any(|item| item.is(Mark::And))
        && rest.iter().any(|item| item.is_any(&[Mark::After, Mark::Before]))
    {
        return context.ask(format!("what of \"{}\" comes there?", context.said(statement)));
    }
    let flow = sentences::sentence(context, rest)?.with_handlers();
    let said = context.text[..statement.last().map_or(0, |item| item.at().end)].len();
    let behind = context.text[said..].trim_start().to_lowercase();
    if matches!(flow, Flow::When { .. })
        && flow.calls().iter().all(|task| context.present.iter().any(|there| there == task))
        && ["too", "as well", "тоже", "также"].iter().any(|too| behind.starts_with(too))
    {
        return context.ask(format!("is \"{}\" done in the other cases, too?", context.said(statement)));
    }
    // `finally send each guest an invitation`
    let is_new = !flow.calls().iter().any(|task| context.present.iter().any(|there| there == task));
    if let (true, Some(place)) =
        (is_new && !matches!(flow, Flow::Sequence(_)), end_said(context, statement, true))
        && reading.flow.is_none()
        && !context.present.is_empty()
    {
        note(reading, context.said(rest), &flow.described());
        reading.edits.push(Edit::Add { flow, place });
        return Ok(());
    }
    note(reading, context.said(rest), &flow.described());
    // `first A, then B`
    let said = if items.first().is_some_and(|item| item.is(Mark::First)) { items } else { rest };
    place(context, said, flow, comes_first(items), reading)
}

/// `A has to be done before that`, behind what was said: it comes first.
fn before_it(items: Vec<Item>, reading: &Reading) -> Vec<Item> {
    match items.as_slice() {
        [step @ Item::Phrase(_), before] if before.is(Mark::ButFirst) => vec![before.clone(), step.clone()],
        [step @ Item::Phrase(_), before, it]
            if before.is(Mark::Before) && it.is(Mark::It) && reading.flow.is_some() =>
        {
            vec![Item::Marks(vec![Mark::ButFirst], before.at().clone()), step.clone()]
        }
        _ => items,
    }
}

/// `A in the background, but not B` says nothing of B.
fn without_exception<'a>(context: &Context<'_>, rest: &'a [Item], found: &[Setting]) -> &'a [Item] {
    let [head @ .., not, Item::Phrase(other)] = rest else { return rest };
    let is_simple =
        found.iter().all(|setting| matches!(setting.change, Change::Detached | Change::Tolerated));
    let is_other = context.present_task(other).is_ok_and(|task| {
        let is_set = found.iter().any(|setting| setting.target == Target::Task(task.clone()));
        context.present.contains(&task) && !is_set
    });
    if !found.is_empty() && is_simple && not.is(Mark::Not) && is_other { trimmed(head) } else { rest }
}

/// `give A 5 seconds, and if it fails, B`.
fn on_failure(
    context: &Context<'_>,
    rest: &[Item],
    found: &[Setting],
    reading: &Reading,
) -> Read<Option<Edit>> {
    let ([failure, handler @ ..], Some(Setting { target: Target::Task(task), .. }), None) =
        (rest, found.last(), &reading.flow)
    else {
        return Ok(None);
    };
    if !failure.is(Mark::OnFailure) || !context.present.contains(task) || trimmed(handler).is_empty() {
        return Ok(None);
    }
    let handler = sentences::sentence(context, handler)?;
    Ok(Some(Edit::OnFailure { of: task.clone(), handler }))
}

fn note_settings(found: &[Setting], reading: &mut Reading) {
    for setting in found {
        let whom = match &setting.target {
            Target::Task(task) => format!("`{task}`: "),
            Target::Several(tasks) => format!("`{}`: ", tasks.join("`, `")),
            Target::All => "every step: ".to_owned(),
            Target::Workflow => "the workflow: ".to_owned(),
        };
        note(reading, &setting.said, &format!("{whom}{}", setting.change.described()));
    }
}

/// Whether nothing is said but settings, and of what.
fn sets_only(context: &Context<'_>, rest: &[Item], found: &[Setting], reading: &Reading) -> bool {
    let names_only = rest.len() == 1
        && !found.is_empty()
        && matches!(&rest[0], Item::Phrase(phrase)
        if found.iter().all(|setting| context.present_task(phrase).is_ok_and(|task| setting.target == Target::Task(task))));
    let is_present =
        |task: &str| context.present.iter().any(|present| present == task) || is_called(reading, task);
    // `A even if B fails`, of steps that are there
    let is_forgiven = !context.present.is_empty()
        && reading.flow.is_none()
        && matches!(rest, [Item::Phrase(phrase)] if context.present_task(phrase).is_ok_and(|task| is_present(&task)))
        && found.iter().all(|setting| {
            setting.change == Change::Tolerated
                && matches!(&setting.target, Target::Task(task) if is_present(task))
        })
        && !found.is_empty();
    rest.is_empty()
        || is_forgiven
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
        || is_list_of_set(context, rest, found)
        || names_only
            && matches!(&rest[0], Item::Phrase(phrase) if context.present_task(phrase).is_ok_and(|task| is_present(&task)))
}

/// `A and B, both with 2 retries`, of steps that are there.
fn is_list_of_set(context: &Context<'_>, rest: &[Item], found: &[Setting]) -> bool {
    let is_set = |phrase: &Phrase| {
        let is_target = |task: String| {
            context.present.contains(&task)
                && found.iter().any(|setting| setting.target == Target::Task(task.clone()))
        };
        context.present_task(phrase).is_ok_and(is_target)
    };
    rest.iter().filter(|item| matches!(item, Item::Phrase(_))).count() > 1
        && rest.iter().all(|item| match item {
            Item::Phrase(phrase) => is_set(phrase),
            Item::Comma(_) => true,
            item => item.is(Mark::And),
        })
}

/// The place that is said between a step and its condition, and the items without it.
fn place_said(context: &Context<'_>, items: &[Item]) -> Option<(Place, Vec<Item>)> {
    let is_place = |two: &[Item]| {
        two[0].is_any(&[Mark::Then, Mark::First])
            && two[1].is_any(&[Mark::If, Mark::When, Mark::Unless, Mark::OnlyIf])
    };
    let at = items.windows(2).position(is_place).filter(|at| *at > 0 && !is_outcome(context, &items[*at]))?;
    let place = if items[at].is(Mark::Then) { Place::Last } else { Place::First };
    let mut without = items.to_vec();
    without.remove(at);
    Some((place, without))
}

/// Whether the words name the end, as `afterwards` does not.
fn is_end(context: &Context<'_>, item: &Item) -> bool {
    const ENDS: [&str; 8] = ["end", "last", "final", "close", "finish", "кон", "послед", "заверш"];
    let said = context.said(std::slice::from_ref(item)).to_lowercase();
    ENDS.iter().any(|end| said.split_whitespace().any(|word| word.starts_with(end)))
}

/// `on success`, `if it worked`: what has gone well before.
fn is_outcome(context: &Context<'_>, item: &Item) -> bool {
    let said = context.said(std::slice::from_ref(item)).to_lowercase();
    let is_said = |word: &&str| said.split_whitespace().any(|said| said == *word);
    item.is(Mark::Then)
        && ["success", "well", "worked", "works", "succeeds", "succeeded", "ok", "хорошо", "получилось"]
            .iter()
            .any(is_said)
}

/// `to the end` and `first`, as the last words.
fn end_said(context: &Context<'_>, statement: &[Item], is_alone: bool) -> Option<Place> {
    // `if that went well` is no place.
    let is_place = |item: &Item| !is_outcome(context, item);
    if is_alone && statement.first().is_some_and(|item| item.is(Mark::Then) && is_place(item)) {
        return Some(Place::Last);
    }
    // `before everything else A`
    if is_alone
        && matches!(statement, [first, Item::Phrase(_)] if first.is(Mark::First)
            && context.said(std::slice::from_ref(first)).to_lowercase().starts_with("before"))
    {
        return Some(Place::First);
    }
    match statement.last().filter(|item| is_place(item)) {
        Some(item) if item.is(Mark::Then) => Some(Place::Last),
        Some(item) if item.is(Mark::First) => Some(Place::First),
        _ => None,
    }
}

/// `A at the end, and it may fail`.
fn placed(context: &Context<'_>, items: &[Item], rest: &[Item], found: &[Setting]) -> Read<Option<Edit>> {
    let end = end_said(context, end_trimmed(items), false).filter(|_| !found.is_empty());
    if end.is_some() && matches!(rest, [Item::Phrase(_)]) { edit(context, rest, end) } else { Ok(None) }
}

/// Without commas and `and`s that settings have left behind.
fn end_trimmed(items: &[Item]) -> &[Item] {
    let is_joint = |item: &&Item| matches!(item, Item::Comma(_)) || item.is(Mark::And);
    let joints = items.iter().rev().take_while(is_joint).count();
    &items[..items.len() - joints]
}

/// Whether what is said comes before everything: `ask for approval first`.
fn comes_first(items: &[Item]) -> bool {
    let end = items.iter().position(|item| item.is(Mark::Else)).unwrap_or(items.len());
    items[..end].iter().skip(1).any(|item| item.is(Mark::First))
        || items.iter().any(|item| item.is(Mark::ButFirst))
}

/// The step that was named last, where that is one alone.
fn last_call(reading: &Reading) -> Option<String> {
    let last = match reading.flow.as_ref()? {
        Flow::Sequence(steps) => steps.last()?,
        flow => flow,
    };
    if let Flow::Call(task) = last { Some(task.clone()) } else { None }
}

/// The step that something was set of last, where only what is there is changed.
fn last_set(reading: &Reading) -> Option<String> {
    match &reading.settings.last()?.target {
        Target::Task(task) if reading.flow.is_none() => Some(task.clone()),
        _ => None,
    }
}

fn note(reading: &mut Reading, text: &str, read_as: &str) {
    reading.understood.push(Understood { text: text.to_owned(), read_as: read_as.to_owned() });
}
