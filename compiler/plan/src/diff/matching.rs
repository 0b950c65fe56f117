//! Which step of one Plan is which of another: by id, and blocks without one by what is in them.
//!
//! It knows places and ids; what a step says is compared field by field elsewhere.

use std::collections::BTreeMap;

use conductor_protocol::plan::{Plan, Step, StepKind};

use super::fields::of_step;
use super::{Action, Moved, Place, StepChange, Whole, all, compared};

/// A step and where it stands.
struct Spot<'a> {
    step: &'a Step,
    parent: Option<usize>,
    /// Which list of the parent: of a switch the case, of a `try` the part.
    slot: usize,
    position: usize,
    /// The step before it in the same list.
    before: Option<&'a Step>,
}

/// Every step of a Plan that has no counterpart.
pub(super) fn whole(plan: &Plan, action: Action, of_whole: Whole) -> Vec<StepChange> {
    spots(plan).iter().map(|spot| alone(spot.step, action, of_whole)).collect()
}

/// What differs between the steps of two Plans.
pub(super) fn steps(before: &Plan, after: &Plan, of_whole: Whole) -> Vec<StepChange> {
    let (old, new) = (spots(before), spots(after));
    let pairs = pairs(&old, &new);
    let reordered = reordered(&old, &new, &pairs);
    let mut changes = Vec::new();
    for (index, spot) in new.iter().enumerate() {
        let Some(earlier) = pairs[index] else {
            changes.push(alone(spot.step, Action::Add, of_whole));
            continue;
        };
        let from = &old[earlier];
        let fields = compared(&of_step(from.step), of_step(spot.step));
        let elsewhere = !same_list(from, spot, &pairs);
        let moved =
            (elsewhere || reordered[index]).then(|| Moved { from: place(&old, from), to: place(&new, spot) });
        if !fields.is_empty() || moved.is_some() {
            changes.push(StepChange { fields, moved, ..alone(spot.step, Action::Change, of_whole) });
        }
    }
    let mut kept = vec![false; old.len()];
    pairs.iter().flatten().for_each(|index| kept[*index] = true);
    let gone = old.iter().zip(kept).filter(|(_, kept)| !kept);
    changes.extend(gone.map(|(spot, _)| alone(spot.step, Action::Remove, of_whole)));
    changes
}

fn alone(step: &Step, action: Action, of_whole: Whole) -> StepChange {
    StepChange {
        id: step.id.clone(),
        anonymous: step.anonymous,
        kind: step.kind.keyword(),
        calls: match &step.kind {
            StepKind::Task(call) => Some(call.callable.to_string()),
            StepKind::Workflow(call) => Some(call.workflow.clone()),
            _ => None,
        },
        action,
        fields: all(action, of_whole, || of_step(step)),
        moved: None,
    }
}

/// Outer steps before those inside them.
fn spots(plan: &Plan) -> Vec<Spot<'_>> {
    fn list<'a>(steps: &'a [Step], parent: Option<usize>, slot: usize, found: &mut Vec<Spot<'a>>) {
        let mut before = None;
        for (position, step) in steps.iter().enumerate() {
            let index = found.len();
            found.push(Spot { step, parent, slot, position, before });
            for (slot, body) in step.kind.bodies().into_iter().enumerate() {
                list(body, Some(index), slot, found);
            }
            before = Some(step);
        }
    }
    let mut found = Vec::new();
    list(&plan.steps, None, 0, &mut found);
    found
}

