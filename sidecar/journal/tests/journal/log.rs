//! The write-ahead log of a real SQLite file: it has room before it is needed, and begins again however busy the store is.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::purge::{ended, open};

fn length(store: &Path) -> u64 {
    std::fs::metadata(store.with_extension("db-wal")).unwrap().len()
}

#[test]
fn there_is_room_before_it_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.db");
    let journal = open(&path);
    let before = length(&path);
    assert!(before > 4_000_000, "{before}");
    for number in 0..50 {
        ended(&journal, &format!("r{number}"), 1);
    }
    assert_eq!(length(&path), before);
    // What is behind the last commit is nothing to whoever opens it after a crash.
    let copy = folder.path().join("copy.db");
    std::fs::copy(&path, &copy).unwrap();
    std::fs::copy(path.with_extension("db-wal"), copy.with_extension("db-wal")).unwrap();
    let after = open(&copy);
    assert!(after.store().find("r49").unwrap().is_some());
    ended(&after, "r50", 1);
    assert_eq!(length(&copy), before);
}

#[test]
fn a_store_that_is_never_at_rest_begins_its_log_again() {
    const ROUNDS: u32 = 8;
    const COMMITS: u32 = 300;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.db");
    let journal = open(&path);
    let (done, count) = (AtomicBool::new(false), AtomicU32::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let number = count.fetch_add(1, Ordering::Relaxed);
                ended(&journal, &format!("r{number}"), 1);
            }
        });
        for round in 1..=ROUNDS {
            while count.load(Ordering::Relaxed) < round * COMMITS {
                std::thread::yield_now();
            }
            journal.store().tidy().unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    let all = u64::from(count.load(Ordering::Relaxed));
    // A run takes eight pages and more; the log of all of them would be that long.
    let longest = length(&path);
    assert!(longest < all * 8 * 4096 / 2, "{longest} bytes for {all} runs");
}
