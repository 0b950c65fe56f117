//! One workflow bound: its steps in order, each with what it can see.
//!
//! It knows the workflows it calls as finished; the order of workflows is decided by the caller.

use std::collections::BTreeMap;

use conductor_model::{Findings, Manifest, Spanned, Workflow};
use conductor_protocol::expr::{Expr, Literal, Node as Out};
use conductor_protocol::plan::{Input, Language, Schedule};
use conductor_protocol::types::Type;
use conductor_source::{Diagnostic, Severity, Sources};

use crate::asked::{Asked, Naming};
use crate::binder::Binder;
use crate::codes;
use crate::graph::{self, Binding, Resource, Task};
use crate::ids::StepIds;
use crate::input::{self, Declared};
use crate::policy::Policies;
use crate::scope::Scope;
use crate::sections::Sections;
use crate::unseen;
use conductor_model::names::listed;

/// What every workflow is bound to.
pub(crate) struct Shared<'a> {
    pub manifest: &'a Manifest,
    pub findings: &'a Findings,
    pub sources: &'a Sources,
    pub sections: &'a Sections<'a>,
    pub tasks: &'a [Task],
    pub resources: &'a [Resource],
    /// Workflows that are bound already, by position.
    pub finished: BTreeMap<usize, graph::Workflow>,
}

/// What the binding of a workflow finds beside it.
pub(crate) struct Found<'a> {
    pub policies: Policies<'a>,
    pub bindings: Vec<Binding>,
    pub diagnostics: Vec<Diagnostic>,
}

/// A workflow's steps and output, bound.
struct Round {
    steps: Vec<graph::Step>,
    output: Option<Expr>,
    concurrency: Option<graph::Concurrency>,
    /// Of every `return`.
    returns: Vec<Type>,
    asked: Asked,
    broken: bool,
}

/// Binds the workflow at `position`, whose sub-workflows are finished or lie on a cycle.
pub(crate) fn bind_workflow<'a>(shared: &Shared<'a>, position: usize) -> (graph::Workflow, Found<'a>) {
    let workflow = &shared.manifest.workflows[position];
    let policies = Policies::new(shared.manifest, shared.sections);
    let mut found = Found { policies, bindings: Vec::new(), diagnostics: Vec::new() };
    let ids = StepIds::new(workflow, shared.sources, &mut found.diagnostics);
    let first_finding = found.diagnostics.len();
    let mut scope = Scope::default();
    let declared = input::declared(workflow, shared.findings, &mut scope, &mut found.diagnostics);
    let broken = declared.broken || ids.has_broken();
    let findings = found.diagnostics.len();
    let first = Naming::default();
    let mut round = bind_steps((shared, &mut found), workflow, &ids, scope.clone(), &first, broken);
    if first.missed() {
        found.diagnostics.truncate(findings);
        found.bindings.clear();
        let second = Naming::of(round.asked);
        round = bind_steps((shared, &mut found), workflow, &ids, scope, &second, broken);
        let other = broken || found.diagnostics[first_finding..].iter().any(is_error);
        let names = declared.inputs.iter().map(|input| input.name.as_str());
        if !workflow.inputs_lost {
            found.diagnostics.extend(second.unknown(&round.asked, names, other, shared.manifest.syntax));
        }
    }
    unseen::once(&mut found.diagnostics, first_finding);
    let open = round.asked.open || declared.broken || workflow.inputs_lost || ids.has_broken();
    let bound = finished(workflow, round, declared, open);
    found.diagnostics.extend(nobody_gives(workflow, &bound));
    found.diagnostics.extend(nowhere_kept(workflow));
    (bound, found)
}

