//! How steps are put together: one after another in a function, and the functions around blocks.
//!
//! It knows what a block takes and leaves; what each kind of block looks like is decided beside it.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::expr::Expr;
use conductor_protocol::plan::{Step, StepKind};
use conductor_protocol::types::Type;

use super::left::Holder;
use super::scope::Var;
use super::tree::{Function, Item, Param, Py, Stmt};
use super::workflow::{Workflow, run_param};
use super::{direct, durable, literal};
use crate::EmitError;
use crate::flow::{At, Region, is_never_left, never_complete};

/// So many statements stand inside each other before a block becomes a function: Python has a limit, and so have readers.
pub const MAX_DEPTH: usize = 5;

/// The function that is being written.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// What stands before the keys of its steps, as a part of an f-string: `{at}poll[{index}].`
    pub prefix: String,
    /// Variables whose types are declared.
    pub declared: BTreeSet<String>,
    /// Statements around the one that is being written.
    pub depth: usize,
    /// Whether a `return` here ends the workflow.
    pub is_body: bool,
    /// Whether it is a branch of a race, that loses where it is skipped or its failure tolerated.
    pub loses: bool,
    /// What can be read even where the block around fails, and is made by functions that are called from here.
    pub left: BTreeMap<Var, Holder>,
    /// Whether it undoes a step, under the key that it is given.
    pub undoes: bool,
}

impl Frame {
    /// Of the workflow's own function.
    pub fn body() -> Frame {
        Frame { is_body: true, ..Frame::default() }
    }
}

impl<'a> Workflow<'a> {
    /// Steps one after another.
    pub fn steps(&mut self, steps: &'a [Step]) -> Result<Vec<Stmt>, EmitError> {
        let mut body = Vec::new();
        for step in steps {
            let has_function = self.needs_function(step);
            body.extend(self.step(step)?);
            body.extend(self.leave_at_once(step, has_function));
            if never_complete(std::slice::from_ref(step)) {
                break;
            }
        }
        Ok(body)
    }

    fn step(&mut self, step: &'a Step) -> Result<Vec<Stmt>, EmitError> {
        self.here = self.scope.flow.at(step);
        if let Some(call) = direct::plain(self, step)
            && self.frame.depth < MAX_DEPTH
            && let Some(statements) = direct::inline(self, step, call)?
        {
            return Ok(statements);
        }
        if self.needs_function(step) {
            let (call, vars) = self.call(step)?;
            return Ok(vec![self.bind(call.awaited(), &vars)]);
        }
        if step.kind.bodies().is_empty() {
            return self.leaf(step);
        }
        let mut body = self.inside(step)?;
        body.extend(self.kept(step)?);
        Ok(body)
    }

    /// Steps inside one statement more.
    pub fn nested(&mut self, steps: &'a [Step]) -> Result<Vec<Stmt>, EmitError> {
        self.frame.depth += 1;
        let body = self.steps(steps);
        self.frame.depth -= 1;
        body
    }

    /// What a block does, without a function of its own.
    pub fn inside(&mut self, step: &'a Step) -> Result<Vec<Stmt>, EmitError> {
        self.here = self.scope.flow.at(step);
        match &step.kind {
            StepKind::Sequence { steps } => self.steps(steps),
            StepKind::Parallel { branches, max_concurrency, on_failure } => {
                self.parallel(step, branches, *max_concurrency, *on_failure)
            }
            StepKind::Graph { steps } => self.graph(step, steps),
            StepKind::Race { branches } => self.race(step, branches),
            StepKind::Map(map) => self.map(step, map),
            StepKind::Switch { cases } => self.switch(step, cases),
            StepKind::Loop(repeat) => self.repeat(step, repeat),
            StepKind::Try(block) => self.attempt(step, block),
            StepKind::Hold(hold) => self.hold(step, hold),
            _ => self.leaf_inside(step),
        }
    }

