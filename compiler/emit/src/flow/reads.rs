//! Who reads which variable, and where.
//!
//! It knows the expressions of steps. What the result of a block is made of is read where the block makes it, if somebody
//! reads that.

use std::collections::BTreeSet;

use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{
    ArgumentValue, Delay, Fallback, Language, LoopTest, Step, StepKind, TaskCall,
};
use conductor_protocol::types::Type;

use super::nest::{At, Place};
use super::visible::never_complete;
use super::{Flow, Source, Var, made_of};

/// A name in an expression.
enum Named<'a> {
    Input(&'a str),
    /// A step, and which field of it where nothing else of it is read.
    Step(&'a str, Option<&'a str>),
    Variable(&'a str),
}

/// Fills in who reads what, and which blocks keep a result of their own.
pub fn collect(flow: &mut Flow<'_>) {
    let mut named = Vec::new();
    for (place, step) in flow.nest.steps().enumerate() {
        for (expr, is_after) in expressions(step) {
            let at = if is_after { At::Body(place, 0) } else { At::Step(place) };
            names(expr, &mut Vec::new(), &mut |name| named.push((name, at)));
        }
    }
    names(&flow.plan.output, &mut Vec::new(), &mut |name| named.push((name, At::End)));
    // A block that keeps its result is read in another way by those that were looked at before.
    loop {
        let before = flow.kept.len();
        flow.reads.clear();
        let mut reader = Reader { flow: &mut *flow, made: BTreeSet::new() };
        for (name, at) in &named {
            reader.read(name, *at);
        }
        if reader.flow.records_atomic {
            reader.atomic_blocks();
        }
        if flow.kept.len() == before {
            return;
        }
    }
}

struct Reader<'f, 'a> {
    flow: &'f mut Flow<'a>,
    /// Blocks whose result somebody reads.
    made: BTreeSet<Place>,
}

impl<'a> Reader<'_, 'a> {
    fn read(&mut self, name: &Named<'a>, at: At) {
        match name {
            Named::Input(name) => self.add(Var::Input((*name).to_owned()), at),
            Named::Step(id, field) => self.step(id, *field, at),
            Named::Variable(name) => {
                // A parameter of what is called is none of the workflow's variables.
                if let Some(var) = self.flow.variable(name, at) {
                    self.add(var, at);
                }
            }
        }
    }

    fn add(&mut self, var: Var, at: At) {
        self.flow.reads.entry(var).or_default().insert(at);
    }

    fn step(&mut self, id: &'a str, field: Option<&str>, at: At) {
        if let Some(own) = self.flow.nest.loop_around(id, at) {
            self.add(Var::Last(own), at);
            return self.last(own, 0);
        }
        let Some((place, top)) = self.flow.seen(id, at).next() else {
            return self.add(Var::Step(id.to_owned()), at);
        };
        let ty = self.flow.seen_type(id, place, top);
        if ty == Type::Null {
            return;
        }
        let step = self.flow.nest.step(place);
        if step.id == id && made_of(step).is_some() {
            let is_plain = step.when.is_none() && step.critical && ty == step.ty;
            if !is_plain || self.flow.nest.of_id(id).len() > 1 {
                self.flow.kept.insert(place);
            }
        }
        match self.flow.source(id, at) {
            Source::Var(var) => {
                self.add(var, at);
                let mut makers: Vec<Place> = self.flow.seen(id, at).map(|(place, _)| place).collect();
                makers.retain(|place| self.flow.nest.step(*place).id == id);
                makers.into_iter().for_each(|place| self.makes(place));
            }
            Source::Of(last) => self.step(&last.id, field, at),
            Source::Branches(branches) => {
                for branch in branches.into_iter().filter(|branch| field.is_none_or(|name| name == branch.id))
                {
                    self.step(&branch.id, None, at);
                }
            }
            Source::Values(names) => {
                for name in names.into_iter().filter(|name| field.is_none_or(|field| field == *name)) {
                    self.step(name, None, at);
                }
            }
            Source::Null => {}
        }
    }

    /// What the result of a block is made of.
    fn makes(&mut self, place: Place) {
        if !self.made.insert(place) {
            return;
        }
        let step = self.flow.nest.step(place);
        // In several branches of which one runs, each that can be the variable's maker keeps its own.
        if made_of(step).is_some() {
            self.flow.kept.insert(place);
        }
        match &step.kind {
            StepKind::Switch { .. } | StepKind::Map(_) | StepKind::Loop(_) => {
                (0..step.kind.bodies().len()).for_each(|body| self.last(place, body));
            }
            StepKind::Try(block) => (0..=block.catches.len()).for_each(|body| self.last(place, body)),
            StepKind::Race { branches } => {
                branches.iter().for_each(|branch| self.step(&branch.id, None, At::Body(place, 0)));
            }
            StepKind::Hold(hold) if hold.atomic => self.last(place, 0),
            _ => match made_of(step) {
                Some(Source::Of(_)) => self.last(place, 0),
                Some(Source::Branches(branches)) => {
                    branches.into_iter().for_each(|branch| self.step(&branch.id, None, At::Body(place, 0)));
                }
                Some(Source::Values(names)) => {
                    names.into_iter().for_each(|name| self.step(name, None, At::Body(place, 0)));
                }
                _ => {}
            },
        }
    }

    fn atomic_blocks(&mut self) {
        let is_atomic = |step: &Step| matches!(&step.kind, StepKind::Hold(hold) if hold.atomic);
        let steps = self.flow.nest.steps().enumerate();
        let places: Vec<Place> = steps.filter(|(_, step)| is_atomic(step)).map(|(place, _)| place).collect();
        places.into_iter().for_each(|place| self.last(place, 0));
    }

    /// The result of the last step of one of a block's lists.
    fn last(&mut self, place: Place, body: usize) {
        let bodies = self.flow.nest.step(place).kind.bodies();
        let steps: &'a [Step] = bodies.get(body).copied().unwrap_or_default();
        if let Some(last) = steps.last().filter(|_| !never_complete(steps)) {
            self.step(&last.id, None, At::Body(place, body));
        }
    }
}

