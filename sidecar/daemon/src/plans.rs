//! Plans of the builds whose runs are here: asked for where they are missing, kept while a run may refer to them, and drawn.
//!
//! It knows no runtime. A Plan is believed because its name is the digest of its text.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use conductor_drawing::draw;
use conductor_journal::{Kept, Refusal, Shelved, StoreError};
use conductor_protocol::definition::PlanDefine;
use conductor_protocol::digest::digest;
use conductor_protocol::plan::{Plan, Step, StepKind};
use serde_json::{Value, json};

use crate::arguments;
use crate::handlers::{Call, Empty};
use crate::http::{looked_at, refuse, refused};
use crate::rpc::Fault;
use crate::sidecar::{Sidecar, blocking};

/// Bytes of one Plan.
const ONE: usize = 4 << 20;

/// Bytes of all that are kept: those that were in use last.
const ALL: u64 = 64 << 20;

/// Plans that are asked for at a time, and that are noted as used.
const MANY: usize = 10_000;

/// Plans whose tasks are held in memory.
const FEW: usize = 100;

/// Between two notes that a Plan is in use.
const HOUR: Duration = Duration::from_secs(60 * 60);

#[derive(Default)]
pub(crate) struct Plans {
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    kept: BTreeSet<Box<str>>,
    wanted: BTreeSet<Box<str>>,
    /// Since the last look.
    used: BTreeSet<Box<str>>,
    /// What was asked of Plans: nothing but [`task_of`] reads them.
    tasks: BTreeMap<Box<str>, Arc<Tasks>>,
}

/// By the id of a step what it calls, or the signal that it sends.
type Tasks = BTreeMap<Box<str>, Arc<str>>;

impl Plans {
    pub(crate) fn new(kept: Vec<Shelved>) -> Plans {
        let plans = Plans::default();
        plans.hold().kept = kept.into_iter().map(|plan| plan.name.into()).collect();
        plans
    }

    fn hold(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a Plan that a run begins with is missing.
    pub(crate) fn wants(&self, digest: &str) -> bool {
        let mut table = self.hold();
        add(&mut table.used, digest);
        !table.kept.contains(digest) && add(&mut table.wanted, digest)
    }

    /// Those of them that are missing.
    pub(crate) fn wanted<'a>(&self, digests: impl Iterator<Item = &'a str>) -> Vec<String> {
        digests.filter(|digest| self.wants(digest)).map(str::to_owned).collect()
    }
}

/// Whether it is among them now.
fn add(digests: &mut BTreeSet<Box<str>>, digest: &str) -> bool {
    digests.contains(digest) || (digests.len() < MANY && digests.insert(digest.into()))
}

/// Keeps those that are wanted. Nothing is lost where that fails: they are asked for again.
pub(crate) fn define(call: &mut Call<'_>, given: &PlanDefine) -> Result<(), Fault> {
    let sidecar = call.sidecar;
    blocking(|| {
        for raw in given.plans.iter().filter(|raw| raw.get().len() <= ONE) {
            let Ok(plan) = serde_json::from_str::<Value>(raw.get()) else { continue };
            let text = plan.to_string();
            let digest = digest(text.as_bytes());
            if !sidecar.plans.hold().wanted.contains(&*digest) {
                continue;
            }
            if sidecar.journal.store().shelve(Kept::Plan, &digest, &text, sidecar.clock.now()).is_ok() {
                let mut table = sidecar.plans.hold();
                table.wanted.remove(&*digest);
                table.kept.insert(digest.into());
            }
        }
    });
    call.answer(Empty {});
    Ok(())
}

