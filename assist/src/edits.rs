//! Changes of steps that are there: everything that is not spoken of stays as it is.
//!
//! It knows where steps stand in steps, not what a change is good for; a change that cannot be made is a question.

mod blocks;

use crate::data::Data;
use crate::flow::{Flow, expression, set_option};
use crate::reading::{Edit, Place, Question, Read};
use crate::vocabulary::Task;

use blocks::{at_once_with, bounded, either, swap, together};

/// Keys of a step whose value is a list of steps, and those whose mapping has one.
const LISTS: [&str; 7] = ["sequence", "parallel", "graph", "race", "try", "finally", "default"];
const BODIES: [&str; 3] = ["map", "loop", "hold"];
/// Keys whose list has mappings with steps.
const CASES: [&str; 2] = ["switch", "catch"];

/// Makes one change.
pub(crate) fn apply(steps: &mut Vec<Data>, edit: &Edit) -> Read<()> {
    let there = calls(steps);
    let new: Vec<&str> = match edit {
        Edit::Add { flow, .. } | Edit::Beside { flow, .. } | Edit::OnFailure { handler: flow, .. } => {
            flow.calls()
        }
        Edit::Replace { new, .. } => vec![new],
        _ => Vec::new(),
    };
    if let Some(twice) = new.iter().find(|task| there.iter().any(|there| there == *task)) {
        return Err(Question(format!("`{twice}` is a step already: should it run twice?")));
    }
    match edit {
        Edit::Remove(task) => take(steps, task).map(drop),
        Edit::Add { flow, place } => insert(steps, &flow.steps(), place),
        Edit::Move { task, place } => {
            let step = take(steps, task)?;
            insert(steps, &[step], place)
        }
        Edit::Replace { old, new } => change(steps, old, &|step| {
            step.set("task", Data::text(new));
            None
        }),
        Edit::Swap(one, other) => swap(steps, one, other),
        Edit::Beside { flow, task } => at_once_with(steps, task, &flow.steps()),
        Edit::Always(flow) => in_any_case(steps, flow.steps()),
        Edit::Together(tasks, limit) => {
            together(steps, tasks, "parallel")?;
            if let Some(limit) = limit {
                bounded(steps, tasks, *limit);
            }
            Ok(())
        }
        Edit::OnlyOnFailure { of, task } => {
            let handler = Flow::Kept(take(steps, task)?);
            apply(steps, &Edit::OnFailure { of: of.clone(), handler })
        }
        Edit::Either { condition, then, otherwise } => either(steps, condition, then, otherwise),
        Edit::Apart(tasks) => together(steps, tasks, "sequence"),
        Edit::Repeat { task, flow } => change(steps, task, &|step| {
            let mut flow = flow.clone();
            if let Flow::Repeat { body, .. } = &mut flow {
                **body = Flow::Kept(step.clone());
            }
            flow.steps().pop()
        }),
        Edit::Guard { task, condition } => guard(steps, task, condition),
        Edit::OnSuccess { task, of } => {
            change(steps, of, &|_| None)?;
            change(steps, task, &|_| None)?;
            behind(steps, task, of)
        }
        Edit::OnFailure { of, handler } => {
            let handler = handler.clone();
            change(steps, of, &|step| {
                let body = Flow::Kept(step.clone());
                let flow = Flow::Try {
                    body: Box::new(body),
                    handler: Some(Box::new(handler.clone())),
                    always: None,
                };
                flow.steps().pop()
            })
        }
    }
}

/// Puts a step behind another, where it does not stand there already.
fn behind(steps: &mut Vec<Data>, task: &str, of: &str) -> Read<()> {
    let place = |wanted: &str| {
        steps.iter().position(|step| calls(std::slice::from_ref(step)).iter().any(|task| task == wanted))
    };
    if place(of) < place(task) {
        return Ok(());
    }
    // What must come before is moved, so that all behind the step stays behind it.
    if place(of) > place(task) {
        let step = take(steps, of)?;
        return insert(steps, &[step], &Place::Before(task.to_owned()));
    }
    let step = take(steps, task)?;
    insert(steps, &[step], &Place::After(of.to_owned()))
}

