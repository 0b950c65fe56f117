//! Advice on manifests as teams write them: rules are quiet on what is sensible.

use conductor_driver::{RULES, Selection};

use crate::samples::samples;
use crate::support::{expect_file, repository};

/// What the rules say of every sensible manifest stands in one file, so that whoever changes a rule reads it.
#[test]
fn sensible_manifests_get_little_advice() {
    let mut said = String::new();
    let everything = Selection::default();
    for (path, project) in samples("tests/manifests") {
        let outcome = project.advise(&everything);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for found in
            outcome.diagnostics.iter().filter(|found| RULES.iter().any(|rule| rule.code == found.code))
        {
            said += &format!("{name}: {}: {}\n", found.code, found.message);
        }
    }
    let (pieces, manifests) = (said.lines().count(), samples("tests/manifests").len());
    assert!(
        manifests >= 30 && pieces * 10 <= manifests,
        "{pieces} pieces of advice on {manifests} manifests"
    );
    let path = repository("tests/manifests/lint.txt");
    expect_file(&path, Some(&said)).expect("what is said of sensible manifests");
}
