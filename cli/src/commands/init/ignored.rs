//! The line of `.gitignore` that keeps the state of a project out of its repository.
//!
//! It asks git nothing: a repository is a folder with `.git` in it, or in one above it.

use std::path::Path;

use crate::disk;
use crate::exit::Failure;

const STATE: &str = ".conductor/";
const SPELLINGS: [&[u8]; 4] = [b".conductor/", b".conductor", b"/.conductor/", b"/.conductor"];

/// The new text of the `.gitignore` in `root`; `None` where there is no repository, or nothing to add.
pub fn wanted(root: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let mut folders = Vec::new();
    for folder in root.ancestors() {
        folders.push(folder);
        if folder.join(".git").exists() {
            return added(root, &folders);
        }
    }
    Ok(None)
}

fn added(root: &Path, folders: &[&Path]) -> Result<Option<Vec<u8>>, Failure> {
    for folder in folders {
        let lines = disk::read_if_there(&folder.join(".gitignore"))?.unwrap_or_default();
        if lines.split(|byte| *byte == b'\n').any(|line| SPELLINGS.contains(&line.trim_ascii())) {
            return Ok(None);
        }
    }
    let mut text = disk::read_if_there(&root.join(".gitignore"))?.unwrap_or_default();
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    text.extend_from_slice(STATE.as_bytes());
    text.push(b'\n');
    Ok(Some(text))
}
