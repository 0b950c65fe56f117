//! What a fix would bring, simulated: the same runs before and after, with measured times.
//!
//! It knows Plans and profiles, not what a fix is about.

use conductor_driver::{Family, RULES};
use conductor_protocol::plan::Plan;
use conductor_simulate::study::{Arrivals, Report, Study, study};
use serde_json::Map;

use super::{Asked, mend};
use crate::compile::{Compilation, Overlay, judge};
use crate::exit::Failure;

const RUNS: u32 = 1000;
/// More findings are not simulated.
const MOST: usize = 10;

/// Adds the outcome to the findings about time that have a fix.
pub fn note(asked: &Asked<'_>, judged: &mut Compilation) -> Result<(), Failure> {
    if asked.measured.is_none() {
        return Ok(());
    }
    let mut notes = Vec::new();
    for (at, finding) in judged.outcome.diagnostics.iter().enumerate() {
        let about_time =
            RULES.iter().any(|rule| rule.code == finding.code && rule.family == Family::Performance);
        let Some(fix) = finding.fixes.first().filter(|_| about_time && notes.len() < MOST) else { continue };
        let before = judge(asked.project, &Overlay::new())?;
        let after = judge(asked.project, &mend::with(judged, &Overlay::new(), &[fix]))?;
        let (Some(before), Some(after)) = (before.outcome.compiled, after.outcome.compiled) else { continue };
        if let Some(text) = compared(asked, &before.plans, &after.plans) {
            notes.push((at, text));
        }
    }
    for (at, text) in notes {
        if let Some(finding) = judged.outcome.diagnostics.get_mut(at) {
            finding.notes.push(text);
        }
    }
    Ok(())
}

fn compared(asked: &Asked<'_>, before: &[Plan], after: &[Plan]) -> Option<String> {
    let changed = before.iter().find(|plan| {
        after.iter().any(|other| other.workflow == plan.workflow && other.digest().ok() != plan.digest().ok())
    })?;
    let workflow = &changed.workflow;
    let (one, other) = (simulate(asked, before, workflow)?, simulate(asked, after, workflow)?);
    let (one, other) = (one.duration, other.duration);
    let ms = |value: f64| format!("{value:.0} ms");
    Some(format!(
        "simulated, {RUNS} runs of `{workflow}` with the measured times: p50 {} before and {} after, p95 {} and {}",
        ms(one.p50),
        ms(other.p50),
        ms(one.p95),
        ms(other.p95)
    ))
}

/// Runs of the workflow, each alone.
pub fn simulate(asked: &Asked<'_>, plans: &[Plan], workflow: &str) -> Option<Report> {
    let mut profile = asked.measured?.profile().clone();
    profile.fit(plans);
    let study_of = Study {
        workflow: workflow.to_owned(),
        runs: RUNS,
        seed: 1,
        arrivals: Arrivals::Alone,
        input: Map::new(),
        profile,
    };
    Some(study(plans, &study_of))
}
