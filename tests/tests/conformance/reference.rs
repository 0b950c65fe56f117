//! The reference interpreter on a job: what may come of it, and what every call is to come to.
//!
//! It knows that real time is never exact: a job is played several times with calls a little longer, and what comes of
//! any of them is right.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use conductor_protocol::plan::{Plan, StepKind, TaskCall};
use conductor_protocol::types::Type;

use conductor_simulate::{Crash, Lengths, Scenario, Scripted, What, run, synthesise};
use conductor_tests::random::Random;
use serde_json::{Map, Value};

use crate::arguments::{self, Arguments};
use crate::case::Job;
use crate::meaning::{self, Meaning};

/// A job with the outcome of every call written down, and what it may come to.
#[derive(Debug, Clone)]
pub struct Expected {
    pub job: Job,
    pub meanings: BTreeSet<Meaning>,
    pub arguments: Arguments,
    /// Steps of which it is not defined whether they are called.
    pub overtaken: BTreeSet<String>,
    /// Virtual milliseconds until everything has ended.
    pub lasts_ms: u64,
}

/// How often a job is played with other times.
const VARIATIONS: u64 = 8;
/// How often it is played in another order.
const ORDERS: u64 = 16;
/// How often a job is played with deaths, and with other paces.
const PACES: u64 = 40;
/// How much longer a call may take in reality, in milliseconds.
const NOISE_MS: u64 = 12;

pub fn expected(job: &Job) -> Result<Expected> {
    let mut job = job.clone();
    script(&mut job)?;
    let trace = run(&job.plans, &job.scenario);
    let lasts_ms = trace.events.last().map_or(0, |event| event.at_us / 1000);
    let arguments = arguments::of_trace(&trace);
    let overtaken = arguments::overtaken(&trace);
    let mut meanings = BTreeSet::from([meaning::of_trace(&trace).with_atomic(&job.plans)]);
    for seed in 1..VARIATIONS {
        let varied = varied(&job.scenario, &mut Random::new(seed));
        meanings.insert(meaning::of_trace(&run(&job.plans, &varied)).with_atomic(&job.plans));
    }
    Ok(Expected { job, meanings, arguments, overtaken, lasts_ms })
}

/// What the job may come to where another goes on first of those that could at one instant: who does is not defined.
pub fn in_other_orders(job: &Job) -> impl Iterator<Item = Meaning> {
    (0..ORDERS).map(|seed| {
        let scenario = Scenario { order: Some(seed), ..hurried(&job.scenario, &mut Random::new(seed)) };
        meaning::of_trace(&run(&job.plans, &scenario)).with_atomic(&job.plans)
    })
}

/// What the job may come to where the process dies now and then: whatever is not recorded begins anew, so that any call and
/// any pause may take longer than any other. What the pace decides comes to several ends here.
pub fn at_any_pace(job: &Job) -> Result<Vec<Meaning>> {
    let plans = serde_json::to_value(&job.plans)?;
    let mut all = Vec::new();
    for seed in 0..PACES {
        let mut random = Random::new(seed);
        let mut slowed = plans.clone();
        slow_down(&mut slowed, &mut random);
        let slowed: Vec<Plan> = serde_json::from_value(slowed)?;
        let mut scenario = Scenario { order: Some(seed), ..job.scenario.clone() };
        for scripted in scenario.calls.values_mut().flatten() {
            scripted.after_ms = Some(pace(&mut random));
        }
        all.push(meaning::of_trace(&run(&slowed, &scenario)));
        let deaths = 1 + random.below(3);
        scenario.restart_ms = pace(&mut random);
        scenario.crashes = (0..deaths)
            .map(|_| Crash { at_entry: 1 + random.below(24), keep: usize::from(random.below(2) == 0) })
            .collect();
        all.push(meaning::of_trace(&run(&job.plans, &scenario)));
    }
    Ok(all)
}

/// Quick, or late, or as late as a death makes it.
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn pace(random: &mut Random) -> f64 {
    let longest = [10, 200, 2_000];
    let longest = longest.get(random.below(3) as usize).copied().unwrap_or(200);
    (1 + random.below(longest)) as f64
}

/// Sleeps of other lengths.
fn slow_down(plan: &mut Value, random: &mut Random) {
    match plan {
        Value::Object(fields) => {
            if let Some(ms) = fields.get_mut("sleep").and_then(|sleep| sleep.pointer_mut("/fixed/ms")) {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "small and positive"
                )]
                let longer = pace(random) as u64;
                *ms = Value::from(longer);
            }
            fields.values_mut().for_each(|inside| slow_down(inside, random));
        }
        Value::Array(items) => items.iter_mut().for_each(|inside| slow_down(inside, random)),
        _ => {}
    }
}

