//! Waits for a signal of another run, which cannot come to emit it while the waiting runs keep what it needs.
//!
//! It knows who may emit the signal from the manifest alone: where no step emits it to another run, somebody outside does.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::plan::Resource;
use conductor_resolve::{Graph, Step, StepKind, Workflow};
use conductor_source::{Diagnostic, Span};

use crate::{Context, codes};

pub(crate) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    if !context.sound {
        return Vec::new();
    }
    let graph = context.graph;
    let emitters = emitters(graph);
    if emitters.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (position, workflow) in graph.workflows.iter().enumerate().filter(|(_, flow)| flow.deadline.is_none())
    {
        let mut held = Vec::new();
        // Runs with keys of their own do not keep each other out.
        let limit = workflow.concurrency.as_ref().filter(|limit| limit.key.is_none());
        held.extend(limit.map(|limit| (Kept::Runs(position), limit.span)));
        let own: BTreeSet<&str> = workflow.all_steps().filter_map(|step| emit(step, false)).collect();
        let mut search = Search { graph, workflow, own, emitters: &emitters, found: &mut found };
        workflow.steps.iter().for_each(|step| search.step(step, &mut held));
    }
    found
}

/// Something with permits: a resource, or the runs of a workflow that go on at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kept {
    Resource(usize),
    Runs(usize),
}

impl Kept {
    /// `None` where there is no limit.
    fn capacity(self, graph: &Graph) -> Option<u32> {
        match self {
            Kept::Resource(resource) => Resource::permits(&graph.resources[resource].plan),
            Kept::Runs(workflow) => graph.workflows[workflow].concurrency.as_ref().map(|limit| limit.limit),
        }
    }

    fn name(self, graph: &Graph) -> String {
        match self {
            Kept::Resource(resource) => format!("a permit of `{}`", graph.resources[resource].id.value),
            Kept::Runs(workflow) => format!("a place of `{}`", graph.workflows[workflow].id.value),
        }
    }
}

/// A step that emits to another run, with all that its run must have had before.
struct Emitter<'g> {
    workflow: &'g Workflow,
    step: &'g Step,
    needs: BTreeMap<Kept, Span>,
}

type Emitters<'g> = BTreeMap<&'g str, Vec<Emitter<'g>>>;

/// The signal that the step emits, to another run or to its own.
fn emit(step: &Step, to_another: bool) -> Option<&str> {
    match &step.kind {
        StepKind::Emit(emit) if emit.run.is_some() == to_another => Some(&emit.signal),
        _ => None,
    }
}

fn emitters(graph: &Graph) -> Emitters<'_> {
    let mut found = Emitters::new();
    for (position, workflow) in graph.workflows.iter().enumerate() {
        if !workflow.all_steps().any(|step| emit(step, true).is_some()) {
            continue;
        }
        let mut needs = BTreeMap::new();
        if let Some(limit) = &workflow.concurrency {
            needs.insert(Kept::Runs(position), limit.span);
        }
        before(graph, workflow, &workflow.steps, &needs, &mut found);
    }
    found
}

/// Gathers the emitters among steps in order, each with what comes before it for sure.
fn before<'g>(
    graph: &'g Graph,
    workflow: &'g Workflow,
    steps: &'g [Step],
    needs: &BTreeMap<Kept, Span>,
    found: &mut Emitters<'g>,
) {
    let mut needs = needs.clone();
    for step in steps {
        if let Some(signal) = emit(step, true) {
            found.entry(signal).or_default().push(Emitter { workflow, step, needs: needs.clone() });
        }
        let mut inside = needs.clone();
        if let StepKind::Hold(hold) = &step.kind {
            inside.insert(Kept::Resource(hold.resource), step.keyword);
        }
        let at_once = matches!(step.kind, StepKind::Parallel { .. } | StepKind::Graph(_) | StepKind::Race(_));
        for body in step.kind.bodies() {
            if at_once {
                body.chunks(1).for_each(|branch| before(graph, workflow, branch, &inside, found));
            } else {
                before(graph, workflow, body, &inside, found);
            }
        }
        surely(graph, step, &mut needs);
    }
}

