//! Steps: what each construct means, one file a construct.
//!
//! This file knows what all of them share: `when`, deadlines of blocks, tolerated failures, and where results go.

mod attempt;
mod branches;
mod child;
mod graph;
mod hold;
mod map;
mod parallel;
mod race;
mod repeat;
mod signal;
mod sleep;
mod switch;
mod values;

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use conductor_protocol::error::ErrorForm;
use conductor_protocol::plan::{Step, StepKind};
use serde_json::Value as Json;

use crate::call;
use crate::cancel::Why;
use crate::context::{Ctx, Stop};
use crate::error::{Exit, Failure, Flow, names, own};
use crate::executor::{Either, first};
use crate::journal::{Fact, Recorded};
use crate::trace::What;

/// A boxed future: steps hold steps.
pub(crate) type Flowing<'p, T> = Pin<Box<dyn Future<Output = T> + 'p>>;

/// Blocks in blocks. No syntax lets a manifest come near it.
const MAX_DEPTH: u32 = 300;
/// So many blocks stand on one stack.
const STACKED: u32 = 12;

/// What a step came to when the run goes on after it.
#[derive(Debug, Clone)]
pub(crate) struct Done {
    pub value: Arc<Json>,
    /// False where it was skipped, or its failure tolerated: no branch of a race wins with that.
    pub is_success: bool,
}

impl Done {
    pub fn success(value: Arc<Json>) -> Done {
        Done { value, is_success: true }
    }

    pub fn nothing() -> Done {
        Done { value: Arc::new(Json::Null), is_success: false }
    }
}

/// Steps in order; the result is the last one's.
pub(crate) async fn body<'p>(ctx: &Ctx<'p>, steps: &'p [Step]) -> Flow {
    let mut last = Arc::new(Json::Null);
    for each in steps {
        last = step(ctx.clone(), each).await?.value;
    }
    Ok(last)
}

/// One step.
pub(crate) fn step<'p>(ctx: Ctx<'p>, step: &'p Step) -> Flowing<'p, Flow<Done>> {
    let is_deep = ctx.depth > 0 && ctx.depth.is_multiple_of(STACKED);
    if is_deep { Box::pin(apart(ctx, step)) } else { Box::pin(in_place(ctx, step)) }
}

async fn in_place<'p>(ctx: Ctx<'p>, step: &'p Step) -> Flow<Done> {
    let done = guarded(&ctx, step).await?;
    ctx.scope.put(&step.id, done.value.clone(), &step.ty);
    Ok(done)
}

/// The step as a task of its own, so that deep nesting does not use up the stack.
async fn apart<'p>(ctx: Ctx<'p>, step: &'p Step) -> Flow<Done> {
    let (world, me) = (ctx.world.clone(), ctx.world.scheduler.current());
    let end: Rc<RefCell<Option<Flow<Done>>>> = Rc::default();
    let (result, scheduler) = (end.clone(), world.scheduler.clone());
    let task = world.spawn(async move {
        let done = in_place(ctx, step).await;
        *result.borrow_mut() = Some(done);
        scheduler.wake(me);
    });
    let done = std::future::poll_fn(|_| match end.borrow_mut().take() {
        Some(done) => Poll::Ready(done),
        None => Poll::Pending,
    });
    let done = done.await;
    world.scheduler.forget(task);
    done
}

async fn guarded<'p>(ctx: &Ctx<'p>, step: &'p Step) -> Flow<Done> {
    let key = ctx.key(&step.id);
    if ctx.depth > MAX_DEPTH {
        return Err(Exit::failed(own(names::TOO_DEEP, "blocks are nested too deep"), &key, 0));
    }
    let past = ctx.past(&key);
    if let Some(outcome) = past.outcome.clone().filter(|_| is_recorded_as_a_whole(step)) {
        return call::replayed(ctx, &key, &past, outcome);
    }
    match step.when.as_ref().map(|when| ctx.holds(when)) {
        Some(Ok(false)) => return Ok(skipped(ctx, step, &key)),
        Some(Err(error)) => return failed(ctx, step, &key, error),
        Some(Ok(true)) | None => {}
    }
    let result = within_deadline(ctx, step, &key).await;
    match result {
        Err(Exit::Failed(failure)) if !step.critical => Ok(match &step.kind {
            StepKind::Hold(hold) if hold::is_told(ctx, hold, &failure) => Done::nothing(),
            _ => tolerated(ctx, step, &key, &failure),
        }),
        other => other,
    }
}

/// Whether one entry of the journal stands for the step: those inside a block have their own.
fn is_recorded_as_a_whole(step: &Step) -> bool {
    match &step.kind {
        // A call, and an atomic block, take what is recorded of them by themselves.
        StepKind::Task(_) | StepKind::Hold(_) => false,
        kind => kind.bodies().is_empty(),
    }
}

