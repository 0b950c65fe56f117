//! An application of each language, with the tasks of the storms and a manifest of the test's own.
//!
//! It knows how one is built and started, not what it serves.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use conductor_tests::process::Process;
use conductor_tests::project::Project;

pub(crate) const LANGUAGES: [&str; 3] = ["python", "typescript", "go"];

/// The application built with `manifest`, in which `LANGUAGE` is the language and `@task` a task's function.
pub(crate) fn built(language: &str, manifest: &str) -> Result<Project> {
    let project = Project::named(&format!("torture/{language}"))?;
    project.write("concurrency.yaml", &written(language, manifest))?;
    project.write("ledger", "")?;
    project.conductor(&["build"])?.expect_code(0)?;
    if language == "go" {
        let mut compile = Command::new("go");
        let output = compile.args(["build", "-o", "app", "."]).current_dir(project.path()).output();
        let output = output.context("go is needed")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(project)
}

fn written(language: &str, manifest: &str) -> String {
    let mut text = manifest.replace("LANGUAGE", language);
    for task in ["hold", "book", "unbook", "look"] {
        let named = match language {
            "go" => format!("go:example.com/torture/tasks.{}{}", task[..1].to_uppercase(), &task[1..]),
            _ => format!("tasks.{task}"),
        };
        text = text.replace(&format!("\"@{task}\""), &format!("\"{named}\""));
    }
    text
}

/// Starts it; it serves runs that it is given on `socket`.
pub(crate) fn serve(project: &Project, language: &'static str, socket: &Path) -> Result<Process> {
    let own = project.path().join("app");
    let (program, arguments) = match language {
        "python" => (Path::new("python3"), vec!["app.py", "."]),
        "typescript" => (Path::new("node"), vec!["app.js", "."]),
        _ => (&*own, vec!["."]),
    };
    let mut command = project.command(program, &arguments);
    command.env("CONDUCTOR_SOCKET", socket).env("TORTURE_LEDGER", project.path().join("ledger"));
    command.env("PYTHONUNBUFFERED", "1");
    Process::spawn(language, command)
}
