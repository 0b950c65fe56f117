//! Random workflows: shapes from a seed, written as a manifest and compiled, and what is left when a part is taken out.
//!
//! It knows what a manifest may say, so that nearly every shape compiles; what it means is not its business.

use conductor_tests::random::Random;

/// A step without an id.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    Task(Call),
    Sleep(u64),
    Set,
    Fail,
    Return,
    /// A branch waits for what another sends after so many milliseconds.
    Signal(u64),
    Child(Vec<Shape>),
    Sequence(Vec<Shape>),
    Tolerated(Vec<Shape>),
    /// Only where a condition holds that may not.
    When(bool, Vec<Shape>),
    Deadline(u64, Vec<Shape>),
    Parallel {
        branches: Vec<Shape>,
        waits: bool,
        width: Option<u64>,
    },
    Graph(Vec<Shape>),
    Race(Vec<Shape>),
    Map {
        steps: Vec<Shape>,
        items: u64,
        width: Option<u64>,
    },
    Loop {
        steps: Vec<Shape>,
        times: u64,
        every: Option<u64>,
    },
    Switch {
        first: bool,
        yes: Vec<Shape>,
        no: Vec<Shape>,
    },
    Try {
        steps: Vec<Shape>,
        catches: Vec<Shape>,
        finally: Vec<Shape>,
    },
    Hold {
        steps: Vec<Shape>,
        /// One step to the journal.
        atomic: bool,
    },
}

/// A call and how it ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub effect: Effect,
    pub after: u64,
    /// How many attempts fail before one succeeds.
    pub failures: u32,
    pub retries: u32,
    /// The first attempt takes too long.
    pub late: bool,
    pub is_critical: bool,
    pub fallback: Option<bool>,
    pub hedged: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Read,
    Idempotent,
    Write,
    /// A write that is undone when the run fails.
    Undoable,
}

/// More than are made of any call, however often a process dies in it; then they fail alike.
pub const ALL_ATTEMPTS: u32 = 24;

/// What may be drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Profile {
    /// The process dies in between: what is decided by time alone is left out.
    pub dies: bool,
    /// Without a journal there are no signals.
    pub direct: bool,
}

/// The steps of a workflow.
pub fn shapes(random: &mut Random, profile: Profile) -> Vec<Shape> {
    let mut left = 3 + random.below(9);
    let count = 1 + random.below(3);
    (0..count).map(|_| shape(random, profile, 3, &mut left, false)).collect()
}

fn some(random: &mut Random, profile: Profile, depth: u32, left: &mut u64, raced: bool) -> Vec<Shape> {
    let count = 1 + random.below(3);
    (0..count).map(|_| shape(random, profile, depth, left, raced)).collect()
}

fn shape(random: &mut Random, profile: Profile, depth: u32, left: &mut u64, raced: bool) -> Shape {
    *left = left.saturating_sub(1);
    if depth == 0 || *left == 0 || random.below(5) < 2 {
        return leaf(random, profile, raced);
    }
    let chance = |random: &mut Random| random.below(2) == 0;
    let width = |random: &mut Random| (random.below(3) == 0).then(|| 1 + random.below(2));
    let mut inner = |random: &mut Random, raced: bool| some(random, profile, depth - 1, left, raced);
    match random.below(14) {
        0 => Shape::Child(inner(random, raced)),
        1 => Shape::Sequence(inner(random, raced)),
        2 => Shape::Tolerated(inner(random, raced)),
        3 => Shape::When(chance(random), inner(random, raced)),
        4 if !profile.dies => Shape::Deadline(80 + 10 * random.below(30), inner(random, raced)),
        5 | 6 => {
            Shape::Parallel { branches: inner(random, raced), waits: chance(random), width: width(random) }
        }
        7 => Shape::Graph(inner(random, raced)),
        8 if !profile.dies => Shape::Race(inner(random, true)),
        9 => Shape::Map { steps: inner(random, raced), items: random.below(4), width: width(random) },
        10 => Shape::Loop {
            steps: inner(random, raced),
            times: 1 + random.below(3),
            every: chance(random).then(|| 20 + random.below(40)),
        },
        11 => Shape::Switch { first: chance(random), yes: inner(random, raced), no: inner(random, raced) },
        // Without a journal it says nothing.
        12 => Shape::Hold { steps: inner(random, raced), atomic: !profile.direct && chance(random) },
        _ => Shape::Try {
            steps: inner(random, raced),
            catches: if random.below(4) == 0 { Vec::new() } else { inner(random, raced) },
            finally: if chance(random) { Vec::new() } else { vec![leaf(random, profile, raced)] },
        },
    }
}

