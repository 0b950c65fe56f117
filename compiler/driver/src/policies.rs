//! Which tasks run under which named policy.
//!
//! It knows names only.

use std::collections::{BTreeMap, BTreeSet};

use conductor_model::{Manifest, PolicyUse, Step, StepKind};

/// Tasks by the id of the policy that they, or steps that call them, name.
pub(crate) fn users(manifest: &Manifest) -> BTreeMap<String, Vec<String>> {
    let mut users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut note = |policy: &Option<PolicyUse>, task: &str| {
        if let Some(PolicyUse::Named(policy)) = policy {
            users.entry(policy.value.clone()).or_default().insert(task.to_owned());
        }
    };
    for task in &manifest.tasks {
        note(&task.policy, &task.id.value);
    }
    let mut pending: Vec<&Step> = manifest.workflows.iter().flat_map(|workflow| &workflow.steps).collect();
    while let Some(step) = pending.pop() {
        if let StepKind::Task(task) = &step.kind {
            note(&step.policy, &task.value);
        }
        pending.extend(step.children());
    }
    users.into_iter().map(|(policy, tasks)| (policy, tasks.into_iter().collect())).collect()
}
