//! How two steps stand to each other in the nest of blocks.
//!
//! It knows positions, not names.

use super::{Block, StepIds};
use crate::value::Stand;

/// How a step that is not visible stands to the one that names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Itself,
    Encloses,
    /// Inside this one, which has not begun.
    Inside,
    /// At the same time, in another branch.
    Sibling,
    /// In a case that is not taken where this one is.
    Exclusive,
    /// Inside a block whose steps cannot be seen from outside.
    Hidden,
    /// In a graph: it needs this one.
    NeedsThis,
    /// Before this one, in a branch that ends the run or fails.
    Gone,
    Later,
}

impl StepIds {
    /// How `target` stands to a place.
    pub(crate) fn standing(&self, here: Stand, target: usize) -> Standing {
        let here = match here {
            Stand::Start | Stand::Beside => return Standing::Later,
            Stand::End if self.is_hidden(target) => return Standing::Hidden,
            Stand::End => return Standing::Gone,
            Stand::At(here) => here,
        };
        if here == target {
            return Standing::Itself;
        }
        let Some((mine, its)) = self.split(here, target) else {
            return if self.is_inside(here, target) { Standing::Encloses } else { Standing::Inside };
        };
        if self.hides(target, its) {
            return Standing::Hidden;
        }
        match self.places[its].parent.map(|parent| self.places[parent].block) {
            Some(Block::Concurrent | Block::Race) => Standing::Sibling,
            Some(Block::Graph) => Standing::NeedsThis,
            Some(Block::Switch | Block::Try { .. }) if self.places[mine].body != self.places[its].body => {
                Standing::Exclusive
            }
            _ if target < here => Standing::Gone,
            _ => Standing::Later,
        }
    }

    /// Whether the workflow's own steps cannot see it.
    fn is_hidden(&self, target: usize) -> bool {
        let mut top = target;
        while let Some(parent) = self.places[top].parent {
            top = parent;
        }
        self.hides(target, top)
    }

    pub(crate) fn is_in_graph(&self, here: usize) -> bool {
        self.places[here].parent.is_some_and(|parent| self.places[parent].block == Block::Graph)
    }

    /// Which of `positions` is the step or holds it.
    pub(crate) fn ancestor_among(&self, step: usize, positions: &[usize]) -> Option<usize> {
        let mut at = Some(step);
        while let Some(index) = at {
            if positions.binary_search(&index).is_ok() {
                return Some(index);
            }
            at = self.places[index].parent;
        }
        None
    }

    /// Whether at most one of two steps can run in a run.
    pub(super) fn exclude_each_other(&self, one: usize, other: usize) -> bool {
        let Some((one, other)) = self.split(one, other) else { return false };
        let (first, second) = (self.places[one].body, self.places[other].body);
        let Some(parent) = self.places[one].parent else { return false };
        match self.places[parent].block {
            Block::Switch => first != second,
            Block::Try { handlers } => {
                first != second && (1..=handlers).contains(&first) && (1..=handlers).contains(&second)
            }
            _ => false,
        }
    }

    /// Whether a block between `target` and its ancestor `top` hides its steps.
    fn hides(&self, target: usize, top: usize) -> bool {
        let mut at = target;
        while at != top {
            let Some(parent) = self.places[at].parent else { return false };
            if matches!(self.places[parent].block, Block::Race | Block::Repeated) {
                return true;
            }
            at = parent;
        }
        false
    }

    fn is_inside(&self, inner: usize, outer: usize) -> bool {
        let mut at = Some(inner);
        while let Some(index) = at {
            if index == outer {
                return true;
            }
            at = self.places[index].parent;
        }
        false
    }

    /// The two ancestors of `one` and `other` that stand in the same block; `None` where one is inside the other.
    fn split(&self, one: usize, other: usize) -> Option<(usize, usize)> {
        let (mut one, mut other) = (one, other);
        while self.places[one].depth > self.places[other].depth {
            one = self.places[one].parent?;
        }
        while self.places[other].depth > self.places[one].depth {
            other = self.places[other].parent?;
        }
        if one == other {
            return None;
        }
        while self.places[one].parent != self.places[other].parent {
            one = self.places[one].parent?;
            other = self.places[other].parent?;
        }
        Some((one, other))
    }
}