    /// Whether the step cannot stand inside its surroundings' function.
    fn needs_function(&self, step: &Step) -> bool {
        let is_block = !step.kind.bodies().is_empty();
        match &step.kind {
            StepKind::Task(_) | StepKind::Workflow(_) => true,
            StepKind::WaitFor(_) | StepKind::Emit(_) => false,
            _ if !is_block => !step.critical,
            _ => is_guarded(step) || self.frame.depth >= MAX_DEPTH,
        }
    }

    /// `name = value`, as far as anybody reads it.
    pub fn bind(&self, value: Py, vars: &[Var]) -> Stmt {
        if vars.is_empty() {
            return Stmt::Expr(value);
        }
        let target = vars.iter().map(|var| self.scope.name(var)).collect::<Vec<_>>().join(", ");
        value.assigned(&target)
    }

    /// Makes the step's function, and says how it is called and what it returns.
    pub fn call(&mut self, step: &'a Step) -> Result<(Py, Vec<Var>), EmitError> {
        self.call_as(step, false)
    }

    /// The same for a branch of a race, which may lose.
    pub fn call_as(&mut self, step: &'a Step, loses: bool) -> Result<(Py, Vec<Var>), EmitError> {
        let name = self.file.names.fresh(&format!("_{}", step.id));
        let vars = self.left(Region::Step(step));
        let reads = self.scope.flow.reads(Region::Step(step));
        let mut args = self.step_args(step, &reads);
        let left = self.left_in(step);
        args.extend(left.iter().map(|(_, holder)| Py::atom(&holder.name)));
        let outer = self.enter(step, loses);
        self.frame.left.extend(left);
        let function = match &step.kind {
            StepKind::Task(_) | StepKind::Workflow(_) if self.is_durable() => {
                durable::step(self, step, &name, &reads, !vars.is_empty())
            }
            StepKind::Task(_) | StepKind::Workflow(_) => {
                direct::step(self, step, &name, &reads, !vars.is_empty())
            }
            _ => self.block(step, &name, &reads, &vars),
        };
        self.leave(outer);
        self.functions.push(Item::Function(function?));
        Ok((Py::call(name, args), vars))
    }

    /// What a part leaves behind that is more than null.
    pub fn left(&self, region: Region<'_>) -> Vec<Var> {
        let mut vars = self.scope.flow.leaves(region);
        vars.retain(|var| self.scope.flow.whole_ty(var) != Type::Null);
        vars
    }

    /// Begins a function for a part of the workflow; what it gives is for [`Workflow::leave`].
    pub fn enter(&mut self, step: &Step, loses: bool) -> (Frame, At) {
        let prefix = if self.scope.flow.is_repeated(step) { "{at}".to_owned() } else { String::new() };
        let frame = Frame { prefix, loses, ..Frame::default() };
        (
            std::mem::replace(&mut self.frame, frame),
            std::mem::replace(&mut self.here, self.scope.flow.at(step)),
        )
    }

    pub fn leave(&mut self, (frame, here): (Frame, At)) {
        self.frame = frame;
        self.here = here;
    }

    /// What the function of a step is called with.
    pub fn step_args(&self, step: &Step, reads: &[Var]) -> Vec<Py> {
        let needs_run = self.scope.flow.uses_run_id(Region::Step(step));
        let is_repeated = self.scope.flow.is_repeated(step);
        self.args(needs_run, is_repeated, reads)
    }

    pub fn args(&self, needs_run: bool, is_repeated: bool, reads: &[Var]) -> Vec<Py> {
        let mut args = Vec::new();
        if self.is_durable() || needs_run {
            args.push(Py::atom("run"));
        }
        if self.frame.undoes {
            args.push(Py::atom("key"));
        }
        if is_repeated {
            args.push(match self.frame.prefix.as_str() {
                "{at}" => Py::atom("at"),
                prefix => Py::atom(format!("f\"{prefix}\"")),
            });
        }
        args.extend(reads.iter().map(|var| Py::atom(self.scope.name(var))));
        args
    }

