//! Steps bound one after another, each with what it can see and what it leaves visible.
//!
//! It knows the rules of visibility; what a call's parameters get is decided in `binding`.

mod blocks;
mod call;
mod choice;
mod graph;
mod leaf;
mod repeat;
mod undo;

use conductor_model::{Spanned, Step, StepKind, Workflow};
use conductor_protocol::expr::{Expr, Literal, Node as Out};
use conductor_protocol::types::Type;
use conductor_source::{Diagnostic, Span};
use conductor_syntax::Node;

use crate::asked::{Asked, Naming};
use crate::codes;
use crate::graph as bound;
use crate::graph::ValueName;
use crate::ids::StepIds;
use crate::scope::{Scope, Value};
use crate::value::{Place, Stand, findings as report, mentioned, narrowed, value};
use crate::workflow::{Found, Shared};

pub(crate) struct Binder<'s, 'a> {
    shared: &'s Shared<'a>,
    found: &'s mut Found<'a>,
    workflow: &'a Workflow,
    ids: &'s StepIds,
    scope: Scope,
    naming: &'s Naming,
    known: Vec<Expr>,
    pub asked: Asked,
    pub broken: bool,
    /// Types of the values that a `return` ends the run with.
    pub returns: Vec<Type>,
    /// How many loops around the current step were bound twice to learn the type of their own result.
    loops: usize,
}

/// What a step does, and the type of its result before `when` and `critical` are counted.
struct Inner {
    kind: bound::StepKind,
    ty: Type,
    /// Whether the type is unknown because of a mistake that is reported.
    reported: bool,
    policy_critical: Option<bool>,
}

impl Inner {
    fn new(kind: bound::StepKind, ty: Type, reported: bool) -> Inner {
        Inner { kind, ty, reported, policy_critical: None }
    }
}

impl<'s, 'a> Binder<'s, 'a> {
    pub(crate) fn new(
        (shared, found): (&'s Shared<'a>, &'s mut Found<'a>),
        workflow: &'a Workflow,
        ids: &'s StepIds,
        scope: Scope,
        naming: &'s Naming,
        broken: bool,
    ) -> Binder<'s, 'a> {
        let (known, asked, returns) = (Vec::new(), Asked::default(), Vec::new());
        Binder { shared, found, workflow, ids, scope, naming, known, asked, broken, returns, loops: 0 }
    }

    /// Steps one after another; `positions` are theirs among all steps of the workflow.
    pub(crate) fn body(&mut self, steps: &'a [Step], positions: &[usize]) -> Vec<bound::Step> {
        steps.iter().zip(positions).filter_map(|(step, here)| self.step(step, *here)).collect()
    }

    fn step(&mut self, step: &'a Step, here: usize) -> Option<bound::Step> {
        self.needs_outside_graph(step, here);
        let when = step.when.as_ref().and_then(|node| self.condition(node, Stand::At(here)));
        let learned = self.known.len();
        self.known.extend(when.clone());
        let before = self.under(step.when.as_ref(), when.is_some(), here);
        let mark = self.scope.mark();
        let inner = self.inner(step, here);
        self.restore(before);
        self.known.truncate(learned);
        self.seen(step, here, mark, inner, when)
    }

    fn needs_outside_graph(&mut self, step: &Step, here: usize) {
        let Some(first) = step.needs.first() else { return };
        if self.ids.is_in_graph(here) {
            return;
        }
        self.found.diagnostics.push(
            Diagnostic::error(codes::NEEDS, "only a step of a `graph` has `needs`", first.span, "")
                .label(step.keyword, "this step stands in no graph")
                .help("in a sequence the order of the text counts; put the steps into a `graph` for another one"),
        );
    }

    /// Makes what a condition proves visible where it holds; the answer is what it was before.
    fn under(&mut self, when: Option<&Node>, holds: bool, here: usize) -> Vec<(ValueName, Value)> {
        let Some(node) = when else { return Vec::new() };
        if holds {
            let narrower = narrowed(node, self.place(Stand::At(here))).into_iter();
            return narrower
                .filter_map(|(name, ty)| self.scope.narrow(&name, ty).map(|value| (name, value)))
                .collect();
        }
        // What a condition with a mistake would prove of the values in it is not known.
        let mut before = Vec::new();
        for name in mentioned(node) {
            if let Some(value) = self.scope.get(&name).cloned() {
                self.scope.set(name.clone(), Value::reported(value.span));
                before.push((name, value));
            }
        }
        before
    }

