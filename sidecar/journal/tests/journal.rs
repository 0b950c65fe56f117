//! The journal over a real SQLite file: what is admitted, refused, committed and recovered.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail by panicking")]

use std::path::Path;
use std::sync::Arc;

use conductor_journal::{
    Encryption, Journal, Note, Owner, Recorded, Refusal, RunFilter, ScheduleRow, SqliteStore, StartRequest,
    Started, Store, StoreError,
};
use conductor_protocol::entry::Entry;
use conductor_protocol::message::{Limits, Owned, code};
use conductor_protocol::plan::{Missed, Schedule};
use conductor_protocol::state::RunState;
use serde_json::value::RawValue;

fn open(path: &Path) -> Journal {
    Journal::open(Box::new(SqliteStore::open(path).unwrap()), Limits::default(), Encryption::default())
        .unwrap()
}

fn owner(session: &str) -> Owner {
    Owner { session: session.into(), pid: 1, process_start: 1 }
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
        at: 1_790_000_000_000,
    }
}

fn never(_: &Owner) -> bool {
    false
}

fn start(journal: &Journal, run: &str, session: &str) {
    let started = journal.start(request(run, "{}"), Some(&owner(session)), &never).unwrap();
    assert!(matches!(started, Started::New { epoch: 1, .. }), "{started:?}");
}

const STARTED: &str = r#"[{"step_started":{"key":"a","task":"a","attempt":1,"at":1}}]"#;
const FINISHED: &str = r#"[{"run_succeeded":{"output":{"x":1},"at":2}}]"#;

fn record(
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

fn commit(journal: &Journal) -> Vec<Note> {
    let mut notes = Vec::new();
    journal.commit(|all| notes = all);
    notes
}

/// The acknowledgements and refusals in `notes`, as text.
fn said(notes: &[Note]) -> Vec<String> {
    notes
        .iter()
        .filter_map(|note| match note {
            Note::Acked { run, session, seq } => Some(format!("{run} {session} ack {seq}")),
            Note::Refused { run, session, seq, refusal, .. } => {
                Some(format!("{run} {session} refused {seq} {}", refusal.reason()))
            }
            Note::Stopped { run, state, .. } => Some(format!("{run} {}", state.as_str())),
            Note::Signalled { .. } | Note::Facts { .. } => None,
        })
        .collect()
}

#[test]
fn records_are_dense_and_resends_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder.path().join("j.db"));
    start(&journal, "r", "s");
    assert_eq!(record(&journal, "r", 1, 1, STARTED, "s"), Ok(Recorded::Queued));
    let gap = record(&journal, "r", 1, 3, STARTED, "s").unwrap_err();
    assert_eq!(gap, Refusal::Gap { run: "r".into(), given: 3, expected: 2 });
    // Before and after the commit, the same content is known, in whatever order its keys stand; other is refused.
    let reordered = r#"[{"step_started":{"at":1,"attempt":1,"task":"a","key":"a"}}]"#;
    let other = STARTED.replace("\"at\":1", "\"at\":9");
    assert_eq!(record(&journal, "r", 1, 1, reordered, "s"), Ok(Recorded::Queued));
    assert_eq!(record(&journal, "r", 1, 1, &other, "s").unwrap_err().code(), code::SEQUENCE);
    assert_eq!(said(&commit(&journal)), ["r s ack 1"]);
    assert_eq!(record(&journal, "r", 1, 1, STARTED, "s"), Ok(Recorded::Known { acked: 1 }));
    assert_eq!(record(&journal, "r", 1, 1, reordered, "s"), Ok(Recorded::Known { acked: 1 }));
    assert_eq!(record(&journal, "r", 1, 1, &other, "s").unwrap_err().code(), code::SEQUENCE);
    assert_eq!(record(&journal, "r", 1, 2, FINISHED, "s"), Ok(Recorded::Queued));
    assert_eq!(record(&journal, "r", 1, 3, STARTED, "s").unwrap_err().code(), code::STALE_EPOCH);
    assert_eq!(said(&commit(&journal)), ["r s ack 2", "r succeeded"]);
    assert_eq!(record(&journal, "r", 1, 2, FINISHED, "s"), Ok(Recorded::Known { acked: 2 }));
    assert_eq!(record(&journal, "r", 1, 3, STARTED, "s").unwrap_err().code(), code::TRANSITION);
}

