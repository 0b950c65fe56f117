//! The rules of the house: allowed edges, purity of the compiler, sizes, links and words.
//!
//! It knows folders and text, nothing of what the code does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use conductor_tests::root;
use serde_json::Value;

const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 70;
/// Folders with nothing written by hand for the reader of the house.
const SKIPPED: [&str; 6] = ["target", "conductor_gen", "__pycache__", "node_modules", "venv", "cases"];
/// Crates that reach the disk, the network or a runtime; nothing in compiler/ may lead to them.
const EFFECTS: [&str; 10] =
    ["axum", "hyper", "mio", "rusqlite", "rustix", "socket2", "tempfile", "tokio", "reqwest", "notify"];

type Table = BTreeMap<String, BTreeSet<String>>;

#[test]
fn dependencies_follow_the_table() -> Result<()> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md"))?;
    let allowed = allowed_edges(&text)?;
    let wrong = edge_findings(&allowed, &actual_edges(&metadata()?)?);
    ensure!(wrong.is_empty(), "ARCHITECTURE.md and cargo metadata differ:\n{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn an_edge_outside_the_table_is_found() -> Result<()> {
    let table = "# A\n## Allowed edges\n| crate | may depend on |\n| --- | --- |\n| conductor-a | |\n| xtask | conductor-a |\n## B\n";
    let allowed = allowed_edges(table)?;
    let mut actual = allowed.clone();
    assert_eq!(edge_findings(&allowed, &actual), Vec::<String>::new());
    actual.entry("conductor-a".into()).or_default().insert("xtask".into());
    actual.insert("conductor-new".into(), BTreeSet::new());
    let found = edge_findings(&allowed, &actual);
    assert_eq!(found, ["conductor-a may not depend on xtask", "conductor-new has no row"]);
    Ok(())
}

#[test]
fn the_compiler_reaches_no_effect() -> Result<()> {
    let metadata = metadata()?;
    let mut wrong = Vec::new();
    for package in workspace_packages(&metadata)? {
        if package.pure {
            let reached = reachable(&metadata, &package.id)?;
            wrong.extend(
                EFFECTS
                    .iter()
                    .filter(|name| reached.contains(**name))
                    .map(|name| (package.name.clone(), *name)),
            );
        }
    }
    ensure!(wrong.is_empty(), "crates that must be pure lead to effects: {wrong:?}");
    let daemon =
        workspace_packages(&metadata)?.into_iter().find(|package| package.name == "conductor-daemon");
    let reached = reachable(&metadata, &daemon.context("no conductor-daemon")?.id)?;
    ensure!(reached.contains("tokio"), "the search sees nothing: the daemon leads to tokio");
    Ok(())
}

#[test]
fn files_and_functions_stay_short() -> Result<()> {
    let files = files_with(&["rs", "py", "ts", "go"])?;
    ensure!(files.len() > 20, "the search sees nothing");
    let mut wrong = Vec::new();
    for file in &files {
        let lines = fs::read_to_string(file)?.lines().count();
        if lines > FILE_LINES {
            wrong.push(format!("{}: {lines} lines", file.display()));
        }
    }
    let python = files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "py"));
    wrong.extend(long_python_functions(python)?);
    ensure!(
        wrong.is_empty(),
        "over {FILE_LINES} lines a file or {FUNCTION_LINES} a function:\n{}",
        wrong.join("\n")
    );
    Ok(())
}

#[test]
fn a_long_python_function_is_found() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("long.py");
    fs::write(&file, format!("class A:\n  async def long(self):\n{}", "    pass\n".repeat(FUNCTION_LINES)))?;
    let found = long_python_functions([&file])?;
    ensure!(found.len() == 1 && found[0].ends_with("long.py:2: long has 71 lines"), "{found:?}");
    Ok(())
}

#[test]
fn links_of_the_documents_lead_somewhere() -> Result<()> {
    let documents = files_with(&["md"])?;
    ensure!(!documents.is_empty(), "the search sees nothing");
    let mut wrong = Vec::new();
    for document in &documents {
        let text = fs::read_to_string(document)?;
        let folder = document.parent().unwrap_or(Path::new("."));
        for link in local_links(&text) {
            if !folder.join(&link).exists() {
                wrong.push(format!("{}: {link}", document.display()));
            }
        }
    }
    ensure!(wrong.is_empty(), "links that lead nowhere:\n{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn links_are_read_outside_code_only() {
    let text = "[a](docs/a.md#x) [b](https://b) [c](#c)\n```\n[d](d.md)\n```\n`[e](e.md)` ![f](f.svg)";
    assert_eq!(local_links(text), ["docs/a.md", "f.svg"]);
}

#[test]
fn nothing_is_left_for_later() -> Result<()> {
    // Spelt in halves, so that this file does not find itself.
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    let mut wrong = Vec::new();
    for file in files_with(&["rs", "py", "ts", "go", "md", "toml", "yaml"])? {
        for (number, line) in fs::read_to_string(&file)?.lines().enumerate() {
            if words.iter().any(|word| line.split(|c: char| !c.is_alphanumeric()).any(|part| part == *word)) {
                wrong.push(format!("{}:{}: {}", file.display(), number + 1, line.trim()));
            }
        }
    }
    ensure!(wrong.is_empty(), "work left for later:\n{}", wrong.join("\n"));
    Ok(())
}

/// The rows under `## Allowed edges`.
fn allowed_edges(text: &str) -> Result<Table> {
    let (_, section) = text.split_once("## Allowed edges").context("no heading `## Allowed edges`")?;
    let section = section.split("\n## ").next().unwrap_or(section);
    let mut table = Table::new();
    for row in section.lines().filter(|line| line.starts_with('|')).skip(2) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [name, edges] = cells[..] else { anyhow::bail!("a row without two cells: {row}") };
        let edges =
            edges.split(',').map(str::trim).filter(|edge| !edge.is_empty()).map(str::to_owned).collect();
        ensure!(table.insert(name.to_owned(), edges).is_none(), "two rows for {name}");
    }
    Ok(table)
}

