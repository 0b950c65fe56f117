//! A journal for tests, and what one says.
//!
//! It knows no store: each brings a place for one.

use std::sync::Arc;

use conductor_journal::{Encryption, Journal, Note, Owner, Recorded, Refusal, StartRequest, Started, Store};
use conductor_protocol::entry::Entry;
use conductor_protocol::message::Limits;
use serde_json::value::RawValue;

/// Where a store is: it can be opened again and again.
pub trait At {
    fn store(&self) -> Box<dyn Store>;
    /// Changes it behind the journal's back.
    fn sql(&self, text: &str);

    fn journal(&self) -> Journal {
        Journal::open(self.store(), Limits::default(), Encryption::default()).unwrap()
    }
}

pub fn owner(session: &str) -> Owner {
    Owner { session: session.into(), pid: 1, process_start: 1 }
}

pub fn request(run: &str, input: &str) -> StartRequest {
    StartRequest {
        run: run.to_owned(),
        workflow: "w".to_owned(),
        plan: Some("p".to_owned()),
        language: Some("python".to_owned()),
        input: RawValue::from_string(input.to_owned()).unwrap(),
        secret: Vec::new(),
        parent: None,
        traceparent: None,
        by: None,
        at: 1_790_000_000_000,
    }
}

pub fn never(_: &Owner) -> bool {
    false
}

pub fn start(journal: &Journal, run: &str, session: &str) {
    let started = journal.start(request(run, "{}"), Some(&owner(session)), &never).unwrap();
    assert!(matches!(started, Started::New { epoch: 1, .. }), "{started:?}");
}

pub const STARTED: &str = r#"[{"step_started":{"key":"a","task":"a","attempt":1,"at":1}}]"#;
pub const FINISHED: &str = r#"[{"run_succeeded":{"output":{"x":1},"at":2}}]"#;

pub fn record(
    journal: &Journal,
    run: &str,
    epoch: u64,
    seq: u64,
    body: &str,
    session: &str,
) -> Result<Recorded, Refusal> {
    let entries: Vec<Entry> = serde_json::from_str(body).unwrap();
    journal.record(run, epoch, seq, &entries, body, &Arc::from(session))
}

pub fn commit(journal: &Journal) -> Vec<Note> {
    let mut notes = Vec::new();
    journal.commit(|all| notes.extend(all));
    notes
}

/// The acknowledgements and refusals in `notes`, as text.
pub fn said(notes: &[Note]) -> Vec<String> {
    notes
        .iter()
        .filter_map(|note| match note {
            Note::Acked { run, session, seq } => Some(format!("{run} {session} ack {seq}")),
            Note::Refused { run, session, seq, refusal, .. } => {
                Some(format!("{run} {session} refused {seq} {}", refusal.reason()))
            }
            Note::Stopped { run, head, .. } => Some(format!("{run} {}", head.state.as_str())),
            Note::Gone { run, session } => Some(format!("{run} {session} gone")),
            Note::Reverting { .. } | Note::Signalled { .. } | Note::Facts { .. } | Note::Changed { .. } => {
                None
            }
        })
        .collect()
}
