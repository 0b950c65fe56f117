//! Circuit breakers of the host: what processes report of their own, who may try, and what all are told.
//!
//! `conductor_policy` decides. Here are its clock, the sessions that hold a probe, and what people decided; neither the calls
//! nor how other hosts are reached.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use conductor_journal::{AuditRow, Owner};
use conductor_policy::hosts::Unit;
use conductor_policy::shared::{Answer, Event, Forced, State};
use conductor_protocol::breaker::{
    BreakerChanged, BreakerProbe, BreakerProbeResult, BreakerReport, BreakerState,
};
use conductor_protocol::entry::UnixMillis;
use conductor_protocol::message::{code, method};
use conductor_telemetry::Process;

use crate::circuit::{Entry, refused, up};
use crate::handlers::{Call, Client, Empty};
use crate::hosts;
use crate::operating::BREAKER;
use crate::rpc::{self, Fault};
use crate::sidecar::Sidecar;

/// Bytes of a breaker's id, its key included.
const ID: usize = 1024;

/// Breakers that are remembered. Those that are closed are forgotten for new ones.
const KEPT: usize = 10_000;

/// After which time whoever was refused a probe may ask again.
pub(crate) const ASK_AGAIN: Duration = Duration::from_millis(50);

pub(crate) struct Breakers {
    /// The name of this host among those of the store, where there may be others.
    pub(crate) me: Option<String>,
    table: Mutex<BTreeMap<String, Entry>>,
    /// Whether there may be something that other hosts are to hear.
    is_telling: AtomicBool,
}

/// A breaker as it is shown.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) id: String,
    pub(crate) state: BreakerState,
    pub(crate) forced: bool,
    pub(crate) since: UnixMillis,
    pub(crate) reason: String,
    pub(crate) by: Option<String>,
    pub(crate) left_ms: Option<u64>,
    /// The process whose own breaker has opened, while nobody knows yet whether it is to blame.
    pub(crate) suspect: Option<u32>,
    /// Processes whose own breaker is open, alone.
    pub(crate) alone: Vec<u32>,
    pub(crate) opened: u64,
}

/// What whoever wants to try is told, and with which number this host's leave needs that of the other hosts.
struct Asked {
    result: BreakerProbeResult,
    changed: Option<BreakerChanged>,
    needs_leave: Option<u64>,
}

impl Breakers {
    /// With what people had decided before the start.
    pub(crate) fn new(me: Option<String>, standing: &[AuditRow]) -> Breakers {
        let breakers = Breakers { me, table: Mutex::default(), is_telling: AtomicBool::new(false) };
        breakers.follow(standing);
        breakers
    }

    /// Takes up decisions that are on disk and not in force, and gives what all are to be told.
    fn follow(&self, standing: &[AuditRow]) -> Vec<BreakerChanged> {
        let is_known = |row: &AuditRow| {
            self.hold().get(&row.id).is_some_and(|entry| entry.decided.as_ref() == Some(row))
        };
        let new = standing.iter().filter(|row| !is_known(row));
        let decided = new.filter_map(|row| {
            let wanted = serde_json::from_str::<Wanted>(&row.decision).ok()?;
            self.decide(&row.id, wanted, row)
        });
        decided.collect()
    }

