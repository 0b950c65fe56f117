//! Many runs in one process leave memory, threads, tasks and handles as they were, in every language.
//!
//! It knows what a process may hold after its runs, not how a runtime lets go of anything.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use conductor_tests::process::Process;
use conductor_tests::project::Project;
use conductor_tests::root;
use conductor_tests::sidecar::Sidecar;
use serde_json::Value;

/// As many as show in seconds what holds on to a task, a handle or some kilobytes a run; `cargo xtask leak` makes 100,000.
const RUNS: u64 = 1_000;

/// Warm code, caches of the allocator, and what the kernel counts in pages.
const ROOM: u64 = 4 << 20;

/// What a process may hold more of after its runs than before, beside what each run may cost.
const ROOMS: [(&str, u64); 5] = [
    // Bytes.
    ("memory", ROOM),
    // Where a collector counts them.
    ("objects", 300),
    ("threads", 2),
    // Goroutines, asyncio's tasks, Node's active resources.
    ("tasks", 0),
    ("handles", 0),
];

/// A language's half of the project, and how it is measured.
struct Half {
    language: &'static str,
    prepare: fn(&Project) -> Result<()>,
    program: fn() -> String,
    arguments: &'static [&'static str],
}

const HALVES: [Half; 3] = [
    Half {
        language: "python",
        prepare: |_| Ok(()),
        program: || root().join("target/venv/bin/python").display().to_string(),
        arguments: &["measure.py"],
    },
    Half {
        language: "typescript",
        prepare: |_| Ok(()),
        program: || "node".to_owned(),
        arguments: &["--expose-gc", "measure.js"],
    },
    Half {
        language: "go",
        prepare: |project| project.go(&["build", "-o", "measure", "."]),
        program: || "./measure".to_owned(),
        arguments: &[],
    },
];

/// The language's files and the manifest, whose refs Go spells in its own way.
fn built(language: &str) -> Result<Project> {
    let all = root().join("tests/projects/leaks");
    let project = Project::copy_of(&all.join(language))?;
    let mut manifest = std::fs::read_to_string(all.join("concurrency.yaml"))?;
    if language == "go" {
        for name in ["step", "slow", "decline", "book", "unbook"] {
            let (first, rest) = name.split_at(1);
            let exported = format!("go:example.com/leaks/tasks.{}{rest}", first.to_uppercase());
            manifest = manifest.replace(&format!("tasks.{name},"), &format!("{exported},"));
        }
    }
    project.write("concurrency.yaml", &manifest)?;
    project.conductor(&["build"])?.expect_code(0)?;
    Ok(project)
}

impl Half {
    fn measured(&self, project: &Project, workflow: &str, runs: u64) -> Result<Value> {
        let mut command: Command = project.command(Path::new(&(self.program)()), self.arguments);
        command.args([workflow, &runs.to_string()]);
        let patience = Duration::from_secs(60) + Duration::from_millis(20) * u32::try_from(runs)?;
        let finished = Process::spawn(self.language, command)?.wait_at_most(patience)?;
        let line = finished.stdout.trim();
        let errors: Vec<&str> = finished.stderr.lines().rev().take(20).collect();
        serde_json::from_str(line).with_context(|| format!("{:?}: {line}: {errors:?}", finished.code))
    }
}

/// What grew with the runs.
fn left(measured: &Value, runs: u64) -> Vec<String> {
    let mut grown = Vec::new();
    for (what, room) in ROOMS {
        let held = |when: &str| measured[when][what].as_u64().unwrap_or(0);
        let (before, after) = (held("before"), held("after"));
        let room = if what == "memory" { room + 8 * runs } else { room };
        if after > before + room {
            grown.push(format!("{what} was {before} and is {after}"));
        }
    }
    grown
}

#[test]
fn runs_leave_nothing_behind() -> Result<()> {
    let runs = match std::env::var("LEAK_RUNS") {
        Ok(count) => count.parse().context("LEAK_RUNS is a whole number")?,
        Err(_) => RUNS,
    };
    let wanted = std::env::var("LEAK_LANGUAGES").unwrap_or_default();
    let mut all = Vec::new();
    for half in
        HALVES.iter().filter(|half| wanted.is_empty() || wanted.split(',').any(|one| one == half.language))
    {
        let project = built(half.language)?;
        (half.prepare)(&project)?;
        let _sidecar = Sidecar::start(&project)?;
        for workflow in ["plain", "kept"] {
            let measured = half.measured(&project, workflow, runs)?;
            println!("{} {workflow}, {runs} runs: {measured}", half.language);
            let grown = left(&measured, runs);
            all.extend(grown.iter().map(|what| format!("{} {workflow}: {what}", half.language)));
        }
    }
    ensure!(all.is_empty(), "after {runs} runs: {}", all.join("; "));
    Ok(())
}
