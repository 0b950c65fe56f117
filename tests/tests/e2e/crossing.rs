//! Values of the user's types that go from each language to each other one, through real processes.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use conductor_tests::process::Process;
use conductor_tests::project::Project;
use conductor_tests::sidecar::Sidecar;
use serde_json::{Value, json};

/// A project of three languages, built and served by a process of each.
pub struct Served {
    _processes: Vec<Process>,
    pub sidecar: Sidecar,
    pub project: Project,
}

impl Served {
    pub fn new() -> Result<Served> {
        let project = Project::built("crossing")?;
        let mut compile = Command::new("go");
        compile.args(["build", "-o", "worker.bin", "./worker"]).current_dir(project.path());
        let compiled = compile.env("GOFLAGS", "-mod=mod").output().context("go is needed")?;
        ensure!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        let sidecar = Sidecar::start(&project)?;
        let worker = project.path().join("worker.bin");
        let processes = vec![
            project.python(&["serve.py"], &[])?,
            Process::spawn("worker", project.command(&worker, &[]))?,
            Process::spawn("node", project.command(Path::new("node"), &["worker.js"]))?,
        ];
        Ok(Served { project, sidecar, _processes: processes })
    }

    /// The run, ended.
    pub fn run(&self, workflow: &str, run: &str, input: &Value) -> Result<Value> {
        self.sidecar.accepts(workflow, run, input)?;
        self.sidecar.run_in(run, &["succeeded", "failed", "cancelled", "paused"])
    }
}

#[test]
fn a_class_goes_from_each_language_to_each_other_and_comes_back_whole() -> Result<()> {
    let served = Served::new()?;
    let trails = [
        ("around_python", ["py", "go", "ts", "py", "ts", "go", "py"]),
        ("around_go", ["go", "ts", "py", "go", "py", "ts", "go"]),
        ("around_typescript", ["ts", "py", "go", "ts", "go", "py", "ts"]),
    ];
    for (workflow, trail) in trails {
        let run = served.run(workflow, workflow, &json!({"label": "x"}))?;
        assert_eq!(run["state"], "succeeded", "{run}");
        assert_eq!(run["output"]["trail"], json!(trail));
        assert_eq!(run["output"]["price"], "12345678901234567890.10");
    }
    for workflow in ["around_python", "around_go"] {
        let run = served.run(workflow, &format!("{workflow}_big"), &json!({"label": "big"}))?;
        assert_eq!(run["output"]["serial"], json!((1_i64 << 60) + 1), "{run}");
    }
    // `serial: int` of another language is a `number` to TypeScript: what that does not hold is refused.
    let run = served.run("around_typescript", "too_big", &json!({"label": "big"}))?;
    let message = run["error"]["message"].as_str().context("no error")?;
    assert!(message.contains("1152921504606846977"), "{message}");
    Ok(())
}
