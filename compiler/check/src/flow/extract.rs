//! The system of a graph: its workflows, reduced to permits and signals.
//!
//! It decides nothing: where the graph leaves it open what happens, everything may happen.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use conductor_protocol::expr::{Expr, Literal, Node as ExprNode};
use conductor_protocol::plan::{Delay, LoopTest, OnExhausted, OnTimeout};
use conductor_resolve::{Fallback, Graph, Resource, Step, StepKind, TaskStep, Workflow};
use conductor_source::Span;

use super::program::{Act, Branch, Flow, Lock, LockId, Node, Place, Program, Signal, SignalId, System, What};
use crate::Context;

/// The system, or `None` where nothing in it can wait for a permit.
pub(crate) fn system<'a>(context: Context<'a>) -> Option<System<'a>> {
    let graph = context.graph;
    let mut system = System::default();
    let mut resources = BTreeMap::new();
    let written: BTreeMap<&str, &conductor_model::Resource> =
        context.manifest.resources.iter().map(|written| (written.id.value.as_str(), written)).collect();
    for (position, resource) in graph.resources.iter().enumerate() {
        if let Some(capacity) = resource.plan.permits() {
            resources.insert(position, system.locks.len());
            let what = What::Resource(&resource.id.value);
            system.locks.push(Lock {
                what,
                capacity,
                span: resource_span(written.get(resource.id.value.as_str()).copied(), resource),
            });
        }
    }
    let mut slots = BTreeMap::new();
    for (position, workflow) in graph.workflows.iter().enumerate() {
        if let Some(limit) = &workflow.concurrency {
            slots.insert(position, system.locks.len());
            let keyed = limit.key.as_ref().is_some_and(|key| !matches!(key.node, ExprNode::Literal(_)));
            let what = What::Runs { workflow: &workflow.id.value, keyed };
            system.locks.push(Lock { what, capacity: limit.limit, span: limit.span });
        }
    }
    if system.locks.is_empty() {
        return None;
    }
    let roots = roots(graph);
    for (position, workflow) in graph.workflows.iter().enumerate() {
        let signals = own_signals(workflow, &mut system.signals);
        let reader = Reader { graph, resources: &resources, signals };
        let slot = slots.get(&position).copied();
        let program = reader.workflow(workflow, slot);
        let is_root = roots.contains(&position);
        system.flows.push(Flow { name: &workflow.id.value, program, is_root });
    }
    Some(system)
}

/// Where the number of permits is written.
fn resource_span(written: Option<&conductor_model::Resource>, resource: &Resource) -> Span {
    let span = written.and_then(|written| match (&written.max_concurrency, &written.pool) {
        (Some(limit), Some(pool)) if pool.value.max < limit.value => Some(pool.span),
        (Some(limit), _) => Some(limit.span),
        (None, pool) => pool.as_ref().map(|pool| pool.span),
    });
    span.unwrap_or(resource.id.span)
}

/// The workflows whose runs begin by themselves: meant to, by a clock, not awaited, or called by nobody else.
fn roots(graph: &Graph) -> BTreeSet<usize> {
    let (mut awaited, mut detached) = (BTreeSet::new(), BTreeSet::new());
    for step in graph.workflows.iter().flat_map(Workflow::all_steps) {
        if let StepKind::Workflow(call) = &step.kind {
            if call.detach { &mut detached } else { &mut awaited }.insert(call.workflow);
        }
    }
    let begins = |(position, workflow): &(usize, &Workflow)| {
        workflow.entrypoint
            || workflow.schedule.is_some()
            || detached.contains(position)
            || !awaited.contains(position)
    };
    graph.workflows.iter().enumerate().filter(begins).map(|(position, _)| position).collect()
}

/// The signals that the workflow waits for without an end and also emits to its own run: nobody else is meant to.
fn own_signals<'a>(workflow: &'a Workflow, signals: &mut Vec<Signal<'a>>) -> BTreeMap<&'a str, SignalId> {
    let (mut waits, mut emits) = (BTreeSet::new(), BTreeSet::new());
    for step in workflow.all_steps() {
        match &step.kind {
            StepKind::WaitFor(wait) if wait.timeout_ms.is_none() => {
                waits.insert(wait.signal.as_str());
            }
            StepKind::Emit(emit) if emit.run.is_none() => {
                emits.insert(emit.signal.as_str());
            }
            _ => {}
        }
    }
    let own = waits.intersection(&emits).map(|name| {
        signals.push(Signal { name });
        (*name, signals.len() - 1)
    });
    own.collect()
}

/// Reads the programs of one workflow.
struct Reader<'a, 'm> {
    graph: &'a Graph,
    resources: &'m BTreeMap<usize, LockId>,
    signals: BTreeMap<&'a str, SignalId>,
}

