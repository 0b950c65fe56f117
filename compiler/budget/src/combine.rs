//! The time of steps that share a block: with a width, or with needs between them.
//!
//! It knows times and names, not what is timed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::work::Work;

/// The time of jobs of these lengths, `width` at a time, each begun in order as soon as there is room.
///
/// With times that are upper bounds it is one, too: shortening a job never delays another (list scheduling of
/// independent jobs, Graham 1969).
pub(crate) fn scheduled(jobs: &[u64], width: Option<u32>) -> u64 {
    let width = width.map_or(usize::MAX, |width| usize::try_from(width.max(1)).unwrap_or(usize::MAX));
    let mut free: BinaryHeap<Reverse<u64>> = BinaryHeap::new();
    let mut end = 0;
    for job in jobs {
        let start = if free.len() < width { 0 } else { free.pop().map_or(0, |Reverse(time)| time) };
        let done = start.saturating_add(*job);
        free.push(Reverse(done));
        end = done.max(end);
    }
    end
}

/// Indices of the steps of a graph, each after those it needs. Steps on a cycle, which is reported elsewhere, are left out.
pub(crate) fn in_order(steps: &[Work<'_>]) -> (Vec<usize>, Vec<Vec<usize>>) {
    let by_id: BTreeMap<&str, usize> =
        steps.iter().enumerate().map(|(index, step)| (step.id, index)).collect();
    let needs: Vec<Vec<usize>> = steps
        .iter()
        .map(|step| step.needs.iter().filter_map(|need| by_id.get(need.as_str()).copied()).collect())
        .collect();
    let mut left: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut followers = vec![Vec::new(); steps.len()];
    for (index, needed) in needs.iter().enumerate() {
        needed.iter().for_each(|need| followers[*need].push(index));
    }
    let mut ready: Vec<usize> = (0..steps.len()).rev().filter(|index| left[*index] == 0).collect();
    let mut order = Vec::with_capacity(steps.len());
    while let Some(index) = ready.pop() {
        order.push(index);
        for follower in &followers[index] {
            left[*follower] -= 1;
            if left[*follower] == 0 {
                ready.push(*follower);
            }
        }
    }
    (order, needs)
}
