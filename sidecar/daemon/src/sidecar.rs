//! The sidecar's heart: journal, sessions and backlog together, and what a commit sets off.
//!
//! It knows no line and no HTTP: connections and handlers call it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use conductor_journal::{
    Journal, Kept, Note, Owner, PlanRow, Refusal, RunInfo, StartRequest, Started, StoreError,
};
use conductor_protocol::entry::UnixMillis;
use conductor_protocol::message::{RunAck, RunRefused, method};
use conductor_telemetry::Metrics;
use tokio::sync::{Notify, watch};

use crate::ahead::Logs;
use crate::backlog::Backlog;
use crate::breakers::Breakers;
use crate::broker::Broker;
use crate::clock::Clock;
use crate::counting;
use crate::gate::Gate;
use crate::hosts::Hosts;
use crate::idle::Usage;
use crate::news::{Changed, News};
use crate::operating::BREAKER;
use crate::permits::HostPermits;
use crate::plans::{self, Plans};
use crate::policies::{POLICY, Policies};
use crate::retention::Keeping;
use crate::rpc;
use crate::session::Sessions;
use crate::signals;
use crate::timetable::Timetable;

pub(crate) struct Sidecar {
    pub(crate) journal: Journal,
    pub(crate) sessions: Sessions,
    pub(crate) ahead: Logs,
    pub(crate) backlog: Backlog,
    pub(crate) permits: HostPermits,
    pub(crate) breakers: Breakers,
    pub(crate) policies: Policies,
    pub(crate) plans: Plans,
    pub(crate) hosts: Hosts,
    /// Held while a person's decision goes to the disk and into force.
    pub(crate) deciding: tokio::sync::Mutex<()>,
    pub(crate) broker: Broker,
    pub(crate) metrics: Metrics,
    pub(crate) lease: Duration,
    pub(crate) clock: Clock,
    /// When it began, from which its metrics count.
    pub(crate) since: UnixMillis,
    pub(crate) keeping: Keeping,
    pub(crate) usage: Usage,
    /// Who comes over TCP.
    pub(crate) gate: Arc<Gate>,
    /// Where browsers of this machine find the pages.
    pub(crate) http: Option<SocketAddr>,
    pub(crate) news: News,
    timetable: Mutex<Timetable>,
    /// A schedule may be due.
    pub(crate) rescheduled: Notify,
    /// Plans that a session has ever registered.
    known: Mutex<BTreeMap<(String, String), PlanRow>>,
    /// Whether the last commit failed, so that trouble and its end are logged once each.
    trouble: AtomicBool,
    /// Why nothing more can be committed.
    pub(crate) lost: OnceLock<StoreError>,
    /// Something may be dispatched.
    pub(crate) kick: Notify,
    /// Other sidecars may have left something that can be dispatched here.
    pub(crate) hungry: Notify,
    /// The lease among sidecars is to be looked at before its time.
    pub(crate) hurry: Notify,
    /// True from the moment in which the sidecar shuts down.
    pub(crate) closing: watch::Sender<bool>,
}

impl Sidecar {
    pub(crate) fn new(
        journal: Journal,
        permits: HostPermits,
        lease: Duration,
        clock: Clock,
        keeping: Keeping,
        usage: Usage,
        gate: Gate,
    ) -> Result<Sidecar, StoreError> {
        let known =
            journal.store().plans()?.into_iter().map(|row| ((row.workflow.clone(), row.digest.clone()), row));
        let timetable = Timetable::new(journal.store().schedules()?, clock.now());
        let policies = Policies::new(journal.store().standing(POLICY)?);
        let plans = Plans::new(journal.store().all_shelved(Kept::Plan)?);
        let me = journal.shared().map(|shared| shared.name().to_owned());
        let breakers = Breakers::new(me, &journal.store().standing(BREAKER)?);
        Ok(Sidecar {
            known: Mutex::new(known.collect()),
            journal,
            sessions: Sessions::new(lease + lease / 2),
            ahead: Logs::default(),
            backlog: Backlog::default(),
            permits,
            breakers,
            policies,
            plans,
            hosts: Hosts::default(),
            deciding: tokio::sync::Mutex::default(),
            broker: Broker::default(),
            metrics: Metrics::new(env!("CARGO_PKG_VERSION")),
            lease,
            since: clock.now(),
            clock,
            keeping,
            usage,
            gate: Arc::new(gate),
            http: None,
            news: News::default(),
            timetable: Mutex::new(timetable),
            rescheduled: Notify::new(),
            trouble: AtomicBool::new(false),
            lost: OnceLock::new(),
            kick: Notify::new(),
            hungry: Notify::new(),
            hurry: Notify::new(),
            closing: watch::Sender::new(false),
        })
    }

    pub(crate) fn timetable(&self) -> MutexGuard<'_, Timetable> {
        self.timetable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_closing(&self) -> bool {
        *self.closing.borrow()
    }

    /// Returns when the sidecar shuts down.
    pub(crate) async fn closed(&self) {
        // An error would mean that the sidecar is gone, which `self` rules out.
        let _ = self.closing.subscribe().wait_for(|closing| *closing).await.map(drop);
    }

    pub(crate) fn may_take(&self, owner: &Owner) -> bool {
        // What its process has in a log of its own comes first.
        !self.ahead.holds(&owner.session) && self.sessions.may_take(owner)
    }

    /// Starts a run that may stand in no log which is on its way to the store.
    pub(crate) fn start(&self, request: StartRequest, caller: Option<&Owner>) -> Result<Started, Refusal> {
        let may_take = |owner: &Owner| self.may_take(owner);
        self.journal.start_where(request, caller, &may_take, &|| !self.ahead.is_settling())
    }

