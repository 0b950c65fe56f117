//! Records of runs: from a line of a connection, or from a log that a process has kept ahead of the store.
//!
//! It knows what becomes of a record, not when it is committed.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use conductor_journal::{Recorded, Refusal, StartRequest};
use conductor_protocol::entry::Entry;
use conductor_protocol::message::{RunAck, RunRefused, RunStart, method};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::handlers::{Call, Client};
use crate::rpc::{self, Fault, Incoming};
use crate::sidecar::Sidecar;

/// How long what its process has on the disk already waits for company.
pub(crate) const LOGGED: Duration = Duration::from_millis(20);

#[derive(Deserialize)]
pub(crate) struct RecordParams<'a> {
    #[serde(borrow)]
    pub(crate) run: Cow<'a, str>,
    pub(crate) epoch: u64,
    pub(crate) seq: u64,
    /// Whether it stands in the session's log, so that nobody waits for its commit.
    #[serde(default)]
    logged: bool,
    #[serde(borrow)]
    entries: &'a RawValue,
}

impl RecordParams<'_> {
    /// Has the journal admit it.
    pub(crate) fn admit(&self, sidecar: &Sidecar, session: &Arc<str>) -> Result<Recorded, Refusal> {
        let body = self.entries.get();
        let entries: Vec<Entry> =
            serde_json::from_str(body).map_err(|error| Refusal::Invalid(format!("entries: {error}")))?;
        sidecar.journal.record(&self.run, self.epoch, self.seq, &entries, body, session)
    }
}

/// What a client of that language asks of the journal.
pub(crate) fn request_of(start: RunStart, language: &str) -> StartRequest {
    StartRequest {
        run: start.run,
        workflow: start.workflow,
        plan: Some(start.plan),
        language: Some(language.to_owned()),
        input: start.input,
        secret: start.secret,
        parent: start.parent,
        traceparent: start.traceparent.filter(|text| rpc::is_traceparent(text)),
        by: None,
        at: start.at,
    }
}

/// Whether a record that is said to stand in a log may wait for company. One that is sent again over another connection says so
/// of a log that is gone, and somebody waits for it.
fn may_linger(sidecar: &Sidecar, client: &Client, run: &str) -> bool {
    sidecar.ahead.is_in_use(&client.owner.session) && sidecar.journal.note_logged(run)
}

pub(crate) fn record(call: &mut Call<'_>, client: &Client, incoming: &Incoming<'_>) -> Result<(), Fault> {
    let params: RecordParams<'_> = rpc::params(incoming)?;
    match params.admit(call.sidecar, &client.owner.session) {
        Ok(Recorded::Queued) if params.logged && may_linger(call.sidecar, client, &params.run) => {
            call.lingers = Some(LOGGED);
        }
        Ok(Recorded::Queued | Recorded::Dropped) => {}
        Ok(Recorded::Known { acked }) => {
            let ack = RunAck { run: params.run.into_owned(), seq: acked };
            rpc::notice(call.answers, method::RUN_ACK, ack);
        }
        Err(refusal) => {
            call.sidecar.metrics.refused(refusal.reason());
            let refused = RunRefused {
                run: params.run.into_owned(),
                epoch: params.epoch,
                seq: params.seq,
                code: refusal.code(),
                message: refusal.to_string(),
            };
            rpc::notice(call.answers, method::RUN_REFUSED, refused);
        }
    }
    Ok(())
}
