//! The committed records of a run, page by page: as `run.read` asks for them, or beside a run that is handed out.
//!
//! It knows no entry: records go out as their writers sent them.

use std::sync::Arc;

use conductor_journal::{Refusal, StoreError};
use conductor_protocol::message::RunRead;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::again::damaged;
use crate::handlers::Call;
use crate::outbox::Outbox;
use crate::rpc::Fault;
use crate::sidecar::{Sidecar, blocking};

/// Bytes of records after which a page of `run.read` ends.
const PAGE: usize = 1 << 20;

/// The same of what is handed out: hundreds of runs may come at once.
const FIRST_PAGE: usize = 16 << 10;

#[derive(Serialize)]
struct ReadRecord {
    seq: u64,
    entries: Box<RawValue>,
}

#[derive(Serialize)]
struct ReadResult {
    records: Vec<ReadRecord>,
    more: bool,
}

pub(crate) fn read(call: &mut Call<'_>, read: RunRead) -> Result<(), Fault> {
    let sidecar = Arc::clone(call.sidecar);
    call.later_in_turn(move || page(&sidecar, &read.run, read.from, PAGE));
    Ok(())
}

/// What a run begins with, for whom it is handed to. Nothing where that would keep others waiting, or cannot be read: whoever
/// asks for it hears why.
pub(crate) fn first_page(sidecar: &Sidecar, run: &str, outbox: &Outbox) -> Option<Box<RawValue>> {
    if sidecar.journal.shared().is_some() || !outbox.has_room() {
        return None;
    }
    let page = page(sidecar, run, 0, FIRST_PAGE).ok()?;
    serde_json::value::to_raw_value(&page).ok()
}

fn page(sidecar: &Sidecar, run: &str, from: u64, bytes: usize) -> Result<ReadResult, Fault> {
    let store = sidecar.journal.store();
    let found = blocking(|| match store.find(run)? {
        Some(row) => store.records(row.key, from, bytes).map(Some),
        None => Ok(None),
    });
    let page = found
        .map_err(|error: StoreError| Fault::from(Refusal::Store(error.to_string())))?
        .ok_or_else(|| Fault::from(sidecar.journal.absent(run)))?;
    let mut records = Vec::with_capacity(page.records.len());
    for record in page.records {
        let entries = RawValue::from_string(String::from(&*record.body)).map_err(|error| damaged(&error))?;
        records.push(ReadRecord { seq: record.seq, entries });
    }
    Ok(ReadResult { records, more: page.more })
}