fn skipped<'p>(ctx: &Ctx<'p>, step: &Step, key: &Arc<str>) -> Done {
    let was_told = matches!(ctx.past(key).outcome, Some(Recorded::Skipped));
    if !step.anonymous && !was_told {
        ctx.emit(What::StepSkipped { key: key.clone() });
        ctx.record(key, Fact::Skipped);
    }
    Done::nothing()
}

/// A step that fails before it does anything.
fn failed<'p>(ctx: &Ctx<'p>, step: &Step, key: &Arc<str>, error: ErrorForm) -> Flow<Done> {
    let failure = Failure { error, step: key.clone(), attempts: 0 };
    if step.critical {
        return Err(Exit::Failed(Arc::new(failure)));
    }
    Ok(tolerated(ctx, step, key, &failure))
}

/// The failure is recorded where the call itself has not done so.
fn tolerated<'p>(ctx: &Ctx<'p>, step: &Step, key: &Arc<str>, failure: &Failure) -> Done {
    if !step.anonymous {
        let (error, attempt) = (Arc::new(failure.error.clone()), failure.attempts);
        ctx.emit(What::StepFailed { key: key.clone(), attempt, error, tolerated: true });
    }
    Done::nothing()
}

/// The step, cancelled when the block's deadline is over. That it was over is a decision that replay does not repeat.
async fn within_deadline<'p>(ctx: &Ctx<'p>, step: &'p Step, key: &Arc<str>) -> Flow<Done> {
    let Some(milliseconds) = step.deadline_ms else { return kind(ctx, step, key).await };
    let choice: Arc<str> = format!("{key}.deadline").into();
    let past = ctx.past(&choice);
    let at = match past.deadline_at {
        Some(at) => at,
        None => {
            let at = ctx.world.now().saturating_add(milliseconds.saturating_mul(1000));
            ctx.record(&choice, Fact::DeadlineSet(at));
            at
        }
    };
    let inner = ctx.with_cancel(ctx.cancel.inside());
    if past.chosen.is_some() {
        inner.cancel.cancel(Why::Decided);
    }
    let mut work = std::pin::pin!(kind(&inner, step, key));
    if past.chosen.is_none() {
        match first(work.as_mut(), ctx.world.expiry(at, &ctx.run.id, key)).await {
            Either::Left(result) => return result,
            Either::Right(()) => {
                ctx.choose(&choice, Json::from("expired"));
                inner.cancel.cancel(Why::Decided);
            }
        }
    }
    match work.await {
        Err(paused @ Exit::Paused { .. }) => Err(paused),
        _ => match ctx.cancel.get() {
            Some(why) => Err(Exit::Cancelled(why)),
            None => {
                let error = own(names::DEADLINE, format!("not done within {milliseconds} ms"));
                Err(Exit::failed(error, key, 0))
            }
        },
    }
}

async fn kind<'p>(outer: &Ctx<'p>, step: &'p Step, key: &Arc<str>) -> Flow<Done> {
    let ctx = &Ctx { depth: outer.depth + 1, ..outer.clone() };
    let value = match &step.kind {
        StepKind::Task(task) => return call::task(ctx, key, task, step.critical).await,
        StepKind::Workflow(child) => return child::run(ctx, key, child, step.critical).await,
        StepKind::Sequence { steps } => body(ctx, steps).await?,
        StepKind::Parallel { branches, max_concurrency, on_failure } => {
            parallel::run(ctx, key, branches, *max_concurrency, *on_failure).await?
        }
        StepKind::Graph { steps } => graph::run(ctx, key, steps).await?,
        StepKind::Race { branches } => return race::run(ctx, key, branches).await,
        StepKind::Map(map) => map::run(ctx, key, map).await?,
        StepKind::Switch { cases } => switch::run(ctx, key, cases).await?,
        StepKind::Loop(repeat) => repeat::run(ctx, key, step, repeat).await?,
        StepKind::Try(block) => attempt::run(ctx, block).await?,
        StepKind::Sleep(delay) => sleep::run(ctx, key, delay).await?,
        StepKind::WaitFor(wait) => return signal::wait_for(ctx, key, wait, step.critical).await,
        StepKind::Emit(emit) => return signal::emit(ctx, key, emit, step.critical).await,
        StepKind::Hold(hold) => hold::run(ctx, key, hold, step.critical).await?,
        StepKind::Set { values } => values::set(ctx, key, values)?,
        StepKind::Return { value } => values::finish(ctx, key, value)?,
        StepKind::Fail { error, message } => values::fail(ctx, key, error, message)?,
    };
    Ok(Done::success(value))
}

/// A wait was cancelled. Where the run only stops for a person it is not recorded: it goes on later.
pub(crate) fn cancelled(ctx: &Ctx<'_>, key: &Arc<str>, stop: Stop) {
    if stop != Stop::Cancelled(Why::Paused) {
        ctx.emit(What::StepCancelled { key: key.clone(), unknown: false });
        ctx.record(key, Fact::Cancelled { undo: Vec::new() });
    }
}

/// The error of an expression, as the failure of the step.
pub(crate) fn broken(error: ErrorForm, key: &Arc<str>) -> Exit {
    Exit::failed(error, key, 0)
}
