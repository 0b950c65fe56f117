//! `conductor fix --pin-bindings`: what was bound without being written is written into the manifest.
//!
//! It knows that the Plans must stay as they were, not how an entry is added to a text.

use conductor_driver::{Binding, LOCK_FILE, pin};

use crate::compile::{Overlay, compile};
use crate::exit::Failure;
use crate::output::{GREEN, RESET, coloured, inert_line};
use crate::project::Project;
use crate::{disk, signals};

/// Pins nothing: every inferred input is new to it.
const EMPTY_LOCK: &str = r#"{"about": "", "version": 1, "workflows": {}}"#;

/// What was written out, and what could not be.
pub struct Pinned {
    pub written: Vec<String>,
    pub left: Vec<String>,
    /// Paths of the files that were changed, relative to the manifest's folder.
    pub files: Vec<String>,
}

/// Writes the bindings of a manifest without errors into it. The Plans stay as they are, or nothing is changed.
pub fn pin_bindings(project: &Project) -> Result<Pinned, Failure> {
    let path = project.manifest_path();
    let manifest = disk::read(&path)?;
    let before = compile(project, &Overlay::new())?;
    let nothing = Pinned { written: Vec::new(), left: Vec::new(), files: Vec::new() };
    let Some(compiled) = &before.outcome.compiled else { return Ok(nothing) };
    let pinned = pin(&project.manifest, &manifest, &compiled.bindings);
    let mut overlay = Overlay::from([
        (project.manifest.clone(), pinned.text.clone()),
        (LOCK_FILE.to_owned(), EMPTY_LOCK.to_owned()),
    ]);
    let after = compile(project, &overlay)?;
    let again = after.outcome.compiled.as_ref().filter(|again| again.plans == compiled.plans);
    let Some(again) = again else {
        return Err(Failure::environment(
            "cannot write the bindings of this manifest out: it would mean something else",
        )
        .help(
            "nothing was changed; write `with` and `input` by hand, `conductor plan` shows what they are",
        ));
    };
    let is_left = |binding: &&Binding| again.bindings.contains(binding);
    let (left, written): (Vec<&Binding>, Vec<&Binding>) = compiled.bindings.iter().partition(is_left);
    overlay.insert(LOCK_FILE.to_owned(), again.lock.clone());
    if !project.root.join(LOCK_FILE).exists() || written.is_empty() {
        overlay.remove(LOCK_FILE);
    }
    if written.is_empty() {
        overlay.clear();
    }
    let _whole = signals::writing();
    disk::sweep(&path);
    for (path, text) in &overlay {
        disk::replace_file(&project.root.join(path), text.as_bytes())?;
    }
    let lines = |bindings: Vec<&Binding>| bindings.into_iter().map(ToString::to_string).collect();
    Ok(Pinned { written: lines(written), left: lines(left), files: overlay.into_keys().collect() })
}

impl Pinned {
    /// One line for each binding.
    #[must_use]
    pub fn report(&self) -> String {
        let (green, reset) = if coloured() { (GREEN, RESET) } else { ("", "") };
        let mut text = String::new();
        for line in &self.written {
            text.push_str(&format!("{green}written{reset}: {}\n", inert_line(line, 400)));
        }
        for line in &self.left {
            text.push_str(&format!("left: {}\n", inert_line(line, 400)));
        }
        if text.is_empty() { "no binding to write out\n".to_owned() } else { text }
    }
}
