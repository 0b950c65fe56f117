//! Anchored values and their expansion, within a budget: a few lines of aliases can stand for billions of values.
//!
//! It knows values, not where in the manifest an alias is useful.

use std::collections::BTreeMap;

use crate::tree::Node;

/// How much all copies together may weigh. A value weighs 1, a long string more.
const BUDGET: usize = 100_000;

/// A finished value with what a copy of it costs.
#[derive(Debug, Clone)]
pub(super) struct Weighed {
    pub node: Node,
    pub weight: usize,
    /// Levels below and with this value.
    pub height: usize,
}

pub(super) enum Alias {
    Value(Weighed),
    /// The alias stands inside the value that it names.
    Unfinished,
    /// The copies weigh too much.
    Bomb,
}

#[derive(Default)]
pub(super) struct Anchors {
    finished: BTreeMap<usize, Weighed>,
    spent: usize,
}

impl Anchors {
    /// Keeps a value for later; false where the budget does not allow the copy. Id 0 is no anchor.
    pub fn keep(&mut self, id: usize, value: &Weighed) -> bool {
        if id == 0 {
            return true;
        }
        let fits = self.spend(value.weight);
        if fits {
            self.finished.insert(id, value.clone());
        }
        fits
    }

    pub fn get(&mut self, id: usize) -> Alias {
        let Some(weight) = self.finished.get(&id).map(|value| value.weight) else { return Alias::Unfinished };
        if !self.spend(weight) {
            return Alias::Bomb;
        }
        self.finished.get(&id).cloned().map_or(Alias::Unfinished, Alias::Value)
    }

    fn spend(&mut self, weight: usize) -> bool {
        self.spent = self.spent.saturating_add(weight);
        self.spent <= BUDGET
    }
}
