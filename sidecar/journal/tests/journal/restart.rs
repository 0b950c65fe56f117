//! Restarts: what counts after one, what is refused, and what a refused commit leaves.

use conductor_journal::{From, Journal, Owner, Refusal, Restarted, Restarting, StartRequest, Started};
use conductor_protocol::entry::{Entry, Parent, RunRestarted};
use conductor_protocol::state::RunState;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::support::At;

fn start(journal: &Journal, run: &str, parent: Option<(&str, &str)>) {
    let request = StartRequest {
        run: run.to_owned(),
        workflow: "w".to_owned(),
        plan: Some("p".to_owned()),
        language: Some("python".to_owned()),
        input: raw(&json!({"n": 1})),
        secret: Vec::new(),
        parent: parent.map(|(run, key)| Parent { run: run.into(), key: key.into() }),
        traceparent: None,
        by: None,
        at: 1,
    };
    let owner = Owner { session: "s".into(), pid: 1, process_start: 1 };
    let started = journal.start(request, Some(&owner), &|_| false).unwrap();
    assert!(matches!(started, Started::New { .. }), "{run}: {started:?}");
}

fn raw(value: &Value) -> Box<RawValue> {
    RawValue::from_string(value.to_string()).unwrap()
}

/// Records each entry by itself, from 1 on.
fn record(journal: &Journal, run: &str, entries: &[Value]) {
    for (seq, entry) in (1..).zip(entries) {
        let body = json!([entry]).to_string();
        let entries: Vec<Entry> = serde_json::from_str(&body).unwrap();
        journal.record(run, 1, seq, &entries, &body, &"s".into()).unwrap();
    }
    journal.commit(drop);
}

fn began(key: &str) -> Value {
    json!({"step_started": {"key": key, "task": key, "attempt": 1, "at": 1}})
}

fn done(key: &str) -> Value {
    json!({"step_succeeded": {"key": key, "attempt": 1, "output": 1, "at": 1}})
}

pub fn failed() -> Value {
    json!({"run_failed": {"error": {"types": ["E"], "message": "no"}, "step": "b", "attempts": 1, "at": 9}})
}

pub fn from(step: &str) -> Restarting {
    let from = From::Step(step.to_owned());
    Restarting { from, input: None, any_plan: false, reason: None, by: None, at: 10 }
}

pub fn restart(journal: &Journal, run: &str, restarting: &Restarting) -> Result<Restarted, Refusal> {
    let restarted = journal.restart(run, restarting);
    journal.commit(drop);
    restarted
}

/// The last record of the run, which is a restart.
fn last(journal: &Journal, run: &str) -> RunRestarted {
    let key = journal.store().find(run).unwrap().unwrap().key;
    let page = journal.store().records(key, 0, usize::MAX).unwrap();
    let entries: Vec<Entry> = serde_json::from_str(&page.records.last().unwrap().body).unwrap();
    match entries.into_iter().next() {
        Some(Entry::RunRestarted(restarted)) => restarted,
        other => panic!("{other:?}"),
    }
}

pub fn what_had_begun_and_ended_well_counts_and_what_had_not_begins_anew(at: &impl At) {
    let journal = at.journal();
    start(&journal, "r", None);
    start(&journal, "r/child", Some(("r", "child")));
    record(&journal, "r/child", &[json!({"run_cancelled": {"reason": "x", "at": 1}})]);
    let cancelled = |key: &str| json!({"step_cancelled": {"key": key, "unknown": true, "at": 1}});
    let entries = [
        began("a"),
        done("a"),
        began("well"),
        began("cut"),
        began("child"),
        json!({"chosen": {"key": "before", "value": "a", "at": 1}}),
        began("b"),
        done("well"),
        began("after"),
        json!({"chosen": {"key": "parallel_1", "value": "b", "at": 1}}),
        cancelled("cut"),
        cancelled("child"),
        json!({"step_skipped": {"key": "c", "at": 1}}),
        failed(),
    ];
    record(&journal, "r", &entries);
    let restarted = restart(&journal, "r", &from("b")).unwrap();
    assert_eq!((restarted.generation, restarted.info.state), (2, RunState::Waiting));
    // All calls that had begun, and have not ended well before.
    assert_eq!(restarted.repeated, ["after", "b", "child", "cut"]);
    let entry = last(&journal, "r");
    // A child that has ended is not begun again under its id.
    assert_eq!(entry.forget, ["after", "b", "c", "child", "parallel_1"]);
    assert_eq!(entry.reopen, ["cut"]);
    assert!(!entry.unpinned);
    let row = journal.store().find("r").unwrap().unwrap();
    assert_eq!((row.head.state, row.head.finished_at, row.head.error), (RunState::Waiting, None, None));
    assert!(journal.info("r").is_some_and(|info| info.owner.is_none() && info.plan.is_some()));
    // It goes on, and is not restarted before it has stopped again.
    let refused = restart(&journal, "r", &from("a")).unwrap_err().to_string();
    assert!(refused.contains("neither ended nor paused"), "{refused}");
    let owner = Owner { session: "t".into(), pid: 1, process_start: 1 };
    let taken = journal.take("r", &owner, "p", "python", &|_| false).unwrap().unwrap();
    assert_eq!((taken.info.epoch, taken.next_seq), (2, 17));
}