/// What the code does that the table does not allow, and rows of crates that are gone.
fn edge_findings(allowed: &Table, actual: &Table) -> Vec<String> {
    let mut findings = Vec::new();
    for (name, edges) in actual {
        match allowed.get(name) {
            None => findings.push(format!("{name} has no row")),
            Some(row) => {
                findings.extend(edges.difference(row).map(|edge| format!("{name} may not depend on {edge}")));
            }
        }
    }
    let gone = allowed.keys().filter(|name| !actual.contains_key(*name));
    findings.extend(gone.map(|name| format!("{name} has a row and no crate")));
    findings
}

fn metadata() -> Result<Value> {
    let mut cargo = Command::new(env!("CARGO"));
    let output =
        cargo.args(["metadata", "--format-version", "1", "--locked"]).current_dir(root()).output()?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

struct Package {
    id: String,
    name: String,
    /// In compiler/ or protocol/.
    pure: bool,
}

fn workspace_packages(metadata: &Value) -> Result<Vec<Package>> {
    let members: BTreeSet<&str> =
        list(&metadata["workspace_members"])?.iter().filter_map(Value::as_str).collect();
    let mut packages = Vec::new();
    for package in list(&metadata["packages"])? {
        let id = text(&package["id"])?;
        if members.contains(id) {
            let manifest = Path::new(text(&package["manifest_path"])?);
            let pure = manifest.starts_with(root().join("compiler"))
                || manifest.starts_with(root().join("protocol"));
            packages.push(Package { id: id.to_owned(), name: text(&package["name"])?.to_owned(), pure });
        }
    }
    Ok(packages)
}

fn actual_edges(metadata: &Value) -> Result<Table> {
    let ours: BTreeMap<String, String> =
        workspace_packages(metadata)?.into_iter().map(|package| (package.id, package.name)).collect();
    let mut table = Table::new();
    for (id, name) in &ours {
        let edges =
            normal_dependencies(metadata, id)?.into_iter().filter_map(|id| ours.get(&id).cloned()).collect();
        table.insert(name.clone(), edges);
    }
    Ok(table)
}

/// Package ids that `id` needs to be built, itself not counted, development dependencies left out.
fn normal_dependencies(metadata: &Value, id: &str) -> Result<Vec<String>> {
    let nodes = list(&metadata["resolve"]["nodes"])?;
    let node = nodes.iter().find(|node| node["id"] == id).with_context(|| format!("no node {id}"))?;
    let mut found = Vec::new();
    for dependency in list(&node["deps"])? {
        if list(&dependency["dep_kinds"])?.iter().any(|kind| kind["kind"].is_null()) {
            found.push(text(&dependency["pkg"])?.to_owned());
        }
    }
    Ok(found)
}

/// Names of all packages that `id` leads to.
fn reachable(metadata: &Value, id: &str) -> Result<BTreeSet<String>> {
    let packages = list(&metadata["packages"])?;
    let names: BTreeMap<&str, &str> = packages
        .iter()
        .filter_map(|package| Some((package["id"].as_str()?, package["name"].as_str()?)))
        .collect();
    let mut seen = BTreeSet::new();
    let mut pending = vec![id.to_owned()];
    while let Some(next) = pending.pop() {
        for dependency in normal_dependencies(metadata, &next)? {
            if seen.insert(dependency.clone()) {
                pending.push(dependency);
            }
        }
    }
    Ok(seen.iter().filter_map(|id| names.get(id.as_str()).map(|name| (*name).to_owned())).collect())
}

fn list(value: &Value) -> Result<&Vec<Value>> {
    value.as_array().context("a list is missing in cargo's metadata")
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().context("a text is missing in cargo's metadata")
}

/// Files of the house with one of the extensions, sorted.
fn files_with(extensions: &[&str]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut pending = vec![root()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if path.is_dir() {
                if !name.starts_with('.') && !SKIPPED.contains(&name.as_str()) {
                    pending.push(path);
                }
            } else if path
                .extension()
                .is_some_and(|extension| extensions.iter().any(|wanted| extension == *wanted))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// `file:line: name has N lines` for each function over the limit, by Python's own parser.
fn long_python_functions<'a>(files: impl IntoIterator<Item = &'a PathBuf>) -> Result<Vec<String>> {
    const SCRIPT: &str = "\
import ast, sys
limit = int(sys.argv[1])
for path in sys.argv[2:]:
    for node in ast.walk(ast.parse(open(path, encoding='utf-8').read(), path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = node.end_lineno - node.lineno + 1
            if lines > limit:
                print(f'{path}:{node.lineno}: {node.name} has {lines} lines')
";
    let mut python = Command::new("python3");
    python.args(["-c", SCRIPT, &FUNCTION_LINES.to_string()]).args(files);
    let output = python.output().context("failed to start python3")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.lines().map(str::to_owned).collect())
}

/// Targets of links and images that are files, without their anchors; code is left out.
fn local_links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        // Every second part between back-ticks is code.
        let prose: String = line.split('`').step_by(2).collect();
        for part in prose.split("](").skip(1) {
            let target = part.split([')', '#', ' ']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:") {
                found.push(target.to_owned());
            }
        }
    }
    found
}
