//! The methods of the protocol, one function each.
//!
//! It knows no socket: lines come parsed, and answers go into the outbox.

use std::sync::Arc;
use std::time::Duration;

use conductor_journal::{Owner, PlanRow, Refusal, Settled, Started, StoreError, Taken};
use conductor_protocol::PROTOCOL_VERSION;
use conductor_protocol::entry::UnixMillis;
use conductor_protocol::message::{
    Hello, HelloResult, ProtocolRange, RunAwait, RunAwaitResult, RunCancel, RunCancelling, RunRelease,
    RunStart, RunStartResult, SidecarInfo, TaskCancel, code, method,
};
use conductor_protocol::state::RunState;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::task::JoinSet;

use crate::again::{Again, damaged, may_pass};
use crate::ahead;
use crate::arrival;
use crate::breakers;
use crate::fleet;
use crate::gate::Guest;
use crate::invocations;
use crate::limits;
use crate::outbox::Outbox;
use crate::plans;
use crate::policies;
use crate::reading;
use crate::recording;
use crate::rpc::{self, Fault, Incoming};
use crate::scheduled;
use crate::session::{Pulse, Session};
use crate::sidecar::{Sidecar, blocking};
use crate::signals;

/// How long the start of a run waits for what follows it, so that both are one commit. Nobody waits for a start alone: who began it
/// has an answer before the disk.
const LINGER: Duration = Duration::from_millis(2);

/// Versions that this build speaks.
const SPOKEN: ProtocolRange = ProtocolRange { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION };

/// The other side of a greeted connection.
pub(crate) struct Client {
    pub(crate) owner: Owner,
    pub(crate) language: String,
    pub(crate) pulse: Arc<Pulse>,
}

/// Where a message came in, and where its answer goes.
pub(crate) struct Call<'a> {
    pub(crate) sidecar: &'a Arc<Sidecar>,
    pub(crate) outbox: &'a Arc<Outbox>,
    pub(crate) guest: &'a Guest,
    pub(crate) tasks: &'a mut JoinSet<()>,
    pub(crate) answers: &'a mut Vec<u8>,
    pub(crate) id: Option<&'a RawValue>,
    /// What is to be handled again where the store refuses for the moment.
    pub(crate) line: &'a [u8],
    pub(crate) again: Option<&'a Arc<Again>>,
    /// How long it may wait for what follows it, because nobody waits for the disk for its sake.
    pub(crate) lingers: Option<Duration>,
}

impl Call<'_> {
    pub(crate) fn answer<T: Serialize>(&mut self, result: T) {
        if self.id.is_some() {
            rpc::answer(self.answers, self.id, result);
        }
    }

    /// Answers when `work` is done, without holding up the connection.
    pub(crate) fn later<T: Serialize + Send>(
        &mut self,
        work: impl Future<Output = Result<T, Fault>> + Send + 'static,
    ) {
        let reply = self.reply();
        self.tasks.spawn(async move {
            let result = work.await;
            reply.in_turn(|| result.map(Some)).await;
        });
    }

    /// As [`Self::later`], for an answer that may be large.
    pub(crate) fn later_in_turn<T: Serialize + Send>(
        &mut self,
        make: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) {
        let reply = self.reply();
        self.tasks.spawn(async move {
            reply.in_turn(|| make().map(Some)).await;
        });
    }

    fn reply(&self) -> Reply {
        let again = self.again.map(|again| (Arc::clone(again), self.line.into()));
        Reply { outbox: Arc::clone(self.outbox), id: self.id.map(ToOwned::to_owned), again }
    }
}

/// An answer that is still to come.
struct Reply {
    outbox: Arc<Outbox>,
    id: Option<Box<RawValue>>,
    again: Option<(Arc<Again>, Box<[u8]>)>,
}

