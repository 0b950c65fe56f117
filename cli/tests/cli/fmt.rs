//! `fmt`: what it writes, what it leaves alone, and its exit codes.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::json;

use crate::support::{Finished, MANIFEST, Project, finish};

const UNTIDY: &str = "\
tasks:
- id:   greet   # who
  ref: greetings.greet


workflows:
    - id: hello
      steps: [ {task: greet} ]
";
const TIDY: &str = "\
tasks:
  - id: greet # who
    ref: greetings.greet

workflows:
  - id: hello
    steps: [{task: greet}]
";

fn untidy() -> Project {
    let project = Project::hello();
    project.write("concurrency.yaml", UNTIDY);
    project
}

fn piped(arguments: &[&str], text: &str) -> Finished {
    let project = Project::empty();
    let mut command = project.command(arguments);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    finish(child)
}

#[test]
fn the_manifest_is_laid_out_and_named() {
    let project = untidy();
    let finished = project.conductor(&["fmt"]);
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(0), "concurrency.yaml\n"), "{finished:?}");
    assert_eq!(project.read("concurrency.yaml"), TIDY);
    let before = project.files();
    let again = project.conductor(&["fmt"]);
    assert_eq!((again.code, again.stdout.as_str()), (Some(0), ""), "{again:?}");
    assert_eq!(before, project.files());
}

#[test]
fn check_and_diff_write_nothing() {
    let project = untidy();
    let finished = project.conductor(&["fmt", "--check"]);
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(1), "concurrency.yaml\n"), "{finished:?}");
    let diff = ["--- a/concurrency.yaml", "-- id:   greet   # who", "+  - id: greet # who", "@@"];
    project.conductor(&["fmt", "--diff"]).says(0, &diff);
    project.conductor(&["fmt", "--check", "--diff"]).says(1, &diff);
    assert_eq!(project.read("concurrency.yaml"), UNTIDY);
    project.write("concurrency.yaml", TIDY);
    let finished = project.conductor(&["fmt", "--check", "--diff"]);
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(0), ""), "{finished:?}");
}

#[test]
fn a_manifest_with_mistakes_is_left_alone() {
    for text in ["tasks: [\n", "a:  1\na: 2\n", "", "tasks:\n\t- id: a\n", "x: !t  y\n"] {
        let project = Project::empty();
        project.write("concurrency.yaml", text);
        project.conductor(&["fmt"]).says(1, &["error[E0", "nothing was written"]);
        assert_eq!(project.read("concurrency.yaml"), text);
        let (code, document) = project.json(&["fmt", "--check"]);
        assert_eq!((code, &document["files"]), (Some(1), &json!([])));
        assert!(document["diagnostics"][0]["code"].as_str().unwrap().starts_with("E0"), "{document:#}");
    }
}

#[test]
fn mistakes_of_meaning_are_none_of_layout() {
    let project = Project::empty();
    project.write("concurrency.yaml", "tasks:   [{id: x, ref: nowhere.at_all}]\nunknown:  1\n");
    project.conductor(&["fmt"]).says(0, &[]);
    assert_eq!(project.read("concurrency.yaml"), "tasks: [{id: x, ref: nowhere.at_all}]\nunknown: 1\n");
}

#[test]
fn standard_input_becomes_standard_output() {
    let finished = piped(&["fmt", "-"], UNTIDY);
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(0), TIDY), "{finished:?}");
    let finished = piped(&["fmt", "-", "--syntax", "hcl"], "a=1\r\nlong  = \"\x1b[1m\"\r\n");
    assert_eq!(finished.stdout, "a    = 1\r\nlong = \"\x1b[1m\"\r\n", "{finished:?}");
    piped(&["fmt", "-", "--check"], UNTIDY).says(1, &[]);
    piped(&["fmt", "-", "--check"], TIDY).says(0, &[]);
    piped(&["fmt", "-"], "a: [").says(1, &["E009"]);
}

#[test]
fn exit_codes_of_the_surroundings() {
    let project = Project::empty();
    project.conductor(&["fmt"]).says(3, &["found no concurrency.yaml"]);
    project.conductor(&["fmt", "nowhere.yaml"]).says(3, &[]);
    project.conductor(&["fmt", "--frobnicate"]).says(2, &[]);
    project.write("concurrency.yaml", MANIFEST);
    project.conductor(&["fmt", "--check"]).says(0, &[]);
    assert_eq!(project.json(&["fmt"]), (Some(0), json!({"files": [], "diagnostics": []})));
    project.write("other.hcl", "a  = 1\n");
    assert_eq!(project.json(&["fmt", "-f", "other.hcl"]).1["files"], json!(["other.hcl"]));
    assert_eq!(project.read("other.hcl"), "a = 1\n");
}

#[test]
fn the_file_keeps_its_line_ends_its_mode_and_its_link() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = Project::empty();
    project.write("real.yaml", "\u{feff}a:  1\r\nb:\r\n- 2\r\n");
    let real = project.path().join("real.yaml");
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::os::unix::fs::symlink("real.yaml", project.path().join("concurrency.yaml")).unwrap();
    project.conductor(&["fmt"]).says(0, &[]);
    assert_eq!(project.read("real.yaml"), "a: 1\r\nb:\r\n  - 2\r\n");
    assert!(project.path().join("concurrency.yaml").symlink_metadata().unwrap().is_symlink());
    assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
}
