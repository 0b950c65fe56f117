//! The sessions: who is connected, who was, how long each has been silent, and what each serves.
//!
//! It knows no journal: which runs a session owns stands there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use conductor_journal::Owner;
use conductor_protocol::message::{ClientInfo, PlanRef};

use crate::gate::Guest;
use crate::outbox::Outbox;
use crate::process;

/// When a session was last heard; set without a lock, because every message does it.
pub(crate) struct Pulse {
    origin: Instant,
    heard: AtomicU64,
}

impl Pulse {
    pub(crate) fn new() -> Arc<Pulse> {
        Arc::new(Pulse { origin: Instant::now(), heard: AtomicU64::new(0) })
    }

    pub(crate) fn beat(&self) {
        let millis = u64::try_from(self.origin.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.heard.store(millis, Ordering::Relaxed);
    }

    fn silence(&self) -> Duration {
        self.origin.elapsed().saturating_sub(Duration::from_millis(self.heard.load(Ordering::Relaxed)))
    }
}

/// A session, connected or not. One that is only known from the journal has no client and serves nothing.
pub(crate) struct Session {
    pub(crate) owner: Owner,
    pub(crate) client: Option<ClientInfo>,
    /// Who opened it; nothing of one that is only known from the journal.
    pub(crate) guest: Option<Guest>,
    pub(crate) serve: u32,
    pub(crate) plans: Vec<PlanRef>,
    /// Signatures of the functions that it serves, by name.
    pub(crate) tasks: BTreeMap<String, String>,
    pub(crate) outbox: Option<Arc<Outbox>>,
    pub(crate) pulse: Arc<Pulse>,
    /// Runs that were dispatched to it and have not stopped.
    pub(crate) dispatched: BTreeSet<Arc<str>>,
    /// Whether its process could be seen when it came: one of another pid namespace has its lease alone.
    pub(crate) watched: bool,
}

impl Session {
    pub(crate) fn new(owner: Owner) -> Session {
        Session {
            watched: process::lives(owner.pid, owner.process_start),
            owner,
            client: None,
            guest: None,
            serve: 0,
            plans: Vec::new(),
            tasks: BTreeMap::new(),
            outbox: None,
            pulse: Pulse::new(),
            dispatched: BTreeSet::new(),
        }
    }

    fn is_dead(&self) -> bool {
        self.watched && !process::lives(self.owner.pid, self.owner.process_start)
    }

    fn room(&self) -> usize {
        (self.serve as usize).saturating_sub(self.dispatched.len())
    }
}

pub(crate) struct Sessions {
    table: Mutex<BTreeMap<Arc<str>, Session>>,
    /// Silence after which a session's runs are free.
    grace: Duration,
}

/// Whom a run can be dispatched to.
pub(crate) struct Server {
    pub(crate) owner: Owner,
    pub(crate) plan: String,
    pub(crate) language: String,
    pub(crate) outbox: Arc<Outbox>,
}

/// Who can make the call of a function.
pub(crate) enum Serving {
    By(Arc<str>, Arc<Outbox>),
    /// Only processes that were built from something else; one's language.
    Otherwise(String),
    Nobody,
}

impl Sessions {
    pub(crate) fn new(grace: Duration) -> Sessions {
        Sessions { table: Mutex::default(), grace }
    }