    /// The parameters of a step's function.
    pub fn step_params(&mut self, step: &Step, reads: &[Var]) -> Vec<Param> {
        let needs_run = self.scope.flow.uses_run_id(Region::Step(step));
        let is_repeated = self.scope.flow.is_repeated(step);
        self.params(needs_run, is_repeated, reads, self.scope.flow.at(step))
    }

    /// The parameters of a function that stands for a part of the workflow at `at`.
    pub fn params(&mut self, needs_run: bool, is_repeated: bool, reads: &[Var], at: At) -> Vec<Param> {
        let mut params = Vec::new();
        let plain = |name: &str| Param { name: name.to_owned(), annotation: "str".to_owned(), default: None };
        if self.is_durable() {
            self.file.import_from("._conductor.run", "Run");
            params.push(run_param());
        } else if needs_run {
            params.push(plain("run"));
        }
        if self.frame.undoes {
            params.push(plain("key"));
        }
        if is_repeated {
            params.push(plain("at"));
        }
        for var in reads {
            let ty = self.scope.flow.ty(var, at);
            let annotation = self.annotation(var, &ty);
            params.push(Param { name: self.scope.name(var).to_owned(), annotation, default: None });
        }
        params
    }

    /// How a variable is typed where a function takes it or hands it on.
    pub fn annotation(&mut self, var: &Var, ty: &Type) -> String {
        let ty = self.file.annotation(ty);
        if !self.scope.is_recorded(var) {
            return ty;
        }
        self.file.import_from("._conductor.recorded", "Recorded");
        format!("Recorded[{ty}]")
    }

    /// A block that is a branch, or may be skipped, tolerated or out of time.
    fn block(
        &mut self,
        step: &'a Step,
        name: &str,
        reads: &[Var],
        vars: &[Var],
    ) -> Result<Function, EmitError> {
        let mut params = self.step_params(step, reads);
        params.extend(self.left_params());
        let mut all = self.when(step, vars)?;
        all.extend(self.guarded(step, vars)?);
        Ok(Function {
            is_async: true,
            name: name.to_owned(),
            params,
            keyword_only: false,
            returns: self.block_returns(step, vars),
            doc: vec![block_doc(step)],
            body: all,
        })
    }

    fn guarded(&mut self, step: &'a Step, vars: &[Var]) -> Result<Vec<Stmt>, EmitError> {
        let mut declared = Vec::new();
        if !step.critical {
            // What was done before a failure keeps its results.
            let own = Var::Step(step.id.clone());
            for var in vars.iter().filter(|var| **var != own) {
                let ty = self.scope.flow.ty_after(step, var);
                declared.extend(self.hold_left(step, var, &ty));
                if !self.frame.left.contains_key(var) {
                    declared.extend(self.declare(var, &ty, true));
                }
            }
        }
        let mut body = self.within_deadline(step)?;
        match is_never_left(&step.kind) {
            true => body.extend(not_reached(&body)),
            false => {
                body.extend(self.leave_own(step));
                body.extend(self.block_result(step, vars, true));
            }
        }
        if !step.critical {
            body = self.tolerated(step, or_pass(body), vars);
        }
        declared.extend(or_pass(body));
        Ok(declared)
    }

    /// What a block does and keeps, within its time.
    pub fn within_deadline(&mut self, step: &'a Step) -> Result<Vec<Stmt>, EmitError> {
        self.frame.depth = usize::from(step.deadline_ms.is_some()) + usize::from(!step.critical);
        let mut body = self.inside(step)?;
        if let Some(milliseconds) = step.deadline_ms {
            let seconds = Py::atom(literal::seconds(milliseconds));
            let args = vec![self.key(&step.id), seconds];
            let context = if self.is_durable() {
                Py::call("run.deadline", args)
            } else {
                self.file.import_from("._conductor.deadline", "Deadline");
                Py::call("Deadline", args)
            };
            body = vec![Stmt::With { context, name: None, body: or_pass(body) }];
        }
        body.extend(self.kept(step)?);
        Ok(body)
    }

