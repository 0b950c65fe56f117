//! Spans and log records of a run, made of the entries of its journal: each once, when what it is about has ended.
//!
//! It knows no store and no collector. The same entries give the same ids, whoever reads them and how often.

mod making;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use conductor_protocol::entry::{Entry, RunStarted, UnixMillis};
use conductor_protocol::error::ErrorForm;
use conductor_protocol::trace::{Place, SpanId, of_attempt, of_step};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::Span;

pub use making::line;
use making::{Draft, Level, Said};
pub(crate) use making::{pair, text};

/// What came of some records.
#[derive(Debug, Default)]
pub struct Batch {
    pub spans: Vec<Span>,
    pub logs: Vec<LogRecord>,
}

/// Takes out of a text what may not be seen.
pub type Hide<'a> = &'a dyn Fn(&str) -> String;

/// A run that is read from its first record on.
#[derive(Debug)]
pub struct Followed {
    run: String,
    workflow: String,
    place: Place,
    started_at: UnixMillis,
    /// Of the last restart; 1 without one.
    generation: u32,
    /// The span under which steps stand: that of the run's generation.
    root: SpanId,
    /// Times at which another process went on with it.
    resumed: Vec<UnixMillis>,
    steps: BTreeMap<String, Step>,
    has_ended: bool,
}

#[derive(Debug)]
struct Step {
    task: String,
    /// Of its idempotency key: that in which it began.
    generation: u32,
    /// How often a person let it begin anew.
    reopened: u32,
    started_at: UnixMillis,
    kind: Option<&'static str>,
    open: BTreeMap<u32, Attempt>,
    /// The highest number of an attempt that has ended.
    closed: u32,
}

#[derive(Debug)]
struct Attempt {
    started_at: UnixMillis,
    /// When it was cut off, or begun again by another process.
    interrupted: Vec<UnixMillis>,
}

/// How an attempt or a step ended.
struct Ending<'a> {
    outcome: &'static str,
    error: Option<&'a ErrorForm>,
    at: UnixMillis,
}

impl Followed {
    #[must_use]
    pub fn new(run: &str) -> Followed {
        let place = Place::of_run(run, None);
        Followed {
            run: run.to_owned(),
            workflow: String::new(),
            place,
            started_at: 0,
            generation: 1,
            root: place.span,
            resumed: Vec::new(),
            steps: BTreeMap::new(),
            has_ended: false,
        }
    }

    /// Whether it has ended, so that no more of it comes unless a person restarts it.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// The span that says that a run has begun, for one that is seen before it has ended.
    pub fn show(&self, out: &mut Batch) {
        let name = format!("{} started", self.workflow);
        let id = of_step(&format!("{}\nstarted {}", self.run, self.generation));
        let draft = Draft { name, id, parent: Some(self.root), from: self.started_at, to: self.started_at };
        self.put(out, draft, |_| {});
    }

