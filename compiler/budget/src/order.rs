//! Flows in an order in which callees come before their callers.
//!
//! It does not report cycles: a caller on one simply finds its callee without a result.

use crate::work::{Flow, Kind, Work};

/// Every index once.
pub(crate) fn callees_first(flows: &[Flow<'_>]) -> Vec<usize> {
    let callees: Vec<Vec<usize>> = flows.iter().map(|flow| callees(&flow.steps, flows.len())).collect();
    let mut seen = vec![false; flows.len()];
    let mut order = Vec::with_capacity(flows.len());
    for root in 0..flows.len() {
        if std::mem::replace(&mut seen[root], true) {
            continue;
        }
        // Each with the number of its callees that have been gone into.
        let mut path = vec![(root, 0)];
        while let Some((flow, next)) = path.last_mut() {
            let flow = *flow;
            match callees[flow].get(*next) {
                Some(callee) => {
                    *next += 1;
                    if !std::mem::replace(&mut seen[*callee], true) {
                        path.push((*callee, 0));
                    }
                }
                None => {
                    order.push(flow);
                    path.pop();
                }
            }
        }
    }
    order
}

fn callees(steps: &[Work<'_>], count: usize) -> Vec<usize> {
    let mut found = Vec::new();
    let mut pending: Vec<&Work<'_>> = steps.iter().collect();
    while let Some(step) = pending.pop() {
        if let Kind::Flow { flow: Some(flow), detach: false } = step.kind
            && flow < count
        {
            found.push(flow);
        }
        pending.extend(step.bodies().into_iter().flatten());
    }
    found
}
