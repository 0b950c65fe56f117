//! Runs of the reference interpreter in which all goes well, and in which one task fails, once or always, or hangs.

use std::collections::BTreeMap;
use std::sync::Arc;

use conductor_protocol::error::ErrorForm;
use conductor_protocol::plan::Plan;
use conductor_simulate::{CanonicalRun, Scenario, Scripted, Sent, Start, What, run};
use serde_json::{Value, json};

pub type Runs = BTreeMap<Arc<str>, CanonicalRun>;

/// Of one task in all its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    FailsOnce,
    Fails,
    Hangs,
}

/// What befalls whom; nothing where all goes well.
pub type Story<'a> = Option<(&'a str, Fate)>;

const MOST_TASKS: usize = 4;

/// Stories about a workflow.
pub fn stories(tasks: &[String]) -> Vec<Story<'_>> {
    let fates = [Fate::FailsOnce, Fate::Fails, Fate::Hangs];
    let told = tasks.iter().take(MOST_TASKS).flat_map(|task| fates.map(|fate| Some((task.as_str(), fate))));
    std::iter::once(None).chain(told).collect()
}

pub fn played(plans: &[Plan], workflow: &str, story: Story<'_>, seed: u64) -> Runs {
    let fails = || Scripted {
        fails: Some(ErrorForm {
            types: vec!["app.Broken".to_owned(), "builtins.Exception".to_owned()],
            message: "broken".to_owned(),
            ..ErrorForm::default()
        }),
        ..Scripted::default()
    };
    let calls = story.into_iter().map(|(task, fate)| {
        let script = match fate {
            Fate::FailsOnce => vec![fails(), Scripted::default()],
            Fate::Fails => vec![fails()],
            Fate::Hangs => vec![Scripted { hangs: true, ..Scripted::default() }],
        };
        (task.to_owned(), script)
    });
    // As many as there may be waits for it.
    let approval =
        Sent { at_ms: 0.0, run: "r".to_owned(), signal: "approval".to_owned(), data: json!(true), id: None };
    let scenario = Scenario {
        seed,
        starts: vec![Start::new(workflow, "r")],
        calls: calls.collect(),
        signals: vec![approval; 8],
        budget: 50_000,
        ..Scenario::default()
    };
    run(plans, &scenario).canonical()
}

/// The tasks that the steps of a workflow call, each once, in the order of the Plan.
pub fn tasks(plan: &Plan) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for task in calls(plan) {
        if !all.contains(&task) {
            all.push(task);
        }
    }
    all
}

/// The tasks that the steps of a workflow call, as often as they do.
pub fn calls(plan: &Plan) -> Vec<String> {
    let mut all = Vec::new();
    called(&serde_json::to_value(plan).expect("a Plan is JSON")["steps"], &mut all);
    all
}

fn called(value: &Value, tasks: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| called(item, tasks)),
        Value::Object(fields) => {
            tasks.extend(fields.get("task").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| called(value, tasks));
        }
        _ => {}
    }
}

/// What steps of other tasks than these do where they run, by run and key.
pub fn of_others<'a>(runs: &'a Runs, named: &[String]) -> BTreeMap<(Arc<str>, Arc<str>), &'a Vec<What>> {
    let is_other = |events: &[What]| {
        events.iter().any(|what| match what {
            What::StepStarted { name, kind, .. } => kind == "task" && !named.contains(name),
            _ => false,
        })
    };
    let mut others = BTreeMap::new();
    for (run, canonical) in runs {
        for (key, events) in canonical.steps.iter().filter(|(_, events)| is_other(events)) {
            others.insert((run.clone(), key.clone()), events);
        }
    }
    others
}
