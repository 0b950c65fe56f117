//! What a run came to, in a form in which two executions are equal when they mean the same.
//!
//! It knows the trace of the interpreter and the journal of the sidecar, and leaves out times, permits and waits.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::entry::Entry;
use conductor_protocol::error::ErrorForm;
use conductor_protocol::plan::{Plan, Step, StepKind};
use conductor_protocol::state::RunState;
use conductor_simulate::{Trace, What};
use conductor_tests::journal::Journal;
use serde_json::Value;

/// By run and key what happened to the step, in order; how each run ended; what was undone, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Meaning {
    pub steps: BTreeMap<(String, String), Vec<String>>,
    pub ends: BTreeMap<String, String>,
    pub undone: Vec<String>,
}

impl Meaning {
    fn step(&mut self, run: &str, key: &str, line: String) {
        self.steps.entry((run.to_owned(), key.to_owned())).or_default().push(line);
    }

    /// As the journal has it: of a block that is one step to it, it knows nothing but what the block left.
    pub fn with_atomic(mut self, plans: &[Plan]) -> Meaning {
        let holds = plans.iter().flat_map(Plan::all_steps).filter_map(|step| match &step.kind {
            StepKind::Hold(hold) if hold.atomic => Some((step, hold)),
            _ => None,
        });
        let (mut blocks, mut inside): (BTreeSet<&str>, BTreeSet<&str>) = Default::default();
        for (block, hold) in holds {
            blocks.insert(&block.id);
            let mut pending: Vec<&Step> = hold.steps.iter().collect();
            while let Some(step) = pending.pop() {
                inside.insert(&step.id);
                pending.extend(step.children());
            }
        }
        let last = |key: &str| key.rsplit('.').next().unwrap_or(key).to_owned();
        self.steps.retain(|(_, key), _| !inside.contains(last(key).as_str()));
        for ((_, key), lines) in &mut self.steps {
            if blocks.contains(last(key).as_str()) {
                lines.retain(|line| !line.starts_with("attempt "));
                lines.iter_mut().for_each(|line| *line = without_results(line));
            }
        }
        // A block that was begun and left leaves nothing else.
        self.steps.retain(|_, lines| !lines.is_empty());
        self
    }

    /// The same without steps that another branch overtook in their first instant, where `found` has none of them.
    pub fn unless_overtaken(&self, overtaken: &BTreeSet<String>, found: &Meaning) -> Meaning {
        let mut less = self.clone();
        less.steps.retain(|place, lines| {
            let is_overtaken = overtaken.contains(&format!("{}/{}", place.0, place.1));
            let has_only_begun =
                matches!(lines.as_slice(), [first, _] if first == "attempt 1" || first == "started");
            found.steps.contains_key(place) || !(is_overtaken && has_only_begun)
        });
        less
    }

    /// What differs, in words.
    pub fn difference(&self, wanted: &Meaning) -> Vec<String> {
        let mut lines = Vec::new();
        let keys: BTreeSet<_> = self.steps.keys().chain(wanted.steps.keys()).collect();
        for key in keys {
            let (found, wanted) = (self.steps.get(key), wanted.steps.get(key));
            if found != wanted {
                lines.push(format!("{}/{}: {} and not {}", key.0, key.1, listed(found), listed(wanted)));
            }
        }
        let runs: BTreeSet<_> = self.ends.keys().chain(wanted.ends.keys()).collect();
        for run in runs {
            let (found, wanted) = (self.ends.get(run), wanted.ends.get(run));
            if found != wanted {
                lines.push(format!("{run} ends {found:?} and not {wanted:?}"));
            }
        }
        if self.undone != wanted.undone {
            lines.push(format!("undone {:?} and not {:?}", self.undone, wanted.undone));
        }
        lines
    }
}

/// What an atomic block came to, without what else it left.
fn without_results(line: &str) -> String {
    let Some(output) = line.strip_prefix("succeeded 1 ") else { return line.to_owned() };
    match serde_json::from_str::<Value>(output) {
        Ok(Value::Object(kept)) if kept.len() == 2 && kept.contains_key("results") => {
            format!("succeeded 1 {}", kept.get("last").unwrap_or(&Value::Null))
        }
        _ => line.to_owned(),
    }
}

fn listed(lines: Option<&Vec<String>>) -> String {
    lines.map_or_else(|| "nothing".to_owned(), |lines| format!("[{}]", lines.join("; ")))
}

