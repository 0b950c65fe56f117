//! `conductor.lock`: what is pinned, what counts as a drift, and what the fix leaves.

use conductor_source::fix;

use crate::support::Project;

const MANIFEST: &str = "
tasks:
  - {id: greet, ref: app.greet}
  - {id: count, ref: app.count}
workflows:
  - id: one
    steps: [{task: greet}]
  - id: two
    steps: [{task: count}]
  - id: three
    input: {name: string}
    steps: [{task: greet}]
";
const CODE: &str = "
async def greet(name: str) -> str: ...
async def count(items: list[str], name: str) -> int: ...
";

fn project(code: &str) -> Project {
    Project::new([("concurrency.yaml", MANIFEST), ("app.py", code)])
}

/// The lock of the code as it was, beside the code as it is.
fn changed(before: &str, after: &str) -> Project {
    let compiled = project(before).compile().compiled.expect("the manifest compiles");
    let mut project = project(after);
    project.set("conductor.lock", &compiled.lock);
    project
}

#[test]
fn an_unchanged_lock_is_silent_and_stable() {
    let project = changed(CODE, CODE);
    let compiled = project.compile().compiled.expect("nothing drifted");
    assert_eq!(compiled.lock, project.get("conductor.lock"));
}

#[test]
fn a_drift_shows_old_and_new_and_its_fix_mends_each_entry() {
    let after = CODE.replace("greet(name: str)", "greet(name: int)").replace("items: list[str], ", "");
    let project = changed(CODE, &after.replace("greet(name: int)", "greet(who: str)"));
    let outcome = project.compile();
    assert!(outcome.compiled.is_none());
    let shown = project.check();
    for line in [
        "- name: string, for greet.name",
        "+ who: string, for greet.who",
        "- items: list<string>, for count.items",
    ] {
        assert!(shown.contains(line), "{line} is missing in\n{shown}");
    }
    let drifts: Vec<_> = outcome.diagnostics.iter().filter(|found| found.code.0 == "E170").collect();
    assert_eq!(drifts.len(), 3, "{shown}");
    let applied = fix::apply(&outcome.sources, drifts.iter().flat_map(|found| &found.fixes));
    let mut mended = project.clone();
    for (file, text) in &applied.files {
        mended.set(outcome.sources.path(*file), text);
    }
    let compiled = mended.compile().compiled.unwrap_or_else(|| panic!("{}", mended.check()));
    assert_eq!(compiled.lock, mended.get("conductor.lock"));
}

#[test]
fn a_changed_type_is_a_drift_and_another_asker_is_not() {
    let ty = changed(CODE, &CODE.replace("items: list[str]", "items: list[int]"));
    let line = "~ items: list<int>, for count.items; was list<string>, for count.items";
    assert!(ty.check().contains(line), "{}", ty.check());

    let mut asker = changed(CODE, CODE);
    asker.set("concurrency.yaml", &MANIFEST.replace("[{task: greet}]", "[{task: greet, id: hello}]"));
    assert!(asker.compile().compiled.is_some(), "{}", asker.check());
}

#[test]
fn workflows_may_come_and_go() {
    let mut project = changed(CODE, CODE);
    project.set("concurrency.yaml", &MANIFEST.replace("id: two", "id: second"));
    assert!(project.compile().compiled.is_some(), "{}", project.check());
}

#[test]
fn a_damaged_lock_is_one_error() {
    for damaged in ["", "null", "{\"version\": 2, \"pins\": []}", "{\"version\": 1}", "\u{fffd}<<<<<<< HEAD"]
    {
        let mut project = project(CODE);
        project.set("conductor.lock", damaged);
        let outcome = project.compile();
        let codes: Vec<&str> = outcome.diagnostics.iter().map(|found| found.code.0).collect();
        assert_eq!(codes, ["E171"], "{damaged}");
    }
}
