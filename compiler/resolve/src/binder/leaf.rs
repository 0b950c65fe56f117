//! Steps that call nothing: pauses, signals, values and exits.
//!
//! It knows their values, not when they happen.

use conductor_model::{Emit, Fail, Id, Sleep, WaitFor};
use conductor_protocol::expr::{Expr, Literal, Node as Out};
use conductor_protocol::plan::{self, Delay, OnTimeout};
use conductor_protocol::types::Type;
use conductor_syntax::Node;

use super::{Binder, Inner, missing};
use crate::graph as bound;
use crate::scope::Value;
use crate::types;
use crate::value::Stand;

impl<'a> Binder<'_, 'a> {
    pub(super) fn sleep(&mut self, sleep: &'a Sleep, here: usize) -> Inner {
        let delay = match sleep {
            Sleep::Fixed(duration) => Delay::Fixed { ms: duration.value },
            Sleep::Computed(node) => {
                let delay = self.value(node, Some(&Type::Duration), Stand::At(here));
                Delay::Computed(delay.unwrap_or_else(missing))
            }
        };
        Inner::new(bound::StepKind::Sleep(delay), Type::Null, false)
    }

    pub(super) fn wait_for(&mut self, wait: &'a WaitFor) -> Inner {
        let (data, whole) = match &wait.data {
            Some(ty) => types::resolve(ty, self.shared.findings, &mut self.found.diagnostics),
            None => (Type::Any, true),
        };
        self.broken |= !whole;
        let on_timeout = wait.on_timeout.as_ref().map_or(OnTimeout::Fail, |choice| choice.value);
        let ty = if on_timeout == OnTimeout::Null { Type::optional(data.clone()) } else { data.clone() };
        let kind = bound::StepKind::WaitFor(plan::WaitFor {
            signal: wait.signal.value.clone(),
            data,
            timeout_ms: wait.timeout.as_ref().map(|timeout| timeout.value),
            on_timeout,
        });
        Inner::new(kind, ty, !whole)
    }

    pub(super) fn emit(&mut self, emit: &'a Emit, here: usize) -> Inner {
        let data = emit.data.as_ref().and_then(|node| self.value(node, None, Stand::At(here)));
        let run = emit.run.as_ref().and_then(|node| self.value(node, Some(&Type::String), Stand::At(here)));
        let kind = bound::StepKind::Emit(Box::new(plan::Emit {
            signal: emit.signal.value.clone(),
            data,
            run,
            barrier: false,
        }));
        Inner::new(kind, Type::Null, false)
    }

    /// Each value sees those before it.
    pub(super) fn set(&mut self, values: &'a [(Id, Node)], here: usize) -> Inner {
        let mut bound_values = Vec::new();
        let mut reported = false;
        for (name, node) in values {
            let found = self.value(node, None, Stand::At(here));
            let value = match &found {
                Some(expr) => Value::new(expr.ty.clone(), name.span),
                None => Value::reported(name.span),
            };
            reported |= found.is_none();
            self.scope.add_step(&name.value, value);
            bound_values.extend(found.map(|expr| (name.value.clone(), expr)));
        }
        let fields = bound_values.iter().map(|(name, expr)| (name.clone(), expr.ty.clone()));
        let ty = Type::Record(fields.collect());
        Inner::new(bound::StepKind::Set(bound_values), ty, reported)
    }

    pub(super) fn exit(&mut self, node: &'a Node, here: usize) -> Inner {
        let value = self.value(node, None, Stand::At(here)).unwrap_or_else(missing);
        self.returns.push(value.ty.clone());
        Inner::new(bound::StepKind::Return(value), Type::Null, false)
    }

    pub(super) fn fail(&mut self, fail: &'a Fail, here: usize) -> Inner {
        let message = match &fail.message {
            Some(node) => self.value(node, Some(&Type::String), Stand::At(here)).unwrap_or_else(missing),
            None => {
                let text = format!("the workflow failed with {}", fail.error.value);
                Expr { ty: Type::String, node: Out::Literal(Literal::String(text)) }
            }
        };
        let kind = bound::StepKind::Fail { error: fail.error.value.clone(), message };
        Inner::new(kind, Type::Null, false)
    }
}
