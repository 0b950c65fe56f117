//! A project in one language with a sidecar, and a process that serves its runs.

use std::path::Path;

use anyhow::Result;
use conductor_tests::process::Process;
use conductor_tests::project::Project;
use conductor_tests::root;
use conductor_tests::sidecar::Sidecar;
use serde_json::Value;

/// The project in one language, and what serves its runs.
pub struct Served {
    pub project: Project,
    pub sidecar: Sidecar,
    language: &'static str,
    pub worker: Option<Process>,
}

impl Served {
    /// `tests/projects/NAME`, whose `tasks` are named so.
    pub fn new(name: &str, language: &'static str, tasks: &[&str]) -> Result<Served> {
        let all = root().join("tests/projects").join(name);
        let project = Project::copy_of(&all.join(language))?;
        let mut manifest = std::fs::read_to_string(all.join("concurrency.yaml"))?;
        if language == "go" {
            for task in tasks {
                let exported = format!("{}{}", task[..1].to_uppercase(), &task[1..]);
                let go = format!("ref: go:example.com/{name}/tasks.{exported}");
                for end in [",", "}"] {
                    manifest = manifest.replace(&format!("ref: tasks.{task}{end}"), &format!("{go}{end}"));
                }
            }
        }
        project.write("concurrency.yaml", &manifest)?;
        project.conductor(&["build"])?.expect_code(0)?;
        if language == "go" {
            project.go(&["build", "-o", "worker", "."])?;
        }
        let sidecar = Sidecar::start(&project)?;
        let mut served = Served { project, sidecar, language, worker: None };
        served.serve()?;
        Ok(served)
    }

    pub fn serve(&mut self) -> Result<()> {
        let worker = match self.language {
            "python" => self.project.python(&["worker.py"], &[])?,
            "typescript" => {
                Process::spawn("worker", self.project.command(Path::new("node"), &["worker.js"]))?
            }
            _ => Process::spawn("worker", self.project.command(&self.project.path().join("worker"), &[]))?,
        };
        self.worker = Some(worker);
        Ok(())
    }

    /// What the tasks have noted.
    pub fn calls(&self) -> Vec<String> {
        let log = self.project.read("calls.log").unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }
}

/// The state of one step of a run as `show` has it; null where there is none.
pub fn state<'a>(run: &'a Value, key: &str) -> &'a Value {
    let steps = run["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
    steps.iter().find(|step| step["key"] == key).map_or(&Value::Null, |step| &step["state"])
}
