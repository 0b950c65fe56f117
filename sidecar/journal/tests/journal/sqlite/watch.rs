//! Files that are taken away: under a store that is open, and after a process that was killed with one open.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use conductor_journal::{Journal, SqliteStore, StoreError};

use super::open;
use crate::purge::ended;

const RUNS: usize = 30;
const PLACE: &str = "KILLED_STORE";

fn log(store: &Path) -> PathBuf {
    store.with_extension("db-wal")
}

fn fill(journal: &Journal, numbers: std::ops::Range<usize>) {
    for number in numbers {
        ended(journal, &format!("r{number}"), 1);
    }
}

fn has(journal: &Journal, count: usize) {
    for number in 0..count {
        assert!(journal.store().find(&format!("r{number}")).unwrap().is_some(), "r{number}");
    }
}

/// A store whose process was killed: `-9`, with commits in the log.
fn killed(path: &Path) {
    let tests = std::env::current_exe().unwrap();
    let mut child = Command::new(tests)
        .args(["--exact", "--ignored", "--nocapture", "sqlite::watch::holds_a_store_until_it_is_killed"])
        .env(PLACE, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains("it is open")), "it ended before");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
#[ignore = "run by others, which kill it"]
fn holds_a_store_until_it_is_killed() {
    let journal = open(Path::new(&std::env::var_os(PLACE).unwrap()));
    fill(&journal, 0..RUNS);
    journal.store().tidy().unwrap();
    println!("it is open");
    std::thread::park();
}

fn refused(path: &Path) -> String {
    let error = SqliteStore::open(path).map(drop).unwrap_err();
    assert!(matches!(error, StoreError::Incomplete { .. }), "{error}");
    error.to_string()
}

#[test]
fn after_a_kill_a_store_without_all_of_its_log_is_refused_until_somebody_accepts_that() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.db");
    killed(&path);
    let (store, whole) = (fs::read(&path).unwrap(), fs::read(log(&path)).unwrap());
    fs::remove_file(log(&path)).unwrap();
    let text = refused(&path);
    assert!(text.contains("j.db-wal is gone") && text.contains("--accept-loss"), "{text}");
    fs::write(log(&path), &whole[..whole.len() / 2]).unwrap();
    assert!(refused(&path).contains("j.db-wal was cut off"));
    assert!(fs::read(&path).unwrap() == store, "what is left was changed");
    fs::write(log(&path), &whole).unwrap();
    has(&open(&path), RUNS);

    killed(&folder.path().join("k.db"));
    let path = folder.path().join("k.db");
    fs::remove_file(log(&path)).unwrap();
    refused(&path);
    drop(SqliteStore::open_without_what_is_lost(&path).unwrap());
    drop(open(&path));

    killed(&folder.path().join("m.db"));
    let path = folder.path().join("m.db");
    fs::rename(&path, folder.path().join("elsewhere")).unwrap();
    assert!(refused(&path).contains("m.db is gone"));
}

#[test]
fn copies_and_what_another_program_has_written_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.db");
    let journal = open(&path);
    fill(&journal, 0..RUNS);
    journal.store().tidy().unwrap();
    // Both files of a store that is open, and a copy by SQLite.
    let both = folder.path().join("both.db");
    fs::copy(&path, &both).unwrap();
    fs::copy(log(&path), log(&both)).unwrap();
    has(&open(&both), RUNS);
    let backup = folder.path().join("backup.db");
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute("VACUUM INTO ?1", [backup.to_str().unwrap()]).unwrap();
    has(&open(&backup), RUNS);
    drop(file);
    // A copy of everything that is there.
    let all = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), all.path().join(entry.file_name())).unwrap();
    }
    has(&open(&all.path().join("j.db")), RUNS);
    drop(journal);

    // Put back over a store that was killed, and without its log.
    let path = folder.path().join("k.db");
    killed(&path);
    fs::remove_file(log(&path)).unwrap();
    fs::copy(&backup, &path).unwrap();
    has(&open(&path), RUNS);

    // Another program has copied the log back, and removed it.
    let path = folder.path().join("m.db");
    killed(&path);
    let file = rusqlite::Connection::open(&path).unwrap();
    let count: u32 = file.query_row("SELECT count(*) FROM runs", [], |row| row.get(0)).unwrap();
    drop(file);
    assert!(count as usize == RUNS && !log(&path).exists());
    has(&open(&path), RUNS);
}

#[test]
fn a_store_that_was_closed_needs_no_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.db");
    let journal = open(&path);
    fill(&journal, 0..RUNS);
    journal.store().tidy().unwrap();
    assert!(folder.path().join("j.db-open").exists());
    drop(journal);
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["j.db"]);
    has(&open(&path), RUNS);
}

#[test]
fn a_log_that_is_taken_away_or_replaced_under_the_store_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.db");
    let journal = open(&path);
    fill(&journal, 0..10);
    fs::remove_file(log(&path)).unwrap();
    fill(&journal, 10..20);
    journal.store().tidy().unwrap();
    fill(&journal, 20..RUNS);
    let other = folder.path().join("other");
    fs::copy(log(&path), &other).unwrap();
    fill(&journal, RUNS..RUNS + 10);
    fs::rename(&other, log(&path)).unwrap();
    fill(&journal, RUNS + 10..RUNS + 20);
    journal.store().tidy().unwrap();
    assert!(folder.path().join("j.db-wal.aside").exists());
    fill(&journal, RUNS + 20..RUNS + 30);
    has(&journal, RUNS + 30);
    // As after a kill.
    let copy = folder.path().join("copy.db");
    fs::copy(&path, &copy).unwrap();
    fs::copy(log(&path), log(&copy)).unwrap();
    has(&open(&copy), RUNS + 30);
    drop(journal);
    has(&open(&path), RUNS + 30);
}

#[test]
fn a_store_that_is_taken_away_is_saved_and_takes_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.db");
    let journal = open(&path);
    fill(&journal, 0..10);
    fs::remove_file(&path).unwrap();
    fill(&journal, 10..RUNS);
    let error = journal.store().tidy().unwrap_err();
    assert!(matches!(error, StoreError::Lost { .. }), "{error}");
    let text = error.to_string();
    let (_, saved) = text.rsplit_once(' ').unwrap();
    assert!(text.contains("taken away") && saved.contains("j.db.saved-"), "{text}");
    let refused = journal.store().register(&[]).unwrap_err();
    assert_eq!(refused, error);
    has(&open(Path::new(saved)), RUNS);
    drop(journal);
    assert!(self::refused(&path).contains("j.db is gone"));
    fs::rename(saved, &path).unwrap();
    has(&open(&path), RUNS);
}

#[test]
fn a_log_that_is_cut_off_under_the_store_stops_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.db");
    let journal = open(&path);
    fill(&journal, 0..RUNS);
    File::options().write(true).open(log(&path)).unwrap().set_len(100_000).unwrap();
    let error = journal.store().tidy().unwrap_err();
    assert!(matches!(error, StoreError::Lost { .. }) && error.to_string().contains("cut off"), "{error}");
    assert!(journal.store().register(&[]).is_err());
    drop(journal);
    assert!(refused(&path).contains("cut off"));
}