/// Notes which Plans are in use, and forgets those that no run can refer to: all runs began after its last use.
pub(crate) fn tidy(sidecar: &Sidecar, runs_are_kept: Option<Duration>) -> Result<(), StoreError> {
    let store = sidecar.journal.store();
    let now = sidecar.clock.now();
    let grain = runs_are_kept.unwrap_or(HOUR).min(HOUR).as_millis();
    let grain = i64::try_from(grain).unwrap_or(i64::MAX);
    let mut used = std::mem::take(&mut sidecar.plans.hold().used);
    used.extend(sidecar.sessions.plans());
    let before = sidecar.plans.hold().kept.clone();
    let mut kept = store.all_shelved(Kept::Plan)?;
    let is_used = |plan: &Shelved| used.contains(&*plan.name);
    let due = kept.iter().filter(|plan| is_used(plan) && now.saturating_sub(plan.used_at) >= grain);
    let due: Vec<&str> = due.map(|plan| &*plan.name).collect();
    if !due.is_empty() {
        store.touch_shelved(Kept::Plan, &due, now)?;
    }
    let first = store.first_start()?.unwrap_or(now);
    kept.sort_by_key(|plan| (!is_used(plan), std::cmp::Reverse(plan.used_at)));
    let mut room = ALL;
    let (stay, go): (Vec<Shelved>, Vec<Shelved>) = kept.into_iter().partition(|plan| {
        room = room.saturating_sub(plan.bytes);
        room > 0 && (used.contains(&*plan.name) || plan.used_at.saturating_add(grain) >= first)
    });
    if !go.is_empty() {
        store.unshelve(Kept::Plan, &go.iter().map(|plan| &*plan.name).collect::<Vec<_>>())?;
    }
    let mut table = sidecar.plans.hold();
    // What was told since the store was read stays.
    table.kept.retain(|name| !before.contains(name));
    table.kept.extend(stay.into_iter().map(|plan| Box::from(plan.name)));
    Ok(())
}

/// The task of a step, where its Plan is there.
pub(crate) fn task_of(sidecar: &Sidecar, digest: &str, key: &str) -> Option<Arc<str>> {
    let known = {
        let table = sidecar.plans.hold();
        if !table.kept.contains(digest) {
            return None;
        }
        table.tasks.get(digest).cloned()
    };
    let tasks = if let Some(tasks) = known {
        tasks
    } else {
        let tasks = Arc::new(match told(sidecar, digest) {
            Ok(plan) => tasks(&plan),
            // It says the same each time that it is read.
            Err(refusal) if refusal.status() == StatusCode::UNPROCESSABLE_ENTITY => Tasks::new(),
            Err(_) => return None,
        });
        let mut table = sidecar.plans.hold();
        if table.tasks.len() >= FEW {
            table.tasks.clear();
        }
        table.tasks.insert(digest.into(), Arc::clone(&tasks));
        tasks
    };
    // Before the id stand the iterations around the step.
    let id = key.rsplit_once("].").map_or(key, |(_, id)| id);
    tasks.get(id).cloned()
}

fn tasks(plan: &Plan) -> Tasks {
    let task = |step: &Step| match &step.kind {
        StepKind::Task(call) => Some(call.task.as_str().into()),
        StepKind::Workflow(call) => Some(call.workflow.as_str().into()),
        StepKind::Emit(emit) => Some(emit.signal.as_str().into()),
        _ => None,
    };
    plan.all_steps().filter_map(|step| Some((step.id.as_str().into(), task(step)?))).collect()
}

/// `GET /v1/plans/{digest}/drawing`
pub(crate) async fn drawing(State(sidecar): State<Arc<Sidecar>>, Path(digest): Path<String>) -> Response {
    match told(&sidecar, &digest) {
        Ok(plan) => blocking(|| Json(draw(&plan)).into_response()),
        Err(refusal) => *refusal,
    }
}

/// `GET /v1/runs/{id}/steps/{key}/input`
pub(crate) async fn input(
    State(sidecar): State<Arc<Sidecar>>,
    Path((id, key)): Path<(String, String)>,
) -> Response {
    let answer = looked_at(&sidecar, &id).and_then(|view| {
        let run = serde_json::to_value(view).unwrap_or_default();
        let plan = told(&sidecar, run["plan"].as_str().unwrap_or_default())?;
        let arguments = blocking(|| arguments::of(&plan, &run, &key));
        arguments.map_err(|reason| refuse(StatusCode::NOT_FOUND, reason).into())
    });
    match answer {
        Ok(arguments) => Json(json!({"key": key, "arguments": arguments})).into_response(),
        Err(refusal) => *refusal,
    }
}

/// The Plan of that name, or why there is none.
fn told(sidecar: &Sidecar, digest: &str) -> Result<Plan, Box<Response>> {
    let text = match blocking(|| sidecar.journal.store().shelved(Kept::Plan, digest)) {
        Ok(Some(text)) => text,
        Ok(None) => {
            let message = "no process has told the sidecar this Plan: the build is older than drawings, its package came \
                 without plans.json, or no run has needed the Plan for long";
            return Err(refuse(StatusCode::NOT_FOUND, message).into());
        }
        Err(error) => return Err(refused(&Refusal::Store(error.to_string())).into()),
    };
    serde_json::from_str(&text).map_err(|error| {
        let message = format!("this sidecar cannot read the Plan, which another version made: {error}");
        refuse(StatusCode::UNPROCESSABLE_ENTITY, message).into()
    })
}
