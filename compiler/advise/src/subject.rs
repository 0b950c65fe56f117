//! What rules look at: the manifest as written and as bound, side by side, with what is known of each task.
//!
//! It judges nothing.

use std::collections::{BTreeMap, BTreeSet};

use conductor_model::{Manifest, PolicyFields, PolicyUse, Spanned};
use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{ArgumentValue, ResourceKind};
use conductor_resolve::{Graph, Resource, Step, StepKind, Task, TaskStep, Workflow};
use conductor_source::{Diagnostic, Sources, Span};

use crate::Request;
use crate::facts::Facts;
use crate::measured::Measured;
use crate::rules::Rule;

pub(crate) struct Subject<'a> {
    pub manifest: &'a Manifest,
    pub graph: &'a Graph,
    pub sources: &'a Sources,
    pub measured: Option<&'a Measured>,
    /// By index into the graph's tasks.
    pub facts: Vec<Facts>,
    tasks: BTreeMap<&'a str, &'a conductor_model::Task>,
    written: BTreeMap<Span, &'a conductor_model::Step>,
    workflows: BTreeMap<Span, &'a conductor_model::Workflow>,
    /// Every step, with its workflow: most rules go through them.
    steps: Vec<(&'a Workflow, &'a Step)>,
}

/// A call of a task in a workflow.
#[derive(Clone, Copy)]
pub(crate) struct Called<'a> {
    pub workflow: &'a Workflow,
    pub step: &'a Step,
    pub call: &'a TaskStep,
    pub task: &'a Task,
    pub facts: &'a Facts,
}

impl<'a> Subject<'a> {
    /// What a rule finds in measured runs: of each task, by its first call.
    pub(crate) fn of_measured_tasks(
        &self,
        finding: impl Fn(&Subject<'_>, &Measured, &Called<'_>) -> Option<Diagnostic>,
    ) -> Vec<Diagnostic> {
        let Some(measured) = self.measured else { return Vec::new() };
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for call in self.calls() {
            if seen.insert(call.call.task) {
                found.extend(finding(self, measured, &call));
            }
        }
        found
    }

    pub fn new(request: &Request<'a>) -> Subject<'a> {
        let graph = request.verified.graph();
        let tasks: BTreeMap<_, _> =
            request.manifest.tasks.iter().map(|task| (task.id.value.as_str(), task)).collect();
        let facts = conductor_parallel::map(graph.workflows.len(), &graph.tasks, |task| {
            Facts::of(task, tasks.get(task.id.value.as_str()).copied(), request.sources)
        });
        let mut written = BTreeMap::new();
        let mut pending: Vec<_> =
            request.manifest.workflows.iter().flat_map(|workflow| &workflow.steps).collect();
        while let Some(step) = pending.pop() {
            written.insert(step.keyword, step);
            pending.extend(step.children());
        }
        let (manifest, sources, measured) = (request.manifest, request.sources, request.measured);
        let workflows = manifest.workflows.iter().map(|workflow| (workflow.id.span, workflow)).collect();
        let of = |workflow: &'a Workflow| workflow.all_steps().map(move |step| (workflow, step));
        let steps = graph.workflows.iter().flat_map(of).collect();
        Subject { manifest, graph, sources, measured, facts, tasks, written, workflows, steps }
    }

    /// A finding of the rule, of its severity.
    pub fn found(
        &self,
        rule: &Rule,
        message: impl Into<String>,
        span: Span,
        at: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::new(rule.severity, rule.code, message, span, at)
    }

    /// The task as it is written.
    pub fn task(&self, id: &str) -> Option<&'a conductor_model::Task> {
        self.tasks.get(id).copied()
    }

