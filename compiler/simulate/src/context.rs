//! Where a step stands: its run, what it can see, its key's prefix, and who may cancel it.
//!
//! It knows no construct; it is what all of them need of the world.

use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;

use conductor_protocol::error::ErrorForm;
use conductor_protocol::expr::Expr;
use serde_json::Value as Json;

use crate::call::WorkEnd;
use crate::cancel::{Cancel, Why};
use crate::clock::{Micros, Timer};
use crate::error::Exit;
use crate::executor::{Either, first};
use crate::expressions::Reading;
use crate::journal::{Fact, Past};
use crate::oracle::Action;
use crate::promise::Promise;
use crate::run::Run;
use crate::scope::Scope;
use crate::trace::{Event, What};
use crate::world::World;

#[derive(Clone)]
pub(crate) struct Ctx<'p> {
    pub world: Rc<World<'p>>,
    pub run: Rc<Run<'p>>,
    pub scope: Scope<'p>,
    /// Before every key: `each_item[3].`.
    pub prefix: Arc<str>,
    pub cancel: Cancel,
    /// Connections that blocks around the step hold.
    pub held: Option<Rc<Held<'p>>>,
    /// Inside an atomic block nothing is recorded.
    pub is_atomic: bool,
    pub depth: u32,
}

/// A resource whose connection is held, and those around it.
pub(crate) struct Held<'p> {
    pub resource: &'p str,
    pub outer: Option<Rc<Held<'p>>>,
}

/// Until when something is waited for, and whose limit it is.
#[derive(Debug, Clone)]
pub(crate) struct Limit {
    pub at: Option<Micros>,
    pub key: Arc<str>,
}

/// Why a wait ended without what was waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    Cancelled(Why),
    /// The limit is over.
    Over,
}

impl Stop {
    pub fn into_exit(
        self,
        ctx: &Ctx<'_>,
        key: &Arc<str>,
        attempts: u32,
        error: impl FnOnce() -> ErrorForm,
    ) -> Exit {
        match (self, ctx.cancel.get()) {
            (Stop::Cancelled(why), _) | (Stop::Over, Some(why)) => Exit::Cancelled(why),
            (Stop::Over, None) => Exit::failed(error(), key, attempts),
        }
    }
}

impl<'p> Ctx<'p> {
    pub fn of_run(world: &Rc<World<'p>>, run: &Rc<Run<'p>>, cancel: Cancel) -> Ctx<'p> {
        Ctx {
            world: world.clone(),
            run: run.clone(),
            scope: Scope::new(),
            prefix: Arc::from(""),
            cancel,
            held: None,
            is_atomic: false,
            depth: 0,
        }
    }

    pub fn with_cancel(&self, cancel: Cancel) -> Ctx<'p> {
        Ctx { cancel, ..self.clone() }
    }

    pub fn with_scope(&self, scope: Scope<'p>) -> Ctx<'p> {
        Ctx { scope, ..self.clone() }
    }

    /// Where neither a cancellation nor a deadline of those around it reaches: compensation, `finally`.
    pub fn shielded(&self) -> Ctx<'p> {
        self.with_cancel(Cancel::new(&self.world.scheduler))
    }

    pub fn key(&self, id: &str) -> Arc<str> {
        if self.prefix.is_empty() { Arc::from(id) } else { format!("{}{id}", self.prefix).into() }
    }

    pub fn evaluate(&self, expr: &Expr) -> Result<Arc<Json>, ErrorForm> {
        Reading { run: &self.run, scope: &self.scope }.evaluate(expr)
    }

    /// Whether a condition counts as true.
    pub fn holds(&self, expr: &Expr) -> Result<bool, ErrorForm> {
        let holds = Reading { run: &self.run, scope: &self.scope }.holds(expr)?;
        Ok(self.world.condition(holds))
    }

    pub fn micros(&self, expr: &Expr) -> Result<Micros, ErrorForm> {
        Reading { run: &self.run, scope: &self.scope }.micros(expr)
    }

    pub fn emit(&self, what: What) {
        self.world.emit(Event { at_us: self.world.now(), run: self.run.id.clone(), what });
    }

    /// What an earlier life of the run recorded of the key.
    pub fn past(&self, key: &Arc<str>) -> Past<'p> {
        if self.is_atomic {
            return Past::default();
        }
        self.run.history.borrow().get(key).cloned().unwrap_or_default()
    }

    /// Adds a fact to the journal. Says its position.
    pub fn record(&self, key: &Arc<str>, fact: Fact<'p>) -> usize {
        if self.is_atomic || !self.run.is_durable() {
            return self.run.journal.appended();
        }
        self.world.append(&self.run, key, fact)
    }

    /// Records a decision, and tells it.
    pub fn choose(&self, key: &Arc<str>, value: Json) {
        let value = Arc::new(value);
        self.record(key, Fact::Chosen(value.clone()));
        self.emit(What::Chosen { key: key.clone(), value });
    }

    /// Goes no further where the process has died: what outlives it must not be touched.
    pub async fn alive(&self) {
        if self.world.is_dead() {
            std::future::pending().await
        }
    }

    /// Waits until everything recorded so far is on disk.
    pub async fn barrier(&self, key: &Arc<str>) {
        self.alive().await;
        let journal = &self.run.journal;
        let wanted = journal.appended();
        if self.is_atomic || !self.run.is_durable() || journal.durable() >= wanted {
            return;
        }
        self.emit(What::DurableWait { key: key.clone() });
        let promise = journal.when_durable(wanted, Promise::new(&self.world.scheduler));
        promise.wait().await;
    }

    /// `work`, unless a cancellation or the limit comes first.
    pub async fn unless_stopped<T>(&self, limit: &Limit, work: impl Future<Output = T>) -> Result<T, Stop> {
        let cancelled = self.cancel.happened();
        let stop = async {
            match limit.at {
                None => Stop::Cancelled(cancelled.await),
                Some(at) => match first(cancelled, self.world.expiry(at, &self.run.id, &limit.key)).await {
                    Either::Left(why) => Stop::Cancelled(why),
                    Either::Right(()) => Stop::Over,
                },
            }
        };
        match first(work, stop).await {
            Either::Left(value) => Ok(value),
            Either::Right(stop) => Err(stop),
        }
    }

    /// Lets time pass until `at`.
    pub async fn pause(&self, at: Micros, key: &Arc<str>, limit: &Limit) -> Result<(), Stop> {
        let action = Action::Pass { run: self.run.id.to_string(), key: key.to_string() };
        self.unless_stopped(limit, Timer::new(&self.world.scheduler, at, action)).await
    }

    /// The real end of a write, within the bound in which one is waited for.
    pub async fn settled(&self, work: &Promise<WorkEnd>) -> Option<WorkEnd> {
        let at = self.world.now().saturating_add(self.world.settings.settle_us);
        match first(work.wait(), self.world.expiry(at, &self.run.id, &Arc::from("settle"))).await {
            Either::Left(end) => Some(end),
            Either::Right(()) => None,
        }
    }

    /// Whether a block around the step holds a connection of the resource.
    pub fn holds_connection(&self, resource: &str) -> bool {
        let mut held = self.held.as_ref();
        while let Some(known) = held {
            if known.resource == resource {
                return true;
            }
            held = known.outer.as_ref();
        }
        false
    }
}