    fn block_returns(&mut self, step: &Step, vars: &[Var]) -> String {
        let types: Vec<(&Var, Type)> =
            vars.iter().map(|var| (var, self.scope.flow.ty_after(step, var))).collect();
        let types: Vec<String> = types.into_iter().map(|(var, ty)| self.annotation(var, &ty)).collect();
        match types.as_slice() {
            [] => "None".to_owned(),
            [one] => one.clone(),
            _ => format!("tuple[{}]", types.join(", ")),
        }
    }

    /// What the block leaves behind; all of it is null where it has not done its work.
    pub fn block_result(&mut self, step: &Step, vars: &[Var], ran: bool) -> Option<Stmt> {
        if !ran && self.frame.loses {
            let error =
                Py::call(self.file.import_from("._conductor.exits", "Lost"), vec![self.key(&step.id)]);
            return Some(Stmt::Raise { error, cause: None });
        }
        let values: Vec<Py> = vars
            .iter()
            .map(|var| if ran { Py::atom(self.scope.name(var)) } else { self.nothing(var) })
            .collect();
        match values.len() {
            0 if ran => None,
            0 => Some(Stmt::Return(None)),
            1 => values.into_iter().next().map(|value| Stmt::Return(Some(value))),
            _ => {
                let text: Vec<String> = values.iter().map(super::flat::flat).collect();
                Some(Stmt::Return(Some(Py::atom(text.join(", ")))))
            }
        }
    }

    /// What the steps inside have come to before one failed.
    fn left_by_failure(&mut self, step: &Step, vars: &[Var]) -> Option<Stmt> {
        let own = Var::Step(step.id.clone());
        let is_read = |var: &Var| self.is_declared(var) || self.frame.left.contains_key(var);
        if self.frame.loses || vars.iter().all(|var| *var == own || !is_read(var)) {
            return self.block_result(step, vars, false);
        }
        let mut values = Vec::new();
        for var in vars {
            values.push(match self.frame.left.get(var) {
                _ if *var == own => self.nothing(var),
                Some(holder) => holder.value(),
                None => Py::atom(self.scope.name(var)),
            });
        }
        let text: Vec<String> = values.iter().map(super::flat::flat).collect();
        Some(Stmt::Return(Some(Py::atom(text.join(", ")))))
    }

    fn is_declared(&self, var: &Var) -> bool {
        self.frame.declared.contains(self.scope.name(var))
    }

    pub fn tolerated(&mut self, step: &Step, body: Vec<Stmt>, vars: &[Var]) -> Vec<Stmt> {
        self.file.import_from("._conductor.errors", "StepFailed");
        let mut handler = vec![durable::logged(&mut self.file, step)];
        if self.is_durable() && !step.anonymous {
            let args = vec![self.key(&step.id), Py::atom("failure")];
            handler.push(Stmt::Expr(Py::call("run.tolerate", args)));
        }
        let is_named = self.is_durable() && !step.anonymous;
        handler.extend(self.left_by_failure(step, vars));
        let errors = "StepFailed".to_owned();
        let name = if is_named { "failure" } else { "" }.to_owned();
        vec![Stmt::Try { body, errors, name, handler, otherwise: Vec::new() }]
    }

    /// The guard of a step that has a `when`.
    pub fn when(&mut self, step: &Step, vars: &[Var]) -> Result<Vec<Stmt>, EmitError> {
        let Some(when) = &step.when else { return Ok(Vec::new()) };
        let holds = self.holds(&step.id, when)?;
        let mut body = self.skipped(step);
        body.extend(self.block_result(step, vars, false));
        Ok(vec![Stmt::If { test: super::expr::negated(holds), body, otherwise: Vec::new() }])
    }

