//! What an exporter is fed: each record once, until it is dealt with, over all sidecars of a store.

use std::time::{Duration, Instant};

use conductor_journal::{Encryption, Feed, Journal, Member, PostgresStore};
use conductor_protocol::message::Limits;
use conductor_tests::servers::Postgres;

use crate::postgres::Schema;
use crate::purge::{before, purge_and_sweep};
use crate::restart::{failed, from, restart};
use crate::support::{At, FINISHED, STARTED, commit, record, start};

/// Runs and numbers of the records that come next, and the page.
fn fed(journal: &Journal) -> (Vec<String>, Feed) {
    let feed = journal.store().feed(1 << 20).unwrap();
    let name = |key: i64| journal.store().run_of(key).unwrap().map_or("?".to_owned(), |row| row.id);
    let told = feed.records.iter().map(|one| format!("{} {}", name(one.run), one.seq)).collect();
    (told, feed)
}

fn deal_with(journal: &Journal, feed: &Feed) {
    journal.store().fed(feed.from, feed.records.last().unwrap().place).unwrap();
}

/// What comes next, dealt with.
fn taken(journal: &Journal) -> Vec<String> {
    let (told, feed) = fed(journal);
    if !told.is_empty() {
        deal_with(journal, &feed);
    }
    told
}

/// What comes before long, dealt with: a sidecar looks now and then for what it has not written itself.
fn eventually_taken(journal: &Journal) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let told = taken(journal);
        if !told.is_empty() || begun.elapsed() > Duration::from_secs(60) {
            return told;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn write(journal: &Journal, run: &str, seq: u64, body: &str) {
    record(journal, run, 1, seq, body, "s").unwrap();
    commit(journal);
}

pub fn each_record_is_fed_from_when_it_is_wanted_until_it_is_dealt_with(at: &dyn At) {
    let journal = at.journal();
    assert!(journal.store().feed(1 << 20).unwrap().records.is_empty(), "nobody wants it");
    start(&journal, "old", "s");
    commit(&journal);
    journal.store().feeds(true).unwrap();
    write(&journal, "old", 1, STARTED);
    start(&journal, "new", "s");
    commit(&journal);
    let (told, feed) = fed(&journal);
    assert_eq!(told, ["old 1", "new 0"]);
    let bodies: Vec<&str> = feed.records.iter().map(|one| one.body.as_deref().unwrap()).collect();
    assert!(bodies[0] == STARTED && bodies[1].contains("run_started"), "{bodies:?}");
    assert_eq!(fed(&journal).0, ["old 1", "new 0"], "they are not dealt with yet");
    write(&journal, "new", 1, STARTED);
    deal_with(&journal, &feed);
    assert_eq!(taken(&journal), ["new 1"]);
    // It is remembered over the death of the sidecar, and what is large comes by and by.
    drop(journal);
    let journal = at.journal();
    journal.store().feeds(true).unwrap();
    assert!(taken(&journal).is_empty());
    for seq in 2..=40 {
        record(&journal, "new", 1, seq, STARTED, "s").unwrap();
    }
    commit(&journal);
    let (mut pages, mut told) = (Vec::new(), Vec::new());
    loop {
        let feed = journal.store().feed(10 * STARTED.len()).unwrap();
        if feed.records.is_empty() {
            break;
        }
        told.extend(feed.records.iter().map(|one| one.seq));
        pages.push(feed.more);
        deal_with(&journal, &feed);
    }
    assert_eq!((pages, told), (vec![true, true, true, false], (2..=40).collect()));
    write(&journal, "new", 41, STARTED);
    for _ in 0..3 {
        assert_eq!(fed(&journal).0, ["new 41"], "as often as it is asked for");
    }
    assert_eq!(taken(&journal), ["new 41"]);
}

pub fn a_run_that_goes_on_after_its_end_is_fed_from_there(at: &dyn At) {
    let journal = at.journal();
    journal.store().feeds(true).unwrap();
    start(&journal, "r", "s");
    write(&journal, "r", 1, STARTED);
    write(&journal, "r", 2, &serde_json::json!([failed()]).to_string());
    assert_eq!(taken(&journal), ["r 0", "r 1", "r 2"]);
    restart(&journal, "r", &from("a")).unwrap();
    assert_eq!(taken(&journal), ["r 3"]);
    assert!(taken(&journal).is_empty());
}

fn member(schema: &Schema, id: &str, lease: Duration) -> Journal {
    let (id, host) = (id.to_owned(), "here".to_owned());
    let store = PostgresStore::open(&schema.url(), Member { id, host, pid: 1, previous: None, lease });
    let journal = Journal::open(Box::new(store.unwrap()), Limits::default(), Encryption::default()).unwrap();
    journal.store().feeds(true).unwrap();
    journal
}

fn has_marks(schema: &Schema, count: u32) {
    schema.sql(&format!("DO $$ BEGIN ASSERT (SELECT count(*) FROM exported) = {count}; END $$"));
}

pub fn each_record_is_fed_to_one_sidecar_and_what_the_gone_have_left_to_another(server: &Postgres) {
    let schema = Schema::new(server);
    let first = member(&schema, "first", Duration::from_secs(60));
    for run in ["r", "q"] {
        start(&first, run, "s");
        commit(&first);
    }
    write(&first, "q", 1, FINISHED);
    has_marks(&schema, 2);
    let second = member(&schema, "second", Duration::from_secs(60));
    assert!(taken(&second).is_empty(), "they are the first one's");
    let (told, feed) = fed(&first);
    assert_eq!(told, ["r 0", "q 0", "q 1"]);
    deal_with(&first, &feed);
    has_marks(&schema, 1);
    write(&first, "r", 1, STARTED);
    start(&first, "p", "s");
    write(&first, "p", 1, FINISHED);
    let (told, late) = fed(&first);
    assert_eq!(told, ["r 1", "p 0", "p 1"]);
    // The first one is stopped there. Nobody takes up a run that has ended, but what is left of it to be read.
    schema.sql("UPDATE sidecars SET expires_at = clock_timestamp() - interval '1 s' WHERE id = 'first'");
    let third = member(&schema, "third", Duration::from_secs(4));
    // Half of a lease, after which it may take what others had.
    std::thread::sleep(Duration::from_millis(2100));
    assert_eq!(taken(&third), ["r 1", "p 0", "p 1"]);
    has_marks(&schema, 1);
    write(&first, "r", 2, STARTED);
    assert_eq!(eventually_taken(&third), ["r 2"]);
    // What the first one deals with too late changes nothing.
    deal_with(&first, &late);
    schema.sql("DO $$ BEGIN ASSERT (SELECT seq FROM exported) = 3; END $$");
    write(&first, "r", 3, FINISHED);
    assert_eq!(eventually_taken(&third), ["r 3"]);
    assert!(taken(&first).is_empty() && taken(&second).is_empty());
    has_marks(&schema, 0);
}

pub fn what_is_purged_before_it_was_read_is_told_of(server: &Postgres) {
    let schema = Schema::new(server);
    let journal = member(&schema, "m", Duration::from_secs(60));
    start(&journal, "r", "s");
    write(&journal, "r", 1, FINISHED);
    purge_and_sweep(&journal, &before(i64::MAX));
    let (told, feed) = fed(&journal);
    assert_eq!((told, feed.records[0].body.as_deref()), (vec!["? 0".to_owned()], None));
    deal_with(&journal, &feed);
    assert!(taken(&journal).is_empty());
    has_marks(&schema, 0);
}
