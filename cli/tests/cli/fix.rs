//! `fix`: what it changes, what it keeps, and its exit codes.

use crate::support::{MANIFEST, Project};

fn comments(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.split_once('#').map(|(_, comment)| comment)).collect()
}

#[test]
fn the_seed_is_mended_and_keeps_every_comment_and_line() {
    let project = Project::seed();
    let before = project.read("concurrency.yaml");
    project
        .conductor(&["fix"])
        .says(0, &["fixed: define the policy `retry_idempotent`", "fixed: put the items under"]);
    let after = project.read("concurrency.yaml");
    assert_eq!(comments(&before), comments(&after));
    let mut lines = after.lines();
    for line in before.lines() {
        assert!(lines.any(|kept| kept == line), "lost: {line}");
    }
    project.conductor(&["check"]).says(0, &[]);
    let example = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/shop/concurrency.yaml");
    assert_eq!(after, std::fs::read_to_string(example).unwrap(), "the example is not the mended seed");
}

#[test]
fn nothing_to_fix_changes_nothing() {
    let project = Project::hello();
    let before = project.files();
    project.conductor(&["fix"]).says(0, &["nothing to fix"]);
    assert_eq!(before, project.files());
}

#[test]
fn a_link_to_the_manifest_stays_a_link() {
    let project = Project::seed();
    let manifest = project.path().join("concurrency.yaml");
    std::fs::rename(&manifest, project.path().join("real.yaml")).unwrap();
    std::os::unix::fs::symlink("real.yaml", &manifest).unwrap();
    project.conductor(&["fix"]).says(0, &["fixed"]);
    assert!(manifest.symlink_metadata().unwrap().is_symlink());
    assert!(project.read("real.yaml").contains("steps:"));
}

#[test]
fn errors_without_a_fix_remain_and_are_told() {
    let project = Project::hello();
    project.write("concurrency.yaml", MANIFEST.replace("greetings.greet", "nowhere.to_be_found"));
    project.conductor(&["fix"]).says(1, &["nowhere"]);
}

#[test]
fn a_fix_that_may_change_what_runs_is_named_and_made_when_asked_for() {
    let project = Project::hello();
    project.conductor(&["build"]).says(0, &[]);
    let code = project.read("greetings.py");
    project.write("greetings.py", code.replace("name: str", "name: str, title: str"));
    let changed = project.files();
    project.conductor(&["fix"]).says(1, &["E170", "`conductor fix --unsafe` mends one of them"]);
    assert_eq!(changed, project.files());
    project.conductor(&["fix", "--unsafe"]).says(0, &["fixed: pin what is inferred now"]);
    project.conductor(&["build"]).says(0, &[]);
}

#[test]
fn json_says_what_was_fixed_and_what_is_left() {
    let project = Project::seed();
    let (code, document) = project.json(&["fix"]);
    assert_eq!(code, Some(0), "{document:#}");
    assert_eq!(document["fixed"].as_array().unwrap().len(), 2);
    assert_eq!(document["files"], serde_json::json!(["concurrency.yaml"]));
    assert!(document["diagnostics"].is_array());
}