fn leaf(random: &mut Random, profile: Profile, raced: bool) -> Shape {
    match random.below(16) {
        0 => Shape::Sleep(10 + 10 * random.below(8)),
        1 => Shape::Set,
        2 => Shape::Fail,
        3 if random.below(3) == 0 => Shape::Return,
        4 if !profile.direct => Shape::Signal(10 * random.below(8)),
        _ => Shape::Task(call(random, profile, raced)),
    }
}

fn call(random: &mut Random, profile: Profile, raced: bool) -> Call {
    let effect = match random.below(6) {
        0 | 1 => Effect::Idempotent,
        2 if !raced => Effect::Write,
        3 | 4 if !raced => Effect::Undoable,
        _ => Effect::Read,
    };
    let hedged = !profile.dies && effect == Effect::Read && random.below(8) == 0;
    let mut failures = if random.below(3) == 0 { 1 + u32::try_from(random.below(3)).unwrap_or(0) } else { 0 };
    // A death may cost an attempt its outcome. What is called once more than the journal knows must come to the same, and a
    // write that fails after one whose outcome nobody knows is undone without a result, which is another end.
    let fails_for_good = profile.dies && failures > 0;
    if fails_for_good {
        failures = ALL_ATTEMPTS;
    }
    let effect = if fails_for_good && effect == Effect::Undoable { Effect::Write } else { effect };
    Call {
        effect,
        after: 5 + 25 * random.below(8),
        failures,
        retries: u32::try_from(random.below(3)).unwrap_or(0),
        late: !profile.dies
            && !hedged
            && matches!(effect, Effect::Read | Effect::Idempotent)
            && random.below(10) == 0,
        is_critical: random.below(6) != 0,
        fallback: (random.below(6) == 0 && effect != Effect::Write).then(|| random.below(2) == 0),
        hedged,
    }
}

impl Shape {
    /// The lists of steps inside.
    fn bodies(&mut self) -> Vec<&mut Vec<Shape>> {
        match self {
            Shape::Child(steps)
            | Shape::Sequence(steps)
            | Shape::Tolerated(steps)
            | Shape::When(_, steps)
            | Shape::Deadline(_, steps)
            | Shape::Graph(steps)
            | Shape::Race(steps)
            | Shape::Hold { steps, .. }
            | Shape::Parallel { branches: steps, .. }
            | Shape::Map { steps, .. }
            | Shape::Loop { steps, .. } => vec![steps],
            Shape::Switch { yes, no, .. } => vec![yes, no],
            Shape::Try { steps, catches, finally } => vec![steps, catches, finally],
            Shape::Task(_)
            | Shape::Sleep(_)
            | Shape::Set
            | Shape::Fail
            | Shape::Return
            | Shape::Signal(_) => Vec::new(),
        }
    }
}

/// Every workflow with one part less: a step gone, or a block replaced by what is in it.
pub fn smaller(shapes: &[Shape]) -> Vec<Vec<Shape>> {
    let mut all = Vec::new();
    for index in 0..shapes.len() {
        if shapes.len() > 1 {
            let mut less = shapes.to_vec();
            less.remove(index);
            all.push(less);
        }
        let mut inside = shapes[index].clone();
        let bodies: Vec<Vec<Shape>> = inside.bodies().into_iter().map(|body| body.clone()).collect();
        for (number, body) in bodies.iter().enumerate() {
            if !body.is_empty() {
                let mut unwrapped = shapes.to_vec();
                unwrapped.splice(index..=index, body.clone());
                all.push(unwrapped);
            }
            for less in smaller(body) {
                let mut whole = shapes.to_vec();
                if let Some(body) = whole[index].bodies().into_iter().nth(number) {
                    *body = less;
                }
                all.push(whole);
            }
        }
        if let Shape::Task(call) = &shapes[index] {
            let plain = Call { retries: 0, late: false, fallback: None, hedged: false, ..call.clone() };
            if plain != *call {
                let mut whole = shapes.to_vec();
                whole[index] = Shape::Task(plain);
                all.push(whole);
            }
        }
    }
    all
}
