//! What holds for every Plan: determinism, crashes anywhere, settled writes, complete compensation, bounded work.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use conductor_protocol::plan::*;
use conductor_protocol::state::RunState;
use conductor_simulate::{Cancel, Crash, Scenario, Scripted, Stopped, Trace, What, run};
use proptest::prelude::*;
use proptest::strategy::Strategy;

use crate::kit::*;

/// A step without an id, and how its call ends where it is one.
#[derive(Debug, Clone)]
enum Shape {
    Read(End),
    Write(End),
    Undoable(End),
    Blocking(End),
    Sleep(u64),
    Fail,
    Child(Vec<Shape>),
    Sequence(Vec<Shape>),
    Parallel(Vec<Shape>, bool, Option<u32>),
    Map(Vec<Shape>, i64),
    Loop(Vec<Shape>),
    Try(Vec<Shape>, Vec<Shape>),
    Tolerated(Vec<Shape>),
}

#[derive(Debug, Clone, Copy)]
struct End {
    after: u64,
    fails: bool,
    retries: u32,
}

fn end() -> impl Strategy<Value = End> {
    (1..40_u64, prop::bool::weighted(0.15), 0..2_u32).prop_map(|(after, fails, retries)| End {
        after,
        fails,
        retries,
    })
}

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        3 => end().prop_map(Shape::Read),
        2 => end().prop_map(Shape::Write),
        3 => end().prop_map(Shape::Undoable),
        1 => end().prop_map(Shape::Blocking),
        1 => (1..30_u64).prop_map(Shape::Sleep),
        1 => Just(Shape::Fail),
    ];
    leaf.prop_recursive(3, 14, 3, |inner| {
        let some = || prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            some().prop_map(Shape::Child),
            some().prop_map(Shape::Sequence),
            (some(), any::<bool>(), prop::option::of(1..3_u32))
                .prop_map(|(all, waits, width)| Shape::Parallel(all, waits, width)),
            (some(), 0..4_i64).prop_map(|(all, items)| Shape::Map(all, items)),
            some().prop_map(Shape::Loop),
            (some(), some()).prop_map(|(all, handler)| Shape::Try(all, handler)),
            some().prop_map(Shape::Tolerated),
        ]
    })
}

/// The Plans of shapes, and the outcomes of their calls.
#[derive(Default)]
struct Building {
    plans: Vec<Plan>,
    calls: BTreeMap<String, Vec<Scripted>>,
    next: usize,
}

impl Building {
    fn id(&mut self, kind: &str) -> String {
        self.next += 1;
        format!("{kind}{}", self.next)
    }

    fn steps(&mut self, shapes: &[Shape]) -> Vec<Step> {
        shapes.iter().map(|shape| self.step(shape)).collect()
    }

    fn called(&mut self, step: Step, end: End) -> Step {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let after = end.after as f64;
        let scripted = if end.fails { fails(after, "x.Bad") } else { returns(after, step.id.as_str()) };
        self.calls.insert(step.id.clone(), vec![scripted]);
        with_call(step, |call| {
            call.policy.retries = Some(end.retries);
            // A permit that is held until the call really ends shows when that was.
            call.uses = vec!["real".to_owned()];
        })
    }

    fn step(&mut self, shape: &Shape) -> Step {
        let id = self.id("s");
        match shape {
            Shape::Read(end) => self.called(read(&id), *end),
            Shape::Write(end) => self.called(task(&id), *end),
            Shape::Undoable(end) => self.called(undoable(&id), *end),
            Shape::Blocking(end) => {
                let step = with_call(task(&id), |call| {
                    called(call).is_async = false;
                    call.idempotent = true;
                    call.policy.timeout_ms = Some(20);
                });
                self.called(step, *end)
            }
            Shape::Sleep(ms) => sleep(&id, *ms),
            Shape::Fail => fail(&id, "x.Bad"),
            Shape::Child(inner) => {
                let steps = self.steps(inner);
                let name = format!("w_{id}");
                self.plans.push(with_real(plan(&name, steps)));
                child(&id, &name, false)
            }
            Shape::Sequence(inner) => step(&id, StepKind::Sequence { steps: self.steps(inner) }),
            Shape::Parallel(inner, waits, width) => {
                let on_failure = if *waits { OnFailure::Wait } else { OnFailure::Cancel };
                let branches = self.steps(inner);
                step(&id, StepKind::Parallel { branches, max_concurrency: *width, on_failure })
            }
            Shape::Map(inner, items) => {
                let steps = self.steps(inner);
                map(&id, list((0..*items).map(int).collect()), Some(2), steps)
            }
            Shape::Loop(inner) => {
                let steps = self.steps(inner);
                let mut made = repeat(&id, LoopTest::Until, boolean(false), 2, steps);
                if let StepKind::Loop(repeat) = &mut made.kind {
                    repeat.on_exhausted = OnExhausted::Continue;
                }
                made
            }
            Shape::Try(inner, handler) => {
                let (inner, handler) = (self.steps(inner), self.steps(handler));
                Step { id, ..attempt(inner, vec![(&[], handler)], vec![]) }
            }
            Shape::Tolerated(inner) => {
                let steps = self.steps(inner);
                Step { critical: false, ..step(&id, StepKind::Sequence { steps }) }
            }
        }
    }
}