fn guard(steps: &mut [Data], task: &str, condition: &str) -> Read<()> {
    change(steps, task, &|step| {
        let written = step
            .get("when")
            .and_then(Data::as_text)
            .and_then(|text| text.strip_prefix("${")?.strip_suffix('}'));
        let all = match written {
            Some(before) if before != condition => format!("({before}) && {condition}"),
            _ => condition.to_owned(),
        };
        set_option(step, "when", expression(&all));
        None
    })
}

/// Steps that run after all others, whatever becomes of those.
fn in_any_case(steps: &mut Vec<Data>, mut last: Vec<Data>) -> Read<()> {
    let there = calls(steps);
    for task in calls(&last).iter().filter(|task| there.contains(task)) {
        let step = take(steps, task)?;
        change(&mut last, task, &|_| Some(step.clone()))?;
    }
    let body = std::mem::take(steps);
    steps.push(Data::map([("try", Data::List(body)), ("finally", Data::List(last))]));
    Ok(())
}

/// Calls `edit` with the step that calls a task; what it gives back takes the step's place.
pub(crate) fn change(steps: &mut [Data], task: &str, edit: &dyn Fn(&mut Data) -> Option<Data>) -> Read<()> {
    let count = calls(steps).iter().filter(|called| *called == task).count();
    match count {
        0 => Err(Question(format!("`{task}` is no step of the workflow: where should it run?"))),
        1 => {
            each(steps, &mut |step| {
                if step.get("task").and_then(Data::as_text) == Some(task)
                    && let Some(new) = edit(step)
                {
                    *step = new;
                }
            });
            Ok(())
        }
        _ => Err(Question(format!("`{task}` is called by several steps: which of them is meant?"))),
    }
}

/// Tasks that steps call, in the order of the text.
#[must_use]
pub fn calls(steps: &[Data]) -> Vec<String> {
    let mut found = Vec::new();
    let mut copy = steps.to_vec();
    each(&mut copy, &mut |step| found.extend(step.get("task").and_then(Data::as_text).map(str::to_owned)));
    found
}

/// Parameters that steps bind, each with its task and its value.
pub(crate) fn bound(steps: &[Data]) -> Vec<(String, String, Data)> {
    let mut found = Vec::new();
    let mut copy = steps.to_vec();
    each(&mut copy, &mut |step| {
        if let (Some(task), Some(Data::Map(pairs))) =
            (step.get("task").and_then(Data::as_text), step.get("with"))
        {
            found.extend(pairs.iter().map(|(name, value)| (task.to_owned(), name.clone(), value.clone())));
        }
    });
    found
}

/// Words of steps other than calls, and blocks that only say the order.
const OTHERS: [&str; 14] = [
    "workflow", "sleep", "wait_for", "emit", "set", "fail", "return", "map", "loop", "switch", "try", "race",
    "hold", "graph",
];

/// What steps there are besides calls of tasks, by their words.
pub(crate) fn others(steps: &[Data]) -> Vec<&'static str> {
    let mut found = Vec::new();
    let mut copy = steps.to_vec();
    each(&mut copy, &mut |step| found.extend(OTHERS.into_iter().find(|word| step.get(word).is_some())));
    found
}

/// The workflows that steps start.
pub(crate) fn starts(steps: &[Data]) -> Vec<String> {
    let mut found = Vec::new();
    let mut copy = steps.to_vec();
    each(&mut copy, &mut |step| {
        found.extend(step.get("workflow").and_then(Data::as_text).map(str::to_owned));
    });
    found
}

/// Tasks of each block whose steps run at the same time.
pub(crate) fn at_once(steps: &[Data]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut copy = steps.to_vec();
    each(&mut copy, &mut |step| {
        if let Some(Data::List(branches)) = step.get("parallel") {
            found.push(calls(branches));
        }
    });
    found
}

