//! This sidecar among others on one store: its lease is kept alive, what waits is claimed, what others ask is done.
//!
//! It knows no SQL. Where the store is not shared there is nothing of it.

use std::sync::Arc;
use std::time::Duration;

use conductor_journal::{Ask, Refusal, RunInfo, Settled, SharedAsk, Wanted, Whereabouts};

use crate::handlers::{ask_cancel, on_disk, tell_owner};
use crate::rpc::Fault;
use crate::sidecar::{Sidecar, blocking};

/// The lease of a sidecar among sidecars, in leases of a session. The answer that renews a session's lease is given only while
/// that lease and a quarter of it are left of the sidecar's: who has just looked at its lease may need a moment until it begins.
/// The rest is what the store may be away without anybody noticing.
pub(crate) const LEASES: u32 = 2;

/// How often a gate that is shut is looked at.
const GATE: Duration = Duration::from_millis(20);

/// Runs that one claim takes at most.
const CLAIM: usize = 500;

impl Sidecar {
    /// Whether a session whose message is answered now may trust in its lease: nobody takes its runs before that is over.
    pub(crate) fn is_safe(&self) -> bool {
        self.journal.shared().is_none_or(|shared| shared.remaining() >= self.lease + self.lease / 4)
    }

    /// Waits until messages may be answered.
    pub(crate) async fn safe(&self) {
        while !self.is_safe() && !self.is_closing() {
            tokio::time::sleep(GATE).await;
        }
    }
}

/// The run as it is when its epoch is on disk and a session may be told so: while nobody was heard of this sidecar another
/// may have taken it, and the session would begin it all the same.
pub(crate) async fn still_here(
    sidecar: &Sidecar,
    run: &str,
    epoch: u64,
    settled: Settled,
) -> Result<Option<RunInfo>, Fault> {
    on_disk(settled).await?;
    sidecar.safe().await;
    let now = sidecar.journal.info(run).filter(|now| now.epoch == epoch);
    if now.is_none() && sidecar.journal.shared().is_some() {
        return Err(Refusal::Store(format!("another sidecar has run {run} now")).into());
    }
    Ok(now)
}

/// Waits before it is looked again whether a run has ended: it was resumed in between, or another sidecar has it.
pub(crate) async fn between_looks(sidecar: &Sidecar, looks: &mut u32) {
    let doubled = if sidecar.journal.shared().is_some() { (*looks).min(5) } else { 0 };
    *looks += 1;
    tokio::time::sleep(Duration::from_millis(10 << doubled)).await;
}

/// Runs until the sidecar closes.
pub(crate) async fn run(sidecar: Arc<Sidecar>) {
    let Some(news) = sidecar.journal.shared().map(|shared| shared.news()) else { return };
    let pause = (sidecar.lease / 4).clamp(Duration::from_millis(20), Duration::from_millis(2500));
    let mut tick = tokio::time::interval(pause);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut in_trouble = false;
    loop {
        let ticked = tokio::select! {
            () = sidecar.closed() => return,
            () = news.notified() => {
                sidecar.hosts.due.notify_one();
                false
            }
            () = sidecar.hurry.notified() => {
                tokio::time::sleep(GATE).await;
                true
            }
            _ = tick.tick() => true,
        };
        let looked = if ticked { renew(&sidecar) } else { Ok(()) };
        let looked = match looked {
            Ok(()) => look(&sidecar).await,
            error => error,
        };
        if let Err(error) = &looked
            && !in_trouble
        {
            eprintln!("conductor sidecar: it cannot look after its runs: {error}");
        }
        in_trouble = looked.is_err();
        sidecar.hungry.notify_one();
    }
}

