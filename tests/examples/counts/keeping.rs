//! The sidecar's work: runs are recorded and found again in a journal on SQLite, and messages are read and written.

use std::path::Path;
use std::sync::Arc;

use conductor_journal::{Encryption, Journal, Owner, Recorded, SqliteStore, StartRequest, Started};
use conductor_protocol::entry::Entry;
use conductor_protocol::message::{Limits, RunAck, StepRecord};
use serde_json::value::RawValue;

use crate::counted;

const RUNS: usize = 20;
const STEPS: u64 = 10;
const MESSAGES: u64 = 1000;

pub fn append() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    counted(|| fill(&journal));
    assert_eq!(journal.open_count(), RUNS);
}

pub fn replay() {
    let folder = tempfile::tempdir().unwrap();
    fill(&open(folder.path()));
    let records = counted(|| {
        let journal = open(folder.path());
        let runs = journal.open_runs();
        let key = |run: &str| journal.store().find(run).unwrap().unwrap().key;
        let read = |run: &str| journal.store().records(key(run), 0, usize::MAX).unwrap().records.len();
        runs.iter().map(|info| read(&info.run)).sum::<usize>()
    });
    assert!(records >= RUNS * STEPS as usize, "{records}");
}

pub fn codec() {
    let line =
        |seq: u64| format!(r#"{{"run":"run-1","epoch":1,"seq":{seq},"entries":{}}}"#, body(seq, "charge"));
    let lines: Vec<String> = (1..=MESSAGES).map(line).collect();
    let written = counted(|| {
        let answers = lines.iter().map(|line| {
            let record: StepRecord = serde_json::from_str(line).unwrap();
            let ack = RunAck { run: record.run.clone(), seq: record.seq };
            (serde_json::to_string(&record).unwrap(), serde_json::to_string(&ack).unwrap())
        });
        answers.collect::<Vec<_>>()
    });
    assert_eq!(written.len(), lines.len());
}

fn open(folder: &Path) -> Journal {
    let store = SqliteStore::open(&folder.join("journal.db")).unwrap();
    Journal::open(Box::new(store), Limits::default(), Encryption::default()).unwrap()
}

/// An attempt that begins, or one that ends well.
fn body(seq: u64, task: &str) -> String {
    let key = seq.div_ceil(2);
    if seq % 2 == 1 {
        return format!(
            r#"[{{"step_started":{{"key":"{task}-{key}","task":"{task}","attempt":1,"at":{seq}}}}}]"#
        );
    }
    format!(
        r#"[{{"step_succeeded":{{"key":"{task}-{key}","attempt":1,"output":{{"amount":"12.50","ids":[1,2,3]}},"at":{seq}}}}}]"#
    )
}

/// Begins the runs and records their steps, of all of them at a time, as a busy sidecar does.
fn fill(journal: &Journal) {
    let session: Arc<str> = "session".into();
    let owner = Owner { session: Arc::clone(&session), pid: 1, process_start: 1 };
    let runs: Vec<String> = (0..RUNS).map(|run| format!("run-{run}")).collect();
    for run in &runs {
        let started = journal.start(request(run), Some(&owner), &|_| false).unwrap();
        assert!(matches!(started, Started::New { .. }), "{started:?}");
    }
    journal.commit(|_| {});
    for seq in 1..=2 * STEPS {
        for run in &runs {
            let body = body(seq, "charge");
            let entries: Vec<Entry> = serde_json::from_str(&body).unwrap();
            let recorded = journal.record(run, 1, seq, &entries, &body, &session).unwrap();
            assert_eq!(recorded, Recorded::Queued);
        }
        journal.commit(|_| {});
    }
}

fn request(run: &str) -> StartRequest {
    StartRequest {
        run: run.to_owned(),
        workflow: "order".to_owned(),
        plan: Some("digest".to_owned()),
        language: Some("python".to_owned()),
        input: RawValue::from_string(r#"{"order_id":"a","items":[1,2,3]}"#.to_owned()).unwrap(),
        secret: Vec::new(),
        parent: None,
        traceparent: None,
        by: None,
        at: 1_790_000_000_000,
    }
}
