//! `convert`: where the result goes, what it says, and its exit codes.

use serde_json::json;

use crate::support::Project;

const HCL: &str = r#"task "greet" {
  ref = "greetings.greet"
}

workflow "hello" {
  task "greet" {}
}
"#;

#[test]
fn the_other_syntax_on_standard_output() {
    let project = Project::hello();
    let before = project.files();
    for arguments in [&["convert"][..], &["convert", "--to", "hcl"], &["convert", "concurrency.yaml"]] {
        let finished = project.conductor(arguments);
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(0), HCL), "{finished:?}");
    }
    assert_eq!(project.json(&["convert"]).1, json!({"files": [], "diagnostics": [], "text": HCL}));
    assert_eq!(before, project.files());
}

#[test]
fn in_place_and_back_it_is_the_same_project() {
    let project = Project::hello();
    let manifest = format!("# Who greets.\n{}", project.read("concurrency.yaml"));
    project.write("concurrency.yaml", &manifest);
    project.conductor(&["build"]).says(0, &[]);
    let lock = project.read("conductor.lock");
    let workflow = project.read("conductor_gen/hello.py");
    project.conductor(&["convert", "--write"]).says(0, &["concurrency.hcl in place of concurrency.yaml"]);
    assert!(!project.path().join("concurrency.yaml").exists());
    assert_eq!(project.read("concurrency.hcl"), format!("# Who greets.\n\n{HCL}"));
    project.conductor(&["check"]).says(0, &["no findings"]);
    project.conductor(&["fmt", "--check"]).says(0, &[]);
    project.conductor(&["build"]).says(0, &[]);
    assert_eq!(project.read("conductor.lock"), lock);
    let renamed = project.read("conductor_gen/hello.py").replace("concurrency.hcl", "concurrency.yaml");
    assert_eq!(renamed, workflow);
    project.conductor(&["convert", "--write", "--to", "yaml"]).says(0, &[]);
    assert_eq!(
        project.read("concurrency.yaml"),
        manifest.replace("\ntasks", "\n\ntasks").replace("workflows", "\nworkflows")
    );
}

#[test]
fn nothing_is_overwritten() {
    let project = Project::hello();
    project.conductor(&["convert", "-o", "out.hcl"]).says(0, &["wrote", "out.hcl"]);
    assert_eq!(project.read("out.hcl"), HCL);
    project.write("out.hcl", "mine\n");
    project.conductor(&["convert", "-o", "out.hcl"]).says(2, &["is there already"]);
    assert_eq!(project.read("out.hcl"), "mine\n");
    project.conductor(&["convert", "--write", "-o", "x"]).says(2, &[]);
    project.conductor(&["convert", "--to", "yaml"]).says(2, &["is YAML already"]);
    project.conductor(&["convert", "--to", "toml"]).says(2, &[]);
    project.conductor(&["convert", "-o", "no/such/folder/x.hcl"]).says(3, &[]);
    Project::empty().conductor(&["convert"]).says(3, &["found no concurrency.yaml"]);
}

#[test]
fn what_cannot_be_converted_is_shown() {
    let project = Project::hello();
    let manifest = project.read("concurrency.yaml") + "      - map: {over: x}\n        when: true\n";
    project.write("concurrency.yaml", &manifest);
    project
        .conductor(&["convert", "--write"])
        .says(1, &["error[E029]", "concurrency.yaml:8:14", "nothing was written"]);
    let (code, document) = project.json(&["convert"]);
    assert_eq!((code, &document["diagnostics"][0]["code"]), (Some(1), &json!("E029")));
    project.write("concurrency.yaml", "tasks: [\n");
    project.conductor(&["convert", "--write"]).says(1, &["error[E009]"]);
    assert_eq!(project.read("concurrency.yaml"), "tasks: [\n");
    assert!(!project.path().join("concurrency.hcl").exists());
}
