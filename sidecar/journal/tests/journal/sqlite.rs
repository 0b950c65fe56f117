//! The journal over a real SQLite file: its troubles, its formats, and what holds over every store.

mod damaged;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use conductor_journal::{
    Encryption, Journal, Note, Recorded, Refusal, ScheduleRow, SqliteStore, Started, Store, StoreError,
};
use conductor_protocol::message::{Limits, code};
use conductor_protocol::plan::{Missed, Schedule};
use conductor_protocol::state::RunState;
use serde_json::value::RawValue;

use crate::same;
use crate::support::{At, FINISHED, STARTED, commit, never, owner, record, request, said, start};

struct File {
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl File {
    fn new() -> File {
        let folder = tempfile::tempdir().unwrap();
        File { path: folder.path().join("j.db"), _folder: folder }
    }
}

impl At for File {
    fn store(&self) -> Box<dyn Store> {
        Box::new(SqliteStore::open(&self.path).unwrap())
    }

    fn sql(&self, text: &str) {
        rusqlite::Connection::open(&self.path).unwrap().execute_batch(text).unwrap();
    }
}

macro_rules! over_sqlite {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            same::$name(&File::new());
        })*
    };
}

crate::of_every_store!(over_sqlite);

fn open(path: &Path) -> Journal {
    Journal::open(Box::new(SqliteStore::open(path).unwrap()), Limits::default(), Encryption::default())
        .unwrap()
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
    let (mut notes, mut warned) = (Vec::new(), Vec::new());
    journal.commit(|all| {
        if let [Note::Reverting { session }] = &all[..] {
            warned.push((Arc::clone(session), journal.info("new").is_some()));
        }
        notes.extend(all);
    });
    assert_eq!(warned, [("s".into(), true)], "told while the run that is to be forgotten is known");
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

#[test]
fn a_run_that_may_have_begun_elsewhere_does_not_begin() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder.path().join("j.db"));
    let begin = |run: &str| journal.start_where(request(run, "{}"), Some(&owner("t")), &never, &|| false);
    assert_eq!(begin("r").unwrap_err(), Refusal::Unsettled);
    assert!(journal.info("r").is_none());
    start(&journal, "r", "s");
    assert!(matches!(begin("r"), Ok(Started::Attached { .. })), "one that is known is what it is");
}

/// A process's limit on file size answers writes as a full disk does, in the middle of a commit. It takes a process
/// of its own, in which the limit's signal is ignored.
#[test]
fn a_full_disk_refuses_and_recovers() {
    let script = r#"trap '' XFSZ; ulimit -S -f 2048; exec "$0" --exact --ignored sqlite::fills_the_disk"#;
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
fn a_newer_format_and_a_foreign_file_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let newer = folder.path().join("newer.db");
    drop(open(&newer));
    rusqlite::Connection::open(&newer).unwrap().pragma_update(None, "user_version", 9).unwrap();
    let Err(StoreError::Newer { found: 9, supported: 8, .. }) = SqliteStore::open(&newer) else {
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

/// `stores/format-N.db` was written by the last build of that format, over its socket: a finished run, one that waits and, from
/// format 2 on, has a signal that it has not taken, and a paused one.
#[test]
fn a_kept_journal_of_each_format_opens_and_goes_on() {
    let now = tempfile::tempdir().unwrap();
    drop(open(&now.path().join("j.db")));
    let file = rusqlite::Connection::open(now.path().join("j.db")).unwrap();
    let current: i64 = file.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    // Who adds a format keeps a file of the one before it.
    for format in 1..current.max(8) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("j.db");
        let kept = format!("{}/tests/stores/format-{format}.db", env!("CARGO_MANIFEST_DIR"));
        std::fs::copy(kept, &path).unwrap();
        let file = rusqlite::Connection::open(&path).unwrap();
        let found: i64 = file.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(found, format);
        drop(file);
        let journal = open(&path);
        let open_runs: Vec<String> = journal.open_runs().iter().map(|run| run.run.to_string()).collect();
        assert_eq!(open_runs, ["stopped", "waits"], "{format}");
        let done = journal.store().find("done").unwrap().unwrap();
        let output: serde_json::Value = serde_json::from_str(&done.head.output.unwrap()).unwrap();
        assert_eq!(output, serde_json::json!({"id": "ch_1"}), "{format}");
        let signals = journal.signals("waits", 0, usize::MAX).unwrap().signals.len();
        assert_eq!(signals, usize::from(format >= 2), "{format}");
        let schedules: Vec<String> =
            journal.store().schedules().unwrap().into_iter().map(|row| row.workflow).collect();
        assert_eq!(schedules, if format >= 3 { vec!["order"] } else { vec![] }, "{format}");
        let secret = journal.store().plans().unwrap().swap_remove(0).secret;
        assert_eq!(secret, if format >= 4 { vec!["token"] } else { vec![] }, "{format}");
        // What is newer than the file works on it, and after another start.
        let data = RawValue::from_string("1".to_owned()).unwrap();
        assert!(journal.signal("waits", "approved", "mail-18", &data).unwrap().is_some(), "{format}");
        commit(&journal);
        assert_eq!(journal.purge("done", 5).unwrap(), 1, "{format}");
        drop(journal);
        let journal = open(&path);
        assert_eq!(journal.signals("waits", 0, usize::MAX).unwrap().signals.len(), signals + 1, "{format}");
        let refused = journal.start(request("done", r#"{"amount":"5"}"#), None, &|_| true).unwrap_err();
        assert_eq!(refused.code(), code::RUN_MISMATCH, "the workflow is another: {refused}");
        assert!(journal.tombstone("done").unwrap().is_some(), "{format}");
    }
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
    file.execute_batch("DROP TABLE blocks; DROP TABLE block_texts; DROP TABLE changed; DROP INDEX runs_by_both; DROP INDEX runs_by_start; DROP TABLE audit; DROP INDEX runs_ended; DROP TABLE tombstones; DROP TABLE purging; DROP TABLE schedules; DROP TABLE signals; ALTER TABLE plans DROP COLUMN secret; PRAGMA user_version = 1;").unwrap();
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

/// Whatever is asked for, no row is read that is not shown.
#[test]
fn each_filter_has_an_index_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.db");
    drop(open(&path));
    let file = rusqlite::Connection::open(&path).unwrap();
    for (filter, wanted) in [
        (
            "workflow = 'w' AND state = 'failed' AND key < 9",
            "runs_by_both (workflow=? AND state=? AND key<?)",
        ),
        ("workflow = 'w' AND key < 9", "runs_by_workflow (workflow=? AND key<?)"),
        ("state = 'failed' AND key < 9", "runs_by_state (state=? AND key<?)"),
    ] {
        let sql =
            format!("EXPLAIN QUERY PLAN SELECT id FROM runs WHERE 1 AND {filter} ORDER BY key DESC LIMIT 9");
        let plan: String = file.query_row(&sql, [], |row| row.get("detail")).unwrap();
        assert!(plan.contains(wanted), "{filter}: {plan}");
    }
}
