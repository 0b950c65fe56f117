//! What stands by a call for when it has failed, or must be undone: fallbacks and compensations.
//!
//! It knows that both see the arguments of the call, and nothing of the workflow.

use conductor_model::{Compensate, Fallback, Id};
use conductor_protocol::types::Type;
use conductor_source::{Diagnostic, Span};
use conductor_syntax::Node;

use super::Binder;
use super::call::{callee, given, wanted};
use crate::asked::Asked;
use crate::binding::{Bound, Call, bind};
use crate::codes;
use crate::graph::{self as bound, TaskStep};
use crate::policy::Applied;
use crate::scope::{Scope, Value};
use crate::value::{Place, Stand};
use conductor_model::names::snake_case;

impl<'a> Binder<'_, 'a> {
    /// The fallback and the type of its value. `tried` are the tasks that failed before it gets its turn.
    pub(super) fn fallback(
        &mut self,
        call: &TaskStep,
        fallback: &'a Fallback,
        here: usize,
        tried: &mut Vec<usize>,
    ) -> Option<(bound::Fallback, Type)> {
        let returns = self.shared.tasks[call.task].signature.as_ref()?.returns.clone();
        let id = match fallback {
            Fallback::Value(node) => {
                let wanted = Type::optional(returns);
                let value = self.value(node, Some(&wanted), Stand::At(here))?;
                let ty = if value.ty.is_nullable() { wanted } else { wanted.non_null().clone() };
                return Some((bound::Fallback::Value(value), ty));
            }
            Fallback::Task(id) => id,
        };
        let position = self.task_position(id)?;
        if let Some(at) = tried.iter().position(|task| *task == position) {
            let finding = self.fallback_cycle(id, &tried[at..]);
            self.found.diagnostics.push(finding);
            return None;
        }
        tried.push(position);
        let definition = &self.shared.manifest.tasks[position];
        let mut applied = self.found.policies.applied(None, definition.policy.as_ref());
        let scope = self.arguments(call);
        let mut other = self.beside(position, id, &[], scope, &mut applied, here)?;
        let mut ty = self.shared.tasks[position].signature.as_ref()?.returns.clone();
        if let Some(next) = applied.fallback {
            let (next, last) = self.fallback(&other, next, here, tried)?;
            ty = Type::union([ty, last]);
            other.fallback = Some(next);
        }
        Some((bound::Fallback::Task(Box::new(other)), ty))
    }

    fn fallback_cycle(&self, id: &Id, ring: &[usize]) -> Diagnostic {
        let names: Vec<&str> =
            ring.iter().map(|task| self.shared.manifest.tasks[*task].id.value.as_str()).collect();
        let message = format!("fallbacks go round in a circle: {} -> {}", names.join(" -> "), id.value);
        let mut finding = Diagnostic::error(
            codes::FALLBACK_CYCLE,
            message,
            id.span,
            "falls back to a task that has failed",
        );
        for task in ring {
            finding = finding.label(self.shared.manifest.tasks[*task].id.span, "has failed by then");
        }
        finding.help("let the last one fall back to a `value`, or to nothing")
    }

    /// The call that undoes `call`; `None` is reported.
    pub(super) fn compensation(
        &mut self,
        call: &TaskStep,
        compensate: &'a Compensate,
        here: usize,
    ) -> Option<TaskStep> {
        let position = self.task_position(&compensate.task)?;
        let definition = &self.shared.manifest.tasks[position];
        let mut applied = self.found.policies.applied(None, definition.policy.as_ref());
        let signature = self.shared.tasks[call.task].signature.as_ref()?;
        let mut scope = self.arguments(call);
        let span = signature.returns_span.unwrap_or(signature.span);
        scope.bind("result", Value::new(signature.returns.clone(), span));
        let mut undo =
            self.beside(position, &compensate.task, &compensate.with, scope, &mut applied, here)?;
        if let Some(fallback) = applied.fallback {
            let (fallback, _) = self.fallback(&undo, fallback, here, &mut vec![position])?;
            undo.fallback = Some(fallback);
        }
        Some(undo)
    }

    /// The arguments of a call, as variables of their parameters' names.
    fn arguments(&self, call: &TaskStep) -> Scope {
        let mut scope = Scope::default();
        let signature = self.shared.tasks[call.task].signature.as_ref();
        let place = |name: &str| -> Span {
            let parameter = signature.and_then(|one| one.parameters.iter().find(|one| one.name == name));
            parameter.map_or(self.shared.tasks[call.task].span, |parameter| parameter.span)
        };
        for argument in call.args.iter().filter(|argument| given(argument).is_some()) {
            let value = Value::new(argument.ty.clone(), place(&argument.parameter));
            scope.bind(&snake_case(&argument.parameter), value);
        }
        scope
    }

    /// A call that sees only what is in `scope`.
    fn beside(
        &mut self,
        position: usize,
        id: &'a Id,
        with: &'a [(Id, Node)],
        scope: Scope,
        applied: &mut Applied<'a>,
        here: usize,
    ) -> Option<TaskStep> {
        let signature = self.shared.tasks[position].signature.as_ref()?;
        let wanted = wanted(signature);
        let of_task = self.shared.manifest.tasks[position].with.as_slice();
        let call = Call {
            syntax: self.shared.manifest.syntax,
            step: &self.ids.place(here).id,
            callee: &callee(signature),
            span: id.span,
            wanted: &wanted,
            with: [of_task, with],
            resources: self.shared.resources,
            infers: false,
        };
        let place = Place { scope: &scope, known: &[], ..self.place(Stand::Beside) };
        let mut diagnostics = Vec::new();
        let bound_args = bind(&call, place, &mut Asked::default(), &mut diagnostics);
        self.found.diagnostics.append(&mut diagnostics);
        if bound_args.iter().any(|bound| matches!(bound, Bound::Failed)) {
            return None;
        }
        let policy = self.keyed(applied, Stand::At(here));
        Some(self.assembled(position, wanted, bound_args, (policy, applied.span)))
    }
}
