//! `breaker`: what a person decides is shown with its trail, and holds over a restart of the sidecar.

use std::process::Child;

use rustix::process::Signal;
use serde_json::json;

use crate::support::{Project, eventually, finish, signal};

fn sidecar(project: &Project) -> Child {
    let child = project.spawn(&["sidecar", "--http", "off"]);
    eventually("a sidecar", || project.conductor(&["runs"]).code == Some(0));
    child
}

#[test]
fn decisions_are_listed_with_their_trail_and_outlive_the_sidecar() {
    let project = Project::empty();
    let first = sidecar(&project);
    assert!(project.conductor(&["breaker", "list"]).stdout.contains("no breakers"));
    project.conductor(&["breaker", "show", "charge"]).says(3, &["charge"]);
    let reason = ["--reason", "the bank\u{1b}[31m asked for it", "--by", "ada"];
    let opened = project.conductor(&[&["breaker", "open", "charge"], &reason[..]].concat());
    opened.says(0, &["charge: open, forced", "ada", "asked for it"]);
    assert!(!opened.stdout.contains('\u{1b}'), "{opened:?}");
    signal(&first, Signal::TERM);
    finish(first);

    let second = sidecar(&project);
    let (code, list) = project.json(&["breaker", "list"]);
    let breaker = &list["breakers"][0];
    assert_eq!(code, Some(0));
    assert_eq!(
        (&breaker["id"], &breaker["state"], &breaker["mode"]),
        (&json!("charge"), &json!("open"), &json!("forced"))
    );
    assert_eq!((&breaker["by"], &list["history"][0]["by"]), (&json!("ada"), &json!("ada")));
    project.conductor(&["breaker", "list"]).says(0, &["BREAKER", "charge", "open", "forced", "by ada"]);
    project.conductor(&["breaker", "close", "charge", "--by", "bob"]).says(0, &["charge: closed, forced"]);
    let (_, shown) = project.json(&["breaker", "auto", "charge"]);
    let trail: Vec<_> = shown["history"].as_array().unwrap().iter().map(|one| one["state"].clone()).collect();
    assert_eq!(
        (&shown["mode"], trail),
        (&json!("auto"), vec![json!("auto"), json!("closed"), json!("open")])
    );
    signal(&second, Signal::TERM);
    finish(second);
}

#[test]
fn an_id_that_is_none_is_refused() {
    let project = Project::empty();
    let child = sidecar(&project);
    project.conductor(&["breaker", "open", "a\nb"]).says(2, &["control characters"]);
    project.conductor(&["breaker", "ajar", "a"]).says(2, &["ajar"]);
    signal(&child, Signal::TERM);
    finish(child);
}
