//! The strict tools of Python on an emitted package: ruff, mypy and pyright, all of them without a complaint.
//!
//! It knows folders and no Plans. The support files beside the package are the same in all of them; the checks of the
//! runtime look at them with pyright and ruff.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{root, text_of, tool};

/// Fails where a tool has something to say about the package in `project`.
pub fn check(project: &Path) {
    let python = tool("python");
    let package = modules(project, "conductor_gen");
    let package: Vec<&str> = package.iter().map(String::as_str).collect();
    quiet("ruff", &[&["format", "--no-cache", "--isolated", "--diff"], &package[..]].concat(), project);
    quiet("ruff", &[&["check", "--no-cache", "--isolated"], &package[..]].concat(), project);
    quiet("pyright", &[&["--pythonpath", python.to_str().unwrap()], &package[..]].concat(), project);
    mypy(project);
}

fn quiet(name: &str, args: &[&str], folder: &Path) {
    let output = Command::new(tool(name)).args(args).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{name} {args:?}\n{}", text_of(&output));
}

/// The modules directly in a folder of the project.
fn modules(project: &Path, folder: &str) -> Vec<String> {
    let names = fs::read_dir(project.join(folder)).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> =
        names.filter(|name| name.ends_with(".py")).map(|name| format!("{folder}/{name}")).collect();
    names.sort();
    names
}

/// mypy keeps what it knows by path: all projects are checked in one place, one after the other, and what is equal in
/// all of them is looked at once.
fn mypy(project: &Path) {
    let place = root().join("target/tmp/mypy-of-emit");
    fs::create_dir_all(&place).unwrap();
    let lock =
        fs::OpenOptions::new().create(true).truncate(true).write(true).open(place.join("lock")).unwrap();
    lock.lock().unwrap();
    let folder = place.join("project");
    replace(&folder, project);
    let args = ["--strict", "--cache-dir", "../cache", "--follow-imports", "silent", "conductor_gen"];
    quiet("mypy", &args, &folder);
}

/// Makes a folder hold the Python files of another one, and leaves alone what is the same.
fn replace(folder: &Path, by: &Path) {
    let wanted = texts(by);
    for name in texts(folder).keys().filter(|name| !wanted.contains_key(*name)) {
        fs::remove_file(folder.join(name)).unwrap();
    }
    let present = texts(folder);
    for (name, text) in wanted.iter().filter(|(name, text)| present.get(*name) != Some(*text)) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn texts(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(inner).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "py" || extension == "pyi") {
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}