/// As [`varied`], but a call may also be done before a sleep that is as long: the machine is late with either.
fn hurried(scenario: &Scenario, random: &mut Random) -> Scenario {
    let mut hurried = varied(scenario, random);
    for scripted in hurried.calls.values_mut().flatten() {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let early = random.below(2 * NOISE_MS) as f64;
        scripted.after_ms = scripted.after_ms.map(|after| (after - early).max(0.0));
    }
    hurried
}

fn varied(scenario: &Scenario, random: &mut Random) -> Scenario {
    let mut varied = scenario.clone();
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let mut noise = || random.below(NOISE_MS) as f64;
    varied.commit_ms = noise();
    for scripted in varied.calls.values_mut().flatten() {
        scripted.after_ms = Some(scripted.after_ms.unwrap_or(scenario.call_ms) + noise());
    }
    varied
}

/// Writes down the value of each call that nothing is said about, until every call that is made has its own.
fn script(job: &mut Job) -> Result<()> {
    for _ in 0..20 {
        let trace = run(&job.plans, &job.scenario);
        let mut all = true;
        for event in &trace.events {
            let What::AttemptStarted { key, task, .. } = &event.what else { continue };
            let full = format!("{}/{key}", event.run);
            let calls = &job.scenario.calls;
            let known = calls.get(&full).or_else(|| calls.get(&**key)).or_else(|| calls.get(task));
            let mut list = known.cloned().unwrap_or_else(|| vec![Scripted::default()]);
            if calls.contains_key(&full) && list.iter().all(is_whole) {
                continue;
            }
            all = false;
            let mut random = Random::new(digest(&full));
            for scripted in list.iter_mut().filter(|one| !is_whole(one)) {
                scripted.returns = Some(made_up(&job.plans, task, &mut random));
            }
            job.scenario.calls.insert(full, list);
        }
        if all {
            return Ok(());
        }
    }
    ensure!(false, "{} makes other calls each time", job.name);
    Ok(())
}

fn is_whole(scripted: &Scripted) -> bool {
    scripted.returns.is_some() || scripted.fails.is_some() || scripted.hangs
}

fn made_up(plans: &[Plan], task: &str, random: &mut Random) -> Value {
    let mut found = Value::Null;
    for plan in plans {
        for (_, call) in calls(plan).iter().filter(|(name, _)| name == task) {
            let seed = random.below(1 << 40);
            let mut random = conductor_simulate::Random::new(seed);
            found = synthesise(call.callable.returns(), &plan.types, Lengths::default(), &mut random);
        }
    }
    found
}

/// Every call that a Plan can make, fallbacks and compensations among them.
pub fn calls(plan: &Plan) -> Vec<(String, &TaskCall)> {
    fn add<'a>(call: &'a TaskCall, all: &mut Vec<(String, &'a TaskCall)>) {
        all.push((call.task.clone(), call));
        if let Some(conductor_protocol::plan::Fallback::Task(other)) = &call.fallback {
            add(other, all);
        }
        if let Some(undo) = &call.compensate {
            add(undo, all);
        }
    }
    let mut all = Vec::new();
    for step in plan.all_steps() {
        if let StepKind::Task(call) = &step.kind {
            add(call, &mut all);
        }
    }
    all
}

/// FNV-1a.
fn digest(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The input with which the run of the job begins, and the workflow.
pub fn starts(expected: &Expected) -> Vec<(String, String, Map<String, Value>, u64)> {
    let trace = run(&expected.job.plans, &expected.job.scenario);
    let started: Vec<&str> = expected.job.scenario.starts.iter().map(|start| start.run.as_str()).collect();
    let mut all = Vec::new();
    for event in &trace.events {
        if let What::RunStarted { workflow, input } = &event.what
            && started.contains(&&*event.run)
            && let Value::Object(input) = &**input
        {
            all.push((workflow.clone(), event.run.to_string(), input.clone(), event.at_us / 1000));
        }
    }
    all
}

/// Whether a type holds user types that a stub module must define.
pub fn types_of(
    plans: &[Plan],
) -> Vec<(&conductor_protocol::types::TypeName, &conductor_protocol::types::TypeDef)> {
    let mut all: Vec<_> = plans.iter().flat_map(|plan| &plan.types).collect();
    all.sort_by(|one, other| one.0.cmp(other.0));
    all.dedup_by(|one, other| one.0 == other.0);
    all
}

/// What opens and closes clients of the Plans' resources, with the type of the client.
pub fn clients(plans: &[Plan]) -> Vec<(&str, Option<&str>, &Type)> {
    let resources = plans.iter().flat_map(|plan| &plan.resources);
    let mut all: Vec<(&str, Option<&str>, &Type)> = resources
        .filter_map(|resource| {
            let open = resource.open.as_ref()?;
            let close = resource.close.as_ref().map(|function| function.name.as_str());
            Some((open.name.as_str(), close, &open.returns))
        })
        .collect();
    all.sort_by_key(|(open, ..)| *open);
    all.dedup_by_key(|(open, ..)| *open);
    all
}
