//! The public half of the CEL specification's cases.

use std::collections::BTreeSet;

use conductor_cel::conformance::{Report, run};
use serde_json::Value as Json;

/// Data of cel-expr/cel-spec (Apache-2.0); see `cel_cases.md`.
const CASES: &str = include_str!("cel_cases.jsonl");

fn of_extension(wanted: &[Option<&str>]) -> Report {
    let lines = CASES.lines().filter(|line| {
        let case: Json = serde_json::from_str(line).unwrap_or_default();
        case["file"].is_string() && wanted.contains(&case["extension"].as_str())
    });
    run(lines.collect::<Vec<_>>().join("\n").as_bytes())
}

fn show(report: &Report) {
    for (file, tally) in &report.files {
        println!("{file}: {} / {}", tally.passed, tally.all);
    }
    for failure in &report.failures {
        println!("  {}: {}: {}", failure.id, failure.expr, failure.reason);
    }
    let total = report.total();
    println!("passed {} / {}", total.passed, total.all);
}

#[test]
fn every_core_case_passes() {
    let report = of_extension(&[None]);
    show(&report);
    assert_eq!((report.total().passed, report.total().all), (570, 570));
}

#[test]
fn every_case_of_the_extensions_that_we_have_passes() {
    let report =
        of_extension(&["string_ext", "math_ext", "optionals", "bindings_ext", "encoders_ext"].map(Some));
    show(&report);
    assert_eq!((report.total().passed, report.total().all), (254, 254));
}

#[test]
fn cases_left_out_belong_to_two_extensions() {
    let failures = run(CASES.as_bytes()).failures;
    let files: BTreeSet<&str> = failures.iter().filter_map(|failure| failure.id.split('/').next()).collect();
    assert!(files.iter().all(|file| ["block_ext", "network_ext"].contains(file)), "{files:?}");
}