/// What the steps that are there say of their calls stays where the same is called in another order.
pub(crate) fn keep(new: &mut [Data], there: &[Data]) {
    let mut old = Vec::new();
    let mut copy = there.to_vec();
    each(&mut copy, &mut |step| old.extend(step.get("task").map(|_| step.clone())));
    let (before, after) = (calls(there), calls(new));
    each(new, &mut |step| {
        let Some(task) = step.get("task").and_then(Data::as_text) else { return };
        let is_once = |calls: &[String]| calls.iter().filter(|call| *call == task).count() == 1;
        if !is_once(&before) || !is_once(&after) {
            return;
        }
        if let (Some(kept), Data::Map(said)) =
            (old.iter().find(|old| old.get("task") == step.get("task")), &*step)
        {
            let mut kept = kept.clone();
            said.iter().for_each(|(key, value)| kept.set(key, value.clone()));
            *step = kept;
        }
    });
}

/// Puts steps in front of those that ask about their results and would find none. `may_run` says which may run unasked.
pub(crate) fn completed(
    steps: &mut Vec<Data>,
    tasks: &[Task],
    may_run: impl Fn(&str) -> bool,
) -> Read<Vec<String>> {
    let mut added = Vec::new();
    for task in tasks {
        let id = task.id.as_str();
        let Some(at) = steps.iter().position(|step| asks_about(step, id)) else { continue };
        if calls(steps).iter().any(|call| call == id) {
            continue;
        }
        if !may_run(id) {
            return Err(Question(format!(
                "the result of `{id}` is asked about, which is no step here: where should it run?"
            )));
        }
        steps.insert(at, Data::map([("task", Data::text(id))]));
        added.push(id.to_owned());
    }
    Ok(added)
}

/// A step that asks about the result of one that comes behind it, or runs at the same time.
pub(crate) fn asked_too_early(steps: &[Data]) -> Option<String> {
    let mut beside = None;
    let mut copy = steps.to_vec();
    each(&mut copy, &mut |step| {
        if let Some(Data::List(inner)) = step.get("sequence") {
            beside = beside.take().or_else(|| asked_too_early(inner));
        }
        for branches in ["parallel", "race"].iter().filter_map(|key| step.get(key)) {
            let Data::List(branches) = branches else { continue };
            let asks = |at: usize, task: &String| {
                let own = calls(std::slice::from_ref(&branches[at]));
                asks_about(&branches[at], task) && !own.contains(task)
            };
            let all = calls(branches);
            beside = beside
                .take()
                .or_else(|| all.iter().find(|task| (0..branches.len()).any(|at| asks(at, task))).cloned());
        }
    });
    if beside.is_some() {
        return beside;
    }
    (0..steps.len()).find_map(|at| {
        let (before, behind) = steps.split_at(at + 1);
        let is_late = |task: &String| asks_about(&steps[at], task) && !calls(before).contains(task);
        calls(behind).into_iter().find(is_late)
    })
}

fn asks_about(data: &Data, id: &str) -> bool {
    match data {
        Data::List(items) => items.iter().any(|item| asks_about(item, id)),
        Data::Map(pairs) => pairs.iter().any(|(_, value)| asks_about(value, id)),
        Data::Text(text) if text.starts_with("${") => {
            let names = text.split(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '_' | '.'));
            names.into_iter().any(|name| name.strip_prefix(id).is_some_and(|rest| rest.starts_with('.')))
        }
        _ => false,
    }
}

/// Every step, those in blocks before their block: what takes a step's place is not visited.
fn each(steps: &mut [Data], visit: &mut dyn FnMut(&mut Data)) {
    for step in steps {
        for inner in lists(step) {
            each(inner, visit);
        }
        visit(step);
    }
}

/// The lists of steps in a step.
fn lists(step: &mut Data) -> Vec<&mut Vec<Data>> {
    let Data::Map(pairs) = step else { return Vec::new() };
    let mut found = Vec::new();
    for (key, value) in pairs {
        let key = key.as_str();
        if BODIES.contains(&key) {
            found.extend(lists_of_case(value));
        } else if let Data::List(items) = value {
            if LISTS.contains(&key) {
                found.push(items);
            } else if CASES.contains(&key) {
                found.extend(items.iter_mut().flat_map(lists_of_case));
            }
        }
    }
    found
}

fn lists_of_case(case: &mut Data) -> Vec<&mut Vec<Data>> {
    let Data::Map(pairs) = case else { return Vec::new() };
    let is_steps = |key: &str| matches!(key, "steps" | "default");
    pairs
        .iter_mut()
        .filter_map(|(key, value)| match value {
            Data::List(items) if is_steps(key) => Some(items),
            _ => None,
        })
        .collect()
}