    pub(crate) fn hold(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Session>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nobody lives any more, or has been heard for long enough, who owns the run.
    pub(crate) fn may_take(&self, owner: &Owner) -> bool {
        self.hold().get(&owner.session).is_none_or(|session| session.pulse.silence() > self.grace)
    }

    /// The connection of a session.
    pub(crate) fn outbox(&self, session: &str) -> Option<Arc<Outbox>> {
        self.hold().get(session).and_then(|session| session.outbox.clone())
    }

    /// Ends the connection of a session.
    pub(crate) fn hang_up(&self, session: &str) {
        self.outbox(session).iter().for_each(|outbox| outbox.close());
    }

    /// Takes up a greeted session; an older connection of the same one is closed.
    pub(crate) fn join(&self, session: Session) {
        let mut table = self.hold();
        let id = Arc::clone(&session.owner.session);
        let dispatched = table.remove(&id).map(|old| {
            if let Some(outbox) = &old.outbox {
                outbox.close();
            }
            old.dispatched
        });
        let session = Session { dispatched: dispatched.unwrap_or_default(), ..session };
        table.insert(id, session);
    }

    /// The connection has ended; the session stays until its process is dead or its lease is over.
    /// False where a newer connection has taken its place.
    pub(crate) fn leave(&self, session: &str, outbox: &Arc<Outbox>) -> bool {
        let mut table = self.hold();
        let found = table.get_mut(session);
        let own = found.filter(|found| found.outbox.as_ref().is_some_and(|own| Arc::ptr_eq(own, outbox)));
        own.map(|found| found.outbox = None).is_some()
    }

    /// Forgets a session that is not connected and whose process is dead. Whether it did.
    pub(crate) fn bury(&self, session: &str) -> bool {
        let mut table = self.hold();
        let dead = table.get(session).is_some_and(|session| session.outbox.is_none() && session.is_dead());
        if dead {
            table.remove(session);
        }
        dead
    }

    /// Forgets the dead, and the silent that are not connected: their runs and permits are free then. Says who they
    /// were.
    pub(crate) fn sweep(&self) -> Vec<Arc<str>> {
        let mut gone = Vec::new();
        self.hold().retain(|id, session| {
            let dead = session.is_dead();
            // A child of a dead process may hold its socket open.
            if dead && let Some(outbox) = &session.outbox {
                outbox.close();
            }
            let silent = session.pulse.silence() > self.grace;
            let stays = !(dead || (silent && session.outbox.is_none()));
            if !stays {
                gone.push(Arc::clone(id));
            }
            stays
        });
        gone
    }

    /// Whether a process has a session and is not known to be dead.
    pub(crate) fn lives(&self, process: (u32, u64)) -> bool {
        let is_its = |session: &&Session| (session.owner.pid, session.owner.process_start) == process;
        self.hold().values().find(is_its).is_some_and(|session| !session.is_dead())
    }

    /// All sessions, and their processes.
    pub(crate) fn present(&self) -> (BTreeSet<Arc<str>>, BTreeSet<(u32, u64)>) {
        let sessions = self.hold().keys().cloned().collect();
        (sessions, self.processes())
    }

    /// The connections of all sessions.
    pub(crate) fn outboxes(&self) -> Vec<Arc<Outbox>> {
        self.hold().values().filter_map(|session| session.outbox.clone()).collect()
    }

    /// The processes of all sessions: pid and start time.
    pub(crate) fn processes(&self) -> BTreeSet<(u32, u64)> {
        self.hold().values().map(|session| (session.owner.pid, session.owner.process_start)).collect()
    }

    /// The least loaded connected session that serves the workflow: with this plan, or with any for `None`.
    pub(crate) fn server_of(&self, workflow: &str, plan: Option<&str>) -> Option<Server> {
        let table = self.hold();
        let serving = |session: &Session| {
            let found = session
                .plans
                .iter()
                .find(|has| has.workflow == workflow && plan.is_none_or(|plan| has.digest == plan))?;
            Some(found.digest.clone())
        };
        table
            .values()
            .filter(|session| session.room() > 0 && session.pulse.silence() <= self.grace)
            .filter_map(|session| Some((session, serving(session)?, session.outbox.clone()?)))
            .min_by_key(|(session, _, _)| session.dispatched.len())
            .map(|(session, plan, outbox)| Server {
                owner: session.owner.clone(),
                plan,
                language: session.client.as_ref().map(|client| client.language.clone()).unwrap_or_default(),
                outbox,
            })
    }

    /// Workflows and Plans of the connected sessions that take more runs, and how many all of them take.
    pub(crate) fn served(&self) -> (BTreeSet<(String, String)>, usize) {
        let table = self.hold();
        let with_room = table.values().filter(|session| {
            session.room() > 0 && session.outbox.is_some() && session.pulse.silence() <= self.grace
        });
        let (mut served, mut room) = (BTreeSet::new(), 0);
        for session in with_room {
            room += session.room();
            served.extend(session.plans.iter().map(|plan| (plan.workflow.clone(), plan.digest.clone())));
        }
        (served, room)
    }

    /// Counts every connected session as heard just now: for a while nobody was listened to.
    pub(crate) fn beat(&self) {
        let table = self.hold();
        table.values().filter(|session| session.outbox.is_some()).for_each(|session| session.pulse.beat());
    }

    /// Whether a connected session takes runs of the workflow, of whatever Plan.
    pub(crate) fn serves(&self, workflow: &str) -> bool {
        self.hold().values().any(|session| {
            session.serve > 0
                && session.outbox.is_some()
                && session.plans.iter().any(|plan| plan.workflow == workflow)
        })
    }

    /// Digests of the Plans that connected sessions serve.
    pub(crate) fn plans(&self) -> BTreeSet<Box<str>> {
        let table = self.hold();
        let connected = table.values().filter(|session| session.outbox.is_some());
        connected.flat_map(|session| &session.plans).map(|plan| plan.digest.as_str().into()).collect()
    }

    /// The connected session with the smallest of `loads` that serves the function with that signature.
    pub(crate) fn serving(
        &self,
        function: &str,
        signature: &str,
        loads: &BTreeMap<Arc<str>, usize>,
    ) -> Serving {
        let table = self.hold();
        let heard = table.values().filter(|session| session.pulse.silence() <= self.grace);
        let serving = heard
            .filter_map(|session| Some((session, session.tasks.get(function)?, session.outbox.clone()?)));
        let (fitting, others): (Vec<_>, Vec<_>) = serving.partition(|(_, has, _)| *has == signature);
        let load = |session: &Session| loads.get(&session.owner.session).copied().unwrap_or(0);
        if let Some((session, _, outbox)) = fitting.into_iter().min_by_key(|(session, ..)| load(session)) {
            return Serving::By(Arc::clone(&session.owner.session), outbox);
        }
        let language = |session: &Session| session.client.as_ref().map(|client| client.language.clone());
        match others.first() {
            Some((session, ..)) => Serving::Otherwise(language(session).unwrap_or_default()),
            None => Serving::Nobody,
        }
    }

    /// Whether nothing was heard of a session for so long that what it had is free.
    pub(crate) fn is_silent(&self, session: &str) -> bool {
        self.hold().get(session).is_none_or(|session| session.pulse.silence() > self.grace)
    }

    /// Notes a run as dispatched to a session.
    pub(crate) fn load(&self, session: &str, run: &Arc<str>) {
        if let Some(session) = self.hold().get_mut(session) {
            session.dispatched.insert(Arc::clone(run));
        }
    }

    /// The run is not executed by the session any more. Whether it had been dispatched.
    pub(crate) fn unload(&self, session: &str, run: &str) -> bool {
        self.hold().get_mut(session).is_some_and(|session| session.dispatched.remove(run))
    }
}