#[test]
fn nothing_is_shown_before_it_is_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder.path().join("j.db"));
    start(&journal, "r", "s");
    assert!(journal.store().find("r").unwrap().is_none());
    let attached = journal.start(request("r", "{}"), Some(&owner("t")), &never).unwrap();
    let Started::Attached { settled: Some(mut settled), .. } = attached else { panic!("{attached:?}") };
    assert!(settled.try_recv().is_err(), "told before the commit");
    commit(&journal);
    assert_eq!(settled.try_recv(), Ok(Ok(())));
    // The end is admitted, but others still see the run as it is on disk.
    record(&journal, "r", 1, 1, FINISHED, "s").unwrap();
    let attached = journal.start(request("r", "{}"), Some(&owner("t")), &never).unwrap();
    assert!(matches!(attached, Started::Attached { state: RunState::Running, .. }), "{attached:?}");
    commit(&journal);
    let finished = journal.start(request("r", "{}"), Some(&owner("t")), &never).unwrap();
    assert!(matches!(finished, Started::Finished { state: RunState::Succeeded }), "{finished:?}");
}

#[test]
fn a_run_whose_start_is_not_on_disk_has_no_signals_yet() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder.path().join("j.db"));
    start(&journal, "r", "s");
    assert!(journal.signals("r", 0, usize::MAX).unwrap().signals.is_empty());
    assert!(matches!(journal.signals("other", 0, usize::MAX), Err(Refusal::Unknown { .. })));
}

#[test]
fn a_takeover_makes_the_old_epoch_stale() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder.path().join("j.db"));
    start(&journal, "r", "s");
    record(&journal, "r", 1, 1, STARTED, "s").unwrap();
    let taken = journal.start(request("r", "{}"), Some(&owner("t")), &|_| true).unwrap();
    let Started::Taken(taken) = taken else { panic!("{taken:?}") };
    assert_eq!((taken.info.epoch, taken.next_seq), (2, 3));
    assert_eq!(record(&journal, "r", 1, 2, STARTED, "s").unwrap_err().code(), code::STALE_EPOCH);
    assert_eq!(record(&journal, "r", 2, 3, STARTED, "s").unwrap_err().code(), code::STALE_EPOCH);
    assert_eq!(record(&journal, "r", 2, 3, STARTED, "t"), Ok(Recorded::Queued));
    assert_eq!(said(&commit(&journal)), ["r s ack 1", "r t ack 3"]);
}