    fn hold(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works on an entry, which is made where there is room for it.
    pub(crate) fn with<T>(&self, id: &str, at: UnixMillis, work: impl FnOnce(&mut Entry) -> T) -> Option<T> {
        let mut table = self.hold();
        let entry = known(&mut table, id, self.me.as_ref(), at)?;
        let done = work(entry);
        self.note(entry);
        Some(done)
    }

    /// Works on all entries.
    pub(crate) fn with_all(&self, mut work: impl FnMut(&str, &mut Entry)) {
        for (id, entry) in self.hold().iter_mut() {
            work(id, entry);
            self.note(entry);
        }
    }

    fn note(&self, entry: &Entry) {
        if entry.member.has_something_to_tell() {
            self.is_telling.store(true, Ordering::Relaxed);
        }
    }

    /// Whether there is something that other hosts have not been told yet. Asked again, it says no until there is more.
    pub(crate) fn has_news(&self) -> bool {
        self.is_telling.swap(false, Ordering::Relaxed)
    }

    /// Takes up what a process says, and gives what all are to be told.
    fn report(
        &self,
        process: Process,
        report: &BreakerReport,
        lives: impl Fn(Process) -> bool,
        at: UnixMillis,
    ) -> Vec<BreakerChanged> {
        let changed = self.with(&report.breaker, at, |entry| entry.report(process, report, lives, at));
        changed.flatten().into_iter().collect()
    }

    /// Whether the session may try now.
    fn probe(&self, session: &Arc<str>, id: &str, at: UnixMillis) -> Asked {
        self.with(id, at, |entry| {
            entry.brought_up_to_date(|_| true, at);
            let (answer, told) = entry.apply(&Event::Asked, "a probe is under way", None, at);
            let changed = told.then(|| entry.changed(id));
            let Answer::Granted(of) = answer else {
                return Asked { result: refused(entry.left().max(ASK_AGAIN)), changed, needs_leave: None };
            };
            let is_probe = matches!(entry.member.own.state, State::HalfOpen { .. });
            entry.holder = is_probe.then(|| Arc::clone(session));
            let result = BreakerProbeResult { granted: true, of: is_probe.then_some(of), left_ms: None };
            let needs_leave = (is_probe && entry.member.needs_leave()).then_some(of);
            Asked { result, changed, needs_leave }
        })
        .unwrap_or_else(|| Asked { result: refused(ASK_AGAIN), changed: None, needs_leave: None })
    }

    /// A person's decision, which is on disk.
    pub(crate) fn decide(&self, id: &str, wanted: Wanted, row: &AuditRow) -> Option<BreakerChanged> {
        let forced = match wanted {
            Wanted::Open => Some(Forced::Open),
            Wanted::Closed => Some(Forced::Closed),
            Wanted::Auto => None,
        };
        self.with(id, row.at, |entry| {
            let (_, told) = entry.apply(&Event::Decided(forced), &row.reason, None, row.at);
            row.reason.clone_into(&mut entry.reason);
            entry.by = Some(row.by.clone());
            entry.decided = Some(row.clone());
            // Told again where only the reason is another.
            (told || forced.is_some()).then(|| entry.changed(id))
        })
        .flatten()
    }

    /// What is not as if nobody had ever said anything: for a session that has just come.
    pub(crate) fn standing(&self) -> Vec<BreakerChanged> {
        let table = self.hold();
        let told = table.iter().filter(|(_, entry)| entry.member.own.state != State::Closed);
        told.map(|(id, entry)| entry.changed(id)).collect()
    }

    /// Frees what sessions and processes that are no more had, and gives what all are to be told.
    fn keep(
        &self,
        sessions: &BTreeSet<Arc<str>>,
        processes: &BTreeSet<Process>,
        at: UnixMillis,
    ) -> Vec<BreakerChanged> {
        let mut changes = Vec::new();
        self.with_all(|id, entry| {
            let mut told = entry.brought_up_to_date(|process| processes.contains(&process), at);
            let gone: Vec<Process> =
                entry.alone().into_iter().filter(|process| !processes.contains(process)).collect();
            for process in gone {
                told |= entry.apply(&Event::Gone(Unit::Own(process)), "", None, at).1;
            }
            if let State::HalfOpen { probe: Some(of), .. } = entry.member.own.state
                && entry.holder.as_ref().is_some_and(|holder| !sessions.contains(holder))
            {
                told |= entry.apply(&Event::Abandoned { of }, "the process that tried is gone", None, at).1;
            }
            changes.extend(told.then(|| entry.changed(id)));
        });
        changes
    }

    pub(crate) fn shown(&self, at: UnixMillis) -> Vec<Shown> {
        let mut table = self.hold();
        let shown = table.iter_mut().map(|(id, entry)| {
            entry.brought_up_to_date(|_| true, at);
            let is_open = entry.member.own.state == State::Open;
            Shown {
                id: id.clone(),
                state: entry.state(),
                forced: matches!(entry.member.own.state, State::Forced(_)),
                since: entry.since,
                reason: entry.reason.clone(),
                by: entry.by.clone(),
                left_ms: is_open.then(|| up(entry.left())),
                suspect: match entry.member.own.state {
                    State::Suspect { by: Unit::Own(process) } => Some(process.0),
                    _ => None,
                },
                alone: entry.alone().into_iter().map(|process| process.0).collect(),
                opened: entry.opened,
            }
        });
        shown.collect()
    }
}

/// What a person may want of a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wanted {
    Open,
    Closed,
    Auto,
}

