//! Blocks of which not every body runs: `switch` and `try`.
//!
//! It knows what may be missing after them, not when.

use std::collections::{BTreeMap, BTreeSet};

use conductor_model::{Case, Catch, Spanned, Step, Try};
use conductor_protocol::expr::{Expr, Node as Out, UnaryOp};
use conductor_protocol::types::Type;

use super::{Binder, Inner};
use crate::graph as bound;
use crate::scope::Value;
use crate::value::Stand;

/// A body of which at most one runs: its result and what it leaves visible.
struct Branch {
    ty: Type,
    reported: bool,
    visible: Vec<(String, Value)>,
    /// Whether steps after the block can run after this branch.
    completes: bool,
}

impl<'a> Binder<'_, 'a> {
    pub(super) fn switch(&mut self, cases: &'a [Case], here: usize) -> Inner {
        let bodies = self.positions(here, cases.iter().map(|case| case.steps.len()));
        let learned = self.known.len();
        let (mut bound_cases, mut branches) = (Vec::new(), Vec::new());
        for (case, positions) in cases.iter().zip(bodies) {
            let when = case.when.as_ref().and_then(|node| self.condition(node, Stand::At(here)));
            let denied = self.known.len();
            self.known.extend(when.clone());
            let before = self.under(case.when.as_ref(), when.is_some(), here);
            let (steps, branch) = self.branch(&case.steps, &positions);
            self.restore(before);
            self.known.truncate(denied);
            // Where a later case is looked at, this one did not hold.
            self.known.extend(when.clone().map(negated));
            branches.push(branch);
            bound_cases.push(bound::Case { when, steps, span: case.span });
        }
        self.known.truncate(learned);
        let complete = cases.last().is_some_and(|last| last.when.is_none());
        let (ty, reported) = self.merged(branches, complete);
        Inner::new(bound::StepKind::Switch(bound_cases), ty, reported)
    }

    /// Steps whose results are not visible from outside yet.
    fn branch(&mut self, steps: &'a [Step], positions: &[usize]) -> (Vec<bound::Step>, Branch) {
        let mark = self.scope.mark();
        let steps = self.body(steps, positions);
        let (ty, reported) = self.last(&steps);
        let visible = self.scope.withdraw(mark);
        let completes = !bound::never_complete(&steps);
        (steps, Branch { ty, reported, visible, completes })
    }

    /// Makes visible what branches leave, of which one ran, or perhaps none; the answer is their result.
    fn merged(&mut self, branches: Vec<Branch>, complete: bool) -> (Type, bool) {
        let going_on: Vec<Branch> = branches.into_iter().filter(|branch| branch.completes).collect();
        let mut order: Vec<&str> = Vec::new();
        let mut values: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for (id, value) in going_on.iter().flat_map(|branch| &branch.visible) {
            if !values.contains_key(id.as_str()) {
                order.push(id);
            }
            values.entry(id).or_default().push(value);
        }
        for id in order {
            let found = &values[id];
            let everywhere = complete && found.len() == going_on.len();
            self.scope.add_step(id, union(found, !everywhere));
        }
        let ty = Type::union(going_on.iter().map(|branch| branch.ty.clone()));
        let ty = if complete { ty } else { Type::optional(ty) };
        (ty, going_on.iter().any(|branch| branch.reported))
    }

    pub(super) fn attempt(&mut self, block: &'a Try, here: usize) -> Inner {
        let handlers = block.catches.iter().map(|catch| catch.steps.len());
        let lengths = std::iter::once(block.steps.len()).chain(handlers).chain([block.finally.len()]);
        let mut bodies = self.positions(here, lengths).into_iter();
        let (steps, tried) = self.branch(&block.steps, &bodies.next().unwrap_or_default());
        let tried_ids: BTreeSet<String> = tried.visible.iter().map(|(id, _)| id.clone()).collect();
        // Inside the handlers, and in `finally`, what was tried may not have run.
        let mark = self.scope.mark();
        for (id, value) in &tried.visible {
            self.scope.add_step(id, union(&[value], true));
        }
        let (mut catches, mut branches) = (Vec::new(), Vec::new());
        for (catch, positions) in block.catches.iter().zip(bodies.by_ref()) {
            let (catch, branch) = self.catch(catch, &positions);
            catches.push(catch);
            branches.push(branch);
        }
        let (finally, last) = self.branch(&block.finally, &bodies.next().unwrap_or_default());
        self.scope.withdraw(mark);
        let caught = !catches.is_empty();
        branches.insert(0, tried);
        let (ty, reported) = if caught { self.merged(branches, true) } else { self.alone(branches) };
        for (id, value) in last.visible.into_iter().filter(|(id, _)| !tried_ids.contains(id)) {
            self.scope.add_step(&id, value);
        }
        let kind = bound::StepKind::Try(Box::new(bound::Try { steps, catches, finally }));
        Inner::new(kind, ty, reported)
    }

    /// Without a handler, what was tried has run where anything after it does.
    fn alone(&mut self, branches: Vec<Branch>) -> (Type, bool) {
        let Some(tried) = branches.into_iter().next() else { return (Type::Null, false) };
        for (id, value) in tried.visible {
            self.scope.add_step(&id, value);
        }
        (tried.ty, tried.reported)
    }

    fn catch(&mut self, catch: &'a Catch, positions: &[usize]) -> (bound::Catch, Branch) {
        let name = match &catch.variable {
            Some(name) => name.clone(),
            None => Spanned::new("error".to_owned(), catch.span),
        };
        let before = self.variable(&name, caught(), false);
        let (steps, branch) = self.branch(&catch.steps, positions);
        self.scope.unbind(&name.value, before);
        let errors = catch.errors.iter().map(|error| error.value.clone()).collect();
        (bound::Catch { errors, variable: name.value, steps, span: catch.span }, branch)
    }
}

/// The type of a caught error.
fn caught() -> Type {
    let fields = [
        ("type", Type::String),
        ("message", Type::String),
        ("step", Type::String),
        ("attempts", Type::Int),
        ("status", Type::optional(Type::Int)),
    ];
    Type::Record(fields.into_iter().map(|(name, ty)| (name.to_owned(), ty)).collect())
}

fn negated(condition: Expr) -> Expr {
    Expr { ty: Type::Bool, node: Out::Unary { op: UnaryOp::Not, operand: Box::new(condition) } }
}

fn union(values: &[&Value], may_be_null: bool) -> Value {
    let ty = Type::union(values.iter().map(|value| value.declared.clone()));
    let ty = if may_be_null { Type::optional(ty) } else { ty };
    let reported = values.iter().any(|value| value.reported);
    let absent = values.iter().find_map(|value| value.absent.clone());
    Value { declared: ty.clone(), ty, span: values[0].span, absent, reported }
}
