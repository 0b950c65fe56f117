//! What a storm broke: the rules of the journal, and beyond them ends, values, compensation and what may happen once only.
//!
//! It starts nothing: it is given evidence.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use conductor_protocol::entry::Entry;
use conductor_tests::checker::{Evidence, Execution, Snapshot, history};
use conductor_tests::journal::{Journal, Run};
use serde_json::Value;

use crate::program::{End, Program};

/// What the effects wrote down.
#[derive(Default)]
pub struct Ledger {
    pub executions: Vec<Execution>,
    /// What each execution was given, and what it gave: by run and key.
    given: BTreeMap<(String, String), BTreeSet<i64>>,
    gave: BTreeMap<(String, String), BTreeSet<i64>>,
    pub returned: Vec<(String, Value)>,
}

pub struct Case<'a> {
    pub programs: &'a [Program],
    pub journal: &'a Journal,
    pub ledger: &'a Ledger,
    pub snapshots: &'a [Snapshot],
    pub accepted: &'a BTreeSet<String>,
    pub cancelled: &'a BTreeSet<String>,
}

impl Ledger {
    /// A line that a kill has torn is no line.
    pub fn read(bytes: &[u8]) -> Result<Ledger> {
        let mut ledger = Ledger::default();
        let mut position = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let here = position;
            position += line.len() as u64;
            if let Ok(entry) = serde_json::from_slice::<Value>(line) {
                ledger.take(here, &entry).with_context(|| format!("a strange line: {entry}"))?;
            }
        }
        Ok(ledger)
    }

    fn take(&mut self, position: u64, entry: &Value) -> Result<()> {
        if entry["event"] == "returned" {
            let run = entry["run"].as_str().context("no run")?;
            self.returned.push((run.to_owned(), entry["output"].clone()));
            return Ok(());
        }
        let (run, key) = entry["key"].as_str().and_then(|key| key.rsplit_once('/')).context("no key")?;
        let id = (run.to_owned(), key.to_owned());
        let begin = entry["event"] == "begin";
        self.given.entry(id.clone()).or_default().insert(entry["n"].as_i64().context("no argument")?);
        if !begin {
            self.gave.entry(id.clone()).or_default().insert(entry["value"].as_i64().context("no value")?);
        }
        let pid = u32::try_from(entry["pid"].as_u64().context("no process")?)?;
        self.executions.push(Execution { position, pid, run: id.0, key: id.1, begin });
        Ok(())
    }

    fn begins(&self) -> BTreeMap<(&str, &str), Vec<u64>> {
        let mut begins: BTreeMap<(&str, &str), Vec<u64>> = BTreeMap::new();
        for execution in self.executions.iter().filter(|execution| execution.begin) {
            begins.entry((&execution.run, &execution.key)).or_default().push(execution.position);
        }
        begins
    }
}

/// Every broken promise, in words.
pub fn judge(case: &Case<'_>) -> Vec<String> {
    let tasks = tasks(case.journal);
    let is_write = |run: &str, key: &str| tasks.get(&(run, key)).is_some_and(|task| !matches!(*task, "look"));
    let mut found = history(&Evidence {
        executions: &case.ledger.executions,
        snapshots: case.snapshots,
        journal: case.journal,
        accepted: case.accepted,
        returned: &case.ledger.returned,
        expected: &|_| None,
        is_write: &is_write,
    });
    found.extend(ends(case));
    found.extend(values(case));
    found.extend(once(case, &tasks));
    found.extend(undone(case, &tasks));
    found.extend(undone_backwards(case));
    found
}

/// The task of each step that was begun.
fn tasks(journal: &Journal) -> BTreeMap<(&str, &str), &str> {
    let mut tasks = BTreeMap::new();
    for (id, run) in journal {
        for (_, entry) in run.entries() {
            if let Entry::StepStarted { key, task, .. } = entry {
                tasks.insert((id.as_str(), key.as_str()), task.as_str());
            }
        }
    }
    tasks
}

fn root(run: &str) -> &str {
    run.split_once('/').map_or(run, |(root, _)| root)
}

fn program<'a>(case: &Case<'a>, run: &str) -> Option<&'a Program> {
    let language = root(run).rsplit('-').nth(1)?;
    case.programs.iter().find(|program| program.language.name() == language)
}

