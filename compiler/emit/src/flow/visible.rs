//! What is visible after a block and of which type, as the checker has it.
//!
//! It knows which lists of steps run and which may not; it knows no expressions.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::plan::{LoopTest, Step, StepKind, Try};
use conductor_protocol::types::Type;

use super::Flow;
use super::nest::{At, Nest, Place};

type Visible<'a> = BTreeMap<&'a str, Type>;

/// For each place what steps after it see of it.
pub fn after<'a>(nest: &Nest<'a>) -> Vec<Visible<'a>> {
    let mut all: Vec<Visible<'a>> = vec![Visible::new(); nest.len()];
    // What is inside of a block has a greater place.
    for place in (0..nest.len()).rev() {
        let step = nest.step(place);
        let mut visible = inside(nest, step, &all);
        if step.when.is_some() || !step.critical {
            visible.values_mut().for_each(|ty| *ty = Type::optional(ty.clone()));
        }
        visible.insert(&step.id, step.ty.clone());
        all[place] = visible;
    }
    all
}

fn inside<'a>(nest: &Nest<'a>, step: &'a Step, all: &[Visible<'a>]) -> Visible<'a> {
    let of = |steps: &'a [Step]| -> Visible<'a> {
        let places = steps.iter().filter_map(|step| nest.place(step));
        places.flat_map(|place| all[place].clone()).collect()
    };
    match &step.kind {
        StepKind::Sequence { steps } | StepKind::Graph { steps } => of(steps),
        StepKind::Parallel { branches, .. } => of(branches),
        StepKind::Hold(hold) => of(&hold.steps),
        StepKind::Switch { cases } => {
            let complete = cases.last().is_some_and(|last| last.when.is_none());
            let going_on = cases.iter().filter(|case| !never_complete(&case.steps));
            merged(going_on.map(|case| of(&case.steps)).collect(), complete)
        }
        StepKind::Try(block) => {
            let mut bodies: Vec<&'a [Step]> = vec![&block.steps];
            bodies.extend(block.catches.iter().map(|catch| catch.steps.as_slice()));
            bodies.retain(|steps| !never_complete(steps));
            let tried = of(&block.steps);
            let mut visible = if block.catches.is_empty() {
                tried.clone()
            } else {
                merged(bodies.into_iter().map(of).collect(), true)
            };
            let last = of(&block.finally).into_iter().filter(|(id, _)| !tried.contains_key(id));
            visible.extend(last);
            visible
        }
        StepKind::Set { values } => {
            values.iter().map(|(name, value)| (name.as_str(), value.ty.clone())).collect()
        }
        _ => Visible::new(),
    }
}

/// What lists of steps leave of which one ran, or perhaps none.
fn merged(bodies: Vec<Visible<'_>>, complete: bool) -> Visible<'_> {
    let ids: BTreeSet<&str> = bodies.iter().flat_map(BTreeMap::keys).copied().collect();
    let of = |id| {
        let found: Vec<Type> = bodies.iter().filter_map(|body| body.get(id).cloned()).collect();
        let everywhere = complete && found.len() == bodies.len();
        let ty = Type::union(found);
        if everywhere { ty } else { Type::optional(ty) }
    };
    ids.into_iter().map(|id| (id, of(id))).collect()
}

/// Whether the step always ends the run or fails.
fn never_completes(step: &Step) -> bool {
    step.when.is_none() && step.critical && is_never_left(&step.kind)
}

/// Whether a step of the kind, where it runs, always ends the run or fails.
#[must_use]
pub fn is_never_left(kind: &StepKind) -> bool {
    match kind {
        StepKind::Return { .. } | StepKind::Fail { .. } => true,
        StepKind::Sequence { steps } => never_complete(steps),
        StepKind::Hold(hold) => never_complete(&hold.steps),
        StepKind::Parallel { branches: steps, .. } | StepKind::Graph { steps } => {
            steps.iter().any(never_completes)
        }
        StepKind::Race { branches } => branches.iter().all(never_completes),
        StepKind::Switch { cases } => {
            cases.last().is_some_and(|last| last.when.is_none())
                && cases.iter().all(|case| never_complete(&case.steps))
        }
        StepKind::Try(block) => try_never_completes(block),
        // The first iteration is not asked.
        StepKind::Loop(repeat) => repeat.test == LoopTest::Until && never_complete(&repeat.steps),
        _ => false,
    }
}

fn try_never_completes(block: &Try) -> bool {
    let handlers = block.catches.iter().all(|catch| never_complete(&catch.steps));
    never_complete(&block.finally) || (never_complete(&block.steps) && handlers)
}

/// Whether the steps, one after another, always end the run or fail.
#[must_use]
pub fn never_complete(steps: &[Step]) -> bool {
    steps.iter().any(never_completes)
}

impl<'a> Flow<'a> {
    /// The steps whose result an expression at `at` sees under the name, each with the outermost step around it that
    /// stands beside what `at` is in, and whether it may not have come so far.
    pub(super) fn seen<'f>(&'f self, id: &str, at: At) -> impl Iterator<Item = (Place, Top)> + use<'f, 'a> {
        let path = self.nest.path(at);
        let places: Vec<Place> = self.nest.of_id(id).to_vec();
        places.into_iter().filter_map(move |place| Some((place, self.top(place, &path)?)))
    }

    fn top(&self, place: Place, path: &[(Place, usize)]) -> Option<Top> {
        let own = self.nest.path(At::Step(place));
        let shared = own.iter().zip(path).take_while(|(one, other)| one == other).count();
        let hides = |(block, _): &(Place, usize)| {
            matches!(
                self.nest.step(*block).kind,
                StepKind::Race { .. } | StepKind::Map(_) | StepKind::Loop(_)
            )
        };
        let (mine, others) = (&own[shared..], &path[shared..]);
        if let (Some((block, body)), Some((other, _))) = (mine.first(), others.first())
            && block == other
        {
            // Another list of the same block: what was tried can be seen by what comes after a failure.
            let is_tried = matches!(self.nest.step(*block).kind, StepKind::Try(_)) && *body == 0;
            let inner = &mine[1..];
            let top = inner.first().map_or(place, |(block, _)| *block);
            return (is_tried && !inner.iter().any(hides))
                .then_some(Top { place: top, may_be_missing: true });
        }
        let top = mine.first().map_or(place, |(block, _)| *block);
        (!mine.iter().any(hides)).then_some(Top { place: top, may_be_missing: false })
    }

    pub(super) fn seen_type(&self, id: &str, place: Place, top: Top) -> Type {
        let ty = self.after[top.place].get(id).or_else(|| self.after[place].get(id));
        let ty = ty.cloned().unwrap_or(Type::Any);
        if top.may_be_missing { Type::optional(ty) } else { ty }
    }
}

/// See [`Flow::seen`].
#[derive(Debug, Clone, Copy)]
pub struct Top {
    pub place: Place,
    pub may_be_missing: bool,
}
