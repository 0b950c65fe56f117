//! Calls of tasks and of other workflows.
//!
//! It knows what stands by a call; how a parameter finds its value is decided in `binding`.

use conductor_model::{self as model, Id, ParameterKind, PolicyUse, Signature, Spanned, Step};
use conductor_protocol::expr::{Expr, Literal, Node};
use conductor_protocol::plan::{Argument, ArgumentValue, Cache, Input, Passing, Policy};
use conductor_protocol::types::Type;
use conductor_source::{Code, Diagnostic, Span};

use super::{Binder, Inner};
use crate::binding::{Bound, Call, Callee, Wanted, bind};
use crate::codes;
use crate::graph::{self as bound, Binding, BindingSource, Resource, TaskStep, WorkflowStep};
use crate::policy::{Applied, refused_on_workflow};
use crate::sections::unknown;
use crate::value::Stand;

impl<'a> Binder<'_, 'a> {
    pub(super) fn task(&mut self, step: &'a Step, id: &'a Id, here: usize) -> Option<Inner> {
        let Some(position) = self.task_position(id) else {
            self.found.policies.applied(step.policy.as_ref(), None);
            return None;
        };
        let definition = &self.shared.manifest.tasks[position];
        let mut applied = self.found.policies.applied(step.policy.as_ref(), definition.policy.as_ref());
        let signature = self.shared.tasks[position].signature.as_ref()?;
        let wanted = wanted(signature);
        let callee = callee(signature);
        let bound_args = self.call(step, here, &wanted, &definition.with, &callee, id.span);
        let policy = self.keyed(&mut applied, Stand::At(here));
        let mut call = self.assembled(position, wanted, bound_args, (policy, applied.span));
        call.cache = definition.cache.as_ref().map(|cache| Cache {
            ttl_ms: cache.ttl.value,
            key: cache.key.as_ref().and_then(|node| self.value(node, None, Stand::At(here))),
        });
        let mut ty = signature.returns.clone();
        if let Some(fallback) = applied.fallback {
            let fallback = self.fallback(&call, fallback, here, &mut vec![position]);
            self.broken |= fallback.is_none();
            if let Some((fallback, other)) = fallback {
                ty = Type::union([ty, other]);
                call.fallback = Some(fallback);
            }
        }
        if let Some(compensate) = &definition.compensate {
            call.compensate = self.compensation(&call, compensate, here).map(Box::new);
            self.broken |= call.compensate.is_none();
        }
        let kind = bound::StepKind::Task(Box::new(call));
        Some(Inner { policy_critical: applied.critical, ..Inner::new(kind, ty, false) })
    }

    /// Takes the policy, with the breaker's key bound where the step stands.
    pub(super) fn keyed(&mut self, applied: &mut Applied<'a>, here: Stand) -> Policy {
        let mut policy = std::mem::take(&mut applied.policy);
        if let (Some(breaker), Some(node)) = (&mut policy.circuit_breaker, applied.breaker_key) {
            breaker.key = self.value(node, Some(&Type::String), here);
        }
        policy
    }

    /// A call with its arguments, and with nothing that stands by it yet.
    pub(super) fn assembled(
        &self,
        position: usize,
        wanted: Vec<Wanted>,
        bound_args: Vec<Bound>,
        (policy, policy_span): (Policy, Option<Span>),
    ) -> TaskStep {
        let resources = self.shared.resources;
        let handed = bound_args.iter().filter_map(|bound| match bound {
            Bound::Resource(resource) => Some(*resource),
            _ => None,
        });
        let named = self.shared.tasks[position].uses.iter().map(|(resource, _)| *resource);
        let mut uses: Vec<usize> = named.chain(handed).collect();
        // One order for all steps, so that two of them cannot wait for each other.
        uses.extend(self.called_through(position));
        uses.sort_by_key(|resource| resources[*resource].id.value.as_str());
        uses.dedup();
        let object = self.shared.tasks[position].signature.as_ref().map_or(0, Signature::object_parameters);
        let mut args = wanted.into_iter().zip(bound_args);
        let mut arguments = |count: usize| arguments(args.by_ref().take(count).collect(), resources);
        TaskStep {
            task: position,
            object: arguments(object),
            args: arguments(usize::MAX),
            policy,
            policy_span,
            uses,
            cache: None,
            fallback: None,
            compensate: None,
        }
    }

    /// The resource whose connections a remote call takes.
    fn called_through(&self, position: usize) -> Option<usize> {
        let id = match &self.shared.tasks[position].signature.as_ref()?.callee {
            model::Callee::Grpc(grpc) => &grpc.resource,
            model::Callee::Http(http) => &http.resource,
            model::Callee::Function(function) => match function.receiver.as_ref()? {
                model::Receiver::Resource(id) => id,
                _ => return None,
            },
        };
        self.shared.resources.iter().position(|resource| resource.id.value == *id)
    }

    /// The task of that id; `None` is reported, unless it may be one that could not be read.
    pub(super) fn task_position(&mut self, id: &Id) -> Option<usize> {
        let position = self.shared.sections.tasks.get(id.value.as_str()).copied();
        if position.is_none() {
            self.unknown(codes::UNKNOWN_TASK, "task", id);
        }
        position
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
            self.found.diagnostics.push(unknown(code, what, id, known, self.shared.manifest.syntax));
        }
    }

    /// The policy of a sub-workflow: it has no attempts, so only `critical` means something.
    fn call_policy(&mut self, usage: Option<&'a PolicyUse>) -> Applied<'a> {
        if let Some(usage) = usage
            && let Some((fields, defined)) = self.found.policies.fields(usage)
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
            self.found.diagnostics.push(finding.help(if name == "deadline" {
                "give the workflow a `deadline`, or put the step into a `sequence` with one"
            } else {
                "give the policy to its tasks"
            }));
        }
        self.found.policies.applied(usage, None)
    }

    pub(super) fn sub_workflow(
        &mut self,
        step: &'a Step,
        id: &'a Id,
        detach: Option<&Spanned<bool>>,
        here: usize,
    ) -> Option<Inner> {
        let Some(position) = self.shared.sections.workflows.get(id.value.as_str()).copied() else {
            self.unknown(codes::UNKNOWN_WORKFLOW, "workflow", id);
            return None;
        };
        let policy = self.call_policy(step.policy.as_ref());
        // On a cycle, which is reported.
        let callee = self.shared.finished.get(&position)?;
        let wanted: Vec<Wanted> = callee.inputs.iter().map(|input| sub_input(callee, input)).collect();
        let (name, span) = (callee.id.value.clone(), callee.id.span);
        let (result, broken, open) = (callee.result.clone(), callee.broken, callee.open);
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
        let detach = detach.is_some_and(|detach| detach.value);
        let ty = if detach { Type::Null } else { result };
        let kind = bound::StepKind::Workflow(WorkflowStep { workflow: position, args, detach });
        Some(Inner { policy_critical: policy.critical, ..Inner::new(kind, ty, broken && !detach) })
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
        let resources = self.shared.resources;
        let call = Call { syntax, step: &id, callee, span, wanted, with, resources, infers: true };
        let mut asked = std::mem::take(&mut self.asked);
        let mut diagnostics = Vec::new();
        let bound = bind(&call, self.place(Stand::At(here)), &mut asked, &mut diagnostics);
        self.asked = asked;
        self.found.diagnostics.append(&mut diagnostics);
        self.broken |= bound.iter().any(|bound| matches!(bound, Bound::Failed));
        for (wanted, bound) in wanted.iter().zip(&bound) {
            self.record(&id, wanted, bound);
        }
        bound
    }

    /// Notes what a parameter got without being written.
    fn record(&mut self, step: &str, wanted: &Wanted, bound: &Bound) {
        let (ty, source) = match bound {
            Bound::Value(expr, Some(source)) => (expr.ty.clone(), source.clone()),
            Bound::Resource(resource) => {
                let id = self.shared.resources[*resource].id.value.clone();
                (wanted.ty.clone(), BindingSource::Resource(id))
            }
            _ => return,
        };
        self.found.bindings.push(Binding {
            workflow: self.workflow.id.value.clone(),
            step: step.to_owned(),
            parameter: wanted.name.clone(),
            ty,
            source,
        });
    }
}

