//! Blocks whose steps run many times: `map` and `loop`.
//!
//! It knows one iteration; how often it runs is decided at run time.

use conductor_model::{Loop, Map};
use conductor_protocol::expr::Expr;
use conductor_protocol::plan::{LoopTest, OnExhausted};
use conductor_protocol::types::Type;
use conductor_source::{Diagnostic, Span};

use super::{Binder, Inner, missing};
use crate::codes;
use crate::graph as bound;
use crate::graph::ValueName;
use crate::scope::Value;
use crate::value::Stand;
use crate::value::narrowed;

/// Loops inside each other that are bound twice; each one doubles the work. Deeper ones know their own result as `any`.
const MOST_LOOPS_BOUND_TWICE: usize = 3;

impl<'a> Binder<'_, 'a> {
    pub(super) fn map(&mut self, map: &'a Map, here: usize) -> Inner {
        let over = self.value(&map.over, None, Stand::At(here));
        let item = over.as_ref().and_then(|over| self.item(over, map.over.span));
        let before = self.variable(&map.variable, item.clone().unwrap_or(Type::Any), item.is_none());
        let mark = self.scope.mark();
        let steps = self.body(&map.steps, &self.ids.place(here).children);
        let (ty, reported) = self.last(&steps);
        self.scope.withdraw(mark);
        self.scope.unbind(&map.variable.value, before);
        let kind = bound::StepKind::Map(Box::new(bound::Map {
            over: over.unwrap_or_else(missing),
            variable: map.variable.value.clone(),
            item: item.unwrap_or(Type::Any),
            max_concurrency: map.max_concurrency.as_ref().map(|width| width.value),
            steps,
        }));
        Inner::new(kind, Type::List(Box::new(ty)), reported)
    }

    /// The type of the items; `None`, which is reported, where the value is no list.
    fn item(&mut self, over: &Expr, span: Span) -> Option<Type> {
        let message = match &over.ty {
            Type::List(item) => return Some((**item).clone()),
            Type::Any => return Some(Type::Any),
            Type::Optional(inner) if matches!(**inner, Type::List(_)) => {
                format!("the list may be null: its type is `{}`", over.ty)
            }
            Type::Map(_) => format!("a `map` goes over a list, and this is `{}`", over.ty),
            other => format!("a `map` goes over a list, but this is `{other}`"),
        };
        self.broken = true;
        let finding = Diagnostic::error(codes::NOT_A_LIST, message, span, "");
        self.found.diagnostics.push(match &over.ty {
            Type::Optional(_) => {
                finding.help("test it first: `x == null ? [] : x`, or give the step a `when`")
            }
            Type::Map(_) => finding.help("give the list of its entries, from a task"),
            _ => finding.help("name a list"),
        });
        None
    }

    pub(super) fn repeat(&mut self, repeat: &'a Loop, here: usize) -> Inner {
        let place = self.ids.place(here);
        let own = (!place.anonymous && !place.is_double).then(|| place.id.clone());
        let Some(own) = own.filter(|own| self.mentions(repeat, own)) else {
            return self.iteration(repeat, here, None, Type::Any);
        };
        if self.loops >= MOST_LOOPS_BOUND_TWICE {
            return self.iteration(repeat, here, Some(&own), Type::Any);
        }
        self.loops += 1;
        let (findings, bindings) = (self.found.diagnostics.len(), self.found.bindings.len());
        let (asked, broken, returns) = (self.asked.clone(), self.broken, self.returns.clone());
        let first = self.iteration(repeat, here, Some(&own), Type::Any);
        let bound = match first.ty.clone() {
            ty if is_open(&ty) => first,
            ty => {
                self.found.diagnostics.truncate(findings);
                self.found.bindings.truncate(bindings);
                (self.asked, self.broken, self.returns) = (asked, broken, returns);
                self.iteration(repeat, here, Some(&own), ty)
            }
        };
        self.loops -= 1;
        bound
    }

    /// One iteration. `own` is the loop's id where it is named inside: the result of the iteration before, of type `ty`.
    fn iteration(&mut self, repeat: &'a Loop, here: usize, own: Option<&str>, ty: Type) -> Inner {
        let span = self.ids.place(here).span;
        if let Some(own) = own {
            self.scope.add_step(own, Value::new(Type::optional(ty), span));
        }
        let mark = self.scope.mark();
        let tested = |test| repeat.test == test;
        let mut condition = None;
        if tested(LoopTest::While) {
            condition = self.condition(&repeat.condition, Stand::At(here));
        }
        let steps = self.body(&repeat.steps, &self.ids.place(here).children);
        let (mut ty, reported) = self.last(&steps);
        if tested(LoopTest::Until) {
            if let Some(own) = own {
                // By now an iteration has ended.
                self.scope.set(ValueName::Step(own.to_owned()), Value::new(ty.clone(), span));
            }
            condition = self.condition(&repeat.condition, Stand::At(here));
            let last = steps.last().map(|last| last.id.as_str());
            if let Some(proven) = self.proven(repeat, condition.as_ref(), [own, last], here) {
                ty = proven;
            }
        }
        self.scope.withdraw(mark);
        if let Some(own) = own {
            self.scope.hide_step(own);
        }
        let kind = bound::StepKind::Loop(Box::new(bound::Loop {
            test: repeat.test,
            condition: condition.unwrap_or_else(missing),
            max_iterations: repeat.max_iterations.value,
            every_ms: repeat.every.as_ref().map(|every| every.value),
            on_exhausted: repeat.on_exhausted.as_ref().map_or(OnExhausted::Fail, |choice| choice.value),
            steps,
        }));
        let may_not_run = tested(LoopTest::While);
        Inner::new(kind, if may_not_run { Type::optional(ty) } else { ty }, reported)
    }

    /// The type of the result where the condition holds, as it does when a loop that fails otherwise has ended: narrower
    /// where the condition says so of the loop's id or of its last step's.
    fn proven(
        &mut self,
        repeat: &Loop,
        condition: Option<&Expr>,
        results: [Option<&str>; 2],
        here: usize,
    ) -> Option<Type> {
        let may_go_on =
            repeat.on_exhausted.as_ref().is_some_and(|choice| choice.value == OnExhausted::Continue);
        let condition = condition.filter(|_| !may_go_on)?;
        self.known.push(condition.clone());
        let narrower = narrowed(&repeat.condition, self.place(Stand::At(here)));
        self.known.pop();
        let is_result = |name: &ValueName| match name {
            ValueName::Step(id) => results.contains(&Some(id.as_str())),
            _ => false,
        };
        narrower.into_iter().find(|(name, _)| is_result(name)).map(|(_, ty)| ty)
    }

    fn mentions(&self, repeat: &Loop, own: &str) -> bool {
        let mut names = std::collections::BTreeSet::new();
        super::graph::names_in(&repeat.condition, &mut names);
        for step in &repeat.steps {
            self.wants(step, &mut names);
        }
        names.contains(own)
    }
}

/// Whether a part of the type is not known.
fn is_open(ty: &Type) -> bool {
    match ty {
        Type::Any => true,
        Type::List(inner) | Type::Map(inner) | Type::Optional(inner) => is_open(inner),
        Type::Record(fields) => fields.values().any(is_open),
        Type::Union(members) => members.iter().any(is_open),
        _ => false,
    }
}