    /// Says that a step is not done.
    pub fn skipped(&mut self, step: &Step) -> Vec<Stmt> {
        if !self.is_durable() || step.anonymous {
            return Vec::new();
        }
        vec![Stmt::Expr(Py::call("run.skip", vec![self.key(&step.id)]))]
    }

    /// Whether a condition holds; where it has no value the step `id` fails.
    pub fn holds(&mut self, id: &str, test: &Expr) -> Result<Py, EmitError> {
        self.evaluated("holds", id, test)
    }

    /// A value; where there is none the step `id` fails.
    pub fn value(&mut self, id: &str, expr: &Expr) -> Result<Py, EmitError> {
        self.evaluated("valued", id, expr)
    }

    fn evaluated(&mut self, function: &str, id: &str, expr: &Expr) -> Result<Py, EmitError> {
        let key = self.key(id);
        self.evaluated_at(function, key, expr)
    }

    pub fn evaluated_at(&mut self, function: &str, key: Py, expr: &Expr) -> Result<Py, EmitError> {
        let fallible = crate::flow::may_fail(&self.file.package.types.table, expr);
        let value = self.translate(expr)?;
        if !fallible {
            return Ok(value);
        }
        self.file.import_as("._conductor", "cel", "_cel");
        Ok(Py::call(format!("_cel.{function}"), vec![key, Py::lambda(value)]))
    }
}

/// What says to type checkers that no way leads here: every one has ended in a branch.
pub fn not_reached(body: &[Stmt]) -> Option<Stmt> {
    let error = Py::call("AssertionError", vec![Py::string("every way has ended before")]);
    (!ends(body)).then_some(Stmt::Raise { error, cause: None })
}

/// Whether Python itself sees that nothing after the statements is reached.
fn ends(body: &[Stmt]) -> bool {
    match body.last() {
        Some(Stmt::Return(_) | Stmt::Raise { .. } | Stmt::Reraise) => true,
        Some(Stmt::If { body, otherwise, .. }) => ends(body) && ends(otherwise),
        Some(Stmt::Try { body, handler, otherwise, .. }) => {
            ends(handler) && if otherwise.is_empty() { ends(body) } else { ends(otherwise) }
        }
        Some(Stmt::Finally { body, last }) => ends(body) || ends(last),
        _ => false,
    }
}

/// Whether the step may be skipped, tolerated or out of time.
pub fn is_guarded(step: &Step) -> bool {
    step.when.is_some() || !step.critical || step.deadline_ms.is_some()
}

/// A body that says nothing.
pub fn or_pass(body: Vec<Stmt>) -> Vec<Stmt> {
    if body.is_empty() { vec![Stmt::Pass] } else { body }
}

pub fn block_doc(step: &Step) -> String {
    let mut held: Vec<String> = Vec::new();
    let mut pending: Vec<&Step> = step.children().collect();
    pending.reverse();
    while let Some(inner) = pending.pop() {
        let mut inside: Vec<&Step> = inner.children().collect();
        if inside.is_empty() && !inner.anonymous {
            held.push(format!("`{}`", inner.id));
        }
        inside.reverse();
        pending.extend(inside);
    }
    let name = if step.anonymous { String::new() } else { format!(" `{}`", step.id) };
    let kind = match step.kind {
        StepKind::Parallel { .. } => "Parallel block",
        StepKind::Graph { .. } => "Graph",
        StepKind::Race { .. } => "Race",
        StepKind::Map(_) => "Map",
        StepKind::Switch { .. } => "Choice",
        StepKind::Loop(_) => "Loop",
        StepKind::Sequence { .. } | StepKind::Try(_) | StepKind::Hold(_) => "Block",
        _ => "Step",
    };
    match held.as_slice() {
        [] => format!("{kind}{name}."),
        [first, .., last] if held.len() > 4 => format!("{kind}{name}: {first} to {last}."),
        _ => format!("{kind}{name}: {}.", held.join(", ")),
    }
}