/// For each new step the old one that it was.
fn pairs(old: &[Spot<'_>], new: &[Spot<'_>]) -> Vec<Option<usize>> {
    // Equal ids stand in exclusive branches: the first is the first.
    let mut by_id: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, spot) in old.iter().enumerate().rev().filter(|(_, spot)| !spot.step.anonymous) {
        by_id.entry(&spot.step.id).or_default().push(index);
    }
    let mut pairs: Vec<Option<usize>> = vec![None; new.len()];
    for (index, spot) in new.iter().enumerate().filter(|(_, spot)| !spot.step.anonymous) {
        pairs[index] = by_id.get_mut(spot.step.id.as_str()).and_then(Vec::pop);
    }
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); new.len()];
    for (index, spot) in new.iter().enumerate() {
        if let Some(parent) = spot.parent {
            children[parent].push(index);
        }
    }
    let mut taken = vec![false; old.len()];
    let same_kind = |one: usize, other: usize| {
        let (one, other) = (old[one].step, new[other].step);
        one.anonymous && one.kind.keyword() == other.kind.keyword()
    };
    // Inner blocks first: by most of what is in them.
    for index in (0..new.len()).rev().filter(|index| new[*index].step.anonymous) {
        let mut votes: BTreeMap<usize, usize> = BTreeMap::new();
        let parents = children[index].iter().filter_map(|child| old[pairs[*child]?].parent);
        for parent in parents.filter(|parent| same_kind(*parent, index) && !taken[*parent]) {
            *votes.entry(parent).or_default() += 1;
        }
        let most = votes.iter().max_by(|one, other| one.1.cmp(other.1).then(other.0.cmp(one.0)));
        pairs[index] = most.map(|(parent, _)| *parent);
        pairs[index].iter().for_each(|pair| taken[*pair] = true);
    }
    // What shares nothing may still be the block in the same place.
    let mut by_place: BTreeMap<(Option<usize>, usize, &str), usize> = BTreeMap::new();
    for (index, spot) in old.iter().enumerate().filter(|(index, spot)| spot.step.anonymous && !taken[*index])
    {
        by_place.insert((spot.parent, spot.slot, &spot.step.id), index);
    }
    for index in 0..new.len() {
        let spot = &new[index];
        if pairs[index].is_some() || !spot.step.anonymous {
            continue;
        }
        let parent = spot.parent.and_then(|parent| pairs[parent]);
        if parent.is_some() == spot.parent.is_some() {
            let found = by_place.get(&(parent, spot.slot, spot.step.id.as_str())).copied();
            pairs[index] =
                found.filter(|old| same_kind(*old, index) && !std::mem::replace(&mut taken[*old], true));
        }
    }
    pairs
}

/// Whether both stand in the same list: at the top, or in a block that was there before.
fn same_list(old: &Spot<'_>, new: &Spot<'_>, pairs: &[Option<usize>]) -> bool {
    let same_parent = match new.parent {
        None => old.parent.is_none(),
        Some(parent) => pairs[parent].is_some() && pairs[parent] == old.parent,
    };
    same_parent && old.slot == new.slot
}

/// Which new steps left the order that they had among their old siblings: all but a longest run that kept it.
fn reordered(old: &[Spot<'_>], new: &[Spot<'_>], pairs: &[Option<usize>]) -> Vec<bool> {
    /// Parent and slot.
    type List = (Option<usize>, usize);
    let mut lists: BTreeMap<List, Vec<(usize, usize)>> = BTreeMap::new();
    for (index, spot) in new.iter().enumerate() {
        let Some(earlier) = pairs[index] else { continue };
        let from = &old[earlier];
        if same_list(from, spot, pairs) {
            lists.entry((spot.parent, spot.slot)).or_default().push((index, from.position));
        }
    }
    let mut moved = vec![false; new.len()];
    for list in lists.values() {
        let positions: Vec<usize> = list.iter().map(|(_, position)| *position).collect();
        for (kept, (index, _)) in in_order(&positions).into_iter().zip(list) {
            moved[*index] = !kept;
        }
    }
    moved
}

/// Whether each number belongs to the longest increasing subsequence (patience sorting).
fn in_order(numbers: &[usize]) -> Vec<bool> {
    let mut piles: Vec<usize> = Vec::new();
    let mut below: Vec<Option<usize>> = Vec::with_capacity(numbers.len());
    for (index, number) in numbers.iter().enumerate() {
        let pile = piles.partition_point(|top| numbers[*top] < *number);
        below.push(pile.checked_sub(1).map(|pile| piles[pile]));
        if pile == piles.len() {
            piles.push(index);
        } else {
            piles[pile] = index;
        }
    }
    let mut kept = vec![false; numbers.len()];
    let mut at = piles.last().copied();
    while let Some(index) = at {
        kept[index] = true;
        at = below[index];
    }
    kept
}

fn place(spots: &[Spot<'_>], spot: &Spot<'_>) -> Place {
    let called = |step: &Step| if step.anonymous { step.kind.keyword().to_owned() } else { step.id.clone() };
    let name = |parent: usize| {
        let step = spots[parent].step;
        let block = called(step);
        match &step.kind {
            StepKind::Switch { .. } => format!("{block}, case {}", spot.slot + 1),
            StepKind::Try(_) if spot.slot == 0 => block,
            StepKind::Try(parts) if spot.slot > parts.catches.len() => format!("{block}, finally"),
            StepKind::Try(_) => format!("{block}, catch {}", spot.slot),
            _ => block,
        }
    };
    Place { inside: spot.parent.map(name), after: spot.before.map(called) }
}
