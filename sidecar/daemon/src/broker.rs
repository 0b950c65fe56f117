//! Calls of functions that other processes serve: who waits, who makes the call, and what becomes of it when either dies.
//!
//! It knows neither arguments nor results, and no journal: what a call means to a run its owner records.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use conductor_protocol::error::ErrorForm;
use conductor_protocol::message::{TaskCancel, TaskInvoke, TaskOutcome, method};
use tokio::sync::oneshot;

use crate::rpc;
use crate::session::{Serving, Sessions};

/// How long a call without a time limit waits for a process that serves its function.
const PATIENCE: Duration = Duration::from_secs(60);

/// A caller that gives up says so itself; this much later nobody waits any more.
const GRACE: Duration = Duration::from_secs(5);

/// Calls of one session that may wait or be under way at a time.
const CALLS: usize = 16 << 10;

/// What the sidecar calls a call: the number that the serving side sees.
type Number = u64;

/// What the caller calls it.
type Asked = (Arc<str>, u64);

#[derive(Default)]
pub(crate) struct Broker {
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    calls: BTreeMap<Number, Call>,
    by_caller: BTreeMap<Asked, Number>,
    /// Those without a process, in the order in which they came.
    waiting: BTreeSet<Number>,
    /// How many calls each session makes.
    loads: BTreeMap<Arc<str>, usize>,
    last: Number,
}

struct Call {
    asked: Asked,
    invoke: TaskInvoke,
    /// The session that makes it.
    worker: Option<Arc<str>>,
    /// When it is given up if nobody has taken it.
    until: Instant,
    answer: oneshot::Sender<Finished>,
}

/// A call that has ended, for its caller and for metrics.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) outcome: TaskOutcome,
    /// One word of a closed set.
    pub(crate) word: &'static str,
}

/// Why a call was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turned {
    /// The session uses the number for a call that has not ended.
    Known,
    TooMany,
}

impl Broker {
    fn hold(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up a call; the receiver hears what it came to.
    pub(crate) fn ask(
        &self,
        session: &Arc<str>,
        invoke: TaskInvoke,
        sessions: &Sessions,
    ) -> Result<oneshot::Receiver<Finished>, Turned> {
        let (answer, outcome) = oneshot::channel();
        let asked = (Arc::clone(session), invoke.call);
        let patience =
            invoke.timeout_ms.map_or(PATIENCE, |ms| Duration::from_millis(ms).saturating_add(GRACE));
        let until = Instant::now().checked_add(patience).unwrap_or_else(|| Instant::now() + PATIENCE);
        let mut table = self.hold();
        if table.by_caller.contains_key(&asked) {
            return Err(Turned::Known);
        }
        if table.of_caller(session).len() >= CALLS {
            return Err(Turned::TooMany);
        }
        table.last += 1;
        let number = table.last;
        table.by_caller.insert(asked.clone(), number);
        table.waiting.insert(number);
        table.calls.insert(number, Call { asked, invoke, worker: None, until, answer });
        table.assign(number, sessions);
        Ok(outcome)
    }

    /// The caller gives a call up: who makes it is told; where nobody does it ends at once.
    pub(crate) fn cancel(&self, session: &Arc<str>, call: u64, sessions: &Sessions) {
        let mut table = self.hold();
        if let Some(number) = table.by_caller.get(&(Arc::clone(session), call)).copied() {
            table.cancel(number, sessions);
        }
    }

    /// What a process came to. An answer to a call that is not its own, or has ended, is nobody's.
    pub(crate) fn answered(&self, session: &Arc<str>, number: Number, outcome: TaskOutcome) {
        let mut table = self.hold();
        if table.calls.get(&number).is_some_and(|call| call.worker.as_ref() == Some(session)) {
            let word = match &outcome {
                TaskOutcome::Output(_) => "succeeded",
                TaskOutcome::Error(_) => "failed",
                TaskOutcome::Lost(_) => "lost",
            };
            table.end(number, outcome, word);
        }
    }

    /// The connection of a session has ended, or it is silent: nobody knows how far its calls came.
    pub(crate) fn lose(&self, session: &Arc<str>) {
        let mut table = self.hold();
        table.lose(session);
    }

    /// The connection of a caller has ended: its calls have nobody who waits.
    pub(crate) fn drop_caller(&self, session: &Arc<str>, sessions: &Sessions) {
        let mut table = self.hold();
        for number in table.of_caller(session) {
            table.cancel(number, sessions);
            // One that is under way ends without anybody who hears of it.
            if let Some(call) = table.calls.get(&number) {
                let asked = call.asked.clone();
                table.by_caller.remove(&asked);
            }
        }
    }

    /// Gives waiting calls to those who serve them now, and ends those that have waited for too long.
    pub(crate) fn dispatch(&self, sessions: &Sessions) {
        let now = Instant::now();
        let mut table = self.hold();
        for number in table.waiting.clone() {
            table.assign(number, sessions);
            let call = table.calls.get(&number);
            if let Some(call) = call.filter(|call| call.worker.is_none() && call.until <= now) {
                let error = no_worker(&call.invoke.function);
                table.end(number, TaskOutcome::Error(error), "no_worker");
            }
        }
        let silent: Vec<Arc<str>> =
            table.loads.keys().filter(|worker| sessions.is_silent(worker)).cloned().collect();
        silent.iter().for_each(|worker| table.lose(worker));
    }

    /// Calls that wait for a process, and those that are under way.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let table = self.hold();
        (table.waiting.len(), table.calls.len() - table.waiting.len())
    }
}