#[test]
fn another_input_workflow_or_plan_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder.path().join("j.db"));
    let input = |text| journal.start(request("r", text), Some(&owner("s")), &|_| true);
    input(r#"{"a":1,"b":2}"#).unwrap();
    assert!(matches!(input(r#"{ "b":2, "a":1 }"#), Ok(Started::Taken(_))));
    assert_eq!(input(r#"{"a":1}"#).unwrap_err().code(), code::RUN_MISMATCH);
    let other = StartRequest { workflow: "v".into(), ..request("r", r#"{"a":1,"b":2}"#) };
    let other = journal.start(other, Some(&owner("s")), &never).unwrap_err();
    assert_eq!(other.code(), code::RUN_MISMATCH);
    let plan = StartRequest { plan: Some("q".into()), ..request("r", r#"{"a":1,"b":2}"#) };
    let plan = journal.start(plan, Some(&owner("s")), &|_| true).unwrap_err();
    assert_eq!(plan.code(), code::PLAN_MISMATCH);
}

#[test]
fn a_restart_finds_open_runs_and_their_owners() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.db");
    let journal = open(&path);
    start(&journal, "open", "s");
    start(&journal, "done", "s");
    start(&journal, "lost", "s");
    record(&journal, "open", 1, 1, STARTED, "s").unwrap();
    record(&journal, "done", 1, 1, FINISHED, "s").unwrap();
    commit(&journal);
    record(&journal, "open", 1, 2, STARTED, "s").unwrap();
    drop(journal);
    let journal = open(&path);
    let runs: Vec<_> = journal.open_runs().into_iter().map(|info| info.run.to_string()).collect();
    assert_eq!(runs, ["lost", "open"]);
    let claims = ["open", "done"].map(|run| Owned { run: run.into(), epoch: 1 });
    let (kept, given_back) = journal.reclaim(&owner("s"), &claims).unwrap();
    let kept: Vec<_> = kept.into_iter().map(|kept| (kept.run, kept.next_seq)).collect();
    assert_eq!(kept, [("open".to_owned(), 2), ("done".to_owned(), 2)]);
    assert_eq!(given_back.len(), 1);
    assert_eq!(record(&journal, "open", 1, 2, STARTED, "s"), Ok(Recorded::Queued));
    let taken = journal.take("lost", &owner("t"), "p", "python", &never).unwrap();
    assert!(taken.is_some(), "what was not claimed is free");
    assert!(journal.take("open", &owner("t"), "p", "python", &never).unwrap().is_none());
    assert_eq!(said(&commit(&journal)), ["lost t ack 1", "open s ack 2"]);
}

#[test]
fn cancelling_ends_a_free_run_only_before_it_has_begun() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder.path().join("j.db"));
    let outside = |run| StartRequest { plan: None, ..request(run, "{}") };
    journal.start(outside("fresh"), None, &never).unwrap();
    start(&journal, "begun", "s");
    record(&journal, "begun", 1, 1, STARTED, "s").unwrap();
    commit(&journal);
    journal.release("begun", 1, "s").unwrap().unwrap();
    journal.cancel("fresh", "why", 3, &never).unwrap();
    journal.cancel("begun", "why", 3, &never).unwrap();
    assert_eq!(said(&commit(&journal)), ["fresh cancelled"]);
    let begun = journal.take("begun", &owner("t"), "p", "python", &never).unwrap().unwrap();
    assert_eq!(begun.info.cancel.as_deref(), Some("why"));
    assert!(journal.cancel("fresh", "again", 4, &never).unwrap().settled.is_none());
    start(&journal, "done", "s");
    record(&journal, "done", 1, 1, FINISHED, "s").unwrap();
    commit(&journal);
    let late = journal.cancel("done", "late", 4, &never).unwrap_err();
    assert_eq!(late.code(), code::TRANSITION);
    assert_eq!(late.to_string(), "run done has ended already (succeeded)");
    assert_eq!(journal.cancel("none", "late", 4, &never).unwrap_err().code(), code::RUN_UNKNOWN);
}

#[test]
fn a_paused_run_waits_for_a_person_or_a_cancellation() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder.path().join("j.db"));
    start(&journal, "r", "s");
    record(&journal, "r", 1, 1, r#"[{"run_paused":{"reason":"?","step":"a","at":2}}]"#, "s").unwrap();
    assert_eq!(said(&commit(&journal)), ["r s ack 1", "r paused"]);
    assert!(journal.take("r", &owner("t"), "p", "python", &never).unwrap().is_none());
    let attached = journal.start(request("r", "{}"), Some(&owner("t")), &|_| true).unwrap();
    assert!(matches!(attached, Started::Attached { state: RunState::Paused, .. }), "{attached:?}");
    assert_eq!(record(&journal, "r", 1, 2, STARTED, "s").unwrap_err().code(), code::STALE_EPOCH);
    journal.cancel("r", "why", 3, &never).unwrap();
    assert_eq!(said(&commit(&journal)), ["r cancelled"; 0].to_vec());
    assert!(journal.take("r", &owner("t"), "p", "python", &never).unwrap().is_some());
}

#[test]
fn large_values_and_entries_of_the_sidecar_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder.path().join("j.db"));
    start(&journal, "r", "s");
    let large = format!("\"{}\"", "x".repeat(4 << 20));
    let body = format!(r#"[{{"step_succeeded":{{"key":"a","attempt":1,"output":{large},"at":1}}}}]"#);
    assert_eq!(record(&journal, "r", 1, 1, &body, "s").unwrap_err().code(), code::TOO_LARGE);
    let error = format!(
        r#"[{{"run_failed":{{"error":{{"types":[],"message":{large}}},"step":null,"attempts":1,"at":1}}}}]"#
    );
    assert_eq!(record(&journal, "r", 1, 1, &error, "s").unwrap_err().code(), code::TOO_LARGE);
    let own = r#"[{"run_resumed":{"epoch":9,"session":"s","pid":1,"at":1}}]"#;
    assert_eq!(record(&journal, "r", 1, 1, own, "s").unwrap_err().code(), code::INVALID_PARAMS);
    assert_eq!(record(&journal, "r", 1, 1, "[]", "s").unwrap_err().code(), code::INVALID_PARAMS);
    let after_end = r#"[{"run_succeeded":{"output":1,"at":1}},{"step_skipped":{"key":"a","at":1}}]"#;
    assert_eq!(record(&journal, "r", 1, 1, after_end, "s").unwrap_err().code(), code::TRANSITION);
    // None of it left a trace.
    assert_eq!(record(&journal, "r", 1, 1, STARTED, "s"), Ok(Recorded::Queued));
    let input = journal.start(request("big", &large), Some(&owner("s")), &never).unwrap_err();
    assert_eq!(input.code(), code::TOO_LARGE);
}

#[test]
fn a_locked_store_refuses_and_the_journal_goes_on_from_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.db");
    let journal = open(&path);
    start(&journal, "r", "s");
    record(&journal, "r", 1, 1, STARTED, "s").unwrap();
    commit(&journal);
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    record(&journal, "r", 1, 2, STARTED, "s").unwrap();
    start(&journal, "new", "s");
    let notes = commit(&journal);
    assert_eq!(said(&notes), ["r s refused 2 store", "new s refused 0 store"]);
    // What was on its way is dropped in silence, until the refused one comes again.
    assert_eq!(record(&journal, "r", 1, 3, FINISHED, "s"), Ok(Recorded::Dropped));
    assert_eq!(record(&journal, "new", 1, 1, STARTED, "s").unwrap_err().code(), code::RUN_UNKNOWN);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(record(&journal, "r", 1, 2, STARTED, "s"), Ok(Recorded::Queued));
    assert_eq!(record(&journal, "r", 1, 3, FINISHED, "s"), Ok(Recorded::Queued));
    start(&journal, "new", "s");
    assert_eq!(said(&commit(&journal)), ["r s ack 3", "r succeeded", "new s ack 0"]);
}

/// A process's limit on file size answers writes as a full disk does, in the middle of a commit. It takes a process
/// of its own, in which the limit's signal is ignored.
#[test]
fn a_full_disk_refuses_and_recovers() {
    let script = r#"trap '' XFSZ; ulimit -S -f 2048; exec "$0" --exact --ignored fills_the_disk"#;
    let tests = std::env::current_exe().unwrap();
    let child = std::process::Command::new("sh").args(["-c", script]).arg(tests).output().unwrap();
    let text = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
#[ignore = "run by a_full_disk_refuses_and_recovers under a limit"]
fn fills_the_disk() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder.path().join("j.db"));
    start(&journal, "r", "s");
    commit(&journal);
    let large = "x".repeat(3 << 20);
    let body = format!(r#"[{{"step_succeeded":{{"key":"a","attempt":1,"output":"{large}","at":1}}}}]"#);
    record(&journal, "r", 1, 1, &body, "s").unwrap();
    assert_eq!(said(&commit(&journal)), ["r s refused 1 store"]);
    let freed = Rlimit { current: None, ..getrlimit(Resource::Fsize) };
    setrlimit(Resource::Fsize, freed).unwrap();
    record(&journal, "r", 1, 1, &body, "s").unwrap();
    assert_eq!(said(&commit(&journal)), ["r s ack 1"]);
}

#[test]
fn another_writer_is_seen_inside_the_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.db");
    let journal = open(&path);
    start(&journal, "r", "s");
    start(&journal, "q", "s");
    commit(&journal);
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("UPDATE runs SET epoch = 7 WHERE id = 'r'").unwrap();
    record(&journal, "r", 1, 1, STARTED, "s").unwrap();
    record(&journal, "q", 1, 1, STARTED, "s").unwrap();
    // Its neighbour in the batch is not hurt.
    assert_eq!(said(&commit(&journal)), ["q s ack 1", "r s refused 1 stale_epoch"]);
    assert_eq!(journal.info("r").unwrap().epoch, 7);
    // A record that is there already breaks a constraint in the middle of the batch.
    other.execute_batch("INSERT INTO records (run, seq, epoch, body) VALUES (2, 2, 1, '[]')").unwrap();
    record(&journal, "q", 1, 2, STARTED, "s").unwrap();
    start(&journal, "p", "s");
    assert_eq!(said(&commit(&journal)), ["p s ack 0", "q s refused 2 stale_epoch"]);
}

#[test]
fn sixty_four_threads_share_commits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.db");
    let journal = open(&path);
    let (threads, records) = (64, 20);
    for thread in 0..threads {
        start(&journal, &format!("r{thread:02}"), "s");
    }
    commit(&journal);
    let commits = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (journal, commits) = (&journal, &commits);
            scope.spawn(move || {
                for seq in 1..=records {
                    record(journal, &format!("r{thread:02}"), 1, seq, STARTED, "s").unwrap();
                    while journal.commit(drop).is_some_and(|done| {
                        commits.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        done.more
                    }) {}
                }
            });
        }
    });
    let commits = commits.into_inner();
    assert!(
        commits < threads * usize::try_from(records).unwrap(),
        "no commit carried two records: {commits}"
    );
    drop(journal);
    let store = SqliteStore::open(&path).unwrap();
    for row in store.open_runs().unwrap() {
        let page = store.records(row.key, 0, usize::MAX).unwrap();
        let dense: Vec<u64> = page.records.iter().map(|record| record.seq).collect();
        assert_eq!(dense, (0..=records).collect::<Vec<u64>>(), "{}", row.id);
        assert_eq!(row.head.next_seq, records + 1);
    }
}

