//! The messages about what is limited: permits of the host, and how full the pools of processes are.
//!
//! It knows neither runs nor the journal.

use std::sync::Arc;

use conductor_protocol::message::{code, method};
use conductor_protocol::permit::{PermitAcquire, PermitClaim, PermitRecall, PermitRelease, ResourceReport};

use crate::handlers::{Call, Client, Empty};
use crate::permits::{Recall, Turn};
use crate::rpc::{self, Fault};
use crate::sidecar::Sidecar;

/// Bytes of a resource's id.
const ID: usize = 255;

/// The longest span of a rate: a year.
const SPAN_MS: u64 = 366 * 24 * 3600 * 1000;

/// Pools in one report.
const POOLS: usize = 1000;

/// Waits of one pool in one report.
const WAITS: u64 = 1_000_000;

pub(crate) fn acquire(call: &mut Call<'_>, client: &Client, asked: &PermitAcquire) -> Result<(), Fault> {
    check(&asked.resource)?;
    if asked.limit == Some(0) {
        return Err(wrong("a limit of 0 permits would be waited for without end".to_owned()));
    }
    if asked.rate.is_some_and(|rate| rate.permits == 0 || rate.per_ms == 0 || rate.per_ms > SPAN_MS) {
        return Err(wrong("a rate is at least one permit in 1 ms to 366 days".to_owned()));
    }
    let session = Arc::clone(&client.owner.session);
    let mut turn = call.sidecar.permits.ask(&session, asked);
    if let Turn::Granted(granted) = turn {
        call.answer(granted);
        return Ok(());
    }
    let (sidecar, permit) = (Arc::clone(call.sidecar), asked.permit);
    call.later(async move {
        loop {
            match turn {
                Turn::Granted(granted) => return Ok(granted),
                Turn::Gone => return Err(wrong(format!("permit {permit} was given back"))),
                Turn::At(at) => tokio::time::sleep_until(at.into()).await,
                // An error says that the place was taken over by another question for the same permit.
                Turn::Queued(woken, recalled) => {
                    recall(&sidecar, recalled);
                    drop(woken.await);
                }
            }
            turn = sidecar.permits.turn(&session, permit);
        }
    });
    Ok(())
}

/// Tells sessions that somebody waits for what they keep.
fn recall(sidecar: &Sidecar, recalled: Recall) {
    let Recall { resource, keep, sessions } = recalled;
    let mut line = Vec::new();
    rpc::notice(&mut line, method::PERMIT_RECALL, PermitRecall { resource: resource.to_string(), keep });
    for outbox in sessions.iter().filter_map(|session| sidecar.sessions.outbox(session)) {
        outbox.send(&line);
    }
}

pub(crate) fn release(call: &mut Call<'_>, client: &Client, release: PermitRelease) {
    call.sidecar.permits.release(&client.owner.session, release.permit);
    call.answer(Empty {});
}

pub(crate) fn reclaim(call: &Call<'_>, session: &Arc<str>, claims: &[PermitClaim]) -> Result<(), Fault> {
    for claim in claims {
        check(&claim.resource)?;
    }
    call.sidecar.permits.reclaim(session, claims);
    Ok(())
}

pub(crate) fn report(call: &mut Call<'_>, client: &Client, report: &ResourceReport) -> Result<(), Fault> {
    if report.resources.len() > POOLS {
        return Err(wrong(format!("a report has at most {POOLS} resources")));
    }
    for pool in &report.resources {
        check(&pool.id)?;
        if pool.waited_ms.iter().map(|(_, count)| u64::from(*count)).sum::<u64>() > WAITS {
            return Err(wrong(format!("too many waits for {} in one report", pool.id)));
        }
    }
    let process = (client.owner.pid, client.owner.process_start);
    call.sidecar.metrics.resources(process, &report.resources);
    call.answer(Empty {});
    Ok(())
}

fn check(resource: &str) -> Result<(), Fault> {
    if resource.is_empty() || resource.len() > ID || resource.chars().any(char::is_control) {
        return Err(wrong(format!("a resource has an id of 1 to {ID} bytes without control characters")));
    }
    Ok(())
}

fn wrong(message: String) -> Fault {
    Fault::new(code::INVALID_PARAMS, message)
}
