//! The web UI in a browser: journeys of people who look for what went wrong, against a real sidecar with real runs.
//!
//! It prepares the project; what is done and seen in the browser stands in `tests/ui`.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use conductor_tests::certificates::{Authority, put};
use conductor_tests::process::Process;
use conductor_tests::project::{Project, conductor};
use conductor_tests::root;

/// Of the run that is to be fluid.
const STEPS: usize = 2000;

/// All journeys, on a machine that does other things.
const PATIENCE: Duration = Duration::from_secs(180);

#[test]
fn journeys_in_a_browser() -> Result<()> {
    let project = Project::built("ui")?;
    let (authority, at) = (Authority::new("the shop's")?, |name: &str| project.path().join(name));
    let own = authority.issue(&["localhost"], 1, 2090)?;
    for (name, text) in
        [("cert.pem", &*own.cert), ("key.pem", &*own.key), ("ca.pem", authority.pem()), ("tokens", "")]
    {
        put(&at(name), text)?;
    }
    in_a_browser(&project, "journeys")
}

#[test]
fn a_long_run_and_many_events_leave_it_fluid() -> Result<()> {
    let project = Project::named("ui")?;
    let steps: String = (0..STEPS)
        .map(|step| {
            format!("      - {{id: step_{step}, task: look, with: {{number: \"${{input.number}}\"}}}}\n")
        })
        .collect();
    let long = format!("\n  - id: long\n    input: {{number: int}}\n    steps:\n{steps}");
    project.write("concurrency.yaml", &(project.read("concurrency.yaml")? + &long))?;
    project.conductor(&["build"])?.expect_code(0)?;
    in_a_browser(&project, "load")
}

/// One browser at a time: what is measured in one would be the other's.
static TURN: Mutex<()> = Mutex::new(());

fn in_a_browser(project: &Project, script: &str) -> Result<()> {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut command = project.command(Path::new("node"), &["--test", "--test-reporter", "spec"]);
    command.arg(root().join(format!("tests/ui/{script}.mjs")));
    command.env("CONDUCTOR", conductor()?).env("PROJECT", project.path()).env("ROOT", root());
    let done = Process::spawn(script, command)?.wait_at_most(PATIENCE)?;
    assert_eq!(done.code, Some(0), "{}\n{}", done.stdout, done.stderr);
    println!("{}", done.stdout);
    Ok(())
}