/// The variables that the expressions of a call read at `at`.
pub fn of_part(flow: &Flow<'_>, call: &TaskCall, at: At) -> BTreeSet<Var> {
    let mut exprs = Vec::new();
    of_call(call, &mut exprs);
    of_exprs(flow, exprs, at)
}

/// The variables that expressions read at `at`.
pub fn of_exprs(flow: &Flow<'_>, exprs: Vec<&Expr>, at: At) -> BTreeSet<Var> {
    let mut vars = BTreeSet::new();
    for expr in exprs {
        names(expr, &mut Vec::new(), &mut |name| match name {
            Named::Input(name) => drop(vars.insert(Var::Input(name.to_owned()))),
            Named::Step(id, field) => result_of(flow, id, field, at, &mut vars),
            Named::Variable(name) => vars.extend(flow.variable(name, at)),
        });
    }
    vars
}

fn result_of(flow: &Flow<'_>, id: &str, field: Option<&str>, at: At, vars: &mut BTreeSet<Var>) {
    let wanted = |name: &str| field.is_none_or(|field| field == name);
    match flow.source(id, at) {
        Source::Var(var) => drop(vars.insert(var)),
        Source::Of(last) => result_of(flow, &last.id, field, at, vars),
        Source::Branches(branches) => branches
            .iter()
            .filter(|branch| wanted(&branch.id))
            .for_each(|branch| result_of(flow, &branch.id, None, at, vars)),
        Source::Values(names) => {
            vars.extend(names.iter().filter(|name| wanted(name)).map(|name| Var::Step((*name).to_owned())));
        }
        Source::Null => {}
    }
}

/// Calls `found` with every name in the expression that it does not bind itself.
fn names<'a>(expr: &'a Expr, bound: &mut Vec<&'a str>, found: &mut dyn FnMut(Named<'a>)) {
    match &expr.node {
        Node::Input(name) => found(Named::Input(name)),
        Node::Step(id) => found(Named::Step(id, None)),
        Node::Variable(name) if !bound.contains(&name.as_str()) => found(Named::Variable(name)),
        Node::Field { of, name } => match &of.node {
            Node::Step(id) => found(Named::Step(id, Some(name))),
            _ => names(of, bound, found),
        },
        Node::Bind { name, value, body } => {
            names(value, bound, found);
            bound.push(name);
            names(body, bound, found);
            bound.pop();
        }
        Node::Comprehension { over, variables, filter, body, .. } => {
            names(over, bound, found);
            let before = bound.len();
            bound.extend(variables.iter().map(String::as_str));
            filter.iter().for_each(|filter| names(filter, bound, found));
            names(body, bound, found);
            bound.truncate(before);
        }
        _ => expr.for_each_child(|part| names(part, bound, found)),
    }
}

