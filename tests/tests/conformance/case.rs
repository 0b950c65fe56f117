//! The cases of `tests/cases`: their Plans, and the scenario in which they are played.
//!
//! It knows files, not what happens in a run.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use conductor_protocol::plan::Plan;
use conductor_simulate::{Scenario, Start};
use conductor_tests::root;
use serde_json::{Map, Value};

/// Plans and a scenario to play them in. The run that is started has the job's name.
#[derive(Debug, Clone)]
pub struct Job {
    pub name: String,
    pub plans: Vec<Plan>,
    pub scenario: Scenario,
}

/// How long a call takes that nothing else is said about.
pub const CALL_MS: f64 = 10.0;

/// They need servers, which the end-to-end tests start.
const ELSEWHERE: [&str; 1] = ["resource_clients"];

/// Every case whose meaning is a durable run's, by name.
pub fn all() -> Result<Vec<Job>> {
    let folder = root().join("tests/cases");
    let mut jobs = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("failed to list {}", folder.display()))? {
        let path = entry?.path();
        let elsewhere = path.file_name().is_some_and(|name| ELSEWHERE.iter().any(|case| name == *case));
        if path.join("plan.json").exists() && !elsewhere {
            jobs.push(read(&path).with_context(|| format!("failed to read {}", path.display()))?);
        }
    }
    jobs.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(jobs)
}

fn read(folder: &Path) -> Result<Job> {
    let name = folder.file_name().context("a folder has a name")?.to_string_lossy().into_owned();
    let plans: Vec<Plan> = serde_json::from_slice(&fs::read(folder.join("plan.json"))?)?;
    let optional = |file: &str| -> Result<Option<Value>> {
        let path = folder.join(file);
        Ok(if path.exists() { Some(serde_json::from_slice(&fs::read(path)?)?) } else { None })
    };
    let mut scenario: Scenario = match optional("scenario.json")? {
        Some(written) => serde_json::from_value(written).context("scenario.json")?,
        None => Scenario::default(),
    };
    if scenario.call_ms == Scenario::default().call_ms {
        scenario.call_ms = CALL_MS;
    }
    if scenario.starts.is_empty() {
        let entry = plans.iter().find(|plan| plan.entrypoint).or(plans.first()).context("no Plan")?;
        let input: Map<String, Value> = match optional("input.json")? {
            Some(written) => serde_json::from_value(written).context("input.json")?,
            None => Map::new(),
        };
        scenario.starts =
            vec![Start { workflow: entry.workflow.clone(), run: "r".to_owned(), input, ..Start::default() }];
    }
    Ok(Job { name, plans, scenario })
}
