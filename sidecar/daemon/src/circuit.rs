//! One circuit breaker of the host, with its clock: what becomes of it with each event, and what is said of it.
//!
//! `conductor_policy::hosts` decides. It knows neither other breakers nor who is told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use conductor_journal::AuditRow;
use conductor_policy::hosts::{Member, Unit};
use conductor_policy::shared::{Answer, Event, Forced, State};
use conductor_protocol::breaker::{
    BreakerChanged, BreakerEvent, BreakerProbeResult, BreakerReport, BreakerState,
};
use conductor_protocol::entry::UnixMillis;
use conductor_telemetry::Process;

/// How long it is open where the process that opened it did not say.
const OPEN_FOR: Duration = Duration::from_secs(30);

/// The longest time that it is open without a person's will.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// Of a breaker's policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) open_for: Duration,
    pub(crate) half_open_calls: u32,
}

impl Default for Numbers {
    fn default() -> Numbers {
        Numbers { open_for: OPEN_FOR, half_open_calls: 1 }
    }
}

pub(crate) struct Entry {
    pub(crate) member: Member<Process, String>,
    /// When it stops being open.
    due: Instant,
    pub(crate) numbers: Numbers,
    /// Whether a process of this host has told them.
    pub(crate) has_numbers: bool,
    /// The session that tries.
    pub(crate) holder: Option<Arc<str>>,
    pub(crate) since: UnixMillis,
    pub(crate) reason: String,
    pub(crate) by: Option<String>,
    /// The last of people's decisions on it.
    pub(crate) decided: Option<AuditRow>,
    /// How often a process has opened its own, or a probe for all has failed; people's decisions are not counted.
    pub(crate) opened: u64,
}

/// A time from a message, bounded.
pub(crate) fn duration(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds).min(LONGEST)
}

impl Entry {
    pub(crate) fn new(me: Option<String>, since: UnixMillis) -> Entry {
        Entry {
            member: Member::new(me),
            due: Instant::now(),
            numbers: Numbers::default(),
            has_numbers: false,
            holder: None,
            since,
            reason: String::new(),
            by: None,
            decided: None,
            opened: 0,
        }
    }

    /// What has become of it by the passing of time and the end of processes. Whether others are to be told.
    pub(crate) fn brought_up_to_date(&mut self, lives: impl Fn(Process) -> bool, at: UnixMillis) -> bool {
        if self.member.own.state == State::Open && self.due <= Instant::now() {
            return self.apply(&Event::Due, "its time is over", None, at).1;
        }
        match self.member.own.state {
            State::Suspect { by: Unit::Own(by) } if !lives(by) => {
                self.apply(&Event::Gone(Unit::Own(by)), "the process that was suspect is gone", None, at).1
            }
            _ => false,
        }
    }

    /// The answer, and whether others are to be told. `left`: how long it is to be open where it opens now.
    pub(crate) fn apply(
        &mut self,
        event: &Event<Unit<Process>>,
        reason: &str,
        left: Option<Duration>,
        at: UnixMillis,
    ) -> (Answer, bool) {
        let mut answer = Answer::Noted;
        let told = self.changes(reason, left, at, |member, half_open_calls| {
            answer = member.event(half_open_calls, event);
        });
        (answer, told)
    }

    /// Whether others are to be told of what the work has changed.
    pub(crate) fn changes(
        &mut self,
        reason: &str,
        left: Option<Duration>,
        at: UnixMillis,
        work: impl FnOnce(&mut Member<Process, String>, u32),
    ) -> bool {
        let (before, is_shown) = (self.member.own.generation, self.state());
        let was_tried = matches!(self.member.own.state, State::HalfOpen { .. });
        work(&mut self.member, self.numbers.half_open_calls);
        if self.member.own.generation == before {
            return false;
        }
        self.holder = None;
        if self.member.own.state == State::Open {
            self.due = Instant::now() + left.unwrap_or(self.numbers.open_for);
            self.opened += u64::from(was_tried);
        }
        if self.state() != is_shown {
            self.since = at;
            self.by = None;
            reason.clone_into(&mut self.reason);
        }
        // Who may try is told to whoever asks.
        !matches!(self.member.own.state, State::HalfOpen { .. })
    }

    /// Processes whose own is open, alone.
    pub(crate) fn alone(&self) -> Vec<Process> {
        let blamed = self.member.own.blamed.iter();
        let process = |unit: &Unit<Process>| match unit {
            Unit::Own(process) => Some(*process),
            Unit::Elsewhere => None,
        };
        blamed.filter_map(process).collect()
    }

    /// What a process says.
    pub(crate) fn report(
        &mut self,
        process: Process,
        report: &BreakerReport,
        lives: impl Fn(Process) -> bool,
        at: UnixMillis,
    ) -> Option<BreakerChanged> {
        let mut told = self.brought_up_to_date(lives, at);
        if let Some(milliseconds) = report.open_for_ms {
            self.numbers.open_for = duration(milliseconds);
            self.has_numbers = true;
        }
        if let Some(calls) = report.half_open_calls {
            self.numbers.half_open_calls = calls;
            self.has_numbers = true;
        }
        let (unit, of) = (Unit::Own(process), report.of.unwrap_or(u64::MAX));
        let said = match report.event {
            BreakerEvent::Used => None,
            BreakerEvent::Opened => Some((Event::Opened(unit), "has opened its own")),
            BreakerEvent::Closed => Some((Event::Closed(unit), "has closed its own")),
            BreakerEvent::Succeeded => Some((Event::Succeeded { unit, of }, "made a call that succeeded")),
            BreakerEvent::Failed => Some((Event::Failed { unit, of }, "made a call that failed")),
            BreakerEvent::Abandoned => Some((Event::Abandoned { of }, "gave its probe up")),
        };
        self.opened += u64::from(report.event == BreakerEvent::Opened);
        if let Some((event, reason)) = said {
            let left = report.left_ms.filter(|_| report.event == BreakerEvent::Opened).map(duration);
            told |= self.apply(&event, &format!("process {} {reason}", process.0), left, at).1;
        }
        told.then(|| self.changed(&report.breaker))
    }

    pub(crate) fn state(&self) -> BreakerState {
        match self.member.own.state {
            State::Closed | State::Forced(Forced::Closed) => BreakerState::Closed,
            State::Suspect { .. } => BreakerState::Suspect,
            State::Open | State::Forced(Forced::Open) => BreakerState::Open,
            State::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    pub(crate) fn left(&self) -> Duration {
        self.due.saturating_duration_since(Instant::now())
    }

    pub(crate) fn changed(&self, id: &str) -> BreakerChanged {
        let own = &self.member.own;
        let forced = matches!(own.state, State::Forced(_));
        let (state, left_ms) = match own.state {
            State::Open => (BreakerState::Open, Some(up(self.left()))),
            State::HalfOpen { .. } => (BreakerState::Open, Some(0)),
            _ => (self.state(), None),
        };
        BreakerChanged {
            breaker: id.to_owned(),
            state,
            generation: own.generation,
            forced,
            left_ms,
            reason: forced.then(|| self.reason.clone()),
            by: self.by.clone().filter(|_| forced),
        }
    }
}

/// The answer to whoever may not try before that time is over.
pub(crate) fn refused(left: Duration) -> BreakerProbeResult {
    BreakerProbeResult { granted: false, of: None, left_ms: Some(up(left)) }
}

/// Milliseconds, never fewer than there are.
pub(crate) fn up(time: Duration) -> u64 {
    u64::try_from(time.as_micros().div_ceil(1000)).unwrap_or(u64::MAX)
}
