//! Changes of a scenario by name: `charge.failure_rate=0.2`, `charge.timeout=2s`, `db.pool.max=20`, `checkout.deadline=30s`.
//!
//! It knows Plans and profiles, not the manifest: a policy that several tasks share is changed task by task.

use std::collections::BTreeMap;

use conductor_protocol::plan::{Fallback, Plan, Pool, Step, StepKind, TaskCall};

use super::profile::{Distribution, MADE_UP, Profile, TaskProfile, duration_ms};

/// `NAME.KEY=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub name: String,
    pub key: String,
    pub value: String,
}

/// Keys of tasks, for messages.
const TASK_KEYS: &str = "failure_rate, hang_rate, error, p50, p95, constant, exponential, timeout, deadline, retries, initial, \
                         max_delay, bulkhead, breaker (off)";

impl Change {
    /// Reads one.
    ///
    /// # Errors
    /// What it should look like.
    pub fn parse(text: &str) -> Result<Change, String> {
        let parts = text.split_once('=').and_then(|(path, value)| Some((path.split_once('.')?, value)));
        let Some(((name, key), value)) = parts else {
            return Err(format!("`{text}` is no change; write NAME.KEY=VALUE, as `charge.failure_rate=0.2`"));
        };
        let trimmed = |part: &str| part.trim().to_owned();
        Ok(Change { name: trimmed(name), key: trimmed(key), value: trimmed(value) })
    }
}

/// Makes the change. `groups` are further names for several tasks at once: the policies of a manifest.
///
/// # Errors
/// A name or a key that is not there, or a value that does not fit.
pub fn apply(
    plans: &mut [Plan],
    profile: &mut Profile,
    groups: &BTreeMap<String, Vec<String>>,
    change: &Change,
) -> Result<(), String> {
    let mut tasks: Vec<String> = Vec::new();
    for plan in plans.iter_mut() {
        for_each_call(&mut plan.steps, &mut |call| tasks.push(call.task.clone()));
    }
    let name = change.name.as_str();
    if tasks.iter().any(|task| task == name) {
        return task(plans, profile, &[name.to_owned()], change);
    }
    if let Some(members) = groups.get(name) {
        return task(plans, profile, members, change);
    }
    if name == "default" {
        return drawn(&mut profile.default, change)
            .unwrap_or_else(|| Err(no_key(change, "failure_rate, p50, p95, ...")));
    }
    if plans.iter().any(|plan| plan.resources.iter().any(|resource| resource.id == name)) {
        return resource(plans, change);
    }
    if let Some(plan) = plans.iter_mut().find(|plan| plan.workflow == name) {
        return workflow(plan, change);
    }
    tasks.sort();
    tasks.dedup();
    let resources = plans.iter().flat_map(|plan| plan.resources.iter().map(|resource| resource.id.clone()));
    let workflows = plans.iter().map(|plan| plan.workflow.clone());
    let mut known: Vec<String> =
        tasks.into_iter().chain(groups.keys().cloned()).chain(resources).chain(workflows).collect();
    known.dedup();
    Err(format!("there is no task, policy, resource or workflow `{name}`; there are: {}", known.join(", ")))
}

fn no_key(change: &Change, known: &str) -> String {
    format!("`{}` cannot be changed by `{}`; what can be is: {known}", change.name, change.key)
}

/// A change of how calls end, where the key is one.
fn drawn(profile: &mut TaskProfile, change: &Change) -> Option<Result<(), String>> {
    let milliseconds = || duration_ms(&change.value);
    Some(match change.key.as_str() {
        "failure_rate" => share(change).map(|share| profile.failure_rate = share),
        "hang_rate" => share(change).map(|share| profile.hang_rate = share),
        "error" => {
            profile.error.clone_from(&change.value);
            Ok(())
        }
        "constant" => milliseconds().map(|ms| profile.duration = Some(Distribution::Constant { ms })),
        "exponential" => {
            milliseconds().map(|mean| profile.duration = Some(Distribution::Exponential { mean }))
        }
        "p50" => milliseconds().map(|p50| {
            // The spread stays as it was.
            let p95 = match profile.duration.unwrap_or(MADE_UP) {
                Distribution::Lognormal { p50: old, p95 } if old > 0.0 => p50 * p95 / old,
                _ => p50,
            };
            profile.duration = Some(Distribution::Lognormal { p50, p95 });
        }),
        "p95" => milliseconds().and_then(|p95| match profile.duration.unwrap_or(MADE_UP) {
            Distribution::Lognormal { p50, .. } if p50 <= p95 => {
                profile.duration = Some(Distribution::Lognormal { p50, p95 });
                Ok(())
            }
            Distribution::Lognormal { p50, .. } => Err(format!("p95 ({p95} ms) is below p50 ({p50} ms)")),
            _ => Err("p95 needs a p50; set that first".to_owned()),
        }),
        _ => return None,
    })
}

fn share(change: &Change) -> Result<f64, String> {
    let parsed = change.value.parse().ok().filter(|share: &f64| (0.0..=1.0).contains(share));
    parsed.ok_or_else(|| format!("`{}` is no share between 0 and 1", change.value))
}

