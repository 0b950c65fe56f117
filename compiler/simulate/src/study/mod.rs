//! Many runs with drawn durations and failures: how long, how often, how much of each dependency.
//!
//! It knows distributions and counts, not how they are shown. The same seed gives the same report; each draw depends on
//! the seed, the run, the step and the attempt alone, so that two scenarios differ only where they are different.

mod change;
mod draws;
mod path;
mod profile;
mod report;
mod tally;

use conductor_protocol::plan::Plan;
use serde_json::{Map, Value as Json};

pub use change::{Change, apply};
pub use profile::{Distribution, MADE_UP, Profile, SignalProfile, TaskProfile, duration_ms};
pub use report::{Comparison, Counts, Dependency, Difference, Failing, Pool, Quantiles, Report, Share};

use crate::executor::{digest_of, mix};
use crate::explore::Start;
use crate::random::Random;
use crate::scenario::{micros, started};
use crate::trace::Stopped;
use crate::world::{External, Settings, World};
use draws::Draws;
use tally::Tally;

/// Steps of one run before it counts as unfinished.
const RUN_BUDGET: u64 = 200_000;
/// Steps of all runs before the study stops.
const BUDGET: u64 = 30_000_000;

/// How runs come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Arrivals {
    /// Each by itself, as if there were no other.
    Alone,
    /// At random, so many a second on average, in one process.
    PerSecond(f64),
    /// So many at any time, in one process.
    Concurrent(u32),
}

/// What is simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    pub workflow: String,
    pub runs: u32,
    pub seed: u64,
    pub arrivals: Arrivals,
    /// Inputs of every run; what is missing is made up by type.
    pub input: Map<String, Json>,
    pub profile: Profile,
}

/// Runs the study.
#[must_use]
pub fn study(plans: &[Plan], study: &Study) -> Report {
    let mut tally = Tally::new(study.runs);
    let cut_short = match study.arrivals {
        Arrivals::Alone => alone(plans, study, &mut tally),
        Arrivals::PerSecond(rate) => together(plans, study, &mut tally, Some(rate), study.runs),
        Arrivals::Concurrent(most) => together(plans, study, &mut tally, None, most.max(1)),
    };
    report::of(plans, study, tally, cut_short)
}

fn settings(study: &Study, budget: u64) -> Settings {
    Settings {
        commit_us: micros(study.profile.commit_ms),
        settle_us: 30_000_000,
        restart_us: 0,
        budget,
        forgets: true,
    }
}

fn start(plans: &[Plan], study: &Study, number: u32) -> External {
    let run = format!("run-{number}");
    let seed = mix(study.seed, digest_of(&run));
    let start = Start { input: study.input.clone(), ..Start::new(&study.workflow, &run) };
    started(plans, &start, seed, study.profile.lengths())
}

fn alone(plans: &[Plan], study: &Study, tally: &mut Tally) -> Option<String> {
    let mut left = BUDGET;
    for number in 0..study.runs {
        let mut draws = Draws::new(study);
        tally.begin();
        let (stopped, spent) = {
            let world =
                World::new(plans, true, settings(study, RUN_BUDGET.min(left)), &mut draws, &mut *tally);
            world.plan_external(0, start(plans, study, number));
            let stopped = world.drive();
            (stopped, world.spent())
        };
        tally.stopped(&stopped);
        left = left.saturating_sub(spent);
        if left == 0 {
            return Some(format!("after {} of {} runs: they take too many steps", number + 1, study.runs));
        }
    }
    None
}

/// All runs in one world: they share pools, breakers and limits.
fn together(
    plans: &[Plan],
    study: &Study,
    tally: &mut Tally,
    rate: Option<f64>,
    at_once: u32,
) -> Option<String> {
    let mut draws = Draws::new(study);
    let mut random = Random::new(mix(study.seed, digest_of("arrivals")));
    tally.begin();
    let stopped = {
        let world = World::new(plans, true, settings(study, BUDGET), &mut draws, &mut *tally);
        let mut at = 0.0;
        for number in 0..study.runs {
            if let Some(rate) = rate {
                at += random.exponential() * 1000.0 / rate;
            }
            if number < at_once {
                world.plan_external(micros(at), start(plans, study, number));
            } else {
                world.backlog.borrow_mut().push_back(start(plans, study, number));
            }
        }
        world.drive()
    };
    tally.stopped(&stopped);
    (stopped == Stopped::Budget).then(|| "the runs take too many steps".to_owned())
}
