//! The order in which permits are taken: who may wait for what while holding what.
//!
//! It counts nothing. Where the order has no cycle no deadlock is possible, however few permits there are; so nothing
//! else has to be looked at.

use std::collections::BTreeSet;

use super::program::{LockId, Program, System};

/// Locks, then signals, then workflows, as nodes of one graph.
struct Order {
    locks: usize,
    signals: usize,
    edges: Vec<BTreeSet<usize>>,
}

/// Locks and signals that may wait for each other in a circle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ring {
    pub locks: BTreeSet<LockId>,
    pub signals: BTreeSet<usize>,
    /// Locks that may be held outside of those of the ring: they count runs, too.
    pub around: BTreeSet<LockId>,
    /// Workflows whose runs come to a lock of the ring, themselves or in one that they call.
    pub flows: BTreeSet<usize>,
}

/// The circles of the order, in the order of their locks; circles without a lock are not among them.
pub(crate) fn rings(system: &System<'_>) -> Vec<Ring> {
    let order = Order::of(system);
    let components = components(&order.edges);
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); order.edges.len()];
    for (from, targets) in order.edges.iter().enumerate() {
        targets.iter().for_each(|target| before[*target].push(from));
    }
    let mut rings = Vec::new();
    for component in components {
        let cyclic = component.len() > 1 || component.iter().any(|node| order.edges[*node].contains(node));
        let locks: BTreeSet<LockId> = component.iter().copied().filter(|node| *node < order.locks).collect();
        if !cyclic || locks.is_empty() {
            continue;
        }
        let is_signal = |node: &usize| (order.locks..order.locks + order.signals).contains(node);
        let signals = component.iter().copied().filter(is_signal).map(|node| node - order.locks).collect();
        let reaching = reaching(&before, &component);
        let is_around = |node: &usize| *node < order.locks && !locks.contains(node);
        let around = reaching.iter().copied().filter(is_around).collect();
        let first = order.locks + order.signals;
        let flows = reaching.iter().filter_map(|node| node.checked_sub(first)).collect();
        rings.push(Ring { locks, signals, around, flows });
    }
    rings.sort_by(|one, other| one.locks.cmp(&other.locks));
    rings
}

impl Order {
    fn of(system: &System<'_>) -> Order {
        let (locks, signals) = (system.locks.len(), system.signals.len());
        let nodes = locks + signals + system.flows.len();
        let mut order = Order { locks, signals, edges: vec![BTreeSet::new(); nodes] };
        for (position, flow) in system.flows.iter().enumerate() {
            let start = locks + signals + position;
            order.add(start, &flow.program);
            // What is emitted waits for whatever comes before it: anything in the workflow.
            for signal in flow.program.emits() {
                order.edges[locks + signal].insert(start);
            }
        }
        order
    }

    /// Edges from what is held to what is taken or waited for inside.
    fn add(&mut self, start: usize, program: &Program<'_>) {
        let mut pending = vec![(start, program)];
        while let Some((held, program)) = pending.pop() {
            let inside = match program {
                Program::Hold { lock, .. } => {
                    self.edges[held].insert(*lock);
                    *lock
                }
                Program::Call { flow, .. } => {
                    self.edges[held].insert(self.locks + self.signals + flow);
                    held
                }
                Program::Wait { signal, .. } => {
                    self.edges[held].insert(self.locks + signal);
                    held
                }
                _ => held,
            };
            pending.extend(program.parts().into_iter().map(|part| (inside, part)));
        }
    }
}

/// The nodes from which a node of the component can be reached, and the component.
fn reaching(before: &[Vec<usize>], component: &[usize]) -> BTreeSet<usize> {
    let mut seen: BTreeSet<usize> = component.iter().copied().collect();
    let mut pending: Vec<usize> = component.to_vec();
    while let Some(node) = pending.pop() {
        for from in &before[node] {
            if seen.insert(*from) {
                pending.push(*from);
            }
        }
    }
    seen
}

/// Strongly connected components (Tarjan, "Depth-first search and linear graph algorithms", 1972), without recursion.
fn components(edges: &[BTreeSet<usize>]) -> Vec<Vec<usize>> {
    let targets: Vec<Vec<usize>> = edges.iter().map(|set| set.iter().copied().collect()).collect();
    let unseen = usize::MAX;
    let (mut index, mut low) = (vec![unseen; edges.len()], vec![0; edges.len()]);
    let (mut on_stack, mut stack, mut found) = (vec![false; edges.len()], Vec::new(), Vec::new());
    let mut next = 0;
    for root in 0..edges.len() {
        if index[root] != unseen {
            continue;
        }
        let mut calls = vec![(root, 0)];
        while let Some((node, at)) = calls.pop() {
            if at == 0 {
                (index[node], low[node]) = (next, next);
                next += 1;
                stack.push(node);
                on_stack[node] = true;
            } else {
                low[node] = low[node].min(low[targets[node][at - 1]]);
            }
            let unexplored = targets[node][at..].iter().position(|target| {
                if index[*target] != unseen && on_stack[*target] {
                    low[node] = low[node].min(index[*target]);
                }
                index[*target] == unseen
            });
            if let Some(step) = unexplored {
                calls.push((node, at + step + 1));
                calls.push((targets[node][at + step], 0));
            } else if low[node] == index[node] {
                let begin = stack.iter().rposition(|other| *other == node).unwrap_or(0);
                let component = stack.split_off(begin);
                component.iter().for_each(|other| on_stack[*other] = false);
                found.push(component);
            }
        }
    }
    found
}