/// The expressions of a step itself, each with whether it is evaluated after the steps inside.
fn expressions(step: &Step) -> Vec<(&Expr, bool)> {
    let mut all: Vec<&Expr> = step.when.iter().collect();
    match &step.kind {
        StepKind::Task(call) => of_call(call, &mut all),
        StepKind::Workflow(call) => all.extend(call.args.iter().map(|(_, value)| value)),
        StepKind::Map(map) => all.push(&map.over),
        StepKind::Switch { cases } => all.extend(cases.iter().filter_map(|case| case.when.as_ref())),
        StepKind::Loop(repeat) if repeat.test == LoopTest::While => all.push(&repeat.condition),
        StepKind::Loop(repeat) => {
            let before = all.into_iter().map(|expr| (expr, false));
            return before.chain([(&repeat.condition, true)]).collect();
        }
        StepKind::Sleep(Delay::Computed(delay)) => all.push(delay),
        StepKind::Emit(emit) => all.extend(emit.data.iter().chain(&emit.run)),
        StepKind::Set { values } => all.extend(values.iter().map(|(_, value)| value)),
        StepKind::Return { value } | StepKind::Fail { message: value, .. } => all.push(value),
        StepKind::Sleep(Delay::Fixed { .. })
        | StepKind::WaitFor(_)
        | StepKind::Sequence { .. }
        | StepKind::Parallel { .. }
        | StepKind::Graph { .. }
        | StepKind::Race { .. }
        | StepKind::Try(_)
        | StepKind::Hold(_) => {}
    }
    all.into_iter().map(|expr| (expr, false)).collect()
}

/// Parameters that stand in for arguments (in a compensation, say) are no variables of the workflow.
fn of_call<'a>(call: &'a TaskCall, all: &mut Vec<&'a Expr>) {
    for argument in call.arguments() {
        if let ArgumentValue::Expr(value) = &argument.value {
            all.push(value);
        }
    }
    all.extend(call.policy.circuit_breaker.iter().filter_map(|breaker| breaker.key.as_ref()));
    all.extend(call.cache.iter().filter_map(|cache| cache.key.as_ref()));
    match &call.fallback {
        Some(Fallback::Task(other)) => of_call(other, all),
        Some(Fallback::Value(value)) => all.push(value),
        None => {}
    }
    if let Some(undo) = &call.compensate {
        of_call(undo, all);
    }
}

/// Whether the step itself needs the run's id: in an expression, as an idempotency key, for what it starts.
pub fn step_mentions_run(step: &Step, language: Language) -> bool {
    let in_kind = match &step.kind {
        StepKind::Task(call) => call_needs_key(call, language),
        // The child's run has an id that is made of its parent's.
        StepKind::Workflow(_) => true,
        StepKind::Emit(_) => true,
        _ => false,
    };
    in_kind || expressions(step).into_iter().any(|(expr, _)| mentions_run(expr))
}

/// Whether the call needs the run's id: in an expression or as an idempotency key.
#[must_use]
pub fn call_mentions_run(call: &TaskCall, language: Language) -> bool {
    let mut exprs = Vec::new();
    of_call(call, &mut exprs);
    call_needs_key(call, language) || exprs.into_iter().any(mentions_run)
}

fn call_needs_key(call: &TaskCall, language: Language) -> bool {
    // A service is told the key of the step, and so is another language.
    call.callable.function().is_none_or(|function| function.language != language)
        || call.arguments().any(|argument| matches!(argument.value, ArgumentValue::IdempotencyKey))
        || matches!(&call.fallback, Some(Fallback::Task(other)) if call_needs_key(other, language))
        || call.compensate.as_ref().is_some_and(|undo| call_needs_key(undo, language))
}

/// Whether `run.id` stands in the expression.
#[must_use]
pub fn mentions_run(expr: &Expr) -> bool {
    let mut found = expr.node == Node::RunId;
    expr.for_each_child(|part| found = found || mentions_run(part));
    found
}
