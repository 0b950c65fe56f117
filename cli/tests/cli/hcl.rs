//! A project whose manifest is HCL, through the commands that read and write it.

use crate::support::Project;

const MANIFEST: &str = r#"# The tasks.
task "greet" {
  ref    = "hello.greet"
  policy = "patient"
}

workflow "welcome" {
  task "greet" {
    when = input.loud # or not
  }
  input = { loud = "bool" }
}
"#;
const FIXED: &str = r#"# The tasks.
task "greet" {
  ref    = "hello.greet"
  policy = "patient"
}

workflow "welcome" {
  task "greet" {
    when = "${input.loud}" # or not
  }
  input = { loud = "bool" }
}

policy "patient" {
  retries  = 3
  strategy = "exponential_backoff"
  timeout  = "30s"
}
"#;

#[test]
fn check_fix_build() {
    let project = Project::empty();
    project.write("concurrency.hcl", MANIFEST);
    project.write("hello.py", "async def greet(name: str) -> str:\n    return name\n");
    project.conductor(&["check"]).says(1, &["E023", "--> concurrency.hcl:9:12"]);
    project.conductor(&["fix"]).says(0, &["policy `patient`"]);
    assert_eq!(project.read("concurrency.hcl"), FIXED);
    project.conductor(&["build"]).says(0, &[]);
    assert!(project.read("conductor_gen/__init__.py").contains("concurrency.hcl"));
    project.conductor(&["build", "--check"]).says(0, &[]);
    project.conductor(&["explain", "E023"]).says(0, &["bare expression"]);
}