impl Table {
    fn of_caller(&self, session: &Arc<str>) -> Vec<Number> {
        let from = (Arc::clone(session), 0);
        let own = self.by_caller.range(from..).take_while(|(asked, _)| asked.0 == *session);
        own.map(|(_, number)| *number).collect()
    }

    fn lose(&mut self, session: &Arc<str>) {
        let own = |call: &Call| call.worker.as_ref() == Some(session);
        let lost: Vec<Number> =
            self.calls.iter().filter(|(_, call)| own(call)).map(|(number, _)| *number).collect();
        for number in lost {
            self.end(number, TaskOutcome::Lost(true), "lost");
        }
    }

    fn assign(&mut self, number: Number, sessions: &Sessions) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        match sessions.serving(&call.invoke.function, &call.invoke.signature, &self.loads) {
            Serving::By(session, outbox) => {
                let mut line = Vec::new();
                let invoke = TaskInvoke { call: number, ..call.invoke.clone() };
                rpc::request(&mut line, number, method::TASK_INVOKE, invoke);
                outbox.send(&line);
                *self.loads.entry(Arc::clone(&session)).or_default() += 1;
                call.worker = Some(session);
                self.waiting.remove(&number);
            }
            Serving::Otherwise(language) => {
                let error = mismatch(&call.invoke.function, &language);
                self.end(number, TaskOutcome::Error(error), "mismatch");
            }
            Serving::Nobody => {}
        }
    }

    fn cancel(&mut self, number: Number, sessions: &Sessions) {
        let Some(call) = self.calls.get(&number) else { return };
        match &call.worker {
            Some(worker) => {
                if let Some(outbox) = sessions.outbox(worker) {
                    let mut line = Vec::new();
                    rpc::notice(&mut line, method::TASK_CANCEL, TaskCancel { call: number });
                    outbox.send(&line);
                }
            }
            None => {
                let error = no_worker(&call.invoke.function);
                self.end(number, TaskOutcome::Error(error), "no_worker");
            }
        }
    }

    fn end(&mut self, number: Number, outcome: TaskOutcome, word: &'static str) {
        self.waiting.remove(&number);
        let Some(call) = self.calls.remove(&number) else { return };
        if self.by_caller.get(&call.asked) == Some(&number) {
            self.by_caller.remove(&call.asked);
        }
        if let Some(worker) = call.worker
            && let Some(load) = self.loads.get_mut(&worker)
        {
            *load -= 1;
            if *load == 0 {
                self.loads.remove(&worker);
            }
        }
        // Nobody listens where the caller's connection has ended.
        let _ = call.answer.send(Finished { outcome, word });
    }
}

pub(crate) fn named(name: &str, message: String) -> ErrorForm {
    ErrorForm { types: vec![format!("conductor.{name}")], message, ..ErrorForm::default() }
}

fn no_worker(function: &str) -> ErrorForm {
    let start = match function.split_once(':') {
        Some(("go", _)) => "`conductorgen.Serve(ctx)`",
        Some(("ts", _)) => "`await serve()` of `./conductor_gen/index.js`",
        _ => "`await conductor_gen.serve()`",
    };
    named("NoWorker", format!("no worker serves {function}; start one with {start}"))
}

fn mismatch(function: &str, language: &str) -> ErrorForm {
    named(
        "SignatureMismatch",
        format!(
            "the {language} process that serves {function} was built from other code than its caller: build and start both again"
        ),
    )
}