    /// Commits what has gathered, unless somebody is at it. Called after every batch of messages.
    pub(crate) fn flush(self: &Arc<Self>) {
        let Some(done) = blocking(|| self.journal.commit(|notes| self.deliver(notes))) else { return };
        self.metrics.commit(done.took, done.records);
        let before = self.trouble.swap(done.failure.is_some(), Ordering::Relaxed);
        match done.failure {
            Some(error) => {
                self.metrics.store_failed();
                if !before {
                    eprintln!("conductor sidecar: the store refuses commits: {error}");
                }
            }
            None if before => eprintln!("conductor sidecar: the store takes commits again"),
            None => {}
        }
        if done.more {
            // Somebody else's records: his turn must not be spent in this connection's task for ever.
            let this = Arc::clone(self);
            tokio::spawn(async move { this.flush() });
        }
    }

    /// Whether the last commit failed.
    pub(crate) fn is_in_trouble(&self) -> bool {
        self.trouble.load(Ordering::Relaxed)
    }

    /// Tells everybody what a commit means to them, in its order.
    pub(crate) fn deliver(&self, notes: Vec<Note>) {
        let mut lines: BTreeMap<Arc<str>, Vec<u8>> = BTreeMap::new();
        let mut counted = Vec::new();
        for note in notes {
            match note {
                Note::Acked { run, session, seq } => {
                    let out = lines.entry(session).or_default();
                    rpc::notice(out, method::RUN_ACK, RunAck { run: run.to_string(), seq });
                }
                // What it was told of may stand in its log: it comes again when the store has taken that, and nobody begins
                // its runs anew until then.
                Note::Reverting { session } | Note::Refused { session, .. } if self.ahead.holds(&session) => {
                    self.ahead.close(&session, None);
                    self.sessions.hang_up(&session);
                }
                Note::Reverting { .. } => {}
                Note::Refused { run, session, epoch, seq, refusal } => {
                    self.metrics.refused(refusal.reason());
                    let refused = RunRefused {
                        run: run.to_string(),
                        epoch,
                        seq,
                        code: refusal.code(),
                        message: refusal.to_string(),
                    };
                    rpc::notice(lines.entry(session).or_default(), method::RUN_REFUSED, refused);
                }
                Note::Signalled { run, owner, epoch, signals } => {
                    signals::told(lines.entry(owner).or_default(), &run, epoch, &signals);
                }
                Note::Stopped { run, workflow, session, started_at, trace, head } => {
                    if let Some(session) = session {
                        self.sessions.unload(&session, &run);
                    }
                    counting::stopped(&self.metrics, &workflow, started_at, trace.as_deref(), &head);
                    self.backlog.stopped(&run);
                    self.kick.notify_one();
                }
                Note::Changed { run, workflow, state } => {
                    self.news.tell(Changed { run, workflow, state });
                }
                Note::Gone { run, session } => {
                    self.sessions.unload(&session, &run);
                    self.backlog.stopped(&run);
                    self.kick.notify_one();
                }
                Note::Facts { workflow, plan, trace, facts } => counted.push((workflow, plan, trace, facts)),
            }
        }
        for (session, lines) in lines {
            if let Some(outbox) = self.sessions.outbox(&session) {
                outbox.send(&lines);
            }
        }
        // Nobody waits for what is only counted.
        for (workflow, plan, trace, facts) in counted {
            let task_of = |key: &str| plans::task_of(self, plan.as_deref()?, key);
            counting::facts(&self.metrics, &workflow, trace.as_deref(), &facts, task_of);
        }
    }

    /// Puts a run that somebody gave back, or lost, where it can be dispatched from.
    pub(crate) fn offer(&self, info: &RunInfo) {
        let open = |run: &str| self.journal.is_open(run);
        self.backlog.offer(info, open);
        self.kick.notify_one();
    }

    /// Remembers which plans there are, so that a start over HTTP knows a workflow when it sees one.
    pub(crate) fn learn(&self, plans: &[PlanRow]) -> Result<(), StoreError> {
        let new: Vec<PlanRow> = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let is_new = |row: &&PlanRow| {
                let old = known.get(&(row.workflow.clone(), row.digest.clone()));
                old.is_none_or(|old| row.secret.iter().any(|name| !old.secret.contains(name)))
            };
            plans.iter().filter(is_new).cloned().collect()
        };
        if new.is_empty() {
            return Ok(());
        }
        blocking(|| self.journal.store().register(&new))?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(new.into_iter().map(|row| ((row.workflow.clone(), row.digest.clone()), row)));
        Ok(())
    }

    /// Takes up what other sidecars of the store have learned.
    pub(crate) fn relearn(&self) -> Result<(), StoreError> {
        let rows = self.journal.store().plans()?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(rows.into_iter().map(|row| ((row.workflow.clone(), row.digest.clone()), row)));
        Ok(())
    }

    /// The names of a workflow's secret inputs in any build: what was secret once stays so.
    pub(crate) fn secret(&self, workflow: &str) -> BTreeSet<String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = known.values().filter(|row| row.workflow == workflow);
        rows.flat_map(|row| row.secret.iter().cloned()).collect()
    }

    pub(crate) fn known_workflows(&self) -> BTreeSet<String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.keys().map(|(workflow, _)| workflow.clone()).collect()
    }
}

/// Runs what waits for the disk without holding up the other tasks of this thread.
pub(crate) fn blocking<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}
