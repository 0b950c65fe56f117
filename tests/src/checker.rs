//! Judges a history of kills: what the functions wrote down about themselves against what the journal held, and when.
//!
//! It starts nothing and reads no file: it is given evidence and names every broken promise in it.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::entry::Entry;
use serde_json::Value;

use crate::journal::{Journal, Record, Run};

/// One line that a function of the user's code wrote, durably, about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// Where its line stands in the log: the order in which things happened.
    pub position: u64,
    pub pid: u32,
    pub run: String,
    pub key: String,
    /// Else it is the end, reached without an error.
    pub begin: bool,
}

/// What the store held at a moment of the storm and had not held at the moment before.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Length of the log before the store was read.
    pub log_before: u64,
    /// Length of the log after the store was read.
    pub log_after: u64,
    pub news: Vec<(String, Record)>,
    /// Steps, by run and key, whose start stood in a process's own log before the store was read, and so was on disk as well.
    pub logged: Vec<(String, String)>,
}

/// All that is known in the end.
pub struct Evidence<'a> {
    pub executions: &'a [Execution],
    pub snapshots: &'a [Snapshot],
    pub journal: &'a Journal,
    /// Runs whose start somebody was told of.
    pub accepted: &'a BTreeSet<String>,
    /// Results that callers saw.
    pub returned: &'a [(String, Value)],
    /// The right result of each run.
    pub expected: &'a dyn Fn(&str) -> Option<Value>,
    /// Whether a step, by its run and key, has the effect `write`.
    pub is_write: &'a dyn Fn(&str, &str) -> bool,
}

/// A run, or in `noted` its workflow, and a key.
type StepId<'a> = (&'a str, &'a str);

/// Every broken promise, in words; none in a good history.
#[must_use]
pub fn judge(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = ends(evidence);
    found.extend(history(evidence));
    found
}

/// The broken promises that do not depend on how runs were to end.
#[must_use]
pub fn history(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let mut of_run: BTreeMap<&str, Vec<&Execution>> = BTreeMap::new();
    for execution in evidence.executions {
        of_run.entry(&execution.run).or_default().push(execution);
    }
    let mut noted: BTreeSet<StepId<'_>> = BTreeSet::new();
    for execution in evidence.executions {
        if let Some(run) = evidence.journal.get(&execution.run) {
            noted.insert((&run.workflow, &execution.key));
        }
    }
    for (id, run) in evidence.journal {
        let executions = of_run.get(id.as_str()).map_or(&[][..], Vec::as_slice);
        found.extend(order(id, run));
        found.extend(successes(id, run));
        found.extend(executed_by_later_owner(id, run, executions));
        found.extend(never_executed(id, run, executions, &noted));
    }
    found.extend(executed_after_commit(evidence));
    found.extend(began_before_commit(evidence));
    found.extend(unkept(evidence));
    found
}

/// No accepted run is lost, each ends, and with the right result, the same for everybody.
fn ends(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for id in evidence.accepted.iter().filter(|id| !evidence.journal.contains_key(*id)) {
        found.push(format!("{id} was accepted and is lost"));
    }
    for (id, run) in evidence.journal {
        let output: Option<Value> = run.output.as_deref().and_then(|text| serde_json::from_str(text).ok());
        if run.state != "succeeded" {
            found.push(format!("{id} is {}", run.state));
        } else if output != (evidence.expected)(id) {
            found.push(format!("{id} gave {output:?}, not {:?}", (evidence.expected)(id)));
        }
    }
    for (id, value) in evidence.returned {
        if (evidence.expected)(id).as_ref() != Some(value) {
            found.push(format!("a caller of {id} was given {value}"));
        }
    }
    found
}

/// Numbers are dense, epochs only rise, and each has one owner.
fn order(id: &str, run: &Run) -> Vec<String> {
    let mut found = Vec::new();
    let mut epoch = 0;
    let mut resumed: BTreeMap<u64, &str> = BTreeMap::new();
    for (wanted, record) in (0..).zip(&run.records) {
        if record.seq != wanted {
            found.push(format!("{id} has record {} where {wanted} belongs", record.seq));
        }
        if record.epoch < epoch {
            found.push(format!("{id} record {} falls from epoch {epoch} to {}", record.seq, record.epoch));
        }
        epoch = record.epoch;
        for entry in &record.entries {
            if let Entry::RunResumed { epoch, session, .. } = entry {
                let later = resumed.last_key_value().is_none_or(|(last, _)| last < epoch);
                if !later || *epoch != record.epoch {
                    found.push(format!("{id} record {} gives epoch {epoch} to {session} again", record.seq));
                }
                resumed.insert(*epoch, session);
            }
        }
    }
    let first = run.records.first().and_then(|record| record.entries.first());
    if !matches!(first, Some(Entry::RunStarted(_))) {
        found.push(format!("{id} does not begin with its start"));
    }
    found
}

