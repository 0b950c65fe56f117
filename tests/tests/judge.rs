//! The judge of the kill test finds a good history innocent and each doctored one guilty.

use std::collections::BTreeSet;

use anyhow::Result;
use conductor_protocol::entry::Entry;
use conductor_tests::checker::{Evidence, Execution, Snapshot, judge};
use conductor_tests::journal::{Journal, Record, Run};
use serde_json::{Value, json};

/// A run that one process began and another ended: `a` was executed by the first only, `b` by both.
struct History {
    executions: Vec<Execution>,
    snapshots: Vec<Snapshot>,
    journal: Journal,
    returned: Vec<(String, Value)>,
}

fn record(seq: u64, epoch: u64, entries: &Value) -> Result<Record> {
    let body = entries.to_string();
    let entries: Vec<Entry> = serde_json::from_str(&body)?;
    Ok(Record { seq, epoch, body, entries })
}

fn execution(position: u64, pid: u32, key: &str, begin: bool) -> Execution {
    Execution { position, pid, run: "r".into(), key: key.into(), begin }
}

fn good() -> Result<History> {
    let started =
        |key: &str, attempt| json!({"step_started": {"key": key, "task": key, "attempt": attempt, "at": 1}});
    let succeeded = |key: &str| json!({"step_succeeded": {"key": key, "attempt": 1, "output": 1, "at": 1}});
    let start = json!({"run_started": {"format": 1, "workflow": "w", "input": {}, "at": 1}});
    let resumed = json!({"run_resumed": {"epoch": 2, "session": "s2", "pid": 2, "at": 1}});
    let records = vec![
        record(0, 1, &json!([start]))?,
        record(1, 1, &json!([started("a", 1)]))?,
        record(2, 1, &json!([succeeded("a"), started("b", 1)]))?,
        record(3, 2, &json!([resumed]))?,
        record(4, 2, &json!([started("b", 2)]))?,
        record(5, 2, &json!([succeeded("b"), {"run_succeeded": {"output": 1, "at": 1}}]))?,
    ];
    let news = |range: std::ops::Range<usize>| {
        records[range].iter().map(|it| ("r".to_owned(), it.clone())).collect()
    };
    let snapshots = vec![
        Snapshot { log_before: 35, log_after: 35, news: news(0..3), logged: Vec::new() },
        Snapshot { log_before: 60, log_after: 60, news: news(3..6), logged: Vec::new() },
    ];
    let run = Run { workflow: "w".into(), state: "succeeded".into(), output: Some("1".into()), records };
    let executions = vec![
        execution(0, 1, "a", true),
        execution(10, 1, "a", false),
        execution(20, 1, "b", true),
        execution(40, 2, "b", true),
        execution(50, 2, "b", false),
    ];
    let journal = [("r".to_owned(), run)].into();
    Ok(History { executions, snapshots, journal, returned: vec![("r".into(), json!(1))] })
}

fn verdict(history: &History) -> Vec<String> {
    judge(&Evidence {
        executions: &history.executions,
        snapshots: &history.snapshots,
        journal: &history.journal,
        accepted: &BTreeSet::from(["r".to_owned()]),
        returned: &history.returned,
        expected: &|_| Some(json!(1)),
        is_write: &|_, key| ["a", "b"].contains(&key),
    })
}

/// Doctors a good history and asserts what the judge finds.
fn guilty(doctor: impl FnOnce(&mut History) -> Result<()>, of: &[&str]) -> Result<()> {
    let mut history = good()?;
    doctor(&mut history)?;
    assert_eq!(verdict(&history), of);
    Ok(())
}

fn run(history: &mut History) -> Result<&mut Run> {
    history.journal.get_mut("r").ok_or_else(|| anyhow::anyhow!("no run r"))
}

#[test]
fn a_good_history_is_innocent() -> Result<()> {
    guilty(|_| Ok(()), &[])
}

#[test]
fn a_step_executed_after_its_success_was_on_disk() -> Result<()> {
    let again = |history: &mut History| {
        history.executions.push(execution(45, 2, "a", true));
        Ok(())
    };
    let words =
        ["r a ran again in epoch 2, after its recorded success", "r a began after its success was on disk"];
    guilty(again, &words)
}

#[test]
fn a_step_executed_by_a_later_owner_between_two_looks() -> Result<()> {
    let again = |history: &mut History| {
        history.executions.push(execution(33, 2, "a", true));
        Ok(())
    };
    guilty(again, &["r a ran again in epoch 2, after its recorded success"])
}

#[test]
fn a_lost_run() -> Result<()> {
    let lose = |history: &mut History| {
        history.journal.clear();
        history.snapshots.clear();
        Ok(())
    };
    guilty(lose, &["r was accepted and is lost"])
}

#[test]
fn a_run_that_did_not_end_or_gave_something_else() -> Result<()> {
    let hang = |history: &mut History| {
        run(history)?.state = "running".into();
        Ok(())
    };
    guilty(hang, &["r is running"])?;
    let differ = |history: &mut History| {
        run(history)?.output = Some("2".into());
        history.returned.push(("r".into(), json!(3)));
        Ok(())
    };
    guilty(differ, &["r gave Some(Number(2)), not Some(Number(1))", "a caller of r was given 3"])
}

#[test]
fn a_gap_and_a_fallen_epoch() -> Result<()> {
    let gap = |history: &mut History| {
        history.snapshots.clear();
        run(history)?.records[5].seq = 6;
        Ok(())
    };
    guilty(gap, &["r has record 6 where 5 belongs"])?;
    let fall = |history: &mut History| {
        history.snapshots.clear();
        run(history)?.records[5].epoch = 1;
        Ok(())
    };
    guilty(fall, &["r record 5 falls from epoch 2 to 1"])
}

#[test]
fn two_owners_of_an_epoch() -> Result<()> {
    let twice = |history: &mut History| {
        let resumed = json!([{"run_resumed": {"epoch": 2, "session": "s3", "pid": 3, "at": 1}}]);
        run(history)?.records.insert(4, record(4, 2, &resumed)?);
        run(history)?.records[5].seq = 5;
        run(history)?.records[6].seq = 6;
        history.snapshots.clear();
        Ok(())
    };
    guilty(twice, &["r record 4 gives epoch 2 to s3 again"])
}

#[test]
fn a_success_recorded_twice_or_never_earned() -> Result<()> {
    let twice = |history: &mut History| {
        let again = json!([{"step_succeeded": {"key": "a", "attempt": 1, "output": 1, "at": 1}}]);
        run(history)?.records[4] = record(4, 2, &again)?;
        history.snapshots.clear();
        Ok(())
    };
    guilty(twice, &["r records the success of a again in record 4"])?;
    let never = |history: &mut History| {
        history.executions.remove(1);
        Ok(())
    };
    guilty(never, &["r a is recorded as done and was never executed to its end"])
}

#[test]
fn a_write_that_did_not_wait_for_the_disk() -> Result<()> {
    let early = |history: &mut History| {
        let late = history.snapshots[0].news.split_off(1);
        history.snapshots[1].news.splice(0..0, late);
        Ok(())
    };
    let words = [
        "r a is a write and began before its start was on disk",
        "r b is a write and began before its start was on disk",
    ];
    guilty(early, &words)
}

#[test]
fn a_record_that_vanished() -> Result<()> {
    let vanish = |history: &mut History| {
        let gone = record(6, 2, &json!([{"step_skipped": {"key": "c", "at": 1}}]))?;
        history.snapshots[1].news.push(("r".into(), gone));
        Ok(())
    };
    guilty(vanish, &["r record 6 was on disk and is gone or changed"])
}