fn with_real(mut plan: Plan) -> Plan {
    plan.resources = vec![semaphore("real", 1000)];
    plan
}

fn built(shapes: &[Shape]) -> (Vec<Plan>, Scenario) {
    let mut building = Building::default();
    let steps = building.steps(shapes);
    building.plans.push(with_real(plan("w", steps)));
    let scenario = Scenario { commit_ms: 3.0, calls: building.calls, ..scenario(&[]) };
    (building.plans, scenario)
}

fn entries(trace: &Trace, plans: &[Plan], scenario: &Scenario) -> u64 {
    // The last death that still happens tells how many entries there are.
    let dies = |at_entry| {
        let crashes = vec![Crash { at_entry, keep: 0 }];
        let crashed = run(plans, &Scenario { crashes, ..scenario.clone() });
        crashed.events.iter().any(|event| matches!(event.what, What::Crashed { .. }))
    };
    let most = trace.events.len() as u64 * 3 + 3;
    (1..=most).take_while(|at| dies(*at)).last().unwrap_or(0)
}

/// Nothing that was on disk as done is done again; `at` is where the process died.
fn assert_nothing_is_done_twice(trace: &Trace) {
    let mut entries: BTreeMap<Arc<str>, usize> = BTreeMap::new();
    let mut done: BTreeMap<(Arc<str>, Arc<str>), u64> = BTreeMap::new();
    for event in &trace.events {
        match &event.what {
            What::StepSucceeded { key, .. } => {
                done.entry((event.run.clone(), key.clone())).or_insert(event.at_us);
            }
            What::Crashed { entries: left } => {
                entries.insert(event.run.clone(), *left);
                // What was done in the last moments may be lost; the disk takes two rounds of three milliseconds.
                let lost = event.at_us.saturating_sub(6_000);
                done.retain(|(run, _), at| *run != event.run || *at < lost);
            }
            What::AttemptStarted { key, .. } => {
                let again = done.get(&(event.run.clone(), key.clone()));
                assert_eq!(again, None, "{} of {} is done again", key, event.run);
            }
            _ => {}
        }
    }
}

/// When a run ends, every call that it made has really ended.
fn assert_settled(trace: &Trace) {
    let mut running: BTreeMap<Arc<str>, i64> = BTreeMap::new();
    for event in &trace.events {
        let count = running.entry(event.run.clone()).or_default();
        match &event.what {
            What::PermitAcquired { .. } => *count += 1,
            What::PermitReleased { .. } => *count -= 1,
            What::Crashed { .. } => *count = 0,
            What::RunEnded(_) => assert_eq!(*count, 0, "{} ends with calls that still run", event.run),
            _ => {}
        }
    }
}

/// A run that failed or was cancelled has undone what it did, in the reverse order, and nothing twice.
fn assert_undone(trace: &Trace) {
    let ends = trace.ends();
    for (run, end) in &ends {
        let of_run = || trace.events.iter().filter(|event| event.run == *run).map(|event| &event.what);
        let undone: Vec<&Arc<str>> = of_run()
            .filter_map(|what| match what {
                What::StepCompensated { key } if !is_child(trace, run, key) => Some(key),
                _ => None,
            })
            .collect();
        let undoing: BTreeSet<Arc<str>> = of_run()
            .filter_map(|what| match what {
                What::AttemptStarted { key, task, .. } if task.starts_with("undo_") => Some(key.clone()),
                _ => None,
            })
            .collect();
        assert_eq!(undoing.len(), undone.len(), "of {run}");
        if matches!(end.state, RunState::Failed | RunState::Cancelled) {
            let mut done: Vec<&Arc<str>> = of_run()
                .filter_map(|what| match what {
                    What::StepSucceeded { key, output, .. } if is_undoable(trace, run, key, output) => {
                        Some(key)
                    }
                    What::StepCancelled { key, unknown: true } if is_undoable_key(trace, run, key) => {
                        Some(key)
                    }
                    _ => None,
                })
                .collect();
            done.reverse();
            assert_eq!(undone, done, "of {run}: {}", shown(trace));
        }
    }
}

fn is_child(trace: &Trace, run: &Arc<str>, key: &Arc<str>) -> bool {
    let id = format!("{run}/{key}");
    trace.events.iter().any(|event| *event.run == *id)
}

fn is_undoable(trace: &Trace, run: &Arc<str>, key: &Arc<str>, _: &Arc<serde_json::Value>) -> bool {
    is_undoable_key(trace, run, key)
}

