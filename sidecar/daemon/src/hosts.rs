//! Circuit breakers among the hosts of one store: what this host tells the others, and what it takes over from them.
//!
//! `conductor_policy` decides, in the host's breaker and in the hosts'. It knows no process and no SQL. Where the store is not
//! shared there is nothing of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use conductor_journal::{BreakerChange, BreakerRow, Shared as Store, StoreError};
use conductor_policy::shared::{Answer, Event, Shared, State, decide};
use conductor_protocol::breaker::BreakerProbeResult;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, oneshot};

use crate::breakers::{ASK_AGAIN, push};
use crate::circuit::{Entry, Numbers, duration, refused};
use crate::sidecar::{Sidecar, blocking};

/// How long a call waits for the leave of the hosts before this one decides alone: a process waits a second for the answer.
const PATIENCE: Duration = Duration::from_millis(700);

/// How often a change is tried while other sidecars make theirs.
const TRIES: usize = 20;

#[derive(Default)]
pub(crate) struct Hosts {
    /// There is something to tell or to ask, or others have told something.
    pub(crate) due: Notify,
    asks: Mutex<Vec<Ask>>,
    is_alone: AtomicBool,
}

/// Whether a call may try that this host lets try.
struct Ask {
    breaker: String,
    /// The number with which this host has let it.
    of: u64,
    answer: oneshot::Sender<Leave>,
}

enum Leave {
    Granted,
    /// For so long.
    Refused(Duration),
    /// Nobody can be asked.
    Alone,
}

impl Hosts {
    /// Whether this host decides for itself because the store is away.
    pub(crate) fn is_alone(&self) -> bool {
        self.is_alone.load(Ordering::Relaxed)
    }

    fn take(&self) -> Vec<Ask> {
        std::mem::take(&mut self.asks.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Sidecar {
    /// Whose breakers those of this sidecar are: `host` also where the other hosts cannot be reached.
    pub(crate) fn breakers_scope(&self) -> &'static str {
        if self.breakers.me.is_some() && !self.hosts.is_alone() { "hosts" } else { "host" }
    }
}

/// The answer to a process whose call this host lets try: only where the hosts do, too, as far as they can be reached.
pub(crate) async fn leave(
    sidecar: &Sidecar,
    breaker: String,
    of: u64,
    granted: BreakerProbeResult,
) -> BreakerProbeResult {
    let (answer, answered) = oneshot::channel();
    let ask = Ask { breaker, of, answer };
    sidecar.hosts.asks.lock().unwrap_or_else(PoisonError::into_inner).push(ask);
    sidecar.hosts.due.notify_one();
    match tokio::time::timeout(PATIENCE, answered).await {
        Ok(Ok(Leave::Refused(left))) => refused(left),
        Ok(Ok(Leave::Granted | Leave::Alone) | Err(_)) | Err(_) => granted,
    }
}

/// Runs until the sidecar closes.
pub(crate) async fn run(sidecar: Arc<Sidecar>) {
    if sidecar.journal.shared().is_none() {
        return;
    }
    let pause = (sidecar.lease / 4).clamp(Duration::from_millis(20), Duration::from_millis(2500));
    let mut tick = tokio::time::interval(pause);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = sidecar.closed() => return,
            () = sidecar.hosts.due.notified() => {}
            _ = tick.tick() => {}
        }
        let asks = sidecar.hosts.take();
        let exchanged = blocking(|| exchange(&sidecar, asks));
        let was_alone = sidecar.hosts.is_alone.swap(exchanged.is_err(), Ordering::Relaxed);
        match exchanged {
            Err(error) => {
                sidecar.breakers.with_all(|_, entry| entry.member.alone());
                if !was_alone {
                    eprintln!("conductor sidecar: circuit breakers decide for this host alone: {error}");
                }
            }
            Ok(()) if was_alone => {
                eprintln!("conductor sidecar: circuit breakers are those of all hosts again");
            }
            Ok(()) => {}
        }
    }
}

/// Tells what is to be told, asks what is to be asked, and takes over what the others have done.
fn exchange(sidecar: &Sidecar, asks: Vec<Ask>) -> Result<(), StoreError> {
    let Some(store) = sidecar.journal.shared() else { return Ok(()) };
    let told = tell(sidecar, store);
    for ask in asks {
        let leave = match &told {
            Ok(()) => ask_leave(sidecar, store, &ask),
            Err(error) => Err(error.clone()),
        };
        // Who has waited for too long has gone on.
        let _ = ask.answer.send(leave.unwrap_or(Leave::Alone));
    }
    told?;
    hear(sidecar, store)
}

