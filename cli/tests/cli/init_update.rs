//! `init --update`: new tasks at their place, everything else as it was, and nothing at the second time.

use crate::support::Project;

const JOBS: &str = "# conductor: task first\ndef one(n: int) -> int:\n    return n\n";
const MORE: &str = "\
# conductor: task first
def one(n: int) -> int:
    return n


# conductor: task second policy=patient uses=printer
def two(n: int) -> int:
    return n


# conductor: task
def third(n: int) -> int:
    return n
";

/// The manifest after `init --update`, which a second run leaves as it is.
fn updated(name: &str, manifest: &str, words: &[&str]) -> String {
    let project = Project::empty();
    project.write(name, manifest);
    project.write("jobs.py", MORE);
    project.write("other.py", "def other(n: int) -> int:\n    return n\n");
    project.conductor(&["init", "--update"]).says(0, words);
    let text = project.read(name);
    project.conductor(&["check"]).says(0, &[]);
    project.conductor(&["init", "--update"]).says(0, &["nothing was written"]);
    assert_eq!(text, project.read(name));
    text
}

#[test]
fn tasks_are_added_beside_those_of_their_module() {
    let text = updated(
        "concurrency.yaml",
        "# Ours.\ntasks:\n  - id: first # the first one\n    ref: jobs.one\n    # and no more\n\n  - id: other\n    ref: \
         other.other\n\npolicies: [] # none yet\n\nworkflows:\n  - id: w\n    steps:\n      - task: first\n      \
         - task: other\n",
        &["task second", "task third", "next: call the new tasks"],
    );
    assert_eq!(
        text,
        "# Ours.\ntasks:\n  - id: first # the first one\n    ref: jobs.one\n  - id: second\n    ref: jobs.two\n    policy: \
         patient\n    uses: [printer]\n  - id: third\n    ref: jobs.third\n    # and no more\n\n  - id: other\n    ref: \
         other.other\n\npolicies: # none yet\n  # Usual values: the annotations name the policy, not what it says.\n  \
         - id: patient\n    retries: 3\n    strategy: exponential_backoff\n    timeout: 30s\n\nworkflows:\n  - id: w\n    \
         steps:\n      - task: first\n      - task: other\n\nresources:\n  # How many calls at once does it stand?\n  \
         - id: printer\n    kind: semaphore\n    max_concurrency: 10\n"
    );
}

#[test]
fn every_style_has_a_place() {
    let flow = updated(
        "concurrency.yaml",
        "tasks:\n  - {id: first, ref: jobs.one}\nworkflows: [{id: w, steps: [task: first]}]\n",
        &["task second"],
    );
    assert!(
        flow.contains("  - {id: first, ref: jobs.one}\n  - {id: second, ref: jobs.two, policy: patient"),
        "{flow}"
    );
    let line = updated(
        "concurrency.yaml",
        "tasks: [{id: first, ref: jobs.one}]\nworkflows: [{id: w, steps: [task: first]}]\n",
        &["task second"],
    );
    assert!(line.contains("tasks: [{id: first, ref: jobs.one}, {id: second, ref: jobs.two,"), "{line}");
    let hcl = updated(
        "concurrency.hcl",
        "task \"first\" {\n  ref = \"jobs.one\"\n} # one\n\nworkflow \"w\" {\n  task \"first\" {}\n}\n",
        &["task second"],
    );
    assert!(hcl.contains("} # one\n\ntask \"second\" {\n  ref    = \"jobs.two\"\n"), "{hcl}");
    assert!(hcl.contains("policy \"patient\" {\n") && hcl.contains("resource \"printer\" {\n"), "{hcl}");
    let empty = updated("concurrency.yaml", "version: \"1.0\"\ntasks:\n", &["task first"]);
    let windows = updated(
        "concurrency.yaml",
        "tasks:\r\n  - id: first\r\n    ref: jobs.one\r\nworkflows:\r\n  - id: w\r\n    steps:\r\n      - task: first\r\n",
        &["task second"],
    );
    assert!(
        windows.contains("    ref: jobs.one\r\n  - id: second\r\n") && !windows.contains("\r\r"),
        "{windows:?}"
    );
    assert!(windows.lines().count() == windows.matches("\r\n").count(), "{windows:?}");
    assert!(empty.starts_with("version: \"1.0\"\ntasks:\n  - id: first\n    ref: jobs.one\n"), "{empty}");
}

#[test]
fn an_id_that_is_taken_is_told() {
    let project = Project::empty();
    project.write("jobs.py", MORE);
    project.write("other.py", "def other(n: int) -> int:\n    return n\n");
    let manifest = "tasks:\n  - {id: second, ref: other.other}\nworkflows:\n  - id: w\n    steps:\n      - task: second\n";
    project.write("concurrency.yaml", manifest);
    project.conductor(&["init", "--update"]).says(0, &["a task of the manifest has the id `second`"]);
    assert!(project.read("concurrency.yaml").contains("id: first"));
}

#[test]
fn what_cannot_be_read_is_left_alone() {
    let project = Project::empty();
    project.write("jobs.py", JOBS);
    project.write("concurrency.yaml", "tasks: [\n");
    project.conductor(&["init", "--update"]).says(2, &["concurrency.yaml cannot be read", "conductor check"]);
    assert_eq!(project.read("concurrency.yaml"), "tasks: [\n");
    project.write("other.py", "def other(n: int) -> int:\n    return n\n");
    let flow =
        "{tasks: [{id: old, ref: other.other}], policies: [], workflows: [{id: w, steps: [task: old]}]}\n";
    project.write("concurrency.yaml", flow);
    let before = project.read("concurrency.yaml");
    let (code, document) = project.json(&["init", "--update", "--dry-run"]);
    assert_eq!(before, project.read("concurrency.yaml"));
    assert_eq!(code, Some(0), "{document:#}");
    assert!(document["text"].as_str().unwrap().contains("{id: first, ref: jobs.one}"), "{document:#}");
}

#[test]
fn a_folder_without_a_manifest_has_nothing_to_update() {
    Project::empty().conductor(&["init", "--update"]).says(3, &["found no concurrency.yaml"]);
}
