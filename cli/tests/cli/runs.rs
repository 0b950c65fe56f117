//! `run`, `runs`, `show` and `cancel` against a real application: exit codes and what is shown.

use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::support::{Project, eventually, finish, signal};

const MANIFEST: &str = "\
resources:
  - {id: desk, kind: semaphore, max_concurrency: 1}
tasks:
  - {id: add, ref: work.add}
  - {id: fail, ref: work.fail, policy: {retries: 1, initial: 10ms}}
  - {id: hang, ref: work.hang}
  - {id: try, ref: work.fail, policy: {retries: 500, initial: 50ms, max_delay: 100ms}}
  - {id: tick, ref: work.tick}
  - {id: sit, ref: work.hang, uses: [desk]}
  - {id: pay, ref: work.hang, effect: write, idempotent: false, in_doubt: pause}
workflows:
  - id: adding
    steps: [task: add]
  - id: failing
    steps: [task: fail]
  - id: hanging
    steps: [task: hang]
  - id: trying
    steps: [task: try]
  - id: sitting
    steps: [task: sit]
  - id: paying
    steps: [task: pay]
  - id: climbing
    steps:
";

/// Steps of the workflow `climbing` before the one that hangs.
pub const STAIRS: usize = 30;
const WORK: &str = r#"
import asyncio


def add(one: int, other: int) -> int:
    return one + other


def fail() -> None:
    raise RuntimeError("no \x1b[31mluck\u202e")


def tick() -> None:
    pass


async def hang() -> None:
    await asyncio.sleep(600)
"#;
const APP: &str = "import asyncio\nfrom conductor_gen import serve\nasyncio.run(serve())\n";

/// `dev` on an application that serves, once it does.
pub fn served() -> (Project, Child) {
    let project = Project::empty();
    let stairs: String =
        (1..=STAIRS).map(|step| format!("      - {{id: stair_{step}, task: tick}}\n")).collect();
    project.write("concurrency.yaml", format!("{MANIFEST}{stairs}      - {{id: top, task: hang}}\n"));
    project.write("work.py", WORK);
    project.write("app.py", APP);
    let dev = project.spawn(&["dev", "--", "python3", "app.py"]);
    eventually("an application that serves", || {
        project
            .conductor(&["run", "adding", "--input", r#"{"one": 1, "other": 2}"#, "--run-id", "first"])
            .code
            == Some(0)
    });
    (project, dev)
}

pub fn kill_sidecar(project: &Project) {
    let lock = project.read(".conductor/sidecar.lock");
    kill_process(Pid::from_raw(lock.trim().parse().unwrap()).unwrap(), Signal::KILL).unwrap();
}

pub fn end(project: &Project, dev: Child) {
    signal(&dev, Signal::TERM);
    assert_eq!(finish(dev).code, Some(130));
    assert_eq!(project.processes(), Vec::<String>::new());
}

#[test]
fn a_run_is_waited_for_and_its_end_is_the_exit_code() {
    let (project, dev) = served();
    project.write("input.json", r#"{"one": 2, "other": 3}"#);
    project
        .conductor(&["run", "adding", "--input", "@input.json", "--run-id", "a"])
        .says(0, &["a  succeeded  5"]);
    let (code, document) = project.json(&["run", "adding", "--input", "@input.json", "--run-id", "a"]);
    assert_eq!((code, &document["output"], &document["state"]), (Some(0), &json!(5), &json!("succeeded")));
    project.conductor(&["run", "adding", "--input", "{}", "--run-id", "a"]).says(2, &["another input"]);
    project.conductor(&["run", "failing", "--run-id", "f"]).says(4, &["f  failed"]);
    project.conductor(&["purge", "a", "f"]).says(0, &["purged 2 runs"]);
    for again in [&["run", "adding", "--input", "@input.json", "--run-id", "a"][..], &["show", "a"]] {
        project.conductor(again).says(2, &["run a ended (succeeded) and was purged on", "another run id"]);
    }
    project.conductor(&["purge", "--older-than", "1h"]).says(0, &["purged 0 runs"]);
    project.conductor(&["purge"]).says(2, &["--older-than"]);
    project.conductor(&["run", "hanging", "--run-id", "h", "--timeout", "1"]).says(5, &["h  running"]);
    project.conductor(&["purge", "h"]).says(2, &["run h is not to be purged: it has not ended (running)"]);
    project.conductor(&["run", "nowhere"]).says(3, &["no application serves", "adding, climbing, failing"]);
    project.conductor(&["run", "adding", "--input", "[1]"]).says(2, &["not a JSON object"]);
    end(&project, dev);
}

#[test]
fn show_tells_steps_attempts_and_errors_and_makes_foreign_text_harmless() {
    let (project, dev) = served();
    project.conductor(&["run", "failing", "--run-id", "f"]).says(4, &[]);
    let shown = project.conductor(&["show", "f"]);
    shown.says(0, &["f  failed", "RuntimeError: no \\e[31mluck\\u{202e}", "▒"]);
    assert!(!shown.stdout.contains(['\x1b', '\u{202e}']), "{shown:?}");
    let (code, document) = project.json(&["show", "f"]);
    assert_eq!((code, &document["steps"][0]["attempts"]), (Some(0), &json!(2)));
    project.conductor(&["show", "nobody"]).says(3, &["no run nobody"]);
    end(&project, dev);
}

#[test]
fn a_detached_run_is_listed_waited_for_and_cancelled() {
    let (project, dev) = served();
    project.conductor(&["run", "hanging", "--run-id", "h", "--detach"]).says(0, &["h"]);
    eventually("the step", || project.json(&["show", "h"]).1["steps"][0]["state"] == "running");
    project.conductor(&["runs", "--state", "running"]).says(0, &["h ", "hanging", "hang\n"]);
    let (_, listed) = project.json(&["runs", "--workflow", "adding"]);
    assert_eq!(listed["runs"].as_array().map(Vec::len), Some(1), "{listed}");
    let ended = listed["runs"][0]["id"].as_str().unwrap_or_default();
    project
        .conductor(&["cancel", ended])
        .says(2, &[&format!("error: run {ended} has ended already (succeeded)")]);
    project.conductor(&["cancel", "h"]).says(0, &["asked for h to be cancelled"]);
    eventually("the end", || project.json(&["show", "h"]).1["state"] == "cancelled");
    project.conductor(&["run", "hanging", "--run-id", "h"]).says(4, &["h  cancelled"]);
    end(&project, dev);
}
