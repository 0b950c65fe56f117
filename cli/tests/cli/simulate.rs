//! `simulate`: arithmetic on the shop, determinism, changes, and what it says to mistakes.

use crate::support::Project;

/// The shop of `examples/`, whose write is the only critical step that is made to fail.
fn rate_of(project: &Project, arguments: &[&str]) -> f64 {
    let mut all = vec!["simulate", "--runs", "4000"];
    all.extend(arguments);
    let (code, report) = project.json(&all);
    assert_eq!(code, Some(0), "{report}");
    report["success_rate"].as_f64().unwrap()
}

#[test]
fn the_success_rate_moves_as_arithmetic_says() {
    let project = Project::shop();
    for (failure, retries) in [(0.0_f64, 3), (0.3, 3), (0.3, 0), (0.6, 1)] {
        let failing = format!("process_payment.failure_rate={failure}");
        let retrying = format!("process_payment.retries={retries}");
        let changes = ["--set", &failing, "--set", &retrying];
        let expected = 1.0 - failure.powi(retries + 1);
        let deviation = (expected * (1.0 - expected) / 4000.0).sqrt();
        let got = rate_of(&project, &changes);
        assert!((got - expected).abs() <= 4.0 * deviation + 1e-12, "{got} is not {expected}");
    }
}

#[test]
fn a_seed_gives_the_same_bytes() {
    let project = Project::shop();
    let run = |seed: &str| project.conductor(&["simulate", "--runs", "300", "--seed", seed]).stdout;
    assert_eq!(run("1"), run("1"));
    assert_ne!(run("1"), run("2"));
}

#[test]
fn a_report_says_what_was_asked() {
    let project = Project::shop();
    let finished = project.conductor(&["simulate", "--runs", "300", "--set", "send_receipt.failure_rate=1"]);
    let words = [
        "process_order_workflow: 300 runs, each alone, seed 1",
        "success   100.00 %",
        "critical path",
        "send_receipt",
    ];
    finished.says(0, &words);
    assert!(!finished.stdout.contains('\x1b'), "no colour without a terminal");
}

#[test]
fn a_comparison_names_what_differs() {
    let project = Project::shop();
    let compare = ["simulate", "--runs", "500", "--compare", "fetch_user.p50=200ms"];
    project.conductor(&compare).says(0, &["what changes", "duration p50", "before", "after"]);
    let (code, compared) =
        project.json(&["simulate", "--runs", "500", "--compare", "retry_idempotent.retries=3"]);
    assert_eq!(code, Some(0));
    assert_eq!(compared["differences"], serde_json::json!([]), "the policy had three retries before");
}

#[test]
fn a_profile_is_read_and_held_to_its_form() {
    let project = Project::shop();
    project.write("good.yaml", "tasks:\n  fetch_user:\n    duration: {constant: 300ms}\ncommit_ms: 0\n");
    project.conductor(&["simulate", "--runs", "50", "--profile", "good.yaml"]).says(0, &["fetch_user"]);
    for (text, word) in [
        ("tasks: {fetch_user: {duration: {p50: 2s, p95: 1s}}}", "below p50"),
        ("tasks: {fetch_user: {failure_rate: 2}}", "between 0 and 1"),
        ("tasks: {fetch_user: {speed: 2}}", "unknown field `speed`"),
        ("tasks: [", "cannot be read"),
        ("list_length: 100000000", "at most 10000"),
    ] {
        project.write("bad.yaml", text);
        project.conductor(&["simulate", "--profile", "bad.yaml"]).says(2, &[word]);
    }
    project.conductor(&["simulate", "--profile", "missing.yaml"]).says(3, &["missing.yaml"]);
}

#[test]
fn mistakes_are_usage() {
    let project = Project::shop();
    for (arguments, word) in [
        (vec!["simulate", "nothing"], "there is no workflow `nothing`"),
        (
            vec!["simulate", "--set", "nobody.timeout=1s"],
            "there is no task, policy, resource or workflow `nobody`",
        ),
        (vec!["simulate", "--set", "fetch_user"], "NAME.KEY=VALUE"),
        (vec!["simulate", "--set", "fetch_user.colour=red"], "cannot be changed by `colour`"),
        (vec!["simulate", "--runs", "0"], "--runs"),
        (vec!["simulate", "--arrivals", "never"], "no rate"),
        (vec!["simulate", "--arrivals", "1", "--concurrent", "2"], "cannot be used with"),
        (vec!["simulate", "--input", "[]"], "no JSON object"),
    ] {
        project.conductor(&arguments).says(2, &[word]);
    }
}

#[test]
fn a_manifest_with_errors_is_a_finding() {
    let project = Project::seed();
    project.conductor(&["simulate"]).says(1, &["error["]);
}
