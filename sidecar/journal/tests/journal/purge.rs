//! Purging: what is taken and what is left over every store.

use std::path::Path;

use conductor_journal::{
    Encryption, Journal, Owner, PurgeFilter, Refusal, RunFilter, SqliteStore, StartRequest, Started,
};
use conductor_protocol::entry::{Entry, Parent};
use conductor_protocol::message::{Limits, code};
use conductor_protocol::state::RunState;
use serde_json::value::RawValue;

use crate::support::At;

pub fn open(path: &Path) -> Journal {
    let store = Box::new(SqliteStore::open(path).unwrap());
    Journal::open(store, Limits::default(), Encryption::default()).unwrap()
}

fn owner() -> Owner {
    Owner { session: "s".into(), pid: 1, process_start: 1 }
}

fn request(run: &str, input: &str) -> StartRequest {
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
        at: 1,
    }
}

pub fn start(journal: &Journal, run: &str, parent: Option<(&str, &str)>) {
    let parent = parent.map(|(run, key)| Parent { run: run.into(), key: key.into() });
    let request = StartRequest { parent, ..request(run, "{}") };
    let started = journal.start(request, Some(&owner()), &|_| false).unwrap();
    assert!(matches!(started, Started::New { .. }), "{run}: {started:?}");
}

fn record(journal: &Journal, run: &str, seq: u64, body: &str) {
    let entries: Vec<Entry> = serde_json::from_str(body).unwrap();
    journal.record(run, 1, seq, &entries, body, &"s".into()).unwrap();
}

