//! What purging costs those who commit to a real SQLite file, and what it gives back. Nothing runs beside it.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail by panicking")]

use std::path::Path;

use crate::purge::{before, end, ended, open, purge_and_sweep, start};

#[expect(dead_code, reason = "other tests use the rest of it")]
#[path = "journal/purge.rs"]
mod purge;
#[expect(dead_code, reason = "other tests use it")]
#[path = "journal/support.rs"]
mod support;

#[test]
fn space_is_given_back_and_commits_come_between() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.db");
    let journal = open(&path);
    let text = format!("\"{}\"", "x".repeat(20_000));
    for number in 0..500 {
        let run = format!("r{number}");
        start(&journal, &run, None);
        end(&journal, &run, number, &text);
        if number % 50 == 0 {
            journal.commit(drop);
        }
    }
    // One value has a thousand pages of its own.
    start(&journal, "large", None);
    end(&journal, "large", 1, &format!("\"{}\"", "x".repeat(4_000_000)));
    journal.commit(drop);
    copied(&path);
    let size = || std::fs::metadata(&path).unwrap().len();
    let full = size();
    assert!(full > 25_000_000, "{full}");
    let (slices, commits) = std::thread::scope(|scope| {
        let purging = scope.spawn(|| purge_and_sweep(&journal, &before(1000)));
        let mut commits = 0;
        while !purging.is_finished() {
            commits += 1;
            ended(&journal, &format!("n{commits}"), 5000);
        }
        let (count, slices) = purging.join().unwrap();
        assert_eq!(count, 501);
        (slices, commits)
    });
    assert!(slices >= 4, "{slices} slices for what takes a hundred milliseconds");
    // Those who commit come in between the slices: about every fifth here, and once or twice if they waited for all.
    assert!(commits * 20 >= slices, "{commits} commits beside {slices} slices");
    journal.store().tidy().unwrap();
    copied(&path);
    assert!(size() * 4 < full, "{} of {full}", size());
}

/// The log is copied whole where nobody reads; the store does it bit by bit.
fn copied(path: &Path) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
}
