//! Bounds for the values of labels: a client's names must not fill the memory of whoever scrapes.
//!
//! It knows no metric.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Different values that one label may take, counted over all other labels; later ones count as [`OTHER`].
pub(crate) const DISTINCT: usize = 500;

/// Stands for everything over the bound of a label's values.
pub(crate) const OTHER: &str = "other";

/// Longer values are cut.
const LONGEST: usize = 200;

/// The values that a label has taken.
#[derive(Default)]
pub(crate) struct Names(Mutex<BTreeSet<String>>);

impl Names {
    pub(crate) fn bounded(&self, name: &str) -> String {
        let name = short(name);
        if self.admits(name) { name.to_owned() } else { OTHER.to_owned() }
    }

    /// As [`Self::bounded`], of a value that stands beside others: pairs are counted, so that the number of series is the
    /// bound, and not a product of bounds.
    pub(crate) fn within(&self, group: &[&str], name: &str) -> String {
        let name = short(name);
        let whole = [group.join("\0").as_str(), name].join("\0");
        if self.admits(&whole) { name.to_owned() } else { OTHER.to_owned() }
    }

    fn admits(&self, name: &str) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.contains(name) {
            return true;
        }
        if seen.len() >= DISTINCT {
            return false;
        }
        seen.insert(name.to_owned())
    }
}

fn short(name: &str) -> &str {
    let mut end = name.len().min(LONGEST);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

#[cfg(test)]
mod tests {
    use super::{DISTINCT, Names, OTHER};

    #[test]
    fn pairs_are_counted_and_not_each_side() {
        let names = Names::default();
        for index in 0..DISTINCT {
            assert_eq!(names.within(&["w", &index.to_string()], "timeout"), "timeout");
        }
        assert_eq!(names.within(&["w", "one more"], "timeout"), OTHER);
        assert_eq!(names.within(&["w", "0"], "timeout"), "timeout");
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        assert_eq!(Names::default().bounded(&"ä".repeat(300)).chars().count(), 100);
    }
}