/// The last part of the most specific type, the code and the message: what all languages say alike. The message of errors
/// of Conductor's own is the language's.
pub fn error(form: &ErrorForm) -> String {
    let first = form.types.first().map_or("", String::as_str);
    let name = first.rsplit(['.', '/']).next().unwrap_or(first);
    // A panic is how Go says that the code is wrong.
    if let ("Panic", Some(message)) = (name, form.message.strip_prefix("panic: ")) {
        return format!("TypeError: {message}");
    }
    let own = OWN.contains(&name);
    let code = form.code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default();
    if own { name.to_owned() } else { format!("{name}{code}: {}", form.message) }
}

/// Errors that no function of the user raises.
const OWN: [&str; 9] = [
    "TimeoutError",
    "DeadlineExceeded",
    "SignalTimeout",
    "CircuitOpen",
    "OutcomeUnknown",
    "ExpressionError",
    "LoopExhausted",
    "SignalRefused",
    "RunCancelled",
];

/// What the interpreter's trace says.
pub fn of_trace(trace: &Trace) -> Meaning {
    let (mut meaning, mut undone) = (Meaning::default(), Vec::new());
    for event in &trace.events {
        let run = &*event.run;
        match &event.what {
            What::StepStarted { key, kind, .. } if kind != "task" => {
                meaning.step(run, key, "started".to_owned())
            }
            What::AttemptStarted { key, attempt, .. } => meaning.step(run, key, format!("attempt {attempt}")),
            What::AttemptFailed { key, attempt, error: form, retry_at_us } => {
                let again = if retry_at_us.is_some() { "again" } else { "fallback" };
                meaning.step(run, key, format!("attempt {attempt} failed, {again}: {}", error(form)));
            }
            What::StepSucceeded { key, attempt, output } => {
                meaning.step(run, key, format!("succeeded {attempt} {}", plain(output)));
            }
            What::StepFailed { key, attempt, error: form, tolerated } => {
                meaning.step(run, key, failed(*attempt, form, *tolerated));
            }
            What::StepSkipped { key } => meaning.step(run, key, "skipped".to_owned()),
            What::StepCancelled { key, unknown } => meaning.step(run, key, cancelled(*unknown)),
            What::StepInDoubt { key, attempt } => meaning.step(run, key, format!("in doubt {attempt}")),
            What::Chosen { key, value } if !is_timer(key) => {
                meaning.step(run, key, format!("chosen {value}"))
            }
            What::StepCompensated { key } => undone.push((run.to_owned(), key.to_string())),
            What::RunEnded(end) => {
                let output =
                    end.output.as_ref().map(|output| format!(" {}", plain(output))).unwrap_or_default();
                // Why a run is paused is said for people.
                let form = end.error.as_ref().filter(|_| end.state != RunState::Paused);
                let form = form.map(|form| format!(" {}", error(form))).unwrap_or_default();
                let step = end.step.as_ref().map(|step| format!(" at {step}")).unwrap_or_default();
                meaning.ends.insert(run.to_owned(), format!("{}{output}{form}{step}", end.state.as_str()));
            }
            _ => {}
        }
    }
    // As the journal has it, run by run: a child that has succeeded is undone in the journal of its parent.
    undone.sort_by_key(|(run, _)| undoing(&meaning, run));
    meaning.undone = undone.iter().map(|(run, key)| format!("{run}/{key}")).collect();
    // A child that is undone stands for what was undone in it.
    let children: BTreeSet<String> = meaning.ends.keys().cloned().collect();
    meaning.undone.retain(|key| !children.contains(key));
    meaning
}

/// The run that undoes what the run did: itself, or the first of those around it that has not succeeded.
fn undoing(meaning: &Meaning, run: &str) -> String {
    let has_succeeded = |run: &str| meaning.ends.get(run).is_some_and(|end| end.starts_with("succeeded"));
    let mut run = run;
    while has_succeeded(run) {
        let Some((parent, _)) = run.rsplit_once('/') else { break };
        run = parent;
    }
    run.to_owned()
}

fn failed(attempt: u32, form: &ErrorForm, tolerated: bool) -> String {
    let tolerated = if tolerated { " tolerated" } else { "" };
    format!("failed{tolerated} {attempt} {}", error(form))
}

fn cancelled(unknown: bool) -> String {
    if unknown { "cancelled, may have happened".to_owned() } else { "cancelled".to_owned() }
}

/// Deadlines and their expiry are times.
fn is_timer(key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or(key);
    last == "deadline" || last == "expired"
}

/// What the journal says of the runs of a job, and of those that they started.
pub fn of_journal(journal: &Journal, job: &str) -> Meaning {
    let mut meaning = Meaning::default();
    let own =
        |run: &str| run.strip_prefix(job).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '-']));
    let workflows: BTreeSet<&str> = journal.values().map(|run| run.workflow.as_str()).collect();
    for (run, records) in journal.iter().filter(|(run, _)| own(run)) {
        for (_, entry) in records.entries() {
            learn(&mut meaning, run, entry, &workflows);
        }
        meaning.ends.entry(run.clone()).or_insert_with(|| records.state.clone());
    }
    meaning
}

