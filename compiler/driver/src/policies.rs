//! Which tasks run under which named policy.
//!
//! It knows names only.

use std::collections::{BTreeMap, BTreeSet};

use conductor_model::{Manifest, PolicyUse, Step, StepKind};

/// Tasks by the id of the policy that they, or steps that call them, name.
pub(crate) fn users<'a>(manifest: &'a Manifest) -> BTreeMap<String, Vec<String>> {
    let mut users: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut note = |policy: Option<&'a PolicyUse>, task: &'a str| {
        if let Some(PolicyUse::Named(policy)) = policy {
            users.entry(&policy.value).or_default().insert(task);
        }
    };
    for task in &manifest.tasks {
        note(task.policy.as_ref(), &task.id.value);
    }
    let mut pending: Vec<&Step> = manifest.workflows.iter().flat_map(|workflow| &workflow.steps).collect();
    while let Some(step) = pending.pop() {
        if let StepKind::Task(task) = &step.kind {
            note(step.policy.as_ref(), &task.value);
        }
        pending.extend(step.children());
    }
    let owned = |tasks: BTreeSet<&str>| tasks.into_iter().map(str::to_owned).collect();
    users.into_iter().map(|(policy, tasks)| (policy.to_owned(), owned(tasks))).collect()
}
