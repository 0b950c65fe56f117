//! One mistake in a valid manifest: it is found, and hardly anything follows from it.

use conductor_source::Severity;

use crate::mutants;

/// Findings that one mistake may bring: it is seen from two sides at most.
const MOST_ERRORS: usize = 2;

#[test]
fn the_manifests_are_valid() {
    for (name, original) in mutants::originals() {
        assert_eq!(mutants::project(&original).check(), "", "{name}");
    }
}

#[test]
fn one_mistake_is_found_and_brings_no_cascade() {
    let all = mutants::all();
    assert!(all.len() > 1_000, "{} mutants", all.len());
    let mut failures = Vec::new();
    for mutant in &all {
        let project = mutants::project(&mutant.document);
        let Ok(outcome) = std::panic::catch_unwind(|| project.compile()) else {
            failures.push(format!("{}: a panic", mutant.name));
            continue;
        };
        let errors = outcome.diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
        // Without a section, or all inputs, each name that it defined is missing.
        let place = mutant.name.strip_suffix(": the key is missing");
        let many = place.is_some_and(|place| place.ends_with("/input") || place.matches('/').count() == 1);
        if (errors > MOST_ERRORS && !many) || (mutant.wrong && errors == 0) {
            failures.push(format!("{}: {errors} errors\n{}", mutant.name, project.shown(&outcome)));
        }
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), all.len(), failures.join("\n"));
}
