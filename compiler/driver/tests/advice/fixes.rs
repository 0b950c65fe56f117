//! What fixes of advice do to manifests: they stay right and keep their comments, and safe ones change no run.

use conductor_driver::{RULES, Selection};
use conductor_protocol::plan::Plan;
use conductor_simulate::{Scenario, Start, run};
use conductor_source::{Diagnostic, Safety, Severity, Sources, fix};

use super::pages;
use crate::samples::samples;
use crate::support::Project;

/// Every manifest that the repository shows: sensible ones, cases of the language, and the examples of rules.
fn corpus() -> Vec<(String, Project)> {
    let mut all: Vec<(String, Project)> = pages::examples();
    for folder in ["tests/manifests", "tests/cases", "examples"] {
        for (path, project) in samples(folder) {
            let manifest = project.manifest();
            all.push((path.display().to_string(), project.only(manifest)));
        }
    }
    // Manifests that leave out what good ones say.
    let mut poorer = Vec::new();
    for (name, project) in all.iter().filter(|(name, _)| !name.contains("tests/cases")) {
        for said in ["effect: read", "critical: false", "detach: true"] {
            let manifest = project.manifest();
            let lines = project.get(manifest).lines().filter(|line| line.trim() != said);
            let text: String = lines.map(|line| format!("{line}\n")).collect();
            let mut without = project.clone();
            without.set(manifest, &text);
            if text.len() != project.get(manifest).len() && without.compile().compiled.is_some() {
                poorer.push((format!("{name} without `{said}`"), without));
            }
        }
    }
    all.extend(poorer);
    all
}

/// The comments of a manifest, without their indentation.
fn comments(text: &str) -> Vec<&str> {
    let comment = |line: &'_ str| line.find(" #").or_else(|| line.starts_with('#').then_some(0));
    text.lines()
        .filter_map(|line| Some(line[comment(line)?..].trim()))
        .filter(|text| !text.contains('"'))
        .collect()
}

fn keeps_comments(before: &str, after: &str) -> bool {
    let kept = comments(after);
    comments(before).iter().all(|comment| kept.contains(comment))
}

/// What every run of the workflow does, by three seeds.
fn traces(plans: &[Plan], workflow: &str) -> Vec<String> {
    let play = |seed: u64| {
        let starts = vec![Start::new(workflow, "r")];
        let trace = run(plans, &Scenario { seed, starts, budget: 200_000, ..Scenario::default() });
        format!("{:?}", trace.canonical())
    };
    (1..4).map(play).collect()
}

fn tried(name: &str, project: &Project, sources: &Sources, found: &Diagnostic) -> Result<usize, String> {
    let mut tried = 0;
    for one in &found.fixes {
        let applied = fix::apply(sources, [one]);
        let mut mended = project.clone();
        for (file, text) in &applied.files {
            let (path, before) = (sources.path(*file), sources.text(*file));
            if found.code.0 != "N001" && !keeps_comments(before, text) {
                return Err(format!("{name}: {}: a comment is gone:\n{text}", found.code));
            }
            mended.set(path, text);
        }
        let after = mended.compile();
        if let Some(wrong) = after.diagnostics.iter().find(|after| after.severity == Severity::Error) {
            return Err(format!(
                "{name}: {}: `{}` breaks it: {}: {}\n{}",
                found.code,
                one.title,
                wrong.code,
                wrong.message,
                mended.get(mended.manifest())
            ));
        }
        tried += 1;
        let (Some(before), Some(after)) = (project.compile().compiled, after.compiled) else { continue };
        if one.safety == Safety::Safe {
            for plan in &before.plans {
                if traces(&before.plans, &plan.workflow) != traces(&after.plans, &plan.workflow) {
                    return Err(format!("{name}: {}: `{}` changes what runs do", found.code, one.title));
                }
            }
        }
    }
    Ok(tried)
}

#[test]
fn fixes_leave_manifests_right_and_runs_as_they_are() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (name, project) in corpus() {
        let outcome = project.advise(&Selection::default());
        let advice =
            outcome.diagnostics.iter().filter(|found| RULES.iter().any(|rule| rule.code == found.code));
        for found in advice {
            match tried(&name, &project, &outcome.sources, found) {
                Ok(tried) => count += tried,
                Err(problem) => wrong.push(problem),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 30, "only {count} fixes were tried");
}