    /// The step as it is written.
    pub fn written(&self, step: &Step) -> Option<&'a conductor_model::Step> {
        self.written.get(&step.keyword).copied()
    }

    /// The workflow as it is written.
    pub fn workflow(&self, workflow: &Workflow) -> Option<&'a conductor_model::Workflow> {
        self.workflows.get(&workflow.id.span).copied()
    }

    /// Every step, with its workflow.
    pub fn steps(&self) -> impl Iterator<Item = (&'a Workflow, &'a Step)> {
        self.steps.iter().copied()
    }

    /// Every policy, named or written where it is used.
    pub fn policies(&self) -> Vec<&'a PolicyFields> {
        let inline = |usage: Option<&'a PolicyUse>| match usage {
            Some(PolicyUse::Inline(fields, _)) => Some(&**fields),
            _ => None,
        };
        let named = self.manifest.policies.iter().map(|policy| &policy.fields);
        let of_tasks = self.manifest.tasks.iter().filter_map(|task| inline(task.policy.as_ref()));
        let of_steps = self.written.values().filter_map(|step| inline(step.policy.as_ref()));
        named.chain(of_tasks).chain(of_steps).collect()
    }

    /// Every list of steps that run in order.
    pub fn sequences(&self) -> impl Iterator<Item = (&'a Workflow, &'a [Step])> {
        self.graph.workflows.iter().flat_map(|workflow| {
            let inside = workflow.all_steps().flat_map(|step| match &step.kind {
                StepKind::Parallel { .. } | StepKind::Graph(_) | StepKind::Race(_) => Vec::new(),
                other => other.bodies(),
            });
            std::iter::once(workflow.steps.as_slice()).chain(inside).map(move |steps| (workflow, steps))
        })
    }

    /// Every call that a step is.
    pub fn calls<'s>(&'s self) -> impl Iterator<Item = Called<'s>> {
        self.steps().filter_map(|(workflow, step)| self.called(workflow, step))
    }

    /// The step as a call, if it is one.
    pub fn called<'s>(&'s self, workflow: &'s Workflow, step: &'s Step) -> Option<Called<'s>> {
        let StepKind::Task(call) = &step.kind else { return None };
        let (task, facts) = (self.graph.tasks.get(call.task)?, self.facts.get(call.task)?);
        Some(Called { workflow, step, call, task, facts })
    }

    /// Every call in the step or inside it.
    pub fn calls_in<'s>(&'s self, workflow: &'s Workflow, step: &'s Step) -> Vec<Called<'s>> {
        let (mut found, mut pending) = (Vec::new(), vec![step]);
        while let Some(step) = pending.pop() {
            found.extend(self.called(workflow, step));
            pending.extend(step.children());
        }
        found
    }

    /// The resources that the call holds a permit of, or whose operation it is.
    pub fn resources<'s>(&'s self, call: &'s TaskStep) -> impl Iterator<Item = &'s Resource> {
        call.uses.iter().filter_map(|at| self.graph.resources.get(*at))
    }

    /// The text of a place in the manifest or the code.
    pub fn text(&self, span: Span) -> &str {
        self.sources.slice(span)
    }
}

/// Whether another machine answers.
pub(crate) fn is_remote(resource: &Resource) -> bool {
    !matches!(resource.plan.kind, ResourceKind::Semaphore | ResourceKind::Custom)
}

/// Calls `visit` for the expression and every one inside it.
pub(crate) fn each_node<'e>(expr: &'e Expr, visit: &mut dyn FnMut(&'e Node)) {
    visit(&expr.node);
    expr.for_each_child(|part| each_node(part, visit));
}

/// Whether something in the expression is as told.
pub(crate) fn any_node(expr: &Expr, test: &dyn Fn(&Node) -> bool) -> bool {
    let mut found = false;
    each_node(expr, &mut |node| found |= test(node));
    found
}

/// The expressions that a call is given.
pub(crate) fn arguments(call: &TaskStep) -> impl Iterator<Item = (&str, &Expr)> {
    call.object.iter().chain(&call.args).filter_map(|argument| match &argument.value {
        ArgumentValue::Expr(value) => Some((argument.parameter.as_str(), value)),
        _ => None,
    })
}

/// A value that is there and says yes.
pub(crate) fn is_true(value: Option<&Spanned<bool>>) -> bool {
    value.is_some_and(|value| value.value)
}
