//! Which variables a part of a workflow reads and leaves behind, and the Python names they have.
//!
//! It knows the steps of one Plan; it writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{ArgumentValue, Fallback, Plan, Step, StepKind, TaskCall};
use conductor_protocol::types::Type;

use super::names::Names;
use super::tree::Py;
use super::types::{Types, flattened, inside};

/// Something that later steps can read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Var {
    Input(String),
    Step(String),
    /// Whether a block that may be skipped or tolerated has done its work.
    Ran(String),
}

/// A block whose result is made of those of its steps.
pub struct Block<'a> {
    pub step: &'a Step,
    /// Of a sequence.
    pub last: Option<&'a Step>,
    pub nullable: bool,
}

pub struct Scope<'a> {
    plan: &'a Plan,
    steps: BTreeMap<&'a str, &'a Step>,
    /// The blocks around each step that may be skipped or tolerated: outside of them its result may be null.
    guards: BTreeMap<&'a str, BTreeSet<&'a str>>,
    names: BTreeMap<Var, String>,
    types: &'a Types,
    order: BTreeMap<Var, usize>,
}

/// Whether a block's inner steps may be missing after it.
pub fn is_nullable_block(step: &Step) -> bool {
    step.when.is_some() || !step.critical
}

impl<'a> Scope<'a> {
    pub fn new(plan: &'a Plan, types: &'a Types, names: &mut Names) -> Scope<'a> {
        let all = flattened(&plan.steps);
        let steps = all.iter().map(|step| (step.id.as_str(), *step)).collect();
        let mut guards: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for block in all.iter().filter(|step| is_nullable_block(step)) {
            for inner in flattened(inside(block)) {
                guards.entry(&inner.id).or_default().insert(&block.id);
            }
        }
        let mut scope = Scope { plan, steps, guards, names: BTreeMap::new(), types, order: BTreeMap::new() };
        for input in &plan.inputs {
            scope.declare(Var::Input(input.name.clone()), names.fresh(&input.name));
        }
        for step in all {
            scope.declare(Var::Step(step.id.clone()), names.fresh(&step.id));
            if !inside(step).is_empty() && is_nullable_block(step) {
                scope.declare(Var::Ran(step.id.clone()), names.fresh(&format!("{}_ran", step.id)));
            }
        }
        scope
    }

    fn declare(&mut self, var: Var, name: String) {
        self.order.insert(var.clone(), self.order.len());
        self.names.insert(var, name);
    }

    pub fn name(&self, var: &Var) -> &str {
        self.names.get(var).map_or("", String::as_str)
    }

    pub fn is_nullable_here(&self, id: &str) -> bool {
        self.guards.contains_key(id) || self.steps.get(id).is_none_or(|step| step.ty.is_nullable())
    }

    pub fn block(&self, id: &str) -> Option<Block<'a>> {
        let step = *self.steps.get(id)?;
        let last = match &step.kind {
            StepKind::Task(_) | StepKind::Workflow(_) => return None,
            StepKind::Sequence { steps } => steps.last(),
            _ => None,
        };
        Some(Block { step, last, nullable: is_nullable_block(step) })
    }

    /// The type of the variable after all blocks around the step that made it.
    pub fn ty(&self, var: &Var) -> Type {
        self.ty_outside(var, &BTreeSet::new())
    }

    /// The type of the variable as the step `reader` sees it, which may stand in the same block.
    pub fn ty_for(&self, var: &Var, reader: &str) -> Type {
        match self.guards.get(reader) {
            Some(shared) => self.ty_outside(var, shared),
            None => self.ty(var),
        }
    }

    fn ty_outside(&self, var: &Var, shared: &BTreeSet<&str>) -> Type {
        match var {
            Var::Input(name) => self
                .plan
                .inputs
                .iter()
                .find(|input| input.name == *name)
                .map_or(Type::Any, |input| input.ty.clone()),
            Var::Step(id) => {
                let ty = self.steps.get(id.as_str()).map_or(Type::Any, |step| step.ty.clone());
                let left = self.guards.get(id.as_str()).is_some_and(|guards| !guards.is_subset(shared));
                if left { Type::optional(ty) } else { ty }
            }
            Var::Ran(_) => Type::Bool,
        }
    }

    /// Whether the variable holds recorded bytes that each reader decodes anew.
    pub fn is_recorded(&self, var: &Var) -> bool {
        self.plan.durable && !self.types.is_immutable(&self.ty(var))
    }

    /// The variable's value.
    pub fn read(&self, var: &Var) -> Py {
        let name = Py::atom(self.name(var));
        if self.is_recorded(var) { name.attr("value").called(Vec::new()) } else { name }
    }

    pub fn run_id(&self) -> Py {
        Py::atom(if self.plan.durable { "run.id" } else { "run" })
    }

    /// The variables in the order of the workflow.
    pub fn sorted(&self, vars: BTreeSet<Var>) -> Vec<Var> {
        let mut sorted: Vec<Var> = vars.into_iter().collect();
        sorted.sort_by_key(|var| self.order.get(var).copied());
        sorted
    }

    /// What `step` reads from outside of itself.
    pub fn reads(&self, step: &Step) -> BTreeSet<Var> {
        let mut vars = BTreeSet::new();
        self.collect(std::slice::from_ref(step), None, &mut vars);
        for var in self.made_by(step) {
            vars.remove(&var);
        }
        vars
    }

    /// What `step` leaves behind that something outside of it reads.
    pub fn leaves(&self, step: &Step) -> Vec<Var> {
        let mut outside = BTreeSet::new();
        self.collect(&self.plan.steps, Some(&step.id), &mut outside);
        self.collect_expr(&self.plan.output, &mut outside);
        let made = self.made_by(step);
        self.sorted(made.intersection(&outside).cloned().collect())
    }

    /// Whether anything reads the input.
    pub fn all_reads(&self) -> BTreeSet<Var> {
        let mut vars = BTreeSet::new();
        self.collect(&self.plan.steps, None, &mut vars);
        self.collect_expr(&self.plan.output, &mut vars);
        vars
    }

    /// What one expression reads.
    pub fn reads_of(&self, expr: &Expr) -> BTreeSet<Var> {
        let mut vars = BTreeSet::new();
        self.collect_expr(expr, &mut vars);
        vars
    }

    fn made_by(&self, step: &Step) -> BTreeSet<Var> {
        let mut made = BTreeSet::new();
        for step in flattened(std::slice::from_ref(step)) {
            if inside(step).is_empty() {
                made.insert(Var::Step(step.id.clone()));
            } else if is_nullable_block(step) {
                made.insert(Var::Ran(step.id.clone()));
            }
        }
        made
    }

    fn collect(&self, steps: &[Step], except: Option<&str>, vars: &mut BTreeSet<Var>) {
        for step in steps.iter().filter(|step| except != Some(step.id.as_str())) {
            if let Some(when) = &step.when {
                self.collect_expr(when, vars);
            }
            match &step.kind {
                StepKind::Task(call) => self.collect_call(call, vars),
                StepKind::Workflow(call) => {
                    call.args.iter().for_each(|(_, expr)| self.collect_expr(expr, vars))
                }
                _ => self.collect(inside(step), except, vars),
            }
        }
    }

    fn collect_call(&self, call: &TaskCall, vars: &mut BTreeSet<Var>) {
        for argument in call.arguments() {
            if let ArgumentValue::Expr(expr) = &argument.value {
                self.collect_expr(expr, vars);
            }
        }
        keys(call).for_each(|key| self.collect_expr(key, vars));
        if let Some(undo) = &call.compensate {
            self.collect_call(undo, vars);
        }
        match &call.fallback {
            Some(Fallback::Task(other)) => self.collect_call(other, vars),
            Some(Fallback::Value(value)) => self.collect_expr(value, vars),
            None => {}
        }
    }

    fn collect_expr(&self, expr: &Expr, vars: &mut BTreeSet<Var>) {
        match &expr.node {
            Node::Input(name) => {
                vars.insert(Var::Input(name.clone()));
            }
            Node::Step(id) => self.collect_step(id, vars),
            _ => expr.for_each_child(|part| self.collect_expr(part, vars)),
        }
    }

    fn collect_step(&self, id: &str, vars: &mut BTreeSet<Var>) {
        let Some(block) = self.block(id) else {
            if self.ty(&Var::Step(id.to_owned())) != Type::Null {
                vars.insert(Var::Step(id.to_owned()));
            }
            return;
        };
        if block.nullable {
            vars.insert(Var::Ran(id.to_owned()));
        }
        if let Some(last) = block.last {
            self.collect_step(&last.id, vars);
        } else if let Type::Record(fields) = block.step.ty.non_null() {
            fields.keys().for_each(|name| self.collect_step(name, vars));
        }
    }

    /// Whether `run.id` or an idempotency key stands in the steps or the output.
    pub fn uses_run_id(&self, step: Option<&Step>) -> bool {
        let steps = step.map_or(&self.plan.steps[..], std::slice::from_ref);
        let in_output = step.is_none() && mentions_run(&self.plan.output);
        in_output || flattened(steps).iter().any(|step| step_mentions_run(step))
    }
}

