//! Runs that nobody watches, in each language: those that begin by themselves, and those whose inputs nobody may see.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use conductor_tests::eventually;
use conductor_tests::process::Process;
use conductor_tests::project::Project;
use conductor_tests::sidecar::Sidecar;
use serde_json::{Value, json};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn built() -> Result<Project> {
    let project = Project::built("schedules")?;
    let mut compile = Command::new("go");
    compile.args(["build", "-o", "worker.bin", "./worker"]).current_dir(project.path());
    let compiled = compile.env("GOFLAGS", "-mod=mod").output().context("go is needed")?;
    ensure!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    Ok(project)
}

/// A process of each language.
fn serving(project: &Project) -> Result<Vec<Process>> {
    let go = project.path().join("worker.bin");
    Ok(vec![
        project.python(&["serve.py"], &[])?,
        Process::spawn("javascript", project.command(Path::new("node"), &["worker.js"]))?,
        Process::spawn("go", project.command(&go, &[]))?,
    ])
}

/// All schedules, once each is served.
fn served(project: &Project) -> Result<Vec<Value>> {
    eventually("somebody who serves each schedule", || {
        let (_, body) = project.conductor_json(&["schedules"])?;
        let all = body["schedules"].as_array().cloned().unwrap_or_default();
        Ok((all.len() == 3 && all.iter().all(|one| one["served"] == true)).then_some(all))
    })
}

fn outputs(sidecar: &Sidecar) -> Result<Vec<(String, String)>> {
    let page = sidecar.get("/v1/runs?limit=1000")?.json()?;
    let runs = page["runs"].as_array().context("runs")?.iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut all: Vec<_> = runs.map(|run| (text(&run["workflow"]), text(&run["output"]))).collect();
    all.sort();
    Ok(all)
}

#[test]
fn what_was_missed_begins_once_in_each_language_when_all_are_back() -> Result<()> {
    let project = built()?;
    let mut sidecar = Sidecar::start(&project)?;
    let first = serving(&project)?;
    let all = served(&project)?;
    ensure!(all.iter().all(|one| one["next"].is_string() && one["missed_since"].is_null()), "{all:?}");
    let zones: Vec<&Value> = all.iter().map(|one| &one["time_zone"]).collect();
    assert_eq!(zones, [&json!("UTC"), &json!("UTC"), &json!("Europe/Berlin")]);
    let text = project.conductor(&["schedules"])?.expect_code(0)?.stdout;
    ensure!(text.contains("nightly") && text.contains("30 3 * * *"), "{text}");
    let wanted = [("daily", "counted to 7"), ("daily", "counted to 7"), ("nightly", "swept 3 days")];
    let wanted = wanted.map(|(workflow, output)| (workflow.to_owned(), output.to_owned()));
    let mut processes = first;
    // The second time all of it is known.
    for _ in 0..2 {
        for process in processes {
            process.kill()?;
        }
        sidecar.kill()?;
        two_days_off(&sidecar)?;
        sidecar.restart(&project)?;
        processes = serving(&project)?;
        served(&project)?;
        eventually("the missed runs", || {
            let found = outputs(&sidecar)?;
            // It may be the full hour.
            let found: Vec<_> = found.into_iter().filter(|(workflow, _)| workflow != "hourly").collect();
            Ok((found == wanted).then_some(()))
        })?;
    }
    Ok(())
}

/// As if the sidecar had been off for so long.
fn two_days_off(sidecar: &Sidecar) -> Result<()> {
    let store = rusqlite::Connection::open(sidecar.store())?;
    let now = i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis())?;
    // At noon no day's beginning is near.
    let noon = now - now.rem_euclid(DAY_MS) + DAY_MS / 2;
    let then = if now < noon { noon - 2 * DAY_MS } else { noon - 2 * DAY_MS + DAY_MS / 4 };
    store.execute("UPDATE schedules SET done = ?1", [then])?;
    Ok(())
}

const SECRET: &str = "hunter2-is-no-password";

#[test]
fn a_secret_is_neither_on_disk_nor_shown_nor_logged() -> Result<()> {
    let project = built()?;
    let mut sidecar = Sidecar::start(&project)?;
    let applications = serving(&project)?;
    served(&project)?;
    let mut said = String::new();
    for language in ["python", "typescript", "go"] {
        let (workflow, id) = (format!("login_{language}"), format!("r-{language}"));
        let input = json!({"token": SECRET}).to_string();
        let arguments = ["run", &workflow, "--run-id", &id, "--input", &input, "--format", "json"];
        let finished = project.conductor(&arguments)?.expect_code(0)?;
        said.push_str(&finished.stdout);
        said.push_str(&finished.stderr);
        for arguments in [vec!["show", &id], vec!["show", &id, "--format", "json"], vec!["runs"]] {
            let shown = project.conductor(&arguments)?.expect_code(0)?;
            said.push_str(&shown.stdout);
            said.push_str(&shown.stderr);
        }
        ensure!(said.contains("nobody knows ***"), "the error is shown without it: {said}");
    }
    said.push_str(&sidecar.get("/metrics")?.body);
    for application in &applications {
        eventually("the line of the log", || {
            Ok(application.stderr().contains("nobody knows ***").then_some(()))
        })?;
        said.push_str(&application.stdout());
        said.push_str(&application.stderr());
    }
    said.push_str(&sidecar.process()?.stderr());
    ensure!(!said.contains(SECRET), "{said}");
    for application in applications {
        application.kill()?;
    }
    sidecar.kill()?;
    let store = sidecar.store();
    let folder = store.parent().context("the store has a folder")?;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let bytes = if path.is_file() { std::fs::read(&path)? } else { Vec::new() };
        let found = bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
        ensure!(!found, "{} holds it", path.display());
    }
    Ok(())
}
