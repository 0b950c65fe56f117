//! The application of the storms in each language: how it is built and started.
//!
//! It knows no workflow: the manifest is the caller's, and names the application's tasks.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result};

use crate::process::Process;
use crate::project::Project;
use crate::sidecar::Around;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Python,
    Typescript,
    Go,
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Language {
    pub const ALL: [Language; 3] = [Language::Python, Language::Typescript, Language::Go];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Language::Python => "python",
            Language::Typescript => "typescript",
            Language::Go => "go",
        }
    }

    /// How a manifest refers to the function of one of the application's tasks.
    #[must_use]
    pub fn reference(self, task: &str) -> String {
        match self {
            Language::Go => {
                format!("go:example.com/torture/tasks.{}{}", task[..1].to_uppercase(), &task[1..])
            }
            _ => format!("tasks.{task}"),
        }
    }

    /// Builds the application of this language in `project`, which is a copy of it, with `manifest`.
    ///
    /// # Errors
    /// When it cannot be built.
    pub fn build(self, project: &Project, manifest: &str) -> Result<()> {
        project.write("concurrency.yaml", manifest)?;
        project.conductor(&["build"])?.expect_code(0).with_context(|| manifest.to_owned())?;
        if self == Language::Go {
            project.go(&["build", "-o", "app", "."])?;
        }
        Ok(())
    }

    /// Starts it. It serves runs that it is given on `socket`, begins those that `place` asks for, and writes what its tasks do to `ledger`.
    ///
    /// # Errors
    /// When it does not start.
    pub fn serve(
        self,
        project: &Project,
        place: &Path,
        ledger: &Path,
        socket: &Path,
        around: &Around,
    ) -> Result<Process> {
        let place = place.to_string_lossy();
        let own = project.path().join("app");
        let (program, arguments) = match self {
            Language::Python => (Path::new("python3"), vec!["app.py", &*place]),
            Language::Typescript => (Path::new("node"), vec!["app.js", &*place]),
            Language::Go => (&*own, vec![&*place]),
        };
        let mut command = around.program(project, program, &arguments);
        command.env("CONDUCTOR_SOCKET", socket).env("TORTURE_LEDGER", ledger);
        command.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONUNBUFFERED", "1");
        Process::spawn(self.name(), command)
    }
}
