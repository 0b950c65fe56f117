//! Changes of blocks: steps at the same time, one after another, or one instead of the other.

use super::{calls, change, each, take};
use crate::data::Data;
use crate::flow::{Flow, whole};
use crate::reading::Read;

/// New steps at the same time as a task.
pub(super) fn at_once_with(steps: &mut [Data], task: &str, branches: &[Data]) -> Read<()> {
    change(steps, task, &|step| {
        let all = std::iter::once(step.clone()).chain(branches.iter().cloned()).collect();
        Some(Data::map([("parallel", Data::List(all))]))
    })?;
    each(steps, &mut |step| {
        if let Some(Data::List(branches)) = step.get_mut("parallel") {
            dissolve(branches, "parallel");
        }
    });
    Ok(())
}

/// The steps of the tasks as one block, where the first of them stands.
pub(super) fn together(steps: &mut Vec<Data>, tasks: &[String], kind: &'static str) -> Read<()> {
    let Some((first, rest)) = tasks.split_first() else { return Ok(()) };
    let mut branches = Vec::new();
    for task in rest {
        branches.push(take(steps, task)?);
    }
    let branches = std::cell::RefCell::new(branches);
    change(steps, first, &|step| {
        let mut all = vec![step.clone()];
        all.append(&mut branches.borrow_mut());
        Some(Data::map([(kind, Data::List(all))]))
    })?;
    dissolve(steps, "sequence");
    Ok(())
}

pub(super) fn swap(steps: &mut [Data], one: &str, other: &str) -> Read<()> {
    let step = |steps: &mut [Data], task: &str| {
        let found = std::cell::RefCell::new(Data::Null);
        change(steps, task, &|step| {
            *found.borrow_mut() = step.clone();
            None
        })?;
        Ok(found.into_inner())
    };
    let (first, second) = (step(steps, one)?, step(steps, other)?);
    each(steps, &mut |step| {
        if *step == first {
            *step = second.clone();
        } else if *step == second {
            *step = first.clone();
        }
    });
    Ok(())
}

/// Of steps in a block of that kind, those of a block of the same kind without options stand in its place.
fn dissolve(steps: &mut Vec<Data>, kind: &str) {
    let is_plain = |step: &Data| matches!(step, Data::Map(pairs) if matches!(pairs.as_slice(), [(key, Data::List(_))] if key == kind));
    while let Some(at) = steps.iter().position(is_plain) {
        let inner = match steps[at].get(kind) {
            Some(Data::List(inner)) => inner.clone(),
            _ => return,
        };
        steps.splice(at..=at, inner);
    }
}

/// At most so many of a block's branches at once.
pub(super) fn bounded(steps: &mut [Data], tasks: &[String], limit: u64) {
    each(steps, &mut |step| {
        let is_it = matches!(step.get("parallel"), Some(Data::List(branches)) if tasks.iter().all(|task| calls(branches).contains(task)));
        if is_it {
            step.set("max_concurrency", whole(limit));
        }
    });
}

/// One of two steps, where the first of them stands.
pub(super) fn either(steps: &mut Vec<Data>, condition: &str, then: &str, otherwise: &str) -> Read<()> {
    let order = calls(steps);
    let place = |task: &str| order.iter().position(|call| call == task);
    let (first, last) = if place(then) < place(otherwise) { (then, otherwise) } else { (otherwise, then) };
    let other = take(steps, last)?;
    change(steps, first, &|step| {
        let (one, two) =
            if first == then { (step.clone(), other.clone()) } else { (other.clone(), step.clone()) };
        let flow = Flow::When {
            condition: condition.to_owned(),
            then: Box::new(Flow::Kept(one)),
            otherwise: Some(Box::new(Flow::Kept(two))),
        };
        flow.steps().pop()
    })
}
