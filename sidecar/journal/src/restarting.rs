//! How a person lets a run that has stopped go on from a step before: a new generation, in which what came after does not count.
//!
//! It knows the order of the records, and not which step needs which: what began later is forgotten, whatever branch it is of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use conductor_protocol::digest::canonical_json;
use conductor_protocol::entry::{Entry, Json, Kind, RunRestarted, UnixMillis};
use conductor_protocol::state::RunState;
use serde_json::Value;

use crate::check::check_value;
use crate::journal::{Journal, Place, RunInfo, Settled, body_of, info, stored};
use crate::keys::digest_like;
use crate::life::{self, Event};
use crate::purging::absent;
use crate::refusal::Refusal;
use crate::run::Cell;
use crate::store::{Head, NewInput};
use crate::view::COMPENSATION;

/// Bytes of the names in one restart: more does not go into a record that clients read.
const NAMES: usize = 4 << 20;

/// Where a run goes on.
#[derive(Debug, Clone)]
pub enum From {
    Beginning,
    /// The key of a step, or the id of a block with steps in it.
    Step(String),
}

/// A person's wish.
#[derive(Debug, Clone)]
pub struct Restarting {
    pub from: From,
    /// The inputs from here on.
    pub input: Option<Json>,
    /// Whether a session with another Plan may take it, although records of the old one count.
    pub any_plan: bool,
    pub reason: Option<String>,
    pub by: Option<String>,
    pub at: UnixMillis,
}

/// A run that goes on.
#[derive(Debug)]
pub struct Restarted {
    pub generation: u32,
    /// Steps that had begun, and happen again.
    pub repeated: Vec<String>,
    pub info: RunInfo,
    pub settled: Option<Settled>,
}

/// What the records that count say of one step.
#[derive(Default)]
struct Known {
    /// The place of its first entry.
    first: usize,
    /// Its generation, where it was started in one.
    generation: Option<u32>,
    /// The place of the entry that ended it well.
    done: Option<usize>,
    /// The place of its last entry.
    last: usize,
    is_call: bool,
}

/// What counts of a run.
#[derive(Default)]
struct Story {
    generation: u32,
    steps: BTreeMap<String, Known>,
    chosen: BTreeMap<String, usize>,
    /// Steps inside of blocks that are one step to the journal, and the blocks: only their undoing has entries.
    inside: BTreeMap<String, String>,
    place: usize,
}

impl Journal {
    /// Lets a run that has ended or paused go on from a step before.
    ///
    /// # Errors
    /// When it has not stopped, is the child of another run, or has no such step; when a step that would count has been undone.
    pub fn restart(&self, run: &str, restarting: &Restarting) -> Result<Restarted, Refusal> {
        let row = self.store.find(run).map_err(stored)?.ok_or_else(|| self.absent(run))?;
        stopped(row.head.state)?;
        if let Some(parent) = &row.parent {
            return Err(Refusal::Invalid(format!(
                "run {run} was started by {}: restart that one from {}",
                parent.run, parent.key
            )));
        }
        let story = self.story(row.key)?;
        let plan = self.planned(run, &story, &restarting.from)?;
        let mut inner = self.hold();
        let (restarted, id) = match self.place(&mut inner, run)? {
            Place::Open(cell) => {
                (self.admit(cell, &row.head, restarting, story.generation + 1, plan)?, Arc::clone(&cell.id))
            }
            Place::Ended(now) => {
                let mut cell = Cell::stored(*now);
                let restarted = self.admit(&mut cell, &row.head, restarting, story.generation + 1, plan)?;
                let id = Arc::clone(&cell.id);
                inner.runs.insert(Arc::clone(&id), cell);
                (restarted, id)
            }
            // Another sidecar lets it go on at this moment.
            Place::Away(_) => return Err(Refusal::Store(format!("run {run} is just being written"))),
            Place::Absent(stone) => return Err(absent(run, stone.as_deref())),
        };
        inner.dirty.push(id);
        Ok(restarted)
    }

