//! `policy`: what is refused, and what an empty sidecar says. Changes that processes take are in `tests/tests/e2e`.

use rustix::process::Signal;

use crate::support::{Project, eventually, finish, signal};

#[test]
fn a_policy_that_nobody_has_and_numbers_that_are_none_are_refused() {
    let project = Project::empty();
    let child = project.spawn(&["sidecar", "--http", "off"]);
    eventually("a sidecar", || project.conductor(&["runs"]).code == Some(0));
    project.conductor(&["policy", "list"]).says(0, &["no policies"]);
    let (code, list) = project.json(&["policy", "list"]);
    assert_eq!((code, list["policies"].as_array().map(Vec::len)), (Some(0), Some(0)));
    project.conductor(&["policy", "show", "provider"]).says(3, &["a policy provider"]);
    project
        .conductor(&["policy", "set", "provider", "retries=5"])
        .says(3, &["a policy provider", "there is none"]);
    project.conductor(&["policy", "reset", "provider"]).says(3, &["a policy provider"]);
    project
        .conductor(&["policy", "set", "provider", "retries"])
        .says(2, &["`retries` is no number and its value"]);
    project.conductor(&["policy", "set", "provider", "retries=1", "retries=2"]).says(2, &["given twice"]);
    project.conductor(&["policy", "set", "provider"]).says(2, &["NUMBER=VALUE"]);
    project.conductor(&["policy", "set", "a\nb", "retries=1"]).says(2, &["control characters"]);
    signal(&child, Signal::TERM);
    finish(child);
}
