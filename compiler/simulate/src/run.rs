//! The life of a run: accepted, admitted, executed, compensated where it must be, ended.
//!
//! It knows no step: `steps` executes them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use conductor_protocol::plan::Plan;
use conductor_protocol::state::RunState;
use serde_json::{Map, Value as Json};

use crate::call::WorkEnd;
use crate::cancel::{Cancel, Why};
use crate::clock::Micros;
use crate::compensate::{self, Undo};
use crate::context::{Ctx, Limit};
use crate::error::{Exit, Flow, names, own};
use crate::executor::{Either, first};
use crate::journal::{Fact, History, Journal};
use crate::permits::{self, Permit};
use crate::promise::Promise;
use crate::signals::Mailbox;
use crate::steps;
use crate::trace::{RunEnd, What};
use crate::world::World;

/// One run. What a death does not take is in `journal`, `cancel_asked` and the mailbox.
pub(crate) struct Run<'p> {
    pub id: Arc<str>,
    pub plan: &'p Plan,
    pub input: Map<String, Json>,
    /// The run whose step awaits it.
    pub parent: Option<Arc<str>>,
    /// Sub-workflows around it.
    pub depth: u32,
    pub started_at: Cell<Micros>,
    pub epoch: Cell<u32>,
    pub journal: Journal<'p>,
    pub history: RefCell<History<'p>>,
    pub cancel: RefCell<Cancel>,
    pub cancel_asked: Cell<bool>,
    pub end: RefCell<Option<RunEnd>>,
    pub ended: RefCell<Promise<RunEnd>>,
    /// Whether this process executes it.
    pub is_owned: Cell<bool>,
    /// What must be undone if the run fails, by position in the journal.
    pub undo: RefCell<Vec<Undo<'p>>>,
    /// Writes that were left running: the run does not end before they do.
    pub unsettled: RefCell<Vec<Promise<WorkEnd>>>,
    pub mailbox: Rc<Mailbox>,
}

impl<'p> Run<'p> {
    pub fn is_durable(&self) -> bool {
        self.plan.durable
    }

    pub fn has_ended(&self) -> bool {
        self.end.borrow().as_ref().is_some_and(|end| end.state.is_terminal())
    }

    /// Asks for the run to be cancelled. Once it has come to its end by itself this changes nothing.
    pub fn ask_to_cancel(&self) {
        if self.end.borrow().is_none() {
            self.cancel_asked.set(true);
            self.cancel.borrow().cancel(Why::Decided);
        }
    }
}

/// Executes the run from its start, or from where its journal ends.
pub(crate) async fn live<'p>(world: Rc<World<'p>>, run: Rc<Run<'p>>) {
    let outer = Ctx::of_run(&world, &run, run.cancel.borrow().clone());
    begin(&outer);
    let end = match admitted(&outer).await {
        Ok(permit) => {
            let result = within_deadline(&outer).await;
            let end = concluded(&outer, result).await;
            finish(&outer, &end).await;
            drop(permit);
            end
        }
        Err(exit) => {
            let end = concluded(&outer, Err(exit)).await;
            finish(&outer, &end).await;
            end
        }
    };
    run.is_owned.set(false);
    let state = end.state as u64;
    run.ended.borrow().resolve(end, state + 1);
    world.run_ended(&run);
}

fn begin(ctx: &Ctx<'_>) {
    let run = &ctx.run;
    if run.journal.appended() > 0 {
        run.epoch.set(run.epoch.get() + 1);
        ctx.emit(What::RunResumed { epoch: run.epoch.get() });
        return;
    }
    run.started_at.set(ctx.world.now());
    let input = Arc::new(Json::Object(run.input.clone()));
    ctx.emit(What::RunStarted { workflow: run.plan.workflow.clone(), input });
    ctx.record(&Arc::from(""), Fact::RunStarted);
}

/// Waits until the workflow's `concurrency` lets the run in.
async fn admitted<'p>(ctx: &Ctx<'p>) -> Flow<Option<Permit<'p>>> {
    let Some(concurrency) = &ctx.run.plan.concurrency else { return Ok(None) };
    let nobody = Arc::from("");
    let key = match &concurrency.key {
        Some(expr) => ctx.evaluate(expr).map_err(|error| Exit::failed(error, &nobody, 0))?.to_string(),
        None => String::new(),
    };
    let workflow = &ctx.run.plan.workflow;
    let shown = if key.is_empty() { String::new() } else { format!(" for {key}") };
    let pool =
        permits::PoolName { name: format!("workflow `{workflow}`{shown}").into(), limit: concurrency.limit };
    let limit = Limit { at: deadline_at(ctx), key: nobody.clone() };
    match permits::acquire(ctx, &pool, &nobody, &limit).await {
        Ok(permit) => Ok(Some(permit)),
        Err(stop) => Err(stop.into_exit(ctx, &nobody, 0, || deadline_error(ctx))),
    }
}

