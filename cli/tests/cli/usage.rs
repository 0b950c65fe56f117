//! Wrong usage, help, and JSON for every exit code.

use serde_json::json;

use crate::support::Project;

#[test]
fn wrong_usage_is_exit_2_in_both_formats() {
    let project = Project::hello();
    for arguments in [
        &["frobnicate"][..],
        &["check", "--frobnicate"],
        &["check", "a", "b"],
        &["check", "a", "-f", "b"],
        &["run"],
        &["runs", "--state", "asleep"],
        &["sidecar", "--http", "everywhere"],
        &["sidecar", "--store", "redis://x"],
        &["explain", "E999999"],
        &["eval", "1", "--cases", "x"],
    ] {
        let finished = project.conductor(arguments);
        assert_eq!(finished.code, Some(2), "{arguments:?}: {finished:?}");
        assert!(finished.stdout.is_empty() && !finished.stderr.is_empty(), "{arguments:?}: {finished:?}");
        let (code, document) = project.json(arguments);
        assert_eq!((code, &document["error"]["exit"]), (Some(2), &json!(2)), "{arguments:?}: {document}");
    }
}

#[test]
fn help_and_version_are_fine() {
    let project = Project::empty();
    project.conductor(&["--help"]).says(0, &["check", "demo", "Exit codes"]);
    project.conductor(&["dev", "--help"]).says(0, &["CMD"]);
    project.conductor(&["--version"]).says(0, &[env!("CARGO_PKG_VERSION")]);
    project.conductor(&["completions", "bash"]).says(0, &["_conductor"]);
}

#[test]
fn a_reader_that_goes_away_is_no_bug() {
    let project = Project::empty();
    let script =
        format!("{} completions bash | head -n 1; exit ${{PIPESTATUS[0]}}", env!("CARGO_BIN_EXE_conductor"));
    let output = std::process::Command::new("bash")
        .args(["-c", &script])
        .current_dir(project.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    let project = Project::seed();
    assert!(!project.conductor(&["check"]).stdout.contains('\x1b'));
    let forced = project.command(&["check"]).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(forced.stdout.contains(&b'\x1b'));
    let refused =
        project.command(&["check"]).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").output().unwrap();
    assert!(!refused.stdout.contains(&b'\x1b'));
}

#[test]
fn expressions_are_evaluated_with_bindings_and_cases_are_counted() {
    let project = Project::empty();
    project.write("b.json", r#"{"order": {"items": [1, 2, 3]}}"#);
    let doubled = ["eval", "${order.items.map(x, x * 2)}", "--with", "b.json"];
    project.conductor(&doubled).says(0, &["[2,4,6]"]);
    assert_eq!(project.json(&doubled).1["value"], json!([2, 4, 6]));
    project.conductor(&["eval", "order.item", "--with", "b.json"]).says(1, &["^^^"]);
    project.conductor(&["eval", "1 + 10 / 0"]).says(1, &["division by zero", "      ^^^^^^"]);
    project.conductor(&["eval", "order.items", "--type", "--with", "b.json"]).says(0, &["list<int>"]);
    project.conductor(&["eval", "1u"]).says(1, &["a manifest has no unsigned ints"]);
    project.conductor(&["eval", "--plain", "type(1u)"]).says(0, &["uint"]);
    let case = |expr: &str| {
        json!({"file": "f", "id": expr, "expr": expr, "expect": {"value": {"int": "3"}}}).to_string()
    };
    project.write("cases.jsonl", [case("1 + 2"), case("1 + 1")].join("\n"));
    let finished = project.conductor(&["eval", "--cases", "cases.jsonl"]);
    finished.says(1, &["failed 1 + 1"]);
    assert_eq!(finished.stdout.lines().last(), Some("passed 1 / 2"));
}
