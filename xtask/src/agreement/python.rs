//! The Python code bases: wheels pinned in tests/agreement/python.txt, read by `inspect` on the imported package.
//!
//! It does not know how the two readings are compared.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::{Asked, CodeBase, Function, Reading, piped};
use crate::{root, setup};

pub fn code_bases() -> [CodeBase; 3] {
    ["Django", "fastapi", "attrs"].map(|name| CodeBase { name, language: "python", read })
}

/// The packages that a distribution installs, where they are not named like it.
fn packages(distribution: &str) -> Vec<String> {
    match distribution {
        "attrs" => vec!["attr".to_owned(), "attrs".to_owned()],
        other => vec![other.to_lowercase()],
    }
}

#[derive(Deserialize)]
struct Listing {
    functions: Vec<Function>,
    left_out: Vec<String>,
}

fn read(base: &CodeBase, folder: &Path) -> Result<Reading> {
    let pins = root().join("tests/agreement/python.txt");
    let venv = folder.join("python");
    let interpreter = setup::environment(&venv, &pins)?;
    let text =
        std::fs::read_to_string(&pins).with_context(|| format!("failed to read {}", pins.display()))?;
    let pin = text.lines().find_map(|line| line.strip_prefix(base.name)?.strip_prefix("=="));
    let version = pin.with_context(|| format!("{} pins no {}", pins.display(), base.name))?.to_owned();
    let mut command = script(&interpreter);
    command.arg("list").args(packages(base.name));
    let listing: Listing = serde_json::from_str(&piped(command, b"")?)?;
    let judge = move |asked: &[Asked]| {
        let mut command = script(&interpreter);
        command.arg("defaults");
        Ok(serde_json::from_str(&piped(command, &serde_json::to_vec(asked)?)?)?)
    };
    Ok(Reading {
        version,
        root: site_packages(&venv)?,
        functions: listing.functions,
        left_out: listing.left_out.len(),
        defaults: Some(Box::new(judge)),
    })
}

fn script(interpreter: &Path) -> Command {
    let mut command = Command::new(interpreter);
    command.arg("-B").arg(root().join("tests/agreement/python.py"));
    command
}

fn site_packages(venv: &Path) -> Result<PathBuf> {
    let library = venv.join("lib");
    let entries =
        std::fs::read_dir(&library).with_context(|| format!("failed to list {}", library.display()))?;
    let found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path().join("site-packages")))
        .filter(|path| path.is_dir())
        .collect();
    ensure!(found.len() == 1, "{} holds {} folders of packages", library.display(), found.len());
    found.into_iter().next().context("no folder of packages")
}
