//! `build`: all or nothing, never over foreign files, and `--check`.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use crate::support::{MANIFEST, Project, finish};

#[test]
fn a_failing_build_writes_nothing() {
    let project = Project::hello();
    project.conductor(&["build"]).says(0, &["conductor_gen/ written"]);
    project.write("concurrency.yaml", MANIFEST.replace("task: greet", "task: gone"));
    let before = project.files();
    project.conductor(&["build"]).says(1, &["gone", "nothing was written"]);
    assert_eq!(before, project.files());
}

#[test]
fn check_names_the_stale_files() {
    let project = Project::hello();
    project
        .conductor(&["build", "--check"])
        .says(1, &["stale: conductor_gen/hello.py", "stale: conductor.lock"]);
    assert!(!project.path().join("conductor_gen").exists());
    project.conductor(&["build"]).says(0, &[]);
    project.conductor(&["build", "--check"]).says(0, &["up to date"]);
    project.write("concurrency.yaml", MANIFEST.replace("id: hello", "id: goodbye"));
    let (code, document) = project.json(&["build", "--check"]);
    assert_eq!(code, Some(1));
    let stale: Vec<&str> =
        document["stale"].as_array().unwrap().iter().filter_map(|path| path.as_str()).collect();
    assert!(
        stale.contains(&"conductor_gen/goodbye.py") && stale.contains(&"conductor_gen/hello.py"),
        "{stale:?}"
    );
}

#[test]
fn a_build_replaces_its_output_as_a_whole() {
    let project = Project::hello();
    project.conductor(&["build"]).says(0, &[]);
    // What Python leaves there when it imports the package is nobody's work.
    project.write("conductor_gen/__pycache__/hello.pyc", "x");
    project.write("concurrency.yaml", MANIFEST.replace("id: hello", "id: goodbye"));
    project.conductor(&["build"]).says(0, &[]);
    assert!(!project.path().join("conductor_gen/hello.py").exists());
    assert!(project.path().join("conductor_gen/goodbye.py").exists());
    assert!(!project.files().keys().any(|path| path.to_string_lossy().contains(".tmp")));
}

#[test]
fn foreign_files_are_never_deleted() {
    let project = Project::hello();
    project.write("conductor_gen/notes.txt", "mine");
    let before = project.files();
    project.conductor(&["build"]).says(3, &["notes.txt", "move these files away"]);
    assert_eq!(before, project.files());
    fs::remove_dir_all(project.path().join("conductor_gen")).unwrap();
    project.conductor(&["build"]).says(0, &[]);
    project.write("conductor_gen/helper.py", "mine = True\n");
    project.conductor(&["build"]).says(3, &["helper.py"]);
    assert_eq!(project.read("conductor_gen/helper.py"), "mine = True\n");
}

#[test]
fn a_link_instead_of_the_folder_is_refused() {
    let project = Project::hello();
    let elsewhere = Project::empty();
    std::os::unix::fs::symlink(elsewhere.path(), project.path().join("conductor_gen")).unwrap();
    project.conductor(&["build"]).says(3, &["is not a folder"]);
    assert!(elsewhere.files().is_empty());
}

/// The generated package, without what a killed build left beside it.
fn package(project: &Project) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    project.files().into_iter().filter(|(path, _)| path.starts_with("conductor_gen")).collect()
}

#[test]
fn a_killed_build_leaves_the_old_or_the_new() {
    let project = Project::hello();
    let manifests = [MANIFEST.to_owned(), MANIFEST.replace("id: hello", "id: goodbye")];
    let wholes = manifests.each_ref().map(|manifest| {
        project.write("concurrency.yaml", manifest);
        project.conductor(&["build"]).says(0, &[]);
        package(&project)
    });
    let (mut killed, mut finished) = (0, 0);
    for round in 0..40_u64 {
        project.write("concurrency.yaml", &manifests[usize::try_from(round % 2).unwrap()]);
        let mut child =
            project.command(&["build"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // From before the compilation to after the exchange.
        std::thread::sleep(Duration::from_micros(500 * round));
        child.kill().unwrap();
        if finish(child).code.is_none() {
            killed += 1
        } else {
            finished += 1
        }
        let found = package(&project);
        assert!(
            wholes.contains(&found),
            "round {round}: {:?}",
            found.iter().map(|(path, _)| path).collect::<Vec<_>>()
        );
    }
    assert!(killed > 3, "{killed} killed, {finished} finished");
    project.conductor(&["build"]).says(0, &[]);
    let left: Vec<_> =
        project.files().into_keys().filter(|path| path.to_string_lossy().contains(".tmp")).collect();
    assert!(left.is_empty(), "{left:?}");
}