fn whole(change: &Change) -> Result<u32, String> {
    change.value.parse().map_err(|_| format!("`{}` is no whole number", change.value))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a sensible time")]
fn millis(change: &Change) -> Result<u64, String> {
    duration_ms(&change.value).map(|ms| ms.round() as u64)
}

/// A limit, or `off` for none.
fn limit<T>(change: &Change, read: impl FnOnce(&Change) -> Result<T, String>) -> Result<Option<T>, String> {
    if change.value == "off" { Ok(None) } else { read(change).map(Some) }
}

fn task(plans: &mut [Plan], profile: &mut Profile, tasks: &[String], change: &Change) -> Result<(), String> {
    for name in tasks {
        let mut changed = profile.task(name).clone();
        if let Some(result) = drawn(&mut changed, change) {
            result?;
            profile.tasks.insert(name.clone(), changed);
            continue;
        }
        let mut result = Ok(());
        for plan in plans.iter_mut() {
            for_each_call(&mut plan.steps, &mut |call| {
                if call.task == *name && result.is_ok() {
                    result = policy(call, change);
                }
            });
        }
        result?;
    }
    Ok(())
}

fn policy(call: &mut TaskCall, change: &Change) -> Result<(), String> {
    let policy = &mut call.policy;
    match change.key.as_str() {
        "timeout" => policy.timeout_ms = limit(change, millis)?,
        "deadline" => policy.deadline_ms = limit(change, millis)?,
        "retries" if change.value == "forever" => policy.retries = None,
        "retries" => policy.retries = Some(whole(change)?),
        "initial" => policy.initial_ms = millis(change)?,
        "max_delay" => policy.max_delay_ms = millis(change)?,
        "bulkhead" => policy.bulkhead = limit(change, at_least_one)?,
        "breaker" if change.value == "off" => policy.circuit_breaker = None,
        _ => return Err(no_key(change, TASK_KEYS)),
    }
    Ok(())
}

fn at_least_one(change: &Change) -> Result<u32, String> {
    whole(change)?
        .checked_sub(1)
        .map(|less| less + 1)
        .ok_or_else(|| "nobody gets one of 0 permits".to_owned())
}

fn resource(plans: &mut [Plan], change: &Change) -> Result<(), String> {
    let resources = plans.iter_mut().flat_map(|plan| &mut plan.resources);
    for resource in resources.filter(|resource| resource.id == change.name) {
        match change.key.as_str() {
            "pool.max" | "max" if resource.pool.is_some() => {
                let max = at_least_one(change)?;
                let min = resource.pool.map_or(0, |pool| pool.min).min(max);
                resource.pool = Some(Pool { min, max });
            }
            "max_concurrency" | "max" => resource.max_concurrency = limit(change, at_least_one)?,
            "pool.max" => resource.pool = Some(Pool { min: 0, max: at_least_one(change)? }),
            "rate_limit" if change.value == "off" => resource.rate_limit = None,
            _ => return Err(no_key(change, "pool.max, max_concurrency, rate_limit (off)")),
        }
    }
    Ok(())
}

fn workflow(plan: &mut Plan, change: &Change) -> Result<(), String> {
    match (change.key.as_str(), &mut plan.concurrency) {
        ("deadline", _) => plan.deadline_ms = limit(change, millis)?,
        ("concurrency", Some(concurrency)) => concurrency.limit = at_least_one(change)?,
        ("concurrency", none) => {
            let limit = at_least_one(change)?;
            *none = Some(conductor_protocol::plan::Concurrency { limit, key: None });
        }
        _ => return Err(no_key(change, "deadline, concurrency")),
    }
    Ok(())
}

/// Every call in the steps: tasks, their fallbacks, and what undoes them.
fn for_each_call(steps: &mut [Step], visit: &mut impl FnMut(&mut TaskCall)) {
    let mut pending: Vec<&mut Step> = steps.iter_mut().collect();
    while let Some(step) = pending.pop() {
        match &mut step.kind {
            StepKind::Task(call) => {
                if let Some(Fallback::Task(fallback)) = &mut call.fallback {
                    visit(fallback);
                }
                if let Some(undo) = &mut call.compensate {
                    visit(undo);
                }
                visit(call);
            }
            StepKind::Sequence { steps } | StepKind::Graph { steps } => pending.extend(steps),
            StepKind::Parallel { branches, .. } | StepKind::Race { branches } => pending.extend(branches),
            StepKind::Map(map) => pending.extend(&mut map.steps),
            StepKind::Switch { cases } => pending.extend(cases.iter_mut().flat_map(|case| &mut case.steps)),
            StepKind::Loop(repeat) => pending.extend(&mut repeat.steps),
            StepKind::Try(block) => {
                pending.extend(&mut block.steps);
                pending.extend(block.catches.iter_mut().flat_map(|catch| &mut catch.steps));
                pending.extend(&mut block.finally);
            }
            StepKind::Hold(hold) => pending.extend(&mut hold.steps),
            StepKind::Workflow(_)
            | StepKind::Sleep(_)
            | StepKind::WaitFor(_)
            | StepKind::Emit(_)
            | StepKind::Set { .. }
            | StepKind::Return { .. }
            | StepKind::Fail { .. } => {}
        }
    }
}
