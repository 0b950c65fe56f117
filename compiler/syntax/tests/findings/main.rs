//! Bad manifests in, findings out: each mistake of syntax that people make, and those that only attackers make.

#![expect(clippy::too_many_lines, reason = "tables of findings")]

mod bytes;
mod features;
mod hostile;
mod list_items;
mod mistakes;

use conductor_source::{Sources, fix, render};
use conductor_syntax::{Node, yaml};
use expect_test::Expect;

/// The findings as text, and below them what the fixes make of the text.
pub fn shown(bytes: &[u8]) -> (Node, String) {
    let mut sources = Sources::default();
    let (file, node, diagnostics) = yaml::read(&mut sources, "concurrency.yaml", bytes);
    let mut shown: String = diagnostics.iter().map(|found| render::text(found, &sources, false)).collect();
    let applied = fix::apply(&sources, diagnostics.iter().flat_map(|found| &found.fixes));
    if let Some(mended) = applied.files.get(&file) {
        shown.push_str("--- fixed\n");
        shown.push_str(mended);
        for found in yaml::parse(file, mended).1 {
            shown.push_str(&format!("--- still: {} {}\n", found.code, found.message));
        }
    }
    // A carriage return in an expected text would not survive.
    (node, shown.replace('\r', "␍"))
}

pub fn check(text: &str, expected: Expect) {
    expected.assert_eq(&shown(text.as_bytes()).1);
}