/// Ends the run at `at`, with `output` as its result.
pub fn end(journal: &Journal, run: &str, at: i64, output: &str) {
    record(journal, run, 1, &format!(r#"[{{"run_succeeded":{{"output":{output},"at":{at}}}}}]"#));
}

pub fn ended(journal: &Journal, run: &str, at: i64) {
    start(journal, run, None);
    end(journal, run, at, "1");
    journal.commit(drop);
}

fn ids(journal: &Journal) -> Vec<String> {
    let filter = RunFilter { limit: 100, ..RunFilter::default() };
    let mut ids: Vec<String> =
        journal.store().list(&filter).unwrap().runs.into_iter().map(|run| run.id).collect();
    ids.sort();
    ids
}

/// Purges all that the filter names, and sweeps, slice by slice. Returns how many runs, and how many slices swept.
pub fn purge_and_sweep(journal: &Journal, filter: &PurgeFilter) -> (u64, u64) {
    let (mut count, mut place) = (0, None);
    loop {
        let purged = journal.store().purge(filter, place, 1000).unwrap();
        count += purged.runs;
        place = purged.next;
        if place.is_none() {
            break;
        }
    }
    let mut slices = 1;
    while journal.store().sweep(0).unwrap() {
        slices += 1;
    }
    (count, slices)
}

fn purge(journal: &Journal, filter: &PurgeFilter) -> u64 {
    purge_and_sweep(journal, filter).0
}

pub fn before(ended_before: i64) -> PurgeFilter {
    PurgeFilter { ended_before, ..PurgeFilter::default() }
}

pub fn old_runs_go_and_leave_their_ids(at: &dyn At) {
    let journal = at.journal();
    ended(&journal, "old", 10);
    ended(&journal, "young", 20);
    start(&journal, "open", None);
    journal.commit(drop);
    assert_eq!(purge(&journal, &before(20)), 1);
    assert_eq!(ids(&journal), ["open", "young"]);
    // The same call is told what became of it, another one that the id is taken.
    let again = journal.start(request("old", "{}"), Some(&owner()), &|_| false).unwrap_err();
    assert_eq!(again, Refusal::Purged { run: "old".into(), state: RunState::Succeeded, purged_at: 1000 });
    assert_eq!(again.code(), code::RUN_PURGED);
    assert!(again.to_string().contains("ended (succeeded) and was purged on 1970-01-01"), "{again}");
    let other = journal.start(request("old", r#"{"n":2}"#), Some(&owner()), &|_| false).unwrap_err();
    assert_eq!(other, Refusal::Mismatch { run: "old".into(), what: "input" });
    assert!(matches!(journal.cancel("old", "x", 1, &|_| true), Err(Refusal::Purged { .. })));
    let null = RawValue::from_string("null".to_owned()).unwrap();
    assert!(matches!(journal.signal("old", "go", "1", &null), Err(Refusal::Ended { .. })));
    // Until its own time is over.
    while journal.store().sweep(1000).unwrap() {}
    assert!(journal.tombstone("old").unwrap().is_some());
    while journal.store().sweep(1001).unwrap() {}
    assert!(matches!(journal.absent("old"), Refusal::Unknown { .. }));
    start(&journal, "old", None);
}

pub fn what_an_unfinished_run_may_ask_for_stays(at: &dyn At) {
    let journal = at.journal();
    start(&journal, "p", None);
    start(&journal, "p/a", Some(("p", "a")));
    start(&journal, "p/a/b", Some(("p/a", "b")));
    // Started detached: named after it, and without a parent.
    start(&journal, "p/d", None);
    // A client's own way of naming a child.
    start(&journal, "elsewhere", Some(("p", "c")));
    for run in ["p/a", "p/a/b", "p/d", "elsewhere"] {
        end(&journal, run, 5, "1");
    }
    journal.commit(drop);
    assert_eq!(purge(&journal, &before(100)), 0);
    let refused = journal.purge("p/a/b", 1).unwrap_err();
    assert!(matches!(&refused, Refusal::Needed { why, .. } if why.starts_with("p, ")), "{refused}");
    assert!(matches!(journal.purge("p", 1), Err(Refusal::Needed { .. })));
    assert!(matches!(journal.purge("none", 1), Err(Refusal::Unknown { .. })));
    end(&journal, "p", 50, "1");
    journal.commit(drop);
    // Those below go with it, not before.
    assert_eq!(purge(&journal, &before(50)), 0);
    assert_eq!(journal.purge("p", 60).unwrap(), 3);
    assert_eq!(ids(&journal), ["elsewhere", "p/d"]);
    assert!(matches!(journal.purge("p", 60), Err(Refusal::Purged { .. })));
    assert_eq!(purge(&journal, &before(50)), 2);
}

pub fn filters_by_workflow_and_state(at: &dyn At) {
    let journal = at.journal();
    ended(&journal, "a", 1);
    start(&journal, "b", None);
    record(&journal, "b", 1, r#"[{"run_cancelled":{"reason":"x","at":2}}]"#);
    journal.commit(drop);
    let of = |workflow: &str, state| PurgeFilter { workflow: Some(workflow.into()), state, ended_before: 9 };
    assert_eq!(purge(&journal, &of("other", None)), 0);
    assert_eq!(purge(&journal, &of("w", Some(RunState::Failed))), 0);
    assert_eq!(purge(&journal, &of("w", Some(RunState::Cancelled))), 1);
    assert_eq!(ids(&journal), ["a"]);
}

/// The records of a purged run may still be there when the next run begins.
pub fn no_key_is_given_twice(at: &dyn At) {
    let journal = at.journal();
    ended(&journal, "a", 1);
    let key = journal.store().find("a").unwrap().unwrap().key;
    assert_eq!(journal.purge("a", 2).unwrap(), 1);
    ended(&journal, "b", 3);
    let next = journal.store().find("b").unwrap().unwrap().key;
    assert!(next > key, "{key} {next}");
    assert_eq!(journal.store().records(next, 0, 1 << 20).unwrap().records.len(), 2);
    while journal.store().sweep(0).unwrap() {}
    assert_eq!(journal.store().records(key, 0, 1 << 20).unwrap().records.len(), 0);
    assert_eq!(journal.purge("b", 2).unwrap(), 1);
    while journal.store().sweep(0).unwrap() {}
    ended(&journal, "c", 3);
    assert!(journal.store().find("c").unwrap().unwrap().key > next);
}

/// A store that was made before space could be given back is written anew when it is opened.
#[test]
fn an_older_store_gives_space_back_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.db");
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stores/format-2.db"), &path).unwrap();
    let journal = open(&path);
    assert!(!ids(&journal).is_empty());
    let mode: i64 = rusqlite::Connection::open(&path)
        .unwrap()
        .pragma_query_value(None, "auto_vacuum", |row| row.get(0))
        .unwrap();
    assert_eq!(mode, 2);
}
