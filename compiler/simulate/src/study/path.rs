//! The critical path of a run: which steps the end waited for.
//!
//! It knows when steps began and ended, not what they are.

use crate::clock::Micros;

/// When a step ran.
pub(super) struct Interval<Name> {
    pub name: Name,
    pub from: Micros,
    pub to: Micros,
}

/// Walks back from the end of the run: at each moment the step that ended last before it is what was waited for. Says
/// how long each was; what lies between two steps is nobody's.
pub(super) fn critical<Name: Copy>(
    mut intervals: Vec<Interval<Name>>,
    began: Micros,
    ended: Micros,
) -> Vec<(Name, Micros)> {
    intervals.sort_by_key(|interval| (interval.to, interval.from));
    let mut path = Vec::new();
    let mut at = ended;
    while let Some(interval) = intervals.pop() {
        if interval.to <= at && interval.from < interval.to && at > began {
            path.push((interval.name, interval.to - interval.from));
            at = interval.from;
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::{Interval, critical};

    #[test]
    fn the_longest_branch_is_on_the_path() {
        let interval = |name, from, to| Interval { name, from, to };
        let all = vec![
            interval("a", 0, 10),
            interval("short", 10, 15),
            interval("long", 10, 40),
            interval("b", 41, 50),
        ];
        assert_eq!(critical(all, 0, 50), [("b", 9), ("long", 30), ("a", 10)]);
    }
}
