//! Waits for signals that the workflow itself emits, but only after the wait.
//!
//! It knows one workflow at a time, and nobody outside of it: what a person may send it does not count on. Where it is
//! open whether a step runs, it may have run: only what no order of events can bring is reported.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::plan::LoopTest;
use conductor_resolve::{Case, Step, StepKind, Try, Workflow};
use conductor_source::Diagnostic;

use super::extract::constant;
use crate::{Context, codes};

/// How many waits of a workflow are judged; each looks at the whole of it.
const MOST: usize = 200;

pub(crate) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    if !context.sound {
        return Vec::new();
    }
    context.graph.workflows.iter().flat_map(of_workflow).collect()
}

/// A step by its address, which is its identity: ids may stand twice.
fn key(step: &Step) -> usize {
    std::ptr::from_ref(step) as usize
}

fn of_workflow(workflow: &Workflow) -> Vec<Diagnostic> {
    let emitted: BTreeSet<&str> = workflow.all_steps().filter_map(own_emit).collect();
    let waits: Vec<&Step> = workflow
        .all_steps()
        .filter(|step| endless_wait(step).is_some_and(|signal| emitted.contains(signal)))
        .take(MOST)
        .collect();
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for wait in &waits {
        if told.contains(&key(wait)) {
            continue;
        }
        if let Some(vain) = Vain::find(workflow, wait, &emitted) {
            told.extend(vain.chain.iter().map(|(wait, _)| key(wait)));
            found.push(vain.report(workflow));
        }
    }
    found
}

fn own_emit(step: &Step) -> Option<&str> {
    match &step.kind {
        StepKind::Emit(emit) if emit.run.is_none() => Some(&emit.signal),
        _ => None,
    }
}

fn endless_wait(step: &Step) -> Option<&str> {
    match &step.kind {
        StepKind::WaitFor(wait) if wait.timeout_ms.is_none() => Some(&wait.signal),
        _ => None,
    }
}

/// A wait in vain: each wait with an emit of what it waits for, which comes after the next wait, the last one's after the
/// first.
struct Vain<'g> {
    chain: Vec<(&'g Step, &'g Step)>,
    /// Whether the signal also ends another wait, so that somebody else may be meant to send the first.
    may_be_meant: bool,
}

impl<'g> Vain<'g> {
    fn find(workflow: &'g Workflow, wait: &'g Step, emitted: &BTreeSet<&'g str>) -> Option<Vain<'g>> {
        let signal = endless_wait(wait)?;
        let reach = Reach::with_blocked(workflow, wait, emitted);
        if reach.ends || reach.emitted.contains(signal) {
            return None;
        }
        let mut chain: Vec<(&'g Step, &'g Step)> = Vec::new();
        let mut here = wait;
        while chain.iter().all(|(known, _)| key(known) != key(here)) {
            let signal = endless_wait(here)?;
            let (emit, blocker) = reach.blocked.get(signal)?.first()?;
            chain.push((here, emit));
            here = blocker;
        }
        let begin = chain.iter().position(|(known, _)| key(known) == key(here))?;
        let chain = chain.split_off(begin);
        let may_be_meant = chain.iter().all(|(wait, emit)| serves_another(workflow, wait, emit));
        Some(Vain { chain, may_be_meant })
    }

    fn report(&self, workflow: &Workflow) -> Diagnostic {
        let (wait, emit) = self.chain[0];
        let signal = endless_wait(wait).unwrap_or_default();
        let label = format!("waits for `{signal}`, without a `timeout`");
        let mut found = if self.may_be_meant {
            let message = format!("nothing in `{}` emits the first `{signal}`", workflow.id.value);
            Diagnostic::warning(codes::SIGNAL_FROM_OUTSIDE, message, wait.keyword, label)
        } else if self.chain.len() == 1 {
            let message = format!("`{signal}` is emitted only after the wait for it has ended");
            Diagnostic::error(codes::SIGNAL_TOO_LATE, message, wait.keyword, label)
        } else {
            let names: Vec<String> = self
                .chain
                .iter()
                .filter_map(|(wait, _)| endless_wait(wait))
                .map(|name| format!("`{name}`"))
                .collect();
            let message = format!("branches wait for each other's signals: {}", names.join(", "));
            Diagnostic::error(codes::SIGNAL_TOO_LATE, message, wait.keyword, label)
        };
        found = found.label(emit.keyword, format!("emits `{signal}`"));
        for (wait, emit) in &self.chain[1..] {
            let signal = endless_wait(wait).unwrap_or_default();
            found = found.label(wait.keyword, format!("waits for `{signal}`"));
            found = found.label(emit.keyword, format!("emits `{signal}`"));
        }
        for note in self.interleaving(workflow) {
            found = found.note(note);
        }
        let help = if self.may_be_meant {
            "if somebody outside sends it, give that signal a name of its own; else emit it before the wait"
        } else {
            "emit the signal before the wait, or in a branch that does not wait for this one; if somebody outside is to \
             send it, do not emit it here; a `timeout` ends the wait in any case"
        };
        found.help(help)
    }

    fn interleaving(&self, workflow: &Workflow) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for (at, (wait, _)) in self.chain.iter().enumerate() {
            let signal = endless_wait(wait).unwrap_or_default();
            let next = self.chain[(at + 1) % self.chain.len()].0;
            let after = endless_wait(next).unwrap_or_default();
            lines.push(format!(
                "{}. run A of `{}`: `wait_for` waits for `{signal}`, which is emitted after the wait for `{after}`",
                at + 1,
                workflow.id.value
            ));
        }
        lines.push("the run cannot go on by itself".to_owned());
        lines
    }
}

