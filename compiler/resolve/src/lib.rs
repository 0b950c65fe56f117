//! Manifest and signatures to a graph in which every name, argument, expression and type is bound.
//!
//! It knows neither whether a policy makes sense nor how any language spells a call.

mod asked;
mod binder;
mod binding;
mod codes;
mod graph;
mod ids;
mod input;
mod language;
mod order;
mod policy;
mod policy_fix;
mod reference;
mod resources;
mod scope;
mod sections;
mod types;
mod unseen;
mod value;
mod workflow;

pub use codes::{CODES, NOT_IN_CODE};
pub use graph::{
    Asker, Binding, BindingSource, Case, Catch, Concurrency, Fallback, Graph, Hold, Loop, Map, Resource,
    Step, StepKind, Task, TaskStep, Try, ValueName, Workflow, WorkflowStep, never_complete,
};
pub use policy_fix::FIELDS as POLICY_DEFAULTS;
pub use reference::callable;
pub use resources::address;
pub use types::type_of;

use std::collections::BTreeMap;

use conductor_model::{Findings, Manifest};
use conductor_source::{Diagnostic, Sources};

use crate::policy::Policies;
use crate::sections::Sections;
use crate::workflow::{Shared, bind_workflow};

/// Binds the manifest to the code. The graph lacks what could not be bound; each such place has a diagnostic.
#[must_use]
pub fn resolve(manifest: &Manifest, findings: &Findings, sources: &Sources) -> (Graph, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let sections = Sections::new(manifest, &mut diagnostics);
    let tasks = reference::tasks(manifest, &sections, findings, &mut diagnostics);
    let resources = resources::resources(manifest, findings, &mut diagnostics);
    let order = order::order(manifest, &sections, &mut diagnostics);
    let mut policies = Policies::of_tasks(manifest, &sections);
    let mut bindings = Vec::new();
    let mut shared = Shared {
        manifest,
        findings,
        sources,
        sections: &sections,
        tasks: &tasks,
        resources: &resources,
        finished: BTreeMap::new(),
    };
    // What lies on a cycle is bound too, so that its other mistakes are found in the same run.
    let cyclic = order.cyclic.into_iter().map(|position| vec![position]);
    for wave in order.waves.into_iter().chain(cyclic) {
        let bound = conductor_parallel::map(wave.len(), &wave, |position| bind_workflow(&shared, *position));
        for (position, (workflow, found)) in wave.into_iter().zip(bound) {
            shared.finished.insert(position, workflow);
            policies.add(found.policies);
            bindings.extend(found.bindings);
            diagnostics.extend(found.diagnostics);
        }
    }
    let finished = shared.finished;
    bindings.sort_by_cached_key(|binding| sections.workflows.get(binding.workflow.as_str()).copied());
    let used_policies = policies.finish(sources, &mut diagnostics);
    let mut graph = Graph::new(findings);
    graph.workflows = finished.into_values().collect();
    language::settle(manifest, &mut graph.workflows, &tasks, &mut diagnostics);
    graph.tasks = tasks;
    graph.resources = resources;
    graph.bindings = bindings;
    graph.used_policies = used_policies;
    (graph, diagnostics)
}