    fn restore(&mut self, before: Vec<(ValueName, Value)>) {
        for (name, value) in before {
            self.scope.set(name, value);
        }
    }

    /// The step's result and those inside it as later steps see them.
    fn seen(
        &mut self,
        step: &'a Step,
        here: usize,
        mark: usize,
        inner: Option<Inner>,
        when: Option<Expr>,
    ) -> Option<bound::Step> {
        let (id, anonymous, span, own) = {
            let place = self.ids.place(here);
            (place.id.clone(), place.anonymous, place.span, !place.anonymous && !place.is_double)
        };
        let Some(inner) = inner else {
            self.broken = true;
            self.asked.open = true;
            if own {
                self.scope.add_step(&id, Value::reported(span));
            }
            return None;
        };
        let critical = self.critical(step, &inner);
        let absent = self.absent(step, &inner, (&id, anonymous), critical);
        let may_be_null = absent.is_some();
        if let Some(absent) = &absent {
            self.make_optional(mark, absent);
        }
        let ty = if may_be_null { Type::optional(inner.ty) } else { inner.ty };
        if own {
            let value = if inner.reported { Value::reported(span) } else { Value::new(ty.clone(), span) };
            self.scope.add_step(&id, Value { absent, ..value });
        }
        Some(bound::Step {
            id,
            anonymous,
            when,
            critical,
            deadline: step.deadline.clone(),
            needs: Vec::new(),
            ty,
            kind: inner.kind,
            span: step.span,
            keyword: step.keyword,
        })
    }

    /// The step's own word, else its task's, else its policy's.
    fn critical(&self, step: &Step, inner: &Inner) -> bool {
        let of_task = match &inner.kind {
            bound::StepKind::Task(call) => self.shared.manifest.tasks[call.task].critical.as_ref(),
            _ => None,
        };
        let value = |field: Option<&Spanned<bool>>| field.map(|field| field.value);
        value(step.critical.as_ref()).or(value(of_task)).or(inner.policy_critical).unwrap_or(true)
    }

    /// Why the step's result may be null although it ended, with the place that says so.
    fn absent(
        &self,
        step: &Step,
        inner: &Inner,
        (id, anonymous): (&str, bool),
        critical: bool,
    ) -> Option<(Span, String)> {
        if !critical {
            let of_task = match &inner.kind {
                bound::StepKind::Task(call) => self.shared.manifest.tasks[call.task].critical.as_ref(),
                _ => None,
            };
            let said = step.critical.as_ref().or(of_task).map(|said| said.span);
            let text = match anonymous {
                true => "the block is not critical: where it fails, results inside are null".to_owned(),
                false => format!("`{id}` is not critical: where it fails its result is null"),
            };
            return Some((said.unwrap_or(step.keyword), text));
        }
        let when = step.when.as_ref()?;
        let text = match anonymous {
            true => "where this does not hold, the block is skipped, and results inside are null".to_owned(),
            false => format!("where this does not hold, `{id}` is skipped and its result is null"),
        };
        Some((when.span, text))
    }

    /// What became visible since `mark` may not have run.
    fn make_optional(&mut self, mark: usize, absent: &(Span, String)) {
        for (id, value) in self.scope.withdraw(mark) {
            let ty = Type::optional(value.declared.clone());
            let absent = value.absent.or(Some(absent.clone()));
            self.scope.add_step(&id, Value { declared: ty.clone(), ty, absent, ..value });
        }
    }

