//! The user's own manifest beside the shop's code: two errors, two safe fixes, then Plans.

use crate::support::Project;
use conductor_source::{Fix, Safety, Severity};

const SEED: &str = include_str!("../../../examples/shop/concurrency.seed.yaml");

/// The code of the shop.
pub const CODE: [(&str, &str); 5] = [
    ("auth_service.py", include_str!("../../../examples/shop/auth_service.py")),
    ("database.py", include_str!("../../../examples/shop/database.py")),
    ("notification_service.py", include_str!("../../../examples/shop/notification_service.py")),
    ("payment_provider.py", include_str!("../../../examples/shop/payment_provider.py")),
    ("user_service.py", include_str!("../../../examples/shop/user_service.py")),
];

fn shop(manifest: &str) -> Project {
    Project::new([("concurrency.yaml", manifest)].into_iter().chain(CODE))
}

/// The manifest after its safe fixes.
fn fixed(project: &Project) -> String {
    let outcome = project.compile();
    let safe = |fix: &&Fix| fix.safety == Safety::Safe;
    let fixes = outcome.diagnostics.iter().filter_map(|finding| finding.fixes.iter().find(safe));
    let applied = conductor_source::fix::apply(&outcome.sources, fixes);
    assert_eq!(applied.left, Vec::<String>::new());
    applied.files.into_values().next().unwrap_or_default()
}

#[test]
fn the_seed_has_exactly_two_errors_and_both_can_be_fixed() {
    let project = shop(SEED);
    let outcome = project.compile();
    let errors: Vec<&str> = outcome
        .diagnostics
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| finding.code.0)
        .collect();
    assert_eq!(errors.len(), 2, "{}", project.check());
    assert!(errors.contains(&"E110"), "{errors:?}");
    assert!(outcome.compiled.is_none());

    let fixed = shop(&fixed(&project));
    let outcome = fixed.compile();
    let compiled = outcome.compiled.unwrap_or_else(|| panic!("{}", fixed.check()));
    assert_eq!(compiled.plans.len(), 1);
    for comment in SEED.lines().filter_map(|line| line.split_once('#')) {
        assert!(fixed.get("concurrency.yaml").contains(comment.1), "lost the comment `{}`", comment.1);
    }
}

#[test]
fn a_step_of_the_seed_can_depend_on_an_input_that_another_one_asks_for() {
    let manifest = fixed(&shop(SEED));
    let large = "- task: send_receipt\n          when: ${input.amount > 1000}";
    let changed = manifest.replace("- task: send_receipt", large);
    assert_ne!(changed, manifest);
    let (before, after) = (shop(&manifest).compile(), shop(&changed).compile());
    let before = before.compiled.expect("the fixed seed compiles");
    let after = after.compiled.unwrap_or_else(|| panic!("{}", shop(&changed).check()));
    assert_eq!(after.bindings, before.bindings);
    assert_eq!(after.lock, before.lock);
    assert_eq!(after.plans[0].inputs, before.plans[0].inputs);
}
