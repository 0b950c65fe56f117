//! The user's own manifest: one mistake, one inserted line.

use conductor_source::{Sources, fix, render};
use conductor_syntax::yaml;

const SEED: &str = include_str!("seed.yaml");

#[test]
fn the_seed_has_one_mistake_and_its_fix_inserts_one_line() {
    let mut sources = Sources::default();
    let (file, _, diagnostics) = yaml::read(&mut sources, "concurrency.yaml", SEED.as_bytes());
    let shown: String = diagnostics.iter().map(|found| render::text(found, &sources, false)).collect();
    expect_test::expect![[r#"
        error[E007]: list items stand where a key must stand
          --> concurrency.yaml:40:5
           |
        36 |   - id: process_order_workflow
           |   ---------------------------- in this workflow
        ...
        40 |     - task: fetch_user
           |     ^^^^^^^^^^^^^^^^^^ this item belongs to no key of the workflow
           |
           = note: steps inside a workflow stand under its key `steps`
        help: put the items under `steps:`
           |
        39 +     steps:
           |
    "#]]
    .assert_eq(&shown);

    let applied = fix::apply(&sources, diagnostics.iter().flat_map(|found| &found.fixes));
    let mended = &applied.files[&file];
    let (_, again) = yaml::parse(file, mended);
    assert_eq!(again, vec![]);
    let added: Vec<&str> = mended.lines().filter(|line| *line == "    steps:").collect();
    assert_eq!(added.len(), 1);
    assert_eq!(mended.replacen("    steps:\n", "", 1), SEED);
    let position =
        mended.find("    steps:\n    # Simple sequence of critical steps\n    - task: fetch_user\n");
    assert!(position.is_some(), "comments directly above the first item stay with it");
}
