//! Mistakes in manifests of HCL: how they are shown, and that every fix writes HCL.

#![expect(clippy::too_many_lines, reason = "tables of findings")]

mod findings;
mod fixes;

use conductor_source::fix;
use expect_test::Expect;

use crate::support::Project;

const CODE: &str = "
async def a() -> str: ...
async def b(n: int) -> None: ...
";

/// The findings, and what the fixes make of the manifest; that must be HCL, with fewer findings.
fn check(manifest: &str, wanted: &Expect) {
    let mut project = Project::new([("concurrency.hcl", manifest), ("m.py", CODE)]);
    let outcome = project.compile();
    let mut shown = project.check();
    let fixes = outcome.diagnostics.iter().filter_map(|found| found.fixes.first());
    let applied = fix::apply(&outcome.sources, fixes);
    if let Some(fixed) = applied.files.values().next() {
        shown.push_str(&format!("--- fixed\n{fixed}"));
        project.set("concurrency.hcl", fixed);
        for found in project.compile().diagnostics {
            shown.push_str(&format!("--- still: {} {}\n", found.code, found.message));
        }
    }
    wanted.assert_eq(&shown);
}

fn flow(text: &str) -> String {
    format!(
        "task \"a\" {{ ref = \"m.a\" }}\ntask \"b\" {{ ref = \"m.b\" }}\nworkflow \"w\" {{\n  task \"a\" {{}}\n{text}}}\n"
    )
}