fn step_mentions_run(step: &Step) -> bool {
    step.when.as_ref().is_some_and(mentions_run)
        || match &step.kind {
            StepKind::Task(call) => call_mentions_run(call),
            // The child's run has an id that is made of its parent's.
            StepKind::Workflow(_) => true,
            _ => false,
        }
}

fn call_mentions_run(call: &TaskCall) -> bool {
    let in_arguments = call.arguments().any(|argument| match &argument.value {
        ArgumentValue::Expr(expr) => mentions_run(expr),
        ArgumentValue::IdempotencyKey => true,
        ArgumentValue::Resource(_) | ArgumentValue::Cancellation => false,
    });
    // A service is told the key of the step.
    in_arguments
        || call.callable.function().is_none()
        || super::elsewhere::is_called(call)
        || keys(call).any(mentions_run)
        || call.compensate.as_deref().is_some_and(call_mentions_run)
        || match &call.fallback {
            Some(Fallback::Task(other)) => call_mentions_run(other),
            Some(Fallback::Value(value)) => mentions_run(value),
            None => false,
        }
}

/// The keys of its breaker and of its cache.
fn keys(call: &TaskCall) -> impl Iterator<Item = &Expr> {
    let breaker = call.policy.circuit_breaker.as_ref().and_then(|breaker| breaker.key.as_ref());
    breaker.into_iter().chain(call.cache.as_ref().and_then(|cache| cache.key.as_ref()))
}

fn mentions_run(expr: &Expr) -> bool {
    let mut found = expr.node == Node::RunId;
    expr.for_each_child(|part| found = found || mentions_run(part));
    found
}
