//! `plan`: what a build would change, as text and as JSON, and what becomes of runs that a real sidecar has.

use std::process::{Child, Stdio};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{Project, eventually, finish, signal};

const MANIFEST: &str = "\
tasks:
  - {id: fetch, ref: work.fetch, effect: read, policy: patient}
  - {id: hang, ref: work.hang, idempotent: true}
  - {id: note, ref: work.note, effect: none, policy: patient}
policies:
  - {id: patient, retries: 3, timeout: 500ms}
workflows:
  - id: order
    steps:
      - task: fetch
      - task: hang
  - id: other
    steps:
      - task: note
";
const WORK: &str = "\
import asyncio


async def fetch(name: str) -> str:
    return f'hello {name}'


async def hang(fetch: str) -> None:
    await asyncio.sleep(600)


async def note() -> None:
    pass
";
const APP: &str = "import asyncio\nfrom conductor_gen import serve\nasyncio.run(serve())\n";

fn project() -> Project {
    let project = Project::empty();
    project.write("concurrency.yaml", MANIFEST);
    project.write("work.py", WORK);
    project.write("app.py", APP);
    project
}

fn built() -> Project {
    let project = project();
    project.conductor(&["build"]).says(0, &[]);
    project
}

/// The manifest with a policy, a step and a workflow changed.
fn changed() -> String {
    let order = "      - task: fetch\n";
    let other = MANIFEST.find("  - id: other").unwrap();
    let changed = MANIFEST[..other].replace("retries: 3, timeout: 500ms", "retries: 5, timeout: 2s");
    changed.replace(order, &format!("{order}      - task: note\n"))
        + "  - id: third\n    steps:\n      - task: fetch\n"
}

#[test]
fn before_the_first_build_everything_is_added() {
    let project = project();
    let wanted = [
        "nothing was built before",
        "+ workflow order",
        "+ fetch: task work.fetch",
        "Plan: 2 to add, 0 to change, 0 to remove.",
    ];
    project.conductor(&["plan"]).says(0, &wanted);
    project.conductor(&["plan", "--detailed-exitcode"]).says(1, &wanted);
    let (code, document) = project.json(&["plan"]);
    assert_eq!((code, &document["against"]), (Some(0), &Value::Null));
    assert_eq!(document["summary"], json!({"add": 2, "change": 0, "remove": 0, "keep": 0}));
    assert!(!project.path().join("conductor_gen").exists());
}

#[test]
fn after_a_build_nothing_changes() {
    let project = built();
    let before = project.files();
    let plan = project.conductor(&["plan", "--detailed-exitcode"]);
    plan.says(0, &["compared with conductor_gen/plans.json", "Plan: 0 to add, 0 to change, 0 to remove."]);
    assert!(!plan.stdout.contains("workflow order"), "{plan:?}");
    assert_eq!(before, project.files());
}

#[test]
fn a_change_is_told_like_terraform_tells_it() {
    let project = built();
    project.write("concurrency.yaml", changed());
    let plan = project.conductor(&["plan"]);
    let wanted = "\
concurrency.yaml, compared with conductor_gen/plans.json:

~ workflow order
  ~ fetch: task work.fetch
      ~ policy.retries: 3 -> 5
      ~ policy.timeout: 500ms -> 2s
  + note: task work.note
    worst case: no bound, `hang` has no timeout
    waits for the disk: 2

+ workflow third
  + fetch: task work.fetch
    worst case: 15s 100ms
    waits for the disk: 1

- workflow other
  - note: task work.note
    worst case: 2s 700ms
    waits for the disk: 1

Bound without being written (`conductor fix --pin-bindings` writes it out):
    order: fetch(name) <- input.name: string (inferred input)
    order: hang(fetch) <- fetch: string (by name)
    third: fetch(name) <- input.name: string (inferred input)

Runs were not looked at: no sidecar runs for this project.

Plan: 1 to add, 1 to change, 1 to remove.
";
    assert_eq!(plan.stdout, wanted);
    assert_eq!(plan.code, Some(0));
    let (_, document) = project.json(&["plan"]);
    assert_eq!(document["summary"], json!({"add": 1, "change": 1, "remove": 1, "keep": 0}));
    let order = &document["workflows"][0];
    assert_eq!((&order["workflow"], &order["action"]), (&json!("order"), &json!("change")));
    assert_eq!(
        order["steps"][0]["fields"][0],
        json!({"field": "policy.retries", "before": "3", "after": "5"})
    );
    assert_eq!(order["worst_case"]["after"]["duration"]["unbounded"]["reason"], "no_timeout");
    assert_eq!(document["workflows"][1]["worst_case"]["after"]["duration"], json!({"milliseconds": 15_100}));
    assert_ne!(order["plan"]["before"], order["plan"]["after"]);
    assert_eq!(
        document["bindings"][1],
        json!({"workflow": "order", "step": "hang", "parameter": "fetch", "type": "string", "from": "fetch", "by": "name"})
    );
    assert_eq!((&document["runs"], &document["sidecar"]), (&Value::Null, &Value::Null));
}

#[test]
fn a_manifest_with_errors_shows_them() {
    let project = built();
    project.write("concurrency.yaml", MANIFEST.replace("task: hang", "task: hong"));
    project.conductor(&["plan"]).says(1, &["hong", "1 error"]);
    let (code, document) = project.json(&["plan"]);
    assert_eq!((code, document["diagnostics"].as_array().map(Vec::len)), (Some(1), Some(1)));
    assert_eq!(document["summary"], Value::Null);
}

