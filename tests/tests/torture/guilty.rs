//! The judge of the storms finds a good history innocent and each doctored one guilty. The rules of the journal that it shares
//! with the judge of the kills have their tests in `judge.rs`.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use conductor_protocol::entry::Entry;
use conductor_tests::application::Language;
use conductor_tests::journal::{Journal, Record, Run};
use serde_json::{Value, json};

use crate::program::{Block, Program};
use crate::verdict::{Case, Ledger, judge};

/// Two runs of one program: `python-1` succeeds, `python-3` fails and is undone, with the child that it awaited.
#[derive(Default)]
struct History {
    journal: Journal,
    ledger: Vec<Value>,
    accepted: BTreeSet<String>,
    cancelled: BTreeSet<String>,
}

impl History {
    fn good() -> Result<History> {
        let mut history = History::default();
        for n in [1, 3] {
            let (run, child) = (format!("python-{n}"), format!("python-{n}/b2"));
            history.accepted.insert(run.clone());
            let mut own = history.step(&run, "booked", "book", n, n);
            own.extend(history.step(&run, "b0", "once", n, n));
            own.extend(history.step(&run, "b1", "book", n, n));
            let mut part = history.step(&child, "first", "book", n, n);
            part.extend(history.step(&child, "look", "look", n, n * 3 + 1));
            part.extend(history.step(&child, "second", "book", n * 3 + 1, n * 3 + 1));
            part.push(json!({"run_succeeded": {"output": n * 3 + 1, "at": 1}}));
            history.keep(&child, "saga_python", "succeeded", Some(n * 3 + 1), part)?;
            if n == 1 {
                own.push(json!({"run_succeeded": {"output": n, "at": 1}}));
                history.keep(&run, "main_python", "succeeded", Some(n), own)?;
                history.ledger.push(json!({"event": "returned", "run": run, "output": n, "pid": 1}));
                continue;
            }
            for (key, n) in [("b2/second", n * 3 + 1), ("b2/first", n), ("b1", n), ("booked", n)] {
                own.extend(history.step(&run, &format!("{key}.compensate"), "unbook", n, n));
            }
            let error = json!({"types": ["Doomed"], "message": "as it was to be"});
            own.push(json!({"run_failed": {"error": error, "step": null, "attempts": 1, "at": 1}}));
            history.keep(&run, "main_python", "failed", None, own)?;
        }
        Ok(history)
    }

    /// A step that one process executed once; its entries.
    fn step(&mut self, run: &str, key: &str, task: &str, n: i64, value: i64) -> Vec<Value> {
        let id = format!("{run}/{key}");
        self.ledger.push(json!({"event": "begin", "key": id, "n": n, "pid": 1}));
        self.ledger.push(json!({"event": "end", "key": id, "n": n, "value": value, "pid": 1}));
        let mut succeeded = json!({"key": key, "attempt": 1, "output": value, "at": 1});
        if task == "book" {
            succeeded["undo"] = json!({"n": n});
        }
        let started = json!({"key": key, "task": task, "attempt": 1, "at": 1});
        vec![json!({"step_started": started}), json!({"step_succeeded": succeeded})]
    }

    fn keep(
        &mut self,
        id: &str,
        workflow: &str,
        state: &str,
        output: Option<i64>,
        entries: Vec<Value>,
    ) -> Result<()> {
        let start = json!({"run_started": {"format": 1, "workflow": workflow, "input": {}, "at": 1}});
        let bodies = std::iter::once(start).chain(entries);
        let records = (0..).zip(bodies).map(|(seq, entry)| record(seq, &entry)).collect::<Result<_>>()?;
        let output = output.map(|value| value.to_string());
        let run = Run { workflow: workflow.to_owned(), state: state.to_owned(), output, records };
        self.journal.insert(id.to_owned(), run);
        Ok(())
    }

    fn run(&mut self, id: &str) -> Result<&mut Run> {
        self.journal.get_mut(id).context("no such run")
    }

    /// The number of the record of a step's success.
    fn success(&mut self, run: &str, step: &str) -> Result<usize> {
        let records = &self.run(run)?.records;
        let is_it = |record: &Record| matches!(&record.entries[..], [Entry::StepSucceeded { key, .. }] if key == step);
        records.iter().position(is_it).context("no such success")
    }

    fn verdict(&self) -> Result<Vec<String>> {
        let text: String = self.ledger.iter().map(|line| format!("\n{line}\n")).collect();
        let blocks = vec![Block::Once, Block::Undone, Block::Saga];
        Ok(judge(&Case {
            programs: &[Program { language: Language::Python, blocks }],
            journal: &self.journal,
            ledger: &Ledger::read(text.as_bytes())?,
            snapshots: &[],
            accepted: &self.accepted,
            cancelled: &self.cancelled,
        }))
    }
}

fn record(seq: u64, entry: &Value) -> Result<Record> {
    let body = json!([entry]).to_string();
    Ok(Record { seq, epoch: 1, entries: serde_json::from_str(&body)?, body })
}

/// Doctors a good history and asserts what the judge finds.
fn guilty(doctor: impl FnOnce(&mut History) -> Result<()>, of: &[&str]) -> Result<()> {
    let mut history = History::good()?;
    doctor(&mut history)?;
    assert_eq!(history.verdict()?, of);
    Ok(())
}

