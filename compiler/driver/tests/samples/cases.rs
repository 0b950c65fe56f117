//! `tests/cases`: what each construct compiles to, and that both syntaxes, and JSON, say the same.

use std::path::Path;

use conductor_protocol::plan::Plan;

use super::{clean, judge, samples};
use crate::support::{Project, expect_file, text};

#[test]
fn every_case_compiles_to_its_plans() {
    let samples = samples("tests/cases");
    assert!(samples.len() >= 60, "{} cases", samples.len());
    let twins = samples.iter().filter(|(_, project)| !project.get("concurrency.hcl").is_empty()).count();
    assert!(twins >= 15, "{twins} twins");
    judge(samples.iter().map(|(path, project)| case(path, project)));
}

fn case(path: &Path, project: &Project) -> Result<(), String> {
    let syntaxes = ["concurrency.yaml", "concurrency.hcl"];
    let written = syntaxes.into_iter().filter(|name| !project.get(name).is_empty());
    let plans: Vec<Vec<Plan>> =
        written.map(|name| plans(path, &project.only(name))).collect::<Result<_, _>>()?;
    let shown = |plans: &[Plan]| serde_json::to_string_pretty(plans).expect("a Plan is JSON") + "\n";
    let (first, twins) = plans.split_first().ok_or("no manifest")?;
    for twin in twins {
        assert_eq!(shown(twin), shown(first), "the twins of {} differ", path.display());
    }
    expect_file(&path.join("plan.json"), Some(&shown(first)))?;
    survives_json(path, first)
}

fn plans(path: &Path, project: &Project) -> Result<Vec<Plan>, String> {
    Ok(clean(path, project)?.compiled.ok_or("it does not compile")?.plans)
}

/// What is read back from the file is the same program, with the same digest.
fn survives_json(path: &Path, plans: &[Plan]) -> Result<(), String> {
    let read: Vec<Plan> = serde_json::from_str(&text(&path.join("plan.json")))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    for (plan, read) in plans.iter().zip(&read) {
        let digest = |plan: &Plan| plan.digest().expect("a Plan is JSON");
        if plan != read || digest(plan) != digest(read) {
            return Err(format!("{}: `{}` changes when it is read back", path.display(), plan.workflow));
        }
    }
    Ok(())
}
