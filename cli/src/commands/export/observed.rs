//! What of a manifest is seen in metrics: its durable workflows and their limits, tasks, breakers and resources.
//!
//! It knows no dashboard.

use std::collections::BTreeMap;

use conductor_protocol::plan::Plan;

use crate::project::Project;

pub(in crate::commands) struct Observed {
    /// Of the project's folder.
    pub(super) name: String,
    pub(super) workflows: Vec<Workflow>,
    /// Tasks with a circuit breaker.
    pub(super) breakers: Vec<String>,
    /// Resources with permits, and how many there are.
    pub(super) resources: BTreeMap<String, u32>,
}

pub(super) struct Workflow {
    pub(super) id: String,
    /// Seconds.
    pub(super) deadline: Option<f64>,
    pub(super) tasks: BTreeMap<String, Task>,
}

#[derive(Default)]
pub(super) struct Task {
    /// Of one attempt, in seconds: the longest, where its calls differ.
    pub(super) timeout: Option<f64>,
}

impl Observed {
    /// `project` gives its folder's name.
    pub(in crate::commands) fn of_project(project: &Project, plans: &[Plan]) -> Observed {
        let root = std::fs::canonicalize(&project.root).unwrap_or_else(|_| project.root.clone());
        let name = root.file_name().map_or_else(|| "project".into(), |name| name.to_string_lossy());
        Observed::of(&name, plans)
    }

    fn of(name: &str, plans: &[Plan]) -> Observed {
        let mut seen = Observed {
            name: name.to_owned(),
            workflows: Vec::new(),
            breakers: Vec::new(),
            resources: BTreeMap::new(),
        };
        // Others have no journal, and nobody hears of their runs.
        let durable = || plans.iter().filter(|plan| plan.durable);
        for plan in durable() {
            if !seen.workflows.iter().any(|workflow| workflow.id == plan.workflow) {
                seen.workflows.push(workflow(plan));
            }
        }
        for plan in durable() {
            for call in plan.all_calls().filter(|call| call.policy.circuit_breaker.is_some()) {
                seen.breakers.push(call.task.clone());
            }
            let permits = plan.resources.iter().filter_map(|one| Some((one.id.clone(), one.permits()?)));
            seen.resources.extend(permits);
        }
        seen.breakers.sort();
        seen.breakers.dedup();
        seen
    }
}

fn seconds(millis: u64) -> f64 {
    std::time::Duration::from_millis(millis).as_secs_f64()
}

fn workflow(plan: &Plan) -> Workflow {
    let mut tasks: BTreeMap<String, Task> = BTreeMap::new();
    for call in plan.all_calls() {
        let task = tasks.entry(call.task.clone()).or_default();
        let timeout = call.policy.timeout_ms.map(seconds);
        task.timeout = task.timeout.into_iter().chain(timeout).reduce(f64::max);
    }
    Workflow { id: plan.workflow.clone(), deadline: plan.deadline_ms.map(seconds), tasks }
}

/// A value of a label, in an expression.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