pub fn a_block_is_a_place_too_and_other_inputs_take_the_place_of_the_runs(at: &impl At) {
    let journal = at.journal();
    start(&journal, "r", None);
    record(
        &journal,
        "r",
        &[began("each[0].x"), done("each[0].x"), began("each[1].x"), began("each2"), failed()],
    );
    let unknown = restart(&journal, "r", &from("eac")).unwrap_err().to_string();
    assert_eq!(unknown, "run r has begun no step eac: it has begun each[0].x, each[1].x, each2");
    let input = Restarting { input: Some(raw(&json!({"n": 2.50}))), ..from("each") };
    restart(&journal, "r", &input).unwrap();
    let entry = last(&journal, "r");
    assert_eq!(entry.forget, ["each2", "each[0].x", "each[1].x"]);
    // Nothing counts any more, so that any build may take it.
    assert!(entry.unpinned);
    drop(journal);
    let journal = at.journal();
    let row = journal.store().find("r").unwrap().unwrap();
    assert_eq!((row.input.as_deref(), row.head.plan), (Some(r#"{"n":2.5}"#), None));
    for wrong in [json!([1]), json!("x")] {
        let wrong = Restarting { input: Some(raw(&wrong)), ..from("each") };
        assert!(restart(&journal, "r", &wrong).is_err());
    }
}

pub fn what_was_undone_may_not_count(at: &impl At) {
    let journal = at.journal();
    start(&journal, "r", None);
    // A block that is one step to the journal: only what undoes its steps has entries of theirs.
    let block = |undo: Value| json!({"step_succeeded": {"key": "block", "attempt": 1, "output": null, "undo": undo, "at": 1}});
    let entries = [
        began("a"),
        done("a"),
        began("block"),
        block(json!([["inside", {"x": 1}]])),
        began("b"),
        began("inside.compensate"),
        done("inside.compensate"),
        failed(),
    ];
    record(&journal, "r", &entries);
    let refused = restart(&journal, "r", &from("b")).unwrap_err().to_string();
    assert!(refused.starts_with("what block did was undone when run r stopped"), "{refused}");
    // To undo it once more is what a person may want.
    restart(&journal, "r", &from("inside.compensate")).unwrap();
    record_more(&journal, "r", 10, &[failed()]);
    assert_eq!(restart(&journal, "r", &from("block")).unwrap().generation, 3);
    assert_eq!(last(&journal, "r").forget, ["b", "block"]);
}

/// Records as the next owner.
fn record_more(journal: &Journal, run: &str, seq: u64, entries: &[Value]) {
    let owner = Owner { session: "t".into(), pid: 1, process_start: 1 };
    let taken = journal.take(run, &owner, "p", "python", &|_| false).unwrap().unwrap();
    assert_eq!(taken.next_seq, seq + 1);
    for (seq, entry) in (taken.next_seq..).zip(entries) {
        let body = json!([entry]).to_string();
        let entries: Vec<Entry> = serde_json::from_str(&body).unwrap();
        journal.record(run, taken.info.epoch, seq, &entries, &body, &"t".into()).unwrap();
    }
    journal.commit(drop);
}

pub fn a_restart_that_the_store_refuses_leaves_the_run_ended(at: &impl At) {
    let journal = at.journal();
    start(&journal, "r", None);
    record(&journal, "r", &[began("b"), failed()]);
    let restarted = journal.restart("r", &from("b")).unwrap();
    at.sql("UPDATE runs SET epoch = 7");
    journal.commit(drop);
    assert!(restarted.settled.unwrap().blocking_recv().unwrap().is_err());
    assert!(journal.info("r").is_none());
    assert_eq!(journal.store().find("r").unwrap().unwrap().head.state, RunState::Failed);
    // Purged in between.
    let _restarted = journal.restart("r", &from("b")).unwrap();
    assert_eq!(journal.purge("r", 1).unwrap(), 1);
    journal.commit(drop);
    assert!(journal.info("r").is_none());
    assert!(matches!(restart(&journal, "r", &from("b")), Err(Refusal::Purged { .. })));
}