/// Whether a wait for the signal comes after the emit, or may come again in a loop around both.
fn serves_another(workflow: &Workflow, wait: &Step, emit: &Step) -> bool {
    let signal = own_emit(emit);
    let position = |wanted: &Step| workflow.all_steps().position(|step| key(step) == key(wanted));
    let later = workflow.all_steps().enumerate().any(|(at, step)| {
        endless_wait(step).is_some() && endless_wait(step) == signal && Some(at) > position(emit)
    });
    let loops = workflow.all_steps().filter(|step| matches!(step.kind, StepKind::Loop(_)));
    later || loops.into_iter().any(|around| is_inside(around, wait) && is_inside(around, emit))
}

fn is_inside(outer: &Step, wanted: &Step) -> bool {
    outer.children().any(|child| key(child) == key(wanted) || is_inside(child, wanted))
}

/// What can happen while one wait goes on.
struct Reach<'g, 'o> {
    /// Signals that the run may have got.
    emitted: BTreeSet<&'g str>,
    /// By signal: emits that cannot happen, with the wait that comes before each.
    blocked: BTreeMap<&'g str, Vec<(&'g Step, &'g Step)>>,
    own: &'o BTreeSet<&'g str>,
    /// The wait, and the steps around it.
    path: BTreeSet<usize>,
    wait: &'g Step,
    /// Whether the run may end meanwhile.
    ends: bool,
}

impl<'g, 'o> Reach<'g, 'o> {
    fn with_blocked(workflow: &'g Workflow, wait: &'g Step, own: &'o BTreeSet<&'g str>) -> Reach<'g, 'o> {
        let mut reach = Reach {
            emitted: BTreeSet::new(),
            blocked: BTreeMap::new(),
            own,
            path: BTreeSet::new(),
            wait,
            ends: false,
        };
        let mut pending: Vec<&Step> = workflow.steps.iter().collect();
        reach.path.insert(key(wait));
        while let Some(step) = pending.pop() {
            if is_inside(step, wait) {
                reach.path.insert(key(step));
                pending.extend(step.children());
            }
        }
        // Each round at least one signal more may have come.
        loop {
            let before = reach.emitted.len();
            reach.blocked.clear();
            let standing = reach.steps(&workflow.steps);
            // Nobody waits for the wait itself where another branch of a race wins.
            reach.ends |= standing.is_ok();
            if reach.emitted.len() == before || reach.ends {
                return reach;
            }
        }
    }

