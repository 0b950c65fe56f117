//! Which runs, and how many of each, can stand still together: the numbers of permits against those that are held.
//!
//! It does not know how the runs come there; that is played through elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use super::program::LockId;
use super::stuck::Need;

/// Positions in the needs, with how many runs of each.
pub(crate) type Crowd = Vec<(usize, u32)>;

/// How many partial crowds may be looked at.
const BUDGET: usize = 50_000;

/// The search ended before it was finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GaveUp;

/// Calls `accept` with crowds that stand still for good, those of few kinds first, until it takes one.
///
/// Every permit that one of them waits for is held by one of them, and none is held twice.
pub(crate) fn crowds(
    needs: &[&Need],
    capacity: &dyn Fn(LockId) -> u32,
    accept: &mut dyn FnMut(&Crowd) -> bool,
) -> Result<bool, GaveUp> {
    let uniform = needs.iter().enumerate().filter_map(|(at, need)| Some((at, alone(need, capacity)?)));
    let mut uniform: Vec<(usize, u32)> = uniform.collect();
    uniform.sort_by_key(|(at, runs)| (*runs > 1, needs[*at].wants.len(), *at));
    if uniform.into_iter().any(|kind| accept(&vec![kind])) {
        return Ok(true);
    }
    let mut search = Search { needs, capacity, accept, dead: BTreeSet::new(), left: BUDGET };
    for (at, need) in needs.iter().enumerate().filter(|(_, need)| !need.held.is_empty()) {
        for runs in (1..=search.most(&Partial::default(), at)).rev() {
            if search.complete(&Partial::default().with(at, need, runs))? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// How many equal runs stand still together without another, if there is such a number.
fn alone(need: &Need, capacity: &dyn Fn(LockId) -> u32) -> Option<u32> {
    let share = |lock: &LockId| match need.held.get(lock) {
        Some(held) if capacity(*lock).is_multiple_of(*held) => Some(capacity(*lock) / held),
        _ => None,
    };
    let mut runs = need.wants.iter().map(share);
    let first = runs.next().unwrap_or(Some(1))?;
    let fits = need.held.iter().all(|(lock, held)| held.saturating_mul(first) <= capacity(*lock));
    (first > 0 && fits && runs.all(|other| other == Some(first))).then_some(first)
}

#[derive(Debug, Default)]
struct Partial {
    held: BTreeMap<LockId, u32>,
    wants: BTreeSet<LockId>,
    crowd: Crowd,
}

impl Partial {
    fn with(&self, at: usize, need: &Need, runs: u32) -> Partial {
        let mut further =
            Partial { held: self.held.clone(), wants: self.wants.clone(), crowd: self.crowd.clone() };
        for (lock, held) in &need.held {
            *further.held.entry(*lock).or_insert(0) += held * runs;
        }
        further.wants.extend(&need.wants);
        further.crowd.push((at, runs));
        further
    }
}

struct Search<'n> {
    needs: &'n [&'n Need],
    capacity: &'n dyn Fn(LockId) -> u32,
    accept: &'n mut dyn FnMut(&Crowd) -> bool,
    /// What is held and wanted where no crowd came of it.
    dead: BTreeSet<(BTreeMap<LockId, u32>, BTreeSet<LockId>)>,
    left: usize,
}

impl Search<'_> {
    /// Adds runs until every wanted permit is held.
    fn complete(&mut self, partial: &Partial) -> Result<bool, GaveUp> {
        self.left = self.left.checked_sub(1).ok_or(GaveUp)?;
        let free = |lock: &LockId| partial.held.get(lock).copied().unwrap_or(0) < (self.capacity)(*lock);
        let Some(wanted) = partial.wants.iter().copied().find(free) else {
            return Ok((self.accept)(&partial.crowd));
        };
        // A deep search is a crowd of many kinds, which nobody could follow.
        if partial.crowd.len() >= 600 || !self.dead.insert((partial.held.clone(), partial.wants.clone())) {
            return Ok(false);
        }
        let needs = self.needs;
        for (at, need) in needs.iter().enumerate().filter(|(_, need)| need.held.contains_key(&wanted)) {
            for runs in (1..=self.most(partial, at)).rev() {
                if self.complete(&partial.with(at, need, runs))? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// How many more runs of the kind there are permits for.
    fn most(&self, partial: &Partial, at: usize) -> u32 {
        let free = |lock: &LockId| {
            (self.capacity)(*lock).saturating_sub(partial.held.get(lock).copied().unwrap_or(0))
        };
        self.needs[at].held.iter().map(|(lock, held)| free(lock) / held).min().unwrap_or(0)
    }
}