/// The entry of that id, made where there is room for it.
fn known<'t>(
    table: &'t mut BTreeMap<String, Entry>,
    id: &str,
    me: Option<&String>,
    at: UnixMillis,
) -> Option<&'t mut Entry> {
    if !table.contains_key(id) {
        if table.len() >= KEPT {
            let is_quiet = |entry: &Entry| {
                let own = &entry.member.own;
                own.state == State::Closed && own.blamed.is_empty() && !entry.member.has_something_to_tell()
            };
            table.retain(|_, entry| !is_quiet(entry));
        }
        if table.len() >= KEPT {
            return None;
        }
        table.insert(id.to_owned(), Entry::new(me.cloned(), at));
    }
    table.get_mut(id)
}

pub(crate) fn report(call: &mut Call<'_>, client: &Client, report: &BreakerReport) -> Result<(), Fault> {
    check(&report.breaker)?;
    let sidecar = call.sidecar;
    let process = process_of(&client.owner);
    let lives = |process| sidecar.sessions.lives(process);
    let changes = sidecar.breakers.report(process, report, lives, sidecar.clock.now());
    push(sidecar, changes);
    call.answer(Empty {});
    Ok(())
}

pub(crate) fn probe(call: &mut Call<'_>, client: &Client, probe: &BreakerProbe) -> Result<(), Fault> {
    check(&probe.breaker)?;
    let sidecar = call.sidecar;
    let Asked { result, changed, needs_leave } =
        sidecar.breakers.probe(&client.owner.session, &probe.breaker, sidecar.clock.now());
    push(sidecar, changed);
    let Some(of) = needs_leave else {
        call.answer(result);
        return Ok(());
    };
    let (sidecar, breaker) = (Arc::clone(sidecar), probe.breaker.clone());
    call.later(async move { Ok(hosts::leave(&sidecar, breaker, of, result).await) });
    Ok(())
}

fn process_of(owner: &Owner) -> Process {
    (owner.pid, owner.process_start)
}

/// Sessions have gone: what their processes said does not count any more.
pub(crate) fn sweep(sidecar: &Sidecar) {
    let (sessions, processes) = sidecar.sessions.present();
    push(sidecar, sidecar.breakers.keep(&sessions, &processes, sidecar.clock.now()));
}

/// People may have decided at another sidecar of the same store.
pub(crate) async fn follow(sidecar: &Arc<Sidecar>) {
    if sidecar.journal.store().shared().is_none() {
        return;
    }
    let _turn = sidecar.deciding.lock().await;
    let this = Arc::clone(sidecar);
    let read = tokio::task::spawn_blocking(move || this.journal.store().standing(BREAKER)).await;
    // What cannot be read now is read at the next look.
    if let Ok(Ok(standing)) = read {
        push(sidecar, sidecar.breakers.follow(&standing));
    }
}

/// Tells every session.
pub(crate) fn push(sidecar: &Sidecar, changes: impl IntoIterator<Item = BreakerChanged>) {
    let mut lines = Vec::new();
    for change in changes {
        sidecar.metrics.breaker_changed(&change.breaker, change.state.as_str());
        rpc::notice(&mut lines, method::BREAKER_CHANGED, change);
    }
    if !lines.is_empty() {
        for outbox in sidecar.sessions.outboxes() {
            outbox.send(&lines);
        }
    }
    if sidecar.breakers.has_news() {
        sidecar.hosts.due.notify_one();
    }
}

/// # Errors
/// Where it is no id.
pub(crate) fn check(id: &str) -> Result<(), Fault> {
    if id.is_empty() || id.len() > ID || id.chars().any(char::is_control) {
        let message = format!("a breaker has an id of 1 to {ID} bytes without control characters");
        return Err(Fault::new(code::INVALID_PARAMS, message));
    }
    Ok(())
}