impl<'a> Reader<'a, '_> {
    fn workflow(&self, workflow: &'a Workflow, slot: Option<LockId>) -> Program<'a> {
        let mut undo = Vec::new();
        for step in workflow.all_steps() {
            if let StepKind::Task(call) = &step.kind
                && let Some(compensation) = &call.compensate
            {
                undo.push(Program::maybe([self.task(compensation, step.keyword, &[])]));
            }
        }
        // What is undone is undone at the end, when every `hold` has been left.
        let steps = Program::sequence([self.steps(&workflow.steps, &[]), Program::sequence(undo)]);
        let place = Place { span: workflow.id.span, act: Act::Start(&workflow.id.value) };
        let run = match slot {
            Some(lock) => Program::Hold { lock, place, body: Box::new(steps) },
            None => steps,
        };
        run.bounded(workflow.deadline.is_some())
    }

    /// `kept` are the resources of which a connection is at hand.
    fn steps(&self, steps: &'a [Step], kept: &[usize]) -> Program<'a> {
        let reached = steps.iter().position(Step::never_completes).map_or(steps.len(), |last| last + 1);
        Program::sequence(steps[..reached].iter().map(|step| self.step(step, kept)))
    }

    fn step(&self, step: &'a Step, kept: &[usize]) -> Program<'a> {
        let program = self.kind(step, kept).bounded(step.deadline.is_some());
        match step.when.as_ref().map(constant) {
            Some(Some(false)) => Program::nothing(),
            Some(None) => Program::maybe([program]),
            Some(Some(true)) | None => program,
        }
    }

    fn kind(&self, step: &'a Step, kept: &[usize]) -> Program<'a> {
        match &step.kind {
            StepKind::Task(call) => self.task(call, step.keyword, kept),
            StepKind::Workflow(call) if call.detach => Program::nothing(),
            StepKind::Workflow(call) => {
                let name = &self.graph.workflows[call.workflow].id.value;
                let place = Place { span: step.keyword, act: Act::Start(name) };
                Program::Call { flow: call.workflow, place }
            }
            StepKind::Sequence(steps) => self.steps(steps, kept),
            StepKind::Parallel { branches, max_concurrency, .. } => {
                self.parallel(branches, *max_concurrency, kept)
            }
            StepKind::Graph(steps) => self.graph(steps, kept),
            StepKind::Race(branches) => {
                let branches = branches
                    .iter()
                    .map(|branch| Branch { program: self.step(branch, kept), may_fail: may_fail(branch) });
                Program::Race(branches.collect())
            }
            StepKind::Map(map) => {
                self.many(self.steps(&map.steps, kept), length(&map.over), map.max_concurrency)
            }
            StepKind::Switch(cases) => {
                let first = cases
                    .iter()
                    .position(|case| case.when.as_ref().is_some_and(|when| constant(when) == Some(true)));
                let open = &cases[..first.map_or(cases.len(), |at| at + 1)];
                let open = open
                    .iter()
                    .filter(|case| case.when.as_ref().is_none_or(|when| constant(when) != Some(false)));
                Program::maybe(open.map(|case| self.steps(&case.steps, kept)))
            }
            StepKind::Loop(repeat) => match (repeat.test, constant(&repeat.condition)) {
                (LoopTest::While, Some(false)) => Program::nothing(),
                (LoopTest::While, _) => Program::maybe([self.steps(&repeat.steps, kept)]),
                (LoopTest::Until, _) => self.steps(&repeat.steps, kept),
            },
            StepKind::Try(block) => {
                let catches = block.catches.iter().map(|catch| self.steps(&catch.steps, kept));
                Program::sequence([
                    self.steps(&block.steps, kept),
                    Program::maybe(catches),
                    self.steps(&block.finally, kept),
                ])
            }
            StepKind::Hold(hold) => self.hold(hold, step.keyword, kept),
            StepKind::WaitFor(wait) => match self.signals.get(wait.signal.as_str()) {
                Some(signal) if wait.timeout_ms.is_none() => {
                    let place = Place { span: step.keyword, act: Act::WaitFor };
                    Program::Wait { signal: *signal, place }
                }
                _ => Program::nothing(),
            },
            StepKind::Emit(emit) => match self.signals.get(emit.signal.as_str()) {
                Some(signal) if emit.run.is_none() => Program::Emit(*signal),
                _ => Program::nothing(),
            },
            StepKind::Sleep(_) | StepKind::Set(_) | StepKind::Return(_) | StepKind::Fail { .. } => {
                Program::nothing()
            }
        }
    }

    /// The permits in the order in which an attempt takes them, then those of the task that stands in for it.
    fn task(&self, call: &'a TaskStep, span: Span, kept: &[usize]) -> Program<'a> {
        let place = Place { span, act: Act::Task(&self.graph.tasks[call.task].id.value) };
        let mut attempt = Program::nothing();
        for resource in call.uses.iter().rev().filter(|resource| !kept.contains(resource)) {
            if let Some(lock) = self.resources.get(resource) {
                attempt = Program::Hold { lock: *lock, place, body: Box::new(attempt) };
            }
        }
        let attempt = attempt.bounded(call.policy.deadline_ms.is_some());
        match &call.fallback {
            Some(Fallback::Task(other)) => {
                Program::sequence([attempt, Program::maybe([self.task(other, span, kept)])])
            }
            Some(Fallback::Value(_)) | None => attempt,
        }
    }

    fn hold(&self, hold: &'a conductor_resolve::Hold, span: Span, kept: &[usize]) -> Program<'a> {
        let resource = &self.graph.resources[hold.resource];
        let mut kept = kept.to_vec();
        if resource.plan.kind.has_client() {
            kept.push(hold.resource);
        }
        let body = self.steps(&hold.steps, &kept);
        match self.resources.get(&hold.resource) {
            Some(lock) => {
                let place = Place { span, act: Act::Hold };
                Program::Hold { lock: *lock, place, body: Box::new(body) }
            }
            None => body,
        }
    }

    fn parallel(&self, branches: &'a [Step], width: Option<u32>, kept: &[usize]) -> Program<'a> {
        let branches: Vec<Program<'a>> = branches
            .iter()
            .map(|branch| self.step(branch, kept))
            .filter(|branch| !branch.is_nothing())
            .collect();
        if branches.is_empty() { Program::nothing() } else { Program::Parallel { branches, width } }
    }

    fn many(&self, body: Program<'a>, copies: Option<u32>, width: Option<u32>) -> Program<'a> {
        if body.is_nothing() { body } else { Program::Many { body: Box::new(body), copies, width } }
    }

    /// The nodes, each after those that it needs.
    fn graph(&self, steps: &'a [Step], kept: &[usize]) -> Program<'a> {
        let ids: BTreeMap<&str, usize> =
            steps.iter().enumerate().map(|(at, step)| (step.id.as_str(), at)).collect();
        let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); steps.len()];
        let mut waiting: Vec<usize> = vec![0; steps.len()];
        for (at, step) in steps.iter().enumerate() {
            for need in step.needs.iter().filter_map(|need| ids.get(need.as_str())) {
                needed_by[*need].push(at);
                waiting[at] += 1;
            }
        }
        let mut ready: VecDeque<usize> = (0..steps.len()).filter(|at| waiting[*at] == 0).collect();
        let mut placed: BTreeMap<usize, usize> = BTreeMap::new();
        let mut nodes: Vec<Node<'a>> = Vec::new();
        // What is never ready is in a cycle, which was reported.
        while let Some(at) = ready.pop_front() {
            placed.insert(at, nodes.len());
            let needs =
                steps[at].needs.iter().filter_map(|need| placed.get(ids.get(need.as_str())?).copied());
            nodes.push(Node { program: self.step(&steps[at], kept), needs: needs.collect() });
            for next in &needed_by[at] {
                waiting[*next] -= 1;
                if waiting[*next] == 0 {
                    ready.push_back(*next);
                }
            }
        }
        if nodes.iter().all(|node| node.program.is_nothing()) {
            return Program::nothing();
        }
        Program::Graph(nodes)
    }
}

/// The value of a condition that is always the same.
pub(crate) fn constant(condition: &Expr) -> Option<bool> {
    match &condition.node {
        ExprNode::Literal(Literal::Bool(value)) => Some(*value),
        ExprNode::Convert(inner) => constant(inner),
        _ => None,
    }
}

/// The length of a list that is written out.
fn length(list: &Expr) -> Option<u32> {
    match &list.node {
        ExprNode::List(items) => u32::try_from(items.len()).ok(),
        ExprNode::Convert(inner) => length(inner),
        _ => None,
    }
}

/// Whether the step may end without a success, its deadline apart.
fn may_fail(step: &Step) -> bool {
    if !step.critical {
        return false;
    }
    step.deadline.is_some()
        || match &step.kind {
            StepKind::Sleep(Delay::Fixed { .. }) | StepKind::Emit(_) | StepKind::Set(_) => false,
            StepKind::WaitFor(wait) => wait.timeout_ms.is_some() && wait.on_timeout == OnTimeout::Fail,
            StepKind::Loop(repeat) if repeat.on_exhausted == OnExhausted::Fail => true,
            StepKind::Task(_)
            | StepKind::Workflow(_)
            | StepKind::Sleep(Delay::Computed(_))
            | StepKind::Return(_)
            | StepKind::Fail { .. } => true,
            _ => step.children().any(may_fail),
        }
}