#[test]
fn anything_may_be_compared_with() {
    let project = built();
    project.write("old.json", project.read("conductor_gen/plans.json"));
    project.write("concurrency.yaml", changed());
    let summary = "Plan: 1 to add, 1 to change, 1 to remove.";
    for against in ["old.json", "conductor_gen", "conductor_gen/plans.json"] {
        project.conductor(&["plan", "--against", against]).says(0, &[summary, against]);
    }
    project.write("before/concurrency.yaml", MANIFEST);
    project.write("before/work.py", WORK);
    for against in ["before", "before/concurrency.yaml"] {
        project.conductor(&["plan", "--against", against]).says(0, &[summary]);
    }
    project.write("before/concurrency.yaml", "tasks: [");
    project.conductor(&["plan", "--against", "before"]).says(3, &["it has errors"]);
    project.write("broken.json", "{\"plans\": 5}");
    for (against, said) in [("broken.json", "holds no Plans"), ("nowhere", "nowhere")] {
        project.conductor(&["plan", "--against", against]).says(3, &[said]);
    }
    std::fs::create_dir(project.path().join("empty")).unwrap();
    project.conductor(&["plan", "--against", "empty"]).says(3, &["neither a manifest nor"]);
    let (code, document) = project.json(&["plan", "--against", "nowhere"]);
    assert_eq!((code, &document["error"]["kind"]), (Some(3), &json!("environment")));
}

#[test]
fn a_stale_file_of_plans_does_not_pass_for_a_build() {
    let project = built();
    project.write("conductor_gen/plans.json", project.read("conductor_gen/plans.json").replace("500", "600"));
    project.conductor(&["build", "--check"]).says(1, &["stale: conductor_gen/plans.json"]);
    project.conductor(&["build"]).says(0, &[]);
    project.conductor(&["build", "--check"]).says(0, &[]);
}

/// A sidecar, and an application that serves what is built, as their own processes.
struct Running {
    sidecar: Child,
    app: Child,
}

impl Running {
    fn start(project: &Project) -> Running {
        let sidecar = project.spawn(&["sidecar", "--http", "off"]);
        eventually("a sidecar", || project.path().join(".conductor/sidecar.sock").exists());
        let app = application(project);
        Running { sidecar, app }
    }

    fn end(self) {
        for process in [self.app, self.sidecar] {
            signal(&process, Signal::TERM);
            finish(process);
        }
    }
}

fn application(project: &Project) -> Child {
    let mut command = std::process::Command::new("python3");
    command.arg("app.py").current_dir(project.path()).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).env("CONDUCTOR_TEST", project.path());
    command.spawn().unwrap()
}

/// A run that has done its first step and hangs in its second.
fn hanging(project: &Project, id: &str) {
    eventually("an application that serves", || {
        project.conductor(&["run", "order", "--input", r#"{"name": "x"}"#, "--run-id", id, "--detach"]).code
            == Some(0)
    });
    eventually("the second step", || project.json(&["show", id]).1["steps"][1]["state"] == "running");
}

#[test]
fn every_run_that_a_change_touches_is_told_its_fate() {
    let project = built();
    let mut running = Running::start(&project);
    hanging(&project, "r1");
    project.conductor(&["plan"]).says(0, &["Plan: 0 to add, 0 to change, 0 to remove."]);

    // A step before one that is on record.
    project.write("concurrency.yaml", changed());
    let plan = project.conductor(&["plan"]);
    plan.says(
        0,
        &[
            "r1  order  running",
            "goes on while an application of its build is there: 1 application serves it now",
            "its journal does not fit the new Plan:",
            "`note`, of which nothing is recorded, stands before the recorded step `hang`",
        ],
    );
    let (_, document) = project.json(&["plan"]);
    let run = &document["runs"][0];
    assert_eq!((&run["verdict"], &run["sessions"]), (&json!("pinned"), &json!(1)));
    assert_eq!(
        (&run["new_plan"]["fits"], &run["new_plan"]["compared"]),
        (&json!(false), &json!("keys, inputs, arguments, types"))
    );

    // Only numbers: the journal fits, but the run stays where it is.
    project.write("concurrency.yaml", MANIFEST.replace("retries: 3", "retries: 4"));
    project.conductor(&["plan"]).says(0, &["its journal fits the new Plan"]);

    // Against a build that it did not begin under, less can be said.
    project.write("concurrency.yaml", MANIFEST.replace("retries: 3", "retries: 6"));
    project.conductor(&["build"]).says(0, &[]);
    project.write("concurrency.yaml", MANIFEST.replace("retries: 3", "retries: 7"));
    project.conductor(&["plan"]).says(0, &["only keys and inputs were compared"]);

    // Without the application of its build it waits.
    signal(&running.app, Signal::KILL);
    finish(running.app);
    running.app = application(&project);
    eventually("an application of the new build", || {
        project.conductor(&["plan"]).stdout.contains("none is connected")
    });
    let (_, document) = project.json(&["plan"]);
    assert_eq!(document["runs"][0]["sessions"], json!(0));

    // Back to the first build: the run is pinned to that very Plan.
    project.write("concurrency.yaml", MANIFEST);
    project.conductor(&["plan"]).says(0, &["it is pinned to the new Plan already"]);

    // A workflow that is removed.
    project.write("concurrency.yaml", MANIFEST.replace("id: order", "id: purchase"));
    project.conductor(&["plan"]).says(0, &["- workflow order", "r1  order"]);
    running.end();
}

#[test]
fn a_socket_without_a_sidecar_is_no_obstacle_unless_it_was_named() {
    let project = built();
    project.write("concurrency.yaml", changed());
    let socket = project.path().join(".conductor/sidecar.sock");
    std::fs::create_dir_all(socket.parent().unwrap()).unwrap();
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    project.conductor(&["plan"]).says(0, &["Runs were not looked at: no sidecar answers"]);
    project.conductor(&["plan", "--socket", ".conductor/sidecar.sock"]).says(3, &["no sidecar answers"]);
}
