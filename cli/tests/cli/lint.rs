//! `lint` and `review`: advice, choices among it, fixes, baselines, measured times from a file.

use crate::support::Project;

const MANIFEST: &str = "\
tasks:
  - id: fetch_user
    ref: shop.fetch_user
    effect: read
  - id: fetch_product_info
    ref: shop.fetch_product_info
    effect: read

workflows:
  - id: page
    entrypoint: true
    steps:
      # For the head.
      - task: fetch_user
      - task: fetch_product_info
    output: {user: \"${fetch_user}\", product: \"${fetch_product_info}\"}
";

fn project() -> Project {
    let project = Project::empty();
    project.write("concurrency.yaml", MANIFEST);
    project.write(
        "shop.py",
        "async def fetch_user(user_id: str) -> str: ...\nasync def fetch_product_info(product_id: str) -> str: ...\n",
    );
    project
}

#[test]
fn advice_is_chosen_ignored_and_known() {
    let project = project();
    project.conductor(&["lint"]).says(1, &["advice[P001]", "1 piece of advice"]);
    project.conductor(&["lint", "--ignore", "P"]).says(0, &["no findings"]);
    project.conductor(&["lint", "--select", "R,S"]).says(0, &["no findings"]);
    project.conductor(&["lint", "--select", "Q"]).says(2, &["no rule's code begins with `Q`"]);
    project.conductor(&["lint", "--write-baseline", "known.json"]).says(0, &[]);
    project.conductor(&["lint", "--baseline", "known.json"]).says(0, &["no findings"]);
    let ignored =
        MANIFEST.replace("# For the head.", "# conductor: ignore P001 the product is slow on purpose");
    project.write("concurrency.yaml", ignored);
    project.conductor(&["lint"]).says(0, &["no findings"]);
    let (_, document) = project.json(&["lint", "--ignore", "N"]);
    assert_eq!(document["diagnostics"].as_array().map(Vec::len), Some(0));
}

#[test]
fn measured_times_give_the_saving_and_the_simulation() {
    let project = project();
    project.write(
        "measured.yaml",
        "tasks:\n  fetch_user: {duration: {p50: 200ms, p95: 260ms}}\n  fetch_product_info: {duration: {p50: 200ms, p95: 240ms}}\n",
    );
    let finished = project.conductor(&["lint", "--from", "measured.yaml"]);
    finished.says(1, &["about 200 ms", "240 ms where they are slow", "simulated, 1000 runs of `page`"]);
    let finished = project.conductor(&["review", "--from", "measured.yaml"]);
    finished.says(
        0,
        &[
            "# Review of `concurrency.yaml`",
            "([P001](#p001), `concurrency.yaml:14`)",
            "### P001",
            "| `page` |",
        ],
    );
}

/// As a sidecar tells it when the processes are gone.
#[test]
fn a_breaker_that_opened_again_and_again_is_told_of() {
    let project = project();
    let broken =
        MANIFEST.replacen("effect: read", "effect: read\n    policy: {circuit_breaker: {failures: 2}}", 1);
    project.write("concurrency.yaml", broken);
    let profile = |opened: u32, rate: f64| {
        let task = format!(r#""fetch_user": {{"failure_rate": {rate}, "measured": {{"attempts": 42}}}}"#);
        let breaker = format!(r#""fetch_user": {{"state": "closed", "opened": {opened}}}"#);
        project.write(
            "profile.json",
            format!(r#"{{"tasks": {{{task}}}, "measured": {{"breakers": {{{breaker}}}}}}}"#),
        );
        project.conductor(&["lint", "--select", "F011", "--from", "profile.json"])
    };
    profile(41, 1.0).says(
        1,
        &["advice[F011]: the breaker of `fetch_user` has opened 41 times, and 100 % of its attempts fail"],
    );
    profile(2, 1.0).says(0, &["no findings"]);
    profile(41, 0.2).says(0, &["no findings"]);
}

#[test]
fn a_safe_fix_is_applied_and_keeps_comments() {
    let project = project();
    project
        .conductor(&["lint", "--fix"])
        .says(0, &["fixed: run `fetch_user` and `fetch_product_info` in parallel"]);
    let text = project.read("concurrency.yaml");
    assert!(
        text.contains("      # For the head.\n      - parallel:\n          - task: fetch_user\n"),
        "{text}"
    );
    project.conductor(&["check"]).says(0, &[]);
}

#[test]
fn the_seed_is_told_of_its_risk_and_mended() {
    let project = Project::seed();
    project.conductor(&["fix"]).says(0, &[]);
    let finished = project.conductor(&["lint", "--select", "R001"]);
    finished.says(1, &["`process_payment` is critical and `send_receipt` is not"]);
    project.conductor(&["lint", "--select", "R001", "--unsafe-fixes"]).says(0, &["no findings"]);
    let text = project.read("concurrency.yaml");
    assert!(text.contains("detach: true") && text.contains("# 2. Define reusable"), "{text}");
}

#[test]
fn errors_come_first() {
    let project = project();
    project.write("concurrency.yaml", MANIFEST.replace("task: fetch_user", "task: fetch_usr"));
    project.conductor(&["lint"]).says(1, &["error[E"]);
}
