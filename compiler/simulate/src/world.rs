//! The world of a simulation: runs, pools, breakers, the journal's disk, and the loop that makes things happen.
//!
//! It does not know what a step is; it starts lives of runs and lets time pass.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use conductor_policy::breaker::Breaker;
use conductor_policy::rate::Starts;
use conductor_protocol::plan::{Plan, Resource};
use serde_json::{Map, Value as Json};

use crate::cancel::Cancel;
use crate::clock::{Micros, Timer};
use crate::executor::{Executor, Scheduler, Spawned, TaskId, digest_of, mix, spawn};
use crate::explore::Stuck;
use crate::journal::{Fact, Journal};
use crate::oracle::{Action, Oracle};
use crate::permits::Pools;
use crate::promise::Promise;
use crate::run::{self, Run};
use crate::signals::{Delivered, Mailbox};
use crate::trace::{Event, Sink, Stopped, What};

/// Sub-workflows in sub-workflows; the checker refuses cycles, so this is met by hostile Plans only.
const MAX_DEPTH: u32 = 64;

/// Numbers of the world that no Plan gives.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// How long the disk takes.
    pub commit_us: Micros,
    /// How long the real end of a started write is waited for.
    pub settle_us: Micros,
    /// How long after its death the process is back.
    pub restart_us: Micros,
    /// How often a task may be woken before the simulation stops.
    pub budget: u64,
    /// Whether runs are forgotten when they end, for the sake of memory.
    pub forgets: bool,
}

/// What comes from outside.
#[derive(Debug, Clone)]
pub(crate) enum External {
    Start { workflow: String, run: Arc<str>, input: Map<String, Json> },
    Send { run: String, signal: Delivered },
    Cancel { run: String },
    Restart,
}

/// The death of the process: when the journals of all runs hold `at_entry` entries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Death {
    pub at_entry: u64,
    /// How many entries of each run that were not acknowledged are on disk all the same.
    pub keep: usize,
}

pub(crate) struct World<'p> {
    pub scheduler: Rc<Scheduler>,
    pub settings: Settings,
    pub oracle: RefCell<&'p mut dyn Oracle>,
    sink: RefCell<&'p mut dyn Sink>,
    pub(crate) spawned: Spawned<'p>,
    plans: BTreeMap<&'p str, &'p Plan>,
    resources: BTreeMap<&'p str, &'p Resource>,
    pub runs: RefCell<BTreeMap<Arc<str>, Rc<Run<'p>>>>,
    pub pools: Pools,
    pub breakers: RefCell<BTreeMap<String, Breaker>>,
    pub rates: RefCell<BTreeMap<String, Starts>>,
    /// Results by task and key, and until when they hold.
    pub cache: RefCell<BTreeMap<String, (Micros, Arc<Json>)>>,
    timeline: RefCell<BTreeMap<(Micros, u64), External>>,
    /// Runs that start when another has ended.
    pub backlog: RefCell<VecDeque<External>>,
    pub(crate) deaths: RefCell<VecDeque<Death>>,
    appended: Cell<u64>,
    pub(crate) is_dead: Cell<bool>,
    spent: Cell<u64>,
    externals: Cell<u64>,
}