/// Prolongs the lease. What was taken meanwhile is forgotten.
fn renew(sidecar: &Arc<Sidecar>) -> Result<(), String> {
    let Some(shared) = sidecar.journal.shared() else { return Ok(()) };
    // Nobody was heard while nobody was listened to.
    let was_safe = sidecar.is_safe();
    if !was_safe {
        sidecar.sessions.beat();
    }
    let lapsed = blocking(|| shared.renew()).map_err(|error| error.to_string())?;
    // Who lost a run must hear of it before any answer renews its lease: it may be about to make a call.
    if lapsed {
        sidecar.flush();
        if !blocking(|| sidecar.journal.recount()).map_err(|error| error.to_string())? {
            sidecar.hurry.notify_one();
            return Ok(());
        }
        sidecar.deliver(sidecar.journal.late());
        shared.recounted();
        sidecar.sessions.beat();
    }
    blocking(|| sidecar.relearn()).map_err(|error| error.to_string())
}

async fn look(sidecar: &Arc<Sidecar>) -> Result<(), String> {
    blocking(|| sidecar.journal.clear_doubts()).map_err(|error| error.to_string())?;
    let late = sidecar.journal.late();
    if !late.is_empty() {
        sidecar.deliver(late);
    }
    sidecar.flush();
    let Some(shared) = sidecar.journal.shared() else { return Ok(()) };
    let asks = blocking(|| shared.asks()).map_err(|error| error.to_string())?;
    let mut answered = Vec::new();
    for ask in asks {
        match done(sidecar, &ask).await {
            Ok(true) => answered.push(ask.id),
            Ok(false) => {}
            // What the run's state refuses would be refused the next time as well.
            Err(Refusal::Store(error)) => eprintln!("conductor sidecar: an ask waits: {error}"),
            Err(_) => answered.push(ask.id),
        }
    }
    if answered.is_empty() {
        return Ok(());
    }
    blocking(|| shared.answered(&answered)).map_err(|error| error.to_string())
}

/// Does what was asked; false where the run is another's again.
async fn done(sidecar: &Arc<Sidecar>, ask: &SharedAsk) -> Result<bool, Refusal> {
    match blocking(|| sidecar.journal.whereabouts(&ask.run))? {
        Whereabouts::Here => {}
        Whereabouts::Elsewhere => return Ok(false),
        Whereabouts::Nowhere => return Ok(true),
    }
    let wish: Ask = serde_json::from_str(&ask.body).map_err(|error| Refusal::Invalid(error.to_string()))?;
    let on_its_way: Option<Settled> = match &wish {
        Ask::Cancel { reason } => ask_cancel(sidecar, &ask.run, reason)?,
        Ask::Signal { signal, id, data } => sidecar.journal.signal(&ask.run, signal, id, data)?,
    };
    sidecar.flush();
    if let Some(settled) = on_its_way {
        settled.await.unwrap_or(Err(Refusal::Closing))?;
    }
    if matches!(wish, Ask::Cancel { .. }) {
        tell_owner(sidecar, &ask.run);
    }
    Ok(true)
}

/// Leaves to others what could not be handed out.
pub(crate) fn leave(sidecar: &Arc<Sidecar>) {
    if sidecar.journal.shared().is_none() {
        return;
    }
    let left = sidecar.backlog.drain();
    if left.is_empty() {
        return;
    }
    let left = blocking(|| sidecar.journal.let_go(&left, &|owner| sidecar.may_take(owner)));
    if let Err(error) = left {
        // The sweep finds them again.
        eprintln!("conductor sidecar: runs that wait could not be left to others: {error}");
    }
}

/// Takes up what waits for sessions like those that have room here. Whether there may be more.
pub(crate) fn claim(sidecar: &Arc<Sidecar>) -> bool {
    if sidecar.journal.shared().is_none() {
        return false;
    }
    let (served, room) = sidecar.sessions.served();
    let limit = room.min(CLAIM);
    if limit == 0 {
        // Each run that ends makes room for another.
        return true;
    }
    if served.is_empty() {
        return false;
    }
    let wanted: Vec<Wanted> = served.into_iter().map(|(workflow, plan)| Wanted { workflow, plan }).collect();
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    match blocking(|| sidecar.journal.claim(&wanted, limit)) {
        Ok(claimed) => {
            // Who had one of them before others did must hear of it before it is handed out again.
            sidecar.deliver(sidecar.journal.late());
            claimed.iter().for_each(|info| sidecar.offer(info));
            claimed.len() == limit as usize
        }
        // The next look tries again.
        Err(_) => false,
    }
}