/// The parameters of what makes the object of an instance method, then the method's own.
pub(super) fn wanted(signature: &Signature) -> Vec<Wanted> {
    signature.all_parameters().map(parameter).collect()
}

pub(super) fn callee(signature: &Signature) -> Callee {
    Callee { name: signature.name(), span: signature.span, is_workflow: false, open: false }
}

fn parameter(parameter: &conductor_model::Parameter) -> Wanted {
    Wanted {
        name: parameter.name.clone(),
        ty: parameter.ty.clone(),
        kind: parameter.kind,
        native: parameter.native.clone(),
        has_default: parameter.default.is_some(),
        span: parameter.span,
        takes_key: true,
    }
}

fn sub_input(callee: &bound::Workflow, input: &Input) -> Wanted {
    Wanted {
        name: input.name.clone(),
        ty: input.ty.clone(),
        kind: ParameterKind::KeywordOnly,
        native: None,
        has_default: input.default.is_some(),
        span: callee.input_spans.get(&input.name).copied().unwrap_or(callee.id.span),
        takes_key: false,
    }
}

/// The arguments of one list of parameters. One by position that is left out before another keeps its place.
fn arguments(given: Vec<(Wanted, Bound)>, resources: &[Resource]) -> Vec<Argument> {
    let by_position =
        |wanted: &Wanted| matches!(wanted.kind, ParameterKind::PositionalOnly | ParameterKind::Cancellation);
    let last = given
        .iter()
        .rposition(|(wanted, bound)| by_position(wanted) && !matches!(bound, Bound::Nothing | Bound::Failed));
    let keeps_place = |at: usize, wanted: &Wanted| by_position(wanted) && last.is_some_and(|last| at < last);
    given
        .into_iter()
        .enumerate()
        .filter_map(|(at, (wanted, bound))| match bound {
            Bound::Nothing if keeps_place(at, &wanted) => Some(left_out(wanted)),
            bound => argument(wanted, bound, resources),
        })
        .collect()
}

