//! Fixes: of advice, and of the checker where the manifest compiles without them, too.

use std::sync::atomic::{AtomicUsize, Ordering};

use conductor_driver::{RULES, Selection};
use conductor_protocol::plan::Plan;
use conductor_source::{Diagnostic, Fix, Safety, Sources, fix};

use super::runs::{Story, played, stories, tasks};
use super::{CORPUS, error_of, judged, lost};
use crate::support::Project;

/// Manifests that leave out what good ones say.
fn poorer(all: &[(String, Project)]) -> Vec<(String, Project)> {
    let mut poorer = Vec::new();
    for (name, project) in
        all.iter().filter(|(name, _)| !name.contains("tests/cases") && !name.contains("remarked"))
    {
        for said in ["effect: read", "critical: false", "detach: true"] {
            let manifest = project.manifest();
            let lines = project
                .get(manifest)
                .lines()
                .filter(|line| line.split('#').next().map(str::trim) != Some(said));
            let text: String = lines.map(|line| format!("{line}\n")).collect();
            let mut without = project.clone();
            without.set(manifest, &text);
            if text.len() != project.get(manifest).len() && without.compile().compiled.is_some() {
                poorer.push((format!("{name} without `{said}`"), without));
            }
        }
    }
    poorer
}

/// The first story that runs tell otherwise. What was meant is how they get there: in time, and beside each other.
fn differs(before: &[Plan], after: &[Plan]) -> Option<String> {
    for plan in before {
        let tasks = tasks(plan);
        for story in stories(&tasks) {
            let seeds = if story.is_none() { 1..4 } else { 1..2 };
            for seed in seeds {
                let runs = [before, after].map(|plans| played(plans, &plan.workflow, story, seed));
                let ends = || {
                    runs.each_ref().map(|runs| runs.values().map(|run| run.end.clone()).collect::<Vec<_>>())
                };
                let is_same = match story {
                    None => runs[0] == runs[1],
                    Some(_) => ends()[0] == ends()[1],
                };
                if !is_same {
                    return Some(format!("{}: {:?}", told(&plan.workflow, story), ends()));
                }
            }
        }
    }
    None
}

fn told(workflow: &str, story: Story<'_>) -> String {
    match story {
        None => format!("`{workflow}`, all going well"),
        Some((task, fate)) => format!("`{workflow}`, `{task}`: {fate:?}"),
    }
}

/// What one fix breaks.
fn broken(
    (project, before): (&Project, Option<&[Plan]>),
    sources: &Sources,
    (found, one): (&Diagnostic, &Fix),
) -> Option<String> {
    let is_ours = RULES.iter().any(|rule| rule.code == found.code);
    let mut mended = project.clone();
    for (file, text) in &fix::apply(sources, [one]).files {
        let lost = lost(sources.text(*file), text);
        if found.code.0 != "N001" && !lost.is_empty() {
            return Some(format!("{lost:?} is gone:\n{text}"));
        }
        mended.set(sources.path(*file), text);
    }
    let before = before?;
    let Some(after) = mended.compile().compiled else {
        let why = error_of(&mended).unwrap_or_default();
        return is_ours.then(|| format!("it is wrong: {why}\n{}", mended.get(mended.manifest())));
    };
    if one.safety != Safety::Safe {
        return None;
    }
    let story = differs(before, &after.plans)?;
    Some(format!("runs differ: {story}\n{}", mended.get(mended.manifest())))
}

#[test]
fn fixes_leave_manifests_right_and_runs_as_they_are() {
    let mut all = CORPUS.clone();
    all.extend(poorer(&CORPUS));
    let (advised, safe) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let wrong = judged(&all, |_, name, project| {
        let outcome = project.advise(&Selection::default());
        let compiled = project.compile().compiled;
        let plans = compiled.as_ref().map(|compiled| compiled.plans.as_slice());
        let fixes =
            outcome.diagnostics.iter().flat_map(|found| found.fixes.iter().map(move |one| (found, one)));
        let broken = fixes.filter_map(|(found, one)| {
            advised
                .fetch_add(usize::from(RULES.iter().any(|rule| rule.code == found.code)), Ordering::Relaxed);
            safe.fetch_add(usize::from(one.safety == Safety::Safe), Ordering::Relaxed);
            let why = broken((project, plans), &outcome.sources, (found, one))?;
            Some(format!("{name}: {}: `{}`: {why}", found.code, one.title))
        });
        broken.collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let counts = (advised.into_inner(), safe.into_inner(), all.len());
    println!("{} fixes of advice, {} safe ones, {} manifests", counts.0, counts.1, counts.2);
    assert!(counts.0 > 100 && counts.1 > 20 && counts.2 > 500, "{counts:?}");
}