    /// Puts the restart on its way to the disk, where the run is still as the plan found it.
    fn admit(
        &self,
        cell: &mut Cell,
        seen: &Head,
        restarting: &Restarting,
        generation: u32,
        plan: Cut,
    ) -> Result<Restarted, Refusal> {
        stopped(cell.tip.state)?;
        let is_settled = cell.queued.is_none() && cell.flying.is_none();
        if !is_settled || (cell.tip.epoch, cell.tip.next_seq) != (seen.epoch, seen.next_seq) {
            return Err(Refusal::Store(format!("run {} is just being written", cell.id)));
        }
        let changed = restarting.input.as_ref().map(|input| self.changed_input(cell, input)).transpose()?;
        let entries = [Entry::RunRestarted(RunRestarted {
            generation,
            from: plan.from,
            forget: plan.forget,
            reopen: plan.reopen,
            input: restarting.input.clone(),
            unpinned: restarting.any_plan || plan.keeps_nothing,
            reason: restarting.reason.clone(),
            by: restarting.by.clone(),
            at: restarting.at,
        })];
        let head = cell.follow(&entries)?;
        let body = body_of(&entries)?;
        cell.queue().input = changed;
        cell.push(body, "".into());
        cell.tip = Head { next_seq: cell.tip.next_seq, owner: None, ..head };
        Ok(Restarted { generation, repeated: plan.repeated, settled: cell.settled(), info: info(cell) })
    }

    /// The inputs that take the place of a run's own.
    pub(crate) fn changed_input(&self, cell: &Cell, input: &Json) -> Result<NewInput, Refusal> {
        check_value(self.limits(), input.get(), || "the input".to_owned())?;
        let text = canonical_json(input).map_err(|error| Refusal::Invalid(format!("input: {error}")))?;
        if !text.starts_with('{') {
            return Err(Refusal::Invalid("the input is not a JSON object".to_owned()));
        }
        let digest = digest_like(self.encryption.keys.as_ref(), &cell.input_digest, &text)
            .map_err(|error| Refusal::Store(error.to_string()))?;
        Ok(NewInput { input: input.get().into(), digest: digest.into() })
    }

    fn story(&self, key: i64) -> Result<Story, Refusal> {
        let mut story = Story { generation: 1, ..Story::default() };
        let (mut from, mut more) = (0, true);
        while more {
            let page = self.store.records(key, from, 1 << 20).map_err(stored)?;
            for record in &page.records {
                let entries: Vec<Entry> = serde_json::from_str(&record.body)
                    .map_err(|error| Refusal::Store(format!("a record does not parse: {error}")))?;
                entries.into_iter().for_each(|entry| story.tell(entry));
            }
            from = page.records.last().map_or(from, |record| record.seq + 1);
            more = page.more;
        }
        Ok(story)
    }

    fn planned(&self, run: &str, story: &Story, from: &From) -> Result<Cut, Refusal> {
        let cut = match from {
            From::Beginning => 0,
            From::Step(step) => story.begin(step).ok_or_else(|| story.unknown(run, step))?,
        };
        let from = match from {
            From::Beginning => None,
            From::Step(step) => Some(step.clone()),
        };
        let mut plan = Cut { from, keeps_nothing: true, ..Cut::default() };
        for (key, known) in &story.steps {
            let is_begun = known.generation.is_some();
            if known.first >= cut {
                plan.forget.push(key.clone());
                if is_begun && known.is_call {
                    plan.repeated.push(key.clone());
                }
                continue;
            }
            plan.keeps_nothing = false;
            let is_settled = known.last < cut || known.done.is_some();
            if is_settled || !is_begun {
                continue;
            }
            if known.is_call {
                plan.repeated.push(key.clone());
            }
            // A child that has ended does not begin anew: another one does.
            let child = story.child(run, key);
            if self.store.find(&child).map_err(stored)?.is_some() {
                plan.forget.push(key.clone());
            } else {
                plan.reopen.push(key.clone());
            }
        }
        if !plan.from.as_deref().is_some_and(|from| from.ends_with(COMPENSATION)) {
            story.refuse_undone(run, cut, &plan.forget)?;
        }
        let chosen = story.chosen.iter().filter(|(_, place)| **place >= cut);
        plan.forget.extend(chosen.map(|(key, _)| key.clone()));
        plan.forget.sort();
        plan.forget.dedup();
        let bytes: usize = plan.forget.iter().chain(&plan.reopen).map(|key| key.len() + 3).sum();
        if bytes > NAMES {
            let (what, size, limit) =
                ("the list of what is to be forgotten".to_owned(), bytes as u64, NAMES as u64);
            return Err(Refusal::TooLarge { what, size, limit });
        }
        Ok(plan)
    }
}