/// Takes a step out. A block that has one branch left is that branch.
fn take(steps: &mut Vec<Data>, task: &str) -> Read<Data> {
    change(steps, task, &|_| None)?;
    let mut taken = None;
    remove(steps, task, &mut taken);
    if steps.is_empty() || has_empty(steps) {
        return Err(Question(format!("`{task}` stands alone where it is: what should be there instead?")));
    }
    taken.ok_or_else(|| Question(format!("where is `{task}`?")))
}

/// Whether a block has a list of steps without any.
fn has_empty(steps: &mut [Data]) -> bool {
    steps.iter_mut().any(|step| lists(step).into_iter().any(|inner| inner.is_empty() || has_empty(inner)))
}

fn remove(steps: &mut Vec<Data>, task: &str, taken: &mut Option<Data>) {
    if let Some(at) = steps.iter().position(|step| step.get("task").and_then(Data::as_text) == Some(task)) {
        *taken = Some(steps.remove(at));
        return;
    }
    for at in 0..steps.len() {
        for inner in lists(&mut steps[at]) {
            remove(inner, task, taken);
        }
        if taken.is_some() {
            simplify(steps, at);
            return;
        }
    }
}

/// A block without options that has fewer than two steps left.
fn simplify(steps: &mut Vec<Data>, at: usize) {
    let Data::Map(pairs) = &steps[at] else { return };
    let [(key, Data::List(inner))] = pairs.as_slice() else { return };
    if !matches!(key.as_str(), "sequence" | "parallel" | "race") || inner.len() > 1 {
        return;
    }
    let inner = inner.clone();
    steps.splice(at..=at, inner);
}

fn insert(steps: &mut Vec<Data>, new: &[Data], place: &Place) -> Read<()> {
    match place {
        Place::First => {
            steps.splice(0..0, new.iter().cloned());
            Ok(())
        }
        Place::Last => {
            steps.extend(new.iter().cloned());
            Ok(())
        }
        Place::BeforeAll(anchors) => around(steps, new, anchors, false),
        Place::AfterAll(anchors) => around(steps, new, anchors, true),
        Place::Before(anchor) | Place::After(anchor) => {
            change(steps, anchor, &|_| None)?;
            let after = matches!(place, Place::After(_));
            beside(steps, new, anchor, after, true);
            Ok(())
        }
    }
}

/// Before the first of the steps that call the anchors, or behind the last; a block that calls several at once stays as it is.
fn around(steps: &mut Vec<Data>, new: &[Data], anchors: &[String], after: bool) -> Read<()> {
    anchors.iter().try_for_each(|anchor| change(steps, anchor, &|_| None))?;
    let has = |step: &Data| calls(std::slice::from_ref(step)).iter().any(|call| anchors.contains(call));
    let (Some(first), Some(last)) = (steps.iter().position(has), steps.iter().rposition(has)) else {
        return Ok(());
    };
    if first == last
        && let Some(Data::List(inner)) = steps[first].get_mut("sequence")
    {
        return around(inner, new, anchors, after);
    }
    let place = if after { last + 1 } else { first };
    steps.splice(place..place, new.iter().cloned());
    Ok(())
}

/// In a block whose branches run at once, the anchor and what is new become a sequence.
fn beside(steps: &mut Vec<Data>, new: &[Data], anchor: &str, after: bool, is_ordered: bool) {
    if let Some(at) = steps.iter().position(|step| step.get("task").and_then(Data::as_text) == Some(anchor)) {
        if is_ordered {
            let place = at + usize::from(after);
            steps.splice(place..place, new.iter().cloned());
        } else {
            let old = steps[at].clone();
            let mut row: Vec<Data> = new.to_vec();
            row.insert(if after { 0 } else { row.len() }, old);
            steps[at] = Data::map([("sequence", Data::List(row))]);
        }
        return;
    }
    for step in steps {
        let at_once = ["parallel", "race", "graph"].iter().any(|key| step.get(key).is_some());
        for inner in lists(step) {
            beside(inner, new, anchor, after, !at_once);
        }
    }
}
