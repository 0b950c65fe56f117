//! Circuit breakers of the host: what processes report of their own, who may try, and what all are told.
//!
//! `conductor_policy::shared` decides. Here are its clock, the sessions that hold a probe, and what people decided; not the
//! calls.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use conductor_journal::{AuditRow, Owner};
use conductor_policy::shared::{Answer, Event, Forced, Shared, State, decide};
use conductor_protocol::breaker::{
    BreakerChanged, BreakerEvent, BreakerProbe, BreakerProbeResult, BreakerReport, BreakerState,
};
use conductor_protocol::entry::UnixMillis;
use conductor_protocol::message::{code, method};
use conductor_telemetry::Process;

use crate::handlers::{Call, Client, Empty};
use crate::operating::BREAKER;
use crate::rpc::{self, Fault};
use crate::sidecar::Sidecar;

/// Bytes of a breaker's id, its key included.
const ID: usize = 1024;

/// Breakers that are remembered. Those that are closed are forgotten for new ones.
const KEPT: usize = 10_000;

/// How long it is open where the process that opened it did not say.
const OPEN_FOR: Duration = Duration::from_secs(30);

/// The longest time that it is open without a person's will.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// After which time whoever was refused a probe may ask again.
const ASK_AGAIN: Duration = Duration::from_millis(50);

#[derive(Default)]
pub(crate) struct Breakers {
    table: Mutex<BTreeMap<String, Entry>>,
}

struct Entry {
    shared: Shared<Process>,
    /// When it stops being open.
    due: Instant,
    open_for: Duration,
    half_open_calls: u32,
    /// The session that tries.
    holder: Option<Arc<str>>,
    since: UnixMillis,
    reason: String,
    by: Option<String>,
    /// The last of people's decisions on it.
    decided: Option<AuditRow>,
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
}

/// A time from a message, bounded.
fn duration(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds).min(LONGEST)
}