/// What becomes of the records.
#[derive(Default)]
struct Cut {
    from: Option<String>,
    forget: Vec<String>,
    reopen: Vec<String>,
    repeated: Vec<String>,
    keeps_nothing: bool,
}

impl Story {
    fn tell(&mut self, entry: Entry) {
        self.place += 1;
        let place = self.place;
        if let Entry::RunRestarted(restarted) = &entry {
            self.generation = restarted.generation;
            let forget: BTreeSet<&str> = restarted.forget.iter().map(String::as_str).collect();
            self.steps.retain(|key, _| !forget.contains(key.as_str()));
            self.chosen.retain(|key, _| !forget.contains(key.as_str()));
            return;
        }
        let Some(key) = entry.key().map(str::to_owned) else { return };
        if let Entry::Chosen { .. } = entry {
            self.chosen.insert(key, place);
            return;
        }
        if let Some((_, undo)) = entry.undo() {
            let inside = inside(undo).into_iter().map(|step| (step, key.clone()));
            self.inside.extend(inside);
        }
        let generation = self.generation;
        let known = self.steps.entry(key).or_insert_with(|| Known { first: place, ..Known::default() });
        known.last = place;
        match entry {
            Entry::StepStarted { kind, .. } => {
                known.generation.get_or_insert(generation);
                known.is_call |= !matches!(kind, Some(Kind::Sleep | Kind::WaitFor));
            }
            Entry::StepSucceeded { .. }
            | Entry::StepFailed { tolerated: true, .. }
            | Entry::StepSkipped { .. } => known.done = Some(place),
            _ => known.done = None,
        }
    }

    /// Where the first entry of the step, or of a step in that block, stands.
    fn begin(&self, step: &str) -> Option<usize> {
        let is_inside = |key: &str| {
            key.strip_prefix(step).is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
        };
        self.steps.iter().filter(|(key, _)| is_inside(key)).map(|(_, known)| known.first).min()
    }

    /// The id of the run that the step has started, if it is one that starts a run.
    fn child(&self, run: &str, key: &str) -> String {
        match self.steps.get(key).and_then(|known| known.generation) {
            Some(generation) if generation > 1 => format!("{run}/{key}#{generation}"),
            _ => format!("{run}/{key}"),
        }
    }

    fn unknown(&self, run: &str, step: &str) -> Refusal {
        let mut steps: Vec<(&usize, &str)> =
            self.steps.iter().map(|(key, known)| (&known.first, key.as_str())).collect();
        steps.sort();
        let names: Vec<&str> = steps.iter().take(20).map(|(_, key)| *key).collect();
        let more = if steps.len() > names.len() { ", and more" } else { "" };
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") + more };
        Refusal::Invalid(format!("run {run} has begun no step {step}: it has begun {known}"))
    }

    /// What was undone cannot count as done.
    fn refuse_undone(&self, run: &str, cut: usize, forget: &[String]) -> Result<(), Refusal> {
        let undone = self.steps.keys().filter(|key| key.ends_with(COMPENSATION)).filter_map(|key| {
            let of = key.strip_suffix(COMPENSATION)?;
            let of = of.split_once('/').map_or(of, |(child, _)| child);
            let of = self.inside.get(of).map_or(of, String::as_str);
            self.steps.get_key_value(of).filter(|(of, known)| known.first < cut && !forget.contains(of))
        });
        let Some((step, _)) = undone.min_by_key(|(_, known)| known.first) else { return Ok(()) };
        Err(Refusal::Invalid(format!(
            "what {step} did was undone when run {run} stopped, and would count as done: restart from {step}, or from a step before it"
        )))
    }
}

/// The steps that are undone with such a block: each is an object with its key, or a pair that begins with it.
fn inside(undo: &Json) -> Vec<String> {
    let Ok(Value::Array(steps)) = serde_json::from_str(undo.get()) else { return Vec::new() };
    let key = |step: &Value| step.get("key").or_else(|| step.get(0))?.as_str().map(str::to_owned);
    steps.iter().filter_map(key).collect()
}

fn stopped(state: RunState) -> Result<(), Refusal> {
    let event = Event::RunRestarted;
    life::next(Some(state), event).map(drop).map_err(|reason| Refusal::Transition { event, reason })
}
