//! The steps of a Plan by their place in its order, and how places stand to each other.
//!
//! It knows blocks and their lists of steps; it knows nothing of types.

use std::collections::BTreeMap;

use conductor_protocol::plan::{Plan, Step, StepKind};

use super::{Region, Var};

/// The number of a step in the order of the Plan: that of a block is smaller than those of the steps inside.
pub type Place = usize;

/// Where an expression stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum At {
    /// Where the step begins: its `when`, its arguments, its conditions.
    Step(Place),
    /// After the last step of one of a block's lists.
    Body(Place, usize),
    /// After all steps.
    End,
}

struct Spot<'a> {
    step: &'a Step,
    parent: Option<(Place, usize)>,
    /// The place after the last one inside.
    end: Place,
}

pub struct Nest<'a> {
    spots: Vec<Spot<'a>>,
    by_address: BTreeMap<usize, Place>,
    by_id: BTreeMap<&'a str, Vec<Place>>,
}

impl<'a> Nest<'a> {
    pub fn of(plan: &'a Plan) -> Nest<'a> {
        let mut nest = Nest { spots: Vec::new(), by_address: BTreeMap::new(), by_id: BTreeMap::new() };
        nest.add(&plan.steps, None);
        nest
    }

    fn add(&mut self, steps: &'a [Step], parent: Option<(Place, usize)>) {
        for step in steps {
            let place = self.spots.len();
            self.by_address.insert(std::ptr::from_ref(step).addr(), place);
            self.by_id.entry(&step.id).or_default().push(place);
            if let StepKind::Set { values } = &step.kind {
                for (name, _) in values.iter().filter(|(name, _)| *name != step.id) {
                    self.by_id.entry(name).or_default().push(place);
                }
            }
            self.spots.push(Spot { step, parent, end: place + 1 });
            for (body, inside) in step.kind.bodies().into_iter().enumerate() {
                self.add(inside, Some((place, body)));
            }
            let end = self.spots.len();
            self.spots[place].end = end;
        }
    }

    pub fn len(&self) -> usize {
        self.spots.len()
    }

    pub fn steps(&self) -> impl Iterator<Item = &'a Step> {
        self.spots.iter().map(|spot| spot.step)
    }

    pub fn step(&self, place: Place) -> &'a Step {
        self.spots[place].step
    }

    pub fn place(&self, step: &Step) -> Option<Place> {
        self.by_address.get(&std::ptr::from_ref(step).addr()).copied()
    }

    /// The steps that leave something of this name.
    pub fn of_id(&self, id: &str) -> &[Place] {
        self.by_id.get(id).map_or(&[], Vec::as_slice)
    }

    /// The blocks around a place, the innermost first.
    pub fn around(&self, place: Place) -> impl Iterator<Item = Place> {
        std::iter::successors(self.spots[place].parent, |(block, _)| self.spots[*block].parent)
            .map(|(block, _)| block)
    }

    /// The lists of steps around, the outermost first.
    pub fn path(&self, at: At) -> Vec<(Place, usize)> {
        let innermost = match at {
            At::Step(place) => self.spots[place].parent,
            At::Body(place, body) => Some((place, body)),
            At::End => None,
        };
        let up = std::iter::successors(innermost, |(block, _)| self.spots[*block].parent);
        let mut path: Vec<(Place, usize)> = up.collect();
        path.reverse();
        path
    }

    /// The loop of this id that is around.
    pub fn loop_around(&self, id: &str, at: At) -> Option<Place> {
        let own = match at {
            // Its condition stands inside of it.
            At::Step(place) if matches!(self.step(place).kind, StepKind::Loop(_)) => Some(place),
            _ => None,
        };
        let around = self.path(at).into_iter().map(|(block, _)| block).chain(own);
        let mut loops = around.filter(|block| matches!(self.step(*block).kind, StepKind::Loop(_)));
        loops.find(|block| self.step(*block).id == id)
    }

    /// What binds the variable: a map, or a try and the index of its catch.
    pub fn binder(&self, name: &str, at: At) -> Option<(Place, usize)> {
        self.path(at).into_iter().rev().find_map(|(block, body)| match &self.step(block).kind {
            StepKind::Map(map) if map.variable == name => Some((block, 0)),
            StepKind::Try(tried) => {
                let catch = body.checked_sub(1)?;
                let binds = tried.catches.get(catch).is_some_and(|catch| catch.variable == name);
                binds.then_some((block, catch))
            }
            _ => None,
        })
    }

    /// What steps bind or leave, in order.
    pub fn variables(&self) -> Vec<Var> {
        let mut vars = Vec::new();
        for (place, spot) in self.spots.iter().enumerate() {
            match &spot.step.kind {
                StepKind::Map(_) => vars.push(Var::Variable(place, 0)),
                StepKind::Loop(_) => vars.push(Var::Last(place)),
                StepKind::Try(tried) => {
                    vars.extend((0..tried.catches.len()).map(|catch| Var::Variable(place, catch)));
                }
                StepKind::Set { values } => {
                    vars.extend(values.iter().map(|(name, _)| Var::Step(name.clone())));
                }
                _ => {}
            }
            vars.push(Var::Step(spot.step.id.clone()));
        }
        vars
    }

    /// The places of a part.
    pub fn inside(&self, region: Region<'_>) -> impl Iterator<Item = Place> {
        let (begin, end) = self.range(region);
        begin..end
    }

    pub fn holds(&self, region: Region<'_>, place: Place) -> bool {
        let (begin, end) = self.range(region);
        (begin..end).contains(&place)
    }

    pub fn is_inside(&self, at: At, region: Region<'_>) -> bool {
        match (at, region) {
            (_, Region::All) => true,
            (At::End, _) => false,
            (At::Step(place), _) => self.holds(region, place),
            (At::Body(place, body), Region::Body(block, of)) => {
                self.holds(region, place) || (self.place(block) == Some(place) && body == of)
            }
            (At::Body(place, _), Region::Step(_)) => self.holds(region, place),
        }
    }

    fn range(&self, region: Region<'_>) -> (Place, Place) {
        match region {
            Region::All => (0, self.spots.len()),
            Region::Step(step) => self.place(step).map_or((0, 0), |place| (place, self.spots[place].end)),
            Region::Body(step, body) => {
                let bodies = step.kind.bodies();
                let steps: &[Step] = bodies.get(body).copied().unwrap_or_default();
                let first = steps.first().and_then(|first| self.place(first));
                let last = steps.last().and_then(|last| self.place(last));
                match (first, last) {
                    (Some(first), Some(last)) => (first, self.spots[last].end),
                    _ => (0, 0),
                }
            }
        }
    }
}
