//! Processes of each language tell the sidecar the Plans that it does not have, and it draws them.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use conductor_tests::application::Language;
use conductor_tests::process::Process;
use conductor_tests::project::Project;
use conductor_tests::sidecar::Sidecar;
use conductor_tests::{eventually, http};
use serde_json::{Value, json};

use crate::applications;

fn built(name: &str, program: &str) -> Result<Project> {
    let project = Project::built(name)?;
    project.go(&["build", "-mod=mod", "-o", "go.bin", program])?;
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

/// Calls in a sequence, in turns of a map, in branches, and of another workflow.
const CALLS: &str = r#"version: "1.0"

tasks:
  - {id: look, ref: "@look", effect: read}
  - {id: book, ref: "@book", in_doubt: retry}

workflows:
  - id: part_LANGUAGE
    target: LANGUAGE
    input: {n: int}
    steps:
      - {task: look, with: {n: "${input.n}"}}
    output: ${look}

  - id: main_LANGUAGE
    target: LANGUAGE
    input: {n: int}
    steps:
      - {task: look, id: a, with: {n: "${input.n + 1}"}}
      - map: {id: m, over: "${[a, a + 1]}", as: item, steps: [{task: look, id: e, with: {n: "${item}"}}]}
      - parallel:
          - {task: book, id: b, with: {n: "${m[1]}"}}
          - {task: look, id: c, with: {n: "${m[0] + m[1]}"}}
        id: both
      - {workflow: part_LANGUAGE, id: child, with: {n: "${both.b + both.c}"}}
    output: ${child}

  - id: hidden_LANGUAGE
    target: LANGUAGE
    input: {n: {type: int, secret: true}}
    steps:
      - {task: look, with: {n: "${input.n + 1}"}}
"#;

/// The journal holds no arguments: the sidecar computes them, as the process did.
#[test]
fn what_a_step_was_called_with_is_computed() -> Result<()> {
    let project = applications::built(Language::Python, CALLS)?;
    let sidecar = Sidecar::start(&project)?;
    let _application = applications::serve(&project, Language::Python, &sidecar.socket())?;
    sidecar.accepts("main_python", "r", &json!({"n": 4}))?;
    sidecar.run_in("r", &["succeeded"])?;
    // look gives n * 3 + 1, and book n.
    for (key, n) in [("a", 5), ("m[0].e", 16), ("m[1].e", 17), ("b", 52), ("c", 101), ("child", 356)] {
        let address = format!("/v1/runs/r/steps/{}/input", key.replace('[', "%5B").replace(']', "%5D"));
        let told = sidecar.get(&address)?.json()?;
        let arguments = told["arguments"].as_array().context("no arguments")?;
        ensure!(arguments[0] == json!({"name": "n", "value": n}), "{key}: {told}");
        let own = json!({"name": "idempotency_key", "value": format!("r/{key}")});
        ensure!(key == "child" || arguments.contains(&own), "{key}: {told}");
    }
    sidecar.accepts("hidden_python", "h", &json!({"n": 987_654}))?;
    sidecar.run_in("h", &["succeeded"])?;
    let hidden = sidecar.get("/v1/runs/h/steps/look/input")?.body;
    ensure!(hidden.contains("unknown") && !hidden.contains("98765"), "a secret is shown: {hidden}");
    let nothing = http::request(&sidecar.socket(), "GET", "/v1/runs/r/steps/nothing/input", None)?;
    ensure!(nothing.status == 404 && nothing.body.contains("its Plan has no step nothing"), "{nothing:?}");
    Ok(())
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
