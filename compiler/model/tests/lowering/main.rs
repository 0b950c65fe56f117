//! Manifests in, findings and the manifest's nouns out.

#![expect(clippy::too_many_lines, reason = "tables of findings")]

mod inputs;
mod policies;
mod resources;
mod sections;
mod steps;
mod whole;

use conductor_model::{Manifest, lower};
use conductor_source::{Sources, fix, render};
use conductor_syntax::{Syntax, yaml};
use expect_test::Expect;

/// The findings as text, and below them what the safe fixes make of the manifest.
pub fn findings(text: &str) -> (Manifest, String) {
    let mut sources = Sources::default();
    let (file, tree, mut diagnostics) = yaml::read(&mut sources, "concurrency.yaml", text.as_bytes());
    let (manifest, found) = lower(&tree, Syntax::Yaml);
    diagnostics.extend(found);
    let mut shown: String = diagnostics.iter().map(|found| render::text(found, &sources, false)).collect();
    let applied = fix::apply(&sources, diagnostics.iter().flat_map(|found| &found.fixes));
    if let Some(mended) = applied.files.get(&file) {
        shown.push_str("--- fixed\n");
        shown.push_str(mended);
    }
    (manifest, shown)
}

pub fn check(text: &str, expected: Expect) {
    expected.assert_eq(&findings(text).1);
}