impl Reply {
    /// Makes the answer when the client has read most of what it was sent, one at a time, so that a slow reader
    /// does not fill the memory with pages. False where `make` had nothing yet.
    async fn in_turn<T: Serialize>(&self, make: impl FnOnce() -> Result<Option<T>, Fault>) -> bool {
        let _turn = self.outbox.turn().await;
        if !self.outbox.room().await {
            return true;
        }
        let mut out = Vec::new();
        match (make(), &self.again) {
            (Ok(Some(result)), _) => rpc::answer(&mut out, self.id.as_deref(), result),
            (Ok(None), _) => return false,
            (Err(fault), Some((again, line))) if may_pass(&fault) => again.push(line.clone()),
            (Err(fault), _) => rpc::fault(&mut out, self.id.as_deref(), &fault),
        }
        self.outbox.send(&out);
        true
    }
}

/// Does what a message asks.
pub(crate) fn handle(
    call: &mut Call<'_>,
    client: &mut Option<Client>,
    incoming: &Incoming<'_>,
) -> Result<(), Fault> {
    let Some(greeted) = client else {
        if incoming.method != method::HELLO {
            return Err(Fault::new(code::NOT_GREETED, format!("{} before hello", incoming.method)));
        }
        *client = Some(hello(call, rpc::params(incoming)?)?);
        return Ok(());
    };
    match &*incoming.method {
        method::STEP_RECORD => recording::record(call, greeted, incoming),
        method::PING => {
            call.answer(Empty {});
            Ok(())
        }
        method::LOG_OPEN => {
            closing(call)?;
            ahead::open(call, greeted);
            Ok(())
        }
        method::RUN_START => start(call, greeted, rpc::params(incoming)?),
        method::RUN_READ => reading::read(call, rpc::params(incoming)?),
        method::RUN_AWAIT => wait(call, rpc::params(incoming)?),
        method::RUN_CANCEL => cancel(call, rpc::params(incoming)?),
        method::RUN_RELEASE => release(call, greeted, &rpc::params(incoming)?),
        method::PERMIT_ACQUIRE => {
            closing(call)?;
            limits::acquire(call, greeted, &rpc::params(incoming)?)
        }
        method::PERMIT_RELEASE => {
            limits::release(call, greeted, rpc::params(incoming)?);
            Ok(())
        }
        method::RESOURCE_REPORT => limits::report(call, greeted, &rpc::params(incoming)?),
        method::BREAKER_REPORT => breakers::report(call, greeted, &rpc::params(incoming)?),
        method::BREAKER_PROBE => breakers::probe(call, greeted, &rpc::params(incoming)?),
        method::POLICY_REPORT => policies::report(call, greeted, rpc::params(incoming)?),
        method::PLAN_DEFINE => plans::define(call, &rpc::params(incoming)?),
        method::SIGNAL_SEND => signals::send(call, &rpc::params(incoming)?),
        method::SIGNAL_LIST => {
            signals::list(call, rpc::params(incoming)?);
            Ok(())
        }
        method::TASK_INVOKE => {
            closing(call)?;
            invocations::invoke(call, greeted, rpc::params(incoming)?)
        }
        method::TASK_CANCEL => {
            let TaskCancel { call: number } = rpc::params(incoming)?;
            call.sidecar.broker.cancel(&greeted.owner.session, number, &call.sidecar.sessions);
            call.answer(Empty {});
            Ok(())
        }
        method::HELLO => Err(Fault::new(code::NOT_GREETED, "a second hello on one connection")),
        other => Err(Fault::new(code::METHOD_NOT_FOUND, format!("there is no method {other}"))),
    }
}

#[derive(Serialize)]
pub(crate) struct Empty {}

fn closing(call: &Call<'_>) -> Result<(), Fault> {
    if call.sidecar.is_closing() { Err(Refusal::Closing.into()) } else { Ok(()) }
}

