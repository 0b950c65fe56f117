//! The unfinished runs of changed workflows, and what becomes of each.
//!
//! It asks the sidecar and changes nothing there; what it says of a run is true when it asks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use conductor_plan::{Action, Obstacle, Recorded, WorkflowChange, obstacles};
use conductor_protocol::plan::Plan;
use conductor_protocol::state::RunState;
use serde::Deserialize;

use super::Comparison;
use crate::client::Client;
use crate::exit::Failure;
use crate::project::{self, Project};
use crate::view::{self, Run, Runs};

/// Runs that are looked into, of one workflow and state; more are counted.
const LOOKED_INTO: usize = 10_000;
const PAGE: usize = 500;

/// What there is to know of runs.
pub(super) enum Touched {
    /// Nobody was asked, for this reason.
    Unknown(String),
    Known {
        socket: PathBuf,
        runs: Vec<TouchedRun>,
        more: usize,
    },
}

pub(super) struct TouchedRun {
    pub id: String,
    pub workflow: String,
    pub state: String,
    pub plan: Option<String>,
    pub verdict: Verdict,
    pub fit: Option<Fit>,
}

/// What becomes of a run once the new build is the only one.
pub(super) enum Verdict {
    /// It is pinned to the very Plan that the new build has.
    Continues,
    /// No owner has pinned it yet: whoever serves the workflow first does.
    Unpinned,
    /// It goes on under its own Plan: so many sessions serve that now.
    Pinned { sessions: usize },
}

/// Whether the new Plan could carry the run on.
pub(super) struct Fit {
    pub obstacles: Vec<Obstacle>,
    /// Whether arguments and types were compared, and not only keys and inputs.
    pub whole: bool,
}

#[derive(Deserialize)]
struct Sessions {
    sessions: Vec<Session>,
}

#[derive(Deserialize)]
struct Session {
    connected: bool,
    #[serde(default)]
    plans: Vec<Served>,
}

#[derive(Deserialize)]
struct Served {
    digest: String,
}

pub(super) async fn touched(
    project: &Project,
    given: Option<&Path>,
    comparison: &Comparison,
) -> Result<Touched, Failure> {
    let changed: Vec<&WorkflowChange> = comparison
        .changes
        .iter()
        .filter(|change| matches!(change.action, Action::Change | Action::Remove))
        .collect();
    let socket = match project::socket_of(project, given)? {
        Some(socket) => socket,
        None => return Ok(Touched::Unknown("no sidecar runs for this project".to_owned())),
    };
    let client = Client::new(socket.clone());
    let sessions = match sessions(&client).await {
        Ok(sessions) => sessions,
        Err(failure) if given.is_some() => return Err(failure),
        // A socket that a killed sidecar has left behind.
        Err(failure) => return Ok(Touched::Unknown(failure.message)),
    };
    let (mut runs, mut more) = (Vec::new(), 0);
    for change in changed {
        let old = of(&comparison.before, &change.workflow);
        let new = of(&comparison.after, &change.workflow);
        for state in RunState::ALL.into_iter().filter(|state| !state.is_terminal()) {
            let (listed, left) = listed(&client, &change.workflow, state).await?;
            more += left;
            for run in listed {
                if let Some(run) = look_into(&client, &run.id).await? {
                    runs.push(judged(run, old, new, &sessions));
                }
            }
        }
    }
    Ok(Touched::Known { socket, runs, more })
}

fn of<'a>(plans: &'a [Plan], workflow: &str) -> Option<&'a Plan> {
    plans.iter().find(|plan| plan.workflow == workflow)
}

/// How many connected sessions serve each Plan.
async fn sessions(client: &Client) -> Result<BTreeMap<String, usize>, Failure> {
    let answer = client.get("/v1/sessions").await?;
    let Sessions { sessions } = view::parse(client, view::expect_ok(client, answer)?)?;
    let mut found = BTreeMap::new();
    for session in sessions.iter().filter(|session| session.connected) {
        let digests: BTreeSet<&str> = session.plans.iter().map(|plan| plan.digest.as_str()).collect();
        for digest in digests {
            *found.entry(digest.to_owned()).or_default() += 1;
        }
    }
    Ok(found)
}

/// Runs of the workflow in that state, and how many more there are at least.
async fn listed(client: &Client, workflow: &str, state: RunState) -> Result<(Vec<Run>, usize), Failure> {
    let filter = format!("workflow={}&state={}&limit={PAGE}", view::url_encoded(workflow), state.as_str());
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let answer = client.get(&format!("/v1/runs?{filter}{cursor}")).await?;
        let body = view::expect_ok(client, answer)?;
        let next = body["next"].as_str().map(view::url_encoded);
        let Runs { runs } = view::parse(client, body)?;
        found.extend(runs);
        match next {
            Some(next) if found.len() < LOOKED_INTO => cursor = format!("&cursor={next}"),
            next => return Ok((found, next.map_or(0, |_| 1))),
        }
    }
}

/// The run with its steps; `None` where it has ended meanwhile or was purged.
async fn look_into(client: &Client, id: &str) -> Result<Option<Run>, Failure> {
    let answer = client.get(&format!("/v1/runs/{}", view::url_encoded(id))).await?;
    if answer.status == 404 {
        return Ok(None);
    }
    let run: Run = view::parse(client, view::expect_ok(client, answer)?)?;
    Ok(Some(run).filter(|run| !run.is_over()))
}

fn judged(
    run: Run,
    old: Option<&Plan>,
    new: Option<&Plan>,
    sessions: &BTreeMap<String, usize>,
) -> TouchedRun {
    let digest = |plan: &Plan| plan.digest().ok();
    let pinned = run.plan.clone();
    let verdict = match &pinned {
        None => Verdict::Unpinned,
        Some(plan) if new.and_then(digest).as_ref() == Some(plan) => Verdict::Continues,
        Some(plan) => Verdict::Pinned { sessions: sessions.get(plan).copied().unwrap_or(0) },
    };
    let fit = match (&verdict, new) {
        (Verdict::Pinned { .. }, Some(new)) => {
            let began = old.filter(|old| digest(old) == pinned);
            let recorded = Recorded {
                inputs: run
                    .input
                    .as_object()
                    .map(|input| input.keys().cloned().collect())
                    .unwrap_or_default(),
                keys: run.steps.iter().map(|step| step.key.clone()).collect(),
            };
            Some(Fit { obstacles: obstacles(began, new, &recorded), whole: began.is_some() })
        }
        _ => None,
    };
    TouchedRun { id: run.id, workflow: run.workflow, state: run.state, plan: pinned, verdict, fit }
}
