//! Where a manifest is looked for, and what stands there instead.

use std::fs;

use crate::support::Project;

#[test]
fn a_manifest_is_found_upward_by_option_by_path_and_by_folder() {
    let project = Project::hello();
    fs::create_dir_all(project.path().join("deep/er")).unwrap();
    let elsewhere = Project::empty();
    let manifest = project.path().join("concurrency.yaml");
    let manifest = manifest.to_str().unwrap();
    for arguments in
        [&["check", "-f", manifest][..], &["check", manifest], &["check", project.path().to_str().unwrap()]]
    {
        elsewhere.conductor(arguments).says(0, &["concurrency.yaml"]);
    }
    let upward = project.command(&["check"]).current_dir(project.path().join("deep/er")).output().unwrap();
    assert_eq!(upward.status.code(), Some(0), "{upward:?}");
}

#[test]
fn no_manifest() {
    let project = Project::empty();
    project.conductor(&["check"]).says(3, &["found no concurrency.yaml", "-f PATH"]);
    project.conductor(&["check", "nowhere.yaml"]).says(3, &["nowhere.yaml", "no such file"]);
    let (code, document) = project.json(&["check"]);
    assert_eq!((code, &document["error"]["exit"]), (Some(3), &serde_json::json!(3)));
}

#[test]
fn a_directory_instead_of_a_manifest() {
    let project = Project::empty();
    fs::create_dir(project.path().join("concurrency.yaml")).unwrap();
    project.conductor(&["check"]).says(3, &["is a directory"]);
    project.conductor(&["check", "concurrency.yaml"]).says(3, &["is a directory"]);
    project.conductor(&["build", "-f", "concurrency.yaml"]).says(3, &["is a directory"]);
}

#[test]
fn a_pipe_instead_of_a_manifest() {
    let project = Project::empty();
    let path = project.path().join("concurrency.yaml");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0)
        .unwrap();
    project.conductor(&["check"]).says(3, &["not a regular file"]);
}

#[test]
fn two_manifests_in_one_folder() {
    let project = Project::hello();
    project.write("concurrency.hcl", "");
    project.conductor(&["check"]).says(2, &["two manifests", "-f PATH"]);
    project.conductor(&["check", "-f", "concurrency.yaml"]).says(0, &[]);
    project.conductor(&["check", "-f", "concurrency.hcl"]).says(1, &["E001", "concurrency.hcl"]);
}