fn is_undoable_key(trace: &Trace, run: &Arc<str>, key: &Arc<str>) -> bool {
    let undo = format!("{key}.compensate");
    trace.events.iter().any(|event| {
        event.run == *run && matches!(&event.what, What::AttemptStarted { key, .. } if **key == *undo)
    }) || UNDOABLE.with(|known| known.borrow().contains(key.rsplit('.').next().unwrap_or(key)))
}

thread_local! {
    /// Ids of the steps that can be undone.
    static UNDOABLE: std::cell::RefCell<BTreeSet<String>> = const { std::cell::RefCell::new(BTreeSet::new()) };
}

fn note_undoable(plans: &[Plan]) {
    let undoable = plans.iter().flat_map(Plan::all_steps).filter(|step| match &step.kind {
        StepKind::Task(call) => call.compensate.is_some(),
        _ => false,
    });
    let ids = undoable.map(|step| step.id.clone()).collect();
    UNDOABLE.with(|known| *known.borrow_mut() = ids);
}

/// What is the same however often the process died. A failing branch cancels the others sooner or later, so which of
/// them were done is not.
fn outcome(trace: &Trace) -> (RunState, Option<String>) {
    assert!(trace.ends().contains_key("r"), "{}", shown(trace));
    let end = &trace.ends()["r"];
    (end.state, end.output.as_ref().map(ToString::to_string))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_scenario_gives_the_same_trace(shapes in prop::collection::vec(shape(), 1..4)) {
        let (plans, scenario) = built(&shapes);
        let trace = run(&plans, &scenario);
        prop_assert_eq!(&trace.stopped, &Stopped::Ended);
        prop_assert_eq!(&run(&plans, &scenario), &trace);
        note_undoable(&plans);
        assert_settled(&trace);
        assert_undone(&trace);
    }

    #[test]
    fn a_run_that_is_cancelled_anywhere_is_settled_and_undone(
        shapes in prop::collection::vec(shape(), 1..4), at in 0..150_u32,
    ) {
        let (plans, mut scenario) = built(&shapes);
        scenario.cancels = vec![Cancel { at_ms: f64::from(at), run: "r".to_owned() }];
        let trace = run(&plans, &scenario);
        prop_assert_eq!(&trace.stopped, &Stopped::Ended);
        note_undoable(&plans);
        assert_settled(&trace);
        assert_undone(&trace);
    }

    #[test]
    fn a_death_anywhere_changes_nothing_that_was_done(
        shapes in prop::collection::vec(shape(), 1..4), keep in 0..3_usize,
    ) {
        let (plans, scenario) = built(&shapes);
        let whole = run(&plans, &scenario);
        let count = entries(&whole, &plans, &scenario);
        for at_entry in 1..=count {
            let crashes = vec![Crash { at_entry, keep }];
            let crashed = run(&plans, &Scenario { crashes, ..scenario.clone() });
            prop_assert_eq!(&crashed.stopped, &Stopped::Ended, "death at {}\n{}", at_entry, shown(&crashed));
            prop_assert_eq!(outcome(&crashed), outcome(&whole), "death at {}\n{}", at_entry, shown(&crashed));
            assert_nothing_is_done_twice(&crashed);
            assert_settled(&crashed);
        }
    }

    #[test]
    fn two_deaths_in_a_row_lose_no_run(
        shapes in prop::collection::vec(shape(), 1..4), first in 1..40_u64, second in 1..40_u64,
    ) {
        let (plans, scenario) = built(&shapes);
        let whole = run(&plans, &scenario);
        let crash = |at_entry| Crash { at_entry, keep: 1 };
        let crashes = vec![crash(first), crash(first + second)];
        let crashed = run(&plans, &Scenario { crashes, ..scenario });
        prop_assert_eq!(outcome(&crashed), outcome(&whole), "{}", shown(&crashed));
        assert_nothing_is_done_twice(&crashed);
    }
}

#[test]
fn hostile_plans_end_in_bounded_time_and_stack() {
    let mut deep = read("leaf");
    for level in 0..120 {
        deep = step(&format!("level{level}"), StepKind::Sequence { steps: vec![deep] });
    }
    let wide =
        parallel("wide", (0..500).map(|index| read(&format!("b{index}"))).collect(), OnFailure::Cancel);
    let long = map("long", list((0..10_000).map(int).collect()), None, vec![read("each")]);
    let trace = play(plan("w", vec![deep, wide, long]), &scenario(&[]));
    assert_eq!(trace.stopped, Stopped::Ended);
    assert_eq!(trace.ends()["r"].state, RunState::Succeeded);
}

#[test]
fn endless_retries_and_endless_loops_meet_the_budget() {
    let forever = with_policy(read("a"), |policy| policy.retries = None);
    let tight = Scenario { budget: 10_000, ..scenario(&[("a", vec![fails(1.0, "x.Bad")])]) };
    assert_eq!(play(plan("w", vec![forever]), &tight).stopped, Stopped::Budget);
    let endless = repeat("l", LoopTest::While, boolean(true), u32::MAX, vec![read("b")]);
    assert_eq!(play(plan("w", vec![endless]), &tight).stopped, Stopped::Budget);
}
