//! Permits that the processes of the host share: who holds one, who waits, and what the death of a holder frees.
//!
//! `conductor_policy` decides who is next. It knows sessions by their ids only, and no socket.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use conductor_policy::permits::{Asked, Permits};
use conductor_policy::rate::Rate;
use conductor_protocol::permit::{LeasedStarts, PermitAcquire, PermitClaim, PermitGranted};
use tokio::sync::oneshot;

use crate::paces::Paces;

/// How long holders from before a restart have to come back before anybody is granted what they may still hold.
const RETURN: Duration = Duration::from_secs(2);

/// Says on disk that permits were out when the sidecar ended.
const MARK: &str = "permits";

/// Tickets are given out in the order of asking.
type Ticket = u64;

/// A permit's name: the session and the number that it chose.
type Key = (Arc<str>, u64);

/// What a session that asks has to wait for.
#[derive(Debug)]
pub(crate) enum Turn {
    Granted(PermitGranted),
    /// The rate lets it go on at this moment.
    At(Instant),
    /// Until it is woken; then it asks again. Meanwhile others are told to give back what they keep.
    Queued(oneshot::Receiver<()>, Recall),
    /// It was given back in the meantime.
    Gone,
}

/// Leases of a resource that are over, and whose they were.
#[derive(Debug)]
pub(crate) struct Recall {
    pub(crate) resource: Arc<str>,
    /// They have this number at most.
    pub(crate) keep: u64,
    pub(crate) sessions: BTreeSet<Arc<str>>,
}

pub(crate) struct HostPermits {
    origin: Instant,
    mark: PathBuf,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    pools: BTreeMap<Arc<str>, Pool>,
    /// Where each permit is asked for or held.
    places: BTreeMap<Key, (Arc<str>, Ticket)>,
    tickets: Ticket,
    /// Leases are numbered, so that one that is on its way to a session is not missed by its recall.
    leases: u64,
    /// Holders from before may still come back.
    is_waiting: bool,
    is_marked: bool,
}

struct Pool {
    permits: Permits<Ticket>,
    paces: Paces,
    entries: BTreeMap<Ticket, Entry>,
    /// How many of the entries were asked for with each limit: the smallest wins.
    limits: BTreeMap<u32, usize>,
}

struct Entry {
    session: Arc<str>,
    limit: Option<u32>,
    stage: Stage,
    /// The grant comes with these.
    starts: Option<LeasedStarts>,
    wake: Option<oneshot::Sender<()>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Waits for the rate until then.
    Paced(Instant),
    Queued,
    Held,
}

impl HostPermits {
    /// Where permits were out when the last sidecar of the folder ended, nobody is granted one until [`Self::settle`].
    pub(crate) fn new(folder: &Path) -> HostPermits {
        let mark = folder.join(MARK);
        let is_waiting = mark.exists();
        let table = Table { is_waiting, is_marked: is_waiting, ..Table::default() };
        HostPermits { origin: Instant::now(), mark, table: Mutex::new(table) }
    }

    fn hold(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long holders from before have to come back; nothing where there were none.
    pub(crate) fn grace(&self, lease: Duration) -> Option<Duration> {
        self.hold().is_waiting.then_some(RETURN.min(lease + lease / 2))
    }

    /// Whoever held a permit before has claimed it by now, or does not hold it any more.
    pub(crate) fn settle(&self) {
        let mut table = self.hold();
        table.is_waiting = false;
        for pool in table.pools.values_mut() {
            pool.fit(false);
        }
    }

    /// Takes up the wish for a permit; the same wish again keeps its place.
    pub(crate) fn ask(&self, session: &Arc<str>, asked: &PermitAcquire) -> Turn {
        let key = (Arc::clone(session), asked.permit);
        let mut table = self.hold();
        if !table.places.contains_key(&key) {
            let (rate, limit) = (asked.rate, asked.limit);
            let now = self.origin.elapsed();
            let (at, starts) = rate.map_or((now, None), |rate| {
                let rate = Rate { permits: rate.permits, per: Duration::from_millis(rate.per_ms) };
                let spare = asked.spare.unwrap_or_default();
                table.pool(&asked.resource).paces.ask(session, rate, spare, now)
            });
            let entry = Entry { starts, ..Entry::new(session, limit, Stage::Paced(self.origin + at)) };
            table.enter(key.clone(), &asked.resource, entry);
        }
        drop(table);
        self.turn(&key.0, key.1)
    }

    /// How it stands with a permit that was asked for.
    pub(crate) fn turn(&self, session: &Arc<str>, permit: u64) -> Turn {
        let key = (Arc::clone(session), permit);
        let mut table = self.hold();
        let turn = table.turn(&key, Instant::now());
        if matches!(turn, Turn::Granted(_)) && !table.is_marked {
            table.is_marked = true;
            if let Err(error) = fs::write(&self.mark, b"") {
                eprintln!("conductor sidecar: {} cannot be written: {error}", self.mark.display());
            }
        }
        turn
    }

    pub(crate) fn release(&self, session: &Arc<str>, permit: u64) {
        self.hold().leave(&(Arc::clone(session), permit));
    }

    /// A session has come, perhaps anew: what it does not claim is free, what it held before a restart is its own.
    pub(crate) fn reclaim(&self, session: &Arc<str>, claims: &[PermitClaim]) {
        let mut table = self.hold();
        for key in table.of(session) {
            if !claims.iter().any(|claim| claim.permit == key.1) {
                table.leave(&key);
            }
        }
        for claim in claims.iter().filter(|claim| claim.held) {
            let key = (Arc::clone(session), claim.permit);
            // What it kept when the connection was lost it does not claim, and what it holds it gives back.
            match table.places.get(&key).cloned() {
                Some((resource, ticket)) => table.pool(&resource).permits.unlease(ticket),
                None => table.enter(key, &claim.resource, Entry::new(session, claim.limit, Stage::Held)),
            }
        }
    }

    /// The session is no more, and neither is what it held or waited for.
    pub(crate) fn forget(&self, session: &Arc<str>) {
        let mut table = self.hold();
        for key in table.of(session) {
            table.leave(&key);
        }
        table.pools.values_mut().for_each(|pool| pool.paces.forget(session));
    }

    /// Forgets pools that nobody needs, and takes the mark away when nothing is out.
    pub(crate) fn sweep(&self) {
        let now = self.origin.elapsed();
        let mut table = self.hold();
        table.pools.retain(|_, pool| !pool.entries.is_empty() || !pool.paces.are_past(now));
        if table.is_marked && !table.is_waiting && table.places.is_empty() {
            table.is_marked = false;
            // It is only a hint: left behind, it costs the next start a short wait.
            let _ = fs::remove_file(&self.mark);
        }
    }
}

impl Table {
    fn pool(&mut self, resource: &str) -> &mut Pool {
        self.pools.entry(resource.into()).or_insert_with(|| Pool {
            permits: Permits::new(0),
            paces: Paces::default(),
            entries: BTreeMap::new(),
            limits: BTreeMap::new(),
        })
    }

