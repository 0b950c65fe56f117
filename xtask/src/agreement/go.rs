//! The Go code base: a module from the Go module proxy with what it requires in `vendor`, read by go/types.
//!
//! It does not know how the two readings are compared.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::{CodeBase, Function, Reading, piped};
use crate::root;

const MODULE: &str = "k8s.io/client-go";
const VERSION: &str = "v0.34.2";

pub fn code_bases() -> [CodeBase; 1] {
    [CodeBase { name: "client-go", language: "go", read }]
}

#[derive(Deserialize)]
struct Listing {
    functions: Vec<Function>,
    left_out: Vec<String>,
}

fn read(_: &CodeBase, folder: &Path) -> Result<Reading> {
    let place = folder.join("client-go").join(VERSION);
    if !place.is_dir() {
        fetch(&place)?;
    }
    let program = root().join("tests/agreement/go");
    let mut command = go(&program, &["run", "."]);
    command.arg(&place);
    let listing = piped(command, b"")?;
    let listing: Listing = serde_json::from_str(&listing).context("failed to read what go/types knows")?;
    let (functions, left_out) = (listing.functions, listing.left_out.len());
    Ok(Reading { version: VERSION.to_owned(), root: place, functions, left_out, defaults: None })
}

/// A copy of the module that can be written to. It is made beside its place, so that what was cut off is not taken
/// for whole.
fn fetch(place: &Path) -> Result<()> {
    let unfinished = place.with_extension("part");
    if unfinished.exists() {
        std::fs::remove_dir_all(&unfinished)?;
    }
    std::fs::create_dir_all(&unfinished)?;
    let module = format!("{MODULE}@{VERSION}");
    let told = piped(go(&unfinished, &["mod", "download", "-json", &module]), b"")?;
    let told: serde_json::Value = serde_json::from_str(&told).context("failed to read what go printed")?;
    let source = PathBuf::from(told["Dir"].as_str().context("go names no folder")?);
    for (command, arguments) in
        [("cp", ["-R", &format!("{}/.", source.display()), "."]), ("chmod", ["-R", "u+w", "."])]
    {
        let status = Command::new(command).args(arguments).current_dir(&unfinished).status()?;
        ensure!(status.success(), "`{command}` ended with {status}");
    }
    piped(go(&unfinished, &["mod", "vendor"]), b"")?;
    std::fs::rename(&unfinished, place).with_context(|| format!("failed to make {}", place.display()))
}

fn go(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("go");
    command.args(arguments).current_dir(folder).env("GOFLAGS", "").env("GOWORK", "off");
    command
}
