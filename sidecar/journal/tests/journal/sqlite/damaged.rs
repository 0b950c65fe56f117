//! A store of which a part is missing although it had been on disk: it is refused whole, and nothing in it is changed.

use std::path::Path;

use conductor_journal::{Encryption, Journal, SqliteStore, Store};
use conductor_protocol::message::Limits;

use crate::support::{FINISHED, STARTED, commit, record, start};

const RUNS: usize = 60;

fn open(path: &Path) -> Journal {
    let store = SqliteStore::open(path).unwrap();
    Journal::open(Box::new(store), Limits::default(), Encryption::default()).unwrap()
}

/// How many runs can be read whole.
fn whole(journal: &Journal) -> usize {
    let is_whole = |number: &usize| {
        let row = journal.store().find(&format!("r{number}")).unwrap().unwrap();
        journal.store().records(row.key, 0, usize::MAX).unwrap().records.len() == 3
    };
    (0..RUNS).filter(is_whole).count()
}

#[test]
fn a_file_that_was_cut_off_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.db");
    let journal = open(&path);
    for number in 0..RUNS {
        let run = format!("r{number}");
        start(&journal, &run, "s");
        record(&journal, &run, 1, 1, STARTED, "s").unwrap();
        record(&journal, &run, 1, 2, FINISHED, "s").unwrap();
        commit(&journal);
    }
    // Closed in good order: everything is in the one file.
    drop(journal);
    let copy = std::fs::read(&path).unwrap();
    let pages = copy.len() / 4096;
    assert!(pages > 20, "{pages} pages");
    for kept in [1, 2, pages / 2, pages - 1] {
        let cut = &copy[..kept * 4096];
        std::fs::write(&path, cut).unwrap();
        let refused = SqliteStore::open(&path).map(drop).unwrap_err().to_string();
        for word in ["j.db", "damaged", "put back a copy", ".recover"] {
            assert!(refused.contains(word), "{kept} of {pages}: {refused}");
        }
        assert!(std::fs::read(&path).unwrap() == cut, "what was left was changed");
    }
    std::fs::write(&path, &copy).unwrap();
    assert_eq!(whole(&open(&path)), RUNS);
}

/// A page that was torn after it had been on disk: whoever needs it is told, and what stands elsewhere can be read.
#[test]
fn a_torn_page_is_told_of_where_it_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.db");
    let journal = open(&path);
    let large = "x".repeat(20_000);
    for run in ["r", "other"] {
        start(&journal, run, "s");
        record(
            &journal,
            run,
            1,
            1,
            &STARTED.replace("\"task\":\"a\"", &format!("\"task\":\"{large}\"")),
            "s",
        )
        .unwrap();
        commit(&journal);
    }
    drop(journal);
    let mut bytes = std::fs::read(&path).unwrap();
    // The head of a page of the long value: where the next one is.
    let torn = bytes.chunks(4096).position(|page| page[4..].iter().all(|byte| *byte == b'x')).unwrap();
    bytes[torn * 4096..torn * 4096 + 512].fill(0xff);
    std::fs::write(&path, &bytes).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    let read = |run: &str| {
        let key = store.find(run).unwrap().unwrap().key;
        store.records(key, 0, usize::MAX).map(|page| page.records.len()).map_err(|error| error.to_string())
    };
    let told = read("r").unwrap_err();
    assert!(told.contains("damaged") && told.contains("j.db"), "{told}");
    assert_eq!(read("other"), Ok(2));
}