fn deadline_at(ctx: &Ctx<'_>) -> Option<Micros> {
    let milliseconds = ctx.run.plan.deadline_ms?;
    Some(ctx.run.started_at.get().saturating_add(milliseconds.saturating_mul(1000)))
}

fn deadline_error(ctx: &Ctx<'_>) -> conductor_protocol::error::ErrorForm {
    let milliseconds = ctx.run.plan.deadline_ms.unwrap_or(0);
    own(names::DEADLINE, format!("the run was not done within {milliseconds} ms"))
}

/// The steps, within the deadline of the workflow.
async fn within_deadline<'p>(outer: &Ctx<'p>) -> Flow {
    let key: Arc<str> = Arc::from(".deadline");
    let ctx = outer.with_cancel(outer.cancel.inside());
    let Some(at) = deadline_at(outer) else { return executed(&ctx).await };
    let has_expired = outer.past(&key).chosen.is_some();
    if has_expired {
        ctx.cancel.cancel(Why::Decided);
    }
    let mut work = std::pin::pin!(executed(&ctx));
    if !has_expired {
        let timer = outer.world.expiry(at, &outer.run.id, &Arc::from(""));
        match first(work.as_mut(), timer).await {
            Either::Left(result) => return result,
            Either::Right(()) => {
                outer.choose(&key, Json::from("expired"));
                ctx.cancel.cancel(Why::Decided);
            }
        }
    }
    match work.await {
        Err(paused @ Exit::Paused { .. }) => Err(paused),
        _ if outer.cancel.get().is_some() => Err(Exit::Cancelled(Why::Decided)),
        _ => Err(Exit::failed(deadline_error(outer), &Arc::from(""), 0)),
    }
}

async fn executed(ctx: &Ctx<'_>) -> Flow {
    steps::body(ctx, &ctx.run.plan.steps).await?;
    ctx.evaluate(&ctx.run.plan.output).map_err(|error| Exit::failed(error, &Arc::from(""), 0))
}

/// What the run comes to: where it failed or was cancelled, everything that it did is undone first.
async fn concluded<'p>(ctx: &Ctx<'p>, result: Flow) -> RunEnd {
    let ended = |state| RunEnd { state, output: None, error: None, step: None };
    let end = match result {
        Ok(output) | Err(Exit::Returned(output)) => {
            RunEnd { output: Some(output), ..ended(RunState::Succeeded) }
        }
        Err(Exit::Failed(failure)) => RunEnd {
            error: Some(Arc::new(failure.error.clone())),
            step: Some(failure.step.clone()).filter(|step| !step.is_empty()),
            ..ended(RunState::Failed)
        },
        Err(Exit::Cancelled(_)) => ended(RunState::Cancelled),
        Err(Exit::Paused { step, reason }) => return paused(step, &reason),
    };
    settle(ctx).await;
    if end.state == RunState::Succeeded {
        return end;
    }
    match compensate::undo_all(&ctx.shielded()).await {
        Ok(()) => end,
        Err((step, reason)) => paused(step, &reason),
    }
}

fn paused(step: Arc<str>, reason: &str) -> RunEnd {
    let error = own("conductor.Paused", reason);
    RunEnd { state: RunState::Paused, output: None, error: Some(Arc::new(error)), step: Some(step) }
}

/// Waits for writes that were left running, within the bound.
async fn settle(ctx: &Ctx<'_>) {
    let left: Vec<_> = ctx.run.unsettled.borrow_mut().drain(..).collect();
    for write in left {
        ctx.settled(&write).await;
    }
}

/// Nobody is shown the end before it is on disk.
async fn finish(ctx: &Ctx<'_>, end: &RunEnd) {
    let nobody = Arc::from("");
    if end.state.is_terminal() {
        ctx.record(&nobody, Fact::RunEnded(end.clone()));
    }
    ctx.barrier(&nobody).await;
    *ctx.run.end.borrow_mut() = Some(end.clone());
    ctx.emit(What::RunEnded(end.clone()));
}