fn tell(sidecar: &Sidecar, store: &dyn Store) -> Result<(), StoreError> {
    let mut news: BTreeMap<String, Vec<Event<String>>> = BTreeMap::new();
    sidecar.breakers.with_all(|id, entry| {
        while let Some(event) = entry.member.next_to_tell() {
            news.entry(id.to_owned()).or_default().push(event);
        }
    });
    for (id, events) in news {
        for event in events {
            change(sidecar, store, &id, Some(event))?;
        }
    }
    Ok(())
}

fn ask_leave(sidecar: &Sidecar, store: &dyn Store, ask: &Ask) -> Result<Leave, StoreError> {
    let at = sidecar.clock.now();
    let (common, answer) = change(sidecar, store, &ask.breaker, Some(Event::Asked))?;
    if let Answer::Granted(leave) = answer {
        let leave = matches!(common.shared.state, State::HalfOpen { .. }).then_some(leave);
        sidecar.breakers.with(&ask.breaker, at, |entry| entry.member.granted(ask.of, leave));
        return Ok(Leave::Granted);
    }
    if !ask.answer.is_closed() {
        let abandoned = Event::Abandoned { of: ask.of };
        let reason = "a call of another host tries";
        sidecar.breakers.with(&ask.breaker, at, |entry| entry.apply(&abandoned, reason, None, at));
    }
    Ok(Leave::Refused(common.left.max(ASK_AGAIN)))
}

/// Takes over what the breakers of all hosts have become.
fn hear(sidecar: &Sidecar, store: &dyn Store) -> Result<(), StoreError> {
    let (rows, alive) = store.breakers()?;
    let at = sidecar.clock.now();
    let mut all = BTreeMap::new();
    for row in rows {
        let id = row.id.clone();
        let mut common = Common::read(Some(row))?;
        if common.has_gone(&alive) {
            common = change(sidecar, store, &id, None)?.0;
        }
        all.insert(id, common);
    }
    let mut changes = Vec::new();
    for (id, common) in &all {
        if !common.is_quiet() {
            // Makes it, so that whoever comes is told.
            sidecar.breakers.with(id, at, |_| ());
        }
    }
    let quiet = Common::read(None)?;
    sidecar.breakers.with_all(|id, entry| {
        let common = all.get(id).unwrap_or(&quiet);
        if !entry.has_numbers {
            entry.numbers = common.numbers;
        }
        let reason = common.reason();
        let told = entry.changes(reason, Some(common.left), at, |member, half_open_calls| {
            member.heard(half_open_calls, &common.shared);
        });
        changes.extend(told.then(|| entry.changed(id)));
    });
    push(sidecar, changes);
    Ok(())
}

/// The breaker of all hosts as it is after the event, and the answer to it.
fn change(
    sidecar: &Sidecar,
    store: &dyn Store,
    id: &str,
    event: Option<Event<String>>,
) -> Result<(Common, Answer), StoreError> {
    let me = store.name();
    let own = |entry: &mut Entry| entry.has_numbers.then_some(entry.numbers);
    let own = sidecar.breakers.with(id, sidecar.clock.now(), own).flatten();
    // Whoever asks has no call under way.
    let is_asking = event == Some(Event::Asked);
    for _ in 0..TRIES {
        let (row, alive) = store.breaker(id)?;
        let mut common = Common::read(row)?;
        common.numbers = own.unwrap_or(common.numbers);
        common.tidy(me, &alive, is_asking);
        let answer = match &event {
            Some(event) => common.apply(me, event.clone()),
            None => Answer::Noted,
        };
        if !common.is_changed || store.change_breaker(&common.change(id)?)? {
            return Ok((common, answer));
        }
    }
    Err(StoreError::Failed(format!("breaker {id} is changed by other sidecars all the time")))
}

/// The breaker of all hosts, as the store has it.
struct Common {
    shared: Shared<String>,
    /// The host whose call tries.
    holder: Option<String>,
    version: i64,
    left: Duration,
    /// As the host knew them that changed it last and knew any.
    numbers: Numbers,
    is_changed: bool,
}

