//! The cases of `tests/cases/deadlocks`: what the compiler says of each, and nothing of its mended version.
//!
//! `UPDATE_EXPECT=1` writes the renderings anew.

mod agreement;
mod numbers;
mod rules;

use std::path::{Path, PathBuf};

use crate::codes::updating;
use crate::support::Project;
use crate::support::blocks;

const MENDED: &str = "\n## Mended\n";

#[expect(clippy::disallowed_methods, reason = "the cases are files; only the crate itself is pure")]
fn cases() -> Vec<(PathBuf, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/deadlocks");
    let entries = std::fs::read_dir(folder).expect("the cases can be listed");
    let mut cases: Vec<(PathBuf, String)> = entries
        .map(|entry| entry.expect("an entry can be read").path())
        .map(|path| (path.clone(), std::fs::read_to_string(path).expect("a case can be read")))
        .collect();
    cases.sort();
    cases
}

#[expect(clippy::disallowed_methods, reason = "the cases are files; only the crate itself is pure")]
fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("a case can be written");
}

/// The text with what the compiler says of its files in the block `text`.
fn shown(text: &str) -> String {
    let (before, rest) = text.split_once("\n```text\n").expect("it shows what is said");
    let (_, after) = rest.split_once("```").expect("the block `text` ends");
    let said = Project::new(blocks(text)).check();
    format!("{before}\n```text\n{}\n```{after}", said.trim_end())
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the page is a file; only the crate itself is pure")]
fn the_page_shows_what_the_compiler_says() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/deadlocks.md");
    let page = std::fs::read_to_string(&path).expect("the page can be read");
    let current = shown(&page);
    if current != page && updating() {
        write(&path, &current);
    } else {
        assert_eq!(current, page, "UPDATE_EXPECT=1 rewrites the page");
    }
}

#[test]
fn each_case_is_found_and_its_mended_version_is_clean() {
    let cases = cases();
    assert!(cases.len() >= 6, "the cases are there");
    let mut wrong = Vec::new();
    for (path, case) in cases {
        let (head, mended) = case.split_once(MENDED).expect("a case has a mended version");
        let project = Project::new(blocks(head));
        let said = project.check();
        let codes: Vec<&str> = project.compile().diagnostics.iter().map(|found| found.code.0).collect();
        let errors: Vec<&&str> = codes.iter().filter(|code| code.starts_with('E')).collect();
        if errors.is_empty() || errors.iter().any(|code| !code.starts_with("E2")) {
            wrong.push(format!("{}: {codes:?}\n{said}", path.display()));
        }
        let current = format!("{}{MENDED}{mended}", shown(head));
        if current != case && updating() {
            write(&path, &current);
        } else if current != case {
            wrong.push(format!("{}: it says\n{said}", path.display()));
        }
        let mut mended_project = project.clone();
        for (file, text) in blocks(mended) {
            mended_project.set(file, text);
        }
        let said = mended_project.check();
        if !said.is_empty() {
            wrong.push(format!("{}: of the mended version it says\n{said}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}\nUPDATE_EXPECT=1 rewrites the cases", wrong.join("\n"));
}