/// What the step takes whenever it runs.
fn surely(graph: &Graph, step: &Step, needs: &mut BTreeMap<Kept, Span>) {
    if step.when.is_some() || step.deadline.is_some() {
        return;
    }
    match &step.kind {
        StepKind::Task(call) if call.policy.deadline_ms.is_none() => {
            needs.extend(call.uses.iter().map(|resource| (Kept::Resource(*resource), step.keyword)));
        }
        StepKind::Workflow(call) if !call.detach && graph.workflows[call.workflow].concurrency.is_some() => {
            needs.insert(Kept::Runs(call.workflow), step.keyword);
        }
        StepKind::Hold(hold) => {
            needs.insert(Kept::Resource(hold.resource), step.keyword);
            hold.steps.iter().for_each(|inner| surely(graph, inner, needs));
        }
        StepKind::Sequence(steps) | StepKind::Graph(steps) | StepKind::Parallel { branches: steps, .. } => {
            steps.iter().for_each(|inner| surely(graph, inner, needs));
        }
        _ => {}
    }
}

struct Search<'g, 'f> {
    graph: &'g Graph,
    workflow: &'g Workflow,
    /// Signals that the workflow emits to its own run: another rule looks at those.
    own: BTreeSet<&'g str>,
    emitters: &'f Emitters<'g>,
    found: &'f mut Vec<Diagnostic>,
}

impl Search<'_, '_> {
    /// `held` is what the run keeps at the step, with where it was taken.
    fn step(&mut self, step: &Step, held: &mut Vec<(Kept, Span)>) {
        // A deadline, or another branch, may end the wait.
        if step.deadline.is_some() || matches!(step.kind, StepKind::Race(_)) {
            return;
        }
        match &step.kind {
            StepKind::WaitFor(wait)
                if wait.timeout_ms.is_none() && !self.own.contains(wait.signal.as_str()) =>
            {
                let finding = self.emitters.get(wait.signal.as_str()).and_then(|emitters| {
                    let kept = self.bottleneck(held, emitters)?;
                    Some(self.report(step, &wait.signal, kept, emitters))
                });
                self.found.extend(finding);
            }
            StepKind::Hold(hold) => {
                held.push((Kept::Resource(hold.resource), step.keyword));
                hold.steps.iter().for_each(|inner| self.step(inner, held));
                held.pop();
            }
            _ => step.children().for_each(|child| self.step(child, held)),
        }
    }

    /// What waiting runs can use up together, and every emitter needs: with where it is kept and how many runs it takes.
    fn bottleneck(&self, held: &[(Kept, Span)], emitters: &[Emitter<'_>]) -> Option<(Kept, Span, u32)> {
        let mut counts: BTreeMap<Kept, u32> = BTreeMap::new();
        held.iter().for_each(|(kept, _)| *counts.entry(*kept).or_default() += 1);
        // As many runs can wait at a time as the scarcest lets through.
        let runs = |kept: Kept, count: u32| kept.capacity(self.graph).map(|capacity| capacity / count);
        let most = counts.iter().filter_map(|(kept, count)| runs(*kept, *count)).min()?;
        let (kept, at) = held.iter().find(|(kept, _)| {
            let count = counts[kept];
            let used_up = kept.capacity(self.graph) == Some(most.saturating_mul(count));
            used_up && most > 0 && emitters.iter().all(|emitter| emitter.needs.contains_key(kept))
        })?;
        Some((*kept, *at, most))
    }

    fn report(
        &self,
        wait: &Step,
        signal: &str,
        (kept, at, runs): (Kept, Span, u32),
        emitters: &[Emitter<'_>],
    ) -> Diagnostic {
        let (name, flow) = (kept.name(self.graph), &self.workflow.id.value);
        let who =
            if runs == 1 { format!("run A of `{flow}`") } else { format!("each of {runs} runs of `{flow}`") };
        let message = format!("who emits `{signal}` needs {name}, which the wait for it keeps");
        let mut found =
            Diagnostic::error(codes::KEPT_OUT, message, wait.keyword, format!("waits for `{signal}`"))
                .label(at, format!("keeps {name}"));
        for emitter in emitters.iter().take(3) {
            if let Some(need) = emitter.needs.get(&kept).filter(|need| **need != at) {
                found = found.label(*need, format!("needs {name} first"));
            }
            found = found.label(emitter.step.keyword, format!("emits `{signal}`"));
        }
        let mut others: Vec<String> =
            emitters.iter().map(|emitter| format!("`{}`", emitter.workflow.id.value)).collect();
        others.dedup();
        let used_up = match kept.capacity(self.graph) {
            Some(1) => ", the only one".to_owned(),
            Some(capacity) => format!(": all {capacity} are taken then"),
            None => String::new(),
        };
        found
            .note(format!("1. {who} takes {name}{used_up}"))
            .note(format!("2. {who} waits for `{signal}`"))
            .note(format!("3. any run of {} waits for {name}: it cannot come to emit `{signal}`", others.join(", ")))
            .note("only somebody outside could still send the signal")
            .help("wait for the signal without keeping what its sender needs; a `timeout` ends the wait in any case")
    }
}
