//! `CONDUCTOR_SIDECAR=auto`: applications start a sidecar by themselves, one for all, which goes on without them and then ends.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use conductor_tests::eventually;
use conductor_tests::project::{Project, conductor};
use conductor_tests::root;
use rustix::process::{Pid, Signal, kill_process};

/// How many processes come at the same instant.
const SIBLINGS: usize = 10;

/// The project in one language, and what calls its workflow `trip` once.
pub(crate) struct App {
    pub(crate) project: Project,
    program: PathBuf,
    arguments: &'static [&'static str],
}

const PYTHON: &str = r#"
import asyncio, sys
import conductor_gen

async def main() -> None:
    print(await conductor_gen.trip(amount=5, run_id=sys.argv[1]))

asyncio.run(main())
"#;
const TYPESCRIPT: &str = r#"
import { trip } from "./conductor_gen/index.js";

console.log(String(await trip({ amount: 5 }, { runId: process.argv[2] })));
process.exit(0);
"#;
const GO: &str = r#"package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"example.com/restarts/conductorgen"
)

func main() {
	output, err := conductorgen.Trip(context.Background(), conductorgen.TripInput{Amount: 5}, conductorgen.WithRunID(os.Args[1]))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(output)
}
"#;

impl App {
    pub(crate) fn new(language: &str) -> Result<App> {
        let all = root().join("tests/projects/restarts");
        let project = Project::copy_of(&all.join(language))?;
        let mut manifest = std::fs::read_to_string(all.join("concurrency.yaml"))?;
        if language == "go" {
            for task in ["charge", "wrap", "label", "ship", "book", "unbook"] {
                let exported =
                    format!("go:example.com/restarts/tasks.{}{}", task[..1].to_uppercase(), &task[1..]);
                for end in [",", "}"] {
                    manifest = manifest
                        .replace(&format!("ref: tasks.{task}{end}"), &format!("ref: {exported}{end}"));
                }
            }
        }
        project.write("concurrency.yaml", &manifest)?;
        project.conductor(&["build"])?.expect_code(0)?;
        let (program, arguments): (PathBuf, &[&str]) = match language {
            "python" => {
                project.write("once.py", PYTHON)?;
                ("python3".into(), &["once.py"])
            }
            "typescript" => {
                project.write("once.js", TYPESCRIPT)?;
                ("node".into(), &["once.js"])
            }
            _ => {
                project.write("main.go", GO)?;
                let mut compile = Command::new("go");
                compile.args(["build", "-o", "once", "."]).current_dir(project.path());
                let built = compile.output().context("go is needed")?;
                ensure!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
                (project.path().join("once"), &[])
            }
        };
        Ok(App { project, program, arguments })
    }

    pub(crate) fn command(&self, run: &str) -> Result<Command> {
        let mut command = self.project.command(&self.program, &[self.arguments, &[run]].concat());
        command.env("CONDUCTOR_SIDECAR", "auto").env("CONDUCTOR_BIN", conductor()?);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(command)
    }

    /// The processes whose data is this project's.
    fn sidecars(&self) -> Result<Vec<(i32, String)>> {
        let data = self.project.path().join(".conductor").display().to_string();
        let mut found = Vec::new();
        for entry in std::fs::read_dir("/proc")? {
            let path = entry?.path();
            let Some(pid) = path.file_name().and_then(|name| name.to_str()?.parse().ok()) else { continue };
            let line = std::fs::read(path.join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            if line.contains(" sidecar ") && line.contains(&data) {
                found.push((pid, line));
            }
        }
        Ok(found)
    }
}

impl Drop for App {
    fn drop(&mut self) {
        for (pid, _) in self.sidecars().unwrap_or_default() {
            if let Some(pid) = Pid::from_raw(pid) {
                let _gone = kill_process(pid, Signal::TERM);
            }
        }
    }
}

fn ten_at_once(language: &str) -> Result<()> {
    let app = App::new(language)?;
    let mut children = Vec::new();
    for number in 0..SIBLINGS {
        children.push(app.command(&format!("r{number}"))?.spawn()?);
    }
    for child in children {
        let done = child.wait_with_output()?;
        ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), "5");
    }
    // One for all; it is nobody's child any more, and so no zombie can be left of it.
    let sidecars = app.sidecars()?;
    assert_eq!(sidecars.len(), 1, "{sidecars:?}");
    let (pid, _) = sidecars[0];
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = stat.rsplit_once(')').context("a stat")?.1.split_whitespace().collect();
    assert_ne!(fields[0], "Z");
    assert_eq!(fields[3], pid.to_string(), "it leads a session of its own: {stat}");
    app.project.conductor(&["show", "r3"])?.expect_code(0)?;
    // Another one is started where it was killed.
    kill_process(Pid::from_raw(pid).context("a pid")?, Signal::KILL)?;
    let done = app.command("again")?.output()?;
    ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let sidecars = app.sidecars()?;
    assert!(sidecars.len() == 1 && sidecars[0].0 != pid, "{sidecars:?}");
    app.project.conductor(&["show", "r3"])?.expect_code(0)?;
    Ok(())
}

#[test]
fn ten_processes_of_python_share_one() -> Result<()> {
    ten_at_once("python")
}

#[test]
fn ten_processes_of_typescript_share_one() -> Result<()> {
    ten_at_once("typescript")
}

#[test]
fn ten_processes_of_go_share_one() -> Result<()> {
    ten_at_once("go")
}

#[test]
fn it_ends_when_nobody_has_used_it_for_a_while() -> Result<()> {
    let app = App::new("python")?;
    let data = app.project.path().join(".conductor").display().to_string();
    let start = ["sidecar", "--background", "--data", &data, "--idle", "1s"];
    for _ in 0..2 {
        app.project.conductor(&start)?.expect_code(0)?;
    }
    assert_eq!(app.sidecars()?.len(), 1);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(1500) {
        // Used, it stays.
        app.project.conductor(&["runs"])?.expect_code(0)?;
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(app.sidecars()?.len(), 1);
    eventually("its end", || Ok(app.sidecars()?.is_empty().then_some(())))?;
    assert!(!Path::new(&data).join("sidecar.sock").exists());
    Ok(())
}

#[test]
fn where_none_can_be_started_the_call_says_why() -> Result<()> {
    let app = App::new("python")?;
    let said = |command: &mut Command| -> Result<String> {
        Ok(String::from_utf8_lossy(&command.output()?.stderr).into_owned())
    };
    let gone = said(app.command("r")?.env("CONDUCTOR_BIN", "/nowhere/conductor"))?;
    assert!(gone.contains("/nowhere/conductor could not be started"), "{gone}");
    app.project.write("notes.db", &"not a database ".repeat(100))?;
    std::fs::create_dir_all(app.project.path().join(".conductor"))?;
    std::fs::rename(app.project.path().join("notes.db"), app.project.path().join(".conductor/journal.db"))?;
    let refused = said(&mut app.command("r")?)?;
    assert!(refused.contains("started none (error: the sidecar did not start: "), "{refused}");
    assert!(refused.contains("journal.db"), "{refused}");
    // Only who asks for one gets one.
    let unasked = said(app.command("r")?.env_remove("CONDUCTOR_SIDECAR"))?;
    assert!(
        unasked.contains("start one with `conductor sidecar`") && !unasked.contains("started none"),
        "{unasked}"
    );
    assert_eq!(app.sidecars()?, []);
    Ok(())
}