/// Null in the place of a parameter that keeps its default.
fn left_out(wanted: Wanted) -> Argument {
    let null = Expr { ty: Type::Null, node: Node::Literal(Literal::Null) };
    Argument {
        parameter: wanted.name,
        ty: Type::Null,
        passing: Passing::Positional,
        value: ArgumentValue::Expr(null),
        native: Some("undefined".to_owned()),
    }
}

fn argument(wanted: Wanted, bound: Bound, resources: &[Resource]) -> Option<Argument> {
    let value: ArgumentValue = match bound {
        Bound::Value(expr, _) => ArgumentValue::Expr(expr),
        Bound::Key => ArgumentValue::IdempotencyKey,
        Bound::Resource(resource) => ArgumentValue::Resource(resources[resource].id.value.clone()),
        Bound::Cancellation => ArgumentValue::Cancellation,
        Bound::Nothing | Bound::Failed => return None,
    };
    let passing = match wanted.kind {
        ParameterKind::PositionalOnly | ParameterKind::Cancellation => Passing::Positional,
        _ => Passing::Keyword,
    };
    Some(Argument { parameter: wanted.name, ty: wanted.ty, passing, value, native: wanted.native })
}

/// Whether an argument is an expression, and which.
pub(super) fn given(argument: &Argument) -> Option<&Expr> {
    match &argument.value {
        ArgumentValue::Expr(expr) => Some(expr),
        _ => None,
    }
}
