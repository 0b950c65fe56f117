//! The start of a run by a process that executes it: when it is answered, and what the answer waits for.
//!
//! Whose the run is the journal says.

use std::sync::Arc;
use std::time::Duration;

use conductor_journal::{Owner, PlanRow, Refusal, Started, Taken};
use conductor_protocol::entry::UnixMillis;
use conductor_protocol::message::{RunStart, RunStartResult};

use crate::again::may_pass;
use crate::ahead;
use crate::fleet;
use crate::handlers::{Call, Client, closing, on_disk};
use crate::recording;
use crate::rpc::Fault;
use crate::sidecar::Sidecar;

/// How long the start of a run waits for what follows it, so that both are one commit. Nobody waits for a start alone: who began it
/// has an answer before the disk.
const LINGER: Duration = Duration::from_millis(2);

pub(crate) fn start(call: &mut Call<'_>, client: &Client, start: RunStart) -> Result<(), Fault> {
    closing(call)?;
    let sidecar = Arc::clone(call.sidecar);
    let starter = Starter { owner: client.owner.clone(), language: client.language.clone(), start };
    let begun = match (!sidecar.ahead.is_settling()).then(|| starter.begin(&sidecar, Seen::Unlikely)) {
        None | Some(Err(Refusal::Unsettled)) => {
            call.later(async move { starter.settled(&sidecar).await });
            return Ok(());
        }
        Some(begun) => begun?,
    };
    if let Some(owned) = begun.before_the_disk(&sidecar) {
        let has_log = sidecar.ahead.holds(&client.owner.session);
        call.lingers = Some(if has_log { recording::LOGGED } else { LINGER });
        call.answer(owned);
        return Ok(());
    }
    call.later(async move {
        let is_unseen = begun.is_unseen(&sidecar);
        match begun.told(&sidecar).await {
            // It was there, or the commit was not heard of: the store says which.
            Err(fault) if is_unseen && may_pass(&fault) => {
                let told = starter.settled(&sidecar).await;
                // It may have been handed out in between, while it seemed to be this caller's.
                let left = told.is_err().then(|| sidecar.journal.info(&starter.start.run)).flatten();
                left.iter().for_each(|info| sidecar.offer(info));
                told
            }
            told => told,
        }
    });
    Ok(())
}

/// Whether a run may be there already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Unlikely,
    Perhaps,
}

/// Who starts what.
struct Starter {
    owner: Owner,
    language: String,
    start: RunStart,
}

impl Starter {
    fn begin(&self, sidecar: &Sidecar, seen: Seen) -> Result<Begun, Refusal> {
        let start = self.start.clone();
        if !start.secret.is_empty() {
            let row = PlanRow {
                workflow: start.workflow.clone(),
                digest: start.plan.clone(),
                language: self.language.clone(),
                secret: start.secret.clone(),
            };
            sidecar.learn(&[row]).map_err(|error| Refusal::Store(error.to_string()))?;
        }
        let (run, wanted) = (start.run.clone(), sidecar.plans.wants(&start.plan));
        let request = recording::request_of(start, &self.language);
        let started = match seen {
            Seen::Unlikely => sidecar.start_unseen(request, Some(&self.owner))?,
            Seen::Perhaps => sidecar.start(request, Some(&self.owner))?,
        };
        Ok(Begun { run, started, wanted })
    }

    /// Starts a run of which something may be known: in a log, when the store has what stands there, or in the store.
    async fn settled(&self, sidecar: &Arc<Sidecar>) -> Result<RunStartResult, Fault> {
        let begun = loop {
            ahead::settled(sidecar).await;
            match self.begin(sidecar, Seen::Perhaps) {
                Err(Refusal::Unsettled) => {}
                begun => break begun?,
            }
        };
        sidecar.flush();
        begun.told(sidecar).await
    }
}

/// A start that the journal has admitted.
struct Begun {
    run: String,
    started: Started,
    wanted: bool,
}

impl Begun {
    /// Whether a shared store was not asked for the run.
    fn is_unseen(&self, sidecar: &Sidecar) -> bool {
        matches!(self.started, Started::New { .. }) && sidecar.journal.shared().is_some()
    }

    /// The answer to the start of a new run, of which nothing is on disk yet.
    fn before_the_disk(&self, sidecar: &Sidecar) -> Option<RunStartResult> {
        let Started::New { epoch, started_at, .. } = self.started else { return None };
        // Where others share the store another one may begin the same run in this moment: only the store knows whose it is.
        sidecar.journal.shared().is_none().then(|| new_run(epoch, started_at, self.wanted))
    }

    async fn told(self, sidecar: &Sidecar) -> Result<RunStartResult, Fault> {
        if let Some(owned) = self.before_the_disk(sidecar) {
            return Ok(owned);
        }
        let wanted = self.wanted;
        match self.started {
            Started::New { epoch, started_at, settled } => {
                fleet::still_here(sidecar, &self.run, epoch, settled).await?;
                Ok(new_run(epoch, started_at, wanted))
            }
            Started::Taken(taken) => continued(sidecar, taken, wanted).await,
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