/// The newest protocol that the client speaks as well.
fn spoken_by_both(client: ProtocolRange) -> Result<u32, Fault> {
    let ProtocolRange { min, max } = client;
    if max >= SPOKEN.min && min <= SPOKEN.max {
        return Ok(SPOKEN.max.min(max));
    }
    let theirs = if min == max { format!("{min}") } else { format!("{min} to {max}") };
    let message = format!("the sidecar speaks protocol {PROTOCOL_VERSION}, the client {theirs}");
    let data = serde_json::json!({"sidecar": SPOKEN, "client": client});
    Err(Fault { code: code::VERSION, message, data: Some(data) })
}

fn hello(call: &mut Call<'_>, hello: Hello) -> Result<Client, Fault> {
    closing(call)?;
    let sidecar = call.sidecar;
    let protocol = spoken_by_both(hello.protocol)?;
    if hello.session.is_empty() || hello.session.len() > 64 {
        return Err(Fault::new(code::INVALID_PARAMS, "a session needs an id of 1 to 64 bytes"));
    }
    let owner = arrival::owner_of(call.guest, &hello);
    arrival::may_have(sidecar, &owner, call.guest)?;
    let language = &hello.client.language;
    let plans: Vec<PlanRow> = hello
        .plans
        .iter()
        .map(|plan| PlanRow {
            workflow: plan.workflow.clone(),
            digest: plan.digest.clone(),
            language: language.clone(),
            secret: plan.secret.clone(),
        })
        .collect();
    let stored = |error: StoreError| Fault::from(Refusal::Store(error.to_string()));
    sidecar.learn(&plans).map_err(stored)?;
    scheduled::learn(sidecar, &hello.plans, arrival::sayer(call.guest, &hello)).map_err(stored)?;
    ahead::settle_before(sidecar, &owner.session)?;
    let (owned, given_back) = sidecar.journal.reclaim(&owner, &hello.owned)?;
    invocations::check_served(&hello.tasks)?;
    limits::reclaim(call, &owner.session, &hello.permits)?;
    // What was on its way over an older connection of the session is nowhere now.
    sidecar.broker.lose(&owner.session);
    sidecar.broker.drop_caller(&owner.session, &sidecar.sessions);
    let client = Client { owner: owner.clone(), language: language.clone(), pulse: Pulse::new() };
    // As soon as others see the session they hand it runs and calls: those come after the answer.
    call.outbox.hold_back();
    sidecar.sessions.join(Session {
        client: Some(hello.client),
        serve: hello.serve,
        plans: hello.plans.clone(),
        tasks: hello.tasks.into_iter().map(|task| (task.function, task.signature)).collect(),
        outbox: Some(Arc::clone(call.outbox)),
        pulse: Arc::clone(&client.pulse),
        guest: Some(call.guest.clone()),
        ..Session::new(owner)
    });
    for info in &given_back {
        sidecar.sessions.unload(&client.owner.session, &info.run);
        sidecar.offer(info);
    }
    // Before anybody was here to serve them, runs were left to other sidecars.
    sidecar.hungry.notify_one();
    scheduled::served(sidecar, &hello.plans);
    call.answer(HelloResult {
        protocol,
        sidecar: SidecarInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            background: sidecar.usage.patience.is_some(),
        },
        lease_ms: u64::try_from(sidecar.lease.as_millis()).unwrap_or(u64::MAX),
        limits: sidecar.journal.limits(),
        owned,
        breakers: sidecar.breakers.standing(),
        policies: sidecar.policies.standing(),
        wanted: sidecar.plans.wanted(plans.iter().map(|plan| &*plan.digest)),
    });
    call.outbox.first(std::mem::take(call.answers));
    Ok(client)
}

fn start(call: &mut Call<'_>, client: &Client, start: RunStart) -> Result<(), Fault> {
    closing(call)?;
    let sidecar = Arc::clone(call.sidecar);
    let at_once = || begin(&sidecar, &client.owner, &client.language, start.clone());
    let begun = match (!sidecar.ahead.is_settling()).then(at_once) {
        None | Some(Err(Refusal::Unsettled)) => {
            start_later(call, client, start);
            return Ok(());
        }
        Some(begun) => begun?,
    };
    if let Some(owned) = begun.before_the_disk() {
        let has_log = sidecar.ahead.holds(&client.owner.session);
        call.lingers = Some(if has_log { recording::LOGGED } else { LINGER });
        call.answer(owned);
        return Ok(());
    }
    call.later(async move { begun.told(&sidecar).await });
    Ok(())
}

