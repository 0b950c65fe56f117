//! Searches by texts and fields: they find what is there, whatever is noted of it, and look at little where much is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use conductor_journal::{
    From, Journal, PurgeFilter, Restarting, RunFilter, Scan, Search, Sought, Stretch, WantedInput,
};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::purge::purge_and_sweep;
use crate::support::{At, commit, never, owner, record, request};

/// Eleven blocks and a bit, of which the newest eight are left for later.
const RUNS: usize = 1500;

/// A run that is open until somebody ends it.
const OPEN: usize = 77;

fn failed(message: &str, at: usize) -> String {
    let error = format!(r#"{{"types":["shop.Declined"],"message":"{message}"}}"#);
    format!(r#"[{{"run_failed":{{"error":{error},"step":"charge","attempts":1,"at":{at}}}}}]"#)
}

fn fill(journal: &Journal, is_open: fn(usize) -> bool) {
    for number in 0..RUNS {
        let run = format!("r{number}");
        let input = format!(r#"{{"user":{{"id":"u{number}"}},"half":{}}}"#, number / 2);
        journal.start(request(&run, &input), Some(&owner("s")), &never).unwrap();
        if number % 100 == 5 {
            record(journal, &run, 1, 1, &failed(&format!("no funds on {number}"), number), "s").unwrap();
        } else if !is_open(number) {
            let body = format!(r#"[{{"run_succeeded":{{"output":1,"at":{number}}}}}]"#);
            record(journal, &run, 1, 1, &body, "s").unwrap();
        }
        if number % 250 == 249 {
            commit(journal);
        }
    }
    commit(journal);
}

fn note(journal: &Journal) {
    while journal.store().note_blocks().unwrap() {}
}

fn by_error(text: &str) -> Search {
    Search { error: Some(Sought::new(text)), ..Search::default() }
}

fn by_input(text: &str) -> Search {
    Search { input: Some(WantedInput::parse(text)), ..Search::default() }
}

fn stretches(journal: &Journal, search: &Search) -> Vec<Stretch> {
    let all = Stretch { first: 0, last: i64::MAX, earliest: i64::MIN, latest: i64::MAX };
    journal.store().stretches(search).unwrap().unwrap_or(vec![all])
}

/// What a search finds by what is noted; that it is the same as without is asserted.
fn found(journal: &Journal, search: &Search) -> Vec<String> {
    let store = journal.store();
    let parse = |text: &Option<_>| {
        let text: Option<&str> = Option::as_deref(text);
        text.and_then(|text| serde_json::from_str::<Value>(text).ok())
    };
    let every = store.list(&RunFilter { limit: 10_000, ..RunFilter::default() }).unwrap().runs;
    let fits = |row: &conductor_journal::RunRow| {
        let error = || row.head.error.as_deref().and_then(|text| serde_json::from_str(text).ok());
        search.fits(error, || parse(&row.input), row.input.as_deref())
    };
    let all: Vec<String> = every.iter().filter(|row| fits(row)).map(|row| row.id.clone()).collect();
    let filter = RunFilter { limit: 10_000, ..RunFilter::default() };
    let mut ids = Vec::new();
    for stretch in stretches(journal, search) {
        let within = Some((stretch.first, stretch.last));
        let scanned = store.scan(&Scan { filter: &filter, search, within }).unwrap();
        assert!(!scanned.more);
        ids.extend(scanned.runs.iter().filter(|row| fits(row)).map(|row| row.id.clone()));
    }
    assert_eq!(ids, all, "{search:?}");
    ids
}

pub fn a_search_finds_what_is_there_whatever_is_noted(at: &dyn At) {
    let journal = at.journal();
    fill(&journal, |number| number == OPEN);
    let searches = || {
        for (search, count) in [
            (by_input("user.id=u5"), 1),
            (by_input("user.id=u1499"), 1),
            (by_input("half=7"), 2),
            (by_input("user.id=nobody"), 0),
            (by_input("\"u77\""), 1),
            (by_input("nothing like it"), 0),
            (by_error("no FUNDS on 105"), 1),
            (by_error("declined"), 15),
            (by_error("ch"), 15),
            (by_error("stolen"), 0),
        ] {
            assert_eq!(found(&journal, &search).len(), count, "{search:?}");
        }
    };
    searches();
    assert_eq!(stretches(&journal, &by_input("user.id=u5")).len(), 1, "nothing is noted yet");
    note(&journal);
    searches();
    // The newest runs, and the block of the run; by chance one that has nothing of it.
    for search in [by_input("user.id=u5"), by_error("no funds on 105"), by_input("user.id=nobody")] {
        let looked = stretches(&journal, &search);
        assert!((1..=3).contains(&looked.len()), "{search:?}: {looked:?}");
        assert!(looked[0].first > 300, "{looked:?}");
    }
    drop(journal);
    // Another start knows it, too.
    let journal = at.journal();
    assert!(stretches(&journal, &by_input("user.id=nobody")).len() <= 2);
    assert_eq!(found(&journal, &by_input("user.id=u5")), ["r5"]);
}

pub fn what_changes_after_it_was_noted_is_found(at: &dyn At) {
    let journal = at.journal();
    fill(&journal, |number| number == OPEN);
    note(&journal);
    assert_eq!(found(&journal, &by_error("stolen")), [""; 0]);
    record(&journal, &format!("r{OPEN}"), 1, 1, &failed("card was stolen", 9), "s").unwrap();
    commit(&journal);
    assert_eq!(found(&journal, &by_error("stolen")), [format!("r{OPEN}")]);
    let restarting = Restarting {
        from: From::Beginning,
        input: Some(RawValue::from_string(r#"{"user":{"id":"other"}}"#.to_owned()).unwrap()),
        any_plan: false,
        reason: None,
        by: None,
        at: 10,
    };
    journal.restart("r6", &restarting).unwrap();
    commit(&journal);
    assert_eq!(found(&journal, &by_input("user.id=other")), ["r6"]);
    note(&journal);
    assert_eq!(found(&journal, &by_error("stolen")), [format!("r{OPEN}")]);
    assert_eq!(found(&journal, &by_input("user.id=other")), ["r6"]);
    assert!(stretches(&journal, &by_error("nothing like it")).len() <= 2, "it is noted anew");
}

pub fn what_changes_while_it_is_noted_is_found(at: &dyn At) {
    let journal = at.journal();
    fill(&journal, |number| number % 7 == 0);
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                journal.store().note_blocks().unwrap();
            }
        });
        for number in (0..RUNS).step_by(7).filter(|number| number % 100 != 5) {
            record(&journal, &format!("r{number}"), 1, 1, &failed(&format!("torn {number}"), 9), "s")
                .unwrap();
            commit(&journal);
        }
        is_done.store(true, Ordering::Relaxed);
    });
    assert!(found(&journal, &by_error("torn")).len() > 200);
    note(&journal);
    assert_eq!(found(&journal, &by_error("torn 350")), ["r350"]);
}

/// In a store of many sidecars: a transaction that began before it was said what is about to be noted marks nothing.
pub fn who_began_before_is_waited_for(at: &(dyn At + Sync)) {
    let journal = at.journal();
    fill(&journal, |number| number == OPEN);
    std::thread::scope(|scope| {
        let late = scope.spawn(|| {
            at.sql(
                r#"BEGIN; UPDATE runs SET error = '{"message":"late"}' WHERE id = 'r77'; SELECT pg_sleep(2); COMMIT"#,
            );
        });
        std::thread::sleep(Duration::from_millis(500));
        assert!(!journal.store().note_blocks().unwrap(), "noted beside it");
        late.join().unwrap();
    });
    note(&journal);
    assert_eq!(found(&journal, &by_error("late")), ["r77"]);
    assert!(stretches(&journal, &by_error("nothing like it")).len() <= 2);
}

pub fn what_is_noted_goes_with_the_runs(at: &dyn At) {
    let journal = at.journal();
    fill(&journal, |number| number == OPEN);
    note(&journal);
    assert_eq!(found(&journal, &by_input("user.id=u140")), ["r140"]);
    let first = stretches(&journal, &by_input("user.id=u140")).pop().unwrap().first;
    let filter = PurgeFilter { ended_before: 300, ..PurgeFilter::default() };
    purge_and_sweep(&journal, &filter);
    assert_eq!(found(&journal, &by_input("user.id=u140")), [""; 0]);
    let left = stretches(&journal, &by_input("user.id=u140"));
    assert!(left.iter().all(|stretch| stretch.first != first), "{left:?}");
    note(&journal);
    assert_eq!(found(&journal, &by_input("user.id=u400")), ["r400"]);
}
