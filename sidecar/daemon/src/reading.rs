//! `run.read`: the committed records of a run, page by page.
//!
//! It knows no entry: records go out as their writers sent them.

use std::sync::Arc;

use conductor_journal::{Refusal, StoreError};
use conductor_protocol::message::RunRead;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::again::damaged;
use crate::handlers::Call;
use crate::rpc::Fault;
use crate::sidecar::{Sidecar, blocking};

/// Bytes of records after which a page of `run.read` ends.
const PAGE: usize = 1 << 20;

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
    call.later_in_turn(move || page(&sidecar, read));
    Ok(())
}

fn page(sidecar: &Sidecar, read: RunRead) -> Result<ReadResult, Fault> {
    let store = sidecar.journal.store();
    let found = blocking(|| match store.find(&read.run)? {
        Some(row) => store.records(row.key, read.from, PAGE).map(Some),
        None => Ok(None),
    });
    let page = found
        .map_err(|error: StoreError| Fault::from(Refusal::Store(error.to_string())))?
        .ok_or_else(|| Fault::from(sidecar.journal.absent(&read.run)))?;
    let mut records = Vec::with_capacity(page.records.len());
    for record in page.records {
        let entries = RawValue::from_string(String::from(&*record.body)).map_err(|error| damaged(&error))?;
        records.push(ReadRecord { seq: record.seq, entries });
    }
    Ok(ReadResult { records, more: page.more })
}