/// A step succeeds once; a run ends once, with its last entry.
fn successes(id: &str, run: &Run) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let count = run.entries().count();
    for (index, (record, entry)) in run.entries().enumerate() {
        if let Entry::StepSucceeded { key, .. } = entry
            && !seen.insert(key)
        {
            found.push(format!("{id} records the success of {key} again in record {}", record.seq));
        }
        if entry.ends_run() && index + 1 != count {
            found.push(format!("{id} goes on after its end in record {}", record.seq));
        }
    }
    found
}

/// An owner that came after a recorded success does not execute the step again, whenever that was.
fn executed_by_later_owner(id: &str, run: &Run, executions: &[&Execution]) -> Vec<String> {
    let mut found = Vec::new();
    let mut succeeded: BTreeSet<&str> = BTreeSet::new();
    // A process that owned the run before may have executed a step rightly then; the first owner is known by its deeds.
    let first = executions.iter().min_by_key(|execution| execution.position);
    let mut earlier_pids: BTreeSet<u32> = first.map(|execution| execution.pid).into_iter().collect();
    for (_, entry) in run.entries() {
        match entry {
            Entry::StepSucceeded { key, .. } => {
                succeeded.insert(key);
            }
            Entry::RunResumed { epoch, pid, .. } if earlier_pids.insert(*pid) => {
                let guilty = executions.iter().filter(|execution| {
                    let same = execution.begin && execution.pid == *pid;
                    same && succeeded.contains(execution.key.as_str())
                });
                found.extend(guilty.map(|execution| {
                    format!("{id} {} ran again in epoch {epoch}, after its recorded success", execution.key)
                }));
            }
            _ => {}
        }
    }
    found
}

/// Nothing is recorded as done that was not done, but by a person. Of what is not a task nobody notes an execution.
fn never_executed(
    id: &str,
    run: &Run,
    executions: &[&Execution],
    noted: &BTreeSet<StepId<'_>>,
) -> Vec<String> {
    let ended: BTreeSet<&str> = executions
        .iter()
        .filter(|execution| !execution.begin)
        .map(|execution| execution.key.as_str())
        .collect();
    let mut tasks: BTreeSet<&str> = BTreeSet::new();
    let mut found = Vec::new();
    for (record, entry) in run.entries() {
        match entry {
            Entry::StepStarted { key, .. } if noted.contains(&(&*run.workflow, key)) => {
                tasks.insert(key);
            }
            Entry::StepSucceeded { key, .. } => {
                let is_decided =
                    record.entries.iter().any(|entry| matches!(entry, Entry::RunReopened { .. }));
                if tasks.contains(key.as_str()) && !ended.contains(key.as_str()) && !is_decided {
                    found.push(format!("{id} {key} is recorded as done and was never executed to its end"));
                }
            }
            _ => {}
        }
    }
    found
}

/// No execution begins after a moment at which the store held the step's success.
fn executed_after_commit(evidence: &Evidence<'_>) -> Vec<String> {
    let mut committed: BTreeMap<StepId<'_>, u64> = BTreeMap::new();
    for snapshot in evidence.snapshots {
        for (run, record) in &snapshot.news {
            for entry in &record.entries {
                if let Entry::StepSucceeded { key, .. } = entry {
                    committed.entry((run, key)).or_insert(snapshot.log_after);
                }
            }
        }
    }
    let late = evidence.executions.iter().filter(|execution| {
        let moment = committed.get(&(execution.run.as_str(), execution.key.as_str()));
        execution.begin && moment.is_some_and(|moment| execution.position >= *moment)
    });
    late.map(|execution| format!("{} {} began after its success was on disk", execution.run, execution.key))
        .collect()
}

/// No write begins before its start is on disk.
fn began_before_commit(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let mut started: BTreeSet<StepId<'_>> = BTreeSet::new();
    let mut checked = 0;
    for snapshot in evidence.snapshots {
        for (run, record) in &snapshot.news {
            for entry in &record.entries {
                if let Entry::StepStarted { key, .. } = entry {
                    started.insert((run, key));
                }
            }
        }
        started.extend(snapshot.logged.iter().map(|(run, key)| (run.as_str(), key.as_str())));
        let since = evidence.executions.iter().filter(|execution| {
            let is_new = (checked..snapshot.log_before).contains(&execution.position);
            execution.begin && is_new && (evidence.is_write)(&execution.run, &execution.key)
        });
        for execution in since.filter(|it| !started.contains(&(it.run.as_str(), it.key.as_str()))) {
            found.push(format!(
                "{} {} is a write and began before its start was on disk",
                execution.run, execution.key
            ));
        }
        checked = snapshot.log_before;
    }
    found
}

/// What was on disk once stays as it was.
fn unkept(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for (run, record) in evidence.snapshots.iter().flat_map(|snapshot| &snapshot.news) {
        let kept =
            evidence.journal.get(run).and_then(|kept| kept.records.iter().find(|it| it.seq == record.seq));
        if kept.is_none_or(|kept| kept.body != record.body || kept.epoch != record.epoch) {
            found.push(format!("{run} record {} was on disk and is gone or changed", record.seq));
        }
    }
    found
}