/// Starts a run that may have begun in a log, when the store has what stands there.
fn start_later(call: &mut Call<'_>, client: &Client, start: RunStart) {
    let sidecar = Arc::clone(call.sidecar);
    let (owner, language) = (client.owner.clone(), client.language.clone());
    call.later(async move {
        let begun = loop {
            ahead::settled(&sidecar).await;
            match begin(&sidecar, &owner, &language, start.clone()) {
                Err(Refusal::Unsettled) => {}
                begun => break begun?,
            }
        };
        sidecar.flush();
        begun.told(&sidecar).await
    });
}

/// A start that the journal has admitted.
struct Begun {
    started: Started,
    wanted: bool,
}

fn begin(sidecar: &Sidecar, owner: &Owner, language: &str, start: RunStart) -> Result<Begun, Refusal> {
    if !start.secret.is_empty() {
        let row = PlanRow {
            workflow: start.workflow.clone(),
            digest: start.plan.clone(),
            language: language.to_owned(),
            secret: start.secret.clone(),
        };
        sidecar.learn(&[row]).map_err(|error| Refusal::Store(error.to_string()))?;
    }
    let wanted = sidecar.plans.wants(&start.plan);
    let started = sidecar.start(recording::request_of(start, language), Some(owner))?;
    Ok(Begun { started, wanted })
}

impl Begun {
    /// The answer to the start of a new run, of which nothing is on disk yet. Where another sidecar begins the same run in this moment
    /// the store says whose it is, and the other one's client hears that its start was not taken.
    fn before_the_disk(&self) -> Option<RunStartResult> {
        let Started::New { epoch, started_at, .. } = self.started else { return None };
        Some(new_run(epoch, started_at, self.wanted))
    }

    async fn told(self, sidecar: &Sidecar) -> Result<RunStartResult, Fault> {
        match self.started {
            Started::New { epoch, started_at, .. } => Ok(new_run(epoch, started_at, self.wanted)),
            Started::Taken(taken) => continued(sidecar, taken, self.wanted).await,
            Started::Attached { state, settled } => {
                if let Some(settled) = settled {
                    on_disk(settled).await?;
                }
                Ok(RunStartResult::Attached { state })
            }
            Started::Finished { state } => Ok(RunStartResult::Finished { state }),
        }
    }
}

fn new_run(epoch: u64, started_at: UnixMillis, wanted: bool) -> RunStartResult {
    RunStartResult::Owned { epoch, next_seq: 1, started_at, cancelling: false, wanted }
}

async fn continued(sidecar: &Sidecar, taken: Taken, wanted: bool) -> Result<RunStartResult, Fault> {
    let Taken { info, next_seq, settled } = taken;
    let now = fleet::still_here(sidecar, &info.run, info.epoch, settled).await?;
    Ok(RunStartResult::Owned {
        epoch: info.epoch,
        next_seq,
        started_at: info.started_at,
        cancelling: now.is_some_and(|now| now.cancel.is_some()),
        wanted,
    })
}

pub(crate) async fn on_disk(settled: Settled) -> Result<(), Fault> {
    match settled.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(refusal)) => Err(refusal.into()),
        Err(_) => Err(Refusal::Closing.into()),
    }
}

fn wait(call: &mut Call<'_>, wait: RunAwait) -> Result<(), Fault> {
    let (sidecar, reply) = (Arc::clone(call.sidecar), call.reply());
    call.tasks.spawn(async move {
        let mut looks = 0;
        loop {
            if let Some(stopped) = sidecar.journal.stopped(&wait.run) {
                // An error is a start that the store refused: then there is no such run.
                let _ = stopped.await;
            }
            if reply.in_turn(|| end_of(&sidecar, &wait.run)).await {
                return;
            }
            fleet::between_looks(&sidecar, &mut looks).await;
        }
    });
    Ok(())
}

