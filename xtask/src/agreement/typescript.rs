//! The TypeScript code bases: packages that ship their sources, pinned in tests/agreement/typescript.json, read by the
//! TypeScript compiler's own API.
//!
//! It does not know how the two readings are compared.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

use super::{CodeBase, Function, Reading, piped};
use crate::{root, setup};

pub fn code_bases() -> [CodeBase; 2] {
    ["rxjs", "zod"].map(|name| CodeBase { name, language: "typescript", read })
}

#[derive(Deserialize)]
struct Listing {
    functions: Vec<Function>,
    left_out: Vec<String>,
}

fn read(base: &CodeBase, folder: &Path) -> Result<Reading> {
    let pins = root().join("tests/agreement/typescript.json");
    let modules = folder.join("typescript");
    setup::node_modules(&modules, &pins)?;
    let tools = root().join("target/node");
    setup::node_modules(&tools, &root().join("tests/node-tools/package.json"))?;
    let text =
        std::fs::read_to_string(&pins).with_context(|| format!("failed to read {}", pins.display()))?;
    let pinned: Value = serde_json::from_str(&text).context("the pins are no JSON")?;
    let version = pinned["dependencies"][base.name].as_str().context("it is not pinned")?.to_owned();
    let place = modules.join("node_modules").join(base.name);
    let mut command = Command::new("node");
    command
        .arg(root().join("tests/agreement/typescript.mjs"))
        .arg(tools.join("node_modules/typescript/lib/typescript.js"))
        .arg(&place);
    let listing = piped(command, b"")?;
    let listing: Listing =
        serde_json::from_str(&listing).context("failed to read what the compiler knows")?;
    let (functions, left_out) = (listing.functions, listing.left_out.len());
    Ok(Reading { version, root: place, functions, left_out, defaults: None })
}
