//! The rules that a bound graph must keep, and the proof that it keeps them.
//!
//! It knows neither where names come from nor how code is made.

mod codes;
mod flow;
mod rules;
mod work;

pub use codes::CODES;

use conductor_budget::{Flow, FlowTiming, timings};
use conductor_model::Manifest;
use conductor_resolve::Graph;
use conductor_source::{Diagnostic, Severity};

/// A graph without an error in it. Only [`check`] makes one, so nothing can be generated from an unchecked graph.
#[derive(Debug)]
pub struct Verified(Graph);

impl Verified {
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.0
    }
}

/// What a rule judges.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub manifest: &'a Manifest,
    pub graph: &'a Graph,
    /// The workflows of the graph as timed work, and the bounds of each.
    pub flows: &'a [Flow<'a>],
    pub timings: &'a [FlowTiming<'a>],
    /// Whether nothing before the rules was an error.
    pub sound: bool,
}

/// Judges the graph. `earlier` are the findings of parsing and resolving: with an error among them or among the
/// rules' there is no proof.
#[must_use]
pub fn check(
    manifest: &Manifest,
    graph: Graph,
    earlier: &[Diagnostic],
) -> (Option<Verified>, Vec<Diagnostic>) {
    let has_error = |findings: &[Diagnostic]| findings.iter().any(|found| found.severity == Severity::Error);
    let sound = !has_error(earlier);
    let flows = work::flows(&graph);
    let timings = timings(&flows);
    let context = Context { manifest, graph: &graph, flows: &flows, timings: &timings, sound };
    let judged = conductor_parallel::map(graph.workflows.len(), rules::ALL, |rule| rule(context));
    let found: Vec<Diagnostic> = judged.into_iter().flatten().collect();
    let wrong = !sound || has_error(&found);
    let broken = graph.workflows.iter().any(|workflow| workflow.broken);
    debug_assert!(wrong || !broken, "what could not be bound was not reported");
    ((!wrong && !broken).then_some(Verified(graph)), found)
}