/// The committed end of a run, or its pause; `None` while there is neither.
fn end_of(sidecar: &Sidecar, run: &str) -> Result<Option<RunAwaitResult>, Fault> {
    let row = blocking(|| sidecar.journal.store().find(run))
        .map_err(|error| Fault::from(Refusal::Store(error.to_string())))?
        .ok_or_else(|| Fault::from(sidecar.journal.absent(run)))?;
    let head = row.head;
    if !head.state.is_terminal() && head.state != RunState::Paused {
        return Ok(None);
    }
    let raw = |text: Arc<str>| RawValue::from_string(String::from(&*text));
    Ok(Some(RunAwaitResult {
        state: head.state,
        output: head.output.map(raw).transpose().map_err(|error| damaged(&error))?,
        error: head
            .error
            .map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(|error| damaged(&error))?,
    }))
}

fn cancel(call: &mut Call<'_>, cancel: RunCancel) -> Result<(), Fault> {
    closing(call)?;
    let sidecar = Arc::clone(call.sidecar);
    let settled = ask_cancel(&sidecar, &cancel.run, &cancel.reason)?;
    call.later(async move {
        if let Some(settled) = settled {
            on_disk(settled).await?;
        }
        tell_owner(&sidecar, &cancel.run);
        Ok(Empty {})
    });
    Ok(())
}

/// Puts the wish on its way to the disk.
pub(crate) fn ask_cancel(sidecar: &Sidecar, run: &str, reason: &str) -> Result<Option<Settled>, Refusal> {
    let at = jiff::Timestamp::now().as_millisecond();
    sidecar.journal.cancel(run, reason, at, &|owner| sidecar.may_take(owner)).map(|done| done.settled)
}

/// The wish to cancel is on disk: the owner is told, or the run is offered to one that can settle it.
pub(crate) fn tell_owner(sidecar: &Sidecar, run: &str) {
    let Some(info) = sidecar.journal.info(run) else { return };
    let living = info.owner.as_ref().filter(|owner| !sidecar.may_take(owner));
    let Some(owner) = living else { return sidecar.offer(&info) };
    if let Some(outbox) = sidecar.sessions.outbox(&owner.session) {
        let reason = info.cancel.as_deref().unwrap_or_default().to_owned();
        let mut line = Vec::new();
        let notice = RunCancelling { run: info.run.to_string(), epoch: info.epoch, reason };
        rpc::notice(&mut line, method::RUN_CANCELLING, notice);
        outbox.send(&line);
    }
}

fn release(call: &mut Call<'_>, client: &Client, release: &RunRelease) -> Result<(), Fault> {
    let sidecar = call.sidecar;
    if let Some(info) = sidecar.journal.release(&release.run, release.epoch, &client.owner.session)? {
        sidecar.sessions.unload(&client.owner.session, &info.run);
        sidecar.offer(&info);
    }
    call.answer(Empty {});
    Ok(())
}

/// The connection has ended. A dead process is often still on its way out when its socket closes.
pub(crate) fn leave(sidecar: &Arc<Sidecar>, client: &Client, outbox: &Arc<Outbox>) {
    let session = Arc::clone(&client.owner.session);
    if sidecar.sessions.leave(&session, outbox) {
        sidecar.broker.lose(&session);
        sidecar.broker.drop_caller(&session, &sidecar.sessions);
    }
    let (sidecar, over) = (Arc::clone(sidecar), Arc::downgrade(outbox));
    tokio::spawn(async move {
        ahead::settle(&sidecar, &session, Some(&over)).await;
        for pause in [0, 5, 20, 75, 200, 500] {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            if sidecar.sessions.bury(&session) {
                sidecar.permits.forget(&session);
                breakers::sweep(&sidecar);
                sidecar.policies.forget(&session);
                crate::schedule::offer_free(&sidecar);
                return;
            }
        }
    });
}
