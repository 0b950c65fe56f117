//! The order in which workflows can be bound, callees first, and the cycles that forbid one.
//!
//! It knows who calls whom and nothing else of a workflow.

use std::collections::{BTreeMap, BTreeSet};

use conductor_model::{Id, Manifest, Step, StepKind};
use conductor_source::Diagnostic;

use crate::codes;
use crate::sections::Sections;

/// Positions of workflows: those that can be bound, and those that reach a cycle.
pub(crate) struct Order {
    /// Callees before callers: those of one wave call workflows of the waves before it only.
    pub waves: Vec<Vec<usize>>,
    pub cyclic: BTreeSet<usize>,
}

type Calls<'a> = Vec<BTreeMap<usize, &'a Id>>;

pub(crate) fn order(
    manifest: &Manifest,
    sections: &Sections<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Order {
    let calls: Calls<'_> = manifest
        .workflows
        .iter()
        .map(|workflow| {
            let mut callees = BTreeMap::new();
            gather(&workflow.steps, sections, &mut callees);
            callees
        })
        .collect();
    let mut callers: Vec<Vec<usize>> = vec![Vec::new(); calls.len()];
    let mut waiting: Vec<usize> = calls.iter().map(BTreeMap::len).collect();
    for (caller, callees) in calls.iter().enumerate() {
        for callee in callees.keys() {
            callers[*callee].push(caller);
        }
    }
    let mut waves = Vec::new();
    let mut ready: Vec<usize> = (0..calls.len()).filter(|flow| waiting[*flow] == 0).collect();
    while !ready.is_empty() {
        let mut next = Vec::new();
        for caller in ready.iter().flat_map(|flow| &callers[*flow]) {
            waiting[*caller] -= 1;
            if waiting[*caller] == 0 {
                next.push(*caller);
            }
        }
        waves.push(std::mem::replace(&mut ready, next));
    }
    let cyclic: BTreeSet<usize> = (0..calls.len()).filter(|flow| waiting[*flow] > 0).collect();
    report(manifest, &calls, &cyclic, diagnostics);
    Order { waves, cyclic }
}

fn gather<'a>(steps: &'a [Step], sections: &Sections<'_>, callees: &mut BTreeMap<usize, &'a Id>) {
    for step in steps {
        if let StepKind::Workflow { callee, .. } = &step.kind
            && let Some(position) = sections.workflows.get(callee.value.as_str())
        {
            callees.entry(*position).or_insert(callee);
        }
        step.kind.bodies().into_iter().for_each(|inside| gather(inside, sections, callees));
    }
}

/// Every workflow in `cyclic` calls another one there: following the first such call ends in a cycle.
fn report(
    manifest: &Manifest,
    calls: &Calls<'_>,
    cyclic: &BTreeSet<usize>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut seen = BTreeSet::new();
    for start in cyclic {
        let mut path: Vec<usize> = Vec::new();
        let mut here = *start;
        while seen.insert(here) {
            path.push(here);
            let Some(next) = calls[here].keys().find(|callee| cyclic.contains(callee)) else { break };
            here = *next;
        }
        if let Some(begin) = path.iter().position(|flow| *flow == here) {
            diagnostics.extend(cycle(manifest, calls, &path[begin..]));
        }
    }
}

fn cycle(manifest: &Manifest, calls: &Calls<'_>, ring: &[usize]) -> Option<Diagnostic> {
    let smallest = ring.iter().enumerate().min_by_key(|(_, flow)| **flow).map_or(0, |(at, _)| at);
    let ring: Vec<usize> = ring[smallest..].iter().chain(&ring[..smallest]).copied().collect();
    let name = |flow: usize| manifest.workflows[flow].id.value.as_str();
    let call = |at: usize| calls[ring[at]].get(&ring[(at + 1) % ring.len()]);
    let mut chain: Vec<&str> = ring.iter().map(|flow| name(*flow)).collect();
    chain.push(name(ring[0]));
    let mut finding = Diagnostic::error(
        codes::WORKFLOW_CYCLE,
        format!("workflows call each other in a cycle: {}", chain.join(" -> ")),
        call(0)?.span,
        format!("`{}` calls `{}` here", chain[0], chain[1]),
    );
    for at in 1..ring.len() {
        finding = finding.label(call(at)?.span, format!("`{}` calls `{}` here", chain[at], chain[at + 1]));
    }
    Some(
        finding
            .note("such a run would never end")
            .help("break the cycle: let one of these steps call a task"),
    )
}