impl<'p> World<'p> {
    pub fn new(
        plans: &'p [Plan],
        timed: bool,
        settings: Settings,
        oracle: &'p mut dyn Oracle,
        sink: &'p mut dyn Sink,
    ) -> Rc<World<'p>> {
        let resources = plans.iter().flat_map(|plan| &plan.resources);
        Rc::new(World {
            scheduler: Scheduler::new(timed),
            settings,
            oracle: RefCell::new(oracle),
            sink: RefCell::new(sink),
            spawned: RefCell::default(),
            plans: plans.iter().map(|plan| (plan.workflow.as_str(), plan)).collect(),
            resources: resources.map(|resource| (resource.id.as_str(), resource)).collect(),
            runs: RefCell::default(),
            pools: Pools::default(),
            breakers: RefCell::default(),
            rates: RefCell::default(),
            cache: RefCell::default(),
            timeline: RefCell::default(),
            backlog: RefCell::default(),
            deaths: RefCell::default(),
            appended: Cell::new(0),
            is_dead: Cell::new(false),
            spent: Cell::new(0),
            externals: Cell::new(0),
        })
    }

    pub fn now(&self) -> Micros {
        self.scheduler.clock.now()
    }

    /// The time as policies count it.
    pub fn moment(&self) -> Duration {
        Duration::from_micros(self.now())
    }

    /// Whether time decides what happens next; else windows, rates and caches mean nothing.
    pub fn is_timed(&self) -> bool {
        self.scheduler.timed
    }

    /// How often tasks were woken.
    pub fn spent(&self) -> u64 {
        self.spent.get()
    }

    pub fn is_dead(&self) -> bool {
        self.is_dead.get()
    }

    pub fn plan(&self, workflow: &str) -> Option<&'p Plan> {
        self.plans.get(workflow).copied()
    }

    pub fn resource(&self, id: &str) -> Option<&'p Resource> {
        self.resources.get(id).copied()
    }

    pub fn emit(&self, event: Event) {
        if !self.is_dead.get() {
            self.sink.borrow_mut().event(event);
        }
    }

    pub fn emit_of(&self, run: &Arc<str>, what: What) {
        self.emit(Event { at_us: self.now(), run: run.clone(), what });
    }

    pub fn spawn(&self, work: impl Future<Output = ()> + 'p) -> TaskId {
        spawn(&self.scheduler, &self.spawned, None, Box::pin(work))
    }

    pub fn condition(&self, holds: bool) -> bool {
        let counts = self.oracle.borrow_mut().condition(holds);
        self.scheduler.observe(u64::from(counts));
        counts
    }

    /// A time limit of a step.
    pub fn expiry(&self, at: Micros, run: &Arc<str>, key: &Arc<str>) -> Timer {
        let action = Action::Expire { run: run.to_string(), key: key.to_string() };
        Timer::new(&self.scheduler, at, action)
    }

    /// Where the order of what tasks do to each other is open: without time, every order is possible.
    pub async fn visible(&self, action: Action) {
        if !self.is_timed() {
            Timer::new(&self.scheduler, 0, action).await;
        }
    }

    /// Adds a fact to a run's journal and sees that it gets to the disk.
    pub fn append(self: &Rc<Self>, run: &Rc<Run<'p>>, key: &Arc<str>, fact: Fact<'p>) -> usize {
        if self.is_dead.get() {
            return run.journal.appended();
        }
        let is_kept = !self.settings.forgets;
        let position = run.journal.append(key, fact, is_kept);
        self.appended.set(self.appended.get() + 1);
        let next = self.deaths.borrow().front().copied();
        if next.is_some_and(|death| self.appended.get() >= death.at_entry) {
            self.is_dead.set(true);
        }
        if !self.is_timed() {
            run.journal.acknowledge(run.journal.appended());
        } else if !run.journal.is_committing.replace(true) {
            self.spawn(commit(self.clone(), run.clone()));
        }
        position
    }

    /// The run of that id: the one that is there, or a new one of the workflow. It is executed from here on.
    pub fn start(
        self: &Rc<Self>,
        id: &Arc<str>,
        plan: &'p Plan,
        input: Map<String, Json>,
        parent: Option<&Rc<Run<'p>>>,
        detached: bool,
    ) -> Option<Rc<Run<'p>>> {
        let known = self.runs.borrow().get(id).cloned();
        let run = match known {
            Some(run) => run,
            None => {
                let depth = parent.map_or(0, |parent| parent.depth + 1);
                if depth > MAX_DEPTH {
                    return None;
                }
                let awaited = parent.filter(|_| !detached).map(|parent| parent.id.clone());
                let run = Rc::new(self.new_run(id, plan, input, awaited, depth));
                self.runs.borrow_mut().insert(id.clone(), run.clone());
                run
            }
        };
        self.own(&run);
        Some(run)
    }

    fn new_run(
        &self,
        id: &Arc<str>,
        plan: &'p Plan,
        input: Map<String, Json>,
        parent: Option<Arc<str>>,
        depth: u32,
    ) -> Run<'p> {
        Run {
            id: id.clone(),
            plan,
            input,
            parent,
            depth,
            started_at: Cell::new(self.now()),
            epoch: Cell::new(1),
            journal: Journal::default(),
            history: RefCell::default(),
            cancel: RefCell::new(Cancel::new(&self.scheduler)),
            cancel_asked: Cell::new(false),
            end: RefCell::default(),
            ended: RefCell::new(Promise::new(&self.scheduler)),
            is_owned: Cell::new(false),
            undo: RefCell::default(),
            unsettled: RefCell::default(),
            mailbox: Rc::new(Mailbox::default()),
        }
    }

    /// This process executes the run, unless it does already or there is nothing left to do.
    pub fn own(self: &Rc<Self>, run: &Rc<Run<'p>>) {
        if run.is_owned.get() || run.end.borrow().is_some() {
            return;
        }
        run.is_owned.set(true);
        let life = Box::pin(run::live(self.clone(), run.clone()));
        spawn(&self.scheduler, &self.spawned, Some(digest_of(&run.id)), life);
    }

    pub fn run_ended(self: &Rc<Self>, run: &Rc<Run<'p>>) {
        if run.depth > 0 {
            return;
        }
        if self.settings.forgets {
            let inside = format!("{}/", run.id);
            self.runs.borrow_mut().retain(|id, _| **id != *run.id && !id.starts_with(&inside));
        }
        let next = self.backlog.borrow_mut().pop_front();
        if let Some(next) = next {
            self.happen(next);
        }
    }

    pub fn plan_external(&self, at: Micros, external: External) {
        let number = self.externals.get();
        self.externals.set(number + 1);
        self.timeline.borrow_mut().insert((at, number), external);
    }

    pub fn plan_deaths(&self, deaths: impl IntoIterator<Item = Death>) {
        self.deaths.borrow_mut().extend(deaths);
    }

    pub fn happen(self: &Rc<Self>, external: External) {
        match external {
            External::Start { workflow, run, input } => {
                if let Some(plan) = self.plan(&workflow) {
                    self.start(&run, plan, input, None, false);
                }
            }
            External::Send { run, signal } => {
                let known = self.runs.borrow().get(run.as_str()).cloned();
                if let Some(run) = known.filter(|run| !run.has_ended()) {
                    let (signal_name, data) = (signal.name.to_string(), signal.data.clone());
                    let sent =
                        What::SignalSent { key: None, signal: signal_name, to: run.id.to_string(), data };
                    self.emit_of(&run.id, sent);
                    run.mailbox.deliver(&signal);
                }
            }
            External::Cancel { run } => {
                let known = self.runs.borrow().get(run.as_str()).cloned();
                if let Some(run) = known {
                    run.ask_to_cancel();
                }
            }
            External::Restart => self.resume(),
        }
    }

    /// Makes things happen until nothing can.
    pub fn drive(self: &Rc<Self>) -> Stopped {
        let mut executor = Executor::new(&self.scheduler, self.settings.budget);
        let stopped = loop {
            if !executor.run_ready(&self.spawned, &self.is_dead) {
                break Stopped::Budget;
            }
            if self.is_dead.get() {
                self.die(&mut executor);
                continue;
            }
            let moved = if self.is_timed() { self.next_in_time() } else { self.next_by_choice() };
            if !moved {
                break self.rest();
            }
        };
        // What is left holds on to the world; here it lets go, without telling anybody.
        self.is_dead.set(true);
        executor.kill(&self.spawned);
        self.spent.set(self.settings.budget - executor.budget);
        stopped
    }

    fn next_in_time(self: &Rc<Self>) -> bool {
        let planned = self.timeline.borrow().keys().next().copied();
        let external = match (planned, self.scheduler.clock.next()) {
            (None, None) => return false,
            (Some(external), Some(own)) => external.0 <= own.0,
            (external, _) => external.is_some(),
        };
        if external {
            let first = self.timeline.borrow_mut().pop_first();
            if let Some(((at, _), external)) = first {
                self.scheduler.clock.advance(at);
                self.happen(external);
            }
        } else if let Some(id) = self.scheduler.clock.next() {
            self.scheduler.clock.advance(id.0);
            self.scheduler.clock.fire(&self.scheduler, id);
        }
        true
    }

    fn next_by_choice(self: &Rc<Self>) -> bool {
        let mut moves = Vec::new();
        let mut actions = Vec::new();
        for (at, external) in self.timeline.borrow().iter() {
            if !self.can_happen(external) {
                continue;
            }
            moves.push((true, *at));
            actions.push(external.action());
        }
        for (id, action) in self.scheduler.clock.actions() {
            moves.push((false, id));
            actions.push(action);
        }
        let state = self.fingerprint(&actions);
        let chosen = self.oracle.borrow_mut().choose(&actions, state);
        let Some((is_external, id)) = chosen.and_then(|chosen| moves.get(chosen).copied()) else {
            return false;
        };
        if is_external {
            let external = self.timeline.borrow_mut().remove(&id);
            external.into_iter().for_each(|external| self.happen(external));
        } else {
            self.scheduler.clock.fire(&self.scheduler, id);
        }
        true
    }

    /// Nobody sends a signal to a run, or cancels it, that is not there or has ended.
    fn can_happen(&self, external: &External) -> bool {
        match external {
            External::Start { .. } | External::Restart => true,
            External::Send { run, .. } | External::Cancel { run } => {
                self.runs.borrow().get(run.as_str()).is_some_and(|run| run.end.borrow().is_none())
            }
        }
    }

    fn fingerprint(&self, actions: &[Action]) -> u64 {
        let mut digest = mix(self.scheduler.fingerprint(), self.pools.fingerprint());
        let mut known: Vec<u64> = actions.iter().map(Action::digest).collect();
        known.sort_unstable();
        digest = known.into_iter().fold(digest, mix);
        for run in self.runs.borrow().values() {
            digest = mix(mix(digest, digest_of(&run.id)), run.mailbox.fingerprint());
            let end = run.end.borrow().as_ref().map_or(0, |end| end.state as u64 + 1);
            digest = mix(mix(digest, end), u64::from(run.cancel_asked.get()));
            for undo in run.undo.borrow().iter() {
                digest = mix(digest, digest_of(&undo.key));
            }
        }
        digest
    }

    /// Nothing can move: who waits?
    fn rest(&self) -> Stopped {
        let runs = self.runs.borrow();
        if runs.values().all(|run| run.end.borrow().is_some()) {
            return Stopped::Ended;
        }
        Stopped::Stuck(self.stuck())
    }

    /// Everybody who waits for something that does not come by itself.
    pub fn stuck(&self) -> Vec<Stuck> {
        let runs = self.runs.borrow();
        let mut found = self.pools.stuck();
        for run in runs.values().filter(|run| run.end.borrow().is_none()) {
            for (key, signal) in run.mailbox.waiting() {
                found.push(Stuck {
                    run: run.id.to_string(),
                    key: key.to_string(),
                    waits_for: format!("the signal `{signal}`"),
                    held_by: Vec::new(),
                });
            }
            if let Some(parent) = &run.parent {
                let key = run.id.strip_prefix(&format!("{parent}/")).unwrap_or_default();
                found.push(Stuck {
                    run: parent.to_string(),
                    key: key.to_owned(),
                    waits_for: format!("the end of run `{}`", run.id),
                    held_by: Vec::new(),
                });
            }
        }
        found
    }
}

/// Takes to the disk what has gathered, until nothing is left.
async fn commit<'p>(world: Rc<World<'p>>, run: Rc<Run<'p>>) {
    loop {
        let sent = run.journal.appended();
        let at = world.now().saturating_add(world.settings.commit_us);
        Timer::new(&world.scheduler, at, Action::Commit { run: run.id.to_string() }).await;
        run.journal.acknowledge(sent);
        if run.journal.appended() == sent {
            run.journal.is_committing.set(false);
            return;
        }
    }
}

impl External {
    fn action(&self) -> Action {
        match self {
            External::Start { run, .. } => Action::Start { run: run.to_string() },
            External::Send { run, signal } => {
                Action::Send { run: run.clone(), signal: signal.name.to_string() }
            }
            External::Cancel { run } => Action::Cancel { run: run.clone() },
            External::Restart => Action::Restart,
        }
    }
}
