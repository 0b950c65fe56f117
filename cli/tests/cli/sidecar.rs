//! A sidecar that cannot start says why, with exit code 3, and leaves nothing; without one, commands say so.

use std::net::TcpListener;

use serde_json::json;

use crate::support::Project;

#[test]
fn a_socket_path_that_is_too_long() {
    let project = Project::empty();
    let socket = format!("{}/s.sock", "x".repeat(120));
    project
        .conductor(&["sidecar", "--socket", &socket])
        .says(3, &["the system allows 107", "CONDUCTOR_SOCKET"]);
    let deep = project.path().join("d".repeat(110));
    std::fs::create_dir(&deep).unwrap();
    let refused = project.command(&["sidecar"]).current_dir(&deep).output().unwrap();
    assert_eq!(refused.status.code(), Some(3), "{refused:?}");
    assert!(!deep.join(".conductor").exists());
}

#[test]
fn a_store_that_cannot_be_written() {
    let project = Project::empty();
    // Nobody, not even root, can make a file there.
    project.conductor(&["sidecar", "--store", "sqlite:/proc/journal.db"]).says(3, &["/proc/journal.db"]);
    assert!(!project.path().join(".conductor/sidecar.sock").exists());
    project.write(
        "notes.db",
        "this is not a database, it is a text that is longer than a header is, by far. ".repeat(9),
    );
    project.conductor(&["sidecar", "--store", "sqlite:notes.db"]).says(3, &["notes.db"]);
    assert!(project.read("notes.db").starts_with("this is not a database"));
}

#[test]
fn a_port_in_use() {
    let project = Project::empty();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    project.conductor(&["sidecar", "--http", &address]).says(3, &[&address, "in use"]);
    assert!(!project.path().join(".conductor/sidecar.sock").exists());
}

#[test]
fn without_a_sidecar_each_command_says_how_to_start_one() {
    let project = Project::hello();
    for arguments in [&["runs"][..], &["show", "r"], &["cancel", "r"], &["run", "hello"]] {
        project.conductor(arguments).says(3, &["conductor sidecar", "conductor dev"]);
        let (code, document) = project.json(arguments);
        assert_eq!((code, &document["error"]["kind"]), (Some(3), &json!("environment")));
    }
    let socket = project.path().join("gone.sock");
    let refused = project.command(&["runs"]).env("CONDUCTOR_SOCKET", &socket).output().unwrap();
    assert_eq!(refused.status.code(), Some(3), "{refused:?}");
}