#[derive(Serialize, Deserialize)]
struct Body {
    state: Kept,
    blamed: BTreeSet<String>,
    generation: u64,
    holder: Option<String>,
    open_for_ms: u64,
    half_open_calls: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kept {
    Closed,
    Suspect { by: String },
    Open,
    HalfOpen { probe: Option<u64>, succeeded: u32 },
}

impl Common {
    fn read(row: Option<BreakerRow>) -> Result<Common, StoreError> {
        let Some(row) = row else {
            let (shared, left, numbers) = (Shared::default(), Duration::ZERO, Numbers::default());
            return Ok(Common { shared, holder: None, version: 0, left, numbers, is_changed: false });
        };
        let unreadable = |error| StoreError::Failed(format!("breaker {} cannot be read: {error}", row.id));
        let body: Body = serde_json::from_str(&row.body).map_err(unreadable)?;
        let state = match body.state {
            Kept::Closed => State::Closed,
            Kept::Suspect { by } => State::Suspect { by },
            Kept::Open => State::Open,
            Kept::HalfOpen { probe, succeeded } => State::HalfOpen { probe, succeeded },
        };
        let shared = Shared { state, blamed: body.blamed, generation: body.generation };
        let left = row.left.unwrap_or_default();
        let numbers = Numbers { open_for: duration(body.open_for_ms), half_open_calls: body.half_open_calls };
        Ok(Common { shared, holder: body.holder, version: row.version, left, numbers, is_changed: false })
    }

    fn change(&self, id: &str) -> Result<BreakerChange, StoreError> {
        let state = match self.shared.state.clone() {
            State::Suspect { by } => Kept::Suspect { by },
            State::Open => Kept::Open,
            State::HalfOpen { probe, succeeded } => Kept::HalfOpen { probe, succeeded },
            // People's decisions have a place of their own.
            State::Closed | State::Forced(_) => Kept::Closed,
        };
        let body = Body {
            state,
            blamed: self.shared.blamed.clone(),
            generation: self.shared.generation,
            holder: self.holder.clone(),
            open_for_ms: u64::try_from(self.numbers.open_for.as_millis()).unwrap_or(u64::MAX),
            half_open_calls: self.numbers.half_open_calls,
        };
        Ok(BreakerChange {
            id: id.to_owned(),
            expect: self.version,
            body: serde_json::to_string(&body).map_err(|error| StoreError::Failed(error.to_string()))?,
            left: (self.shared.state == State::Open).then_some(self.left),
            is_quiet: self.is_quiet(),
        })
    }

    fn is_quiet(&self) -> bool {
        self.shared.state == State::Closed && self.shared.blamed.is_empty()
    }

    /// Whether it names a host that is no more.
    fn has_gone(&self, alive: &BTreeSet<String>) -> bool {
        let suspect = match &self.shared.state {
            State::Suspect { by } => Some(by),
            _ => None,
        };
        let mut named = self.shared.blamed.iter().chain(&self.holder).chain(suspect);
        named.any(|host| !alive.contains(host))
    }

    /// What has become of it by the passing of time and the end of hosts. `is_idle`: no call of this host tries.
    fn tidy(&mut self, me: &str, alive: &BTreeSet<String>, is_idle: bool) {
        let suspect = match &self.shared.state {
            State::Suspect { by } => Some(by.clone()),
            _ => None,
        };
        let named: Vec<String> = self.shared.blamed.iter().cloned().chain(suspect).collect();
        for host in named.into_iter().filter(|host| !alive.contains(host)) {
            self.apply(me, Event::Gone(host));
        }
        if self.shared.state == State::Open && self.left.is_zero() {
            self.apply(me, Event::Due);
        }
        // A grant whose answer was lost is nobody's, either.
        let is_lost = |holder: &String| !alive.contains(holder) || (holder == me && is_idle);
        if let State::HalfOpen { probe: Some(of), .. } = self.shared.state
            && self.holder.as_ref().is_none_or(is_lost)
        {
            self.apply(me, Event::Abandoned { of });
        }
    }

    fn apply(&mut self, me: &str, event: Event<String>) -> Answer {
        let before = self.shared.clone();
        let (next, answer) = decide(self.numbers.half_open_calls, std::mem::take(&mut self.shared), event);
        self.shared = next;
        if self.shared == before {
            return answer;
        }
        self.is_changed = true;
        if self.shared.generation != before.generation {
            let is_probe = matches!(self.shared.state, State::HalfOpen { probe: Some(_), .. });
            self.holder = is_probe.then(|| me.to_owned());
            if self.shared.state == State::Open {
                self.left = self.numbers.open_for;
            }
        }
        answer
    }

    /// Why a host's breaker has changed by it.
    fn reason(&self) -> &'static str {
        match self.shared.state {
            State::Closed | State::Forced(_) => "the hosts have closed it",
            State::Suspect { .. } => "another host has opened its own",
            State::Open | State::HalfOpen { .. } => "the hosts have opened it",
        }
    }
}
