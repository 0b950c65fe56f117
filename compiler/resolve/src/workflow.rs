//! One workflow bound: its steps in order, each with what it can see.
//!
//! It knows the workflows it calls as finished; the order of workflows is decided by the caller.

use std::collections::BTreeMap;

use conductor_model::manifest::{Step, StepKind};
use conductor_model::{Findings, Id, Manifest, ParameterKind, PolicyUse, Workflow};
use conductor_protocol::expr::{Expr, Literal, Node as Out};
use conductor_protocol::plan::{Argument, ArgumentValue, OnFailure, Passing};
use conductor_protocol::types::Type;
use conductor_source::{Code, Diagnostic, Severity, Span};

use crate::asked::{Asked, Naming};
use crate::binding::{Bound, Call, Callee, Wanted, bind};
use crate::codes;
use crate::graph::{self, Binding, BindingSource, Task, TaskStep, ValueName, WorkflowStep};
use crate::ids::StepIds;
use crate::input;
use crate::policy::{Applied, Policies, refused_on_workflow};
use crate::scope::{Scope, Value};
use crate::sections::{Sections, unknown};
use crate::value::{Place, findings as report, mentioned, narrowed, value};

/// What the binding of every workflow shares.
pub(crate) struct Shared<'a> {
    pub manifest: &'a Manifest,
    pub findings: &'a Findings,
    pub sections: &'a Sections<'a>,
    pub tasks: &'a [Task],
    pub policies: Policies<'a>,
    pub bindings: Vec<Binding>,
    pub diagnostics: Vec<Diagnostic>,
    /// Workflows that are bound already, by position.
    pub finished: BTreeMap<usize, graph::Workflow>,
}

struct Binder<'s, 'a> {
    shared: &'s mut Shared<'a>,
    workflow: &'a Workflow,
    ids: &'s StepIds,
    scope: Scope,
    naming: &'s Naming,
    known: Vec<Expr>,
    asked: Asked,
    next: usize,
    broken: bool,
}

/// A workflow's steps and output, bound.
struct Round {
    steps: Vec<graph::Step>,
    output: Option<Expr>,
    asked: Asked,
    broken: bool,
}

/// What a step does, and the type of its result before `when` and `critical` are counted.
struct Inner {
    kind: graph::StepKind,
    ty: Type,
    reported: bool,
    policy_critical: Option<bool>,
    deadline: Option<conductor_model::Spanned<u64>>,
}

/// Binds `workflow`, whose sub-workflows are finished or lie on a cycle.
pub(crate) fn bind_workflow(shared: &mut Shared<'_>, position: usize, ids: StepIds) {
    let workflow = &shared.manifest.workflows[position];
    let first_finding = shared.diagnostics.len();
    let mut scope = Scope::default();
    let declared = input::declared(workflow, shared.findings, &mut scope, &mut shared.diagnostics);
    let broken = declared.broken || ids.has_broken();
    let (findings, bindings) = (shared.diagnostics.len(), shared.bindings.len());
    let first = Naming::default();
    let mut round = bind_steps(shared, workflow, &ids, scope.clone(), &first, broken);
    if first.missed() {
        shared.diagnostics.truncate(findings);
        shared.bindings.truncate(bindings);
        let second = Naming::of(round.asked);
        round = bind_steps(shared, workflow, &ids, scope, &second, broken);
        let other = broken || shared.diagnostics[first_finding..].iter().any(is_error);
        let declared = declared.inputs.iter().map(|input| input.name.as_str());
        shared.diagnostics.extend(second.unknown(&round.asked, declared, other, shared.manifest.syntax));
    }
    let Round { steps, output, asked, broken: unbound } = round;
    let open = asked.open || declared.broken || ids.has_broken();
    let inferred = asked.inputs;
    let mut inputs = declared.inputs;
    let mut spans = declared.spans;
    for (name, found) in &inferred {
        spans.insert(name.clone(), found.asker.span);
        inputs.push(conductor_protocol::plan::Input {
            name: name.clone(),
            ty: found.ty.clone(),
            default: None,
        });
    }
    let flag = |field: &Option<conductor_model::Spanned<bool>>, default| {
        field.as_ref().map_or(default, |field| field.value)
    };
    let bound = graph::Workflow {
        id: workflow.id.clone(),
        entrypoint: flag(&workflow.entrypoint, false),
        durable: flag(&workflow.durable, true),
        deadline: workflow.deadline.clone(),
        inputs,
        input_spans: spans,
        inferred: inferred.into_iter().map(|(name, found)| (name, found.asker)).collect(),
        steps,
        broken: unbound || output.is_none(),
        open,
        output: output.unwrap_or(Expr { ty: Type::Any, node: Out::Literal(Literal::Null) }),
        output_span: workflow.output.as_ref().map_or(workflow.id.span, |output| output.span),
    };
    shared.finished.insert(position, bound);
}