#[test]
fn a_good_history_is_innocent() -> Result<()> {
    guilty(|_| Ok(()), &[])
}

#[test]
fn a_run_that_was_accepted_and_is_lost() -> Result<()> {
    let lose = |history: &mut History| {
        history.accepted.insert("python-2".to_owned());
        Ok(())
    };
    guilty(lose, &["python-2 was accepted and is lost"])
}

#[test]
fn an_end_that_was_not_to_be() -> Result<()> {
    let into = |run: &'static str, state: &'static str| {
        move |history: &mut History| {
            history.run(run)?.state = state.to_owned();
            Ok(())
        }
    };
    guilty(into("python-3", "running"), &["python-3 is running with None, not Some(Failed)"])?;
    guilty(into("python-3", "cancelled"), &["python-3 is cancelled with None, not Some(Failed)"])?;
    let asked = |history: &mut History| {
        history.cancelled.insert("python-3".to_owned());
        into("python-3", "cancelled")(history)
    };
    guilty(asked, &[])?;
    let value = |history: &mut History| {
        history.run("python-1")?.output = Some("2".to_owned());
        Ok(())
    };
    guilty(value, &["python-1 is succeeded with Some(Number(2)), not Some(Succeeded(Number(1)))"])?;
    let unknown =
        |history: &mut History| history.keep("python-1/b7", "part_python", "succeeded", Some(1), vec![]);
    guilty(unknown, &["python-1/b7 is succeeded with Some(Number(1)), not None"])
}

#[test]
fn a_result_that_only_its_caller_saw() -> Result<()> {
    let lie = |history: &mut History| {
        history.ledger.push(json!({"event": "returned", "run": "python-1", "output": 7, "pid": 1}));
        Ok(())
    };
    guilty(lie, &["a caller of python-1 was given 7, not Some(Succeeded(Number(1)))"])
}

#[test]
fn other_arguments_the_second_time() -> Result<()> {
    let change = |history: &mut History| {
        history.ledger.push(json!({"event": "begin", "key": "python-1/booked", "n": 9, "pid": 1}));
        Ok(())
    };
    guilty(change, &["python-1 booked was called with different arguments: {1, 9}"])
}

#[test]
fn a_recorded_value_that_no_execution_gave() -> Result<()> {
    let invent = |history: &mut History| {
        let at = history.success("python-1", "b0")?;
        let other = json!({"step_succeeded": {"key": "b0", "attempt": 1, "output": 5, "at": 1}});
        history.run("python-1")?.records[at] = record(at as u64, &other)?;
        Ok(())
    };
    guilty(invent, &["python-1 b0 is recorded with Some(5), and gave {1}"])
}

#[test]
fn what_must_not_happen_twice() -> Result<()> {
    let again = |history: &mut History| {
        history.ledger.push(json!({"event": "begin", "key": "python-1/b0", "n": 1, "pid": 1}));
        Ok(())
    };
    guilty(again, &["python-1 b0 must not happen twice and began 2 times"])?;
    let wanted = |history: &mut History| {
        let at = history.success("python-1", "b0")?;
        let run = history.run("python-1")?;
        run.records.insert(at, record(0, &json!({"step_reopened": {"key": "b0", "at": 1}}))?);
        (0..).zip(&mut run.records).for_each(|(seq, record)| record.seq = seq);
        again(history)
    };
    guilty(wanted, &[])
}

#[test]
fn what_was_done_and_not_undone() -> Result<()> {
    let forget = |run: &'static str, key: &'static str| {
        move |history: &mut History| {
            let undoing = format!("{run}/{key}.compensate");
            history.ledger.retain(|noted| noted["event"] != "end" || noted["key"] != undoing.as_str());
            Ok(())
        }
    };
    let words = [
        "python-3 b1.compensate is recorded as done and was never executed to its end",
        "python-3 b1 gave {3} and was not undone",
    ];
    guilty(forget("python-3", "b1"), &words)?;
    // The child had succeeded, and the run that waited for it had not.
    guilty(forget("python-3/b2", "first"), &["python-3/b2 first gave {3} and was not undone"])
}

#[test]
fn what_was_undone_of_a_run_that_succeeded() -> Result<()> {
    let undo = |history: &mut History| {
        history.ledger.push(json!({"event": "begin", "key": "python-1/b1.compensate", "n": 1, "pid": 1}));
        Ok(())
    };
    guilty(undo, &["python-1 b1 was undone, and the run succeeded"])
}

#[test]
fn what_was_undone_in_the_order_in_which_it_was_done() -> Result<()> {
    let swapped = |first: &'static str, second: &'static str| {
        move |history: &mut History| {
            let (first, second) = (history.success("python-3", first)?, history.success("python-3", second)?);
            let records = &mut history.run("python-3")?.records;
            records.swap(first, second);
            (0..).zip(records).for_each(|(seq, record)| record.seq = seq);
            Ok(())
        }
    };
    let words = "python-3 was undone in the wrong order: [\"booked\", \"b1\"] after [\"booked\", \"b1\"]";
    guilty(swapped("b1.compensate", "booked.compensate"), &[words])?;
    let words =
        "python-3/b2 was undone in the wrong order: [\"first\", \"second\"] after [\"first\", \"second\"]";
    guilty(swapped("b2/second.compensate", "b2/first.compensate"), &[words])
}