    /// Takes the next entry.
    pub fn take(&mut self, entry: &Entry, hide: Hide<'_>, out: &mut Batch) {
        match entry {
            Entry::RunStarted(started) => self.begin(started, out),
            Entry::RunResumed { epoch, at, .. } => self.resume(*epoch, *at, out),
            Entry::RunReopened { step, reason, at, .. } => {
                let why = reason.as_deref().map(hide).unwrap_or_default();
                self.say(out, Level::Info, "run reopened", why, step.as_deref(), *at, |_| {});
            }
            Entry::RunRestarted(restarted) => {
                self.restart(restarted.generation, restarted.at);
                for key in &restarted.forget {
                    self.steps.remove(key);
                }
                self.say(out, Level::Info, "run restarted", String::new(), None, restarted.at, |_| {});
            }
            Entry::StepReopened { key, .. } => {
                if let Some(step) = self.steps.get_mut(key) {
                    step.reopened += 1;
                    step.open.clear();
                }
            }
            Entry::StepStarted { key, task, attempt, kind, at, .. } => {
                self.start(key, task, *attempt, kind.map(making::kind), *at);
            }
            Entry::AttemptFailed { key, attempt, error, retry_at, at, .. } => {
                let level = if retry_at.is_some() { Level::Warn } else { Level::Error };
                self.complain(out, level, "attempt failed", key, *attempt, error, *at, hide);
                let ending = Ending { outcome: "failed", error: Some(error), at: *at };
                self.end_attempt(key, *attempt, &ending, hide, out);
            }
            Entry::StepSucceeded { key, attempt, at, .. } => {
                self.end_step(
                    key,
                    *attempt,
                    &Ending { outcome: "succeeded", error: None, at: *at },
                    hide,
                    out,
                );
            }
            Entry::StepFailed { key, attempt, error, tolerated, at, .. } => {
                let (outcome, level) =
                    if *tolerated { ("tolerated", Level::Warn) } else { ("failed", Level::Error) };
                self.complain(out, level, "step failed", key, *attempt, error, *at, hide);
                self.end_step(key, *attempt, &Ending { outcome, error: Some(error), at: *at }, hide, out);
            }
            Entry::StepSkipped { key, .. } => {
                self.steps.remove(key);
            }
            Entry::StepCancelled { key, at, .. } => {
                self.end_step(key, 0, &Ending { outcome: "cancelled", error: None, at: *at }, hide, out);
            }
            Entry::StepInDoubt { key, attempt, error, at } => {
                self.complain(out, Level::Warn, "step in doubt", key, *attempt, error, *at, hide);
                let ending = Ending { outcome: "in_doubt", error: Some(error), at: *at };
                self.end_attempt(key, *attempt, &ending, hide, out);
            }
            Entry::Chosen { .. } => {}
            Entry::RunSucceeded { at, .. } => self.end("succeeded", None, *at, hide, out),
            Entry::RunFailed { error, at, .. } => self.end("failed", Some(error), *at, hide, out),
            Entry::RunCancelled { reason, at } => {
                self.say(out, Level::Warn, "run cancelled", hide(reason), None, *at, |_| {});
                self.end("cancelled", None, *at, hide, out);
            }
            Entry::RunPaused { reason, step, at } => {
                self.say(out, Level::Warn, "run paused", hide(reason), step.as_deref(), *at, |_| {});
            }
        }
    }

    fn begin(&mut self, started: &RunStarted, out: &mut Batch) {
        self.workflow.clone_from(&started.workflow);
        self.place = Place::of_started(&self.run, started);
        self.root = self.place.span;
        self.started_at = started.at;
        self.say(out, Level::Info, "run started", String::new(), None, started.at, |_| {});
    }

    fn resume(&mut self, epoch: u64, at: UnixMillis, out: &mut Batch) {
        for attempt in self.steps.values_mut().flat_map(|step| step.open.values_mut()) {
            attempt.interrupted.push(at);
        }
        // The first owner of a run that was started from outside resumes nothing.
        if epoch > 1 {
            self.resumed.push(at);
            self.say(out, Level::Info, "run resumed", String::new(), None, at, |said| said.epoch(epoch));
        }
    }

    fn restart(&mut self, generation: u32, at: UnixMillis) {
        self.generation = generation;
        self.root = Place::of_run(&format!("{}#{generation}", self.run), None).span;
        self.started_at = at;
        self.resumed.clear();
        self.has_ended = false;
    }

    fn start(&mut self, key: &str, task: &str, attempt: u32, kind: Option<&'static str>, at: UnixMillis) {
        let generation = self.generation;
        let step = self.steps.entry(key.to_owned()).or_insert_with(|| Step {
            task: task.to_owned(),
            generation,
            reopened: 0,
            started_at: at,
            kind,
            open: BTreeMap::new(),
            closed: 0,
        });
        if kind.is_none() {
            // One that was cut off and begins again under its number is still the same: it has one span.
            step.open.entry(attempt).or_insert(Attempt { started_at: at, interrupted: Vec::new() });
        }
    }

    /// The idempotency key of a step.
    fn key_of(&self, key: &str, generation: u32) -> String {
        match generation {
            1 => format!("{}/{key}", self.run),
            later => format!("{}/{key}#{later}", self.run),
        }
    }

    fn span_of(&self, key: &str, step: &Step) -> SpanId {
        let name = self.key_of(key, step.generation);
        match step.reopened {
            0 => of_step(&name),
            // A control character is in no key.
            again => of_step(&format!("{name}\n{again}")),
        }
    }

