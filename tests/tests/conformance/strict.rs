//! Strict checkers over everything that is generated for the cases and for random workflows: they have nothing to say.
//!
//! It knows how each is called, not what it looks for. What stands around the generated folder is not judged.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use conductor_protocol::plan::Language;
use conductor_tests::process::Process;
use conductor_tests::project::Project;
use conductor_tests::random::fixed_seed;
use conductor_tests::root;

use crate::case::{self, Job};
use crate::execute::{Target, missing, write_package};
use crate::random::Profile;
use crate::reference::{Expected, expected};
use crate::{alone, chosen, property, retarget, targets};

/// Random workflows of each of two kinds.
const DRAWN: usize = 50;

const ESLINT: &str = include_str!("stubs/eslint.config.mjs");

/// A program of `target/` (or of the machine) and its arguments, run beside the generated folder.
struct Checker(PathBuf, &'static [&'static str]);

fn checkers(language: Language) -> Vec<Checker> {
    let python = |name: &str| root().join("target/venv/bin").join(name);
    let node = |name: &str| root().join("target/node/node_modules/.bin").join(name);
    match language {
        Language::Python => vec![
            Checker(python("ruff"), &["check", "--isolated", "--no-cache", "conductor_gen"]),
            Checker(python("ruff"), &["format", "--isolated", "--no-cache", "--check", "conductor_gen"]),
            Checker(
                python("mypy"),
                &["--strict", "--follow-imports", "silent", "--cache-dir", "/dev/null", "conductor_gen"],
            ),
            Checker(python("pyright"), &["conductor_gen"]),
        ],
        Language::Typescript => vec![
            Checker(node("prettier"), &["--no-config", "--check", "conductor_gen/**/*.ts"]),
            Checker(node("eslint"), &["--max-warnings", "0", "conductor_gen"]),
        ],
        Language::Go => vec![
            Checker("gofmt".into(), &["-l", "conductorgen"]),
            Checker("go".into(), &["vet", "./conductorgen/..."]),
            Checker(
                root().join("target/go-tools/staticcheck"),
                &["-checks", "all,-ST1000", "./conductorgen/..."],
            ),
        ],
        other => unreachable!("nothing is generated for {}", other.as_str()),
    }
}

/// What a checker prints where it has nothing to say; the others print nothing.
const CONTENT: [&str; 4] =
    ["All checks passed!", "files already formatted", "Success:", "0 errors, 0 warnings"];

impl Checker {
    fn complaints(&self, project: &Project) -> Result<Option<String>> {
        let Checker(program, arguments) = self;
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut command = project.command(program, arguments);
        if name == "pyright" {
            command.arg("--pythonpath").arg(root().join("target/venv/bin/python"));
        }
        let finished = Process::spawn(&name, command)?.wait_at_most(Duration::from_secs(600))?;
        let told = format!("{}{}", finished.stdout, finished.stderr);
        // Users' code, but for Go's `internal` it could stand elsewhere.
        let told: Vec<&str> = told.lines().filter(|line| !line.starts_with("conductorgen/stubs/")).collect();
        let told = told.join("\n");
        let is_content = told.trim().is_empty()
            || CONTENT.iter().any(|words| told.contains(words))
            || told.contains("All matched files use Prettier code style!");
        let quiet = is_content && (finished.code == Some(0) || told.is_empty());
        Ok((!quiet).then(|| format!("── {name} {}\n{told}", arguments.join(" "))))
    }
}

fn jobs() -> Result<Vec<Job>> {
    let mut jobs: Vec<Job> =
        case::all()?.into_iter().filter(|job| chosen("CONFORMANCE_ONLY", &job.name)).collect();
    let seed = fixed_seed("CONFORMANCE_SEED");
    for (kind, profile) in
        [("kept", Profile::default()), ("plain", Profile { direct: true, ..Profile::default() })]
    {
        for mut job in property::jobs(seed, DRAWN, profile)? {
            job.name = format!("{kind}_{}", job.name);
            jobs.push(job);
        }
    }
    Ok(jobs)
}

/// Everything that the language can write, in one package.
fn package(target: &dyn Target, jobs: &[Job]) -> Result<Project> {
    let mut all: Vec<Expected> = Vec::new();
    for job in jobs {
        let job = retarget::job(job, target.language())?;
        if missing(target, &job).is_none() {
            all.push(expected(&job).with_context(|| job.name.clone())?);
        }
    }
    let project = match std::env::var_os("CONFORMANCE_KEEP") {
        // To look at what was generated.
        Some(kept) => Project::at(&PathBuf::from(kept).join(target.language().as_str())),
        None => Project::empty()?,
    };
    write_package(target, &project, &all.iter().collect::<Vec<_>>())?;
    project.write("eslint.config.mjs", ESLINT)?;
    target.build(&project)?;
    Ok(project)
}

#[test]
fn strict_checkers_have_nothing_to_say_of_generated_code() -> Result<()> {
    let _alone = alone();
    let jobs = jobs()?;
    let mut complaints = Vec::new();
    for target in targets() {
        let project = package(target, &jobs)?;
        for checker in checkers(target.language()) {
            complaints.extend(checker.complaints(&project)?);
        }
    }
    ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
    Ok(())
}
