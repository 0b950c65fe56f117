//! Runs that begin by themselves: a task that waits for the next time of any schedule and starts what is due.
//!
//! It knows no session that executes them: a run that it has started is free for whoever serves the workflow.

use std::sync::Arc;
use std::time::Duration;

use conductor_journal::{Refusal, Settled, StartRequest, Started, StoreError};
use conductor_protocol::entry::UnixMillis;
use conductor_protocol::message::PlanRef;
use serde_json::value::RawValue;

use crate::ahead;
use crate::sidecar::{Sidecar, blocking};
use crate::timetable::{Firing, Sayer};

/// The clock is looked at so often, in case that it is set.
const LOOK: Duration = Duration::from_millis(500);

/// The id of the run that a workflow begins at that time: whoever else begins it too begins the same one.
pub(crate) fn run_id(workflow: &str, at: UnixMillis) -> String {
    let time = jiff::Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |at| at.to_string());
    format!("{workflow}@{time}")
}

/// A session has said what it serves, and when that begins by itself.
pub(crate) fn learn(sidecar: &Sidecar, plans: &[PlanRef], sayer: Sayer) -> Result<(), StoreError> {
    let mut table = sidecar.timetable();
    let rows = table.said(plans, &sayer, sidecar.clock.now());
    if !rows.is_empty() {
        blocking(|| sidecar.journal.store().keep_schedules(&rows))?;
    }
    rows.into_iter().for_each(|row| table.put(row));
    Ok(())
}

/// The session of [`learn`] can be handed runs from now on.
pub(crate) fn served(sidecar: &Sidecar, plans: &[PlanRef]) {
    sidecar.timetable().served(plans);
    sidecar.rescheduled.notify_one();
}

/// Runs until the sidecar closes.
pub(crate) async fn run(sidecar: Arc<Sidecar>) {
    loop {
        let next = sidecar.timetable().next();
        let pause = async {
            match next {
                Some(next) => {
                    let left = next.saturating_sub(sidecar.clock.now());
                    let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
                    tokio::time::sleep(left.min(LOOK)).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = sidecar.closed() => return,
            () = sidecar.rescheduled.notified() => {}
            () = pause => {}
        }
        look(&sidecar).await;
    }
}

/// A run by its id, and what to wait for until its start is on the disk.
type Begun = (String, Result<Option<Settled>, Refusal>);

async fn look(sidecar: &Arc<Sidecar>) {
    ahead::settled_soon(sidecar).await;
    let now = sidecar.clock.now();
    let firings = sidecar.timetable().due(
        now,
        |workflow| sidecar.sessions.serves(workflow),
        |run| sidecar.journal.info(run).is_some(),
    );
    let starting: Vec<(Firing, Vec<Begun>)> = firings
        .into_iter()
        .map(|firing| {
            let start = |at: &UnixMillis| start(sidecar, &firing.workflow, *at, now);
            let starts = firing.due.begin.iter().map(start).collect();
            (firing, starts)
        })
        .collect();
    sidecar.flush();
    let mut rows = Vec::new();
    for (firing, starts) in starting {
        match begun(sidecar, &firing.workflow, starts).await {
            Ok(runs) => rows.extend(sidecar.timetable().begun(&firing, runs)),
            Err(refusal) => {
                eprintln!("conductor sidecar: schedule of {}: {refusal}", firing.workflow);
                sidecar.timetable().failed(&firing);
            }
        }
    }
    if !rows.is_empty()
        && let Err(error) = blocking(|| sidecar.journal.store().keep_schedules(&rows))
    {
        // After a restart they are begun again, and found to be there.
        eprintln!("conductor sidecar: what schedules have begun could not be kept: {error}");
    }
}

/// Puts the start on its way to the disk; `None` where the run is there already.
fn start(sidecar: &Sidecar, workflow: &str, at: UnixMillis, now: UnixMillis) -> Begun {
    let run = run_id(workflow, at);
    let Ok(input) = RawValue::from_string("{}".to_owned()) else { return (run, Ok(None)) };
    let request = StartRequest {
        run: run.clone(),
        workflow: workflow.to_owned(),
        plan: None,
        language: None,
        input,
        secret: sidecar.secret(workflow).into_iter().collect(),
        parent: None,
        traceparent: None,
        by: None,
        at: now,
    };
    let started = sidecar.start(request, None);
    let settled = match started {
        Ok(Started::New { settled, .. }) => Ok(Some(settled)),
        Ok(Started::Attached { settled, .. }) => Ok(settled),
        Ok(Started::Finished { .. } | Started::Taken(_)) => Ok(None),
        // Somebody has given his own run this name: it is his.
        Err(Refusal::Mismatch { .. }) => Ok(None),
        // It began, and ended, long ago.
        Err(Refusal::Purged { .. }) => Ok(None),
        Err(refusal) => Err(refusal),
    };
    (run, settled)
}

/// Waits for the disk, and offers the runs that are on it.
async fn begun(sidecar: &Arc<Sidecar>, workflow: &str, starts: Vec<Begun>) -> Result<Vec<String>, Refusal> {
    let mut runs = Vec::new();
    for (run, settled) in starts {
        if let Some(settled) = settled? {
            settled.await.unwrap_or(Err(Refusal::Closing))?;
        }
        if let Some(info) = sidecar.journal.info(&run).filter(|info| *info.workflow == *workflow) {
            sidecar.offer(&info);
            runs.push(run);
        }
    }
    Ok(runs)
}