    fn end_attempt(&mut self, key: &str, number: u32, ending: &Ending<'_>, hide: Hide<'_>, out: &mut Batch) {
        let Some(step) = self.steps.get_mut(key) else { return };
        if step.kind.is_some() || (number <= step.closed && !step.open.contains_key(&number)) {
            return;
        }
        let attempt =
            step.open.remove(&number).unwrap_or(Attempt { started_at: ending.at, interrupted: Vec::new() });
        step.closed = step.closed.max(number);
        let Some(step) = self.steps.get(key) else { return };
        let id = of_attempt(&self.key_of(key, step.generation), number);
        let draft = Draft {
            name: step.task.clone(),
            id,
            parent: Some(self.span_of(key, step)),
            from: attempt.started_at,
            to: ending.at,
        };
        self.put(out, draft, |span| {
            span.of_step(key, &step.task).attempt(number).ended(ending, hide);
            for at in attempt.interrupted.iter().filter(|at| **at <= ending.at) {
                span.event("interrupted", *at);
            }
        });
    }

    fn end_step(&mut self, key: &str, number: u32, ending: &Ending<'_>, hide: Hide<'_>, out: &mut Batch) {
        let Some(step) = self.steps.get(key) else { return };
        let open: Vec<u32> = step.open.keys().copied().collect();
        let (kind, is_known) = (step.kind, number == 0 || open.contains(&number));
        for other in open {
            let cut_off = Ending { outcome: "interrupted", error: None, at: ending.at };
            let is_last = other == number || number == 0;
            self.end_attempt(key, other, if is_last { ending } else { &cut_off }, hide, out);
        }
        if !is_known && kind.is_none() {
            self.end_attempt(key, number, ending, hide, out);
        }
        let Some(step) = self.steps.get(key) else { return };
        let draft = Draft {
            name: making::name_of(key, step.kind),
            id: self.span_of(key, step),
            parent: Some(self.above(key)),
            from: step.started_at,
            to: ending.at,
        };
        self.put(out, draft, |span| {
            span.of_step(key, &step.task).kind(step.kind).ended(ending, hide);
        });
    }

    /// The span above a step's: a fallback stands under the step that fell back, the rest under the run.
    fn above(&self, key: &str) -> SpanId {
        let of = key.strip_suffix(".fallback").and_then(|of| self.steps.get_key_value(of));
        of.map_or(self.root, |(of, step)| self.span_of(of, step))
    }

    fn end(
        &mut self,
        outcome: &'static str,
        error: Option<&ErrorForm>,
        at: UnixMillis,
        hide: Hide<'_>,
        out: &mut Batch,
    ) {
        self.has_ended = true;
        let level = if error.is_some() { Level::Error } else { Level::Info };
        if outcome != "cancelled" {
            let text = error.map(|error| hide(&error.message)).unwrap_or_default();
            self.say(
                out,
                level,
                if error.is_some() { "run failed" } else { "run succeeded" },
                text,
                None,
                at,
                |said| {
                    if let Some(error) = error {
                        said.error(error, hide);
                    }
                },
            );
        }
        let parent = if self.generation == 1 { self.place.parent } else { Some(self.place.span) };
        let draft =
            Draft { name: self.workflow.clone(), id: self.root, parent, from: self.started_at, to: at };
        self.put(out, draft, |span| {
            span.ended(&Ending { outcome, error, at }, hide);
            for at in &self.resumed {
                span.event("resumed", *at);
            }
        });
    }

    fn put(&self, out: &mut Batch, draft: Draft, fill: impl FnOnce(&mut making::Filled)) {
        if !self.place.sampled {
            return;
        }
        let mut span = making::Filled::new(draft, self);
        fill(&mut span);
        out.spans.push(span.finish());
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one line of a log")]
    fn say(
        &self,
        out: &mut Batch,
        level: Level,
        event: &'static str,
        text: String,
        step: Option<&str>,
        at: UnixMillis,
        fill: impl FnOnce(&mut Said),
    ) {
        let span = step.and_then(|key| Some(self.span_of(key, self.steps.get(key)?)));
        let mut said = Said::new(self, level, event, &text, at);
        if let Some(step) = step {
            said.step(step);
        }
        fill(&mut said);
        out.logs.push(said.finish(span.unwrap_or(self.root)));
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one line of a log")]
    fn complain(
        &self,
        out: &mut Batch,
        level: Level,
        event: &'static str,
        key: &str,
        attempt: u32,
        error: &ErrorForm,
        at: UnixMillis,
        hide: Hide<'_>,
    ) {
        let generation = self.steps.get(key).map_or(self.generation, |step| step.generation);
        let mut said = Said::new(self, level, event, &hide(&error.message), at);
        said.step(key).attempt(attempt).error(error, hide);
        out.logs.push(said.finish(of_attempt(&self.key_of(key, generation), attempt)));
    }
}