#[test]
fn a_newer_format_and_a_foreign_file_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let newer = folder.path().join("newer.db");
    drop(open(&newer));
    rusqlite::Connection::open(&newer).unwrap().pragma_update(None, "user_version", 9).unwrap();
    let Err(StoreError::Newer { found: 9, supported: 5, .. }) = SqliteStore::open(&newer) else {
        panic!("a newer format opened")
    };
    let foreign = folder.path().join("foreign.db");
    rusqlite::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(matches!(SqliteStore::open(&foreign), Err(StoreError::Foreign { .. })));
    let text = folder.path().join("text.db");
    std::fs::write(&text, "this is no database, but it is long enough to be read as one, is it not?")
        .unwrap();
    assert!(matches!(SqliteStore::open(&text), Err(StoreError::Foreign { .. })));
    let nowhere = SqliteStore::open(&folder.path().join("no/such/folder/j.db"));
    assert!(matches!(nowhere, Err(StoreError::Open { .. })));
}

/// `stores/format-2.db` was written by the last build of that format: a finished run, one that waits and has a signal that it
/// has not taken, and a paused one.
#[test]
fn a_kept_journal_of_format_2_opens_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.db");
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stores/format-2.db");
    std::fs::copy(kept, &path).unwrap();
    let journal = open(&path);
    let states: Vec<(String, RunState)> =
        journal.open_runs().iter().map(|run| (run.run.to_string(), run.state)).collect();
    assert_eq!(states, [("stopped".to_owned(), RunState::Paused), ("waits".to_owned(), RunState::Waiting)]);
    let done = journal.store().find("done").unwrap().unwrap();
    assert_eq!(done.head.output.as_deref(), Some(r#"{"id": "ch_1"}"#));
    assert_eq!(journal.store().records(done.key, 0, usize::MAX).unwrap().records.len(), 3);
    let signals = journal.signals("waits", 0, usize::MAX).unwrap().signals;
    assert_eq!((signals.len(), &*signals[0].id), (1, "mail-17"));
    let row = ScheduleRow {
        workflow: "order".to_owned(),
        schedule: Some(Schedule {
            cron: "0 3 * * *".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            missed: Missed::All,
        }),
        done: 1_790_000_000_000,
        boot: "b".to_owned(),
        process_start: u64::MAX,
    };
    let gone = ScheduleRow { workflow: "w".to_owned(), schedule: None, ..row.clone() };
    journal.store().keep_schedules(&[gone.clone(), row.clone()]).unwrap();
    let later = ScheduleRow { done: row.done + 1, ..row };
    journal.store().keep_schedules(std::slice::from_ref(&later)).unwrap();
    drop(journal);
    assert_eq!(open(&path).store().schedules().unwrap(), [later, gone]);
}

#[test]
fn a_journal_of_format_1_is_brought_up_and_takes_signals() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.db");
    let journal = open(&path);
    start(&journal, "r", "s");
    commit(&journal);
    drop(journal);
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute_batch("DROP INDEX runs_ended; DROP TABLE tombstones; DROP TABLE purging; DROP TABLE schedules; DROP TABLE signals; ALTER TABLE plans DROP COLUMN secret; PRAGMA user_version = 1;").unwrap();
    drop(file);
    let journal = open(&path);
    let data = RawValue::from_string("{\"by\":\"ada\"}".to_owned()).unwrap();
    assert!(journal.signal("r", "approved", "one", &data).unwrap().is_some());
    // Before it is on disk, and after, it is known; nobody is shown it before.
    assert!(journal.signal("r", "approved", "one", &data).unwrap().is_some());
    assert_eq!(journal.signals("r", 0, usize::MAX).unwrap().signals.len(), 0);
    let notes = commit(&journal);
    let told = |note: &Note| matches!(note, Note::Signalled { epoch: 1, signals, .. } if signals.len() == 1);
    assert!(notes.iter().any(told), "{notes:?}");
    assert!(journal.signal("r", "approved", "one", &data).unwrap().is_none());
    assert!(journal.signal("r", "approved", "two", &data).unwrap().is_some());
    commit(&journal);
    let all = journal.signals("r", 1, usize::MAX).unwrap();
    assert_eq!(
        all.signals.iter().map(|signal| (signal.ordinal, &*signal.id)).collect::<Vec<_>>(),
        [(1, "two")]
    );
}

#[test]
fn lists_are_paged_from_the_newest_and_filtered() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder.path().join("j.db"));
    for index in 0..5 {
        start(&journal, &format!("r{index}"), "s");
    }
    record(&journal, "r3", 1, 1, FINISHED, "s").unwrap();
    commit(&journal);
    let store = journal.store();
    let ids = |filter: &RunFilter| {
        let page = store.list(filter).unwrap();
        (page.runs.into_iter().map(|row| row.id).collect::<Vec<_>>(), page.next)
    };
    let (first, next) = ids(&RunFilter { limit: 3, ..RunFilter::default() });
    assert_eq!(first, ["r4", "r3", "r2"]);
    let (second, end) = ids(&RunFilter { limit: 3, before: next, ..RunFilter::default() });
    assert_eq!((second, end), (vec!["r1".to_owned(), "r0".to_owned()], None));
    let (done, _) = ids(&RunFilter { limit: 9, state: Some(RunState::Succeeded), ..RunFilter::default() });
    assert_eq!(done, ["r3"]);
    let (none, _) = ids(&RunFilter { limit: 9, workflow: Some("v".into()), ..RunFilter::default() });
    assert!(none.is_empty());
}