impl Breakers {
    /// With what people had decided before the start.
    pub(crate) fn new(standing: &[AuditRow]) -> Breakers {
        let breakers = Breakers::default();
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

    /// Takes up what a process says, and gives what all are to be told.
    fn report(
        &self,
        process: Process,
        report: &BreakerReport,
        lives: impl Fn(Process) -> bool,
        at: UnixMillis,
    ) -> Vec<BreakerChanged> {
        let mut table = self.hold();
        let Some(entry) = known(&mut table, &report.breaker, at) else { return Vec::new() };
        let mut told = entry.brought_up_to_date(lives, at);
        if let Some(milliseconds) = report.open_for_ms {
            entry.open_for = duration(milliseconds);
        }
        if let Some(calls) = report.half_open_calls {
            entry.half_open_calls = calls;
        }
        let of = report.of.unwrap_or(u64::MAX);
        let (event, reason) = match report.event {
            BreakerEvent::Used => return told.then(|| entry.changed(&report.breaker)).into_iter().collect(),
            BreakerEvent::Opened => (Event::Opened(process), "has opened its own"),
            BreakerEvent::Closed => (Event::Closed(process), "has closed its own"),
            BreakerEvent::Succeeded => (Event::Succeeded { unit: process, of }, "made a call that succeeded"),
            BreakerEvent::Failed => (Event::Failed { unit: process, of }, "made a call that failed"),
            BreakerEvent::Abandoned => (Event::Abandoned { of }, "gave its probe up"),
        };
        let left = report.left_ms.filter(|_| report.event == BreakerEvent::Opened).map(duration);
        told |= entry.apply(event, &format!("process {} {reason}", process.0), left, at).1;
        told.then(|| entry.changed(&report.breaker)).into_iter().collect()
    }

    /// Whether the session may try now.
    fn probe(
        &self,
        session: &Arc<str>,
        id: &str,
        at: UnixMillis,
    ) -> (BreakerProbeResult, Option<BreakerChanged>) {
        let refused =
            |left: Duration| BreakerProbeResult { granted: false, of: None, left_ms: Some(up(left)) };
        let mut table = self.hold();
        let Some(entry) = known(&mut table, id, at) else { return (refused(ASK_AGAIN), None) };
        entry.brought_up_to_date(|_| true, at);
        let (answer, told) = entry.apply(Event::Asked, "a probe is under way", None, at);
        let changed = told.then(|| entry.changed(id));
        let result = match answer {
            Answer::Granted(of) => {
                let is_probe = matches!(entry.shared.state, State::HalfOpen { .. });
                entry.holder = is_probe.then(|| Arc::clone(session));
                BreakerProbeResult { granted: true, of: is_probe.then_some(of), left_ms: None }
            }
            Answer::Noted | Answer::Refused => refused(entry.left().max(ASK_AGAIN)),
        };
        (result, changed)
    }

    /// A person's decision, which is on disk.
    pub(crate) fn decide(&self, id: &str, wanted: Wanted, row: &AuditRow) -> Option<BreakerChanged> {
        let mut table = self.hold();
        let entry = known(&mut table, id, row.at)?;
        let forced = match wanted {
            Wanted::Open => Some(Forced::Open),
            Wanted::Closed => Some(Forced::Closed),
            Wanted::Auto => None,
        };
        let (_, told) = entry.apply(Event::Decided(forced), &row.reason, None, row.at);
        row.reason.clone_into(&mut entry.reason);
        entry.by = Some(row.by.clone());
        entry.decided = Some(row.clone());
        // Told again where only the reason is another.
        (told || forced.is_some()).then(|| entry.changed(id))
    }

    /// What is not as if nobody had ever said anything: for a session that has just come.
    pub(crate) fn standing(&self) -> Vec<BreakerChanged> {
        let table = self.hold();
        let told = table.iter().filter(|(_, entry)| entry.shared.state != State::Closed);
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
        for (id, entry) in self.hold().iter_mut() {
            let mut told = entry.brought_up_to_date(|process| processes.contains(&process), at);
            let gone: Vec<Process> =
                entry.shared.blamed.iter().copied().filter(|unit| !processes.contains(unit)).collect();
            for unit in gone {
                told |= entry.apply(Event::Gone(unit), "", None, at).1;
            }
            if let State::HalfOpen { probe: Some(of), .. } = entry.shared.state
                && entry.holder.as_ref().is_some_and(|holder| !sessions.contains(holder))
            {
                told |= entry.apply(Event::Abandoned { of }, "the process that tried is gone", None, at).1;
            }
            changes.extend(told.then(|| entry.changed(id)));
        }
        changes
    }

    pub(crate) fn shown(&self, at: UnixMillis) -> Vec<Shown> {
        let mut table = self.hold();
        let shown = table.iter_mut().map(|(id, entry)| {
            entry.brought_up_to_date(|_| true, at);
            let is_open = entry.shared.state == State::Open;
            Shown {
                id: id.clone(),
                state: entry.state(),
                forced: matches!(entry.shared.state, State::Forced(_)),
                since: entry.since,
                reason: entry.reason.clone(),
                by: entry.by.clone(),
                left_ms: is_open.then(|| up(entry.left())),
                suspect: match entry.shared.state {
                    State::Suspect { by } => Some(by.0),
                    _ => None,
                },
                alone: entry.shared.blamed.iter().map(|process| process.0).collect(),
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
fn known<'t>(table: &'t mut BTreeMap<String, Entry>, id: &str, at: UnixMillis) -> Option<&'t mut Entry> {
    if !table.contains_key(id) {
        if table.len() >= KEPT {
            table.retain(|_, entry| entry.shared.state != State::Closed || !entry.shared.blamed.is_empty());
        }
        if table.len() >= KEPT {
            return None;
        }
        table.insert(id.to_owned(), Entry::new(at));
    }
    table.get_mut(id)
}

impl Entry {
    fn new(since: UnixMillis) -> Entry {
        Entry {
            shared: Shared::default(),
            due: Instant::now(),
            open_for: OPEN_FOR,
            half_open_calls: 1,
            holder: None,
            since,
            reason: String::new(),
            by: None,
            decided: None,
        }
    }

    /// What has become of it by the passing of time and the end of processes. Whether others are to be told.
    fn brought_up_to_date(&mut self, lives: impl Fn(Process) -> bool, at: UnixMillis) -> bool {
        if self.shared.state == State::Open && self.due <= Instant::now() {
            return self.apply(Event::Due, "its time is over", None, at).1;
        }
        match self.shared.state {
            State::Suspect { by } if !lives(by) => {
                self.apply(Event::Gone(by), "the process that was suspect is gone", None, at).1
            }
            _ => false,
        }
    }

    /// The answer, and whether others are to be told. `left`: how long it is to be open where it opens now.
    fn apply(
        &mut self,
        event: Event<Process>,
        reason: &str,
        left: Option<Duration>,
        at: UnixMillis,
    ) -> (Answer, bool) {
        let (before, is_shown) = (self.shared.generation, self.state());
        let (next, answer) = decide(self.half_open_calls, std::mem::take(&mut self.shared), event);
        self.shared = next;
        if self.shared.generation == before {
            return (answer, false);
        }
        self.holder = None;
        if self.shared.state == State::Open {
            self.due = Instant::now() + left.unwrap_or(self.open_for);
        }
        if self.state() != is_shown {
            self.since = at;
            self.by = None;
            reason.clone_into(&mut self.reason);
        }
        // Who may try is told to whoever asks.
        (answer, !matches!(self.shared.state, State::HalfOpen { .. }))
    }

    fn state(&self) -> BreakerState {
        match self.shared.state {
            State::Closed | State::Forced(Forced::Closed) => BreakerState::Closed,
            State::Suspect { .. } => BreakerState::Suspect,
            State::Open | State::Forced(Forced::Open) => BreakerState::Open,
            State::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    fn left(&self) -> Duration {
        self.due.saturating_duration_since(Instant::now())
    }

    fn changed(&self, id: &str) -> BreakerChanged {
        let forced = matches!(self.shared.state, State::Forced(_));
        let (state, left_ms) = match self.shared.state {
            State::Open => (BreakerState::Open, Some(up(self.left()))),
            State::HalfOpen { .. } => (BreakerState::Open, Some(0)),
            _ => (self.state(), None),
        };
        BreakerChanged {
            breaker: id.to_owned(),
            state,
            generation: self.shared.generation,
            forced,
            left_ms,
            reason: forced.then(|| self.reason.clone()),
            by: self.by.clone().filter(|_| forced),
        }
    }
}

/// Milliseconds, never fewer than there are.
fn up(time: Duration) -> u64 {
    u64::try_from(time.as_micros().div_ceil(1000)).unwrap_or(u64::MAX)
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
    let (result, changed) =
        sidecar.breakers.probe(&client.owner.session, &probe.breaker, sidecar.clock.now());
    push(sidecar, changed);
    call.answer(result);
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