    fn of(&self, session: &Arc<str>) -> Vec<Key> {
        let from = (Arc::clone(session), 0);
        self.places.range(from..).map(|(key, _)| key).take_while(|key| key.0 == *session).cloned().collect()
    }

    fn enter(&mut self, key: Key, resource: &str, entry: Entry) {
        let ticket = self.tickets;
        self.tickets += 1;
        self.places.insert(key, (resource.into(), ticket));
        let is_waiting = self.is_waiting;
        let pool = self.pool(resource);
        let (limit, stage) = (entry.limit, entry.stage);
        pool.entries.insert(ticket, entry);
        if let Some(limit) = limit {
            *pool.limits.entry(limit).or_default() += 1;
            if stage == Stage::Held {
                pool.permits.hold(ticket);
            }
        }
        pool.fit(is_waiting);
    }

    fn turn(&mut self, key: &Key, now: Instant) -> Turn {
        let Some((resource, ticket)) = self.places.get(key).cloned() else { return Turn::Gone };
        let (is_waiting, next) = (self.is_waiting, self.leases + 1);
        let pool = self.pool(&resource);
        let Some(entry) = pool.entries.get_mut(&ticket) else { return Turn::Gone };
        match entry.stage {
            Stage::Paced(at) if at > now => return Turn::At(at),
            Stage::Paced(_) if entry.limit.is_none() => {
                // There is nothing to hold, so that nothing will be given back.
                let granted = PermitGranted { starts: entry.starts, keep: None };
                self.leave(key);
                return Turn::Granted(granted);
            }
            Stage::Paced(_) if pool.permits.ask(ticket) == Asked::Granted => entry.stage = Stage::Held,
            Stage::Paced(_) => entry.stage = Stage::Queued,
            Stage::Held | Stage::Queued => {}
        }
        if entry.stage == Stage::Held {
            let granted = PermitGranted {
                starts: entry.starts.take(),
                keep: pool.permits.lease(ticket).then_some(next),
            };
            self.leases = granted.keep.unwrap_or(self.leases);
            return Turn::Granted(granted);
        }
        let (wake, woken) = oneshot::channel();
        entry.wake = Some(wake);
        pool.fit(is_waiting);
        let over = pool.permits.recall();
        let sessions =
            over.iter().filter_map(|ticket| pool.entries.get(ticket)).map(|entry| Arc::clone(&entry.session));
        let sessions = sessions.collect();
        Turn::Queued(woken, Recall { resource, keep: self.leases, sessions })
    }

    fn leave(&mut self, key: &Key) {
        let Some((resource, ticket)) = self.places.remove(key) else { return };
        let is_waiting = self.is_waiting;
        let pool = self.pool(&resource);
        let Some(entry) = pool.entries.remove(&ticket) else { return };
        let Some(limit) = entry.limit else { return };
        if let Some(count) = pool.limits.get_mut(&limit) {
            *count -= 1;
            if *count == 0 {
                pool.limits.remove(&limit);
            }
        }
        let next = pool.permits.leave(ticket);
        pool.grant(next);
        pool.fit(is_waiting);
    }
}

impl Entry {
    fn new(session: &Arc<str>, limit: Option<u32>, stage: Stage) -> Entry {
        Entry { session: Arc::clone(session), limit, stage, starts: None, wake: None }
    }
}

impl Pool {
    /// As many permits as the smallest of the limits says; none while holders from before may come back.
    fn fit(&mut self, is_waiting: bool) {
        let smallest = self.limits.first_key_value().map_or(0, |(limit, _)| *limit);
        let granted = self.permits.resize(if is_waiting { 0 } else { smallest });
        self.grant(granted);
    }

    fn grant(&mut self, tickets: impl IntoIterator<Item = Ticket>) {
        for ticket in tickets {
            let Some(entry) = self.entries.get_mut(&ticket) else { continue };
            entry.stage = Stage::Held;
            if let Some(wake) = entry.wake.take() {
                // Nobody listens where the connection is lost: the session asks again when it is back.
                let _ = wake.send(());
            }
        }
    }
}