    fn place(&self, here: Stand) -> Place<'_> {
        Place {
            scope: &self.scope,
            naming: self.naming,
            ids: self.ids,
            here,
            known: &self.known,
            env: false,
            types: &self.shared.findings.types,
            languages: &self.shared.findings.languages,
        }
    }

    fn condition(&mut self, node: &Node, here: Stand) -> Option<Expr> {
        self.value(node, Some(&Type::Bool), here)
    }

    /// A value at a place; `None` is reported.
    fn value(&mut self, node: &Node, expected: Option<&Type>, here: Stand) -> Option<Expr> {
        let (mut wrong, mut diagnostics) = (Vec::new(), Vec::new());
        let found = value(node, expected, self.place(here), &mut wrong, &mut diagnostics);
        report(wrong, &mut diagnostics);
        self.broken |= found.is_none();
        self.found.diagnostics.append(&mut diagnostics);
        found
    }

    fn inner(&mut self, step: &'a Step, here: usize) -> Option<Inner> {
        match &step.kind {
            StepKind::Broken => None,
            StepKind::Task(id) => self.task(step, id, here),
            StepKind::Workflow { callee, detach } => self.sub_workflow(step, callee, detach.as_ref(), here),
            StepKind::Sequence(steps) => Some(self.sequence(steps, here)),
            StepKind::Parallel { branches, max_concurrency, on_failure } => {
                Some(self.parallel(branches, max_concurrency.as_ref(), on_failure.as_ref(), here))
            }
            StepKind::Graph(steps) => Some(self.graph(steps, here)),
            StepKind::Race(branches) => Some(self.race(branches, here)),
            StepKind::Map(map) => Some(self.map(map, here)),
            StepKind::Switch(cases) => Some(self.switch(cases, here)),
            StepKind::Loop(repeat) => Some(self.repeat(repeat, here)),
            StepKind::Try(block) => Some(self.attempt(block, here)),
            StepKind::Sleep(sleep) => Some(self.sleep(sleep, here)),
            StepKind::WaitFor(wait) => Some(self.wait_for(wait)),
            StepKind::Emit(emit) => Some(self.emit(emit, here)),
            StepKind::Hold(hold) => Some(self.hold(hold, here)),
            StepKind::Set(values) => Some(self.set(values, here)),
            StepKind::Return(node) => Some(self.exit(node, here)),
            StepKind::Fail(fail) => Some(self.fail(fail, here)),
        }
    }

    /// The result of steps one after another: its type, and whether that is unknown because of a reported mistake.
    fn last(&self, steps: &[bound::Step]) -> (Type, bool) {
        let Some(last) = steps.last() else { return (Type::Null, false) };
        let reported = self.scope.step(&last.id).is_some_and(|value| value.reported);
        (last.ty.clone(), reported)
    }

    /// The positions of the steps directly inside, body by body; `lengths` are those of the bodies.
    fn positions(&self, here: usize, lengths: impl IntoIterator<Item = usize>) -> Vec<Vec<usize>> {
        let mut rest = self.ids.place(here).children.as_slice();
        let mut bodies = Vec::new();
        for length in lengths {
            let (body, after) = rest.split_at(length.min(rest.len()));
            bodies.push(body.to_vec());
            rest = after;
        }
        bodies
    }

    /// Makes a variable visible for the steps inside; `None`, which is reported, where the name means something else.
    fn variable(&mut self, name: &Spanned<String>, ty: Type, reported: bool) -> Option<Value> {
        let hidden = match self.ids.find(&name.value) {
            Some(step) => Some(self.ids.place(step).span),
            None => self.scope.variable(&name.value).map(|value| value.span),
        };
        if let Some(other) = hidden {
            self.found.diagnostics.push(hides(name, other));
        }
        let value = if reported { Value::reported(name.span) } else { Value::new(ty, name.span) };
        self.scope.bind(&name.value, value)
    }

    pub(crate) fn concurrency(&mut self) -> Option<bound::Concurrency> {
        let written = self.workflow.concurrency.as_ref()?;
        let key = written.key.as_ref().and_then(|node| self.value(node, None, Stand::Start));
        Some(bound::Concurrency { limit: written.limit.value, key, span: written.span })
    }

    pub(crate) fn output(&mut self, steps: &[bound::Step]) -> Option<Expr> {
        if let Some(node) = &self.workflow.output {
            return self.value(node, None, Stand::End);
        }
        let null = Expr { ty: Type::Null, node: Out::Literal(Literal::Null) };
        let last = steps.last().filter(|_| !bound::never_complete(steps));
        Some(last.map_or(null, |last| Expr { ty: last.ty.clone(), node: Out::Step(last.id.clone()) }))
    }
}

fn hides(name: &Spanned<String>, other: Span) -> Diagnostic {
    Diagnostic::error(
        codes::NAME_HIDDEN,
        format!("`{}` would stand for two things here", name.value),
        name.span,
        "this variable",
    )
    .label(other, "and this")
    .help("call the variable something else")
}

/// Stands for an expression with a mistake, which is reported: the rest of its step is bound all the same.
fn missing() -> Expr {
    Expr { ty: Type::Any, node: Out::Literal(Literal::Null) }
}