/// No accepted run is lost, each ends, as it was to end, and everybody was told the same.
fn ends(case: &Case<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for id in case.accepted.iter().filter(|id| !case.journal.contains_key(*id)) {
        found.push(format!("{id} was accepted and is lost"));
    }
    for (id, run) in case.journal {
        let expected = program(case, id).and_then(|program| program.end(id));
        let may_be_cancelled = case.cancelled.contains(root(id));
        let output: Option<Value> = run.output.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let is_good = match (run.state.as_str(), &expected) {
            ("succeeded", Some(End::Succeeded(value))) => output.as_ref() == Some(value),
            ("failed", Some(End::Failed)) => true,
            ("cancelled", Some(_)) => may_be_cancelled,
            _ => false,
        };
        if !is_good {
            found.push(format!("{id} is {} with {output:?}, not {expected:?}", run.state));
        }
    }
    for (id, value) in &case.ledger.returned {
        let expected = program(case, id).and_then(|program| program.end(id));
        if !matches!(&expected, Some(End::Succeeded(right)) if right == value) {
            found.push(format!("a caller of {id} was given {value}, not {expected:?}"));
        }
    }
    found
}

/// Every attempt of a step was given the same, and what is recorded of it is what one of them gave.
fn values(case: &Case<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for ((run, key), given) in case.ledger.given.iter().filter(|(_, given)| given.len() > 1) {
        found.push(format!("{run} {key} was called with different arguments: {given:?}"));
    }
    for (id, run) in case.journal {
        for (_, entry) in run.entries() {
            let Entry::StepSucceeded { key, output, .. } = entry else { continue };
            let Some(gave) = case.ledger.gave.get(&(id.clone(), key.clone())) else { continue };
            let recorded = serde_json::to_value(output).ok().and_then(|value| value.as_i64());
            if !recorded.is_some_and(|recorded| gave.contains(&recorded)) {
                found.push(format!("{id} {key} is recorded with {recorded:?}, and gave {gave:?}"));
            }
        }
    }
    found
}

/// What must not happen twice does not, unless a person wanted it.
fn once(case: &Case<'_>, tasks: &BTreeMap<(&str, &str), &str>) -> Vec<String> {
    let mut found = Vec::new();
    for ((run, key), begins) in case.ledger.begins() {
        if !matches!(tasks.get(&(run, key)), Some(&("once" | "ask"))) {
            continue;
        }
        let decided = case.journal[run].entries().filter(
            |(_, entry)| matches!(entry, Entry::StepReopened { key: reopened, .. } if reopened == key),
        );
        if begins.len() > 1 + decided.count() {
            found.push(format!("{run} {key} must not happen twice and began {} times", begins.len()));
        }
    }
    found
}

/// Whether what a run did is to be undone: it did not succeed, or one that waited for it did not.
fn is_undone(case: &Case<'_>, run: &str) -> bool {
    let mut at = Some(run);
    while let Some(id) = at {
        if case.journal.get(id).is_some_and(|run| run.state != "succeeded") {
            return true;
        }
        at = id.rsplit_once('/').map(|(parent, _)| parent);
    }
    false
}

/// All that was done of a run that did not succeed is undone, and nothing else.
fn undone(case: &Case<'_>, tasks: &BTreeMap<(&str, &str), &str>) -> Vec<String> {
    let mut found = Vec::new();
    let begins = case.ledger.begins();
    for ((run, key), gave) in case.ledger.gave.iter().filter(|(_, gave)| !gave.is_empty()) {
        if tasks.get(&(run.as_str(), key.as_str())) != Some(&"book") {
            continue;
        }
        let undoing = format!("{key}.compensate");
        let ended = case.ledger.gave.contains_key(&(run.clone(), undoing.clone()));
        let begun = begins.contains_key(&(run.as_str(), undoing.as_str()));
        match is_undone(case, run) {
            true if !ended => found.push(format!("{run} {key} gave {gave:?} and was not undone")),
            false if begun => found.push(format!("{run} {key} was undone, and the run succeeded")),
            _ => {}
        }
    }
    found
}

/// A run is undone in the reverse order of what it recorded, and so is one that is undone with it.
fn undone_backwards(case: &Case<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for (id, run) in case.journal {
        let mut undone: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (_, entry) in run.entries() {
            let Entry::StepSucceeded { key, .. } = entry else { continue };
            let Some(key) = key.strip_suffix(".compensate") else { continue };
            let (run, key) = match key.rsplit_once('/') {
                Some((child, key)) => (format!("{id}/{child}"), key),
                None => (id.clone(), key),
            };
            undone.entry(run).or_default().push(key);
        }
        for (of, undone) in undone {
            let done = case.journal.get(&of).map(done).unwrap_or_default();
            if !undone.iter().eq(done.iter().rev()) {
                found.push(format!("{of} was undone in the wrong order: {undone:?} after {done:?}"));
            }
        }
    }
    found
}

/// What there is to undo, in the order in which it was recorded.
fn done(run: &Run) -> Vec<&str> {
    run.entries().filter_map(|(_, entry)| entry.undo()).map(|(key, _)| key).collect()
}
