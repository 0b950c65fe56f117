//! Dispatch and the sweep: free runs go to sessions that serve them; the dead and the silent lose theirs.
//!
//! It knows no message from a client; it is one task, so no two dispatchers compete.

use std::sync::Arc;
use std::time::Duration;

use conductor_journal::Taken;
use conductor_protocol::message::{RunDispatch, method};

use crate::ahead;
use crate::breakers;
use crate::fleet;
use crate::outbox::Outbox;
use crate::reading;
use crate::rpc;
use crate::sidecar::Sidecar;

/// Runs until the sidecar closes.
pub(crate) async fn run(sidecar: Arc<Sidecar>) {
    let pause = (sidecar.lease / 4).clamp(Duration::from_millis(20), Duration::from_millis(2500));
    let mut tick = tokio::time::interval(pause);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    offer_free(&sidecar);
    // Whether the store may hold more that could be handed out here.
    let mut more = false;
    loop {
        tokio::select! {
            () = sidecar.closed() => return,
            () = sidecar.kick.notified() => {}
            () = sidecar.hungry.notified() => more = true,
            // While nobody is listened to, nobody is silent.
            _ = tick.tick() => if sidecar.is_safe() {
                more = true;
                ahead::hang_up_on_silent(&sidecar);
                let gone = sidecar.sessions.sweep();
                for session in &gone {
                    sidecar.permits.forget(session);
                    sidecar.policies.forget(session);
                }
                if !gone.is_empty() {
                    breakers::sweep(&sidecar);
                }
                sidecar.permits.sweep();
                offer_free(&sidecar);
            }
        }
        more = more && fleet::claim(&sidecar);
        dispatch(&sidecar);
        fleet::leave(&sidecar);
        sidecar.broker.dispatch(&sidecar.sessions);
    }
}

/// Fills the backlog anew with every run without a living owner: after a start, and as the net under every other way.
pub(crate) fn offer_free(sidecar: &Arc<Sidecar>) {
    // Before the look at the runs: whatever is offered from here on is in that look, or comes after it.
    sidecar.backlog.clear();
    for info in sidecar.journal.open_runs() {
        if info.owner.as_ref().is_none_or(|owner| sidecar.may_take(owner)) {
            sidecar.offer(&info);
        }
    }
}

/// Hands out as many free runs as the connected sessions take.
fn dispatch(sidecar: &Arc<Sidecar>) {
    let mut handed = Vec::new();
    for group in sidecar.backlog.groups() {
        let (workflow, plan) = &group;
        while let Some(server) = sidecar.sessions.server_of(workflow, plan.as_deref()) {
            let Some(run) = sidecar.backlog.pop(&group) else { break };
            let taken = sidecar
                .journal
                .take(&run, &server.owner, &server.plan, &server.language, &|owner| sidecar.may_take(owner));
            match taken {
                Ok(Some(taken)) => {
                    sidecar.sessions.load(&server.owner.session, &run);
                    handed.push((taken, server.outbox));
                }
                // It is somebody's, or has ended.
                Ok(None) => {}
                // The sweep offers it again.
                Err(refusal) => {
                    eprintln!("conductor sidecar: run {run} cannot be dispatched: {refusal}");
                    break;
                }
            }
        }
    }
    if !handed.is_empty() {
        let this = Arc::clone(sidecar);
        tokio::spawn(async move { tell(&this, handed).await });
        sidecar.flush();
    }
}

/// Tells each session of its run once the takeover is on disk.
async fn tell(sidecar: &Arc<Sidecar>, handed: Vec<(Taken, Arc<Outbox>)>) {
    for (taken, outbox) in handed {
        let Taken { info, next_seq, settled } = taken;
        let Some(owner) = &info.owner else { continue };
        let Ok(now) = fleet::still_here(sidecar, &info.run, info.epoch, settled).await else {
            sidecar.sessions.unload(&owner.session, &info.run);
            continue;
        };
        let mut line = Vec::new();
        let dispatch = RunDispatch {
            // Somebody may have asked for it since.
            cancelling: now.is_some_and(|now| now.cancel.is_some()),
            run: info.run.to_string(),
            workflow: info.workflow.to_string(),
            plan: info.plan.as_deref().unwrap_or_default().to_owned(),
            epoch: info.epoch,
            next_seq,
            started_at: info.started_at,
            history: reading::first_page(sidecar, &info.run, &outbox),
        };
        rpc::notice(&mut line, method::RUN_DISPATCH, dispatch);
        outbox.send(&line);
    }
}
