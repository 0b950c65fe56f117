//! An application of each language, with the tasks of the storms and a manifest of the test's own.

use std::path::Path;

use anyhow::Result;
use conductor_tests::application::Language;
use conductor_tests::process::Process;
use conductor_tests::project::Project;
use conductor_tests::sidecar::Around;

/// The application built with `manifest`, in which `LANGUAGE` is the language and `@task` a task's function.
pub(crate) fn built(language: Language, manifest: &str) -> Result<Project> {
    let project = Project::named(&format!("torture/{}", language.name()))?;
    let mut text = manifest.replace("LANGUAGE", language.name());
    for task in ["hold", "book", "unbook", "look"] {
        text = text.replace(&format!("\"@{task}\""), &format!("\"{}\"", language.reference(task)));
    }
    project.write("ledger", "")?;
    language.build(&project, &text)?;
    Ok(project)
}

/// Starts it; it serves runs that it is given on `socket`.
pub(crate) fn serve(project: &Project, language: Language, socket: &Path) -> Result<Process> {
    let ledger = project.path().join("ledger");
    language.serve(project, project.path(), &ledger, socket, &Around::default())
}
