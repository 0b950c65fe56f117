//! The folders of `tests/`: manifests as teams write them, cases of the language, patterns of workflows.

mod cases;
mod manifests;
mod names;
pub mod patterns;
mod pinned;

use std::path::PathBuf;

use conductor_driver::Outcome;
use conductor_source::Severity;

use crate::support::{Project, entries, expect_file, repository};

/// The folders inside one of the repository that hold a manifest, with its files.
pub fn samples(folder: &str) -> Vec<(PathBuf, Project)> {
    let folders = entries(&repository(folder)).into_iter().filter(|path| path.is_dir());
    let read = folders.map(|path| (path.clone(), Project::read(&path)));
    read.filter(|(_, project)| !project.get(project.manifest()).is_empty()).collect()
}

/// Compiled without an error or a warning; advice is what `advice.txt` beside the manifest holds.
fn clean(path: &std::path::Path, project: &Project) -> Result<Outcome, String> {
    let outcome = project.compile();
    let shown = project.shown(&outcome);
    if outcome.diagnostics.iter().any(|found| found.severity != Severity::Advice) {
        return Err(format!("{}:\n{shown}", path.display()));
    }
    let advice = (!shown.is_empty()).then_some(shown.as_str());
    expect_file(&path.join("advice.txt"), advice)?;
    Ok(outcome)
}

/// Fails with everything that is wrong.
fn judge(results: impl Iterator<Item = Result<(), String>>) {
    let wrong: Vec<String> = results.filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
