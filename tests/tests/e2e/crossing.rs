//! Values of the user's types, and the trace of a run, go from each language to each other one, through real processes.

use std::path::Path;

use anyhow::{Context, Result};
use conductor_tests::process::Process;
use conductor_tests::project::Project;
use conductor_tests::sidecar::Sidecar;
use conductor_tests::{eventually, http};
use serde_json::{Value, json};

/// A project of three languages, built and served by a process of each.
struct Served {
    python: Process,
    go: Process,
    _node: Process,
    sidecar: Sidecar,
    project: Project,
}

impl Served {
    fn new() -> Result<Served> {
        let project = Project::built("crossing")?;
        project.go(&["build", "-mod=mod", "-o", "worker.bin", "./worker"])?;
        let sidecar = Sidecar::start(&project)?;
        let node = Process::spawn("node", project.command(Path::new("node"), &["worker.js"]))?;
        Ok(Served { python: python(&project)?, go: go(&project)?, _node: node, sidecar, project })
    }

    /// The run, ended.
    fn run(&self, workflow: &str, run: &str, input: &Value) -> Result<Value> {
        self.sidecar.accepts(workflow, run, input)?;
        self.ended(run)
    }

    fn ended(&self, run: &str) -> Result<Value> {
        self.sidecar.run_in(run, &["succeeded", "failed", "cancelled", "paused"])
    }

    /// What the step in Go has seen of the trace, call by call.
    fn seen(&self, times: usize) -> Result<Vec<String>> {
        eventually("the call of Where", || {
            let log = self.project.read("where.log").unwrap_or_default();
            let lines: Vec<String> = log.lines().map(str::to_owned).collect();
            Ok((lines.len() >= times).then_some(lines))
        })
    }
}

fn python(project: &Project) -> Result<Process> {
    project.python(&["serve.py"], &[])
}

fn go(project: &Project) -> Result<Process> {
    Process::spawn("worker", project.command(&project.path().join("worker.bin"), &[]))
}

#[test]
fn classes_and_clients_of_each_language_are_met_by_each_other_one() -> Result<()> {
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
    clients_are_those_of_the_process_that_serves(&served)
}

/// A function is handed the client that its own process has opened, whoever calls it.
fn clients_are_those_of_the_process_that_serves(served: &Served) -> Result<()> {
    for workflow in ["booked_by_python", "booked_by_go", "booked_by_typescript"] {
        let mut lines = Vec::new();
        for run in ["first", "second"] {
            let run = served.run(workflow, &format!("{workflow}_{run}"), &json!({"line": run}))?;
            assert_eq!(run["state"], "succeeded", "{run}");
            let output: Vec<String> = serde_json::from_value(run["output"].clone())?;
            lines.push(output.iter().map(|line| line[..2].to_owned()).collect::<Vec<_>>());
        }
        assert_eq!(lines, [["py", "go", "ts"]; 2]);
    }
    // One client a process, whoever called: each has written down all six lines.
    let last = served.run("booked_by_go", "last", &json!({"line": "last"}))?;
    assert_eq!(last["output"], json!(["py 7", "go 7", "ts 7"]), "{last}");
    Ok(())
}

#[test]
fn the_trace_of_a_run_is_one_over_languages_processes_and_crashes() -> Result<()> {
    let mut served = Served::new()?;
    let (trace, caller) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let header = format!("traceparent: 00-{trace}-{caller}-01");
    let path = "/v1/workflows/traced/runs";
    let body = json!({"run_id": "r"});
    eventually("somebody who knows traced", || {
        let answer = http::post_with(&served.sidecar.socket(), path, &header, &body)?;
        Ok((answer.status == 202).then_some(()))
    })?;
    let first = served.seen(1)?;
    // Both who orchestrates and who makes the step die, and are started again.
    std::mem::replace(&mut served.go, go(&served.project)?).kill()?;
    std::mem::replace(&mut served.python, python(&served.project)?).kill()?;
    let seen = served.seen(2)?;
    let prefix = format!("00-{trace}-");
    assert!(seen.iter().all(|line| line.starts_with(&prefix)), "{first:?}, then {seen:?}");
    served.project.write("where.open", "")?;
    let run = served.ended("r")?;
    assert_eq!(run["state"], "succeeded", "{run}");
    let output: Vec<String> = serde_json::from_value(run["output"].clone())?;
    // Whether a call that was on its way to the dead process is made again is not defined: there may be a third.
    let last = served.seen(2)?.pop();
    assert_eq!(output.get(1), last.as_ref(), "an attempt is a span, whichever process makes it");
    let spans: Vec<&str> = output.iter().filter_map(|each| each.strip_prefix(&prefix)).collect();
    assert_eq!(
        spans.len(),
        4,
        "every step, and that of the sub-workflow, is in the caller's trace: {output:?}"
    );
    let mut apart = spans.clone();
    apart.sort_unstable();
    apart.dedup();
    assert_eq!(apart.len(), 4, "each is a span of its own: {spans:?}");
    Ok(())
}