fn finished(workflow: &Workflow, round: Round, declared: Declared, open: bool) -> graph::Workflow {
    let Round { steps, output, concurrency, returns, asked, broken } = round;
    let inferred = asked.inputs;
    let mut inputs = declared.inputs;
    let mut spans = declared.spans;
    for (name, found) in &inferred {
        spans.insert(name.clone(), found.asker.span);
        inputs.push(Input { name: name.clone(), ty: found.ty.clone(), default: None, secret: false });
    }
    let flag = |field: &Option<Spanned<bool>>, default| field.as_ref().map_or(default, |field| field.value);
    let broken = broken || output.is_none();
    let output = output.unwrap_or(Expr { ty: Type::Any, node: Out::Literal(Literal::Null) });
    let completes = !graph::never_complete(&steps) || workflow.output.is_some();
    let outcomes = completes.then(|| output.ty.clone()).into_iter().chain(returns);
    graph::Workflow {
        id: workflow.id.clone(),
        // Settled when all workflows are known.
        language: Language::Python,
        entrypoint: flag(&workflow.entrypoint, false),
        durable: flag(&workflow.durable, true),
        deadline: workflow.deadline.clone(),
        concurrency,
        schedule: workflow.schedule.as_ref().map(schedule),
        inputs,
        input_spans: spans,
        inferred: inferred.into_iter().map(|(name, found)| (name, found.asker)).collect(),
        steps,
        broken,
        open,
        result: Type::union(outcomes),
        output,
        output_span: workflow.output.as_ref().map_or(workflow.id.span, |output| output.span),
    }
}

/// Inputs of a workflow that begins by itself: there is nobody to give them.
fn nobody_gives(workflow: &Workflow, bound: &graph::Workflow) -> Option<Diagnostic> {
    let schedule = workflow.schedule.as_ref()?;
    let missing: Vec<&Input> = bound.inputs.iter().filter(|input| input.default.is_none()).collect();
    let names: Vec<String> = missing.iter().map(|input| input.name.clone()).collect();
    let noun = if names.len() == 1 { "input" } else { "inputs" };
    let message = format!(
        "`{}` begins by itself, and nobody gives it its {noun} {}",
        workflow.id.value,
        listed(&names)
    );
    let first = bound.input_spans.get(&missing.first()?.name)?;
    Some(
        Diagnostic::error(codes::SCHEDULED_INPUT, message, schedule.cron.span, "here is when it begins")
            .label(*first, "this needs a value")
            .help("declare a `default` in the workflow's `input`, or give the value in `with`"),
    )
}

/// A workflow that begins by itself without a journal: nobody would know that it has begun.
fn nowhere_kept(workflow: &Workflow) -> Option<Diagnostic> {
    let schedule = workflow.schedule.as_ref()?;
    let durable = workflow.durable.as_ref().filter(|durable| !durable.value)?;
    let message = format!("`{}` begins by itself, and is not durable", workflow.id.value);
    Some(
        Diagnostic::error(
            codes::SCHEDULED_NOT_DURABLE,
            message,
            durable.span,
            "no journal is kept of its runs",
        )
        .label(schedule.cron.span, "the sidecar begins it, which hands out durable runs only")
        .help("remove `durable: false`, or call the workflow from a program that keeps the time itself"),
    )
}

fn schedule(written: &conductor_model::Schedule) -> Schedule {
    let zone = written.time_zone.as_ref().map_or("UTC", |zone| zone.value.as_str());
    Schedule {
        cron: written.cron.value.clone(),
        time_zone: zone.to_owned(),
        missed: written.missed.as_ref().map_or(conductor_protocol::plan::Missed::Once, |missed| missed.value),
    }
}

fn is_error(finding: &Diagnostic) -> bool {
    finding.severity == Severity::Error
}

fn bind_steps<'s, 'a>(
    known: (&'s Shared<'a>, &'s mut Found<'a>),
    workflow: &'a Workflow,
    ids: &'s StepIds,
    scope: Scope,
    naming: &'s Naming,
    broken: bool,
) -> Round {
    let mut binder = Binder::new(known, workflow, ids, scope, naming, broken);
    let concurrency = binder.concurrency();
    let steps = binder.body(&workflow.steps, ids.roots());
    let output = binder.output(&steps);
    Round { steps, output, concurrency, returns: binder.returns, asked: binder.asked, broken: binder.broken }
}