fn learn(meaning: &mut Meaning, run: &str, entry: &Entry, workflows: &BTreeSet<&str>) {
    match entry {
        Entry::StepStarted { key, task, attempt, kind, .. } => {
            let (run, key) = place(run, key);
            let is_call = kind.is_none() && !workflows.contains(task.as_str());
            let line = if is_call { format!("attempt {attempt}") } else { "started".to_owned() };
            meaning.step(&run, &key, line);
        }
        Entry::AttemptFailed { key, attempt, error: form, retry_at, .. } => {
            let (run, key) = place(run, key);
            let again = if retry_at.is_some() { "again" } else { "fallback" };
            meaning.step(&run, &key, format!("attempt {attempt} failed, {again}: {}", error(form)));
        }
        Entry::StepSucceeded { key, attempt, output, .. } => {
            let (run, key) = place(run, key);
            if let Some(undone) = key.strip_suffix(".compensate") {
                meaning.undone.push(format!("{run}/{undone}"));
            }
            meaning.step(&run, &key, format!("succeeded {attempt} {}", canonical(output.get())));
        }
        Entry::StepFailed { key, attempt, error: form, tolerated, .. } => {
            let (run, key) = place(run, key);
            meaning.step(&run, &key, failed(*attempt, form, *tolerated));
        }
        Entry::StepSkipped { key, .. } => meaning.step(run, key, "skipped".to_owned()),
        Entry::StepCancelled { key, unknown, .. } => meaning.step(run, key, cancelled(*unknown)),
        Entry::StepInDoubt { key, attempt, .. } => meaning.step(run, key, format!("in doubt {attempt}")),
        Entry::Chosen { key, value, .. } if !is_timer(key) => {
            meaning.step(run, key, format!("chosen {}", canonical(value.get())));
        }
        Entry::RunSucceeded { output, .. } => {
            meaning.ends.insert(run.to_owned(), format!("succeeded {}", canonical(output.get())));
        }
        Entry::RunFailed { error: form, step, .. } => {
            let step = step.as_ref().map(|step| format!(" at {step}")).unwrap_or_default();
            meaning.ends.insert(run.to_owned(), format!("failed {}{step}", error(form)));
        }
        Entry::RunCancelled { .. } => {
            meaning.ends.insert(run.to_owned(), "cancelled".to_owned());
        }
        Entry::RunPaused { step, .. } => {
            let step = step.as_ref().map(|step| format!(" at {step}")).unwrap_or_default();
            meaning.ends.insert(run.to_owned(), format!("paused{step}"));
        }
        // Nobody reopens a run here.
        Entry::RunReopened { .. } | Entry::RunRestarted(_) | Entry::StepReopened { .. } => {}
        Entry::RunStarted(_) | Entry::RunResumed { .. } | Entry::Chosen { .. } => {}
    }
}

/// What a child did is undone in its parent's journal, under the child's key.
fn place(run: &str, key: &str) -> (String, String) {
    match key.rsplit_once('/') {
        Some((child, key)) => (format!("{run}/{child}"), key.to_owned()),
        None => (run.to_owned(), key.to_owned()),
    }
}

/// As `serde_json` writes it, whatever the language's writer left between.
fn canonical(text: &str) -> String {
    serde_json::from_str::<Value>(text).map_or_else(|_| text.to_owned(), |value| plain(&value).to_string())
}

/// Points in time have several spellings: without zeros at the end, and with `+00:00` for `Z`.
pub fn plain(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(moment(text).unwrap_or_else(|| text.clone())),
        // JSON has one kind of number: 7 and 7.0 are the same.
        Value::Number(number) if number.is_f64() => match number.as_f64() {
            #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
            Some(whole) if whole.fract() == 0.0 && whole.abs() < 9e15 => Value::from(whole as i64),
            _ => value.clone(),
        },
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
        _ => value.clone(),
    }
}

fn moment(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    if bytes.len() < 20 || bytes.len() > 40 || bytes.get(10) != Some(&b'T') || bytes.get(13) != Some(&b':') {
        return None;
    }
    let text = text.strip_suffix('Z').map_or_else(|| text.to_owned(), |text| format!("{text}+00:00"));
    let (clock, zone) = text.split_at_checked(text.len() - 6)?;
    let clock = if clock.contains('.') { clock.trim_end_matches('0').trim_end_matches('.') } else { clock };
    Some(format!("{clock}{zone}"))
}
