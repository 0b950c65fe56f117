//! What flows between the steps of a Plan: the variables, their types where they are read, and who reads them.
//!
//! It knows Plans and no target language: an emitter gives the variables their names and decides how blocks look.

mod fallible;
mod lost;
pub mod members;
mod nest;
mod reads;
#[cfg(test)]
mod tests;
mod visible;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::expr::Expr;
use conductor_protocol::plan::{Plan, Step, StepKind, TaskCall};
use conductor_protocol::types::Type;

pub use fallible::{always_has, is_enum, is_immutable, is_simple, may_fail};
use nest::Nest;
pub use nest::{At, Place};
pub use reads::{call_mentions_run, mentions_run};
pub use visible::{is_never_left, never_complete};

/// Something that steps can read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Var {
    Input(String),
    /// What a step came to, or a value that was set. Steps of one id in branches of which one runs are one variable.
    Step(String),
    /// Inside a loop and in its condition: what the iteration before came to, null in the first.
    Last(Place),
    /// An item of a map (0), or the error of a try's catch by its index.
    Variable(Place, usize),
}

/// What an expression that names a step reads.
#[derive(Debug, Clone, PartialEq)]
pub enum Source<'a> {
    Var(Var),
    /// The result of another step: the last one of a sequence or hold, at the same place.
    Of(&'a Step),
    /// The results of the named branches of a parallel block or graph.
    Branches(Vec<&'a Step>),
    /// Values that were set, by name.
    Values(Vec<&'a str>),
    Null,
}

/// A part of a Plan: a step, or one of the lists of steps directly inside of one.
#[derive(Debug, Clone, Copy)]
pub enum Region<'a> {
    Step(&'a Step),
    /// The index is that of [`StepKind::bodies`].
    Body(&'a Step, usize),
    All,
}

/// The analysis of one Plan.
pub struct Flow<'a> {
    pub plan: &'a Plan,
    nest: Nest<'a>,
    /// For each place: what steps after it see of it and of what is inside, and its type there.
    after: Vec<BTreeMap<&'a str, Type>>,
    /// Blocks whose result is a variable of its own, although it is made of those of their steps.
    kept: BTreeSet<Place>,
    reads: BTreeMap<Var, BTreeSet<At>>,
    order: BTreeMap<Var, usize>,
    /// Whether what a block comes to that is one step to the journal is recorded, though nobody reads it.
    records_atomic: bool,
}

impl<'a> Flow<'a> {
    #[must_use]
    pub fn new(plan: &'a Plan) -> Flow<'a> {
        Flow::made(plan, false)
    }

    /// The analysis for a generator that records the result of every atomic block.
    #[must_use]
    pub fn recording_atomic(plan: &'a Plan) -> Flow<'a> {
        Flow::made(plan, plan.durable)
    }

    fn made(plan: &'a Plan, records_atomic: bool) -> Flow<'a> {
        let nest = Nest::of(plan);
        let after = visible::after(&nest);
        let mut flow = Flow {
            plan,
            nest,
            after,
            kept: BTreeSet::new(),
            reads: BTreeMap::new(),
            order: BTreeMap::new(),
            records_atomic,
        };
        let inputs = plan.inputs.iter().map(|input| Var::Input(input.name.clone()));
        flow.order =
            inputs.chain(flow.nest.variables()).enumerate().fold(BTreeMap::new(), |mut order, (at, var)| {
                order.entry(var).or_insert(at);
                order
            });
        reads::collect(&mut flow);
        flow
    }

    /// Every variable of the workflow in its order, each with the name that the manifest gives it.
    pub fn variables(&self) -> Vec<(Var, String)> {
        let all = self.sorted(self.order.keys().cloned());
        all.into_iter().map(|var| (var.clone(), self.wanted(&var))).collect()
    }

    fn wanted(&self, var: &Var) -> String {
        match var {
            Var::Input(name) | Var::Step(name) => name.clone(),
            Var::Last(place) => format!("last_{}", self.nest.step(*place).id),
            Var::Variable(place, index) => match &self.nest.step(*place).kind {
                StepKind::Map(map) => map.variable.clone(),
                StepKind::Try(block) => {
                    block.catches.get(*index).map_or_else(String::new, |catch| catch.variable.clone())
                }
                _ => String::new(),
            },
        }
    }

    /// Every step of the Plan in its order.
    pub fn steps(&self) -> impl Iterator<Item = &'a Step> {
        self.nest.steps()
    }

    /// Where the step stands. One that is not of the Plan stands at its end.
    pub fn at(&self, step: &Step) -> At {
        self.nest.place(step).map_or(At::End, At::Step)
    }

    /// The end of a list of steps inside `step`, where its last result can be read.
    pub fn at_end_of(&self, step: &Step, body: usize) -> At {
        self.nest.place(step).map_or(At::End, |place| At::Body(place, body))
    }

    /// The variable of a map's item, or of a try's caught error by the catch's index.
    pub fn bound_by(&self, step: &Step, index: usize) -> Option<Var> {
        self.nest.place(step).map(|place| Var::Variable(place, index))
    }

    /// The variable that is the result of a loop's last iteration, inside of the loop.
    pub fn last_of(&self, step: &Step) -> Option<Var> {
        self.nest.place(step).map(Var::Last)
    }

    /// Whether the step may be executed more than once in a run, so that its key says in which iteration.
    pub fn is_repeated(&self, step: &Step) -> bool {
        let is_repeating =
            |place: &Place| matches!(self.nest.step(*place).kind, StepKind::Map(_) | StepKind::Loop(_));
        self.nest.place(step).is_some_and(|place| self.nest.around(place).any(|block| is_repeating(&block)))
    }

    /// What an expression at `at` reads that names the step `id`.
    pub fn source(&self, id: &str, at: At) -> Source<'a> {
        if let Some(own) = self.nest.loop_around(id, at) {
            return Source::Var(Var::Last(own));
        }
        let Some((place, top)) = self.seen(id, at).next() else {
            return Source::Var(Var::Step(id.to_owned()));
        };
        if self.seen_type(id, place, top) == Type::Null {
            return Source::Null;
        }
        let step = self.nest.step(place);
        if step.id != id || self.kept.contains(&place) {
            return Source::Var(Var::Step(id.to_owned()));
        }
        made_of(step).unwrap_or_else(|| Source::Var(Var::Step(id.to_owned())))
    }

    /// Whether the block assigns its result to a variable of its own, rather than leaving it to those who read it.
    pub fn is_kept(&self, step: &Step) -> bool {
        self.nest.place(step).is_some_and(|place| self.kept.contains(&place)) || made_of(step).is_none()
    }

    /// What an expression at `at` reads that names a variable; `None` where nothing around binds it.
    pub fn variable(&self, name: &str, at: At) -> Option<Var> {
        self.nest.binder(name, at).map(|(place, index)| Var::Variable(place, index))
    }

    /// The type of the variable as it is seen at `at`.
    pub fn ty(&self, var: &Var, at: At) -> Type {
        match var {
            Var::Input(name) => {
                let input = self.plan.inputs.iter().find(|input| input.name == *name);
                input.map_or(Type::Any, |input| input.ty.clone())
            }
            Var::Step(id) => match self.seen(id, at).next() {
                Some((place, top)) => self.seen_type(id, place, top),
                None => self.whole(id),
            },
            Var::Last(place) => {
                let last =
                    self.nest.step(*place).children().last().map_or(Type::Null, |last| last.ty.clone());
                // In `until` an iteration has ended.
                if at == At::Body(*place, 0) { last } else { Type::optional(last) }
            }
            Var::Variable(place, _) => match &self.nest.step(*place).kind {
                StepKind::Map(map) => map.item.clone(),
                _ => caught(),
            },
        }
    }

    /// The type that holds whatever the variable is anywhere.
    pub fn whole_ty(&self, var: &Var) -> Type {
        match var {
            Var::Step(id) => self.whole(id),
            _ => self.ty(var, At::End),
        }
    }

    fn whole(&self, id: &str) -> Type {
        let mut types: Vec<Type> = Vec::new();
        for place in self.nest.of_id(id) {
            let own = self.after.get(*place).and_then(|after| after.get(id)).cloned();
            types.extend(own);
            let around = self.nest.around(*place).filter_map(|block| self.after.get(block)?.get(id).cloned());
            types.extend(around);
        }
        if types.is_empty() { Type::Any } else { Type::union(types) }
    }

    /// The variables in the order of the workflow.
    pub fn sorted(&self, vars: impl IntoIterator<Item = Var>) -> Vec<Var> {
        let mut sorted: Vec<Var> = vars.into_iter().collect();
        sorted.sort_by_key(|var| self.order.get(var).copied());
        sorted
    }

    /// What the part reads that is made outside of it.
    pub fn reads(&self, region: Region<'_>) -> Vec<Var> {
        let within = |at: &At| self.nest.is_inside(*at, region);
        let read = self.reads.iter().filter(|(var, places)| {
            places.iter().any(|at| within(at) && self.is_made_outside(var, *at, region))
        });
        self.sorted(read.map(|(var, _)| var.clone()))
    }

    /// What the part makes that something outside of it reads.
    pub fn leaves(&self, region: Region<'_>) -> Vec<Var> {
        let read_outside = |id: &str| {
            let places = self.reads.get(&Var::Step(id.to_owned()));
            places.into_iter().flatten().any(|at| {
                let mut makers = self.seen(id, *at);
                !self.nest.is_inside(*at, region) && makers.any(|(place, _)| self.nest.holds(region, place))
            })
        };
        let mut made: BTreeSet<&str> = BTreeSet::new();
        for place in self.nest.inside(region) {
            let step = self.nest.step(place);
            made.insert(&step.id);
            if let StepKind::Set { values } = &step.kind {
                made.extend(values.iter().map(|(name, _)| name.as_str()));
            }
        }
        let left = made.into_iter().filter(|id| read_outside(id));
        self.sorted(left.map(|id| Var::Step(id.to_owned())))
    }

    /// Every variable that the steps inside of the block make.
    pub fn made_inside(&self, block: &Step) -> BTreeSet<Var> {
        let Some(own) = self.nest.place(block) else { return BTreeSet::new() };
        let mut made = BTreeSet::new();
        for place in self.nest.inside(Region::Step(block)).filter(|place| *place != own) {
            let step = self.nest.step(place);
            made.extend([Var::Step(step.id.clone()), Var::Last(place)]);
            if let StepKind::Set { values } = &step.kind {
                made.extend(values.iter().map(|(name, _)| Var::Step(name.clone())));
            }
            made.extend((0..=step.kind.bodies().len()).map(|index| Var::Variable(place, index)));
        }
        made
    }

    /// Whether anything anywhere reads the variable.
    pub fn is_read(&self, var: &Var) -> bool {
        self.reads.contains_key(var)
    }

    /// Whether somebody reads what this very step comes to, outside of itself.
    pub fn is_result_read(&self, step: &Step) -> bool {
        let Some(place) = self.nest.place(step) else { return false };
        let places = self.reads.get(&Var::Step(step.id.clone()));
        places.into_iter().flatten().any(|at| {
            !self.nest.is_inside(*at, Region::Step(step))
                && self.seen(&step.id, *at).any(|(maker, _)| maker == place)
        })
    }

    /// The type of what the step leaves behind, as steps right after it see it.
    pub fn ty_after(&self, step: &Step, var: &Var) -> Type {
        let after = self.nest.place(step).and_then(|place| self.after.get(place));
        match (after, var) {
            (Some(after), Var::Step(id)) => {
                after.get(id.as_str()).cloned().unwrap_or_else(|| self.whole_ty(var))
            }
            _ => self.whole_ty(var),
        }
    }

    /// What a call reads that is made at `at`: that of a step, or a part of it such as its fallback.
    pub fn read_by(&self, call: &TaskCall, at: At) -> Vec<Var> {
        self.sorted(reads::of_part(self, call, at))
    }

    /// What one expression reads at `at`.
    pub fn read_in(&self, expr: &Expr, at: At) -> Vec<Var> {
        self.sorted(reads::of_exprs(self, vec![expr], at))
    }

    /// Whether `run.id` or an idempotency key stands in the part.
    pub fn uses_run_id(&self, region: Region<'_>) -> bool {
        let in_output = matches!(region, Region::All) && mentions_run(&self.plan.output);
        in_output
            || self
                .nest
                .inside(region)
                .any(|place| reads::step_mentions_run(self.nest.step(place), self.plan.language))
    }

    fn is_made_outside(&self, var: &Var, at: At, region: Region<'_>) -> bool {
        match var {
            Var::Input(_) => true,
            Var::Step(id) => {
                let mut makers = self.seen(id, at).peekable();
                makers.peek().is_none() || makers.any(|(place, _)| !self.nest.holds(region, place))
            }
            Var::Last(place) | Var::Variable(place, _) => !self.nest.holds(region, *place),
        }
    }
}

/// What a block's result is made of, where that is plain.
fn made_of(step: &Step) -> Option<Source<'_>> {
    match &step.kind {
        StepKind::Sequence { steps } => Some(steps.last().map_or(Source::Null, Source::Of)),
        StepKind::Hold(hold) if !hold.atomic => Some(hold.steps.last().map_or(Source::Null, Source::Of)),
        StepKind::Parallel { branches: steps, .. } | StepKind::Graph { steps } => {
            Some(Source::Branches(steps.iter().filter(|branch| !branch.anonymous).collect()))
        }
        StepKind::Set { values } => {
            Some(Source::Values(values.iter().map(|(name, _)| name.as_str()).collect()))
        }
        StepKind::Sleep(_) | StepKind::Emit(_) | StepKind::Return { .. } | StepKind::Fail { .. } => {
            Some(Source::Null)
        }
        _ => None,
    }
}

/// `{type, message, step, attempts, status?}`.
#[must_use]
pub fn caught() -> Type {
    let fields = [
        ("type", Type::String),
        ("message", Type::String),
        ("step", Type::String),
        ("attempts", Type::Int),
        ("status", Type::optional(Type::Int)),
    ];
    Type::Record(fields.into_iter().map(|(name, ty)| (name.to_owned(), ty)).collect())
}
