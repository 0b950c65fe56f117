//! The web UI in a browser: journeys of people who look for what went wrong, against a real sidecar with real runs.
//!
//! It prepares the project; what is done and seen in the browser stands in `tests/ui`.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use conductor_tests::certificates::{Authority, put};
use conductor_tests::process::Process;
use conductor_tests::project::{Project, conductor};
use conductor_tests::root;

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
    let script = root().join("tests/ui/journeys.mjs");
    let mut command = project.command(Path::new("node"), &["--test", "--test-reporter", "spec"]);
    command.arg(script).env("CONDUCTOR", conductor()?).env("PROJECT", project.path()).env("ROOT", root());
    let done = Process::spawn("journeys", command)?.wait_at_most(PATIENCE)?;
    assert_eq!(done.code, Some(0), "{}\n{}", done.stdout, done.stderr);
    Ok(())
}
