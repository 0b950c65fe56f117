//! A user's project in a temporary folder: manifest, Python code, and the `conductor` binary run in it.
//!
//! It knows where files lie, not what they mean.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Finished, Process};
use crate::root;

/// A folder that is gone when this is dropped.
#[derive(Debug)]
pub struct Project {
    folder: Folder,
}

#[derive(Debug)]
enum Folder {
    Temporary(TempDir),
    /// Stays, to be looked at.
    Kept(PathBuf),
}

/// Variables of the machine that must not reach a test.
const SCRUBBED: [&str; 7] = [
    "CONDUCTOR_SOCKET",
    "CONDUCTOR_SIDECAR",
    "CONDUCTOR_TOKEN",
    "CONDUCTOR_LOG",
    "NO_COLOR",
    "PYTHONPATH",
    "RUST_BACKTRACE",
];

impl Project {
    /// An empty project.
    ///
    /// # Errors
    /// When no temporary folder can be made.
    pub fn empty() -> Result<Project> {
        Ok(Project { folder: Folder::Temporary(tempfile::Builder::new().prefix("cdct").tempdir()?) })
    }

    /// A folder that stays.
    #[must_use]
    pub fn at(folder: &Path) -> Project {
        Project { folder: Folder::Kept(folder.to_path_buf()) }
    }

    /// A copy of `tests/projects/<name>`.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub fn named(name: &str) -> Result<Project> {
        Project::copy_of(&root().join("tests/projects").join(name))
    }

    /// A copy of a folder, without what builds and runs leave in it.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub fn copy_of(folder: &Path) -> Result<Project> {
        Project::empty()?.with(folder)
    }

    /// The project with a copy of what is in `folder`, without what builds and runs leave there.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub fn with(self, folder: &Path) -> Result<Project> {
        copy(folder, self.path())?;
        Ok(self)
    }

    /// A copy of `tests/projects/<name>`, built.
    ///
    /// # Errors
    /// When the build fails.
    pub fn built(name: &str) -> Result<Project> {
        let project = Project::named(name)?;
        project.conductor(&["build"])?.expect_code(0)?;
        Ok(project)
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        match &self.folder {
            Folder::Temporary(folder) => folder.path(),
            Folder::Kept(folder) => folder,
        }
    }

    /// Writes a file of the project.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path().join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, text).with_context(|| format!("failed to write {}", path.display()))
    }

    /// Reads a file of the project.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, name: &str) -> Result<String> {
        let path = self.path().join(name);
        fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))
    }

    /// Runs `conductor` to its end.
    ///
    /// # Errors
    /// When it does not end in time.
    pub fn conductor(&self, arguments: &[&str]) -> Result<Finished> {
        Process::spawn("conductor", self.command(conductor()?, arguments))?.wait()
    }

    /// Runs `conductor ... --format json` and returns its exit code and its document.
    ///
    /// # Errors
    /// When what it prints is not one JSON document.
    pub fn conductor_json(&self, arguments: &[&str]) -> Result<(Option<i32>, Value)> {
        let finished = self.conductor(&[arguments, &["--format", "json"]].concat())?;
        let document =
            serde_json::from_str(&finished.stdout).with_context(|| format!("not JSON: {finished:?}"))?;
        Ok((finished.code, document))
    }

    /// Starts Python on `arguments` with the variables given.
    ///
    /// # Errors
    /// When Python cannot be started.
    pub fn python(&self, arguments: &[&str], variables: &[(&str, &OsStr)]) -> Result<Process> {
        let mut command = self.command(Path::new("python3"), arguments);
        command
            .envs(variables.iter().copied())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONUNBUFFERED", "1");
        Process::spawn("python3", command)
    }

    /// Lets Go work in the project's folder.
    ///
    /// # Errors
    /// When it does not succeed.
    pub fn go(&self, arguments: &[&str]) -> Result<()> {
        let done =
            Command::new("go").args(arguments).current_dir(self.path()).output().context("go is needed")?;
        ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        Ok(())
    }

    /// A command in the project's folder with a clean environment.
    #[must_use]
    pub fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.path());
        for name in SCRUBBED {
            command.env_remove(name);
        }
        command
    }
}

/// The `conductor` binary, built once per test process with the features of the whole workspace, so that nothing is
/// built twice.
///
/// # Errors
/// When it does not build.
pub fn conductor() -> Result<&'static Path> {
    static BINARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = BINARY.get_or_init(|| build().map_err(|error| format!("{error:#}")));
    match built {
        Ok(path) => Ok(path),
        Err(message) => anyhow::bail!("{message}"),
    }
}

fn build() -> Result<PathBuf> {
    if let Some(given) = std::env::var_os("CONDUCTOR_BINARY") {
        return Ok(PathBuf::from(given));
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--workspace", "--bin", "conductor", "--message-format", "json"]);
    // What cargo tells the tests' process would make it build `ring` anew, which looks at them, and all that is above it.
    for (name, _) in std::env::vars_os() {
        let is_told = |prefix| name.as_encoded_bytes().starts_with(prefix);
        if is_told(b"CARGO_PKG_") || is_told(b"CARGO_MANIFEST_") {
            cargo.env_remove(name);
        }
    }
    let output = cargo.current_dir(root()).output().context("failed to start cargo")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "conductor does not build ({})\n{said}", output.status);
    let text = String::from_utf8_lossy(&output.stdout);
    let mut messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let executable = messages.find_map(|message| message["executable"].as_str().map(PathBuf::from));
    executable.context("cargo named no executable")
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("failed to list {}", from.display()))? {
        let entry = entry?;
        let name = entry.file_name();
        if [".conductor", "__pycache__", "conductor_gen"].iter().any(|skipped| name == *skipped) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to.join(&name))?;
        } else {
            fs::copy(entry.path(), to.join(&name))?;
        }
    }
    Ok(())
}