fn is_error(finding: &Diagnostic) -> bool {
    finding.severity == Severity::Error
}

fn bind_steps<'s, 'a>(
    shared: &'s mut Shared<'a>,
    workflow: &'a Workflow,
    ids: &'s StepIds,
    scope: Scope,
    naming: &'s Naming,
    broken: bool,
) -> Round {
    let (known, asked) = (Vec::new(), Asked::default());
    let mut binder = Binder { shared, workflow, ids, scope, naming, known, asked, next: 0, broken };
    let steps = binder.steps(&workflow.steps);
    let output = binder.output(&steps);
    Round { steps, output, asked: binder.asked, broken: binder.broken }
}

impl<'a> Binder<'_, 'a> {
    fn steps(&mut self, steps: &'a [Step]) -> Vec<graph::Step> {
        steps.iter().filter_map(|step| self.step(step)).collect()
    }

    fn step(&mut self, step: &'a Step) -> Option<graph::Step> {
        let here = self.next;
        self.next += 1;
        let when = self.when(step, here);
        let learned = self.known.len();
        self.known.extend(when.clone());
        let before = self.under(step, when.is_some(), here);
        let mark = self.scope.mark();
        let inner = self.inner(step, here);
        for (name, value) in before {
            self.scope.set(name, value);
        }
        self.known.truncate(learned);
        self.seen(step, here, mark, inner, when)
    }

    /// Makes what the step's `when` proves visible inside the step; the answer is what it was before.
    fn under(&mut self, step: &Step, holds: bool, here: usize) -> Vec<(ValueName, Value)> {
        let Some(node) = &step.when else { return Vec::new() };
        if holds {
            let narrower = narrowed(node, self.place(Some(here))).into_iter();
            return narrower
                .filter_map(|(name, ty)| self.scope.narrow(&name, ty).map(|value| (name, value)))
                .collect();
        }
        // What a `when` with a mistake would prove of the values in it is not known.
        let mut before = Vec::new();
        for name in mentioned(node) {
            if let Some(value) = self.scope.get(&name).cloned() {
                self.scope.set(name.clone(), Value::reported(value.span));
                before.push((name, value));
            }
        }
        before
    }

    /// The step's result and those inside it as later steps see them.
    fn seen(
        &mut self,
        step: &'a Step,
        here: usize,
        mark: usize,
        inner: Option<Inner>,
        when: Option<Expr>,
    ) -> Option<graph::Step> {
        let (id, anonymous, span) = {
            let place = self.ids.place(here);
            (place.id.clone(), place.anonymous, place.span)
        };
        let own = self.ids.find(&id) == Some(here);
        let Some(inner) = inner else {
            self.broken = true;
            self.asked.open = true;
            if own {
                self.scope.add_step(&id, Value::reported(span));
            }
            return None;
        };
        let task_critical = match &inner.kind {
            graph::StepKind::Task(call) => {
                self.shared.manifest.tasks[call.task].critical.as_ref().map(|critical| critical.value)
            }
            _ => None,
        };
        let critical = step.critical.as_ref().map(|critical| critical.value);
        let critical = critical.or(task_critical).or(inner.policy_critical).unwrap_or(true);
        let may_be_null = step.when.is_some() || !critical;
        let as_seen = |ty: Type| if may_be_null { Type::optional(ty) } else { ty };
        if may_be_null {
            for (id, value) in self.scope.withdraw(mark) {
                let ty = as_seen(value.declared.clone());
                self.scope.add_step(&id, Value { declared: ty.clone(), ty, ..value });
            }
        }
        let ty = as_seen(inner.ty);
        if own {
            let value = if inner.reported { Value::reported(span) } else { Value::new(ty.clone(), span) };
            self.scope.add_step(&id, value);
        }
        Some(graph::Step {
            id,
            anonymous,
            when,
            critical,
            deadline: inner.deadline,
            ty,
            kind: inner.kind,
            span: step.span,
            keyword: step.keyword,
        })
    }

    fn place(&self, here: Option<usize>) -> Place<'_> {
        Place {
            scope: &self.scope,
            naming: self.naming,
            ids: self.ids,
            here,
            known: &self.known,
            types: &self.shared.findings.types,
        }
    }

    fn when(&mut self, step: &Step, here: usize) -> Option<Expr> {
        let node = step.when.as_ref()?;
        let (mut wrong, mut diagnostics) = (Vec::new(), Vec::new());
        let when = value(node, Some(&Type::Bool), self.place(Some(here)), &mut wrong, &mut diagnostics);
        report(wrong, &mut diagnostics);
        self.broken |= when.is_none();
        self.shared.diagnostics.append(&mut diagnostics);
        when
    }

    fn inner(&mut self, step: &'a Step, here: usize) -> Option<Inner> {
        match &step.kind {
            StepKind::Broken => None,
            StepKind::Task(id) => self.task(step, id, here),
            StepKind::Workflow(id) => self.sub_workflow(step, id, here),
            StepKind::Sequence(steps) => {
                let steps = self.steps(steps);
                let last = steps.last();
                let ty = last.map_or(Type::Null, |last| last.ty.clone());
                let reported =
                    last.is_some_and(|last| self.scope.step(&last.id).is_some_and(|value| value.reported));
                let kind = graph::StepKind::Sequence(steps);
                Some(Inner { kind, ty, reported, policy_critical: None, deadline: step.deadline.clone() })
            }
            StepKind::Parallel { branches, max_concurrency, on_failure } => {
                let branches = self.branches(branches);
                let named = branches.iter().filter(|branch| !branch.anonymous);
                let ty = Type::Record(named.map(|branch| (branch.id.clone(), branch.ty.clone())).collect());
                let kind = graph::StepKind::Parallel {
                    branches,
                    max_concurrency: max_concurrency.as_ref().map(|width| width.value),
                    on_failure: on_failure.as_ref().map_or(OnFailure::Cancel, |choice| choice.value),
                };
                let reported = self.broken;
                Some(Inner { kind, ty, reported, policy_critical: None, deadline: step.deadline.clone() })
            }
        }
    }

    /// Branches do not see each other; what is in them is visible after the block.
    fn branches(&mut self, steps: &'a [Step]) -> Vec<graph::Step> {
        let mut values = Vec::new();
        let mut branches = Vec::new();
        for step in steps {
            let mark = self.scope.mark();
            branches.extend(self.step(step));
            values.extend(self.scope.withdraw(mark));
        }
        for (id, value) in values {
            self.scope.add_step(&id, value);
        }
        branches
    }

    /// The policy of a sub-workflow: it has no attempts, so only `critical` means something.
    fn call_policy(&mut self, usage: Option<&'a PolicyUse>) -> Applied {
        if let Some(usage) = usage
            && let Some((fields, defined)) = self.shared.policies.fields(usage)
            && let Some((name, span)) = refused_on_workflow(fields)
        {
            let used = match usage {
                PolicyUse::Named(id) => id.span,
                PolicyUse::Inline(..) => span,
            };
            let mut finding = Diagnostic::error(
                codes::POLICY_ON_WORKFLOW,
                format!("`{name}` cannot be applied to a sub-workflow"),
                used,
                "it takes only `critical`",
            );
            if used != span {
                finding = finding.label(span, "of this policy").label(defined, "defined here");
            }
            self.shared.diagnostics.push(finding.help(if name == "deadline" {
                "give the workflow a `deadline`, or put the step into a `sequence` with one"
            } else {
                "give the policy to its tasks"
            }));
        }
        self.shared.policies.applied(usage, None)
    }

    /// Silent where something could not be read: the name may stand there.
    fn unknown(&mut self, code: Code, what: &str, id: &Id) {
        let sections = self.shared.sections;
        let lost = &self.shared.manifest.lost;
        let (known, lost) = match code {
            codes::UNKNOWN_TASK => (&sections.tasks, &lost.tasks),
            _ => (&sections.workflows, &lost.workflows),
        };
        if !lost.may_hold(&id.value) {
            self.shared.diagnostics.push(unknown(code, what, id, known, self.shared.manifest.syntax));
        }
    }

    fn task(&mut self, step: &'a Step, id: &'a Id, here: usize) -> Option<Inner> {
        let Some(position) = self.shared.sections.tasks.get(id.value.as_str()).copied() else {
            self.unknown(codes::UNKNOWN_TASK, "task", id);
            self.shared.policies.applied(step.policy.as_ref(), None);
            return None;
        };
        let definition = &self.shared.manifest.tasks[position];
        let applied = self.shared.policies.applied(step.policy.as_ref(), definition.policy.as_ref());
        let tasks = self.shared.tasks;
        let signature = tasks[position].signature.as_ref()?;
        let wanted: Vec<Wanted> = signature.parameters.iter().map(parameter).collect();
        let (name, span) = (signature.name.clone(), signature.span);
        let callee = Callee { name, span, is_workflow: false, open: false };
        let bound = self.call(step, here, &wanted, &definition.with, &callee, id.span);
        let args =
            wanted.into_iter().zip(bound).filter_map(|(wanted, bound)| argument(wanted, bound)).collect();
        let kind = graph::StepKind::Task(Box::new(TaskStep {
            task: position,
            args,
            policy: applied.policy,
            policy_span: applied.span,
        }));
        let ty = signature.returns.clone();
        Some(Inner { kind, ty, reported: false, policy_critical: applied.critical, deadline: None })
    }

    fn sub_workflow(&mut self, step: &'a Step, id: &'a Id, here: usize) -> Option<Inner> {
        let Some(position) = self.shared.sections.workflows.get(id.value.as_str()).copied() else {
            self.unknown(codes::UNKNOWN_WORKFLOW, "workflow", id);
            return None;
        };
        let policy = self.call_policy(step.policy.as_ref());
        // On a cycle, which is reported.
        let callee = self.shared.finished.get(&position)?;
        let wanted: Vec<Wanted> = callee.inputs.iter().map(|input| sub_input(callee, input)).collect();
        let (name, span) = (callee.id.value.clone(), callee.id.span);
        let (ty, broken, open) = (callee.output.ty.clone(), callee.broken, callee.open);
        self.asked.open |= broken;
        let callee = Callee { name, span, is_workflow: true, open };
        let bound = self.call(step, here, &wanted, &[], &callee, id.span);
        let args = wanted
            .into_iter()
            .zip(bound)
            .filter_map(|(wanted, bound)| match bound {
                Bound::Value(expr, _) => Some((wanted.name, expr)),
                _ => None,
            })
            .collect();
        let kind = graph::StepKind::Workflow(WorkflowStep { workflow: position, args });
        Some(Inner { kind, ty, reported: broken, policy_critical: policy.critical, deadline: None })
    }

    fn call(
        &mut self,
        step: &'a Step,
        here: usize,
        wanted: &[Wanted],
        of_task: &'a [(Id, conductor_syntax::Node)],
        callee: &Callee,
        span: Span,
    ) -> Vec<Bound> {
        let id = self.ids.place(here).id.clone();
        let with = [of_task, step.with.as_slice()];
        let syntax = self.shared.manifest.syntax;
        let call = Call { syntax, step: &id, callee, span, wanted, with };
        let mut asked = std::mem::take(&mut self.asked);
        let mut diagnostics = Vec::new();
        let bound = bind(&call, self.place(Some(here)), &mut asked, &mut diagnostics);
        self.asked = asked;
        self.shared.diagnostics.append(&mut diagnostics);
        self.broken |= bound.iter().any(|bound| matches!(bound, Bound::Failed));
        for (wanted, bound) in wanted.iter().zip(&bound) {
            if let Bound::Value(expr, Some(source)) = bound {
                self.record(&id, wanted, expr, source);
            }
        }
        bound
    }

    fn record(&mut self, step: &str, wanted: &Wanted, expr: &Expr, source: &BindingSource) {
        self.shared.bindings.push(Binding {
            workflow: self.workflow.id.value.clone(),
            step: step.to_owned(),
            parameter: wanted.name.clone(),
            ty: expr.ty.clone(),
            source: source.clone(),
        });
    }

    fn output(&mut self, steps: &[graph::Step]) -> Option<Expr> {
        let Some(node) = &self.workflow.output else {
            let null = Expr { ty: Type::Null, node: Out::Literal(Literal::Null) };
            return Some(
                steps
                    .last()
                    .map_or(null, |last| Expr { ty: last.ty.clone(), node: Out::Step(last.id.clone()) }),
            );
        };
        let (mut wrong, mut diagnostics) = (Vec::new(), Vec::new());
        let output = value(node, None, self.place(None), &mut wrong, &mut diagnostics);
        report(wrong, &mut diagnostics);
        self.shared.diagnostics.append(&mut diagnostics);
        output
    }
}

fn parameter(parameter: &conductor_model::Parameter) -> Wanted {
    Wanted {
        name: parameter.name.clone(),
        ty: parameter.ty.clone(),
        kind: parameter.kind,
        has_default: parameter.default.is_some(),
        span: parameter.span,
        takes_key: true,
    }
}

fn sub_input(callee: &graph::Workflow, input: &conductor_protocol::plan::Input) -> Wanted {
    Wanted {
        name: input.name.clone(),
        ty: input.ty.clone(),
        kind: ParameterKind::KeywordOnly,
        has_default: input.default.is_some(),
        span: callee.input_spans.get(&input.name).copied().unwrap_or(callee.id.span),
        takes_key: false,
    }
}

fn argument(wanted: Wanted, bound: Bound) -> Option<Argument> {
    let value = match bound {
        Bound::Value(expr, _) => ArgumentValue::Expr(expr),
        Bound::Key => ArgumentValue::IdempotencyKey,
        Bound::Nothing | Bound::Failed => return None,
    };
    let passing =
        if wanted.kind == ParameterKind::PositionalOnly { Passing::Positional } else { Passing::Keyword };
    Some(Argument { parameter: wanted.name, ty: wanted.ty, passing, value })
}
