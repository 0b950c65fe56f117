//! A permit that is kept while a person is waited for, or a long time passes.
//!
//! It knows how long is long from the manifest alone: what a task takes it does not know.

use std::collections::BTreeMap;

use conductor_protocol::plan::Delay;
use conductor_resolve::{Graph, Step, StepKind};
use conductor_source::{Diagnostic, Span};

use crate::{Context, codes};

/// Milliseconds from which on a pause is long: nobody queues that long for a connection.
const LONG_MS: u64 = 60_000;

/// How many calls of workflows are followed.
const DEEPEST: usize = 32;

/// One warning a `hold`, at the first such step inside it.
pub(super) fn rule(context: Context<'_>) -> Vec<Diagnostic> {
    let mut pauses = Pauses { graph: context.graph, known: BTreeMap::new(), depth: 0 };
    let mut found = Vec::new();
    for step in context.graph.workflows.iter().flat_map(conductor_resolve::Workflow::all_steps) {
        let StepKind::Hold(hold) = &step.kind else { continue };
        let resource = &context.graph.resources[hold.resource];
        let Some(permits) = resource.plan.permits() else { continue };
        if let Some(pause) = pauses.first(&hold.steps) {
            let id = &resource.id.value;
            let message = format!("a permit of `{id}` is kept while the run waits {}", pause.what);
            let of = if permits == 1 { "the only one".to_owned() } else { format!("one of {permits}") };
            let mut finding = Diagnostic::warning(
                codes::KEPT_WAITING,
                message,
                pause.at,
                format!("waits {} here", pause.what),
            )
            .label(step.keyword, format!("keeps a permit of `{id}`, {of}"));
            if let Some((at, name)) = &pause.called {
                finding = finding.label(*at, format!("`{name}` is called here"));
            }
            let help = "end the `hold` before the wait, and take the resource again after it";
            found.push(finding.help(help));
        }
    }
    found
}

#[derive(Clone)]
struct Pause {
    at: Span,
    what: String,
    /// Where the workflow is called that has the pause.
    called: Option<(Span, String)>,
}

struct Pauses<'g> {
    graph: &'g Graph,
    /// The first pause of each workflow that was looked at.
    known: BTreeMap<usize, Option<Pause>>,
    /// How many calls lead to where it looks.
    depth: usize,
}

impl Pauses<'_> {
    fn first(&mut self, steps: &[Step]) -> Option<Pause> {
        steps.iter().find_map(|step| self.of_step(step))
    }

    fn of_step(&mut self, step: &Step) -> Option<Pause> {
        let pause = |what: String| Some(Pause { at: step.keyword, what, called: None });
        match &step.kind {
            StepKind::WaitFor(wait) if wait.timeout_ms.is_none_or(|timeout| timeout >= LONG_MS) => {
                pause(format!("for the signal `{}`", wait.signal))
            }
            StepKind::Sleep(Delay::Fixed { ms }) if *ms >= LONG_MS => pause(lasting(*ms)),
            StepKind::Loop(repeat) if repeat.every_ms.is_some_and(|every| every >= LONG_MS) => {
                pause(lasting(repeat.every_ms.unwrap_or(LONG_MS)))
            }
            StepKind::Workflow(call) if !call.detach => {
                let inside = self.of_workflow(call.workflow)?;
                let name = self.graph.workflows[call.workflow].id.value.clone();
                Some(Pause { called: Some((step.keyword, name)), ..inside })
            }
            _ => step.kind.bodies().into_iter().find_map(|body| self.first(body)),
        }
    }

    fn of_workflow(&mut self, workflow: usize) -> Option<Pause> {
        if let Some(known) = self.known.get(&workflow) {
            return known.clone();
        }
        // Nobody could follow a longer chain of calls.
        if self.depth >= DEEPEST {
            return None;
        }
        // In a cycle of calls, which is reported, the second visit finds nothing.
        self.known.insert(workflow, None);
        let graph = self.graph;
        self.depth += 1;
        let found = self.first(&graph.workflows[workflow].steps);
        self.depth -= 1;
        self.known.insert(workflow, found.clone());
        found
    }
}

fn lasting(ms: u64) -> String {
    match (ms / 1_000, ms % 3_600_000, ms % 60_000) {
        (_, 0, _) => format!("for {} h", ms / 3_600_000),
        (_, _, 0) => format!("for {} min", ms / 60_000),
        (seconds, _, _) => format!("for {seconds} s"),
    }
}