    /// `Err` is the wait at which the steps stand still.
    fn steps(&mut self, steps: &'g [Step]) -> Result<(), &'g Step> {
        for (at, step) in steps.iter().enumerate() {
            if let Err(blocker) = self.step(step) {
                steps[at + 1..].iter().for_each(|later| self.never(later, blocker));
                return Err(blocker);
            }
        }
        Ok(())
    }

    fn step(&mut self, step: &'g Step) -> Result<(), &'g Step> {
        let on_path = self.path.contains(&key(step));
        if step.when.as_ref().and_then(constant) == Some(false) {
            return Ok(());
        }
        let result = self.kind(step, on_path);
        if step.when.is_some() && !on_path { Ok(()) } else { result }
    }

    fn kind(&mut self, step: &'g Step, on_path: bool) -> Result<(), &'g Step> {
        match &step.kind {
            StepKind::Emit(_) => {
                self.emitted.extend(own_emit(step));
                Ok(())
            }
            StepKind::WaitFor(_) => {
                let signal = endless_wait(step).filter(|signal| self.own.contains(signal));
                let stands = signal.is_some_and(|signal| !self.emitted.contains(signal));
                if stands || key(step) == key(self.wait) { Err(step) } else { Ok(()) }
            }
            StepKind::Sequence(steps) => self.steps(steps),
            StepKind::Hold(hold) => self.steps(&hold.steps),
            StepKind::Parallel { branches, max_concurrency, .. } => self.parallel(branches, *max_concurrency),
            StepKind::Graph(steps) => self.graph(steps),
            StepKind::Race(branches) => {
                let results: Vec<_> = branches.iter().map(|branch| self.step(branch)).collect();
                results.iter().find(|result| result.is_ok()).or(results.first()).copied().unwrap_or(Ok(()))
            }
            StepKind::Switch(cases) => self.switch(cases, on_path),
            // It may not run at all.
            StepKind::Map(map) => {
                self.steps(&map.steps).or_else(|wait| if on_path { Err(wait) } else { Ok(()) })
            }
            StepKind::Loop(repeat) => {
                let optional = repeat.test == LoopTest::While && !on_path;
                self.steps(&repeat.steps).or_else(|wait| if optional { Ok(()) } else { Err(wait) })
            }
            StepKind::Try(block) => self.attempt(block),
            StepKind::Return(_) | StepKind::Fail { .. } => {
                self.ends = true;
                Ok(())
            }
            StepKind::Task(_) | StepKind::Workflow(_) | StepKind::Sleep(_) | StepKind::Set(_) => Ok(()),
        }
    }

    /// Branches begin in their order, as soon as there is room for one.
    fn parallel(&mut self, branches: &'g [Step], width: Option<u32>) -> Result<(), &'g Step> {
        let mut standing: Vec<&'g Step> = Vec::new();
        for branch in branches {
            match standing.last() {
                Some(last) if width.is_some_and(|width| standing.len() >= width as usize) => {
                    self.never(branch, last)
                }
                _ => standing.extend(self.step(branch).err()),
            }
        }
        standing.first().map_or(Ok(()), |first| Err(first))
    }

    fn graph(&mut self, steps: &'g [Step]) -> Result<(), &'g Step> {
        let mut done: BTreeSet<&str> = BTreeSet::new();
        let mut blockers: BTreeMap<&str, &'g Step> = BTreeMap::new();
        loop {
            let before = done.len() + blockers.len();
            for step in steps {
                let id = step.id.as_str();
                if done.contains(id) || blockers.contains_key(id) {
                    continue;
                }
                let blocker = step.needs.iter().find_map(|need| blockers.get(need.as_str()).copied());
                if let Some(blocker) = blocker {
                    self.never(step, blocker);
                    blockers.insert(id, blocker);
                } else if step.needs.iter().all(|need| done.contains(need.as_str())) {
                    match self.step(step) {
                        Ok(()) => done.insert(id),
                        Err(wait) => blockers.insert(id, wait).is_none(),
                    };
                }
            }
            if done.len() + blockers.len() == before {
                return blockers.values().next().map_or(Ok(()), |first| Err(first));
            }
        }
    }

    fn switch(&mut self, cases: &'g [Case], on_path: bool) -> Result<(), &'g Step> {
        if on_path {
            // The case of the wait is the one that runs.
            let inside = |case: &&Case| case.steps.iter().any(|step| self.path.contains(&key(step)));
            return cases.iter().find(inside).map_or(Ok(()), |case| self.steps(&case.steps));
        }
        let results: Vec<_> = cases.iter().map(|case| self.steps(&case.steps)).collect();
        let complete = cases.last().is_some_and(|last| last.when.is_none());
        if complete && results.iter().all(Result::is_err) {
            return results.first().copied().unwrap_or(Ok(()));
        }
        Ok(())
    }

    fn attempt(&mut self, block: &'g Try) -> Result<(), &'g Step> {
        let caught = block.catches.iter().flat_map(|catch| &catch.steps).chain(&block.finally);
        if let Err(wait) = self.steps(&block.steps) {
            caught.for_each(|step| self.never(step, wait));
            return Err(wait);
        }
        for catch in &block.catches {
            let on_path = catch.steps.iter().any(|step| self.path.contains(&key(step)));
            if let (Err(wait), true) = (self.steps(&catch.steps), on_path) {
                block.finally.iter().for_each(|step| self.never(step, wait));
                return Err(wait);
            }
        }
        self.steps(&block.finally)
    }

    /// The step cannot begin while the wait goes on.
    fn never(&mut self, step: &'g Step, blocker: &'g Step) {
        if let Some(signal) = own_emit(step) {
            self.blocked.entry(signal).or_default().push((step, blocker));
        }
        step.children().for_each(|child| self.never(child, blocker));
    }
}
