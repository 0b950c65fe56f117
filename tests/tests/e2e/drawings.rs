//! Processes of each language tell the sidecar the Plans that it does not have, and it draws them.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use conductor_tests::eventually;
use conductor_tests::process::Process;
use conductor_tests::project::Project;
use conductor_tests::sidecar::Sidecar;
use serde_json::Value;

fn built(name: &str, program: &str) -> Result<Project> {
    let project = Project::built(name)?;
    let mut compile = Command::new("go");
    compile.args(["build", "-o", "go.bin", program]).current_dir(project.path());
    let compiled = compile.env("GOFLAGS", "-mod=mod").output().context("go is needed")?;
    ensure!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    Ok(project)
}

/// The keys in the drawing of a Plan, once it is there.
fn keys(sidecar: &Sidecar, plan: &str) -> Result<Vec<String>> {
    let drawing = eventually(&format!("a drawing of {plan}"), || {
        let answer = sidecar.get(&format!("/v1/plans/{plan}/drawing"))?;
        Ok((answer.status == 200).then_some(answer))
    })?;
    let drawing = drawing.json()?;
    let boxes = drawing["boxes"].as_array().context("no boxes")?;
    Ok(boxes.iter().filter_map(|shape| shape["key"].as_str()).map(str::to_owned).collect())
}

#[test]
fn who_serves_tells_what_it_serves() -> Result<()> {
    let project = built("schedules", "./worker")?;
    let sidecar = Sidecar::start(&project)?;
    let _processes = [
        project.python(&["serve.py"], &[])?,
        Process::spawn("javascript", project.command(Path::new("node"), &["worker.js"]))?,
        Process::spawn("go", project.command(&project.path().join("go.bin"), &[]))?,
    ];
    let plans = eventually("three sessions", || {
        let sessions = sidecar.get("/v1/sessions")?.json()?;
        let sessions = sessions["sessions"].as_array().context("no sessions")?;
        let plans = sessions.iter().filter_map(|one| one["plans"].as_array()).flatten();
        let plans: Vec<Value> = plans.cloned().collect();
        let languages: Vec<&Value> = sessions.iter().map(|one| &one["client"]["language"]).collect();
        Ok((languages.len() == 3 && plans.len() >= 3).then_some(plans))
    })?;
    for plan in plans {
        ensure!(!keys(&sidecar, plan["digest"].as_str().context("no digest")?)?.is_empty(), "{plan}");
    }
    Ok(())
}

#[test]
fn who_only_calls_tells_what_it_has_begun() -> Result<()> {
    let project = built("breakers", "./app")?;
    project.write("weather", "up")?;
    for folder in ["commands", "results"] {
        project.write(&format!("{folder}/.keep"), "")?;
    }
    let sidecar = Sidecar::start(&project)?;
    for language in ["python", "typescript", "go"] {
        let workflow = format!("press_durably_{language}");
        let _app = match language {
            "python" => project.python(&["app.py", "ada"], &[])?,
            "typescript" => Process::spawn("app", project.command(Path::new("node"), &["app.js", "ada"]))?,
            _ => Process::spawn("app", project.command(&project.path().join("go.bin"), &["ada"]))?,
        };
        project.write("commands/ada-1.new", &workflow)?;
        std::fs::rename(project.path().join("commands/ada-1.new"), project.path().join("commands/ada-1"))?;
        eventually("the result", || Ok(project.read("results/ada-1").ok()))?;
        std::fs::remove_file(project.path().join("results/ada-1"))?;
        let runs = sidecar.get(&format!("/v1/runs?workflow={workflow}&limit=1"))?.json()?;
        let run =
            sidecar.run_in(runs["runs"][0]["id"].as_str().context("no run")?, &["succeeded", "failed"])?;
        let step = run["steps"][0]["key"].as_str().context("no step")?.to_owned();
        ensure!(keys(&sidecar, run["plan"].as_str().context("no plan")?)?.contains(&step), "{run}");
    }
    Ok(())
}
